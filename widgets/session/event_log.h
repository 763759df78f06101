// SPDX-License-Identifier: GPL-3.0-or-later
// All events of one run, each once and in order: the stored ones page by page, then the live ones. GUI thread
// only; owned by a panel's feed.
#pragma once

#include "widgets/session/engine_session.h"

#include <QObject>

#include <deque>
#include <unordered_set>
#include <vector>

namespace orrery::ui {

class EventLog : public QObject {
    Q_OBJECT
public:
    explicit EventLog(EngineSession &session, QObject *parent = nullptr);
    /// Forgets the run before. Nothing is read yet, and live events wait until read(). Empty: no run.
    void setRun(const QString &run);
    /// Reads what is stored beyond what was read so far, to its end. While it does, live events wait.
    void read();
    void addLive(const std::vector<RunEvent> &events);
    [[nodiscard]] bool isReading() const { return m_isReading; }

Q_SIGNALS:
    void added(const std::vector<orrery::RunEvent> &events); ///< more follow at once while isReading()
    void failed(const orrery::Error &error);                 ///< the stored ones could not be read

private:
    void readPage();
    void add(const std::vector<RunEvent> &events);
    [[nodiscard]] bool isKnown(const RunEvent &event) const;

    EngineSession &m_session;
    QString m_run;
    quint64 m_generation = 0; ///< of setRun; answers for an earlier one are dropped
    std::unordered_set<int64_t> m_ids;
    std::deque<RunEvent> m_recent; ///< to know one again that came live without its number
    bool m_hasUnnumbered = false;
    std::vector<RunEvent> m_waiting;
    int64_t m_lastRead = -1; ///< of a page; what came live may lie beyond a gap
    bool m_hasBegun = false;
    bool m_isReading = false;
    bool m_mustReadAgain = false;
};

} // namespace orrery::ui
