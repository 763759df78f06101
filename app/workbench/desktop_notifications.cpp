// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/desktop_notifications.h"

#include <QApplication>
#include <QMetaObject>
#include <QStyle>
#include <QSystemTrayIcon>

#ifdef ORRERY_HAS_DBUS
#include <QDBusConnection>
#include <QDBusMessage>
#endif

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr qsizetype kMaxRemembered = 64, kMaxText = 400;

#ifdef ORRERY_HAS_DBUS
const QString kService = u"org.freedesktop.Notifications"_s;
const QString kPath = u"/org/freedesktop/Notifications"_s;
const QString kProgram = u"org.orrery.Orrery"_s; ///< of its desktop file and its icon
constexpr int kTimeoutMs = 2'000;

/// @return the id that the desktop gave; 0: there is nobody who shows it
uint notify(const Notification &what, const QString &showText)
{
    QDBusMessage message = QDBusMessage::createMethodCall(kService, kPath, kService, u"Notify"_s);
    QVariantMap hints{{u"desktop-entry"_s, kProgram}};
    hints.insert(u"urgency"_s, QVariant::fromValue(uchar(what.isUrgent ? 2 : 1)));
    // The body is markup there; a name or an error is plain text.
    message << u"Orrery"_s << uint(0) << kProgram << what.title << what.text.left(kMaxText).toHtmlEscaped()
            << QStringList{u"default"_s, showText} << hints << -1;
    const QDBusMessage reply = QDBusConnection::sessionBus().call(message, QDBus::Block, kTimeoutMs);
    return reply.type() == QDBusMessage::ReplyMessage && !reply.arguments().isEmpty()
               ? reply.arguments().front().toUInt()
               : 0;
}
#endif

} // namespace

DesktopNotifications::DesktopNotifications(QObject *parent) : NotificationSink(parent)
{
    m_calls.setMaxThreadCount(1);
}

DesktopNotifications::~DesktopNotifications()
{
    m_calls.clear();
    m_calls.waitForDone();
}

void DesktopNotifications::show(const Notification &notification)
{
#ifdef ORRERY_HAS_DBUS
    m_calls.start([this, notification, showText = tr("Show the run")] {
        const uint id = notify(notification, showText);
        QMetaObject::invokeMethod(this, [this, id, notification] {
            if (id == 0) return showInTray(notification);
            if (m_runs.size() >= kMaxRemembered) m_runs.clear();
            m_runs.insert(id, notification.run);
            if (!m_isListening)
                m_isListening = QDBusConnection::sessionBus().connect(
                    kService, kPath, kService, u"ActionInvoked"_s, this, SLOT(onAction(uint, QString)));
        });
    });
#else
    showInTray(notification);
#endif
}

void DesktopNotifications::onAction(uint id, const QString &)
{
    if (const auto run = m_runs.constFind(id); run != m_runs.constEnd()) Q_EMIT activated(*run);
}

void DesktopNotifications::showInTray(const Notification &notification)
{
    if (!QSystemTrayIcon::isSystemTrayAvailable() || !QSystemTrayIcon::supportsMessages()) return;
    if (!m_tray) {
        QIcon icon = QApplication::windowIcon();
        if (icon.isNull()) icon = QApplication::style()->standardIcon(QStyle::SP_MessageBoxInformation);
        m_tray = new QSystemTrayIcon(icon, this);
        m_tray->setToolTip(u"Orrery"_s);
        connect(m_tray, &QSystemTrayIcon::messageClicked, this, [this] { Q_EMIT activated(m_trayRun); });
    }
    m_trayRun = notification.run;
    m_tray->show(); // a balloon needs its icon
    m_tray->showMessage(notification.title, notification.text.left(kMaxText),
                        notification.isUrgent ? QSystemTrayIcon::Warning : QSystemTrayIcon::Information);
}

} // namespace orrery::ui
