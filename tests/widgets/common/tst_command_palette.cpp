// SPDX-License-Identifier: GPL-3.0-or-later
// Actions by name, how they are found, and the list that does them.
#include "tests/widgets/common/gui_test.h"

#include "widgets/common/action_registry.h"
#include "widgets/common/command_palette.h"
#include "widgets/common/fuzzy_match.h"
#include "widgets/common/tone_label.h"

#include <QAbstractItemModelTester>
#include <QAction>
#include <QClipboard>
#include <QListView>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

class TestCommandPalette : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void lettersMustComeInOrder();
    void beginningsOfWordsFitBetter();
    void longTextsAndQueriesEnd();
    void aKeyIsGivenOnce();
    void anIdIsGivenOnce();
    void deadActionsAreForgotten();
    void menusAreFilledByName();
    void theModelKeepsItsPromises();
    void enterDoesTheFirst();
    void whatWasUsedComesFirst();
    void whatCanBeDoneComesBeforeWhatCannot();
    void onlySoManyAreRemembered();
    void disabledOnesSayWhyAndDoNothing();
    void theFocusGoesBack();
    void anActionFindsTheFocusWhereItWas();
    void escapeOnlyClosesThePalette();
    void aClickElsewhereCloses();
    void commandsAreCopied();
    void answersComeInsteadOfTheList();
    void smallWindowsHoldIt_data();
    void smallWindowsHoldIt();

private:
    struct Window {
        Window()
        {
            window.resize(900, 600);
            button = new QPushButton(u"elsewhere"_s, &window);
            for (const char *name : {"train", "inspect", "pause"}) {
                auto *action = registry.make(
                    {QLatin1String(name), ActionCategory::View,
                     QString(QLatin1String(name)).replace(0, 1, QChar(QLatin1Char(name[0])).toUpper())},
                    &window);
                QObject::connect(action, &QAction::triggered, &window,
                                 [this, name] { done << QLatin1String(name); });
            }
            palette = new CommandPalette(&window);
            palette->setSource([this] { return paletteItems(registry); });
        }
        void show()
        {
            window.show();
            window.activateWindow();
            QVERIFY(QTest::qWaitForWindowActive(&window));
        }
        void press(Qt::Key key, Qt::KeyboardModifiers modifiers = {})
        {
            QTest::keyClick(palette->field(), key, modifiers);
        }
        QWidget window;
        ActionRegistry registry;
        QPushButton *button;
        CommandPalette *palette;
        QStringList done;
    };
};

void TestCommandPalette::lettersMustComeInOrder()
{
    const auto match = fuzzyMatch(u"ght", u"Light");
    QVERIFY(match);
    QCOMPARE(match->places, (QList<int>{2, 3, 4}));
    QVERIFY(!fuzzyMatch(u"thg", u"Light"));
    QVERIFY(!fuzzyMatch(u"lightt", u"Light"));
    QVERIFY(fuzzyMatch(u"theme light", u"Light Theme")); // words in any order
    QVERIFY(!fuzzyMatch(u"theme dark", u"Light Theme"));
    QVERIFY(fuzzyMatch(u"", u"Light") && fuzzyMatch(u"  ", u"Light"));
}

void TestCommandPalette::beginningsOfWordsFitBetter()
{
    const auto score = [](QStringView query, QStringView text) { return fuzzyMatch(query, text)->score; };
    QVERIFY(score(u"nr", u"New run") > score(u"nr", u"Enter")); // "eNteR"
    QVERIFY(score(u"run", u"New run") > score(u"run", u"rough tune"));
    // The best place, not the first: "s" of "step", not of "this".
    QCOMPARE(fuzzyMatch(u"st", u"this step")->places, (QList<int>{5, 6}));
}

void TestCommandPalette::longTextsAndQueriesEnd()
{
    const QString text(100'000, u'a');
    const auto match = fuzzyMatch(QString(5'000, u'a'), text);
    QVERIFY(match && match->places.size() <= 64);
    QVERIFY(!fuzzyMatch(u"a", QString()));
}

void TestCommandPalette::aKeyIsGivenOnce()
{
    QWidget window;
    ActionRegistry registry;
    QAction *first =
        registry.make({u"a"_s, ActionCategory::File, u"First"_s, QKeySequence(u"Ctrl+K"_s)}, &window);
    QAction second(u"&Second…"_s), ofPanel(u"Third"_s);
    second.setShortcut(QKeySequence(u"Ctrl+K"_s));
    ofPanel.setShortcut(QKeySequence(u"Ctrl+K"_s));
    ofPanel.setShortcutContext(Qt::WidgetWithChildrenShortcut);
    const Result<void> added = registry.add({u"b"_s, ActionCategory::Plugin, &second, {}});
    QVERIFY(!added.ok());
    QCOMPARE(added.error().code, ErrorCode::Conflict);
    QCOMPARE(added.error().message,
             std::string("Cannot give Ctrl+K to action \"Second\": \"First\" has it."));
    QVERIFY(second.shortcut().isEmpty());
    QCOMPARE(first->shortcut(), QKeySequence(u"Ctrl+K"_s));
    QCOMPARE(registry.action(u"b"_s), &second); // it is there all the same
    QVERIFY(registry.add({u"c"_s, ActionCategory::Panel, &ofPanel, {}}).ok());
    QVERIFY(!ofPanel.shortcut().isEmpty());
}

void TestCommandPalette::anIdIsGivenOnce()
{
    QWidget window;
    ActionRegistry registry;
    registry.make({u"a"_s, ActionCategory::File, u"First"_s}, &window);
    QAction second(u"Second"_s);
    const Result<void> added = registry.add({u"a"_s, ActionCategory::Plugin, &second, {}});
    QVERIFY(!added.ok());
    QCOMPARE(added.error().code, ErrorCode::Conflict);
    QCOMPARE(added.error().message, std::string("Cannot add action \"Second\": there is one called \"a\"."));
    QCOMPARE(registry.entries().size(), size_t(1));
}

void TestCommandPalette::deadActionsAreForgotten()
{
    ActionRegistry registry;
    {
        QAction action(u"Gone"_s);
        action.setShortcut(QKeySequence(u"Ctrl+K"_s));
        QVERIFY(registry.add({u"a"_s, ActionCategory::Plugin, &action, {}}).ok());
    }
    QVERIFY(registry.entries().empty());
    QVERIFY(!registry.action(u"a"_s));
    QAction again(u"Again"_s); // a plugin that is loaded again
    again.setShortcut(QKeySequence(u"Ctrl+K"_s));
    QVERIFY(registry.add({u"a"_s, ActionCategory::Plugin, &again, {}}).ok());
}

void TestCommandPalette::menusAreFilledByName()
{
    Window one;
    QMenu menu;
    one.registry.fill(menu, {u"pause"_s, QString(), u"train"_s});
    QCOMPARE(menu.actions().size(), 3);
    QCOMPARE(menu.actions().at(0)->text(), u"Pause"_s);
    QVERIFY(menu.actions().at(1)->isSeparator());
}

void TestCommandPalette::theModelKeepsItsPromises()
{
    Window one;
    PaletteModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setItems(paletteItems(one.registry), {});
    QCOMPARE(model.rowCount(), 3);
    model.setQuery(u"i"_s);
    QCOMPARE(model.rowCount(), 3); // "View" has one
    model.setQuery(u"ins"_s);
    QCOMPARE(model.rowCount(), 1);
    QCOMPARE(model.index(0).data(PaletteModel::PlacesRole).value<QList<int>>(), (QList<int>{0, 1, 2}));
    model.setQuery(u"view ins"_s);
    QCOMPARE(model.rowCount(), 1);
    QCOMPARE(model.index(0).data(PaletteModel::PlacesRole).value<QList<int>>(), (QList<int>{0, 1, 2}));
    QCOMPARE(model.index(0).data(Qt::AccessibleTextRole).toString(), u"View: Inspect"_s);
    model.setQuery(u"nothing like it"_s);
    QCOMPARE(model.rowCount(), 0);
}

void TestCommandPalette::enterDoesTheFirst()
{
    Window one;
    one.show();
    one.palette->open();
    QVERIFY(one.palette->isVisible());
    QVERIFY(one.palette->field()->hasFocus());
    QTest::keyClicks(one.palette->field(), u"pau"_s);
    QCOMPARE(one.palette->model().rowCount(), 1);
    one.press(Qt::Key_Return);
    QCOMPARE(one.done, QStringList{u"pause"_s});
    QVERIFY(!one.palette->isVisible());
    one.palette->open();
    QVERIFY(one.palette->field()->text().isEmpty());
    QTest::keyClicks(one.palette->field(), u"zzz"_s);
    QVERIFY(child<QLabel>(one.palette, "paletteNothing")->isVisible());
    one.press(Qt::Key_Return); // nothing to do, and nothing breaks
    QCOMPARE(one.done.size(), 1);
}

void TestCommandPalette::whatWasUsedComesFirst()
{
    Window one;
    one.show();
    QSignalSpy changed(one.palette, &CommandPalette::recentChanged);
    one.palette->open();
    one.press(Qt::Key_Down);
    one.press(Qt::Key_Down);
    one.press(Qt::Key_Down); // the end stays the end
    one.press(Qt::Key_Return);
    QCOMPARE(one.done, QStringList{u"pause"_s});
    QCOMPARE(one.palette->recent(), QStringList{u"pause"_s});
    QCOMPARE(changed.count(), 1);
    one.palette->open();
    QCOMPARE(one.palette->model().item(0).id, u"pause"_s);
    QCOMPARE(one.palette->model().item(1).id, u"train"_s);
}

void TestCommandPalette::whatCanBeDoneComesBeforeWhatCannot()
{
    Window one;
    QAction *first = one.registry.make({u"halt.a"_s, ActionCategory::Run, u"Halt one"_s}, &one.window);
    one.registry.make({u"halt.b"_s, ActionCategory::Run, u"Halt two"_s}, &one.window);
    PaletteModel model;
    model.setItems(paletteItems(one.registry), {});
    model.setQuery(u"halt"_s);
    QCOMPARE(model.item(0).id, u"halt.a"_s);
    setDisabledReason(*first, u"Select a run first."_s);
    model.setItems(paletteItems(one.registry), {});
    QCOMPARE(model.item(0).id, u"halt.b"_s);
    model.setQuery(u"halt one"_s); // unless it fits far better
    QCOMPARE(model.item(0).id, u"halt.a"_s);
}

void TestCommandPalette::onlySoManyAreRemembered()
{
    Window one;
    one.show();
    for (int i = 0; i < 40; ++i) {
        const QString id = u"many.%1"_s.arg(i);
        one.registry.make({id, ActionCategory::Run, u"Number %1"_s.arg(i)}, &one.window);
        one.palette->open(u"number %1"_s.arg(i));
        one.press(Qt::Key_Return);
        QCOMPARE(one.palette->recent().constFirst(), id);
    }
    QVERIFY2(one.palette->recent().size() < 40, qPrintable(QString::number(one.palette->recent().size())));
}

void TestCommandPalette::disabledOnesSayWhyAndDoNothing()
{
    Window one;
    one.show();
    setDisabledReason(*one.registry.action(u"pause"_s), u"Select a run first."_s);
    one.palette->open(u"pause"_s);
    QCOMPARE(one.palette->model().index(0).data(PaletteModel::ReasonRole).toString(),
             u"Select a run first."_s);
    QVERIFY(child<ToneLabel>(one.palette, "paletteFoot")->text().startsWith(u"Select a run first."_s));
    one.press(Qt::Key_Return);
    QVERIFY(one.palette->isVisible());
    QVERIFY(one.done.isEmpty());
    setDisabledReason(*one.registry.action(u"pause"_s), QString());
    one.palette->open(u"pause"_s);
    one.press(Qt::Key_Return);
    QCOMPARE(one.done, QStringList{u"pause"_s});
}

void TestCommandPalette::theFocusGoesBack()
{
    Window one;
    one.show();
    one.button->setFocus();
    one.palette->open();
    one.press(Qt::Key_Escape);
    QVERIFY(!one.palette->isVisible());
    QVERIFY(one.button->hasFocus());
}

void TestCommandPalette::anActionFindsTheFocusWhereItWas()
{
    Window one;
    one.show();
    one.button->setFocus();
    bool wasThere = false;
    QObject::connect(one.registry.action(u"train"_s), &QAction::triggered, &one.window,
                     [&] { wasThere = one.button->hasFocus() && !one.palette->isVisible(); });
    one.palette->open(u"train"_s);
    one.press(Qt::Key_Return);
    QCOMPARE(one.done, QStringList{u"train"_s});
    QVERIFY(wasThere);
}

void TestCommandPalette::escapeOnlyClosesThePalette()
{
    Window one;
    one.show();
    QAction *escape = one.registry.make(
        {u"up"_s, ActionCategory::View, u"Up"_s, QKeySequence(Qt::Key_Escape)}, &one.window);
    QSignalSpy triggered(escape, &QAction::triggered);
    one.palette->open();
    one.press(Qt::Key_Escape);
    QVERIFY(!one.palette->isVisible());
    QCOMPARE(triggered.count(), 0);
}

void TestCommandPalette::aClickElsewhereCloses()
{
    Window one;
    one.show();
    one.palette->open();
    one.button->setFocus(Qt::MouseFocusReason);
    QVERIFY(!one.palette->isVisible());
    QVERIFY(one.button->hasFocus());
}

void TestCommandPalette::commandsAreCopied()
{
    Window one;
    QAction action(u"Watch"_s);
    QVERIFY(one.registry
                .add({u"watch"_s, ActionCategory::Run, &action, [] { return u"orrery-engine watch a"_s; }})
                .ok());
    one.show();
    one.palette->open(u"watch"_s);
    one.palette->field()->deselect();
    one.press(Qt::Key_C, Qt::ControlModifier);
    QCOMPARE(QGuiApplication::clipboard()->text(), u"orrery-engine watch a"_s);
    QVERIFY(child<ToneLabel>(one.palette, "paletteFoot")->text().contains(u"orrery-engine watch a"_s));
}

void TestCommandPalette::answersComeInsteadOfTheList()
{
    Window one;
    one.show();
    QString opened;
    one.palette->setAnswer([&opened](const QString &text) -> std::vector<PaletteItem> {
        if (!text.startsWith(u"orrery:"_s)) return {};
        PaletteItem item{u"link"_s, u"File"_s, u"Open this link"_s};
        item.run = [&opened, text] { opened = text; };
        return {item};
    });
    one.palette->open();
    QGuiApplication::clipboard()->setText(u"orrery:curves?run=a"_s);
    QTest::keyClick(one.palette->field(), Qt::Key_V, Qt::ControlModifier);
    QCOMPARE(one.palette->model().rowCount(), 1);
    one.press(Qt::Key_Return);
    QCOMPARE(opened, u"orrery:curves?run=a"_s);
}

void TestCommandPalette::smallWindowsHoldIt_data()
{
    QTest::addColumn<int>("kind");
    QTest::newRow("light") << int(ThemeKind::Light);
    QTest::newRow("dark") << int(ThemeKind::Dark);
    QTest::newRow("high contrast") << int(ThemeKind::HighContrast);
}

void TestCommandPalette::smallWindowsHoldIt()
{
    QFETCH(int, kind);
    Theme::instance().apply(*qApp, ThemeKind(kind));
    Window one;
    for (int i = 0; i < 500; ++i)
        one.registry.make({u"many.%1"_s.arg(i), ActionCategory::Run, QString(u"a long name "_s).repeated(20)},
                          &one.window);
    one.window.resize(420, 320);
    one.show();
    one.palette->open();
    QVERIFY(one.window.rect().contains(one.palette->geometry()));
    QCOMPARE(one.palette->model().rowCount(), 503);
    for (int i = 0; i < 503; ++i) one.press(Qt::Key_PageDown);
    QVERIFY(one.palette->list()->viewport()->rect().intersects(
        one.palette->list()->visualRect(one.palette->list()->currentIndex())));
    Theme::instance().apply(*qApp, ThemeKind::Light);
}

ORRERY_GUI_TEST_MAIN(TestCommandPalette)
#include "tst_command_palette.moc"
