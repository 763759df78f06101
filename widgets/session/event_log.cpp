// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/session/event_log.h"

#include <algorithm>
#include <utility>

namespace orrery::ui {
namespace {

constexpr size_t kMaxRecent = 200;

} // namespace

EventLog::EventLog(EngineSession &session, QObject *parent) : QObject(parent), m_session(session) {}

void EventLog::setRun(const QString &run)
{
    m_run = run;
    ++m_generation;
    m_ids.clear();
    m_recent.clear();
    m_waiting.clear();
    m_lastRead = -1;
    m_hasUnnumbered = m_hasBegun = m_isReading = m_mustReadAgain = false;
}

void EventLog::read()
{
    if (m_run.isEmpty()) return;
    m_hasBegun = true;
    if (m_isReading) {
        m_mustReadAgain = true; // an answer under way may be older than the question
        return;
    }
    m_isReading = true;
    readPage();
}

void EventLog::readPage()
{
    m_session.listEvents(
        m_run, m_lastRead, this, [this, generation = m_generation](Result<std::vector<RunEvent>> page) {
            if (generation != m_generation) return;
            const qint64 before = m_lastRead;
            if (page.ok() && !page->empty()) m_lastRead = std::max(m_lastRead, page->back().id);
            const bool isFull = page.ok() && page->size() >= size_t(EngineSession::kEventPage);
            m_isReading = (isFull && m_lastRead > before) || std::exchange(m_mustReadAgain, false);
            if (page.ok())
                add(*page);
            else
                Q_EMIT failed(page.error());
            if (generation != m_generation) return; // a receiver chose another run
            if (m_isReading)
                readPage();
            else
                add(std::exchange(m_waiting, {}));
        });
}

void EventLog::addLive(const std::vector<RunEvent> &events)
{
    if (m_isReading || !m_hasBegun)
        m_waiting.insert(m_waiting.end(), events.begin(), events.end());
    else
        add(events);
}

bool EventLog::isKnown(const RunEvent &event) const
{
    if (event.id > 0 && m_ids.contains(event.id)) return true;
    if (event.id > 0 && !m_hasUnnumbered) return false;
    return std::any_of(m_recent.begin(), m_recent.end(), [&](const RunEvent &known) {
        return (known.id <= 0 || event.id <= 0) && known.step == event.step &&
               known.wallTime == event.wallTime && known.kind == event.kind && known.text == event.text;
    });
}

void EventLog::add(const std::vector<RunEvent> &events)
{
    std::vector<RunEvent> fresh;
    fresh.reserve(events.size());
    for (const RunEvent &event : events) {
        if (isKnown(event)) continue;
        if (event.id > 0) m_ids.insert(event.id);
        m_hasUnnumbered = m_hasUnnumbered || event.id <= 0;
        m_recent.push_back(event);
        if (m_recent.size() > kMaxRecent) m_recent.pop_front();
        fresh.push_back(event);
    }
    if (!fresh.empty()) Q_EMIT added(fresh);
}

} // namespace orrery::ui
