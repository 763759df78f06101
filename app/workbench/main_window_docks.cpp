// SPDX-License-Identifier: GPL-3.0-or-later
// The docks of the main window, where they stand in each layout, and how that is remembered.
#include "app/workbench/main_window.h"

#include "app/workbench/journal.h"
#include "app/workbench/window_splitters.h"
#include "widgets/attention/attention_pair.h"
#include "widgets/common/number_text.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/microscope/microscope_panel.h"
#include "widgets/play/playground_panel.h"
#include "widgets/plugins/plugin_values_panel.h"
#include "widgets/runs/log_panel.h"
#include "widgets/runs/run_controls.h"
#include "widgets/runs/run_list_panel.h"
#include "widgets/runs/run_panel.h"
#include "widgets/session/run_colors.h"

#include <QDockWidget>
#include <QEvent>
#include <QMenu>
#include <QSettings>
#include <QTabBar>

#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

/// The dock of the memory plugin: of all plugins' docks the one that has a place in a layout.
constexpr auto kMemoryDock = "plugin_memory_memory"_L1;
constexpr int kMemoryHeight = 440; ///< shows all of it
constexpr int kBesideWidth = 336;  ///< of the tabs beside the maps: the memory needs more than the microscope
constexpr int kLowWindow = 880;    ///< has no room for it under the maps: it is a tab beside them
constexpr int kHighWindow = 1100;  ///< has room for that and for the maps; a lower one gives it a quarter

/// A dock behind the tab of another one lies outside of the window: its panel rests meanwhile, and Tab passes it by. Its width
/// stays wanted, so that the maps do not jump with each change of the tab.
class RestBehindTab : public QObject {
public:
    RestBehindTab(QDockWidget &dock, QWidget &panel) : QObject(&dock), m_dock(dock), m_panel(panel)
    {
        dock.installEventFilter(this);
    }

protected:
    bool eventFilter(QObject *, QEvent *event) override
    {
        if (event->type() != QEvent::Move && event->type() != QEvent::Show) return false;
        const bool isSeen = m_dock.isFloating() || m_dock.geometry().right() >= 0;
        if (isSeen == !m_panel.isHidden()) return false;
        m_dock.setMinimumWidth(isSeen ? 0 : m_dock.minimumSizeHint().width());
        m_panel.setVisible(isSeen);
        return false;
    }

private:
    QDockWidget &m_dock;
    QWidget &m_panel;
};

QString stateKey(const QString &layout) { return u"docks/"_s + layout; }
QString namesKey(const QString &layout) { return u"dockNames/"_s + layout; }
QString splittersKey(const QString &layout) { return u"splitters/"_s + layout; }

} // namespace

QString MainWindow::layoutKey(WindowLayout layout)
{
    switch (layout) {
    case WindowLayout::Train:
        break;
    case WindowLayout::Inspect:
        return u"inspect"_s;
    case WindowLayout::Play:
        return u"play"_s;
    case WindowLayout::Compare:
        return u"compare"_s;
    }
    return u"train"_s;
}

WindowLayout MainWindow::layoutFromKey(const QString &key)
{
    for (const WindowLayout layout : {WindowLayout::Inspect, WindowLayout::Play, WindowLayout::Compare})
        if (key == layoutKey(layout)) return layout;
    return WindowLayout::Train;
}

QString MainWindow::placeKey() const { return m_savedLayout.isEmpty() ? layoutKey(m_layout) : u"saved-"_s + m_savedLayout; }

QDockWidget *MainWindow::makeDock(const QString &title, const QString &name, QWidget *panel)
{
    auto *dock = new QDockWidget(title, this);
    dock->setObjectName(name);
    dock->setWidget(panel);
    new RestBehindTab(*dock, *panel);
    connect(dock, &QDockWidget::dockLocationChanged, this, &MainWindow::scheduleSave);
    connect(dock, &QDockWidget::visibilityChanged, this, &MainWindow::scheduleSave);
    connect(dock, &QDockWidget::topLevelChanged, this, &MainWindow::scheduleSave);
    dock->installEventFilter(this);
    return dock;
}

void MainWindow::makeDocks()
{
    RunColors::instance().setSettings(&m_settings);
    m_runList = new RunListPanel(m_session, this);
    m_runList->restorePlace(m_settings.value(u"runs/place"_s).toString());
    m_runPanel = new RunPanel(m_session, this);
    m_log = new LogPanel(m_session, this);
    m_microscope = new MicroscopePanel(m_session, m_selection, this);
    m_pluginValues = new PluginValuesPanel(m_session, this);
    // The dock's title bar says it.
    for (const auto &[panel, name] : std::initializer_list<std::pair<PanelFrame *, QString>>{
             {m_runList, tr("Runs")}, {m_log, tr("Log")}, {m_microscope, tr("Microscope")}, {m_pluginValues, tr("Plugin data")}}) {
        panel->setTitle(QString());
        panel->setAccessibleName(name);
    }
    m_runListDock = makeDock(tr("Runs"), u"runListDock"_s, m_runList);
    m_runDock = makeDock(tr("Run"), u"runDock"_s, m_runPanel);
    m_logDock = makeDock(tr("Log"), u"logDock"_s, m_log);
    m_microscopeDock = makeDock(tr("Microscope"), u"microscopeDock"_s, m_microscope);
    m_pluginValuesDock = makeDock(tr("Plugin data"), u"pluginValuesDock"_s, m_pluginValues);
    m_sessionsDock = makeSessionsDock();
    for (QDockWidget *dock : {m_runListDock, m_runDock, m_microscopeDock, m_logDock, m_pluginValuesDock, m_sessionsDock})
        placeDock(dock, WindowLayout::Train);
    m_controls = new RunControls(m_session, this);

    connect(m_runList, &RunListPanel::runSelected, this, &MainWindow::selectRun);
    connect(m_runList, &RunListPanel::runActivated, this, [this](const QString &run) {
        selectRun(run);
        showLayout(WindowLayout::Train);
    });
    connect(m_runPanel, &RunPanel::openInPlayground, this, &MainWindow::openModel);
    connect(m_runList, &RunListPanel::newRunRequested, this, &MainWindow::showNewRun);
    connect(m_runPanel, &RunPanel::newRunRequested, this, &MainWindow::showNewRun);
    connect(m_curves, &CurvesPanel::newRunRequested, this, &MainWindow::showNewRun);
    connect(m_runList, &RunListPanel::overlaidRunsChanged, m_curves, &CurvesPanel::setOverlaidRuns);
    connect(m_curves, &CurvesPanel::overlayRequested, m_runList, &RunListPanel::setOverlaidRuns);
    connect(m_curves, &CurvesPanel::breakpointRequested, this, [this](const QString &beginning) {
        showPanel(m_runPanel);
        m_runPanel->beginBreakpoint(beginning);
    });
    connect(m_attention, &AttentionPair::newRunRequested, this, &MainWindow::showNewRun);
    connect(m_play, &PlaygroundPanel::newRunRequested, this, &MainWindow::showNewRun);
    connect(m_pluginValues, &PluginValuesPanel::seriesActivated, this, &MainWindow::showCurve);
    m_runPanel->setControls(m_controls);
}

Result<QDockWidget *> MainWindow::addPluginPanel(const QString &objectName, const QString &title,
                                                 QWidget *panel)
{
    if (findChild<QDockWidget *>(objectName))
        return Error{ErrorCode::Conflict,
                     "Cannot add panel \"" + toStd(objectName) + "\": there is one of this name.",
                     "Give it another name."};
    QDockWidget *dock = makeDock(title, objectName, panel);
    m_isRestoring = true;
    // A place that was remembered before the plugin was there; putting the dock anywhere first would forget
    // it.
    if (!restoreDockWidget(dock)) placeDock(dock, m_layout);
    m_isRestoring = false;
    QAction *toggle = dock->toggleViewAction();
    m_viewMenu->insertAction(m_pluginDocksEnd, toggle);
    if (const auto added = m_registry.add({u"view.dock."_s + objectName, ActionCategory::View, toggle, {}});
        !added)
        return added.error();
    panel->setProperty("run", m_run); // as selectRun() tells it from now on
    if (!m_pendingLink.isEmpty()) openPendingLink(); // it may be a link to this panel
    return dock;
}

Result<void> MainWindow::addPluginAction(const QString &id, QAction *action)
{
    action->setParent(this);
    m_pluginMenu->addAction(action);
    return m_registry.add({id, ActionCategory::Plugin, action, {}});
}

/// Where a dock stands in a layout before anybody moved it.
void MainWindow::placeDock(QDockWidget *dock, WindowLayout layout)
{
    const bool isMemory = dock->objectName() == kMemoryDock;
    const bool isBeside = isMemory && layout == WindowLayout::Inspect && height() < kLowWindow;
    dock->setFloating(false);
    if (dock == m_runListDock || dock == m_sessionsDock)
        addDockWidget(Qt::LeftDockWidgetArea, dock);
    else if (dock == m_logDock || dock == m_pluginValuesDock || (isMemory && !isBeside))
        addDockWidget(Qt::BottomDockWidgetArea, dock);
    else
        addDockWidget(Qt::RightDockWidgetArea, dock);
    if (dock == m_microscopeDock) tabifyDockWidget(m_runDock, dock);
    if (isBeside) tabifyDockWidget(m_microscopeDock, dock);
    dock->setVisible(dock == m_runListDock || (dock == m_runDock && layout == WindowLayout::Train) ||
                     (dock == m_microscopeDock && (layout == WindowLayout::Inspect || layout == WindowLayout::Play)) ||
                     (isMemory && layout == WindowLayout::Inspect) || (dock == m_sessionsDock && layout == WindowLayout::Play));
    if (isBeside) m_microscopeDock->raise();
}

void MainWindow::applyDefaultDocks(WindowLayout layout)
{
    for (QDockWidget *dock : {m_runListDock, m_runDock, m_microscopeDock, m_logDock, m_pluginValuesDock, m_sessionsDock})
        placeDock(dock, layout);
    for (QDockWidget *dock : findChildren<QDockWidget *>(QString(), Qt::FindDirectChildrenOnly))
        if (dock->objectName().startsWith("plugin_"_L1)) placeDock(dock, layout);
    const bool isBeside = layout == WindowLayout::Inspect && height() < kLowWindow;
    const int side = layout == WindowLayout::Train ? 350 : isBeside ? kBesideWidth : 300;
    resizeDocks({m_runListDock, m_runDock, m_microscopeDock},
                {layout == WindowLayout::Train ? 260 : 220, side, side}, Qt::Horizontal);
    resizeDocks({m_logDock}, {216}, Qt::Vertical); // four rows
    if (layout == WindowLayout::Play) resizeDocks({m_runListDock, m_sessionsDock}, {1, 2}, Qt::Vertical);
    if (auto *memory = findChild<QDockWidget *>(kMemoryDock); memory && !isBeside)
        resizeDocks({memory}, {height() >= kHighWindow ? kMemoryHeight : height() / 4}, Qt::Vertical);
}

void MainWindow::resetLayout()
{
    const QString place = placeKey();
    for (const QString &key : {stateKey(place), splittersKey(place)}) m_settings.remove(key);
    const SavedLayout *saved = m_layouts.find(m_savedLayout);
    m_isRestoring = true;
    if (saved && restoreState(saved->arrangement.docks)) {
        m_splitters->setSizes(saved->arrangement.splitters);
    } else {
        applyDefaultDocks(m_layout);
        m_splitters->reset();
    }
    m_isRestoring = false;
    scheduleSave();
}

void MainWindow::rememberLayout()
{
    if (m_isRestoring) return;
    const QString place = placeKey();
    const Arrangement now = arrangement();
    const auto keep = [this](const QString &key, const QVariant &value) { // what is the same costs no writing
        if (m_settings.value(key) != value) m_settings.setValue(key, value);
    };
    keep(stateKey(place), now.docks);
    keep(namesKey(place), now.dockNames);
    keep(splittersKey(place), Journal::textOf(now.splitters));
}

/// Docks of plugins that are not loaded yet keep their places in the state.
Arrangement MainWindow::arrangement() const
{
    Arrangement now{saveState(), m_settings.value(namesKey(placeKey())).toStringList(), m_splitters->sizes()};
    for (const QDockWidget *dock : findChildren<QDockWidget *>(QString(), Qt::FindDirectChildrenOnly))
        if (!now.dockNames.contains(dock->objectName())) now.dockNames << dock->objectName();
    return now;
}

/// As it stood when it was left; else as it was saved; else as it stands at first.
void MainWindow::restoreLayout(WindowLayout layout, const QString &savedId)
{
    m_isRestoring = true;
    m_layout = layout;
    m_savedLayout = savedId;
    const QString place = placeKey();
    Arrangement wanted{m_settings.value(stateKey(place)).toByteArray(), m_settings.value(namesKey(place)).toStringList(),
                       Journal::stateOf(m_settings.value(splittersKey(place)).toString())};
    if (const SavedLayout *saved = m_layouts.find(savedId); saved && wanted.docks.isEmpty()) wanted = saved->arrangement;
    if (wanted.docks.isEmpty() || !restoreState(wanted.docks)) {
        applyDefaultDocks(layout);
    } else {
        // Docks that the layout has never seen: of a plugin that is new, of a newer version of this program.
        wanted.dockNames << u"runListDock"_s << u"runDock"_s << u"logDock"_s;
        for (QDockWidget *dock : findChildren<QDockWidget *>(QString(), Qt::FindDirectChildrenOnly))
            if (!wanted.dockNames.contains(dock->objectName())) placeDock(dock, layout);
    }
    m_splitters->setSizes(wanted.splitters);
    syncLayout();
    m_isRestoring = false;
}

/// Docks that were restored before the window was there have the widths that their panels ask for, not those that were left.
void MainWindow::showEvent(QShowEvent *event)
{
    QMainWindow::showEvent(event);
    if (std::exchange(m_wasShown, true)) return;
    if (m_settings.contains(stateKey(placeKey())) || m_layouts.find(m_savedLayout)) restoreLayout(m_layout, m_savedLayout);
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

} // namespace orrery::ui
