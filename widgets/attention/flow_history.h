// SPDX-License-Identifier: GPL-3.0-or-later
// How much the modalities looked at each other over a training: read from a few dozen of the kept steps that
// the feed lists, spread over all of them, while somebody looks. GUI thread only; owned by the panel.
#pragma once

#include "widgets/session/engine_session.h"

#include <map>
#include <memory>
#include <vector>

namespace orrery::ui {

class FrameFeed;

struct FlowPoint {
    int64_t step = 0;
    std::vector<ModalityFlow> flows; ///< empty: kept by an older program, without them
};

class FlowHistory : public QObject {
    Q_OBJECT
public:
    static constexpr int kMaxPoints = 64;

    /// @param feed must outlive it
    FlowHistory(EngineSession &session, const FrameFeed &feed, QObject *parent);
    ~FlowHistory() override;
    void setActive(bool isActive);
    /// In order of their steps; those without flows, too.
    [[nodiscard]] const std::vector<FlowPoint> &points() const { return m_points; }
    [[nodiscard]] int numWithFlows() const;
    [[nodiscard]] bool isReading() const { return !m_waiting.empty(); }

Q_SIGNALS:
    void changed();

private:
    void onListChanged();
    void pump();
    void take(const FrameInfo &info, const Result<AttentionFrame> &answer);
    [[nodiscard]] bool isCovered(int64_t step, int64_t within) const;

    EngineSession &m_session;
    const FrameFeed &m_feed;
    QString m_run;
    int m_prompt = -1;
    bool m_isActive = false;
    std::vector<FlowPoint> m_points;
    std::map<int64_t, std::unique_ptr<PendingRequest>> m_waiting; ///< by the frame's id
    std::vector<int64_t> m_failed;                                ///< ids that are not asked for again
};

} // namespace orrery::ui
