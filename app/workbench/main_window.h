// SPDX-License-Identifier: GPL-3.0-or-later
// The shell: toolbar, layouts, docks, and the one selection that drives them all. Holds no run data. GUI thread only;
// owned by main, the session outlives it.
#pragma once

#include "core/base/result.h"
#include "widgets/session/engine_session.h"
#include "widgets/session/selection.h"

#include <QMainWindow>
#include <QTimer>

#include <memory>

class QActionGroup;
class QDockWidget;
class QMenu;
class QSettings;
class QStackedWidget;
class QTabBar;
class QToolBar;

namespace orrery::ui {

class AttentionPanel;
class Banner;
class CurvesPanel;
class LogPanel;
class NewRunPanel;
class PlaygroundPanel;
class PluginsPanel;
class RunControls;
class RunListPanel;
class RunPanel;
class StatusLine;
class WelcomeCard;

/// In the order of the tabs. The settings know them by name.
enum class WindowLayout : uint8_t { Train, Inspect, Play };

class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    /// @param settings where window, docks and drafts are remembered; owned by the caller
    MainWindow(EngineSession &session, QSettings &settings, QWidget *parent = nullptr);
    ~MainWindow() override;

    void selectRun(const QString &run);
    [[nodiscard]] QString selectedRun() const { return m_run; }
    void showLayout(WindowLayout layout);
    [[nodiscard]] WindowLayout windowLayout() const { return m_layout; }
    void showNewRun();
    void showPlugins();
    /// The dock and menu of window halves of plugins; a dock is hidden until it is opened for the first time.
    Result<QDockWidget *> addPluginPanel(const QString &objectName, const QString &title, QWidget *panel);
    void addPluginAction(QAction *action); ///< takes it over
    /// A run directory or a model directory.
    void openPath(const QString &path);
    void trainExample();

    [[nodiscard]] Selection &selection() { return m_selection; }
    [[nodiscard]] CurvesPanel &curves() { return *m_curves; }
    [[nodiscard]] AttentionPanel &attention() { return *m_attention; }
    [[nodiscard]] PlaygroundPanel &playground() { return *m_play; }
    [[nodiscard]] NewRunPanel &newRunPanel() { return *m_newRun; }
    [[nodiscard]] PluginsPanel &pluginsPanel() { return *m_plugins; }

protected:
    void closeEvent(QCloseEvent *event) override;
    void moveEvent(QMoveEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    enum class Page : uint8_t { Welcome, Curves, Attention, Play, NewRun, Plugins };

    void makePages();
    void makeDocks();
    void makeActions();  // main_window_actions.cpp
    void makeToolBar();  // main_window_actions.cpp
    void makeMenus();    // main_window_actions.cpp
    QDockWidget *makeDock(const QString &title, const QString &name, QWidget *panel, Qt::DockWidgetArea area);
    [[nodiscard]] static Page pageOf(WindowLayout layout);
    [[nodiscard]] QAction *actionOf(WindowLayout layout) const;
    void showPage(Page page);
    void onRunsChanged();
    void onUpdated(const RunUpdate &update);
    void onConnectionChanged();
    void chooseDirectory();
    void resetLayout();
    void applyDefaultDocks(WindowLayout layout);
    void rememberLayout();
    void restoreLayout(WindowLayout layout);
    /// The first change begins to wait, later ones do not put it off: who types on and on loses no more.
    void scheduleSave()
    {
        if (!m_saveTimer.isActive()) m_saveTimer.start();
    }
    void save();

    EngineSession &m_session;
    QSettings &m_settings;
    Selection m_selection;
    QString m_run;
    QString m_pendingSelection; ///< a run that was just made and is not listed yet
    WindowLayout m_layout = WindowLayout::Train;

    Banner *m_banner = nullptr;
    QStackedWidget *m_pages = nullptr;
    WelcomeCard *m_welcome = nullptr;
    CurvesPanel *m_curves = nullptr;
    AttentionPanel *m_attention = nullptr;
    PlaygroundPanel *m_play = nullptr;
    NewRunPanel *m_newRun = nullptr;
    PluginsPanel *m_plugins = nullptr;
    RunListPanel *m_runList = nullptr;
    RunPanel *m_runPanel = nullptr;
    LogPanel *m_log = nullptr;
    RunControls *m_controls = nullptr;
    StatusLine *m_status = nullptr;
    QDockWidget *m_runListDock = nullptr;
    QDockWidget *m_runDock = nullptr;
    QDockWidget *m_logDock = nullptr;
    QTabBar *m_tabs = nullptr;

    QAction *m_newRunAction = nullptr;
    QAction *m_openAction = nullptr;
    QAction *m_pluginsAction = nullptr;
    QAction *m_quitAction = nullptr;
    QAction *m_trainAction = nullptr;
    QAction *m_inspectAction = nullptr;
    QAction *m_playAction = nullptr;
    QAction *m_resetAction = nullptr;
    QActionGroup *m_themeActions = nullptr;
    QMenu *m_pluginMenu = nullptr;
    QMenu *m_viewMenu = nullptr;
    QAction *m_pluginDocksEnd = nullptr; ///< of the View menu; docks of plugins stand before it

    bool m_hadRuns = false;
    bool m_isRestoring = false;
    QTimer m_saveTimer; ///< one second after the last change at most is lost by a kill
};

} // namespace orrery::ui
