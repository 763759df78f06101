// SPDX-License-Identifier: Apache-2.0
#include "app/engine/host/model_workers.h"

#include "core/base/platform.h"
#include "core/base/text.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <unistd.h>

namespace orrery {

namespace {

using Milliseconds = std::chrono::milliseconds;
constexpr useconds_t kPollMicroseconds = 20'000;
constexpr int kMaxEndPolls = 250; ///< a killed process that held gigabytes is not gone at once

} // namespace

WorkerCommand serveCommand(const std::string &reference, const std::string &socket, double idleSeconds,
                           int64_t threads)
{
    WorkerCommand command;
    command.threads = threads;
    command.arguments = {"serve",
                         "--model",
                         reference,
                         "--socket",
                         socket,
                         "--idle-seconds",
                         formatSignificant(idleSeconds, 6),
                         "--threads",
                         std::to_string(threads)};
    return command;
}

struct ModelWorkers::Entry {
    std::string reference;
    std::string socket;
    std::filesystem::path output;
    int numUsers = 0;     ///< under the owner's mutex
    uint64_t lastUse = 0; ///< under the owner's mutex
    std::mutex mutex;     ///< of the two below; held for moments only
    WorkerProcess process;
    bool isReady = false;

    std::optional<int> exit()
    {
        const std::lock_guard lock(mutex);
        return process.wait(Milliseconds(0));
    }
    void end()
    {
        const std::lock_guard lock(mutex);
        process.signal(SIGTERM);
    }
    void removeFiles() const
    {
        std::error_code ignored;
        std::filesystem::remove(socket, ignored);
        std::filesystem::remove(output, ignored);
    }
};

ModelWorkers::Lease::Lease(ModelWorkers &owner, std::shared_ptr<Entry> entry)
    : m_owner(&owner), m_entry(std::move(entry))
{
}

ModelWorkers::Lease::~Lease()
{
    if (m_entry) m_owner->release(m_entry);
}

const std::string &ModelWorkers::Lease::socket() const { return m_entry->socket; }

void ModelWorkers::Lease::awaitEnd(const std::function<bool()> &isCancelled) const
{
    // A dying process closes its sockets one by one and can be reaped after that.
    int numListening = 0;
    for (int poll = 0; poll < kMaxEndPolls && !m_entry->exit() && !isCancelled(); ++poll) {
        numListening = isListening(m_entry->socket) ? numListening + 1 : 0;
        if (numListening > 2) return;
        ::usleep(kPollMicroseconds);
    }
}

ModelWorkers::~ModelWorkers()
{
    for (const auto &entry : m_entries) entry->end();
    for (const auto &entry : m_entries) {
        const std::lock_guard lock(entry->mutex);
        if (!entry->process.wait(Milliseconds(2000))) {
            entry->process.signal(SIGKILL);
            entry->process.wait(Milliseconds(2000));
        }
        entry->removeFiles();
    }
}

void ModelWorkers::release(const std::shared_ptr<Entry> &entry)
{
    const std::lock_guard lock(m_mutex);
    --entry->numUsers;
    entry->lastUse = ++m_clock;
}

size_t ModelWorkers::reap()
{
    const std::lock_guard lock(m_mutex);
    std::erase_if(m_entries, [](const std::shared_ptr<Entry> &entry) {
        // One that somebody waits for is left to him: its last words are his answer.
        if (entry->numUsers > 0 || !entry->exit()) return false;
        entry->removeFiles();
        return true;
    });
    return m_entries.size();
}

size_t ModelWorkers::numInUse()
{
    const std::lock_guard lock(m_mutex);
    return static_cast<size_t>(std::count_if(m_entries.begin(), m_entries.end(),
                                             [](const auto &entry) { return entry->numUsers > 0; }));
}

Result<std::shared_ptr<ModelWorkers::Entry>> ModelWorkers::startEntry(const std::string &reference)
{
    auto entry = std::make_shared<Entry>();
    entry->reference = reference;
    const std::string name = "model-" + std::to_string(::getpid()) + "-" + std::to_string(++m_numStarted);
    entry->socket = (m_options.folder / (name + ".sock")).string();
    entry->output = m_options.folder / (name + ".log");
    const int64_t threads = std::max(1, cpuInfo().numLogical - 1);
    ORRERY_ASSIGN(entry->process,
                  WorkerProcess::spawn(serveCommand(reference, entry->socket, m_options.idleSeconds, threads),
                                       entry->output));
    return entry;
}

Result<void> ModelWorkers::waitUntilReady(Entry &entry, const std::function<bool()> &isCancelled)
{
    const double until = monotonicSeconds() + m_options.startSeconds;
    while (monotonicSeconds() < until) {
        {
            const std::lock_guard lock(entry.mutex);
            if (entry.isReady && !entry.process.wait(Milliseconds(0))) return {};
            if (const std::optional<int> exit = entry.process.wait(Milliseconds(0))) {
                if (*exit == 0)
                    return Error{ErrorCode::Unavailable,
                                 "Cannot use model \"" + entry.reference + "\": its worker has just ended.",
                                 "Ask again."};
                return lastWorkerError(entry.output, *exit);
            }
            if (isListening(entry.socket)) {
                entry.isReady = true;
                return {};
            }
        }
        if (isCancelled && isCancelled())
            return Error{ErrorCode::Cancelled,
                         "Cannot load model \"" + entry.reference + "\": it was cancelled.", ""};
        ::usleep(kPollMicroseconds);
    }
    return Error{ErrorCode::Unavailable,
                 "Cannot use model \"" + entry.reference + "\": its worker does not listen after " +
                     formatDuration(m_options.startSeconds) + ".",
                 "See \"" + entry.output.string() + "\"."};
}

Result<ModelWorkers::Lease> ModelWorkers::acquire(const std::string &reference,
                                                  const std::function<bool()> &isCancelled)
{
    std::shared_ptr<Entry> entry;
    std::unique_lock lock(m_mutex);
    for (auto it = m_entries.begin(); it != m_entries.end();) {
        const bool hasEnded = (*it)->exit().has_value();
        if (hasEnded && (*it)->numUsers == 0) (*it)->removeFiles();
        if (!hasEnded && (*it)->reference == reference) entry = *it;
        if (hasEnded)
            it = m_entries.erase(it);
        else
            ++it;
    }
    if (!entry) {
        while (m_entries.size() >= m_options.maxWorkers) {
            auto oldest = m_entries.end();
            for (auto it = m_entries.begin(); it != m_entries.end(); ++it)
                if ((*it)->numUsers == 0 &&
                    (oldest == m_entries.end() || (*it)->lastUse < (*oldest)->lastUse))
                    oldest = it;
            if (oldest == m_entries.end())
                return Error{ErrorCode::Unavailable,
                             "Cannot load model \"" + reference +
                                 "\": " + std::to_string(m_options.maxWorkers) +
                                 " other models are generating, expected a free place.",
                             "Stop one of the generations, then try again."};
            (*oldest)->end();
            (*oldest)->removeFiles();
            m_entries.erase(oldest);
        }
        ORRERY_ASSIGN(entry, startEntry(reference));
        m_entries.push_back(entry);
    }
    ++entry->numUsers;
    entry->lastUse = ++m_clock;
    lock.unlock();

    Lease lease(*this, entry);
    ORRERY_TRY(waitUntilReady(*entry, isCancelled));
    return lease;
}

} // namespace orrery
