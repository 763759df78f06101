// SPDX-License-Identifier: GPL-3.0-or-later
// The shell: the palette, links to views, what a breakpoint has paused, what is looked at, docks of plugins.
#include "app/workbench/main_window.h"
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/attention/attention_pair.h"
#include "widgets/common/banner.h"
#include "widgets/common/command_palette.h"
#include "widgets/common/key_value_grid.h"
#include "widgets/common/view_link.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/microscope/microscope_panel.h"
#include "widgets/play/playground_panel.h"
#include "widgets/play/token_view.h"
#include "widgets/plugins/plugins_panel.h"
#include "widgets/runs/breakpoint_editor.h"
#include "widgets/runs/run_panel.h"

#include <QClipboard>
#include <QDockWidget>
#include <QLabel>
#include <QMenu>
#include <QMap>
#include <QMenuBar>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSettings>
#include <QStackedWidget>
#include <QTableView>
#include <QTemporaryDir>
#include <QToolButton>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

class TestWindowViews : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void everyMenuEntryIsInThePalette();
    void thePaletteKnowsTheCommands();
    void thePaletteFindsRunsAndPanels();
    void recentActionsSurviveARestart();
    void theToolbarTellsOfThePalette();
    void eachPanelsLinkComesBack_data();
    void eachPanelsLinkComesBack();
    void brokenLinksSayWhy_data();
    void brokenLinksSayWhy();
    void aLinkWaitsForTheEngine();
    void aLinkIsPastedIntoThePalette();
    void aLinkToAPluginWaitsForIt();
    void aBreakpointsBannerAnswers();
    void aBreakpointThatTheBannerRemovedComesBack();
    void theBannerOfTheSelectedRunComesFirst();
    void aBannerThatWasPutAsideStaysAway();
    void showOpensTheReason();
    void lookingGoesBackAndForward();
    void aSampleGoesToInspect();
    void onlyAnswersAreBranched();
    void anAnswerThatIsNotShownIsBranched();
    void breakpointsAreBegunFromTheMenu();
    void breakpointsAreBegunAtACurve();
    void theCostOfLookingIsInTheStatusBar();
    void docksOfPluginsKeepTheirPlaces();
    void theMemoryDockStandsUnderInspect();

private:
    void open()
    {
        m_window = std::make_unique<MainWindow>(*m_session, *m_settings);
        m_window->show();
        m_window->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
        QTRY_VERIFY(!m_session->isAnswering());
    }
    [[nodiscard]] Banner *notice() const { return child<Banner>(m_window.get(), "noticeBanner"); }
    [[nodiscard]] Banner *pauseBanner() const { return child<Banner>(m_window.get(), "pauseBanner"); }
    [[nodiscard]] QWidget *page() const { return child<QStackedWidget>(m_window.get(), "pages")->currentWidget(); }
    [[nodiscard]] QStringList paletteIds() const
    {
        QStringList ids;
        const PaletteModel &model = m_window->palette().model();
        for (int row = 0; row < model.rowCount(); ++row) ids << model.item(row).id;
        return ids;
    }
    /// The playground's, to a prompt of twelve tokens.
    void answer(const std::string &text)
    {
        m_window->showLayout(WindowLayout::Play);
        PlaygroundPanel &play = m_window->playground();
        play.setModel(u"alpha@8000"_s);
        play.promptEditor()->setPlainText(u"Hello"_s);
        const size_t numBefore = m_session->generations.size();
        play.generate();
        QCOMPARE(m_session->generations.size(), numBefore + 1);
        FakeGeneration &generation = *m_session->generations.back().handle;
        std::vector<GeneratedToken> tokens;
        for (const char byte : text)
            tokens.push_back({byte, std::string(1, byte), 0.4, 1, {{byte, std::string(1, byte), 0.4}}});
        Q_EMIT generation.tokens(tokens);
        GenerateSummary summary;
        summary.reason = FinishReason::MaxTokens;
        summary.promptTokens = 12;
        Q_EMIT generation.finished(summary);
    }
    static RunStatus paused(const char *run)
    {
        RunStatus status = fakeRun(run, RunState::Paused);
        status.breakpoints = {"entropy < 0.5"};
        status.pauseReason = "entropy < 0.5: head/1.0/entropy was 0.41";
        status.pauseSeries = "head/1.0/entropy";
        return status;
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<FakeSession> m_session;
    std::unique_ptr<MainWindow> m_window;
};

void TestWindowViews::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_settings = std::make_unique<QSettings>(m_folder->filePath(u"settings.ini"_s), QSettings::IniFormat);
    m_session = std::make_unique<FakeSession>();
    m_session->setRuns({fakeRun("alpha", RunState::Running, 2), fakeRun("beta", RunState::Finished, 1)});
}

void TestWindowViews::cleanup()
{
    m_window.reset();
    m_session.reset();
}

void TestWindowViews::everyMenuEntryIsInThePalette()
{
    open();
    auto *ofPlugin = new QAction(u"Probe it"_s);
    QVERIFY(m_window->addPluginAction(u"plugin.probe.1"_s, ofPlugin).ok());
    m_window->palette().open();
    QStringList texts, missing;
    const PaletteModel &model = m_window->palette().model();
    for (int row = 0; row < model.rowCount(); ++row) texts << model.item(row).text;
    const std::function<void(const QList<QAction *> &)> walk = [&](const QList<QAction *> &actions) {
        for (const QAction *action : actions) {
            const bool isRunMenu = action->menu() && action->objectName().isEmpty();
            if (action->menu() && isRunMenu)
                walk(action->menu()->actions());
            else if (!action->isSeparator() && action->objectName() != u"view.palette" &&
                     !texts.contains(plainActionText(action->text())))
                missing << action->text();
        }
    };
    walk(m_window->menuBar()->actions());
    QVERIFY2(missing.isEmpty(), qPrintable(missing.join(u'\n')));
    QVERIFY(texts.contains(u"Probe it"_s));
}

void TestWindowViews::thePaletteKnowsTheCommands()
{
    open();
    m_window->selectRun(u"beta"_s);
    m_window->palette().open();
    QMap<QString, QString> commands;
    const PaletteModel &model = m_window->palette().model();
    for (int row = 0; row < model.rowCount(); ++row)
        if (const PaletteItem &item = model.item(row); item.command) commands.insert(item.text, item.command());
    const QMap<QString, QString> expected = {
        {u"Train the example"_s,
         u"train --name code --data example --set model.preset=tiny --set train.checkpoint_every=200 --set train.keep_last=12"_s},
        {u"Train the example with pictures and a memory"_s,
         u"train --name shapes --data 'gen:shapes?tasks=caption&min_shapes=1&max_shapes=2&colors=4&shapes=4' --steps 800 "
         "--set model.context=96 --set model.dropout=0 --set model.heads=4 --set model.layers=3 --set model.width=64 "
         "--set model.window=16 --set optimizer.lr=0.004 --set plugins.memory.episodic_size=256 --set plugins.use=memory "
         "--set probes.frames_every=5 --set train.batch_size=12 --set train.checkpoint_every=100 --set train.keep_last=20"_s},
        {u"Import a TensorBoard log directory"_s, u"runs import --tfevents FOLDER"_s},
        {u"Export runs for TensorBoard"_s, u"runs export beta FOLDER/beta --tfevents"_s},
        {u"Export the newest checkpoint"_s, u"runs export beta FOLDER --format orrery"_s},
        {u"Export the newest checkpoint for transformers"_s, u"runs export beta FOLDER --format hf"_s},
        {u"Archive"_s, u"runs edit beta --archive"_s},
        {u"Move to the trash"_s, u"runs delete beta"_s},
        {u"Trash"_s, u"runs trash list"_s}};
    for (auto it = expected.cbegin(); it != expected.cend(); ++it) QCOMPARE(commands.value(it.key()), u"orrery-engine "_s + it.value());
    QVERIFY2(commands.value(u"Rename"_s).startsWith(u"orrery-engine runs edit beta --name="_s), qPrintable(commands.value(u"Rename"_s)));
    const QStringList all = commands.values();
    QVERIFY(std::any_of(all.begin(), all.end(), [](const QString &one) { return one.startsWith(u"orrery-engine runs note beta --step "_s); }));
}

void TestWindowViews::thePaletteFindsRunsAndPanels()
{
    open();
    m_window->selectRun(u"beta"_s);
    QTest::keyClick(m_window.get(), Qt::Key_P, Qt::ControlModifier | Qt::ShiftModifier);
    QVERIFY(m_window->palette().isVisible());
    QVERIFY(paletteIds().contains(u"go.run.alpha"_s));
    QVERIFY(paletteIds().contains(u"panel.run.panelCopyLink"_s));
    QVERIFY(paletteIds().contains(u"theme.dark"_s));
    QVERIFY(!paletteIds().contains(u"panel.new-run.panelCopyLink"_s)); // it is not in sight
    QTest::keyClicks(m_window->palette().field(), u"go alpha"_s);
    QTest::keyClick(m_window->palette().field(), Qt::Key_Return);
    QCOMPARE(m_window->selectedRun(), u"alpha"_s);
}

void TestWindowViews::recentActionsSurviveARestart()
{
    open();
    m_window->palette().open(u"high contrast"_s);
    QTest::keyClick(m_window->palette().field(), Qt::Key_Return);
    Theme::instance().apply(*qApp, ThemeKind::Light);
    m_window.reset();
    open();
    m_window->palette().open();
    QCOMPARE(paletteIds().value(0), u"theme.contrast"_s);
}

void TestWindowViews::theToolbarTellsOfThePalette()
{
    open();
    auto *find = child<QToolButton>(m_window.get(), "findAction");
    QVERIFY(find->text().contains(u"Ctrl+Shift+P"_s));
    find->click();
    QVERIFY(m_window->palette().isVisible());
}

void TestWindowViews::eachPanelsLinkComesBack_data()
{
    QTest::addColumn<QString>("link");
    QTest::addColumn<QString>("widget"); // that is in sight then
    QTest::newRow("curves") << u"orrery:curves?log=true&run=beta&smoothing=0.5"_s << u"curvesPanel"_s;
    QTest::newRow("run") << u"orrery:run?run=beta&tab=checkpoints"_s << u"runPanel"_s;
    QTest::newRow("runs") << u"orrery:runs?filter=be&run=beta"_s << u"runListPanel"_s;
    QTest::newRow("log") << u"orrery:log?filter=x&kind=warning&run=beta"_s << u"logPanel"_s;
    QTest::newRow("new run") << u"orrery:new-run"_s << u"newRunPanel"_s;
    QTest::newRow("plugins") << u"orrery:plugins"_s << u"pluginsPanel"_s;
}

void TestWindowViews::eachPanelsLinkComesBack()
{
    QFETCH(QString, link);
    QFETCH(QString, widget);
    open();
    m_window->selectRun(u"alpha"_s);
    m_window->showLayout(WindowLayout::Play);
    m_window->openLink(link);
    QVERIFY2(notice()->isHidden(), qPrintable(notice()->message()));
    auto *panel = m_window->findChild<QWidget *>(widget);
    QVERIFY(panel && panel->isVisible());
    const ViewLink wanted = *parseViewLink(link);
    if (wanted.state.contains(u"run"_s)) QCOMPARE(m_window->selectedRun(), u"beta"_s);
    QTRY_VERIFY(!m_session->isAnswering());
    for (const PanelFrame *frame : m_window->findChildren<PanelFrame *>()) {
        if (frame->view().panel != wanted.panel) continue;
        const Result<ViewLink> now = parseViewLink(frame->viewLink());
        QVERIFY(now.ok());
        for (auto it = wanted.state.begin(); it != wanted.state.end(); ++it)
            if (it.key() != u"smoothing") QCOMPARE(now->state.value(it.key()).toString(), it->toString());
        return;
    }
    QFAIL("no panel has this view");
}

void TestWindowViews::brokenLinksSayWhy_data()
{
    QTest::addColumn<QString>("link");
    QTest::addColumn<QString>("message");
    QTest::newRow("no link") << u"/tmp/run"_s << u"Cannot open link \"/tmp/run\": expected \"orrery:\""_s;
    QTest::newRow("broken") << u"orrery:curves?run=%4"_s << u"in \"run\", \"%4\" found"_s;
    QTest::newRow("run that is not here")
        << u"orrery:curves?run=gone"_s << u"the engine has no run \"gone\"."_s;
    QTest::newRow("panel of another version")
        << u"orrery:timeline?run=alpha"_s << u"there is no panel \"timeline\", expected one of attention"_s;
}

void TestWindowViews::brokenLinksSayWhy()
{
    QFETCH(QString, link);
    QFETCH(QString, message);
    open();
    m_window->selectRun(u"alpha"_s);
    m_window->openLink(link);
    QVERIFY(notice()->isVisible());
    QCOMPARE(notice()->kind(), BannerKind::Error);
    QVERIFY2(notice()->message().contains(message), qPrintable(notice()->message()));
    QCOMPARE(m_window->selectedRun(), u"alpha"_s);
    m_window->openLink(u"orrery:curves?run=beta"_s); // and a good one puts it away
    QVERIFY(!notice()->isVisible());
}

void TestWindowViews::aLinkWaitsForTheEngine()
{
    const std::vector<RunStatus> runs = m_session->runList;
    m_session->runList.clear();
    m_session->state = ConnectionState::Connecting;
    open();
    m_window->openLink(u"orrery:run?run=beta&tab=spec"_s);
    QVERIFY(notice()->isHidden());
    m_session->setConnection(ConnectionState::Connected);
    m_session->setRuns(runs);
    QCOMPARE(m_window->selectedRun(), u"beta"_s);
    QVERIFY(notice()->isHidden());
    m_window->selectRun(u"alpha"_s);
    m_session->setRuns(runs); // it is opened once
    QCOMPARE(m_window->selectedRun(), u"alpha"_s);
}

void TestWindowViews::aLinkIsPastedIntoThePalette()
{
    open();
    QGuiApplication::clipboard()->setText(u" orrery:curves?run=beta\n"_s);
    m_window->actionRegistry().action(u"file.openLink"_s)->trigger();
    QCOMPARE(m_window->palette().field()->text(), u"orrery:curves?run=beta"_s);
    QTest::keyClick(m_window->palette().field(), Qt::Key_Return);
    QCOMPARE(m_window->selectedRun(), u"beta"_s);
    QVERIFY(page() == &m_window->curves());
}

void TestWindowViews::aLinkToAPluginWaitsForIt()
{
    open();
    m_window->openLink(u"orrery:probe?word=abc"_s);
    QVERIFY(notice()->isVisible());
    auto *panel = new PanelFrame(u"Probe"_s);
    QString restored;
    panel->setView({u"probe"_s, [] { return QVariantMap(); },
                    [&restored](const QVariantMap &state) { restored = state.value(u"word"_s).toString(); }});
    QVERIFY(m_window->addPluginPanel(u"plugin_probe_main"_s, u"Probe"_s, panel).ok());
    QCOMPARE(restored, u"abc"_s);
    QVERIFY(!notice()->isVisible());
    QVERIFY(panel->isVisible());
}

void TestWindowViews::aBreakpointsBannerAnswers()
{
    open();
    m_window->selectRun(u"alpha"_s);
    QVERIFY(pauseBanner()->isHidden());
    m_session->setRuns({paused("alpha"), fakeRun("beta")});
    QVERIFY(pauseBanner()->isVisible());
    QCOMPARE(pauseBanner()->message(),
             u"alpha paused at step 8,210: entropy of head 1.0 is 0.41 (entropy < 0.5)"_s);
    m_session->isHolding = true;
    child<QPushButton>(pauseBanner(), "pauseContinue")->click();
    child<QPushButton>(pauseBanner(), "pauseStep")->click();
    child<QPushButton>(pauseBanner(), "pauseRemove")->click();
    QStringList verbs;
    for (const auto &control : m_session->controls) verbs << control.run + u' ' + control.verb;
    QCOMPARE(verbs, (QStringList{u"alpha continue"_s, u"alpha step"_s, u"alpha unbreak"_s}));
    QCOMPARE(m_session->controls.back().setting.value, std::string("entropy < 0.5"));
    m_session->failNext[u"control"_s] = Error{ErrorCode::Unavailable, "Cannot reach the training.", ""};
    m_session->isHolding = false;
    m_session->flush();
    QCOMPARE(notice()->message(), u"Cannot reach the training."_s);
    m_session->setRuns({fakeRun("alpha"), fakeRun("beta")});
    QVERIFY(pauseBanner()->isHidden());
}

void TestWindowViews::aBreakpointThatTheBannerRemovedComesBack()
{
    open();
    m_window->selectRun(u"alpha"_s);
    m_session->setRuns({paused("alpha"), fakeRun("beta")});
    child<QPushButton>(pauseBanner(), "pauseRemove")->click();
    auto *told = child<Banner>(m_window.get(), "toldBanner");
    QTRY_COMPARE(told->message(), u"entropy < 0.5 does not pause alpha any more."_s);
    child<QPushButton>(told, "bannerRetry")->click();
    QVERIFY(!told->isVisible());
    QCOMPARE(m_session->controls.back().verb, u"break"_s);
    QCOMPARE(m_session->controls.back().setting.value, std::string("entropy < 0.5"));
    QCOMPARE(m_session->controls.back().run, u"alpha"_s);

    // On another host the run is nobody's, or another one: nothing is offered there.
    m_session->setRuns({paused("alpha"), fakeRun("beta")});
    child<QPushButton>(pauseBanner(), "pauseRemove")->click();
    QTRY_VERIFY(told->isVisible());
    m_window->leaveHost(u"lab"_s);
    QVERIFY(!told->isVisible());
}

void TestWindowViews::theBannerOfTheSelectedRunComesFirst()
{
    open();
    m_window->selectRun(u"beta"_s);
    m_session->setRuns({paused("alpha"), paused("beta")});
    QVERIFY(pauseBanner()->message().startsWith(u"beta "_s));
    m_window->selectRun(u"alpha"_s);
    QVERIFY(pauseBanner()->message().startsWith(u"alpha "_s));
    m_session->setRuns({paused("beta")}); // alpha was deleted
    QVERIFY(pauseBanner()->message().startsWith(u"beta "_s));
}

void TestWindowViews::aBannerThatWasPutAsideStaysAway()
{
    open();
    m_session->setRuns({paused("alpha")});
    child<QToolButton>(pauseBanner(), "bannerClose")->click();
    QVERIFY(pauseBanner()->isHidden());
    m_session->setRuns({paused("alpha")});
    QVERIFY(pauseBanner()->isHidden());
    m_session->setRuns({fakeRun("alpha")});
    RunStatus again = paused("alpha");
    again.step += 100;
    m_session->setRuns({again});
    QVERIFY(pauseBanner()->isVisible());
}

void TestWindowViews::showOpensTheReason()
{
    open();
    m_window->selectRun(u"beta"_s);
    m_session->setRuns({paused("alpha"), fakeRun("beta")});
    child<QPushButton>(pauseBanner(), "pauseShow")->click();
    QCOMPARE(m_window->selectedRun(), u"alpha"_s);
    QCOMPARE(m_window->windowLayout(), WindowLayout::Inspect);
    QCOMPARE(m_window->attention().primary()->place().level, StageLevel::Head);
    QCOMPARE(m_window->attention().primary()->place().head, (HeadRef{1, 0}));
    RunStatus byLoss = paused("alpha");
    byLoss.step += 1;
    byLoss.pauseReason = "loss > 4: loss was 5";
    byLoss.pauseSeries = "loss";
    m_session->setRuns({byLoss});
    child<QPushButton>(pauseBanner(), "pauseShow")->click();
    QVERIFY(page() == &m_window->curves());
}

void TestWindowViews::lookingGoesBackAndForward()
{
    open();
    QAction *back = m_window->actionRegistry().action(u"go.back"_s);
    QAction *forward = m_window->actionRegistry().action(u"go.forward"_s);
    QVERIFY(!back->isEnabled() && !forward->isEnabled());
    QCOMPARE(disabledReason(*back), u"Nothing was looked at before."_s);
    const auto look = [this](const char *prompt) {
        Focus focus{u"alpha@1"_s, QLatin1String(prompt), {}, -1, {}};
        auto text = std::make_shared<GenerateRequest>();
        text->prompt = prompt;
        focus.text = text;
        m_window->selection().set(focus, nullptr);
    };
    look("one");
    look("two");
    QVERIFY(back->isEnabled());
    m_window->setFocus();
    QTest::keyClick(m_window.get(), Qt::Key_Left, Qt::AltModifier);
    QCOMPARE(m_window->selection().focus().title, u"one"_s);
    QTest::mouseClick(m_window.get(), Qt::ForwardButton);
    QCOMPARE(m_window->selection().focus().title, u"two"_s);
    QTest::mouseClick(&m_window->curves(), Qt::BackButton);
    QCOMPARE(m_window->selection().focus().title, u"one"_s);
    QVERIFY(!back->isEnabled() && forward->isEnabled());
}

void TestWindowViews::aSampleGoesToInspect()
{
    open();
    Focus focus{u"alpha@8000"_s, u"Sample"_s, {}, -1, {}};
    auto text = std::make_shared<GenerateRequest>();
    text->prompt = "Once upon";
    focus.text = text;
    Q_EMIT m_window->findChild<RunPanel *>()->lookInside(focus);
    QCOMPARE(m_window->windowLayout(), WindowLayout::Inspect);
    QCOMPARE(m_window->selection().focus().model, u"alpha@8000"_s);
    QVERIFY(m_window->microscope().isVisible());
}

void TestWindowViews::onlyAnswersAreBranched()
{
    open();
    m_window->showLayout(WindowLayout::Inspect);
    Focus focus{u"alpha@8000"_s, u"Probe prompt 0"_s, std::make_shared<GenerateRequest>(), 3, {}};
    m_window->selection().set(focus, nullptr);
    Q_EMIT m_window->microscope().branchRequested(focus, TokenAlternative{});
    QCOMPARE(notice()->message(), u"Cannot branch \"Probe prompt 0\": it was not said in the playground."_s);
    QCOMPARE(m_window->windowLayout(), WindowLayout::Inspect);

    answer("abcd");
    m_window->playground().transcript()->setCurrentToken(2, true);
    const Focus asked = m_window->selection().focus();
    m_window->showLayout(WindowLayout::Inspect);
    Q_EMIT m_window->microscope().branchRequested(asked, {'z', "z", 0.2});
    QVERIFY2(notice()->isHidden(), qPrintable(notice()->message()));
    QCOMPARE(m_window->windowLayout(), WindowLayout::Play);
    QCOMPARE(m_window->playground().numVersions(), 2);
    QCOMPARE(m_session->generations.back().request.answerIds, (std::vector<int32_t>{'a', 'b', 'z'}));
}

void TestWindowViews::anAnswerThatIsNotShownIsBranched()
{
    open();
    m_window->selectRun(u"alpha"_s);
    PlaygroundPanel &play = m_window->playground();
    answer("abcd");
    play.transcript()->setCurrentToken(2, true);
    const Focus asked = m_window->selection().focus();
    answer("pqrs");
    play.transcript()->setCurrentToken(0, true);
    m_window->showLayout(WindowLayout::Inspect);
    Q_EMIT m_window->microscope().branchRequested(asked, {'z', "z", 0.2});
    QVERIFY2(notice()->isHidden(), qPrintable(notice()->message()));
    QCOMPARE(m_window->windowLayout(), WindowLayout::Play);
    QCOMPARE(m_window->selection().focus(), asked);
    QCOMPARE(play.numVersions(), 3);
    QCOMPARE(m_session->generations.back().request.answerIds, (std::vector<int32_t>{'a', 'b', 'z'}));
    QCOMPARE(play.transcript()->forkMark(), 2); // where it parts from the first one

    m_window->showLayout(WindowLayout::Inspect);
    Focus behind = asked;
    behind.token += 10;
    Q_EMIT m_window->microscope().branchRequested(behind, {'z', "z", 0.2});
    QCOMPARE(notice()->message(),
             u"Cannot branch \"Answer 1\": nothing was said behind its last token, expected a token there."_s);
    QCOMPARE(m_window->windowLayout(), WindowLayout::Inspect);
    QCOMPARE(play.numVersions(), 3);
}

void TestWindowViews::breakpointsAreBegunFromTheMenu()
{
    open();
    m_window->selectRun(u"alpha"_s);
    m_window->showLayout(WindowLayout::Play);
    m_window->actionRegistry().action(u"run.breakpoints"_s)->trigger();
    QVERIFY(m_window->findChild<RunPanel *>()->breakpoints()->isVisible());
    QTRY_VERIFY(m_window->findChild<RunPanel *>()->breakpoints()->line()->hasFocus());
}

void TestWindowViews::breakpointsAreBegunAtACurve()
{
    SeriesData norm{"grad_norm", 1, {}}, loss{"loss", 1, {}};
    for (SeriesData *data : {&norm, &loss})
        data->buckets.push_back({.firstStep = 1,
                                 .lastStep = 1,
                                 .firstWallTime = 1,
                                 .lastWallTime = 1,
                                 .minimum = 2,
                                 .maximum = 2,
                                 .mean = 2,
                                 .last = 2,
                                 .numPoints = 1});
    m_session->seriesData[u"alpha"_s] = {loss, norm};
    open();
    m_window->selectRun(u"alpha"_s);
    m_window->showLayout(WindowLayout::Train);
    child<QDockWidget>(m_window.get(), "runDock")->hide();
    auto *table = child<QTableView>(&m_window->curves(), "readoutTable");
    const auto rowOf = [table](const QString &name) {
        for (int row = 0; row < table->model()->rowCount(); ++row)
            if (table->model()->index(row, 0).data().toString() == name) return row;
        return -1;
    };
    QTRY_VERIFY(rowOf(u"Gradient norm"_s) >= 0);
    table->setCurrentIndex(table->model()->index(rowOf(u"Gradient norm"_s), 0));
    table->findChild<QAction *>(u"pauseAbove"_s)->trigger();
    BreakpointEditor *editor = m_window->findChild<RunPanel *>()->breakpoints();
    QVERIFY(editor->isVisible());
    QCOMPARE(editor->line()->text(), u"grad_norm > "_s);
    QTRY_VERIFY(editor->line()->hasFocus());
    QTest::keyClicks(editor->line(), u"10"_s);
    QTest::keyClick(editor->line(), Qt::Key_Return);
    QCOMPARE(m_session->controls.size(), size_t(1));
    QCOMPARE(m_session->controls[0].setting.value, std::string("grad_norm > 10"));
}

void TestWindowViews::theCostOfLookingIsInTheStatusBar()
{
    open();
    m_window->selectRun(u"alpha"_s);
    auto *cost = child<QLabel>(m_window.get(), "viewerCost");
    QCOMPARE(cost->text(), u"viewer cost 0.3 %"_s);
    QVERIFY(cost->toolTip().contains(u"as a share of that time"_s));
    // It is the Run panel's number, whoever told it last: the list is a moment behind the stream.
    auto *numbers = child<KeyValueGrid>(m_window.get(), "runNumbers");
    RunStatus now = m_session->statusOf(u"alpha"_s);
    now.step += 10;
    now.viewerPercent = 1.7;
    Q_EMIT m_session->updated({.run = u"alpha"_s, .status = now});
    QCOMPARE(cost->text(), u"viewer cost 1.7 %"_s);
    QCOMPARE(numbers->value(u"Viewer cost"_s), u"1.7 %"_s);
    const auto labels = numbers->findChildren<QLabel *>();
    QVERIFY(std::any_of(labels.begin(), labels.end(),
                        [cost](const QLabel *label) { return label->toolTip() == cost->toolTip(); }));
    Q_EMIT m_session->runsChanged(); // with the old status
    QCOMPARE(cost->text(), u"viewer cost 1.7 %"_s);
    QCOMPARE(numbers->value(u"Viewer cost"_s), u"1.7 %"_s);
    m_window->selectRun(u"beta"_s); // it does not train
    QVERIFY(cost->text().isEmpty());
}

void TestWindowViews::docksOfPluginsKeepTheirPlaces()
{
    open();
    const QString name = u"plugin_probe_main"_s;
    const auto add = [&] { return *m_window->addPluginPanel(name, u"Probe"_s, new PanelFrame(u"Probe"_s)); };
    QDockWidget *dock = add();
    QVERIFY(!dock->isVisible()); // until somebody opens it
    m_window->addDockWidget(Qt::LeftDockWidgetArea, dock);
    dock->show();
    m_window->close(); // saves
    m_window.reset();

    open();
    QTest::qWait(1'200); // the window saves before the plugin is there
    dock = add();
    QVERIFY(dock->isVisible());
    QCOMPARE(m_window->dockWidgetArea(dock), Qt::LeftDockWidgetArea);
    m_window->close();
    m_window.reset();

    open(); // without the plugin, and then with it again
    m_window->close();
    m_window.reset();
    open();
    dock = add();
    QCOMPARE(m_window->dockWidgetArea(dock), Qt::LeftDockWidgetArea);
    QVERIFY(dock->isVisible());
    dock->setFloating(true);
    m_window->close();
    m_window.reset();
    open();
    QVERIFY(add()->isFloating());
}

void TestWindowViews::theMemoryDockStandsUnderInspect()
{
    open();
    m_window->showLayout(WindowLayout::Inspect);
    m_window->showLayout(WindowLayout::Train); // both are remembered, from before there was a memory
    QDockWidget *dock =
        *m_window->addPluginPanel(u"plugin_memory_memory"_s, u"Memory"_s, new PanelFrame(u"Memory"_s));
    QVERIFY(!dock->isVisible());
    m_window->showLayout(WindowLayout::Inspect);
    QVERIFY(dock->isVisible());
    QCOMPARE(m_window->dockWidgetArea(dock), Qt::BottomDockWidgetArea);
    dock->hide(); // and what somebody chose stays
    m_window->showLayout(WindowLayout::Train);
    m_window->showLayout(WindowLayout::Inspect);
    QVERIFY(!dock->isVisible());
}

ORRERY_GUI_TEST_MAIN(TestWindowViews)
#include "tst_window_views.moc"
