// SPDX-License-Identifier: Apache-2.0
// Workers that hold a loaded model each: started when asked for, kept for the next request, at most two. They
// end on their own after some idle minutes, and with the host. Any thread.
#pragma once

#include "app/engine/host/worker_process.h"
#include "core/base/result.h"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace orrery {

struct ModelWorkersOptions {
    std::filesystem::path folder; ///< for sockets and output; short, as socket paths are
    size_t maxWorkers = 2;
    double idleSeconds = 300;
    double startSeconds = 120; ///< longest wait for a model to load
};

/// How a worker that serves a model is started. It gets no device: it takes that of the model's run, and says
/// so in the model's note where this machine has none of that kind.
WorkerCommand serveCommand(const std::string &reference, const std::string &socket, double idleSeconds,
                           int64_t threads);

class ModelWorkers {
public:
    explicit ModelWorkers(ModelWorkersOptions options) : m_options(std::move(options)) {}
    /// Ends all of them.
    ~ModelWorkers();

    struct Entry;
    /// Holds a worker so that it is not replaced while it works.
    class Lease {
    public:
        Lease(ModelWorkers &owner, std::shared_ptr<Entry> entry);
        Lease(Lease &&other) noexcept = default;
        Lease &operator=(Lease &&other) = delete;
        ~Lease();
        [[nodiscard]] const std::string &socket() const;
        /// For a worker that did not answer: returns when it has ended, so that the next acquire() starts
        /// another, or soon when it listens on, or after some seconds.
        void awaitEnd(const std::function<bool()> &isCancelled) const;

    private:
        ModelWorkers *m_owner;
        std::shared_ptr<Entry> m_entry;
    };
    /// The worker of a model, started when there is none; the least recently used idle one makes room.
    /// @param reference as `orrery-worker serve --model` understands it; different models differ in it
    /// @error Unavailable (all are at work, or it did not come up in time), Cancelled, and what the worker
    /// says (NotFound …)
    Result<Lease> acquire(const std::string &reference, const std::function<bool()> &isCancelled);
    /// Forgets workers that ended. @return number of those that live
    size_t reap();
    /// Workers that somebody waits for or reads from now.
    size_t numInUse();

private:
    Result<std::shared_ptr<Entry>> startEntry(const std::string &reference);
    Result<void> waitUntilReady(Entry &entry, const std::function<bool()> &isCancelled);
    void release(const std::shared_ptr<Entry> &entry);

    ModelWorkersOptions m_options;
    std::mutex m_mutex;
    std::vector<std::shared_ptr<Entry>> m_entries;
    uint64_t m_numStarted = 0;
    uint64_t m_clock = 0; ///< counts uses, for "least recently"
};

} // namespace orrery
