// SPDX-License-Identifier: GPL-3.0-or-later
// Actions, toolbar and menus of the main window: every action has a text, a shortcut where it is frequent,
// and a menu.
#include "app/workbench/main_window.h"

#include "app/workbench/doctor_dialog.h"
#include "app/workbench/example_runs.h"
#include "app/workbench/tool_bar_fit.h"
#include "core/base/platform.h"
#include "widgets/common/action_command.h"
#include "widgets/common/command_palette.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/curves/series_chart.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/runs/run_controls.h"
#include "widgets/runs/run_list_panel.h"
#include "widgets/runs/run_panel.h"
#include "widgets/theme/theme.h"

#include <QActionGroup>
#include <QApplication>
#include <QDockWidget>
#include <QMenuBar>
#include <QMessageBox>
#include <QSettings>
#include <QTabBar>
#include <QToolBar>
#include <QToolButton>

using namespace Qt::StringLiterals;

namespace orrery::ui {

void MainWindow::makeActions()
{
    const auto make = [this](const ActionSpec &spec, auto handler) {
        QAction *action = m_registry.make(spec, this);
        connect(action, &QAction::triggered, this, handler);
        return action;
    };
    using enum ActionCategory;
    m_newRunAction =
        make({u"file.newRun"_s, File, tr("New run"), QKeySequence::New, {}, true}, [this](bool isChecked) {
            if (isChecked)
                showNewRun();
            else
                showLayout(m_layout);
        });
    make({u"file.open"_s, File, tr("Open a run or model…"), QKeySequence::Open, u"folder"_s},
         [this] { chooseDirectory(); });
    make({u"file.openLink"_s, File, tr("Open a link…"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_O),
          u"link"_s},
         [this] { askForLink(); });
    QAction *text = make({u"file.trainExample"_s, File, tr("Train the example")}, [this] { trainExample(); });
    QAction *pictures =
        make({u"file.trainPictures"_s, File, tr("Train the example with pictures and a memory")}, [this] { trainPictures(); });
    setActionCommand(*text, [] { return exampleCommand(textExampleSpec()); });
    setActionCommand(*pictures, [] { return exampleCommand(pictureExampleSpec()); });
    make({u"file.quit"_s, File, tr("Quit"), QKeySequence::Quit}, [this] { close(); });
    m_pluginsAction = make({u"plugins.show"_s,
                            Plugin,
                            tr("Show plugins"),
                            QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_G),
                            {},
                            true},
                           [this](bool isChecked) {
                               if (isChecked)
                                   showPlugins();
                               else
                                   showLayout(m_layout);
                           });
    m_backAction =
        make({u"go.back"_s, Go, tr("Back"), QKeySequence(Qt::ALT | Qt::Key_Left), u"chevron-left"_s},
             [this] { m_selection.goBack(); });
    m_forwardAction =
        make({u"go.forward"_s, Go, tr("Forward"), QKeySequence(Qt::ALT | Qt::Key_Right), u"chevron-right"_s},
             [this] { m_selection.goForward(); });
    make({u"view.palette"_s, View, tr("Find an action…"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_P),
          u"search"_s},
         [this] { m_palette->open(); });
    QAction *series = make({u"view.series"_s, View, tr("Curve of any series…")}, [this] {
        showLayout(WindowLayout::Train);
        m_curves->seriesChart()->choose();
    });
    const auto enableSeries = [series](bool hasPoints) {
        setDisabledReason(*series, hasPoints ? QString() : tr("Choose a run that has reported first."));
    };
    enableSeries(false);
    connect(m_curves, &CurvesPanel::hasPointsChanged, series, enableSeries);
    for (QAction *action : m_controls->actions()) addRunAction(action);
    make({u"run.liveSettings"_s, Run, tr("Live settings…"), QKeySequence(Qt::CTRL | Qt::Key_L), u"gear"_s},
         [this] {
             showPanel(m_runPanel);
             m_runPanel->showLiveSettings(true);
         });
    make({u"run.breakpoints"_s, Run, tr("Breakpoints: pause when…"), QKeySequence(Qt::CTRL | Qt::Key_B), u"breakpoint"_s},
         [this] {
             showPanel(m_runPanel);
             m_runPanel->beginBreakpoint({});
         });
    addNoteAction();
    makeCompareActions();
    makeLayoutActions();
    makeThemeActions();
    makeNotifications();
    makeHelpActions();
    makeRecent();
    make({u"help.doctor"_s, Help, tr("Check this computer…")}, [this] { showDoctor(); });
    make({u"help.about"_s, Help, tr("About Orrery")}, [this] { showAbout(); });
    make({u"help.aboutQt"_s, Help, tr("About Qt")}, [] { QApplication::aboutQt(); });
}

/// Its key works in the curves alone, where the cursor is.
void MainWindow::addNoteAction()
{
    QAction *note = m_curves->noteAction();
    const auto enable = [note](bool hasPoints) {
        setDisabledReason(*note, hasPoints ? QString() : tr("Choose a run that has reported first."));
    };
    enable(false);
    connect(m_curves, &CurvesPanel::hasPointsChanged, note, enable);
    connect(note, &QAction::triggered, this, [this] {
        if (m_layout == WindowLayout::Train && m_curves->isVisible()) return; // it has begun
        showLayout(WindowLayout::Train);
        m_curves->addNote();
    });
    setActionCommand(*note, [this] {
        for (const RunStatus &status : m_session.runs())
            if (fromStd(status.id) == m_run)
                return engineCommand({u"runs"_s, u"note"_s, m_run, u"--step"_s, QString::number(status.step), u"NOTE"_s});
        return QString();
    });
    if (const auto added = m_registry.add({u"run.note"_s, ActionCategory::Run, note, {}}); !added)
        qFatal("%s", added.error().message.c_str());
}

/// Of the selected run, with the command that does the same.
void MainWindow::addRunAction(QAction *action)
{
    const RunControls *controls = m_controls;
    const auto command = [controls, action] {
        if (controls->run().isEmpty() || !action->isEnabled()) return QString();
        if (action == controls->pauseAction())
            return controls->command(action->text() == tr("Continue") ? RunVerb::Continue : RunVerb::Pause);
        if (action == controls->stepAction()) return controls->command(RunVerb::Step);
        if (action == controls->checkpointAction()) return controls->command(RunVerb::Checkpoint);
        return controls->command(action == controls->stopAction() ? RunVerb::Stop : RunVerb::Resume);
    };
    if (const auto added =
            m_registry.add({u"run."_s + action->objectName(), ActionCategory::Run, action, command});
        !added)
        qFatal("%s", added.error().message.c_str());
}

void MainWindow::makeThemeActions()
{
    m_themeActions = new QActionGroup(this);
    const std::tuple<ThemeKind, QString, QString> kinds[] = {
        {ThemeKind::System, u"theme.system"_s, tr("As the system")},
        {ThemeKind::Light, u"theme.light"_s, tr("Light")},
        {ThemeKind::Dark, u"theme.dark"_s, tr("Dark")},
        {ThemeKind::HighContrast, u"theme.contrast"_s, tr("High contrast")}};
    for (const auto &[kind, id, text] : kinds) {
        QAction *action = m_registry.make({id, ActionCategory::Theme, text, {}, {}, true}, this);
        m_themeActions->addAction(action);
        action->setChecked(Theme::instance().kind() == kind);
        connect(action, &QAction::triggered, this, [this, kind = kind] {
            Theme::instance().apply(*qApp, kind);
            m_settings.setValue(u"window/theme"_s, static_cast<int>(kind));
        });
    }
}

void MainWindow::showDoctor()
{
    if (!m_doctor) {
        m_doctor = new DoctorDialog(m_session, programDir() / "orrery-engine", m_host, this);
        m_doctor->show();
    }
    m_doctor->raise();
    m_doctor->activateWindow();
}

void MainWindow::showAbout()
{
    const EngineInfo &engine = m_session.engine();
    const auto known = [](const QString &text) { return (text.isEmpty() ? unknownText() : text).toHtmlEscaped(); };
    const QString title = u"<p style='font-size:x-large'><b>Orrery %1</b></p>"_s.arg(QApplication::applicationVersion());
    auto *box = new QMessageBox(QMessageBox::NoIcon, tr("About Orrery"),
                                title + tr("Trains language models and shows what happens inside while they learn.").toHtmlEscaped(),
                                QMessageBox::Close, this);
    box->setObjectName(u"aboutBox"_s);
    box->setTextFormat(Qt::RichText);
    box->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard); // for who tells of a fault
    box->setIconPixmap(QIcon(u":/orrery/orrery.svg"_s).pixmap(QSize(56, 56), devicePixelRatio()));
    box->setInformativeText(tr("Engine: %1").arg(known(engine.version)) + u"<br>"_s + tr("Runs: %1").arg(known(engine.home)) +
                            u"<br>"_s + tr("Qt: %1").arg(QLatin1String(qVersion())) + u"<br>"_s +
                            tr("Free software: the window GPL-3.0-or-later, the engine Apache-2.0"));
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->open();
}

void MainWindow::makeToolBar()
{
    auto *bar = addToolBar(tr("Controls"));
    bar->setObjectName(QStringLiteral("controlBar"));
    bar->setMovable(false);
    bar->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    bar->setIconSize(QSize(16, 16));
    bar->setContextMenuPolicy(Qt::PreventContextMenu);
    bar->addAction(m_newRunAction);
    // The button is filled with the accent, the menu entry is not: same action, another icon. A tool button
    // takes its action's icon again whenever the action changes.
    auto *newRun = qobject_cast<QToolButton *>(bar->widgetForAction(m_newRunAction));
    newRun->setProperty("primary", true);
    const auto setNewRunIcon = [newRun] {
        newRun->setIcon(Theme::instance().iconOnAccent(QStringLiteral("plus")));
    };
    setNewRunIcon();
    connect(m_newRunAction, &QAction::changed, newRun, setNewRunIcon);
    connect(&Theme::instance(), &Theme::changed, newRun, setNewRunIcon);
    bar->addSeparator();
    bar->addActions(m_controls->actions());

    const auto addStretch = [bar] {
        auto *stretch = new QWidget(bar);
        stretch->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
        bar->addWidget(stretch);
    };
    addStretch();
    m_tabs = new QTabBar(bar);
    m_tabs->setObjectName(QStringLiteral("layoutTabs"));
    m_tabs->setAccessibleName(tr("Layout"));
    m_tabs->setDrawBase(false);
    m_tabs->setExpanding(false);
    m_tabs->addTab(tr("Train"));
    m_tabs->addTab(tr("Inspect"));
    m_tabs->addTab(tr("Play"));
    m_tabs->addTab(tr("Compare"));
    m_tabs->setTabToolTip(0, tr("Curves, controls and the run (Ctrl+1)"));
    m_tabs->setTabToolTip(1, tr("Attention of all heads, while it trains (Ctrl+2)"));
    m_tabs->setTabToolTip(2, tr("Talk to any saved step (Ctrl+3)"));
    m_tabs->setTabToolTip(3, tr("Values, settings and branches of several runs (Ctrl+4)"));
    connectLayoutTabs();
    bar->addWidget(m_tabs);
    addStretch();
    auto *find = new QToolButton(bar);
    find->setObjectName(u"findAction"_s);
    QAction *palette = m_registry.action(u"view.palette"_s);
    const QString key = palette->shortcut().toString(QKeySequence::NativeText);
    find->setText(tr("Find action  %1").arg(key));
    find->setToolTip(tr("Everything that the window can do, by name (%1)").arg(key));
    find->setAccessibleName(tr("Find an action"));
    find->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    find->setProperty("toggle", true); // with an edge, like a field
    bindIcon(find, u"search"_s);
    connect(find, &QToolButton::clicked, palette, &QAction::trigger);
    bar->addWidget(find);

    const auto iconName = [] {
        return Theme::instance().isDark() ? QStringLiteral("sun") : QStringLiteral("moon");
    };
    auto *theme = makeIconButton(iconName(), tr("Light or dark"), bar);
    theme->setObjectName(QStringLiteral("themeButton"));
    connect(theme, &QToolButton::clicked, this, [this] {
        const ThemeKind next = Theme::instance().isDark() ? ThemeKind::Light : ThemeKind::Dark;
        m_themeActions->actions().at(static_cast<int>(next))->trigger();
    });
    // The theme is also chosen in the menu.
    connect(&Theme::instance(), &Theme::changed, theme, [theme, iconName] { bindIcon(theme, iconName()); });
    bar->addWidget(theme);

    QList<QToolButton *> yielding{find};
    for (QAction *action : m_controls->actions())
        if (auto *button = qobject_cast<QToolButton *>(bar->widgetForAction(action))) yielding.prepend(button);
    yielding.move(yielding.size() - 1, 0); // the search goes without words before the controls do
    new ToolBarFit(bar, yielding);
}

void MainWindow::makeMenus()
{
    QMenu *file = menuBar()->addMenu(tr("&File"));
    m_registry.fill(*file, {u"file.newRun"_s, u"file.open"_s, u"file.openLink"_s, u"file.trainExample"_s, u"file.trainPictures"_s,
                            QString(), u"file.importLog"_s, u"file.exportRuns"_s, u"file.exportModel"_s, u"file.exportTransformers"_s, QString(), u"file.quit"_s});
    file->insertMenu(m_registry.action(u"file.openLink"_s), m_recentMenu);

    QMenu *run = menuBar()->addMenu(tr("&Run"));
    run->addActions(m_controls->actions());
    run->addSeparator();
    run->addMenu(m_controls->copyCommandMenu());
    m_registry.fill(*run, {u"run.liveSettings"_s, u"run.breakpoints"_s, u"run.note"_s, u"run.branch"_s, u"run.formDifference"_s});
    QMenu *chosen = run->addMenu(tr("Chosen in the list"));
    chosen->setObjectName(u"chosenRunsMenu"_s);
    chosen->addActions(m_runList->runActions());
    run->addAction(m_runList->trashAction());
    addNotifyMenu(*run);

    QMenu *view = menuBar()->addMenu(tr("&View"));
    m_viewMenu = view;
    m_registry.fill(*view, {u"view.palette"_s, u"go.back"_s, u"go.forward"_s, QString(), u"view.dock.runListDock"_s,
                            u"view.dock.runDock"_s, u"view.dock.logDock"_s, u"view.dock.microscopeDock"_s,
                            u"view.dock.pluginValuesDock"_s, u"view.dock.sessionsDock"_s, u"view.reset"_s, QString(),
                            u"view.series"_s, QString()});
    m_pluginDocksEnd = m_registry.action(u"view.reset"_s);
    QMenu *theme = view->addMenu(tr("Theme"));
    m_registry.fill(*theme, {u"theme.system"_s, u"theme.light"_s, u"theme.dark"_s, u"theme.contrast"_s});

    makeLayoutMenu();

    m_pluginMenu = menuBar()->addMenu(tr("&Plugins"));
    m_pluginMenu->setObjectName(u"pluginMenu"_s);
    m_registry.fill(*m_pluginMenu, {u"plugins.show"_s, QString()});

    QMenu *help = menuBar()->addMenu(tr("&Help"));
    m_registry.fill(*help, {u"help.tour"_s, u"help.pages"_s, u"help.keys"_s, QString(), u"help.doctor"_s, QString(), u"help.about"_s, u"help.aboutQt"_s});
}

} // namespace orrery::ui
