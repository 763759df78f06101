// SPDX-License-Identifier: Apache-2.0
#include "core/train/command_mailbox.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace orrery {
namespace {

// std::atomic::wait has no time limit, and a paused trainer must also notice signals.
void futexWait(std::atomic<uint32_t> &word, uint32_t expected, std::chrono::milliseconds atMost)
{
    const timespec limit{.tv_sec = atMost.count() / 1000, .tv_nsec = (atMost.count() % 1000) * 1'000'000};
    syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAIT_PRIVATE, expected, &limit, nullptr, 0);
}

void futexWake(std::atomic<uint32_t> &word)
{
    syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

} // namespace

static_assert(std::atomic<uint32_t>::is_always_lock_free);

CommandMailbox::CommandMailbox() : m_newest(new Node), m_oldest(m_newest.load()) {}

CommandMailbox::~CommandMailbox()
{
    while (m_oldest) {
        Node *next = m_oldest->next.load();
        delete m_oldest;
        m_oldest = next;
    }
}

void CommandMailbox::post(const ControlCommand &command)
{
    Node *node = new Node;
    node->command = command;
    Node *previous = m_newest.exchange(node, std::memory_order_acq_rel);
    previous->next.store(node, std::memory_order_release);
    m_numPosted.fetch_add(1, std::memory_order_release);
    futexWake(m_numPosted);
}

std::optional<ControlCommand> CommandMailbox::take()
{
    m_numSeen = m_numPosted.load(std::memory_order_acquire);
    Node *next = m_oldest->next.load(std::memory_order_acquire);
    if (!next) return std::nullopt;
    delete m_oldest;
    m_oldest = next;
    return next->command;
}

void CommandMailbox::sleep(std::chrono::milliseconds atMost)
{
    // Whatever was posted after the last take() changed the word, so the kernel does not let us sleep over
    // it.
    futexWait(m_numPosted, m_numSeen, atMost);
}

} // namespace orrery
