// SPDX-License-Identifier: GPL-3.0-or-later
// The page of plugins: empty, with one plugin in each state, without an engine; by mouse and by keyboard.
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"
#include "tests/widgets/plugins/plugin_samples.h"

#include "widgets/common/banner.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/field_editor.h"
#include "widgets/common/key_value_grid.h"
#include "widgets/common/tone_label.h"
#include "widgets/plugins/plugin_details.h"
#include "widgets/plugins/plugin_list_model.h"
#include "widgets/plugins/plugin_settings_form.h"
#include "widgets/plugins/plugins_panel.h"

#include <QAbstractItemModelTester>
#include <QAccessible>
#include <QClipboard>
#include <QComboBox>
#include <QPushButton>
#include <QShortcut>
#include <QSignalSpy>
#include <QSplitter>
#include <QTableView>
#include <QToolButton>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

using Values = QList<std::pair<QString, QString>>;

} // namespace

class TestPluginsPanel : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void anEmptyListSaysWhereToPutThem();
    void withoutAnEngineItWaits();
    void listsEveryState();
    void aColumnThatWouldBeCutIsLeftOut();
    void showsWhyOneIsNotUsed();
    void anErrorOffersRetry();
    void foldersThatAreWrongAreTold();
    void settingsAreCheckedWhileTyped();
    void settingsHaveAReset();
    void useHandsOnPartsAndSettings();
    void useWithoutPartsNamesThePlugin();
    void whatCannotBeUsedSaysSo();
    void windowHalvesThatFailedAreTold();
    void aRefreshKeepsSelectionAndWhatWasTyped();
    void aRefreshTakesTheRulesThatWereMended();
    void lateAnswersAreDropped();
    void theKeyboardReachesEverything();
    void everythingHasAName();
    void modelKeepsItsPromises();
    void fiveHundredAndLongNamesAreFine();

private:
    void open(std::vector<PluginInfo> plugins);
    void select(const char *id) const;

    std::unique_ptr<FakeSession> m_session;
    std::unique_ptr<PluginsPanel> m_panel;
};

void TestPluginsPanel::init() { m_session = std::make_unique<FakeSession>(); }

void TestPluginsPanel::cleanup()
{
    m_panel.reset();
    m_session.reset();
}

void TestPluginsPanel::open(std::vector<PluginInfo> plugins)
{
    m_session->plugins.plugins = std::move(plugins);
    m_panel = std::make_unique<PluginsPanel>(*m_session);
    m_panel->resize(1000, 600);
    m_panel->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_panel.get()));
    QTRY_COMPARE(m_panel->model()->rowCount(), static_cast<int>(m_session->plugins.plugins.size()));
}

void TestPluginsPanel::select(const char *id) const
{
    for (int row = 0; row < m_panel->model()->rowCount(); ++row)
        if (m_panel->model()->index(row, 0).data(PluginListModel::IdRole).toString() == QLatin1String(id))
            m_panel->view()->selectRow(row);
}

void TestPluginsPanel::anEmptyListSaysWhereToPutThem()
{
    open({});
    auto *empty = m_panel->findChild<EmptyState *>();
    QTRY_VERIFY(empty->isVisible() && empty->accessibleName() == u"No plugins yet");
    QVERIFY(empty->accessibleDescription().contains(u"/tmp/plugins"_s));
    child<QPushButton>(m_panel.get(), "copyPluginFolder")->click();
    QCOMPARE(QGuiApplication::clipboard()->text(), u"/tmp/plugins"_s);
    m_session->plugins.plugins = samplePlugins();
    child<QPushButton>(m_panel.get(), "lookAgain")->click();
    QTRY_VERIFY(m_panel->view()->isVisible());
}

void TestPluginsPanel::withoutAnEngineItWaits()
{
    m_session->state = ConnectionState::Lost;
    open({});
    auto *empty = m_panel->findChild<EmptyState *>();
    QCOMPARE(empty->accessibleName(), u"No engine"_s);
    QVERIFY(!child<QPushButton>(m_panel.get(), "lookAgain")->isVisible());
    m_session->plugins.plugins = samplePlugins();
    m_session->setConnection(ConnectionState::Connected);
    QTRY_COMPARE(m_panel->model()->rowCount(), 4);
}

void TestPluginsPanel::aColumnThatWouldBeCutIsLeftOut()
{
    open(samplePlugins());
    m_panel->resize(1400, 600);
    QTRY_VERIFY(!m_panel->view()->isColumnHidden(PluginListModel::NoteColumn));
    m_panel->resize(760, 600); // its words stand in the details beside it
    QTRY_VERIFY(m_panel->view()->isColumnHidden(PluginListModel::NoteColumn));
    m_panel->resize(600, 600); // below it: there is room
    QTRY_VERIFY(!m_panel->view()->isColumnHidden(PluginListModel::NoteColumn));
}

void TestPluginsPanel::listsEveryState()
{
    open(samplePlugins());
    const PluginListModel &model = *m_panel->model();
    const auto text = [&](int row, int column) { return model.index(row, column).data().toString(); };
    QCOMPARE(text(0, PluginListModel::NameColumn), u"Squared ReLU"_s);
    QCOMPARE(text(0, PluginListModel::VersionColumn), u"1.2.0"_s);
    QCOMPARE(text(0, PluginListModel::StateColumn), u"available"_s);
    QCOMPARE(text(0, PluginListModel::NoteColumn), u"FeedForward relu_squared"_s);
    QCOMPARE(text(1, PluginListModel::StateColumn), u"disabled"_s);
    QVERIFY(text(1, PluginListModel::NoteColumn).contains(u"which is not installed"_s));
    QCOMPARE(text(2, PluginListModel::StateColumn), u"refused"_s);
    QCOMPARE(text(3, PluginListModel::NameColumn),
             u"unreadable"_s); // the folder's name, when there is no other
    QCOMPARE(text(3, PluginListModel::VersionColumn), unknownText());
    QVERIFY(model.index(2, PluginListModel::StateColumn).data(Qt::ForegroundRole).value<QColor>() ==
            toneColor(Tone::Error));
    QCOMPARE(model.index(0, 0).data(Qt::AccessibleTextRole).toString(),
             u"Squared ReLU, version 1.2.0, available"_s);
}

void TestPluginsPanel::showsWhyOneIsNotUsed()
{
    open(samplePlugins());
    QCOMPARE(child<ToneLabel>(m_panel.get(), "pluginTitle")->text(),
             u"Squared ReLU"_s); // the first is selected
    QVERIFY(!child<ToneLabel>(m_panel.get(), "pluginReason")->isVisible());
    select("open_to_all");
    auto *reason = child<ToneLabel>(m_panel.get(), "pluginReason");
    QVERIFY(reason->isVisible() && reason->text().contains(u"everybody may write it"_s));
    QVERIFY(reason->tone() == Tone::Error && (reason->textInteractionFlags() & Qt::TextSelectableByMouse));
    select("stands_on");
    QVERIFY(reason->tone() == Tone::Warning);
    QCOMPARE(child<ToneLabel>(m_panel.get(), "pluginRequires")->text(), u"Requires missing 1.2"_s);
    QCOMPARE(m_panel->findChild<KeyValueGrid *>()->value(u"Version"_s), u"1.2.0"_s);
}

void TestPluginsPanel::anErrorOffersRetry()
{
    m_session->failNext[u"listPlugins"_s] =
        Error{ErrorCode::Unavailable, "Cannot list the plugins: the engine is too old.", "Update it."};
    m_session->plugins.plugins = {};
    open({});
    QTRY_VERIFY(m_panel->banner()->message().contains(u"the engine is too old"_s));
    m_session->plugins.plugins = samplePlugins();
    Q_EMIT m_panel->banner()->retryRequested();
    QTRY_COMPARE(m_panel->model()->rowCount(), 4);
    QVERIFY(!m_panel->banner()->isVisible());
}

void TestPluginsPanel::foldersThatAreWrongAreTold()
{
    m_session->plugins.problems = {Error{ErrorCode::NotFound,
                                         "Cannot read plugin folder \"/gone\": No such file or directory.",
                                         "Check the path."}};
    open(samplePlugins());
    QTRY_VERIFY(m_panel->banner()->isVisible());
    QVERIFY(m_panel->banner()->kind() == BannerKind::Warning);
    QVERIFY(m_panel->banner()->message().contains(u"/gone"_s));
}

void TestPluginsPanel::settingsAreCheckedWhileTyped()
{
    open({reluPlugin()});
    PluginSettingsForm &form = *m_panel->details()->settings();
    QCOMPARE(form.numFields(), 2);
    auto *line = qobject_cast<QLineEdit *>(form.editor(u"plugins.relu.scale"_s)->control());
    QVERIFY(line);
    QCOMPARE(line->placeholderText(), u"1"_s);
    typeText(line, u"11"_s);
    QVERIFY(!form.isValid());
    QVERIFY(form.shownError(u"plugins.relu.scale"_s).contains(u"found 11, expected 0 … 10"_s));
    QVERIFY(child<ToneLabel>(m_panel.get(), "error_plugins.relu.scale")->isVisible());
    QVERIFY(!m_panel->details()->useButton()->isEnabled());
    typeText(line, u"2.5"_s);
    QVERIFY(form.isValid() && form.shownError(u"plugins.relu.scale"_s).isEmpty());
    QVERIFY(m_panel->details()->useButton()->isEnabled());
}

void TestPluginsPanel::settingsHaveAReset()
{
    open({reluPlugin()});
    PluginSettingsForm &form = *m_panel->details()->settings();
    auto *reset = child<QToolButton>(m_panel.get(), "reset_plugins.relu.scale");
    QVERIFY(!reset->isVisible());
    typeText(qobject_cast<QLineEdit *>(form.editor(u"plugins.relu.scale"_s)->control()), u"3"_s);
    QVERIFY(reset->isVisible());
    reset->click();
    QVERIFY(form.given().isEmpty() && !reset->isVisible());
}

void TestPluginsPanel::useHandsOnPartsAndSettings()
{
    open({reluPlugin()});
    typeText(
        qobject_cast<QLineEdit *>(m_panel->details()->settings()->editor(u"plugins.relu.scale"_s)->control()),
        u"3"_s);
    QSignalSpy used(m_panel.get(), &PluginsPanel::useRequested);
    m_panel->details()->useButton()->click();
    QCOMPARE(used.count(), 1);
    QCOMPARE(used[0][0].value<Values>(),
             (Values{{u"model.ffn"_s, u"relu_squared"_s}, {u"plugins.relu.scale"_s, u"3"_s}}));
    QCOMPARE(m_panel->details()->command(),
             u"orrery-engine train --data example --set model.ffn=relu_squared --set plugins.relu.scale=3"_s);
}

void TestPluginsPanel::useWithoutPartsNamesThePlugin()
{
    open({samplePlugin("plain")});
    QCOMPARE(m_panel->details()->specValues(), (Values{{u"plugins.use"_s, u"plain"_s}}));
    QVERIFY(!m_panel->details()->settings()->isVisible());
}

void TestPluginsPanel::whatCannotBeUsedSaysSo()
{
    PluginInfo windowOnly = samplePlugin("window_only");
    windowOnly.hasEngine = false;
    windowOnly.hasUi = true;
    open({windowOnly, samplePlugins()[2]});
    QVERIFY(!m_panel->details()->useButton()->isEnabled());
    QCOMPARE(m_panel->details()->useButton()->toolTip(), u"This plugin has no part in a run."_s);
    select("open_to_all");
    QCOMPARE(m_panel->details()->useButton()->toolTip(), u"This plugin cannot be used."_s);
}

void TestPluginsPanel::windowHalvesThatFailedAreTold()
{
    open({reluPlugin()});
    m_panel->setUiProblems({{"relu", u"Cannot use its window half: it is broken."_s}});
    QVERIFY(m_panel->model()
                ->index(0, PluginListModel::NoteColumn)
                .data()
                .toString()
                .contains(u"it is broken"_s));
    QVERIFY(child<ToneLabel>(m_panel.get(), "pluginReason")->text().contains(u"it is broken"_s));
    QVERIFY(m_panel->details()->useButton()->isEnabled()); // its engine half is as good as before
}

void TestPluginsPanel::aRefreshKeepsSelectionAndWhatWasTyped()
{
    open({samplePlugin("alpha"), reluPlugin()});
    select("relu");
    typeText(
        qobject_cast<QLineEdit *>(m_panel->details()->settings()->editor(u"plugins.relu.scale"_s)->control()),
        u"3"_s);
    m_session->plugins.plugins = {samplePlugin("aleph"), samplePlugin("alpha"), reluPlugin()};
    child<QToolButton>(m_panel.get(), "refreshPlugins")->click();
    QTRY_COMPARE(m_panel->model()->rowCount(), 3);
    QCOMPARE(m_panel->details()->plugin().id, std::string("relu"));
    QCOMPARE(m_panel->details()->settings()->given().value(u"plugins.relu.scale"_s), u"3"_s);
    m_session->plugins.plugins = {samplePlugin("aleph")};
    m_panel->refresh();
    QTRY_COMPARE(m_panel->model()->rowCount(), 1);
    QCOMPARE(m_panel->details()->plugin().id, std::string("aleph"));
}

void TestPluginsPanel::aRefreshTakesTheRulesThatWereMended()
{
    open({reluPlugin(2)});
    const QString key = u"plugins.relu.scale"_s;
    PluginSettingsForm *form = m_panel->details()->settings();
    typeText(qobject_cast<QLineEdit *>(form->editor(key)->control()), u"3"_s);
    QVERIFY(!form->isValid() && form->shownError(key).contains(u"found 3, expected 0 … 2"_s));
    m_session->plugins.plugins = {reluPlugin(5)}; // as many settings, of the same version
    QTest::keyClick(m_panel.get(), Qt::Key_F5);
    QTRY_VERIFY2(form->isValid(), qPrintable(form->shownError(key)));
    QCOMPARE(form->given().value(key), u"3"_s); // what was typed is checked anew
    QVERIFY(m_panel->details()->useButton()->isEnabled());
    m_session->plugins.plugins = {reluPlugin(2)};
    m_panel->refresh();
    QTRY_VERIFY(!form->isValid());
}

void TestPluginsPanel::lateAnswersAreDropped()
{
    open({});
    m_session->isHolding = true;
    m_session->plugins.plugins = samplePlugins();
    m_panel->refresh();
    m_panel->refresh();
    m_session->flush(); // both answers, of which the second counts: no flicker, no double rows
    QCOMPARE(m_panel->model()->rowCount(), 4);
    m_panel->refresh();
    m_panel.reset();
    m_session->flush(); // nobody is there any more
}

void TestPluginsPanel::theKeyboardReachesEverything()
{
    open(samplePlugins());
    m_panel->activateWindow();
    m_panel->setFocus();
    QTRY_VERIFY(m_panel->view()->hasFocus());
    QTest::keyClick(m_panel->view(), Qt::Key_Down);
    QCOMPARE(m_panel->details()->plugin().id, std::string("stands_on"));
    QTest::keyClick(m_panel->view(), Qt::Key_Home, Qt::ControlModifier);
    QCOMPARE(m_panel->details()->plugin().id, std::string("relu"));
    QStringList reached;
    for (int i = 0; i < 30; ++i) {
        QTest::keyClick(m_panel->focusWidget(), Qt::Key_Tab);
        reached << m_panel->focusWidget()->objectName();
    }
    for (const char *name : {"pluginTable", "control_plugins.relu.scale", "control_plugins.relu.mode",
                             "usePlugin", "copyPluginCommand"})
        QVERIFY2(reached.contains(QLatin1String(name)), name);
    const int asked = m_session->numPluginQueries;
    QTest::keyClick(m_panel.get(), Qt::Key_F5);
    QCOMPARE(m_session->numPluginQueries, asked + 1);
    // The window's own F5 stands back while this page has the focus.
    QShortcut resume(QKeySequence(Qt::Key_F5), m_panel->window());
    QSignalSpy resumed(&resume, &QShortcut::activated);
    QTest::keyClick(m_panel->view(), Qt::Key_F5);
    QCOMPARE(resumed.count(), 0);
    QCOMPARE(m_session->numPluginQueries, asked + 2);
    QSignalSpy closed(m_panel.get(), &PluginsPanel::closeRequested);
    QTest::keyClick(m_panel->view(), Qt::Key_Escape);
    QCOMPARE(closed.count(), 1);
}

void TestPluginsPanel::everythingHasAName()
{
    open(samplePlugins());
    for (QWidget *widget : m_panel->findChildren<QWidget *>()) {
        const bool isControl = qobject_cast<QAbstractButton *>(widget) || qobject_cast<QLineEdit *>(widget) ||
                               qobject_cast<QComboBox *>(widget) || qobject_cast<QTableView *>(widget);
        if (!isControl || !widget->isVisible() || widget->objectName().startsWith(u"qt_"_s) ||
            qobject_cast<QComboBox *>(widget->parentWidget()) ||
            qobject_cast<QTableView *>(widget->parentWidget()))
            continue;
        const QAccessibleInterface *interface = QAccessible::queryAccessibleInterface(widget);
        QVERIFY2(interface && !interface->text(QAccessible::Name).isEmpty(),
                 qPrintable(widget->objectName()));
    }
}

void TestPluginsPanel::modelKeepsItsPromises()
{
    PluginListModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setPlugins(samplePlugins());
    QCOMPARE(model.rowCount(), 4);
    model.setPlugins({samplePlugin("one")});
    model.setUiProblems({{"one", u"x"_s}});
    model.setPlugins({});
    model.setPlugins(samplePlugins());
    for (int column = 0; column < model.columnCount(); ++column)
        QVERIFY(!model.headerData(column, Qt::Horizontal, Qt::DisplayRole).toString().isEmpty());
}

void TestPluginsPanel::fiveHundredAndLongNamesAreFine()
{
    std::vector<PluginInfo> many;
    for (int i = 0; i < 500; ++i) many.push_back(samplePlugin("p" + std::to_string(i)));
    many[0].name = std::string(80, 'W');
    many[0].directory = "/" + std::string(900, 'd');
    m_session->plugins.plugins = many;
    open(many);
    m_panel->resize(m_panel->minimumSize());
    QTest::qWait(20);
    QVERIFY2(m_panel->width() <= 520, qPrintable(QString::number(m_panel->width())));
    ORRERY_VERIFY_QUICK(m_panel->view()->selectRow(499));
    for (const QSize size : {QSize(500, 400), QSize(1280, 800)}) {
        m_panel->resize(size);
        QTest::qWait(10);
        QCOMPARE(m_panel->findChild<QSplitter *>()->orientation(),
                 size.width() > 720 ? Qt::Horizontal : Qt::Vertical);
    }
}

ORRERY_GUI_TEST_MAIN(TestPluginsPanel)
#include "tst_plugins_panel.moc"
