// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/main_window.h"

#include "app/workbench/example_runs.h"
#include "app/workbench/journal.h"
#include "app/workbench/loss_text.h"
#include "app/workbench/status_line.h"
#include "app/workbench/welcome_card.h"
#include "core/spec/run_records.h"
#include "widgets/attention/attention_pair.h"
#include "widgets/common/banner.h"
#include "widgets/common/current_stack.h"
#include "widgets/common/number_text.h"
#include "widgets/compare/compare_panel.h"
#include "widgets/compare/model_export.h"
#include "widgets/compare/transfer_bar.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/form/spec_form.h"
#include "widgets/play/playground_panel.h"
#include "widgets/play/session_keeper.h"
#include "widgets/plugins/plugin_values_panel.h"
#include "widgets/plugins/plugins_panel.h"
#include "widgets/runs/log_panel.h"
#include "widgets/runs/run_controls.h"
#include "widgets/runs/run_list_panel.h"
#include "widgets/runs/run_panel.h"
#include "widgets/session/run_colors.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QApplication>
#include <QCloseEvent>
#include <QDockWidget>
#include <QFileInfo>
#include <QSettings>
#include <QStackedWidget>
#include <QTabBar>
#include <QVBoxLayout>

namespace orrery::ui {

MainWindow::MainWindow(EngineSession &session, QSettings &settings, QWidget *parent)
    : QMainWindow(parent), m_session(session), m_settings(settings),
      m_layouts(QFileInfo(settings.fileName()).absolutePath() + QStringLiteral("/layouts.json"))
{
    setWindowTitle(tr("Orrery"));
    setObjectName(QStringLiteral("mainWindow"));
    setDockOptions(AnimatedDocks | AllowNestedDocks | AllowTabbedDocks);
    setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
    setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
    m_journal = new Journal(m_settings, this);
    connect(m_journal, &Journal::failed, this, qOverload<const Error &>(&MainWindow::tell));
    const Result<void> layouts = m_layouts.read();

    makePages();
    makeDocks();
    makeActions();
    makeToolBar();
    makeMenus();
    makePalette();
    connectSelection();
    connectCompare();
    m_status = new StatusLine(m_session, this);
    setStatusBar(m_status);

    connect(&m_session, &EngineSession::runsChanged, this, &MainWindow::onRunsChanged);
    connect(&m_session, &EngineSession::updated, this, &MainWindow::onUpdated);
    connect(&m_session, &EngineSession::connectionChanged, this, &MainWindow::onConnectionChanged);

    if (!layouts) tell(layouts.error());
    refreshLayouts();
    resize(1440, 900);
    restoreGeometry(m_settings.value(QStringLiteral("window/geometry")).toByteArray());
    const WindowLayout last = layoutFromKey(m_settings.value(QStringLiteral("window/layout")).toString());
    const SavedLayout *saved = m_layouts.find(m_settings.value(QStringLiteral("window/savedLayout")).toString());
    m_newRun->restoreDraft(m_settings.value(QStringLiteral("newRun/draft")).toString());
    restoreSession();
    m_run = m_settings.value(QStringLiteral("window/run")).toString();
    makeJournal();
    restoreLayout(saved ? layoutFromKey(saved->base) : last, saved ? saved->id : QString());
    showPage(pageOf(m_layout));
    const QString page = m_settings.value(QStringLiteral("window/page")).toString();
    if (page == QStringLiteral("newRun")) showPage(Page::NewRun);
    if (page == QStringLiteral("plugins")) showPage(Page::Plugins);
    onConnectionChanged();
    if (m_session.connectionState() == ConnectionState::Connected) onRunsChanged();
}

MainWindow::~MainWindow()
{
    m_journal->stop();
    RunColors::instance().setSettings(nullptr);
    // Panels use the selection, and QWidget's destructor still hides the docks, when the members that their signals
    // lead to are gone.
    qApp->disconnect(this);
    m_session.disconnect(this);
    m_selection.disconnect(this);
    const auto docks = findChildren<QDockWidget *>(QString(), Qt::FindDirectChildrenOnly);
    for (QDockWidget *dock : docks) dock->disconnect(this);
    qDeleteAll(docks);
    delete takeCentralWidget();
}

void MainWindow::makePages()
{
    m_welcome = new WelcomeCard(this);
    m_curves = new CurvesPanel(m_session, this);
    m_attention = new AttentionPair(m_session, this);
    m_play = new PlaygroundPanel(m_session, this);
    makeArchive();
    m_newRun = new NewRunPanel(m_session, this);
    m_pages = new CurrentStack(this); // a page in the back needs no room
    m_pages->setObjectName(QStringLiteral("pages"));
    m_plugins = new PluginsPanel(m_session, this);
    makeCompare();
    for (QWidget *page : std::initializer_list<QWidget *>{m_welcome, m_curves, m_attention, m_play, m_newRun, m_plugins, m_compare})
        m_pages->addWidget(page);

    m_banner = new Banner(this);
    m_banner->setObjectName(QStringLiteral("connectionBanner"));
    m_banner->clear();
    auto *centre = new QWidget(this);
    auto *layout = new QVBoxLayout(centre);
    layout->setContentsMargins(space::kOne, space::kOne, space::kOne, space::kOne);
    layout->setSpacing(space::kOne);
    m_notice = new Banner(this);
    m_notice->setObjectName(QStringLiteral("noticeBanner"));
    makePauseBanner();
    m_toldBanner = new Banner(this);
    m_toldBanner->setObjectName(QStringLiteral("toldBanner"));
    for (Banner *banner : {m_banner, m_notice, m_pauseBanner, m_toldBanner}) layout->addWidget(banner);
    layout->addWidget(m_transfers);
    m_transfers->layout()->addWidget(m_modelExport); // one place for what goes in and out, and no gap for two empty ones
    layout->addWidget(m_pages, 1);
    setCentralWidget(centre);

    connect(m_banner, &Banner::retryRequested, this, [this] { m_session.reconnect(); });
    connect(m_toldBanner, &Banner::dismissed, this, &MainWindow::nextTold);
    connect(m_toldBanner, &Banner::retryRequested, this, [this] {
        const auto onButton = m_told.empty() ? nullptr : m_told.front().onButton;
        nextTold();
        if (onButton) onButton();
    });
    connect(m_welcome, &WelcomeCard::trainExampleRequested, this, &MainWindow::trainExample);
    connect(m_welcome, &WelcomeCard::trainPicturesRequested, this, &MainWindow::trainPictures);
    connect(m_welcome, &WelcomeCard::newRunRequested, this, &MainWindow::showNewRun);
    connect(m_welcome, &WelcomeCard::openRequested, this, &MainWindow::chooseDirectory);
    connect(m_newRun, &NewRunPanel::runCreated, this, [this](const QString &run) {
        m_pendingSelection = run;
        showLayout(WindowLayout::Train);
        selectRun(run);
    });
    connect(m_newRun, &NewRunPanel::closeRequested, this, [this] { showLayout(m_layout); });
    connect(m_plugins, &PluginsPanel::closeRequested, this, [this] { showLayout(m_layout); });
    connect(m_plugins, &PluginsPanel::useRequested, this, [this](const QList<std::pair<QString, QString>> &values) {
        m_newRun->setPlugins(m_plugins->plugins()); // the form knows what the page knows
        for (const auto &[key, text] : values) m_newRun->form()->setGiven(key, text);
        showNewRun();
    });
    connect(m_newRun, &NewRunPanel::draftChanged, this, &MainWindow::scheduleSave);
    connect(m_play, &PlaygroundPanel::draftChanged, this, &MainWindow::scheduleSave);
    // The engine knows this word and makes the text when the run is created.
    m_newRun->setExamplePath([] { return QStringLiteral("example"); });
}

MainWindow::Page MainWindow::pageOf(WindowLayout layout)
{
    switch (layout) {
    case WindowLayout::Train:
        break;
    case WindowLayout::Inspect:
        return Page::Attention;
    case WindowLayout::Play:
        return Page::Play;
    case WindowLayout::Compare:
        return Page::Compare;
    }
    return Page::Curves;
}

QAction *MainWindow::actionOf(WindowLayout layout) const
{
    switch (layout) {
    case WindowLayout::Train:
        break;
    case WindowLayout::Inspect:
        return m_inspectAction;
    case WindowLayout::Play:
        return m_playAction;
    case WindowLayout::Compare:
        return m_compareAction;
    }
    return m_trainAction;
}

void MainWindow::showPage(Page page)
{
    m_pages->setCurrentIndex(static_cast<int>(page));
    m_newRunAction->setChecked(page == Page::NewRun);
    m_pluginsAction->setChecked(page == Page::Plugins);
    scheduleSave();
}

void MainWindow::showLayout(WindowLayout layout) { enter(layout, layout == m_layout ? m_savedLayout : QString()); }

/// @param saved id of a saved layout with that page; empty: the built-in one
void MainWindow::enter(WindowLayout layout, const QString &saved)
{
    // The docks of the one beside the page of the other may need more room than there is: the window would
    // grow, and stay so.
    m_pages->setMinimumSize(1, 1);
    centralWidget()->layout()->activate();
    if (layout != m_layout || saved != m_savedLayout) {
        rememberLayout();
        restoreLayout(layout, saved);
    }
    if (m_session.connectionState() == ConnectionState::Connected && m_session.runs().empty() && layout == WindowLayout::Train)
        showPage(Page::Welcome);
    else
        showPage(pageOf(layout));
    m_pages->setMinimumSize(0, 0);
    syncLayout();
    scheduleSave();
}

void MainWindow::showNewRun()
{
    showPage(Page::NewRun);
    m_newRun->setFocus();
}

void MainWindow::showPlugins()
{
    showPage(Page::Plugins);
    m_plugins->setFocus();
}

void MainWindow::selectRun(const QString &run)
{
    m_run = run;
    m_runList->setRun(run);
    m_curves->setRun(run);
    m_attention->setRun(run);
    m_runPanel->setRun(run);
    m_log->setRun(run);
    m_pluginValues->setRun(run);
    m_controls->setRun(run);
    m_play->setRun(run);
    m_status->setRun(run);
    setComparedRun(run);
    // Panels of plugins that have a property of this name follow; to others it says nothing.
    for (const QDockWidget *dock : findChildren<QDockWidget *>())
        if (dock->objectName().startsWith(QLatin1String("plugin_")) && dock->widget()) dock->widget()->setProperty("run", run);
    const auto &runs = m_session.runs();
    const auto found = std::find_if(runs.begin(), runs.end(), [&run](const RunStatus &one) { return fromStd(one.id) == run; });
    updatePauseBanner(); // that of the selected run comes first
    setWindowTitle(found == runs.end() ? tr("Orrery") : tr("%1 — Orrery").arg(fromStd(found->name)));
    scheduleSave();
}

void MainWindow::onRunsChanged()
{
    const auto &runs = m_session.runs();
    const auto isListed = [&runs](const QString &id) {
        return std::any_of(runs.begin(), runs.end(), [&id](const RunStatus &run) { return fromStd(run.id) == id; });
    };
    if (!m_pendingSelection.isEmpty() && isListed(m_pendingSelection)) {
        const QString run = std::exchange(m_pendingSelection, {});
        m_welcome->setStarting(false);
        showLayout(WindowLayout::Train);
        selectRun(run);
    } else if (!m_hadRuns && !runs.empty()) {
        // First list after the start: go on with the run of the last time, else with the newest live one. What was put into
        // the archive is not in the list; it is looked at only where there is nothing else.
        const auto first = std::find_if(runs.begin(), runs.end(), [](const RunStatus &run) { return !run.labels.isArchived; });
        QString run = isListed(m_run) ? m_run : fromStd((first == runs.end() ? runs.begin() : first)->id);
        for (const RunStatus &status : runs)
            if (!isListed(m_run) && isLiveState(status.state)) run = fromStd(status.id);
        selectRun(run);
    } else if (!m_run.isEmpty() && !isListed(m_run) && m_pendingSelection.isEmpty()) {
        selectRun(runs.empty() ? QString() : fromStd(runs.front().id));
    }
    m_hadRuns = !runs.empty();
    if (m_session.connectionState() == ConnectionState::Connected) restorePlaces();
    for (const RunStatus &status : runs) takePause(status);
    updatePauseBanner();
    openPendingLink();
    const auto page = static_cast<Page>(m_pages->currentIndex());
    if (runs.empty() && page == Page::Curves) showPage(Page::Welcome);
    else if (!runs.empty() && page == Page::Welcome) showPage(Page::Curves);
}

void MainWindow::onConnectionChanged()
{
    const QString since = sinceText(m_session.loss());
    m_welcome->setLost(m_session.connectionState() == ConnectionState::Lost, m_host);
    if (m_session.connectionState() == ConnectionState::Lost && m_session.loss().isSilent)
        m_banner->showMessage(BannerKind::Warning, silenceText(m_session.loss(), m_host), m_session.lastError(),
                              m_session.loss().nextTry > 0 ? tr("Retry") : QString());
    else if (m_session.connectionState() == ConnectionState::Lost)
        m_banner->showMessage(BannerKind::Error,
                              since.isEmpty() ? tr("The engine does not answer. Trainings go on without the window.")
                                              : tr("The engine does not answer %1. Trainings go on without the window.").arg(since),
                              m_session.lastError(), tr("Retry"));
    else if (m_session.connectionState() == ConnectionState::Connected && !m_session.engine().note.isEmpty())
        m_banner->showMessage(BannerKind::Warning, m_session.engine().note);
    else
        m_banner->clear();
}

void MainWindow::trainExample() { startExample(textExampleSpec()); }
void MainWindow::trainPictures() { startExample(pictureExampleSpec()); }

void MainWindow::startExample(const QString &spec)
{
    m_welcome->setStarting(true);
    QStringList taken;
    for (const RunStatus &run : m_session.runs()) taken << fromStd(run.name);
    m_session.createRun(exampleNamed(spec, taken), {}, true, this,
                        [this](Result<RunStatus> created) {
                            if (!created) {
                                m_welcome->showError(created.error());
                                // From the menu, or with the run made but not started, the first page is not seen.
                                if (m_pages->currentIndex() != static_cast<int>(Page::Welcome)) tell(created.error());
                                return;
                            }
                            m_pendingSelection = fromStd(created->id);
                            onRunsChanged();
                        });
}

void MainWindow::closeEvent(QCloseEvent *event)
{
    m_play->keeper()->saveNow();
    m_journal->saveNow();
    if (!m_play->keeper()->isKept() && !m_mayLoseSession) {
        event->ignore();
        tell(BannerKind::Error, tr("The window stays open: what stands in the playground could not be kept."),
             tr("Make room on the disk and close again, or save the transcript as a file first."), tr("Close and lose it"), [this] {
                 m_mayLoseSession = true;
                 close();
             });
        return;
    }
    QMainWindow::closeEvent(event);
}

} // namespace orrery::ui
