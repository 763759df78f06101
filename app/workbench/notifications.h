// SPDX-License-Identifier: GPL-3.0-or-later
// Tells on the desktop what happened to the runs while nobody looks at the window: an alarm began, a run
// finished, failed or paused at a breakpoint. Each kind can be switched off; of one run and kind, one a
// minute. GUI thread only.
#pragma once

#include "core/spec/run_records.h"

#include <QHash>
#include <QList>
#include <QObject>
#include <QSet>
#include <QString>

#include <functional>
#include <utility>
#include <vector>

class QAction;
class QSettings;

namespace orrery::ui {

class EngineSession;

struct Notification {
    QString run;
    QString title; ///< "code-7M finished"
    QString text;
    bool isUrgent = false;
};

/// Where notifications go: the desktop, or a list of a test.
class NotificationSink : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    virtual void show(const Notification &notification) = 0; ///< must not wait
Q_SIGNALS:
    void activated(const QString &run); ///< somebody clicked it
};

class RunNotifications : public QObject {
    Q_OBJECT
public:
    enum class Topic : uint8_t { Alarm, Finished, Failed, Paused };
    /// @param settings where it is remembered which kinds are switched off; owned by the caller
    /// @param isLookedAt whether the window is active: then it tells by itself
    RunNotifications(EngineSession &session, QSettings &settings, std::function<bool()> isLookedAt,
                     QObject *parent = nullptr);
    /// Without one, nothing is told. Owned by the caller, who takes it back with nullptr before it dies.
    void setSink(NotificationSink *sink);
    /// One for each kind, checked while it is told; for a menu.
    [[nodiscard]] const QList<QAction *> &actions() const { return m_actions; }

Q_SIGNALS:
    void activated(const QString &run);

private:
    struct Known {
        RunState state = RunState::Unknown;
        bool isAtBreakpoint = false;
        QSet<int> alarms; ///< kinds
    };
    void takeRuns();
    void compare(const RunStatus &status, const Known &before, const Known &now);
    void tell(Topic topic, int kind, const RunStatus &status, const QString &title, const QString &text,
              bool isUrgent);
    [[nodiscard]] bool isOn(Topic topic) const;

    EngineSession &m_session;
    QSettings &m_settings;
    std::function<bool()> m_isLookedAt;
    NotificationSink *m_sink = nullptr;
    QList<QAction *> m_actions;
    QHash<QString, Known> m_known;
    QHash<QString, double> m_toldAt; ///< by run, topic and kind
    bool m_hasList = false;          ///< what was there at the start is no news
};

} // namespace orrery::ui
