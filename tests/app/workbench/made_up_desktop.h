// SPDX-License-Identifier: GPL-3.0-or-later
// The half of a desktop that shows notifications: org.freedesktop.Notifications on a bus of the test's own. Keeps what it is
// told and can be clicked. GUI thread only.
#pragma once

#include <QDBusConnection>
#include <QDBusContext>
#include <QDBusError>
#include <QDBusMessage>
#include <QObject>
#include <QStringList>
#include <QVariantMap>

#include <vector>

namespace orrery::ui {

class MadeUpDesktop : public QObject, protected QDBusContext {
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.Notifications")
public:
    struct Told {
        uint id = 0;
        QString program;
        uint replaces = 0;
        QString icon, title, body;
        QStringList actions;
        QVariantMap hints;
        int timeoutMs = 0;
    };

    explicit MadeUpDesktop(const QString &bus) : m_bus(QDBusConnection::connectToBus(bus, kName))
    {
        m_isThere = m_bus.registerObject(kPath, this, QDBusConnection::ExportAllSlots) && m_bus.registerService(kService);
    }
    ~MadeUpDesktop() override
    {
        m_bus.unregisterService(kService);
        QDBusConnection::disconnectFromBus(kName);
    }
    [[nodiscard]] bool isThere() const { return m_isThere; }
    [[nodiscard]] QString error() const { return m_bus.lastError().message(); }
    void click(uint id)
    {
        QDBusMessage signal = QDBusMessage::createSignal(kPath, kService, QStringLiteral("ActionInvoked"));
        signal << id << QStringLiteral("default");
        m_bus.send(signal);
    }

    std::vector<Told> told;
    bool isSilent = false; ///< asks are never answered

public Q_SLOTS:
    uint Notify(const QString &program, uint replaces, const QString &icon, const QString &title, const QString &body,
                const QStringList &actions, const QVariantMap &hints, int timeoutMs)
    {
        if (isSilent) {
            setDelayedReply(true);
            return 0;
        }
        told.push_back({m_next, program, replaces, icon, title, body, actions, hints, timeoutMs});
        return m_next++;
    }

private:
    static inline const QString kName = QStringLiteral("made-up desktop");
    static inline const QString kService = QStringLiteral("org.freedesktop.Notifications");
    static inline const QString kPath = QStringLiteral("/org/freedesktop/Notifications");

    QDBusConnection m_bus;
    bool m_isThere = false;
    uint m_next = 7;
};

} // namespace orrery::ui
