// SPDX-License-Identifier: GPL-3.0-or-later
// Actions, toolbar and menus of the main window: every action has a text, a shortcut where it is frequent,
// and a menu.
#include "app/workbench/main_window.h"

#include "widgets/common/panel_frame.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/runs/run_controls.h"
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

namespace orrery::ui {

void MainWindow::makeActions()
{
    m_newRunAction = new QAction(tr("New run"), this);
    m_newRunAction->setObjectName(QStringLiteral("newRunAction"));
    m_newRunAction->setShortcut(QKeySequence::New);
    m_newRunAction->setCheckable(true);
    connect(m_newRunAction, &QAction::triggered, this, [this](bool isChecked) {
        if (isChecked)
            showNewRun();
        else
            showLayout(m_layout);
    });
    m_openAction = new QAction(tr("Open a run or model…"), this);
    m_openAction->setShortcut(QKeySequence::Open);
    bindIcon(m_openAction, QStringLiteral("folder"));
    connect(m_openAction, &QAction::triggered, this, &MainWindow::chooseDirectory);
    m_pluginsAction = new QAction(tr("Show plugins"), this);
    m_pluginsAction->setObjectName(QStringLiteral("pluginsAction"));
    m_pluginsAction->setShortcut(QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_G));
    m_pluginsAction->setCheckable(true);
    connect(m_pluginsAction, &QAction::triggered, this, [this](bool isChecked) {
        if (isChecked) showPlugins();
        else showLayout(m_layout);
    });
    m_quitAction = new QAction(tr("Quit"), this);
    m_quitAction->setShortcut(QKeySequence::Quit);
    connect(m_quitAction, &QAction::triggered, this, &MainWindow::close);

    auto *layouts = new QActionGroup(this);
    m_trainAction = new QAction(tr("Train"), layouts);
    m_trainAction->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_1));
    m_inspectAction = new QAction(tr("Inspect"), layouts);
    m_inspectAction->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_2));
    m_playAction = new QAction(tr("Play"), layouts);
    m_playAction->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_3));
    for (QAction *action : {m_trainAction, m_inspectAction, m_playAction}) action->setCheckable(true);
    m_trainAction->setChecked(true);
    connect(m_trainAction, &QAction::triggered, this, [this] { showLayout(WindowLayout::Train); });
    connect(m_inspectAction, &QAction::triggered, this, [this] { showLayout(WindowLayout::Inspect); });
    connect(m_playAction, &QAction::triggered, this, [this] { showLayout(WindowLayout::Play); });
    m_resetAction = new QAction(tr("Reset this layout"), this);
    connect(m_resetAction, &QAction::triggered, this, &MainWindow::resetLayout);

    m_themeActions = new QActionGroup(this);
    const std::pair<ThemeKind, QString> kinds[] = {{ThemeKind::System, tr("As the system")},
                                                   {ThemeKind::Light, tr("Light")},
                                                   {ThemeKind::Dark, tr("Dark")},
                                                   {ThemeKind::HighContrast, tr("High contrast")}};
    for (const auto &[kind, text] : kinds) {
        auto *action = new QAction(text, m_themeActions);
        action->setCheckable(true);
        action->setChecked(Theme::instance().kind() == kind);
        connect(action, &QAction::triggered, this, [this, kind = kind] {
            Theme::instance().apply(*qApp, kind);
            m_settings.setValue(QStringLiteral("window/theme"), static_cast<int>(kind));
        });
    }
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
    m_tabs->setTabToolTip(0, tr("Curves, controls and the run (Ctrl+1)"));
    m_tabs->setTabToolTip(1, tr("Attention of all heads, while it trains (Ctrl+2)"));
    m_tabs->setTabToolTip(2, tr("Talk to any saved step (Ctrl+3)"));
    connect(m_tabs, &QTabBar::tabBarClicked, this, [this](int index) {
        if (index >= 0) showLayout(static_cast<WindowLayout>(index));
    });
    connect(m_tabs, &QTabBar::currentChanged, this, [this](int index) {
        if (!m_isRestoring && index != static_cast<int>(m_layout))
            showLayout(static_cast<WindowLayout>(index));
    });
    bar->addWidget(m_tabs);
    addStretch();

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
}

void MainWindow::makeMenus()
{
    QMenu *file = menuBar()->addMenu(tr("&File"));
    file->addActions({m_newRunAction, m_openAction});
    file->addSeparator();
    file->addAction(m_quitAction);

    QMenu *run = menuBar()->addMenu(tr("&Run"));
    run->addActions(m_controls->actions());
    run->addSeparator();
    run->addMenu(m_controls->copyCommandMenu());
    QAction *live = run->addAction(tr("Live settings…"));
    live->setObjectName(QStringLiteral("liveSettingsAction"));
    live->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_L));
    connect(live, &QAction::triggered, this, [this] {
        showLayout(WindowLayout::Train);
        m_runDock->show();
        m_runPanel->showLiveSettings(true);
    });

    QMenu *view = menuBar()->addMenu(tr("&View"));
    m_viewMenu = view;
    view->addActions({m_trainAction, m_inspectAction, m_playAction});
    view->addSeparator();
    for (QDockWidget *dock : {m_runListDock, m_runDock, m_logDock}) view->addAction(dock->toggleViewAction());
    m_pluginDocksEnd = m_resetAction;
    view->addAction(m_resetAction);
    view->addSeparator();
    QMenu *theme = view->addMenu(tr("Theme"));
    theme->addActions(m_themeActions->actions());

    m_pluginMenu = menuBar()->addMenu(tr("&Plugins"));
    m_pluginMenu->setObjectName(QStringLiteral("pluginMenu"));
    m_pluginMenu->addAction(m_pluginsAction);
    m_pluginMenu->addSeparator();

    QMenu *help = menuBar()->addMenu(tr("&Help"));
    QAction *about = help->addAction(tr("About Orrery"));
    connect(about, &QAction::triggered, this, [this] {
        auto *box = new QMessageBox(
            QMessageBox::NoIcon, tr("About Orrery"),
            tr("Orrery %1\n\nTrains language models and shows what happens inside while they learn.\n\n"
               "Engine: %2\nRuns: %3")
                .arg(QApplication::applicationVersion(), m_session.engine().version, m_session.engine().home),
            QMessageBox::Close, this);
        box->setAttribute(Qt::WA_DeleteOnClose);
        box->open();
    });
    QAction *aboutQt = help->addAction(tr("About Qt"));
    connect(aboutQt, &QAction::triggered, qApp, &QApplication::aboutQt);
}

} // namespace orrery::ui
