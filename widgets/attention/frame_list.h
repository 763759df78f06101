// SPDX-License-Identifier: GPL-3.0-or-later
// Which frames a run has kept for one probe prompt, and the new ones as they come. GUI thread only; owned by
// the feed.
#pragma once

#include "widgets/session/engine_session.h"

#include <vector>

namespace orrery::ui {

class FrameList : public QObject {
    Q_OBJECT
public:
    FrameList(EngineSession &session, FrameKind kind, QObject *parent);
    /// Forgets what it has; refresh() asks.
    void reset(const QString &run, int prompt);
    /// Asks for what came since. At most one question is under way; one more follows when it was asked
    /// meanwhile.
    void refresh();
    /// From the first on: frames that a later attempt wrote again are no longer part of it.
    void reload();
    /// In order of their steps; without those that a later attempt superseded.
    [[nodiscard]] const std::vector<FrameInfo> &frames() const { return m_frames; }
    [[nodiscard]] bool wasRead() const { return m_wasRead; }
    [[nodiscard]] bool isReading() const { return m_isReading; }
    [[nodiscard]] int64_t lastId() const { return m_lastId; }
    /// Nearest by step; -1 when there are none.
    [[nodiscard]] int indexNear(int64_t step) const;
    /// -1 when it is gone.
    [[nodiscard]] int indexOf(int64_t id) const;
    void remove(int64_t id); ///< it was thinned out

Q_SIGNALS:
    void changed();
    void failed(const orrery::Error &error);

private:
    void take(std::vector<FrameInfo> frames);

    EngineSession &m_session;
    FrameKind m_kind;
    QString m_run;
    int m_prompt = 0;
    std::vector<FrameInfo> m_frames;
    int64_t m_lastId = 0;
    quint64 m_generation = 0;
    bool m_isReading = false, m_mustReadAgain = false, m_wasRead = false;
};

} // namespace orrery::ui
