// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/main_window.h"

#include "app/workbench/status_line.h"
#include "app/workbench/welcome_card.h"
#include "core/spec/run_records.h"
#include "widgets/attention/attention_panel.h"
#include "widgets/common/banner.h"
#include "widgets/common/number_text.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/form/spec_form.h"
#include "widgets/play/playground_panel.h"
#include "widgets/plugins/plugins_panel.h"
#include "widgets/runs/log_panel.h"
#include "widgets/runs/run_controls.h"
#include "widgets/runs/run_list_panel.h"
#include "widgets/runs/run_panel.h"
#include "widgets/theme/theme.h"

#include <QCloseEvent>
#include <QDockWidget>
#include <QFileDialog>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMenu>
#include <QSettings>
#include <QStackedWidget>
#include <QTabBar>
#include <QVBoxLayout>

namespace orrery::ui {

namespace {

QString layoutKey(WindowLayout layout)
{
    switch (layout) {
    case WindowLayout::Train:
        break;
    case WindowLayout::Inspect:
        return QStringLiteral("inspect");
    case WindowLayout::Play:
        return QStringLiteral("play");
    }
    return QStringLiteral("train");
}

/// Train for what no layout is called.
WindowLayout layoutFromKey(const QString &key)
{
    for (const WindowLayout layout : {WindowLayout::Inspect, WindowLayout::Play})
        if (key == layoutKey(layout)) return layout;
    return WindowLayout::Train;
}

} // namespace

MainWindow::MainWindow(EngineSession &session, QSettings &settings, QWidget *parent)
    : QMainWindow(parent), m_session(session), m_settings(settings)
{
    setWindowTitle(tr("Orrery"));
    setObjectName(QStringLiteral("mainWindow"));
    setDockOptions(AnimatedDocks | AllowNestedDocks | AllowTabbedDocks);
    setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
    setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
    m_saveTimer.setSingleShot(true);
    m_saveTimer.setInterval(900);
    connect(&m_saveTimer, &QTimer::timeout, this, &MainWindow::save);

    makePages();
    makeDocks();
    makeActions();
    makeToolBar();
    makeMenus();
    m_status = new StatusLine(m_session, this);
    setStatusBar(m_status);

    connect(&m_session, &EngineSession::runsChanged, this, &MainWindow::onRunsChanged);
    connect(&m_session, &EngineSession::updated, this, &MainWindow::onUpdated);
    connect(&m_session, &EngineSession::connectionChanged, this, &MainWindow::onConnectionChanged);

    resize(1440, 900);
    restoreGeometry(m_settings.value(QStringLiteral("window/geometry")).toByteArray());
    const WindowLayout last = layoutFromKey(m_settings.value(QStringLiteral("window/layout")).toString());
    m_newRun->restoreDraft(m_settings.value(QStringLiteral("newRun/draft")).toString());
    m_play->restoreDraft(m_settings.value(QStringLiteral("play/draft")).toString());
    m_run = m_settings.value(QStringLiteral("window/run")).toString();
    restoreLayout(last);
    showPage(pageOf(last));
    actionOf(last)->setChecked(true);
    onConnectionChanged();
    if (m_session.connectionState() == ConnectionState::Connected) onRunsChanged();
}

MainWindow::~MainWindow()
{
    // QWidget's destructor still hides the docks, when the members that their signals lead to are gone.
    for (QDockWidget *dock : findChildren<QDockWidget *>()) dock->disconnect(this);
    m_session.disconnect(this);
}

void MainWindow::makePages()
{
    m_welcome = new WelcomeCard(this);
    m_curves = new CurvesPanel(m_session, this);
    m_attention = new AttentionPanel(m_session, this);
    m_play = new PlaygroundPanel(m_session, this);
    m_newRun = new NewRunPanel(m_session, this);
    m_pages = new QStackedWidget(this);
    m_plugins = new PluginsPanel(m_session, this);
    for (QWidget *page : std::initializer_list<QWidget *>{m_welcome, m_curves, m_attention, m_play, m_newRun, m_plugins})
        m_pages->addWidget(page);

    m_banner = new Banner(this);
    m_banner->setObjectName(QStringLiteral("connectionBanner"));
    m_banner->clear();
    auto *centre = new QWidget(this);
    auto *layout = new QVBoxLayout(centre);
    layout->setContentsMargins(space::kOne, space::kOne, space::kOne, space::kOne);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_banner);
    layout->addWidget(m_pages, 1);
    setCentralWidget(centre);

    connect(m_banner, &Banner::retryRequested, this, [this] { m_session.reconnect(); });
    connect(m_welcome, &WelcomeCard::trainExampleRequested, this, &MainWindow::trainExample);
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

QDockWidget *MainWindow::makeDock(const QString &title, const QString &name, QWidget *panel, Qt::DockWidgetArea area)
{
    auto *dock = new QDockWidget(title, this);
    dock->setObjectName(name);
    dock->setWidget(panel);
    addDockWidget(area, dock);
    connect(dock, &QDockWidget::dockLocationChanged, this, &MainWindow::scheduleSave);
    connect(dock, &QDockWidget::visibilityChanged, this, &MainWindow::scheduleSave);
    connect(dock, &QDockWidget::topLevelChanged, this, &MainWindow::scheduleSave);
    dock->installEventFilter(this);
    return dock;
}

void MainWindow::makeDocks()
{
    m_runList = new RunListPanel(m_session, this);
    m_runPanel = new RunPanel(m_session, this);
    m_log = new LogPanel(m_session, this);
    m_runList->setTitle(QString()); // the dock's title bar says it
    m_runList->setAccessibleName(tr("Runs"));
    m_log->setAccessibleName(tr("Log"));
    m_log->setTitle(QString());
    m_runListDock = makeDock(tr("Runs"), QStringLiteral("runListDock"), m_runList, Qt::LeftDockWidgetArea);
    m_runDock = makeDock(tr("Run"), QStringLiteral("runDock"), m_runPanel, Qt::RightDockWidgetArea);
    m_logDock = makeDock(tr("Log"), QStringLiteral("logDock"), m_log, Qt::BottomDockWidgetArea);
    m_controls = new RunControls(m_session, this);

    connect(m_runList, &RunListPanel::runSelected, this, &MainWindow::selectRun);
    connect(m_runList, &RunListPanel::runActivated, this, [this](const QString &run) {
        selectRun(run);
        showLayout(WindowLayout::Train);
    });
    connect(m_runList, &RunListPanel::newRunRequested, this, &MainWindow::showNewRun);
    connect(m_runPanel, &RunPanel::openInPlayground, this, [this](const QString &model) {
        m_play->setModel(model);
        showLayout(WindowLayout::Play);
    });
    connect(m_runPanel, &RunPanel::newRunRequested, this, &MainWindow::showNewRun);
    connect(m_curves, &CurvesPanel::newRunRequested, this, &MainWindow::showNewRun);
    connect(m_attention, &AttentionPanel::newRunRequested, this, &MainWindow::showNewRun);
    connect(m_play, &PlaygroundPanel::newRunRequested, this, &MainWindow::showNewRun);
    m_runPanel->setControls(m_controls);
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
    }
    return m_trainAction;
}

void MainWindow::showPage(Page page)
{
    m_pages->setCurrentIndex(static_cast<int>(page));
    m_newRunAction->setChecked(page == Page::NewRun);
    m_pluginsAction->setChecked(page == Page::Plugins);
}

void MainWindow::showLayout(WindowLayout layout)
{
    if (layout != m_layout) {
        rememberLayout();
        restoreLayout(layout);
    }
    if (m_session.connectionState() == ConnectionState::Connected && m_session.runs().empty() && layout == WindowLayout::Train)
        showPage(Page::Welcome);
    else
        showPage(pageOf(layout));
    m_tabs->setCurrentIndex(static_cast<int>(layout));
    actionOf(layout)->setChecked(true);
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

Result<QDockWidget *> MainWindow::addPluginPanel(const QString &objectName, const QString &title, QWidget *panel)
{
    if (findChild<QDockWidget *>(objectName))
        return Error{ErrorCode::Conflict, "Cannot add panel \"" + toStd(objectName) + "\": there is one of this name.",
                     "Give it another name."};
    QDockWidget *dock = makeDock(title, objectName, panel, Qt::RightDockWidgetArea);
    dock->hide();
    // A place that was remembered before the plugin was there.
    m_isRestoring = true;
    restoreDockWidget(dock);
    m_isRestoring = false;
    m_viewMenu->insertAction(m_pluginDocksEnd, dock->toggleViewAction());
    return dock;
}

void MainWindow::addPluginAction(QAction *action)
{
    action->setParent(this);
    m_pluginMenu->addAction(action);
}

void MainWindow::selectRun(const QString &run)
{
    m_run = run;
    m_runList->setRun(run);
    m_curves->setRun(run);
    m_attention->setRun(run);
    m_runPanel->setRun(run);
    m_log->setRun(run);
    m_controls->setRun(run);
    m_play->setRun(run);
    m_status->setRun(run);
    const auto &runs = m_session.runs();
    const auto found = std::find_if(runs.begin(), runs.end(), [&run](const RunStatus &one) { return fromStd(one.id) == run; });
    setWindowTitle(found == runs.end() ? tr("Orrery") : tr("%1 — Orrery").arg(fromStd(found->name)));
    scheduleSave();
}

/// A breakpoint has paused the run that is looked at: what shows its reason opens.
void MainWindow::onUpdated(const RunUpdate &update)
{
    // Who writes a prompt or fills in a form is left alone; the log has it.
    const auto page = static_cast<Page>(m_pages->currentIndex());
    if (update.run != m_run || page == Page::Play || page == Page::NewRun) return;
    for (auto event = update.events.rbegin(); event != update.events.rend(); ++event) {
        if (event->kind != EventKind::Breakpoint) continue;
        const QJsonObject reason = QJsonDocument::fromJson(QByteArray::fromStdString(event->payload)).object();
        const bool isOfHead = reason.value(QLatin1String("series")).toString().startsWith(QLatin1String("head/"));
        showLayout(isOfHead ? WindowLayout::Inspect : WindowLayout::Train);
        return;
    }
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
        // First list after the start: go on with the run of the last time, else with the newest live one.
        QString run = isListed(m_run) ? m_run : fromStd(runs.front().id);
        for (const RunStatus &status : runs)
            if (!isListed(m_run) && isLiveState(status.state)) run = fromStd(status.id);
        selectRun(run);
    } else if (!m_run.isEmpty() && !isListed(m_run) && m_pendingSelection.isEmpty()) {
        selectRun(runs.empty() ? QString() : fromStd(runs.front().id));
    }
    m_hadRuns = !runs.empty();
    const auto page = static_cast<Page>(m_pages->currentIndex());
    if (runs.empty() && page == Page::Curves) showPage(Page::Welcome);
    else if (!runs.empty() && page == Page::Welcome) showPage(Page::Curves);
}

void MainWindow::onConnectionChanged()
{
    if (m_session.connectionState() == ConnectionState::Lost)
        m_banner->showMessage(BannerKind::Error, tr("The engine does not answer. Trainings go on without the window."),
                              m_session.lastError(), tr("Retry"));
    else if (m_session.connectionState() == ConnectionState::Connected && !m_session.engine().note.isEmpty())
        m_banner->showMessage(BannerKind::Warning, m_session.engine().note);
    else
        m_banner->clear();
}

void MainWindow::trainExample()
{
    m_welcome->setStarting(true);
    m_session.createRun(QStringLiteral(R"({"data":{"path":"example"},"model":{"preset":"tiny"}})"), {}, true, this,
                        [this](Result<RunStatus> created) {
                            if (!created) {
                                m_welcome->showError(created.error());
                                return;
                            }
                            m_pendingSelection = fromStd(created->id);
                            onRunsChanged();
                        });
}

void MainWindow::chooseDirectory()
{
    auto *dialog = new QFileDialog(this, tr("Open a run or model directory"), m_session.engine().home);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    connect(dialog, &QFileDialog::fileSelected, this, &MainWindow::openPath);
    dialog->open();
}

void MainWindow::openPath(const QString &path)
{
    if (QFileInfo::exists(path + QStringLiteral("/config.json")) && !QFileInfo::exists(path + QStringLiteral("/spec.json"))) {
        m_play->setModel(path);
        showLayout(WindowLayout::Play);
        return;
    }
    m_session.addRun(path, this, [this](Result<RunStatus> added) {
        if (!added) {
            m_banner->showError(added.error());
            return;
        }
        m_pendingSelection = fromStd(added->id);
        onRunsChanged();
    });
}

void MainWindow::applyDefaultDocks(WindowLayout layout)
{
    for (QDockWidget *dock : {m_runListDock, m_runDock, m_logDock}) dock->setFloating(false);
    addDockWidget(Qt::LeftDockWidgetArea, m_runListDock);
    addDockWidget(Qt::RightDockWidgetArea, m_runDock);
    addDockWidget(Qt::BottomDockWidgetArea, m_logDock);
    m_runListDock->setVisible(true);
    m_runDock->setVisible(layout == WindowLayout::Train);
    m_logDock->setVisible(false);
    resizeDocks({m_runListDock, m_runDock}, {260, 350}, Qt::Horizontal);
    resizeDocks({m_logDock}, {200}, Qt::Vertical);
}

void MainWindow::resetLayout()
{
    m_settings.remove(QStringLiteral("docks/") + layoutKey(m_layout));
    applyDefaultDocks(m_layout);
}

void MainWindow::rememberLayout()
{
    if (!m_isRestoring) m_settings.setValue(QStringLiteral("docks/") + layoutKey(m_layout), saveState());
}

void MainWindow::restoreLayout(WindowLayout layout)
{
    m_isRestoring = true;
    m_layout = layout;
    const QByteArray state = m_settings.value(QStringLiteral("docks/") + layoutKey(layout)).toByteArray();
    if (state.isEmpty() || !restoreState(state)) applyDefaultDocks(layout);
    m_tabs->setCurrentIndex(static_cast<int>(layout));
    m_isRestoring = false;
}

void MainWindow::save()
{
    rememberLayout();
    m_settings.setValue(QStringLiteral("window/geometry"), saveGeometry());
    m_settings.setValue(QStringLiteral("window/layout"), layoutKey(m_layout));
    m_settings.setValue(QStringLiteral("window/run"), m_run);
    m_settings.setValue(QStringLiteral("newRun/draft"), m_newRun->draftJson());
    m_settings.setValue(QStringLiteral("play/draft"), m_play->draftJson());
    m_settings.sync();
}

void MainWindow::moveEvent(QMoveEvent *event)
{
    QMainWindow::moveEvent(event);
    scheduleSave();
}

void MainWindow::resizeEvent(QResizeEvent *event)
{
    QMainWindow::resizeEvent(event);
    scheduleSave();
}

void MainWindow::changeEvent(QEvent *event)
{
    QMainWindow::changeEvent(event);
    if (event->type() == QEvent::WindowStateChange) scheduleSave();
}

bool MainWindow::eventFilter(QObject *watched, QEvent *event)
{
    // The docks: their sizes are dragged, their floating windows moved.
    if (event->type() == QEvent::Resize || event->type() == QEvent::Move) scheduleSave();
    return QMainWindow::eventFilter(watched, event);
}

void MainWindow::closeEvent(QCloseEvent *event)
{
    save();
    QMainWindow::closeEvent(event);
}

} // namespace orrery::ui
