// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/run_feed.h"

#include "widgets/common/number_text.h"

#include <tuple>

namespace orrery::ui {

bool isNewsOfList(const RunStatus &listed, const RunStatus &streamed)
{
    if (listed.attempt < streamed.attempt) return false; // its end is that of the attempt before
    if (isLiveState(streamed.state) && !isLiveState(listed.state)) return true;
    const auto place = [](const RunStatus &status) {
        return std::tie(status.attempt, status.step, status.lastReportAt);
    };
    return place(listed) >= place(streamed);
}

RunFeed::RunFeed(EngineSession &session, QObject *parent)
    : QObject(parent), m_session(session), m_log(session)
{
    connect(&session, &EngineSession::runsChanged, this, &RunFeed::readRuns);
    connect(&session, &EngineSession::updated, this, [this](const RunUpdate &update) {
        if (m_run.isEmpty() || update.run != m_run) return;
        takeStatus(update.status);
        // First, so that the events of this update stand behind those that were missed.
        if (update.mustReplay || update.numDropped > 0) m_log.read();
        m_log.addLive(update.events);
    });
    connect(&m_log, &EventLog::added, this, [this](const std::vector<RunEvent> &events) {
        m_events.insert(m_events.end(), events.begin(), events.end());
        Q_EMIT eventsAdded(events);
    });
    connect(&m_log, &EventLog::failed, this, &RunFeed::failed);
}

RunFeed::~RunFeed()
{
    if (!m_run.isEmpty()) m_session.unwatch(m_run);
}

void RunFeed::setRun(const QString &run)
{
    if (run == m_run) return;
    if (!m_run.isEmpty()) m_session.unwatch(m_run);
    m_run = run;
    m_status.reset();
    m_events.clear();
    m_log.setRun(run);
    Q_EMIT runChanged();
    if (run.isEmpty()) return;
    m_session.watch(run);
    readRuns();
}

void RunFeed::readRuns()
{
    const std::string id = toStd(m_run);
    for (const RunStatus &status : m_session.runs()) {
        if (status.id != id) continue;
        if (!m_status || isNewsOfList(status, *m_status)) takeStatus(status);
        return;
    }
}

void RunFeed::takeStatus(const RunStatus &status)
{
    if (fromStd(status.id) != m_run) return;
    m_status = status;
    Q_EMIT statusChanged();
}

} // namespace orrery::ui
