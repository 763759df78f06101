// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/frame_feed.h"

#include "widgets/common/number_text.h"

#include <algorithm>
#include <utility>

namespace orrery::ui {

FrameFeed::FrameFeed(EngineSession &session, QObject *parent)
    : QObject(parent), m_session(session), m_list(session, FrameKind::Overview, this),
      m_details(session, FrameKind::Heads, this)
{
    m_playTimer.setTimerType(Qt::PreciseTimer);
    setFramesPerSecond(m_rate);
    connect(&m_list, &FrameList::changed, this, &FrameFeed::onListChanged);
    connect(&m_list, &FrameList::failed, this, &FrameFeed::failed);
    connect(&m_details, &FrameList::changed, this, &FrameFeed::rebuild);
    connect(&m_details, &FrameList::failed, this, &FrameFeed::failed);
    connect(&session, &EngineSession::updated, this, &FrameFeed::onUpdated);
    connect(&session, &EngineSession::runsChanged, this, [this] {
        for (const RunStatus &status : m_session.runs())
            if (fromStd(status.id) == m_run) noteFrames(status);
    });
    connect(&m_playTimer, &QTimer::timeout, this, [this] {
        if (isLoading()) return; // the picture keeps the pace, not the clock
        if (m_index + 1 >= std::ssize(steps())) {
            setPlaying(false);
            return;
        }
        stand(m_index + 1);
    });
}

FrameFeed::~FrameFeed()
{
    if (m_isWatching) m_session.unwatch(m_run);
}

void FrameFeed::setActive(bool isActive)
{
    if (isActive == m_isActive) return;
    m_isActive = isActive;
    if (!isActive) {
        setPlaying(false);
        m_waiting.clear();
        if (std::exchange(m_isWatching, false)) m_session.unwatch(m_run);
        return;
    }
    if (m_run.isEmpty()) return;
    m_isWatching = true;
    m_session.watch(m_run);
    if (m_mustRead || !m_list.wasRead())
        readList();
    else
        pump();
}

void FrameFeed::setRun(const QString &run)
{
    if (run == m_run) return;
    if (std::exchange(m_isWatching, false)) m_session.unwatch(m_run);
    m_run = run;
    m_newestKnown = 0;
    m_steps.forget();
    m_prompt = -1;
    setPrompt(0);
    if (m_isActive && !run.isEmpty()) {
        m_isWatching = true;
        m_session.watch(run);
    }
}

void FrameFeed::setPrompt(int prompt)
{
    if (prompt == m_prompt) return;
    m_prompt = prompt;
    m_waiting.clear();
    m_cache.clear();
    m_list.reset(m_run, prompt);
    m_details.reset(m_run, prompt);
    m_steps.build({}, {});
    m_shown = m_base = m_detail = m_baseDetail = m_overview = m_overviewBase = nullptr;
    m_isShownStarred = false;
    m_index = -1;
    m_standingId = m_failedId = 0;
    m_wantedStep = m_baseStep = std::nullopt;
    m_waitingStep = m_waitingBaseStep = std::nullopt;
    m_isFollowing = true;
    m_playTimer.stop();
    m_mustRead = true;
    if (m_isActive) readList();
    Q_EMIT listChanged();
    Q_EMIT placeChanged();
    Q_EMIT shownChanged();
}

void FrameFeed::readList()
{
    if (m_run.isEmpty()) return;
    m_mustRead = false;
    m_list.refresh();
    if (m_wantsDetail) m_details.refresh();
}

void FrameFeed::retry()
{
    m_failedId = 0;
    if (!m_isActive) return;
    readList();
    pump();
}

void FrameFeed::onUpdated(const RunUpdate &update)
{
    if (update.run != m_run || m_run.isEmpty()) return;
    if (update.mustReplay || update.numDropped > 0) {
        m_mustRead = true;
        if (m_isActive) readList();
        return;
    }
    noteFrames(update.status);
}

void FrameFeed::noteFrames(const RunStatus &status)
{
    if (status.lastFrameId <= m_newestKnown) return;
    m_newestKnown = status.lastFrameId;
    m_mustRead = true;
    if (m_isActive) readList();
}

void FrameFeed::setHeads(const std::vector<HeadRef> &heads)
{
    if (heads == m_steps.heads()) return;
    m_steps.setHeads(heads);
    rebuild();
}

/// Another page, or other frames of starred heads.
void FrameFeed::rebuild()
{
    if (m_steps.build(m_list.frames(), m_details.frames())) placeAgain();
    pump();
}

void FrameFeed::onListChanged()
{
    m_steps.build(m_list.frames(), m_details.frames());
    if (!steps().empty() && m_waitingBaseStep) m_baseStep = std::exchange(m_waitingBaseStep, {});
    placeAgain();
    pump();
}

/// Where we stand among the steps as they are now.
void FrameFeed::placeAgain()
{
    const auto count = static_cast<int>(steps().size());
    if (count > 0 && m_waitingStep) {
        m_wantedStep = std::exchange(m_waitingStep, {});
        m_index = m_steps.indexNear(*m_wantedStep);
        m_isFollowing = false;
    } else if (m_isFollowing || m_index < 0) {
        m_index = count - 1;
    } else {
        // Frames before ours may have gone, and a page of starred heads may have the very step.
        const int same = m_steps.indexOf(m_standingId);
        if (m_wantedStep && (same < 0 || steps()[size_t(same)].step != *m_wantedStep))
            m_index = m_steps.indexNear(*m_wantedStep);
        else
            m_index = same >= 0 ? same : std::min(m_index, count - 1);
    }
    m_standingId = wantedId();
    Q_EMIT listChanged();
    Q_EMIT placeChanged();
}

std::optional<int64_t> FrameFeed::missedStep() const
{
    if (!m_wantedStep || m_isFollowing || m_index < 0 || steps()[size_t(m_index)].step == *m_wantedStep)
        return std::nullopt;
    const bool isLeftOut = std::binary_search(leftOut().begin(), leftOut().end(), *m_wantedStep);
    return isLeftOut ? m_wantedStep : std::nullopt;
}

int64_t FrameFeed::wantedId() const
{
    return m_index < 0 || m_index >= std::ssize(steps()) ? 0 : steps()[size_t(m_index)].id;
}

void FrameFeed::goTo(int index)
{
    setPlaying(false);
    const auto count = static_cast<int>(steps().size());
    if (count == 0) return;
    stand(std::clamp(index, 0, count - 1));
}

void FrameFeed::goToStep(int64_t step)
{
    if (steps().empty()) {
        m_waitingStep = step;
        return;
    }
    goTo(m_steps.indexNear(step));
    m_wantedStep = step; // a page that is still to come may have it
}

void FrameFeed::follow()
{
    if (!steps().empty()) goTo(static_cast<int>(steps().size()) - 1);
    m_isFollowing = true;
    Q_EMIT placeChanged();
}

void FrameFeed::stand(int index)
{
    m_direction = index < m_index ? -1 : 1;
    m_index = index;
    m_standingId = wantedId();
    m_wantedStep = steps()[size_t(index)].step;
    m_isFollowing = !isPlaying() && index == std::ssize(steps()) - 1;
    Q_EMIT placeChanged();
    pump();
}

void FrameFeed::setPlaying(bool isPlaying)
{
    if (isPlaying == m_playTimer.isActive()) return;
    if (!isPlaying) {
        m_playTimer.stop();
        m_isFollowing = m_index >= 0 && m_index == std::ssize(steps()) - 1;
        Q_EMIT placeChanged();
        return;
    }
    if (steps().size() < 2 || !m_isActive) return;
    m_playTimer.start();
    stand(m_index + 1 >= std::ssize(steps()) ? 0 : m_index);
}

void FrameFeed::setFramesPerSecond(int rate)
{
    m_rate = std::clamp(rate, 1, 60);
    m_playTimer.setInterval(1000 / m_rate);
}

void FrameFeed::setBase(int index)
{
    if (index < 0 || index >= std::ssize(steps())) return;
    m_baseStep = steps()[size_t(index)].step;
    Q_EMIT placeChanged();
    pump();
}

void FrameFeed::setBaseStep(int64_t step)
{
    if (steps().empty()) {
        m_waitingBaseStep = step;
        return;
    }
    setBase(m_steps.indexNear(step));
    m_baseStep = step;
}

int FrameFeed::baseIndex() const
{
    if (steps().empty()) return -1;
    return m_baseStep ? m_steps.indexNear(*m_baseStep) : 0;
}

void FrameFeed::setWantsBase(bool isWanted)
{
    if (isWanted == m_wantsBase) return;
    m_wantsBase = isWanted;
    pump();
}

void FrameFeed::setWantsDetail(bool isWanted)
{
    if (isWanted == m_wantsDetail) return;
    m_wantsDetail = isWanted;
    if (isWanted && m_isActive && !m_details.wasRead()) m_details.refresh();
    pump();
}

} // namespace orrery::ui
