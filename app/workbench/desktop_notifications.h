// SPDX-License-Identifier: GPL-3.0-or-later
// Notifications as the desktop shows them: by org.freedesktop.Notifications where the session has it, else as
// a balloon of the system tray, else not at all. GUI thread only; asks the desktop on another one, as it may
// not answer.
#pragma once

#include "app/workbench/notifications.h"

#include <QHash>
#include <QThreadPool>

class QSystemTrayIcon;

namespace orrery::ui {

class DesktopNotifications : public NotificationSink {
    Q_OBJECT
public:
    explicit DesktopNotifications(QObject *parent = nullptr);
    ~DesktopNotifications() override;
    void show(const Notification &notification) override;

private Q_SLOTS:
    void onAction(uint id, const QString &action);

private:
    void showInTray(const Notification &notification);

    QThreadPool m_calls;         ///< one thread: a desktop that hangs holds up nobody else
    QHash<uint, QString> m_runs; ///< by the id that the desktop gave; the newest ones
    QSystemTrayIcon *m_tray = nullptr;
    QString m_trayRun;
    bool m_isListening = false;
};

} // namespace orrery::ui
