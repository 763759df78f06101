// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/run_feed.h"

#include "widgets/common/number_text.h"

#include <algorithm>
#include <utility>

namespace orrery::ui {

RunFeed::RunFeed(EngineSession &session, QObject *parent) : QObject(parent), m_session(session)
{
    connect(&session, &EngineSession::runsChanged, this, &RunFeed::readRuns);
    connect(&session, &EngineSession::updated, this, [this](const RunUpdate &update) {
        if (m_run.isEmpty() || update.run != m_run) return;
        takeStatus(update.status);
        if (update.mustReplay || update.numDropped > 0) {
            m_isAttaching = false;
            readEvents();
        }
        // While the history is on its way, what is live waits, so that the log stays in order.
        if (m_isAttaching || m_numReading > 0)
            m_waiting.insert(m_waiting.end(), update.events.begin(), update.events.end());
        else
            addEvents(update.events);
    });
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
    m_waiting.clear();
    m_ids.clear();
    m_lastId = -1;
    m_numReading = 0;
    m_isAttaching = !run.isEmpty();
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
        takeStatus(status);
        return;
    }
}

void RunFeed::takeStatus(const RunStatus &status)
{
    if (fromStd(status.id) != m_run) return;
    m_status = status;
    Q_EMIT statusChanged();
}

void RunFeed::readEvents()
{
    m_numReading += 1;
    m_session.listEvents(m_run, m_lastId, this, [this, run = m_run](Result<std::vector<RunEvent>> reply) {
        if (run != m_run) return;
        m_numReading -= 1;
        if (!reply)
            Q_EMIT failed(reply.error());
        else
            addEvents(*reply);
        if (m_numReading == 0) addEvents(std::exchange(m_waiting, {}));
    });
}

bool RunFeed::isKnown(const RunEvent &event) const
{
    if (event.id > 0 && m_ids.contains(event.id)) return true;
    // The same event may come live, not numbered yet, and again from the store.
    const auto window = static_cast<std::ptrdiff_t>(std::min<size_t>(m_events.size(), 200));
    return std::any_of(m_events.end() - window, m_events.end(), [&](const RunEvent &known) {
        return (known.id <= 0 || event.id <= 0) && known.step == event.step &&
               known.wallTime == event.wallTime && known.kind == event.kind && known.text == event.text;
    });
}

void RunFeed::addEvents(const std::vector<RunEvent> &events)
{
    const size_t before = m_events.size();
    for (const RunEvent &event : events) {
        if (isKnown(event)) continue;
        if (event.id > 0) m_ids.insert(event.id);
        m_lastId = std::max(m_lastId, event.id);
        m_events.push_back(event);
    }
    if (m_events.size() == before) return;
    Q_EMIT eventsAdded({m_events.begin() + static_cast<std::ptrdiff_t>(before), m_events.end()});
}

} // namespace orrery::ui
