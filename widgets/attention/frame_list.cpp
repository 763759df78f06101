// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/frame_list.h"

#include "widgets/attention/frame_steps.h"

#include <algorithm>
#include <utility>

namespace orrery::ui {

FrameList::FrameList(EngineSession &session, FrameKind kind, QObject *parent)
    : QObject(parent), m_session(session), m_kind(kind)
{
}

void FrameList::reset(const QString &run, int prompt)
{
    ++m_generation;
    m_run = run;
    m_prompt = prompt;
    m_frames.clear();
    m_lastId = 0;
    m_isReading = m_mustReadAgain = m_wasRead = false;
}

void FrameList::reload()
{
    ++m_generation; // what is on its way is part of the old list
    m_isReading = m_mustReadAgain = false;
    m_lastId = 0;
    refresh();
}

void FrameList::refresh()
{
    if (m_run.isEmpty()) return;
    if (m_isReading) {
        m_mustReadAgain = true;
        return;
    }
    m_isReading = true;
    FrameQuery query;
    query.kind = m_kind;
    query.prompt = m_prompt;
    query.afterId = m_lastId;
    const bool isWhole = m_lastId == 0;
    m_session.listFrames(m_run, query, this,
                         [this, generation = m_generation, isWhole](Result<std::vector<FrameInfo>> answer) {
                             if (generation != m_generation) return;
                             m_isReading = false;
                             if (!answer.ok()) {
                                 m_mustReadAgain = false;
                                 Q_EMIT failed(answer.error());
                                 return;
                             }
                             if (isWhole) m_frames.clear();
                             m_wasRead = true;
                             take(std::move(answer).value());
                             if (generation == m_generation && std::exchange(m_mustReadAgain, false))
                                 refresh();
                         });
}

void FrameList::take(std::vector<FrameInfo> frames)
{
    const int32_t attempt = m_frames.empty() ? 0 : m_frames.back().attempt;
    const bool isNewAttempt =
        !m_frames.empty() && std::any_of(frames.begin(), frames.end(),
                                         [&](const FrameInfo &one) { return one.attempt > attempt; });
    for (FrameInfo &frame : frames) {
        m_lastId = std::max(m_lastId, frame.id);
        if (!frame.isSuperseded) m_frames.push_back(frame);
    }
    std::stable_sort(m_frames.begin(), m_frames.end(), [](const FrameInfo &a, const FrameInfo &b) {
        return a.step != b.step ? a.step < b.step : a.id < b.id;
    });
    if (isNewAttempt) {
        reload(); // which of those before it are superseded is known anew
        return;
    }
    Q_EMIT changed();
}

int FrameList::indexNear(int64_t step) const { return ui::indexNear(m_frames, step); }
int FrameList::indexOf(int64_t id) const { return ui::indexOf(m_frames, id); }

void FrameList::remove(int64_t id)
{
    const int index = indexOf(id);
    if (index < 0) return;
    m_frames.erase(m_frames.begin() + index);
    Q_EMIT changed();
}

} // namespace orrery::ui
