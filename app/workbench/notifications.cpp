// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/notifications.h"

#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"
#include "widgets/runs/alarm_text.h"
#include "widgets/runs/breakpoint_text.h"
#include "widgets/session/engine_session.h"

#include <QAction>
#include <QSettings>

#include <array>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr double kPauseSeconds = 60; ///< between two of one run and kind

struct TopicWords {
    RunNotifications::Topic topic;
    const char *key; ///< also of the settings: "notify/alarm"
    const char *text;
};

constexpr std::array kTopics = {
    TopicWords{RunNotifications::Topic::Alarm, "alarm",
               QT_TRANSLATE_NOOP("orrery::ui::RunNotifications", "An alarm begins")},
    TopicWords{RunNotifications::Topic::Finished, "finished",
               QT_TRANSLATE_NOOP("orrery::ui::RunNotifications", "A run finishes")},
    TopicWords{RunNotifications::Topic::Failed, "failed",
               QT_TRANSLATE_NOOP("orrery::ui::RunNotifications", "A run fails")},
    TopicWords{RunNotifications::Topic::Paused, "paused",
               QT_TRANSLATE_NOOP("orrery::ui::RunNotifications", "A run pauses at a breakpoint")}};

QString settingOf(const char *key) { return u"notify/"_s + QLatin1String(key); }

bool isFailure(RunState state) { return state == RunState::Failed || state == RunState::Crashed; }

} // namespace

RunNotifications::RunNotifications(EngineSession &session, QSettings &settings,
                                   std::function<bool()> isLookedAt, QObject *parent)
    : QObject(parent), m_session(session), m_settings(settings), m_isLookedAt(std::move(isLookedAt))
{
    for (const TopicWords &words : kTopics) {
        auto *action = new QAction(tr(words.text), this);
        action->setObjectName(u"notify.%1"_s.arg(QLatin1String(words.key)));
        action->setCheckable(true);
        action->setChecked(m_settings.value(settingOf(words.key), true).toBool());
        action->setToolTip(tr("Tell it on the desktop while this window is not active"));
        connect(action, &QAction::toggled, this,
                [this, key = words.key](bool isOn) { m_settings.setValue(settingOf(key), isOn); });
        m_actions << action;
    }
    connect(&m_session, &EngineSession::runsChanged, this, &RunNotifications::takeRuns);
}

void RunNotifications::setSink(NotificationSink *sink)
{
    if (m_sink) m_sink->disconnect(this);
    m_sink = sink;
    if (m_sink) connect(m_sink, &NotificationSink::activated, this, &RunNotifications::activated);
}

bool RunNotifications::isOn(Topic topic) const
{
    return m_actions[static_cast<qsizetype>(topic)]->isChecked();
}

void RunNotifications::takeRuns()
{
    QHash<QString, Known> known;
    for (const RunStatus &status : m_session.runs()) {
        Known now{status.state, status.state == RunState::Paused && !status.pauseReason.empty(), {}};
        for (const RunAlarm &alarm : status.alarms) now.alarms.insert(static_cast<int>(alarm.kind));
        const QString run = fromStd(status.id);
        // One that was not listed is no news either: it was imported, restored, or has just been made here.
        if (const auto before = m_known.constFind(run); m_hasList && before != m_known.constEnd())
            compare(status, *before, now);
        known.insert(run, now);
    }
    m_known = std::move(known);
    m_hasList = true;
    m_toldAt.removeIf([now = wallNow()](const std::pair<const QString &, double &> &told) {
        return now - told.second > kPauseSeconds;
    });
}

void RunNotifications::compare(const RunStatus &status, const Known &before, const Known &now)
{
    const QString title = runTitle(status);
    for (const RunAlarm &alarm : status.alarms)
        if (!before.alarms.contains(static_cast<int>(alarm.kind)))
            tell(Topic::Alarm, static_cast<int>(alarm.kind), status,
                 tr("%1: %2").arg(title, alarmWord(alarm.kind)), fromStd(alarm.text), true);
    if (now.isAtBreakpoint && !before.isAtBreakpoint)
        tell(Topic::Paused, 0, status, tr("%1 is paused").arg(title), pauseSentence(status), false);
    if (now.state == before.state) return;
    if (now.state == RunState::Finished) {
        QString text = tr("%1 steps").arg(integerText(status.step));
        if (std::isfinite(status.bestValLoss))
            text += tr(", best validation loss %1").arg(lossText(status.bestValLoss));
        tell(Topic::Finished, 0, status, tr("%1 finished").arg(title), text, false);
    } else if (isFailure(now.state) && !isFailure(before.state)) {
        tell(Topic::Failed, 0, status,
             now.state == RunState::Crashed ? tr("%1 crashed").arg(title) : tr("%1 failed").arg(title),
             status.error.empty() ? runStateLine(status, wallNow()) : fromStd(status.error), true);
    }
}

void RunNotifications::tell(Topic topic, int kind, const RunStatus &status, const QString &title,
                            const QString &text, bool isUrgent)
{
    if (!m_sink || !isOn(topic) || m_isLookedAt()) return;
    const QString run = fromStd(status.id);
    const QString key = u"%1/%2/"_s.arg(static_cast<int>(topic)).arg(kind) + run;
    const double now = wallNow();
    if (const auto told = m_toldAt.constFind(key); told != m_toldAt.constEnd() && now - *told < kPauseSeconds)
        return;
    m_toldAt.insert(key, now);
    m_sink->show({run, title, text, isUrgent});
}

} // namespace orrery::ui
