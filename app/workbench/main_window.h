// SPDX-License-Identifier: GPL-3.0-or-later
// The shell: toolbar, layouts, docks, and the one selection that drives them all. Holds no run data. GUI thread only;
// owned by main, the session outlives it.
#pragma once

#include "app/workbench/saved_layouts.h"
#include "core/base/result.h"
#include "widgets/common/action_registry.h"
#include "widgets/common/banner.h"
#include "widgets/session/engine_session.h"
#include "widgets/session/selection.h"

#include <QMainWindow>
#include <QPointer>

#include <map>
#include <memory>
#include <vector>

class QActionGroup;
class QDockWidget;
class QMenu;
class QPushButton;
class QSettings;
class QStackedWidget;
class QTabBar;
class QToolBar;

namespace orrery::ui {

class AttentionPair;
class BranchDialog;
class CommandPalette;
class ComparePanel;
class FormDifference;
class CurvesPanel;
class DoctorDialog;
class HelpWindow;
class RecentThings;
class Journal;
class LogPanel;
class MicroscopePanel;
class ModelExport;
class NewRunPanel;
class PanelFrame;
class PlaygroundPanel;
class PromptArchive;
class PluginValuesPanel;
class PluginsPanel;
class RunControls;
class RunListPanel;
class RunNotifications;
class RunPanel;
class SessionsPane;
class StatusLine;
class TransferBar;
class WelcomeCard;
class WindowSplitters;
struct PaletteItem;

/// In the order of the tabs. The settings know them by name.
enum class WindowLayout : uint8_t { Train, Inspect, Play, Compare };

class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    /// @param settings where window, docks and drafts are remembered; owned by the caller
    MainWindow(EngineSession &session, QSettings &settings, QWidget *parent = nullptr);
    ~MainWindow() override;

    void selectRun(const QString &run);
    [[nodiscard]] QString selectedRun() const { return m_run; }
    /// Its page; where a saved layout with this page is open, that stays.
    void showLayout(WindowLayout layout);
    [[nodiscard]] WindowLayout windowLayout() const { return m_layout; }
    /// The built-in one, also where a saved one with its page is open.
    void showBuiltInLayout(WindowLayout layout);
    void showSavedLayout(const QString &id);
    [[nodiscard]] const QString &savedLayout() const { return m_savedLayout; } ///< id; empty: a built-in one is open
    [[nodiscard]] const SavedLayouts &savedLayouts() const { return m_layouts; }
    /// How docks and splitters stand now, as a layout of its own, which is then open.
    Result<void> saveLayoutAs(const QString &name);
    /// A line above the page that stays until it is read; the next one follows it.
    void tell(BannerKind kind, const QString &message, const QString &hint = {}, const QString &button = {},
              std::function<void()> onButton = {});
    void tell(const Error &error);
    [[nodiscard]] Journal &journal() { return *m_journal; }
    /// Whose runs the places of the panels are of; empty: those of this computer. Before the first list of runs.
    void setHost(const QString &host) { m_host = host; }
    /// Another engine answers from now on: what was kept and begun for runs of the last one is none of its business.
    void leaveHost(const QString &next);
    /// What the palette lists.
    [[nodiscard]] std::vector<PaletteItem> everything();
    void showDoctor();
    [[nodiscard]] RecentThings &recent() { return *m_recent; }
    void showNewRun();
    void showPlugins();
    /// The dock and menu of window halves of plugins; a dock is hidden until it is opened for the first time.
    Result<QDockWidget *> addPluginPanel(const QString &objectName, const QString &title, QWidget *panel);
    /// Takes it over; also into the palette.   @param id unique, "plugin.<id>.<n>"
    Result<void> addPluginAction(const QString &id, QAction *action);
    /// A run directory or a model directory.
    void openPath(const QString &path);
    /// Play, with a model of the engine's computer: a run, "RUN@step" or a directory.
    void openModel(const QString &model);
    void trainExample();
    /// The small world of the tour: pictures, captions and a memory.
    void trainPictures();
    /// A link to a view ("orrery:curves?run=…"). Waits for the engine's list of runs; what is wrong with it
    /// stands in a banner.
    void openLink(const QString &link);
    /// Whether the window halves of plugins still come: a link to a panel that nobody has waits until then.
    void setLoadingPlugins(bool isLoading);

    [[nodiscard]] ActionRegistry &actionRegistry() { return m_registry; }
    [[nodiscard]] CommandPalette &palette() { return *m_palette; }
    [[nodiscard]] Selection &selection() { return m_selection; }
    [[nodiscard]] CurvesPanel &curves() { return *m_curves; }
    [[nodiscard]] AttentionPair &attention() { return *m_attention; }
    [[nodiscard]] MicroscopePanel &microscope() { return *m_microscope; }
    [[nodiscard]] PlaygroundPanel &playground() { return *m_play; }
    [[nodiscard]] SessionsPane &sessions() { return *m_sessions; }
    [[nodiscard]] ComparePanel &compare() { return *m_compare; }
    [[nodiscard]] TransferBar &transfers() { return *m_transfers; }
    [[nodiscard]] ModelExport &modelExport() { return *m_modelExport; }
    /// Asks from which checkpoint and with which settings. @param step below 0: the best one that is saved
    void branchFrom(const QString &run, qint64 step);
    /// Settings of a run beside what the form of a new run holds.
    void showFormDifference(const QString &run);
    [[nodiscard]] NewRunPanel &newRunPanel() { return *m_newRun; }
    [[nodiscard]] PluginsPanel &pluginsPanel() { return *m_plugins; }
    [[nodiscard]] PluginValuesPanel &pluginValues() { return *m_pluginValues; }
    /// Silent until it is given a sink.
    [[nodiscard]] RunNotifications &notifications() { return *m_notifications; }

protected:
    void closeEvent(QCloseEvent *event) override;
    void moveEvent(QMoveEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    enum class Page : uint8_t { Welcome, Curves, Attention, Play, NewRun, Plugins, Compare };
    enum class PluginLoading : uint8_t { NotBegun, UnderWay, Done };

    void makePages();
    void makeDocks();    // main_window_docks.cpp
    void makeActions();  // main_window_actions.cpp
    void makeToolBar();  // main_window_actions.cpp
    void makeMenus();    // main_window_actions.cpp
    // main_window_layouts.cpp
    void makeLayoutActions();
    void makeLayoutMenu();
    void connectLayoutTabs();
    void fillLayoutMenu();
    void refreshLayouts();
    void syncLayout();
    void askForLayoutName();
    void askToRenameLayout();
    void deleteLayout();
    void bringLayoutBack();
    void updateSavedLayout();
    void addLayoutItems(std::vector<PaletteItem> &items);
    [[nodiscard]] static QStringList builtInNames();
    [[nodiscard]] Arrangement arrangement() const;
    void enter(WindowLayout layout, const QString &saved);
    void updateLayoutActions();
    void makeThemeActions();            // main_window_actions.cpp
    void makeHelpActions();             // main_window_help.cpp, and what follows
    [[nodiscard]] HelpWindow &help();
    void makeRecent();
    void addRecentItems(std::vector<PaletteItem> &items);
    void addRunAction(QAction *action); // main_window_actions.cpp
    void addNoteAction();
    void showAbout();                   // main_window_actions.cpp
    void makePalette();      // main_window_palette.cpp
    void connectSelection(); // main_window_selection.cpp
    // main_window_sessions.cpp
    void makeArchive();
    QDockWidget *makeSessionsDock();
    void restoreSession();
    void makePauseBanner();  // main_window_pause.cpp
    // main_window_compare.cpp
    void makeCompare();
    void connectCompare();
    void makeCompareActions();
    void connectLeading();
    void updateCompareActions();
    void updateCompared();
    void setComparedRun(const QString &run);
    void takeImported();
    void makeBranchDialog(const QString &run);
    [[nodiscard]] QVariant comparePlace() const;
    void restoreCompare();
    [[nodiscard]] QStringList runsToExport() const;
    void makeNotifications();         // main_window_notify.cpp
    void addNotifyMenu(QMenu &menu);  // main_window_notify.cpp
    /// A dock that has no place yet.
    QDockWidget *makeDock(const QString &title, const QString &name, QWidget *panel);
    void placeDock(QDockWidget *dock, WindowLayout layout);
    [[nodiscard]] static Page pageOf(WindowLayout layout);
    [[nodiscard]] QAction *actionOf(WindowLayout layout) const;
    void showPage(Page page);
    void onRunsChanged();
    void onUpdated(const RunUpdate &update);
    void onConnectionChanged();
    void chooseDirectory();
    void startExample(const QString &spec);
    void resetLayout();
    void applyDefaultDocks(WindowLayout layout);
    // main_window_place.cpp
    void makeJournal();
    void keepPlaces();
    void keepDrafts();
    void restorePlaces();
    void restoreDrafts();
    void rememberLayout();
    void restoreLayout(WindowLayout layout, const QString &saved = {});
    [[nodiscard]] QString placeKey() const; ///< of the layout that is open
    void scheduleSave();
    void nextTold();
    static QString layoutKey(WindowLayout layout);
    static WindowLayout layoutFromKey(const QString &key); ///< Train for what no layout is called

    // main_window_palette.cpp
    void addPanelItems(std::vector<PaletteItem> &items);
    void addMenuItems(std::vector<PaletteItem> &items);
    void addRunItems(std::vector<PaletteItem> &items);
    void askForLink();

    // main_window_links.cpp
    void openPendingLink();
    Result<void> openView(const QString &link);
    [[nodiscard]] PanelFrame *panelCalled(const QString &word) const;
    [[nodiscard]] QStringList panelWords() const;
    void showPanel(QWidget *panel);

    // main_window_selection.cpp
    void lookInside(const Focus &focus);
    void branch(const Focus &focus, const TokenAlternative &alternative);
    void updateHistoryActions();

    // main_window_pause.cpp
    void takePause(const RunStatus &status);
    void updatePauseBanner();
    void answerPause(const QString &verb, const std::string &condition = {});
    void tellRemoved(const RunStatus &status, const std::string &condition);
    void showReason(const QString &series);
    void showCurve(const QString &series);

    EngineSession &m_session;
    QSettings &m_settings;
    Selection m_selection;
    std::vector<std::weak_ptr<const GenerateRequest>> m_playTexts; ///< answers of the playground that were looked at
    QString m_run;
    QString m_pendingSelection; ///< a run that was just made and is not listed yet
    WindowLayout m_layout = WindowLayout::Train;
    QString m_savedLayout; ///< with that page; empty: none
    SavedLayouts m_layouts;
    Journal *m_journal = nullptr;
    WindowSplitters *m_splitters = nullptr;
    std::vector<PanelFrame *> m_placed; ///< whose places are kept
    QString m_host;

    ActionRegistry m_registry;
    CommandPalette *m_palette = nullptr;
    Banner *m_banner = nullptr, *m_notice = nullptr, *m_pauseBanner = nullptr, *m_toldBanner = nullptr;
    struct Told {
        BannerKind kind;
        QString message, hint, button;
        std::function<void()> onButton;
    };
    std::vector<Told> m_told; ///< the first one is shown
    QPushButton *m_removeBreakpoint = nullptr;
    std::map<QString, RunStatus> m_pauses;  ///< by breakpoints, that were not put aside
    std::map<QString, int64_t> m_seenPauses; ///< put aside, at which step
    QString m_pausedRun;                    ///< that the banner tells of
    QString m_pendingLink;                  ///< waits for the list of runs or for a plugin
    PluginLoading m_pluginLoading = PluginLoading::NotBegun;
    bool m_isLinkRefused = false;           ///< the pending one: it was told
    QStackedWidget *m_pages = nullptr;
    WelcomeCard *m_welcome = nullptr;
    CurvesPanel *m_curves = nullptr;
    AttentionPair *m_attention = nullptr;
    PlaygroundPanel *m_play = nullptr;
    PromptArchive *m_prompts = nullptr;
    SessionsPane *m_sessions = nullptr;
    ComparePanel *m_compare = nullptr;
    TransferBar *m_transfers = nullptr;
    ModelExport *m_modelExport = nullptr;
    QPointer<FormDifference> m_formDifference;
    QPointer<BranchDialog> m_branchDialog; ///< of one run, kept with what was filled in
    QString m_importedRun;                 ///< to be shown when it is listed
    MicroscopePanel *m_microscope = nullptr;
    PluginValuesPanel *m_pluginValues = nullptr;
    NewRunPanel *m_newRun = nullptr;
    PluginsPanel *m_plugins = nullptr;
    RunListPanel *m_runList = nullptr;
    RunNotifications *m_notifications = nullptr;
    RunPanel *m_runPanel = nullptr;
    LogPanel *m_log = nullptr;
    RunControls *m_controls = nullptr;
    StatusLine *m_status = nullptr;
    QDockWidget *m_runListDock = nullptr;
    QDockWidget *m_runDock = nullptr;
    QDockWidget *m_logDock = nullptr;
    QDockWidget *m_microscopeDock = nullptr;
    QDockWidget *m_pluginValuesDock = nullptr;
    QDockWidget *m_sessionsDock = nullptr;
    QTabBar *m_tabs = nullptr;

    QAction *m_newRunAction = nullptr;
    QAction *m_pluginsAction = nullptr;
    QAction *m_trainAction = nullptr;
    QAction *m_inspectAction = nullptr;
    QAction *m_playAction = nullptr;
    QAction *m_compareAction = nullptr;
    QAction *m_branchAction = nullptr, *m_formDifferenceAction = nullptr;
    QAction *m_exportRunsAction = nullptr, *m_exportModelAction = nullptr, *m_exportTransformersAction = nullptr;
    QAction *m_updateLayoutAction = nullptr, *m_renameLayoutAction = nullptr, *m_deleteLayoutAction = nullptr,
            *m_undoLayoutAction = nullptr, *m_resetLayoutAction = nullptr;
    QMenu *m_layoutMenu = nullptr;
    QActionGroup *m_savedActions = nullptr;
    QPointer<DoctorDialog> m_doctor;
    QPointer<HelpWindow> m_help;
    RecentThings *m_recent = nullptr;
    QMenu *m_recentMenu = nullptr;
    QAction *m_backAction = nullptr;
    QAction *m_forwardAction = nullptr;
    QActionGroup *m_themeActions = nullptr;
    QMenu *m_pluginMenu = nullptr;
    QMenu *m_viewMenu = nullptr;
    QAction *m_pluginDocksEnd = nullptr; ///< of the View menu; docks of plugins stand before it

    bool m_hadRuns = false;
    bool m_mayLoseSession = false; ///< it was asked on closing
    bool m_isRestoring = false;
    bool m_wasShown = false;
    bool m_arePlacesRestored = false; ///< those that wait for the first list of runs
};

} // namespace orrery::ui
