// SPDX-License-Identifier: GPL-3.0-or-later
// A walk through every page and dock of the real window with the memory plugin in it, without runs, with a
// finished one and with one that goes on meanwhile, in three themes: every place shows something, every
// control has a name, Tab and Shift+Tab reach it, nothing is cut off at 1280 × 800 and all texts can be read.
#include "app/workbench/main_window.h"
#include "app/workbench/ui_plugins.h"
#include "plugins/memory/ui/memory_panel.h"
#include "tests/app/workbench/window_checks.h"
#include "tests/app/workbench/window_samples.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/attention/attention_pair.h"
#include "widgets/common/banner.h"
#include "widgets/common/panel_tools.h"
#include "widgets/common/view_link.h"
#include "widgets/compare/compare_model.h"
#include "widgets/compare/compare_panel.h"
#include "widgets/compare/values_page.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/microscope/microscope_feed.h"
#include "widgets/microscope/microscope_panel.h"
#include "widgets/play/playground_panel.h"
#include "widgets/plots/plot_view.h"
#include "widgets/plugins/plugin_values_model.h"
#include "widgets/plugins/plugin_values_panel.h"
#include "widgets/plugins/plugins_panel.h"

#include <QDockWidget>
#include <QLabel>
#include <QPlainTextEdit>
#include <QSettings>
#include <QStackedWidget>
#include <QTemporaryDir>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

const QSize kSize(1280, 800);

} // namespace

class TestWindowWalk : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void everyPlaceIsInOrder_data();
    void everyPlaceIsInOrder();
    void everyPanelExplainsItself_data();
    void everyPanelExplainsItself();

private:
    void open();
    void fill();
    void play();
    void goOn();
    void goTo(const QString &place);
    [[nodiscard]] QStringList places() const;
    [[nodiscard]] QStringList empty(const QString &place) const;

    QString m_data; ///< "empty", "sample", "live"
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<MemorySession> m_session;
    std::unique_ptr<MainWindow> m_window;
    std::unique_ptr<UiPlugins> m_plugins;
};

void TestWindowWalk::initTestCase()
{
    // Used here, so that the linker takes the widgets that the library looks for in this program.
    MemorySession session;
    memory_ui::MemoryPanel panel(session);
}

void TestWindowWalk::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_settings = std::make_unique<QSettings>(m_folder->filePath(u"settings.ini"_s), QSettings::IniFormat);
    m_session = std::make_unique<MemorySession>();
}

void TestWindowWalk::cleanup()
{
    m_plugins.reset();
    m_window.reset();
    m_session.reset();
    Theme::instance().apply(*qApp, ThemeKind::Light);
}

void TestWindowWalk::open()
{
    m_window = std::make_unique<MainWindow>(*m_session, *m_settings);
    m_window->resize(kSize);
    m_window->setAnimated(false); // docks slide: nothing is in its place meanwhile
    m_plugins = std::make_unique<UiPlugins>(*m_window, *m_session, *m_settings);
    m_plugins->load(PluginCatalogue::scan({{ORRERY_PLUGIN_DIR, DirectoryNeed::Named}}));
    QCOMPARE(m_plugins->problems().at("memory"), QString());
    m_window->show();
    m_window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
    fill();
}

void TestWindowWalk::fill()
{
    if (m_data == u"empty") return;
    m_session->plugins.plugins = PluginCatalogue::scan({{ORRERY_PLUGIN_DIR, DirectoryNeed::Named}}).infos();
    fillWindow(*m_session, m_data == u"live" ? RunState::Running : RunState::Finished);
    m_window->curves().showSeries(u"head/0.0/entropy"_s);
    play();
    // A text that somebody looks at, with an answer.
    auto text = std::make_shared<GenerateRequest>();
    text->prompt = "The quick brown fox";
    text->answerIds = {300, 301};
    m_window->selection().set({u"alpha@8000"_s, u"Answer 1"_s, text, 3, HeadRef{0, 1}}, nullptr);
}

/// Something was said; of a live one more comes.
void TestWindowWalk::play()
{
    m_window->showLayout(WindowLayout::Play);
    PlaygroundPanel &panel = m_window->playground();
    panel.setModel(u"alpha@8000"_s);
    panel.promptEditor()->setPlainText(u"Hello"_s);
    panel.generate();
    QCOMPARE(m_session->generations.size(), size_t(1));
    FakeGeneration &generation = *m_session->generations.back().handle;
    Q_EMIT generation.tokens(saidTokens("abcd"));
    if (m_data == u"live") return;
    GenerateSummary summary;
    summary.reason = FinishReason::MaxTokens;
    summary.promptTokens = 12;
    summary.generatedTokens = 4;
    Q_EMIT generation.finished(summary);
}

/// The training and the answer, while somebody looks.
void TestWindowWalk::goOn()
{
    if (m_data != u"live") return;
    trainOn(*m_session);
    Q_EMIT m_session->generations.back().handle->tokens(saidTokens("e"));
    QTest::qWait(20);
}

QStringList TestWindowWalk::places() const
{
    QStringList all{u"train"_s,       u"inspect"_s,  u"head"_s, u"play"_s,        u"new run"_s, u"plugins"_s,
                    u"breakpoints"_s, u"settings"_s, u"log"_s,  u"plugin data"_s, u"memory"_s,
                    u"compare"_s,     u"compare settings"_s, u"compare lineage"_s};
    return all;
}

void TestWindowWalk::goTo(const QString &place)
{
    goOn();
    const auto dock = [this](const char *name) { return child<QDockWidget>(m_window.get(), name); };
    if (place == u"train") m_window->showLayout(WindowLayout::Train);
    if (place == u"inspect" || place == u"head") m_window->showLayout(WindowLayout::Inspect);
    if (place == u"head") {
        AttentionPlace head;
        head.level = StageLevel::Head;
        head.head = {1, 0};
        m_window->attention().primary()->goTo(head);
    }
    if (place == u"play") m_window->showLayout(WindowLayout::Play);
    if (place.startsWith("compare"_L1)) {
        m_window->showLayout(WindowLayout::Compare);
        m_window->compare().showTab(place.endsWith("settings"_L1)  ? ComparePanel::Tab::Settings
                                    : place.endsWith("lineage"_L1) ? ComparePanel::Tab::Lineage
                                                                   : ComparePanel::Tab::Values);
    }
    if (place == u"new run") m_window->showNewRun();
    if (place == u"plugins") m_window->showPlugins();
    if (place == u"breakpoints") m_window->actionRegistry().action(u"run.breakpoints"_s)->trigger();
    if (place == u"settings") m_window->actionRegistry().action(u"run.liveSettings"_s)->trigger();
    if (place == u"log" || place == u"plugin data") {
        m_window->showLayout(WindowLayout::Train);
        dock("logDock")->setVisible(place == u"log");
        dock("pluginValuesDock")->setVisible(place == u"plugin data");
    }
    if (place == u"memory") {
        m_window->showLayout(WindowLayout::Inspect);
        m_window->openLink(u"orrery:memory"_s);
    }
    QTRY_VERIFY(!m_session->isAnswering());
    QTest::qWait(60);
    QTRY_VERIFY(!m_session->isAnswering());
}

/// What shows nothing though there is something, or an error.
QStringList TestWindowWalk::empty(const QString &place) const
{
    QStringList found;
    const auto want = [&found](bool isThere, const char *what) {
        if (!isThere) found << QLatin1String(what);
    };
    for (const Banner *banner : m_window->findChildren<Banner *>())
        if (banner->isVisible() && banner->kind() == BannerKind::Error)
            found << u"instead it says: "_s + banner->message();
    const auto *memory = m_window->findChild<QDockWidget *>(u"plugin_memory_memory"_s);
    if (place == u"memory") want(memory->isVisible(), "memory dock");
    if (place == u"plugin data") want(m_window->pluginValues().isVisible(), "dock");
    if (m_data == u"empty") return found;
    if (place == u"train")
        want(!m_window->curves().chart(CurvesPanel::Extra)->curves().empty(), "any series");
    if (place == u"inspect" || place == u"head") {
        want(m_window->attention().primary()->snapshot() != nullptr, "attention");
        want(m_window->microscope().isVisible() && m_window->microscope().feed()->shown() != nullptr,
             "microscope");
    }
    if (place == u"play") want(m_window->playground().numVersions() > 0, "answer");
    if (place == u"compare") want(m_window->compare().values()->model()->rowCount() == 1, "values");
    if (place == u"plugin data") want(m_window->pluginValues().model()->rowCount() == 3, "values");
    if (place == u"memory") want(child<QLabel>(memory, "shownCount")->text() == u"6 events", "events");
    return found;
}

void TestWindowWalk::everyPlaceIsInOrder_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<QString>("data");
    const std::pair<const char *, ThemeKind> themes[] = {
        {"light", ThemeKind::Light}, {"dark", ThemeKind::Dark}, {"high contrast", ThemeKind::HighContrast}};
    for (const auto &[theme, kind] : themes)
        for (const char *data : {"empty", "sample", "live"})
            QTest::addRow("%s, %s", theme, data) << int(kind) << QString::fromLatin1(data);
}

void TestWindowWalk::everyPlaceIsInOrder()
{
    QFETCH(int, kind);
    QFETCH(QString, data);
    m_data = data;
    Theme::instance().apply(*qApp, ThemeKind(kind));
    open();
    QStringList problems;
    for (const QString &place : places()) {
        goTo(place);
        const auto add = [&](const QString &what, const QStringList &widgets) {
            for (const QString &widget : widgets) problems << u"%1: %2: %3"_s.arg(place, what, widget);
            goOn();
        };
        add(u"shows nothing"_s, empty(place));
        add(u"no name"_s, unnamedControls(*m_window));
        add(u"cut off"_s, clippedControls(*m_window, kSize));
        add(u"pale"_s, paleTexts(*m_window));
        add(u"Tab misses"_s, unreachedControls(*m_window, Qt::Key_Tab));
        add(u"Shift+Tab misses"_s, unreachedControls(*m_window, Qt::Key_Backtab));
        if (const QByteArray folder = qgetenv("ORRERY_PICTURES"); !folder.isEmpty())
            m_window->grab().save(u"%1/%2 %3.png"_s.arg(
                QString::fromLocal8Bit(folder), QLatin1String(QTest::currentDataTag()).toString(), place));
        m_window->resize(kSize); // where it has grown
    }
    for (const QString &problem : std::as_const(problems))
        qInfo("%s", qPrintable(problem)); // a failure is cut off
    QVERIFY2(problems.isEmpty(), qPrintable(u"%1 problems"_s.arg(problems.size())));
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
    m_data = data;
    open();
    for (const QString &place : places()) goTo(place);
    QStringList problems, words;
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
        if (frame->accessibleDescription().isEmpty()) problems << name + u": has no summary"_s;
        if (frame->accessibleName().isEmpty()) problems << name + u": has no name"_s;
        for (const QString &text : {tools->help(), frame->accessibleDescription()})
            if (text.contains(u"(s)"_s) || text.contains(u"%n"_s))
                problems << name + u": unfinished text: "_s + text;
    };
    for (const QDockWidget *dock : m_window->findChildren<QDockWidget *>())
        look(dock->objectName(), dock->widget());
    const auto *pages = child<QStackedWidget>(m_window.get(), "pages");
    for (int i = 1; i < pages->count(); ++i)
        look(pages->widget(i)->objectName(), pages->widget(i)); // 0: welcome
    QVERIFY2(problems.isEmpty(), qPrintable(problems.join(u'\n')));
    if (data == u"sample") // not what it said while it looked for them
        QVERIFY(m_window->pluginsPanel().accessibleDescription().endsWith(u"of them can be used"_s));
    words.sort();
    QCOMPARE(words.join(u' '),
             u"attention compare curves log memory microscope new-run play plugin-data plugins run runs sessions"_s);
}

ORRERY_GUI_TEST_MAIN(TestWindowWalk)
#include "tst_window_walk.moc"
