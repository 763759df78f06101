// SPDX-License-Identifier: Apache-2.0
// Private to core/store: tells a listener what was committed, on a thread of its own, so that no listener
// (there are the viewers) holds up a commit or whoever waits for one. Owned by the run writer, whose thread
// hands over.
#pragma once

#include "core/spec/run_records.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace orrery::store {

class CommitTeller {
public:
    using Listener = std::function<void(const std::vector<StepReport> &, const std::vector<RunEvent> &)>;

    /// @param onHeldUp called with true before hand() waits for the listener and with false afterwards
    CommitTeller(size_t maxUntold, std::function<void(bool)> onHeldUp)
        : m_maxUntold(maxUntold), m_onHeldUp(std::move(onHeldUp))
    {
    }
    ~CommitTeller(); ///< tells the rest first
    CommitTeller(const CommitTeller &) = delete;
    CommitTeller &operator=(const CommitTeller &) = delete;

    void start();
    /// Returns when the listener before has heard all that was handed over and is gone. One thread.
    void setListener(Listener listener);
    /// One thread. Waits only while maxUntold values are untold.
    void hand(std::vector<StepReport> reports, std::vector<RunEvent> events);

private:
    struct Batch {
        std::vector<StepReport> reports;
        std::vector<RunEvent> events;
        [[nodiscard]] size_t size() const { return reports.size() + events.size(); }
    };
    void tell();

    const size_t m_maxUntold;
    std::function<void(bool)> m_onHeldUp;

    std::mutex m_mutex;                ///< not held while the listener runs
    std::condition_variable m_wake;    ///< for the teller's thread
    std::condition_variable m_hasTold; ///< for those who wait for it
    std::deque<Batch> m_untold;
    size_t m_numUntold = 0; ///< values, with those that are being told
    uint64_t m_numHanded = 0;
    uint64_t m_numTold = 0;             ///< both in batches
    std::optional<uint64_t> m_switchAt; ///< behind so many batches the listener changes
    bool m_isEnding = false;
    Listener m_listener; ///< changed only while the teller's thread waits
    std::thread m_thread;
};

} // namespace orrery::store
