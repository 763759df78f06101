// SPDX-License-Identifier: GPL-3.0-or-later
// The shell: pages, layouts, the one selection, lost connections, keyboard, names for assistive tools.
#include "app/workbench/main_window.h"

#include "app/workbench/example_runs.h"
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/common/banner.h"
#include "widgets/common/panel_frame.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/play/playground_panel.h"
#include "widgets/plugins/plugins_panel.h"
#include "widgets/runs/run_controls.h"
#include "widgets/runs/run_list_panel.h"
#include "widgets/runs/run_list_view.h"
#include "widgets/runs/run_panel.h"

#include <QAbstractSlider>
#include <QAbstractSpinBox>
#include <QAccessible>
#include <QComboBox>
#include <QDockWidget>
#include <QElapsedTimer>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QFile>
#include <QLineEdit>
#include <QTreeView>
#include <QMenuBar>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSet>
#include <QSettings>
#include <QSpinBox>
#include <QStackedWidget>
#include <QTemporaryDir>

#include <functional>

using namespace orrery;
using namespace orrery::ui;

namespace {

/// The longest wait for what a few turns of the event loop bring; no test waits so long when all is well.
constexpr int kPatienceMs = 60'000;

} // namespace

class TestMainWindow : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void firstStartShowsTheDoors();
    void withoutAnEngineNoDoorIsOffered();
    void examplesHaveNamesOfTheirOwn();
    void exampleDoorCreatesAndSelectsTheRun();
    void picturesDoorTrainsWithAMemory();
    void exampleDoorShowsWhyItFailed();
    void exampleOfTheMenuShowsWhyItFailed();
    void selectionDrivesEveryPanel();
    void layoutsSwitchByKeyAndTab();
    void aBreakpointOpensItsReason();
    void aBreakpointLeavesBusyPeopleAlone();
    void aLinkWaitsForPluginsOnlyOnce();
    void everyViewActionStandsInAMenu();
    void newRunOpensByKeyAndClosesByEscape();
    void lostEngineShowsABannerWithRetry();
    void anOlderEngineIsNamedInTheBanner();
    void placeIsRememberedAcrossWindows();
    void steadyTypingIsSavedAllTheSame();
    void movesAndSizesAreSaved_data();
    void movesAndSizesAreSaved();
    void everyControlHasAName();
    void theDoorsStandBesideEachOther();
    void nothingIsClippedAtTheSmallestSize();
    void activatingARunShowsItsCurves();
    void runKeysWorkFromEverywhere();
    void noTwoActionsShareAKey();
    void themeButtonSwitches();
    void themeButtonShowsWhatItLeadsTo();

private:
    void open();
    /// A breakpoint on a series pauses a run.
    void hit(const char *run, const char *series) const
    {
        RunUpdate update;
        update.run = QString::fromLatin1(run);
        update.status = fakeRun(run);
        RunEvent event;
        event.kind = EventKind::Breakpoint;
        event.payload = "{\"series\":\"" + std::string(series) + "\"}";
        update.events.push_back(event);
        Q_EMIT m_session->updated(update);
    }
    /// What a kill would leave.
    [[nodiscard]] QByteArray savedBytes() const
    {
        QFile file(m_folder->filePath(QStringLiteral("settings.ini")));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    /// The same once nothing is saved any more: two equal looks, with more than twice the window's pause
    /// between them. Empty when that does not come.
    [[nodiscard]] QByteArray settled() const
    {
        QElapsedTimer timer;
        timer.start();
        for (QByteArray last; timer.elapsed() < kPatienceMs;) {
            const QByteArray now = savedBytes();
            if (!now.isEmpty() && now == last) return now;
            last = now;
            QTest::qWait(2'000);
        }
        return {};
    }
    [[nodiscard]] QWidget *page() const { return child<QStackedWidget>(m_window.get(), "pages")->currentWidget(); }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<FakeSession> m_session;
    std::unique_ptr<MainWindow> m_window;
};

void TestMainWindow::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_settings = std::make_unique<QSettings>(m_folder->filePath(QStringLiteral("settings.ini")), QSettings::IniFormat);
    m_session = std::make_unique<FakeSession>();
}

void TestMainWindow::cleanup()
{
    m_window.reset();
    m_session.reset();
}

void TestMainWindow::open()
{
    m_window = std::make_unique<MainWindow>(*m_session, *m_settings);
    m_window->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_window.get(), kPatienceMs));
    QTRY_VERIFY_WITH_TIMEOUT(!m_session->isAnswering(), kPatienceMs);
}

void TestMainWindow::firstStartShowsTheDoors()
{
    open();
    QCOMPARE(page()->objectName(), QStringLiteral("welcomeCard"));
    QVERIFY(child<QPushButton>(m_window.get(), "trainExampleButton")->isVisible());
    QVERIFY(child<QPushButton>(m_window.get(), "openRunButton")->isVisible());
    m_session->setRuns({fakeRun("alpha")});
    QTRY_VERIFY_WITH_TIMEOUT(page() == &m_window->curves(), kPatienceMs);
}

void TestMainWindow::withoutAnEngineNoDoorIsOffered()
{
    open();
    m_session->setConnection(ConnectionState::Lost, QStringLiteral("Nobody listens there."));
    QCOMPARE(child<QLabel>(m_window.get(), "welcomeTitle")->text(), QStringLiteral("The engine of this computer does not answer"));
    for (const char *door : {"trainExampleButton", "openRunButton", "welcomeNewRunButton"})
        QVERIFY2(!child<QPushButton>(m_window.get(), door)->isVisible(), door);
    QCOMPARE(child<QPushButton>(m_window.get(), "welcomeConnectButton")->text(), QStringLiteral("Hosts…"));
    m_session->setConnection(ConnectionState::Connected);
    QVERIFY(child<QPushButton>(m_window.get(), "trainExampleButton")->isVisible());
    QCOMPARE(child<QLabel>(m_window.get(), "welcomeTitle")->text(), QStringLiteral("Train a language model and watch it learn"));
}

void TestMainWindow::examplesHaveNamesOfTheirOwn()
{
    const auto nameOf = [](const QString &spec) {
        return QJsonDocument::fromJson(spec.toUtf8()).object().value(QStringLiteral("name")).toString();
    };
    QCOMPARE(nameOf(exampleNamed(textExampleSpec(), {})), QStringLiteral("code"));
    QCOMPARE(nameOf(exampleNamed(pictureExampleSpec(), {QStringLiteral("shapes"), QStringLiteral("shapes-2")})), QStringLiteral("shapes-3"));
    m_session->runList = {fakeRun("shapes")};
    open();
    for (QAction *action : m_window->findChildren<QAction *>())
        if (action->text() == QStringLiteral("Train the example with pictures and a memory")) action->trigger();
    QCOMPARE(nameOf(m_session->createdSpecs.value(0)), QStringLiteral("shapes-2"));
}

void TestMainWindow::exampleDoorCreatesAndSelectsTheRun()
{
    open();
    auto *door = child<QPushButton>(m_window.get(), "trainExampleButton");
    door->click();
    QVERIFY(!door->isEnabled()); // a second click must not make a second run
    // Steps to talk to and to branch from all along the way: the defaults would leave the last three.
    const QJsonObject spec = QJsonDocument::fromJson(m_session->createdSpecs.value(0).toUtf8()).object();
    const int every = spec[QStringLiteral("train.checkpoint_every")].toInt(), kept = spec[QStringLiteral("train.keep_last")].toInt();
    QVERIFY(every > 0 && every <= 200 && every * kept >= 2'000);
    QTRY_VERIFY_WITH_TIMEOUT(!m_session->isAnswering(), kPatienceMs);
    m_session->setRuns({fakeRun("new-run", RunState::Starting)}); // as the engine lists it after its answer
    QTRY_VERIFY_WITH_TIMEOUT(!m_window->selectedRun().isEmpty(), kPatienceMs);
    QVERIFY(page() == &m_window->curves());
}

void TestMainWindow::picturesDoorTrainsWithAMemory()
{
    open();
    auto *door = child<QPushButton>(m_window.get(), "trainPicturesButton");
    door->click();
    QVERIFY(!door->isEnabled());
    QVERIFY(!child<QPushButton>(m_window.get(), "trainExampleButton")->isEnabled());
    QCOMPARE(m_session->createdSpecs.size(), 1);
    const QJsonObject spec = QJsonDocument::fromJson(m_session->createdSpecs.front().toUtf8()).object();
    QVERIFY(spec[QStringLiteral("data.path")].toString().startsWith(QStringLiteral("gen:shapes?")));
    QCOMPARE(spec[QStringLiteral("plugins.use")].toArray(), QJsonArray{QStringLiteral("memory")});
}

void TestMainWindow::exampleDoorShowsWhyItFailed()
{
    m_session->failNext[QStringLiteral("createRun")] =
        Error{ErrorCode::NotFound, "Cannot make the example: no C++ headers found.", "Install g++."};
    open();
    auto *door = child<QPushButton>(m_window.get(), "trainExampleButton");
    door->click();
    QTRY_VERIFY_WITH_TIMEOUT(door->isEnabled(), kPatienceMs);
    const auto banners = page()->findChildren<Banner *>();
    QVERIFY(std::any_of(banners.begin(), banners.end(), [](Banner *banner) { return banner->message().contains(QStringLiteral("no C++ headers")); }));
}

void TestMainWindow::exampleOfTheMenuShowsWhyItFailed()
{
    m_session->setRuns({fakeRun("alpha")}); // the first page is not seen
    m_session->failNext[QStringLiteral("createRun")] = Error{ErrorCode::Internal, "Cannot start the worker.", "Try again."};
    open();
    const auto actions = m_window->findChildren<QAction *>();
    const auto example = std::find_if(actions.begin(), actions.end(), [](QAction *one) { return one->text() == QStringLiteral("Train the example"); });
    QVERIFY(example != actions.end());
    (*example)->trigger();
    const auto isSeen = [](Banner *banner) { return banner->isVisible() && banner->message().contains(QStringLiteral("Cannot start the worker")); };
    const auto banners = m_window->findChildren<Banner *>();
    QTRY_VERIFY_WITH_TIMEOUT(std::any_of(banners.begin(), banners.end(), isSeen), kPatienceMs);
}

void TestMainWindow::selectionDrivesEveryPanel()
{
    m_session->setRuns({fakeRun("alpha"), fakeRun("beta", RunState::Finished)});
    open();
    m_window->selectRun(QStringLiteral("beta"));
    QCOMPARE(m_window->curves().run(), QStringLiteral("beta"));
    QCOMPARE(m_window->findChild<RunPanel *>()->run(), QStringLiteral("beta"));
    QCOMPARE(m_window->findChild<RunListPanel *>()->run(), QStringLiteral("beta"));
    QVERIFY(m_window->windowTitle().startsWith(QStringLiteral("beta")));
}

void TestMainWindow::layoutsSwitchByKeyAndTab()
{
    m_session->setRuns({fakeRun("alpha")});
    m_session->checkpoints[QStringLiteral("alpha")] = {{.step = 7'500}, {.step = 8'000}};
    open();
    QTest::keyClick(m_window.get(), Qt::Key_3, Qt::ControlModifier);
    QCOMPARE(m_window->windowLayout(), WindowLayout::Play);
    QVERIFY(page() == &m_window->playground());
    QTest::keyClick(m_window.get(), Qt::Key_1, Qt::ControlModifier);
    QVERIFY(page() == &m_window->curves());
    Q_EMIT m_window->findChild<RunPanel *>()->openInPlayground(QStringLiteral("alpha@7500"));
    QVERIFY(page() == &m_window->playground());
    QTRY_COMPARE_WITH_TIMEOUT(m_window->playground().model(), QStringLiteral("alpha@7500"), kPatienceMs);
}

void TestMainWindow::aBreakpointOpensItsReason()
{
    m_session->setRuns({fakeRun("alpha"), fakeRun("beta")});
    open();
    m_window->selectRun(QStringLiteral("alpha"));
    m_window->showLayout(WindowLayout::Play);
    hit("alpha", "loss"); // somebody may be writing
    QCOMPARE(m_window->windowLayout(), WindowLayout::Play);
    m_window->showLayout(WindowLayout::Inspect);
    hit("beta", "loss"); // not looked at
    QCOMPARE(m_window->windowLayout(), WindowLayout::Inspect);
    hit("alpha", "loss");
    QCOMPARE(m_window->windowLayout(), WindowLayout::Train);
    hit("alpha", "head/2.0/entropy");
    QCOMPARE(m_window->windowLayout(), WindowLayout::Inspect);
}

void TestMainWindow::aBreakpointLeavesBusyPeopleAlone()
{
    m_session->setRuns({fakeRun("alpha")});
    open();
    m_window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(m_window.get(), kPatienceMs));
    m_window->showLayout(WindowLayout::Inspect);
    m_window->showPlugins();
    hit("alpha", "loss");
    QVERIFY(page() == &m_window->pluginsPanel());
    m_window->showLayout(WindowLayout::Inspect);
    for (QWidget *field : {static_cast<QWidget *>(new QLineEdit), static_cast<QWidget *>(new QPlainTextEdit),
                           static_cast<QWidget *>(new QSpinBox)}) {
        auto *dock = new QDockWidget(m_window.get());
        dock->setWidget(field);
        m_window->addDockWidget(Qt::BottomDockWidgetArea, dock);
        dock->show();
        field->setFocus();
        QTRY_VERIFY_WITH_TIMEOUT(field->hasFocus(), kPatienceMs);
        hit("alpha", "loss");
        QCOMPARE(m_window->windowLayout(), WindowLayout::Inspect);
        field->clearFocus();
        delete dock;
    }
    hit("alpha", "loss"); // nobody types
    QCOMPARE(m_window->windowLayout(), WindowLayout::Train);
}

void TestMainWindow::aLinkWaitsForPluginsOnlyOnce()
{
    m_session->setRuns({fakeRun("alpha")});
    open();
    auto *notice = child<Banner>(m_window.get(), "noticeBanner");
    const auto addPanel = [this](const QString &word, int &numRestored) {
        auto *panel = new PanelFrame(word);
        panel->setView({word, [] { return QVariantMap(); },
                        [&numRestored](const QVariantMap &) { ++numRestored; }});
        return m_window->addPluginPanel(QStringLiteral("plugin_probe_") + word, word, panel).ok();
    };
    int numRestored = 0;
    m_window->setLoadingPlugins(true);
    m_window->openLink(QStringLiteral("orrery:probe"));
    m_session->setRuns({fakeRun("alpha")});
    QVERIFY(notice->isHidden()); // it may still come
    QVERIFY(addPanel(QStringLiteral("probe"), numRestored));
    QCOMPARE(numRestored, 1);
    m_window->openLink(QStringLiteral("orrery:late"));
    QVERIFY(notice->isHidden());
    m_window->setLoadingPlugins(false);
    QVERIFY(notice->isVisible());
    QVERIFY2(notice->message().contains(QStringLiteral("there is no panel \"late\"")), qPrintable(notice->message()));
    notice->clear();
    m_session->setRuns({fakeRun("alpha")});
    QVERIFY(notice->isHidden()); // it was told once
    QVERIFY(addPanel(QStringLiteral("late"), numRestored));
    QCOMPARE(numRestored, 1); // nobody waits for it any more
}

void TestMainWindow::everyViewActionStandsInAMenu()
{
    open();
    QSet<const QAction *> inMenus;
    const std::function<void(const QList<QAction *> &)> walk = [&](const QList<QAction *> &actions) {
        for (const QAction *action : actions) {
            inMenus.insert(action);
            if (action->menu()) walk(action->menu()->actions());
        }
    };
    walk(m_window->menuBar()->actions());
    QStringList missing;
    int numFound = 0;
    for (const ActionEntry &entry : m_window->actionRegistry().entries()) {
        if (!entry.id.startsWith(QStringLiteral("view."))) continue;
        ++numFound;
        if (!inMenus.contains(entry.action)) missing << entry.id;
    }
    QVERIFY2(missing.isEmpty(), qPrintable(missing.join(u'\n')));
    QVERIFY(numFound >= 9);
}

void TestMainWindow::newRunOpensByKeyAndClosesByEscape()
{
    m_session->setRuns({fakeRun("alpha")});
    open();
    QTest::keyClick(m_window.get(), Qt::Key_N, Qt::ControlModifier);
    QVERIFY(page() == &m_window->newRunPanel());
    QTest::keyClick(&m_window->newRunPanel(), Qt::Key_Escape);
    QVERIFY(page() == &m_window->curves());
}

void TestMainWindow::lostEngineShowsABannerWithRetry()
{
    m_session->setRuns({fakeRun("alpha")});
    open();
    m_session->setConnection(ConnectionState::Lost, QStringLiteral("The socket is closed."));
    auto *banner = child<Banner>(m_window.get(), "connectionBanner");
    QVERIFY(banner->isVisible());
    Q_EMIT banner->retryRequested();
    QCOMPARE(m_session->numReconnects, 1);
    m_session->setConnection(ConnectionState::Connected);
    QVERIFY(!banner->isVisible());
}

void TestMainWindow::anOlderEngineIsNamedInTheBanner()
{
    open();
    auto *banner = child<Banner>(m_window.get(), "connectionBanner");
    QVERIFY(!banner->isVisible());
    m_session->info.note = QStringLiteral("The engine that answers was started before this program was updated.");
    m_session->setConnection(ConnectionState::Connected);
    QVERIFY(banner->isVisible());
    QCOMPARE(banner->kind(), BannerKind::Warning);
    QCOMPARE(banner->message(), m_session->info.note);
    m_session->info.note.clear();
    m_session->setConnection(ConnectionState::Connected);
    QVERIFY(!banner->isVisible());
}

void TestMainWindow::placeIsRememberedAcrossWindows()
{
    m_session->setRuns({fakeRun("alpha"), fakeRun("beta")});
    open();
    m_window->selectRun(QStringLiteral("beta"));
    m_window->showLayout(WindowLayout::Play);
    // A kill loses a second at most: nothing is closed here, the window saves by itself.
    QTRY_COMPARE_WITH_TIMEOUT(m_settings->value(QStringLiteral("window/run")).toString(), QStringLiteral("beta"), kPatienceMs);
    auto second = std::make_unique<MainWindow>(*m_session, *m_settings);
    second->show();
    QTRY_COMPARE_WITH_TIMEOUT(second->windowLayout(), WindowLayout::Play, kPatienceMs);
    QCOMPARE(second->selectedRun(), QStringLiteral("beta"));
}

void TestMainWindow::steadyTypingIsSavedAllTheSame()
{
    m_session->setRuns({fakeRun("alpha")});
    open();
    QVERIFY(!settled().isEmpty()); // opening it is saved
    QLineEdit *name = m_window->newRunPanel().findChild<QLineEdit *>(QStringLiteral("control_name"));
    QVERIFY(name);
    const auto isSaved = [&] { // typing never ends, so that no second of rest saves it
        if (name->text().size() > 50) name->selectAll();
        QTest::keyClicks(name, QStringLiteral("xxxx"));
        return savedBytes().contains("xxxx");
    };
    QTRY_VERIFY_WITH_TIMEOUT(isSaved(), kPatienceMs);
}

void TestMainWindow::movesAndSizesAreSaved_data()
{
    QTest::addColumn<QString>("what");
    for (const char *what : {"moved", "sized", "maximised", "dock sized"})
        QTest::newRow(what) << QString::fromLatin1(what);
}

void TestMainWindow::movesAndSizesAreSaved()
{
    QFETCH(QString, what);
    m_session->setRuns({fakeRun("alpha")});
    open();
    const QByteArray before = settled();
    QVERIFY(!before.isEmpty());
    if (what == QStringLiteral("moved")) m_window->move(m_window->pos() + QPoint(30, 20));
    if (what == QStringLiteral("sized")) m_window->resize(m_window->size() - QSize(40, 30));
    if (what == QStringLiteral("maximised")) m_window->showMaximized();
    if (what == QStringLiteral("dock sized"))
        m_window->resizeDocks({m_window->findChild<QDockWidget *>(QStringLiteral("runListDock"))}, {330},
                              Qt::Horizontal);
    QTRY_VERIFY_WITH_TIMEOUT(savedBytes() != before, kPatienceMs);
}

void TestMainWindow::everyControlHasAName()
{
    m_session->setRuns({fakeRun("alpha")});
    open();
    QStringList nameless;
    for (QWidget *widget : m_window->findChildren<QWidget *>()) {
        const bool isControl = qobject_cast<QAbstractButton *>(widget) || qobject_cast<QLineEdit *>(widget) ||
                               qobject_cast<QComboBox *>(widget) || qobject_cast<QAbstractSlider *>(widget) ||
                               qobject_cast<QAbstractSpinBox *>(widget);
        const auto *banner = qobject_cast<Banner *>(widget->parentWidget());
        if (!isControl || widget->isHidden() || (banner && banner->isHidden()) || widget->objectName().startsWith(QStringLiteral("qt_"))) continue;
        if (qobject_cast<QScrollBar *>(widget) || qobject_cast<QAbstractSpinBox *>(widget->parentWidget()) ||
            qobject_cast<QComboBox *>(widget->parentWidget()) || qobject_cast<QLineEdit *>(widget->parentWidget()))
            continue; // parts that Qt names through their owner
        auto *interface = QAccessible::queryAccessibleInterface(widget);
        if (!interface || interface->text(QAccessible::Name).isEmpty())
            nameless << QStringLiteral("%1 \"%2\" in %3").arg(QString::fromLatin1(widget->metaObject()->className()), widget->objectName(),
                                                              QString::fromLatin1(widget->parentWidget()->metaObject()->className()));
    }
    QVERIFY2(nameless.isEmpty(), qPrintable(nameless.join(u'\n')));
}

/// In English at 1280 × 800; below each other they are in longer words (tst_window_room).
void TestMainWindow::theDoorsStandBesideEachOther()
{
    open();
    m_window->resize(1280, 800);
    const auto *first = child<QPushButton>(m_window.get(), "trainExampleButton");
    const auto *last = child<QPushButton>(m_window.get(), "welcomeConnectButton");
    const auto left = [this](const QWidget *widget) { return widget->mapTo(m_window.get(), QPoint()).x(); };
    QTRY_VERIFY(left(last) > left(first) + first->width());
}

void TestMainWindow::nothingIsClippedAtTheSmallestSize()
{
    m_session->setRuns({fakeRun("a-run-with-a-name-that-is-much-longer-than-any-dock-is-wide-20261123-154210")});
    open();
    m_window->resize(1280, 800);
    QTest::qWait(50);
    QVERIFY2(m_window->width() <= 1280 && m_window->height() <= 800,
             qPrintable(QStringLiteral("the window needs %1 x %2").arg(m_window->width()).arg(m_window->height())));
}

void TestMainWindow::activatingARunShowsItsCurves()
{
    m_session->setRuns({fakeRun("alpha", RunState::Running, 2), fakeRun("beta", RunState::Finished, 1)});
    open();
    m_window->showLayout(WindowLayout::Play);
    QTreeView *list = m_window->findChild<RunListPanel *>()->view();
    const QPoint beta = list->visualRect(list->model()->index(1, 0)).center();
    QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, beta);
    QCOMPARE(m_window->selectedRun(), QStringLiteral("beta"));
    QVERIFY(page() == &m_window->playground()); // one click chooses only
    QTest::mouseDClick(list->viewport(), Qt::LeftButton, {}, beta);
    QVERIFY(page() == &m_window->curves());
    QCOMPARE(m_window->windowLayout(), WindowLayout::Train);
    QCOMPARE(m_window->curves().run(), QStringLiteral("beta"));
    m_window->showNewRun();
    QTest::keyClick(list, Qt::Key_Up);
    QTest::keyClick(list, Qt::Key_Return);
    QVERIFY(page() == &m_window->curves());
    QCOMPARE(m_window->curves().run(), QStringLiteral("alpha"));
}

void TestMainWindow::runKeysWorkFromEverywhere()
{
    m_session->setRuns({fakeRun("alpha")});
    open();
    m_window->showNewRun();
    QLineEdit *name = m_window->newRunPanel().findChild<QLineEdit *>(QStringLiteral("control_name"));
    name->setFocus();
    const auto press = [this, name](Qt::Key key, RunState state, Qt::KeyboardModifiers modifiers = {}) {
        m_session->setRuns({fakeRun("alpha", state)});
        m_session->controls.clear();
        m_session->startedRuns.clear();
        QTest::keyClick(name, key, modifiers);
        m_session->setRuns(
            {fakeRun("alpha", RunState::Starting)}); // so that nothing waits for the next press
        if (!m_session->startedRuns.isEmpty()) return QStringLiteral("start");
        return m_session->controls.empty() ? QString() : m_session->controls.front().verb;
    };
    QCOMPARE(press(Qt::Key_F6, RunState::Running), QStringLiteral("pause"));
    QCOMPARE(press(Qt::Key_F6, RunState::Paused), QStringLiteral("continue"));
    QCOMPARE(press(Qt::Key_F7, RunState::Paused), QStringLiteral("step"));
    QCOMPARE(press(Qt::Key_F7, RunState::Running), QString()); // as its action, only where it makes sense
    QCOMPARE(press(Qt::Key_F5, RunState::Running, Qt::ShiftModifier), QStringLiteral("stop"));
    QCOMPARE(press(Qt::Key_F5, RunState::Stopped), QStringLiteral("start"));
    QCOMPARE(press(Qt::Key_F8, RunState::Running), QStringLiteral("checkpoint"));
    QCOMPARE(name->text(), QString());
    for (const QAction *action : m_window->findChild<RunControls *>()->actions()) {
        QVERIFY2(!action->shortcut().isEmpty(), qPrintable(action->objectName()));
        QVERIFY2(action->toolTip().contains(action->shortcut().toString(QKeySequence::NativeText)),
                 qPrintable(action->toolTip()));
    }
}

void TestMainWindow::noTwoActionsShareAKey()
{
    open();
    QHash<QString, QString> owners;
    for (const QAction *action : m_window->findChildren<QAction *>()) {
        if (action->shortcut().isEmpty() || action->shortcutContext() != Qt::WindowShortcut) continue;
        const QString key = action->shortcut().toString();
        QVERIFY2(!owners.contains(key), qPrintable(key + QStringLiteral(": ") + owners.value(key) +
                                                   QStringLiteral(", ") + action->text()));
        owners.insert(key, action->text());
    }
    QVERIFY(owners.size() >= 10);
}

void TestMainWindow::themeButtonSwitches()
{
    m_session->setRuns({fakeRun("alpha")});
    open();
    auto *button = child<QAbstractButton>(m_window.get(), "themeButton");
    const bool wasDark = Theme::instance().isDark();
    button->click();
    QVERIFY(Theme::instance().isDark() != wasDark);
    button->click();
    QVERIFY(Theme::instance().isDark() == wasDark);
}

void TestMainWindow::themeButtonShowsWhatItLeadsTo()
{
    open();
    auto *button = child<QAbstractButton>(m_window.get(), "themeButton");
    const auto icon = [&button] { return button->property("orreryIcon").toString(); };
    const auto choose = [this](const QString &text) {
        for (QAction *action : m_window->findChildren<QAction *>())
            if (action->text() == text) action->trigger();
    };
    QCOMPARE(icon(), QStringLiteral("moon"));
    choose(QStringLiteral("Dark"));
    QVERIFY(Theme::instance().isDark());
    QCOMPARE(icon(), QStringLiteral("sun"));
    m_window = std::make_unique<MainWindow>(*m_session, *m_settings); // as after a restart
    button = child<QAbstractButton>(m_window.get(), "themeButton");
    QCOMPARE(icon(), QStringLiteral("sun"));
    choose(QStringLiteral("High contrast"));
    QCOMPARE(icon(), QStringLiteral("sun"));
    choose(QStringLiteral("Light"));
    QCOMPARE(icon(), QStringLiteral("moon"));
}

ORRERY_GUI_TEST_MAIN(TestMainWindow)
#include "tst_main_window.moc"
