// SPDX-License-Identifier: Apache-2.0
// Commands and questions on their way to the trainer. Posting is lock-free from any thread; the trainer takes
// them at step boundaries and never waits for a poster. Closing decides for each at one instant: it was taken
// in before and will be taken out, or its poster is told that it was refused. Source: Treiber's stack (1986),
// emptied by the trainer in one exchange and turned round.
#pragma once

#include "core/engine_api/trainer.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>

namespace orrery {

struct LiveQuestion;

/// A command, or a question where there is one.
struct Mail {
    ControlCommand command;
    std::shared_ptr<LiveQuestion> question = nullptr;
};

class CommandMailbox {
public:
    CommandMailbox() = default;
    ~CommandMailbox();
    CommandMailbox(const CommandMailbox &) = delete;
    CommandMailbox &operator=(const CommandMailbox &) = delete;

    /// Any thread; a failed allocation is the only thing that can stop it.
    /// @return false: the mailbox is closed and the mail was not taken in
    [[nodiscard]] bool post(Mail mail);
    [[nodiscard]] bool post(const ControlCommand &command) { return post(Mail{.command = command}); }
    /// Trainer thread only.
    std::optional<Mail> take();
    /// Trainer thread only: refuses every later post; what was taken in before is still there to take.
    void close();
    /// Trainer thread only: sleeps in the kernel until something is posted or the time is over.
    void sleep(std::chrono::milliseconds atMost);

private:
    struct Node {
        Mail mail;
        Node *next = nullptr;
    };
    void append(Node *newestFirst);

    Node m_closedMark;                     ///< stands in m_posted for "closed"
    std::atomic<Node *> m_posted{nullptr}; ///< newest first
    std::atomic<uint32_t> m_numPosted{0};
    // The trainer's own.
    uint32_t m_numSeen = 0;
    Node *m_oldest = nullptr; ///< taken over, oldest first
};

} // namespace orrery
