// SPDX-License-Identifier: Apache-2.0
#include "core/train/command_mailbox.h"

#include <linux/futex.h>
#include <memory>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

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

CommandMailbox::~CommandMailbox()
{
    close();
    while (take()) {
    }
}

bool CommandMailbox::post(Mail mail)
{
    auto node = std::make_unique<Node>(Node{std::move(mail)});
    Node *newest = m_posted.load(std::memory_order_acquire);
    do {
        if (newest == &m_closedMark) return false;
        node->next = newest;
    } while (!m_posted.compare_exchange_weak(newest, node.get(), std::memory_order_acq_rel));
    static_cast<void>(node.release());
    m_numPosted.fetch_add(1, std::memory_order_release);
    futexWake(m_numPosted);
    return true;
}

void CommandMailbox::append(Node *newestFirst)
{
    Node *oldest = nullptr;
    while (newestFirst) {
        Node *next = newestFirst->next;
        newestFirst->next = oldest;
        oldest = newestFirst;
        newestFirst = next;
    }
    Node **end = &m_oldest;
    while (*end) end = &(*end)->next;
    *end = oldest;
}

std::optional<Mail> CommandMailbox::take()
{
    if (!m_oldest && m_posted.load(std::memory_order_relaxed) != &m_closedMark) {
        // Before the exchange: what comes behind it changes the word again, see sleep().
        m_numSeen = m_numPosted.load(std::memory_order_acquire);
        append(m_posted.exchange(nullptr, std::memory_order_acq_rel));
    }
    if (!m_oldest) return std::nullopt;
    const std::unique_ptr<Node> node(std::exchange(m_oldest, m_oldest->next));
    return std::move(node->mail);
}

void CommandMailbox::close()
{
    Node *rest = m_posted.exchange(&m_closedMark, std::memory_order_acq_rel);
    if (rest != &m_closedMark) append(rest);
}

void CommandMailbox::sleep(std::chrono::milliseconds atMost)
{
    // Whatever was posted after the last take() changed the word, so the kernel does not let us sleep over
    // it.
    futexWait(m_numPosted, m_numSeen, atMost);
}

} // namespace orrery
