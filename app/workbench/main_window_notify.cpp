// SPDX-License-Identifier: GPL-3.0-or-later
// What the window tells while nobody looks at it, and what of the list of runs outlives it.
#include "app/workbench/main_window.h"

#include "app/workbench/notifications.h"
#include "widgets/runs/run_list_panel.h"
#include "widgets/runs/run_panel.h"

#include <QAction>
#include <QApplication>
#include <QMenu>
#include <QSettings>

using namespace Qt::StringLiterals;

namespace orrery::ui {

void MainWindow::makeNotifications()
{
    m_notifications = new RunNotifications(
        m_session, m_settings, [] { return QApplication::activeWindow() != nullptr; }, this);
    for (QAction *action : m_notifications->actions())
        if (const auto added =
                m_registry.add({u"run."_s + action->objectName(), ActionCategory::Run, action, {}});
            !added)
            qFatal("%s", added.error().message.c_str());
    connect(m_notifications, &RunNotifications::activated, this, [this](const QString &run) {
        setWindowState(windowState() & ~Qt::WindowMinimized);
        raise();
        activateWindow();
        selectRun(run);
    });
    connect(m_runList, &RunListPanel::placeChanged, this, &MainWindow::scheduleSave);
    connect(m_runPanel, &RunPanel::curveRequested, this, &MainWindow::showCurve);
}

void MainWindow::addNotifyMenu(QMenu &menu)
{
    QMenu *notify = menu.addMenu(tr("Notify on the desktop when"));
    notify->setObjectName(u"notifyMenu"_s);
    notify->addActions(m_notifications->actions());
}

} // namespace orrery::ui
