// SPDX-License-Identifier: Apache-2.0
// Commands on their way to the trainer. Posting is wait-free from any thread; the trainer takes them at step
// boundaries and never waits for a poster: one that was interrupted half-way is met at the next boundary.
// Source: Vyukov's non-intrusive multi-producer single-consumer queue.
#pragma once

#include "core/engine_api/trainer.h"

#include <atomic>
#include <chrono>
#include <optional>

namespace orrery {

class CommandMailbox {
public:
    CommandMailbox();
    ~CommandMailbox();
    CommandMailbox(const CommandMailbox &) = delete;
    CommandMailbox &operator=(const CommandMailbox &) = delete;

    /// Any thread; a failed allocation is the only thing that can stop it.
    void post(const ControlCommand &command);
    /// Trainer thread only.
    std::optional<ControlCommand> take();
    /// Trainer thread only: sleeps in the kernel until something is posted or the time is over.
    void sleep(std::chrono::milliseconds atMost);

private:
    struct Node {
        std::atomic<Node *> next{nullptr};
        ControlCommand command;
    };

    std::atomic<Node *> m_newest;
    Node *m_oldest; ///< already taken; its successor is the next command
    std::atomic<uint32_t> m_numPosted{0};
    uint32_t m_numSeen = 0;
};

} // namespace orrery
