// SPDX-License-Identifier: GPL-3.0-or-later
// A walk through every page, dock, choice and dialog of the real window with the memory plugin in it, without runs, with a
// finished one and with one that goes on meanwhile, in three themes: every place shows what it is for, or says why there is
// nothing and what to do; every control and
// every painted view has a name, Tab and Shift+Tab reach it, and all texts can be read (whether they have room: tst_window_room).
#include "tests/app/workbench/contrast_checks.h"
#include "tests/app/workbench/window_case.h"
#include "tests/app/workbench/window_checks.h"
#include "widgets/common/action_registry.h"
#include "widgets/common/banner.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/field_editor.h"
#include "widgets/common/view_link.h"
#include "widgets/compare/compare_model.h"
#include "widgets/microscope/microscope_feed.h"
#include "widgets/microscope/microscope_panel.h"
#include "widgets/curves/note_bar.h"
#include "widgets/curves/run_legend.h"
#include "widgets/plots/plot_view.h"
#include "widgets/plugins/plugin_values_model.h"
#include "widgets/plugins/plugin_values_panel.h"
#include "widgets/plugins/plugins_panel.h"
#include "widgets/runs/breakpoint_editor.h"
#include "widgets/runs/event_model.h"
#include "widgets/runs/event_table.h"
#include "widgets/runs/live_settings.h"
#include "widgets/runs/log_panel.h"
#include "widgets/runs/run_panel.h"

#include <QAction>
#include <QHash>
#include <QLabel>
#include <QPointer>
#include <QStackedWidget>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

class TestWindowWalk : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void cleanup();
    void everyPlaceIsInOrder_data();
    void everyPlaceIsInOrder();
    void everyDialogIsInOrder_data();
    void everyDialogIsInOrder();
    void everyPanelExplainsItself_data();
    void everyPanelExplainsItself();

private:
    void open(const QString &data);
    [[nodiscard]] MainWindow &window() { return m_case->window(); }
    [[nodiscard]] QStringList empty(const QString &place);
    [[nodiscard]] QStringList silent(const QString &place);
    void look(QWidget &root, const QString &place);
    void add(const QString &place, const QString &what, const QStringList &widgets);
    void finish();

    std::unique_ptr<WindowCase> m_case;
    QStringList m_problems;
    QSet<QString> m_told;
    WalkCount m_count;
    qsizetype m_numTexts = 0; ///< whose contrast was measured
};

void TestWindowWalk::initTestCase()
{
    // Used here, so that the linker takes the widgets that the library looks for in this program.
    MemorySession session;
    memory_ui::MemoryPanel panel(session);
}

void TestWindowWalk::cleanup()
{
    m_case.reset();
    m_problems.clear();
    m_told.clear();
    m_count = {};
    m_numTexts = 0;
    Theme::instance().apply(*qApp, ThemeKind::Light);
}

void TestWindowWalk::open(const QString &data)
{
    m_case = std::make_unique<WindowCase>(data);
    m_case->open();
}

/// What shows nothing though there is something, or an error.
QStringList TestWindowWalk::empty(const QString &place)
{
    QStringList found;
    const auto want = [&found](bool isThere, const char *what) {
        if (!isThere) found << QLatin1String(what);
    };
    for (const Banner *banner : window().findChildren<Banner *>())
        if (banner->isVisible() && banner->kind() == BannerKind::Error)
            found << u"instead it says: "_s + banner->message();
    const auto *memory = window().findChild<QDockWidget *>(u"plugin_memory_memory"_s);
    if (place == u"memory") want(memory->isVisible(), "memory dock");
    if (place == u"plugin data") want(window().pluginValues().isVisible(), "dock");
    if (m_case->data() == u"empty") return found + silent(place);
    const auto *run = window().findChild<RunPanel *>();
    if (place == u"log") want(window().findChild<LogPanel *>()->findChild<EventTable *>()->model()->rowCount() > 0, "events");
    if (place == u"breakpoints") want(run->breakpoints()->isVisible() && run->breakpoints()->shown() == QStringList{u"loss > 4"_s}, "breakpoint");
    if (place == u"settings") want(run->liveSettings()->isVisible() && !run->liveSettings()->editor(u"optimizer.clip"_s)->defaultText().isEmpty(), "values");
    if (place == u"new run" || place == u"all settings") {
        const auto fields = window().newRunPanel().findChildren<FieldEditor *>();
        const auto numSeen = std::count_if(fields.begin(), fields.end(), [](const FieldEditor *one) { return one->isVisible(); });
        want(numSeen >= (place == u"new run" ? 5 : 40), "fields");
    }
    if (place == u"plugins") {
        const auto *list = window().pluginsPanel().findChild<QAbstractItemView *>();
        want(list && list->isVisible() && list->model()->rowCount() > 0, "plugins");
    }
    if (place == u"more sampling") want(child<QWidget>(&window(), "minP")->isVisible(), "the seldom ones");
    if (place == u"note") want(window().curves().noteBar()->isVisible(), "line of the note");
    if (place == u"several runs") want(window().curves().findChild<RunLegend *>()->model()->rowCount() == 3, "three runs in the legend");
    if (place == u"several compared") want(window().compare().values()->model()->rowCount() == 3, "values of three");
    const auto *pause = child<Banner>(&window(), "pauseBanner");
    if (place == u"paused run") want(pause->isVisible() && pause->message().contains(u"loss is 4.312"_s), "why it paused");
    if (place == u"failed run") want(child<QLabel>(run, "runState")->text().contains(u"step 812 is NaN"_s), "why it failed");
    if (place == u"train") want(!window().curves().chart(CurvesPanel::Extra)->curves().empty(), "any series");
    if (place == u"inspect" || place == u"head") {
        want(window().attention().primary()->snapshot() != nullptr, "attention");
        want(window().microscope().isVisible() && window().microscope().feed()->shown() != nullptr, "microscope");
    }
    if (place == u"beside") want(window().attention().isOpen(), "second panel");
    if (place == u"play") want(window().playground().numVersions() > 0, "answer");
    if (place == u"compare") want(window().compare().values()->model()->rowCount() == 1, "values");
    if (place == u"plugin data") want(window().pluginValues().model()->rowCount() == 3, "values");
    if (place == u"memory") want(child<QLabel>(memory, "shownCount")->text() == u"6 events", "events");
    return found;
}

/// Without runs each panel says what it is for, and those that can bring it about offer that.
QStringList TestWindowWalk::silent(const QString &place)
{
    static const QHash<QString, QStringList> panels{
        {u"train"_s, {u"runs"_s, u"run"_s}},       {u"inspect"_s, {u"attention"_s, u"microscope"_s}},
        {u"head"_s, {u"attention"_s}},             {u"beside"_s, {u"attention"_s}},
        {u"play"_s, {u"play"_s, u"sessions"_s}},   {u"log"_s, {u"log"_s}},
        {u"plugin data"_s, {u"plugin-data"_s}},    {u"memory"_s, {u"memory"_s}},
        {u"compare"_s, {u"compare"_s}},            {u"several compared"_s, {u"compare"_s}},
        {u"breakpoints"_s, {u"run"_s}},            {u"settings"_s, {u"run"_s}},
        {u"plugins"_s, {u"plugins"_s}}};
    static const QStringList act{u"runs"_s, u"run"_s, u"attention"_s, u"play"_s, u"memory"_s, u"compare"_s};
    QStringList found;
    const auto isInSight = [this](const QString &word) {
        const auto frames = window().findChildren<PanelFrame *>();
        return std::any_of(frames.begin(), frames.end(), [&](const PanelFrame *one) { return one->isVisible() && one->view().panel == word; });
    };
    for (const QString &word : panels.value(place))
        if (!QTest::qWaitFor([&] { return isInSight(word); }, 2'000)) found << word + u" is not in sight"_s;
    for (const PanelFrame *frame : window().findChildren<PanelFrame *>()) {
        const QString word = frame->view().panel;
        if (!frame->isVisible() || !panels.value(place).contains(word)) continue;
        bool isSaid = false, canAct = false;
        for (const EmptyState *state : frame->findChildren<EmptyState *>()) {
            if (!state->isVisible() || state->accessibleName().isEmpty() || state->accessibleDescription().isEmpty()) continue;
            isSaid = true;
            for (const QAbstractButton *button : state->findChildren<QAbstractButton *>()) canAct = canAct || button->isVisible();
        }
        if (!isSaid) found << word + u" does not say what it is for"_s;
        else if (act.contains(word) && !canAct) found << word + u" offers nothing"_s;
    }
    return found;
}

void TestWindowWalk::add(const QString &place, const QString &what, const QStringList &widgets)
{
    for (const QString &widget : widgets) {
        if (m_told.contains(what + widget)) continue; // the first place that has it is told
        m_told.insert(what + widget);
        m_problems << u"%1: %2: %3"_s.arg(place, what, widget);
    }
}

void TestWindowWalk::look(QWidget &root, const QString &place)
{
    add(place, u"no name"_s, unnamedControls(root, m_count));
    add(place, u"says nothing"_s, silentViews(root, m_count));
    add(place, u"no key"_s, keylessButtons(root));
    add(place, u"pale"_s, paleTexts(root, m_numTexts));
}

void TestWindowWalk::finish()
{
    for (const QString &problem : std::as_const(m_problems))
        qInfo("%s", qPrintable(problem)); // a failure is cut off
    qInfo("%d controls, %d painted views, %d reached by Tab, contrast of %d texts", int(m_count.controls.size()),
          int(m_count.views.size()), int(m_count.reached.size()), int(m_numTexts));
    QVERIFY2(m_problems.isEmpty(), qPrintable(u"%1 problems"_s.arg(m_problems.size())));
}

namespace {

void addRows(const QStringList &data)
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<QString>("data");
    const std::pair<const char *, ThemeKind> themes[] = {
        {"light", ThemeKind::Light}, {"dark", ThemeKind::Dark}, {"high contrast", ThemeKind::HighContrast}};
    for (const auto &[theme, kind] : themes)
        for (const QString &one : data) QTest::addRow("%s, %s", theme, qPrintable(one)) << int(kind) << one;
}

} // namespace

void TestWindowWalk::everyPlaceIsInOrder_data()
{
    addRows({u"empty"_s, u"sample"_s});
    // Where something goes on, without choices; keys are those of all themes.
    QTest::newRow("light, live") << int(ThemeKind::Light) << u"live"_s;
    QTest::newRow("dark, live") << int(ThemeKind::Dark) << u"live"_s;
    QTest::newRow("high contrast, live") << int(ThemeKind::HighContrast) << u"live"_s;
}

void TestWindowWalk::everyPlaceIsInOrder()
{
    QFETCH(int, kind);
    QFETCH(QString, data);
    Theme::instance().apply(*qApp, ThemeKind(kind));
    open(data);
    const bool isFirst = ThemeKind(kind) == ThemeKind::Light; // focus and room are those of all themes
    for (const QString &place : WindowCase::places()) {
        m_case->goTo(place);
        add(place, u"shows nothing"_s, empty(place));
        const auto lookHere = [&](const QString &way) {
            m_case->goOn();
            look(window(), place + way);
            if (isFirst) add(place + way, u"Tab misses"_s, unreachedControls(window(), Qt::Key_Tab, m_count));
        };
        if (data == u"live") lookHere({}); // it has the same choices
        else m_case->explore(window(), lookHere);
        if (isFirst) add(place, u"Shift+Tab misses"_s, unreachedControls(window(), Qt::Key_Backtab, m_count));
        if (const QByteArray folder = qgetenv("ORRERY_PICTURES"); !folder.isEmpty())
            window().grab().save(u"%1/%2 %3.png"_s.arg(
                QString::fromLocal8Bit(folder), QLatin1String(QTest::currentDataTag()).toString(), place));
        window().resize(kWindowSize); // where it has grown
    }
    finish();
}

void TestWindowWalk::everyDialogIsInOrder_data() { addRows({u"sample"_s}); }

void TestWindowWalk::everyDialogIsInOrder()
{
    QFETCH(int, kind);
    QFETCH(QString, data);
    Theme::instance().apply(*qApp, ThemeKind(kind));
    open(data);
    for (const QString &name : WindowCase::dialogs()) {
        const QPointer<QWidget> dialog = m_case->openDialog(name);
        QVERIFY2(dialog && dialog->isVisible(), qPrintable(name));
        m_case->explore(*dialog, [&](const QString &way) {
            look(*dialog, name + way);
            if (dialog->isWindow() && dialog->windowType() != Qt::Popup) {
                dialog->activateWindow();
                QVERIFY(QTest::qWaitForWindowActive(dialog));
            }
            for (const Qt::Key key : {Qt::Key_Tab, Qt::Key_Backtab})
                add(name + way, u"Tab misses"_s, unreachedControls(*dialog, key, m_count));
        });
        QTest::keyClick(dialog, Qt::Key_Escape);
        if (dialog && dialog->isVisible()) add(name, u"stays"_s, {u"Esc does not close it"_s});
        window().activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&window()));
    }
    finish();
}

void TestWindowWalk::everyPanelExplainsItself_data()
{
    QTest::addColumn<QString>("data");
    QTest::newRow("empty") << u"empty"_s;
    QTest::newRow("sample") << u"sample"_s;
}

void TestWindowWalk::everyPanelExplainsItself()
{
    QFETCH(QString, data);
    open(data);
    for (const QString &place : WindowCase::places()) m_case->goTo(place);
    QStringList problems, words, figures, noData, noCommand;
    const auto look = [&](const QString &name, const QWidget *panel) {
        const PanelFrame *frame = qobject_cast<const PanelFrame *>(panel);
        for (const PanelFrame *one : panel->findChildren<PanelFrame *>())
            if (!one->view().panel.isEmpty() && (!frame || frame->view().panel.isEmpty())) frame = one;
        const PanelTools *tools = frame ? PanelTools::of(*frame) : nullptr;
        if (!tools) {
            problems << name + u": has no tools"_s;
            return;
        }
        words << frame->view().panel;
        const Result<ViewLink> link = parseViewLink(frame->viewLink());
        if (!link || !frame->view().restore) problems << name + u": has no link"_s;
        if (tools->help().size() < 40) problems << name + u": has no help"_s;
        // What can be had of it, now or when something is shown there.
        PanelTools::of(*frame)->refresh();
        QStringList can;
        for (const char *action : {"panelSaveFigure", "panelSaveData", "panelCopyLink", "panelCopyCommand"}) {
            const auto *one = frame->findChild<QAction *>(QLatin1String(action));
            const QString reason = one && one->isVisible() ? disabledReason(*one) : u"This panel has none"_s;
            if (one && one->isVisible() && !one->isEnabled() && reason.isEmpty()) problems << name + u": is grey without a reason: "_s + one->text();
            if (!reason.startsWith("This panel has no"_L1)) can << QString::fromLatin1(action).mid(9).toLower();
        }
        if (frame->findChild<QAction *>(u"panelCopyCommand"_s)->isEnabled() == frame->commandText().isEmpty())
            problems << name + u": its command button is wrong"_s;
        if (can.contains(u"figure"_s)) figures << frame->view().panel;
        if (!can.contains(u"data"_s)) noData << frame->view().panel;
        if (!can.contains(u"command"_s)) noCommand << frame->view().panel;
        if (!can.contains(u"link"_s)) problems << name + u": has no button for its link"_s;
        if (frame->accessibleDescription().isEmpty()) problems << name + u": has no summary"_s;
        if (frame->accessibleName().isEmpty()) problems << name + u": has no name"_s;
        for (const QString &text : {tools->help(), frame->accessibleDescription()})
            if (text.contains(u"(s)"_s) || text.contains(u"%n"_s))
                problems << name + u": unfinished text: "_s + text;
    };
    for (const QDockWidget *dock : window().findChildren<QDockWidget *>())
        look(dock->objectName(), dock->widget());
    const auto *pages = child<QStackedWidget>(&window(), "pages");
    for (int i = 1; i < pages->count(); ++i)
        look(pages->widget(i)->objectName(), pages->widget(i)); // 0: welcome
    QVERIFY2(problems.isEmpty(), qPrintable(problems.join(u'\n')));
    if (data == u"sample") // not what it said while it looked for them
        QVERIFY(window().pluginsPanel().accessibleDescription().endsWith(u"of them can be used"_s));
    figures.sort();
    QCOMPARE(figures.join(u' '), u"attention curves memory microscope"_s);
    QCOMPARE(noData.join(u' '), u"sessions"_s); // they have files of their own, in the menu of each
    QCOMPARE(noCommand.join(u' '), u"sessions"_s);
    words.sort();
    QCOMPARE(words.join(u' '),
             u"attention compare curves log memory microscope new-run play plugin-data plugins run runs sessions"_s);
}

ORRERY_GUI_TEST_MAIN(TestWindowWalk)
#include "tst_window_walk.moc"
