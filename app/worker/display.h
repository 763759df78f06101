// SPDX-License-Identifier: Apache-2.0
// Shows a training in the terminal or to a program, from a thread of its own: a reader that stops reading
// stops this thread and nothing else. Owned by the training session. One thread at a time may tell (first
// main, then the trainer); telling never waits: when the other side holds the lock, the values stay with the
// teller until the next time.
#pragma once

#include "app/worker/display_text.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace orrery::worker {

enum class DisplayMode : uint8_t { None, Bar, Json };

struct DisplayOptions {
    DisplayMode mode = DisplayMode::None;
    int jsonDescriptor = 1;
    int barDescriptor = 2;
    size_t maxQueuedReports =
        1'000'000; ///< JSON lines kept for a slow reader; the oldest go first, and it is told
};

class Display {
public:
    explicit Display(const DisplayOptions &options);
    ~Display();
    Display(const Display &) = delete;
    Display &operator=(const Display &) = delete;

    void preparing(uint64_t bytesDone, uint64_t bytesTotal);
    void report(const StepReport &report);
    void event(const RunEvent &event);
    void status(const RunStatus &status);
    /// Shows what is queued, then `lastLine` (JSON mode only), and ends the thread. Waits for a reader that
    /// is slow until giveUp() says so (asked 10 times a second). Nobody tells any more.
    void finish(const std::string &lastLine, const std::function<bool()> &giveUp);

private:
    struct Mail {
        std::vector<StepReport> reports;
        std::vector<RunEvent> events;
        std::optional<RunStatus> status;
        std::optional<std::pair<uint64_t, uint64_t>> preparing;
        [[nodiscard]] bool isEmpty() const
        {
            return reports.empty() && events.empty() && !status && !preparing;
        }
    };
    void hand();
    void moveMail();
    void loop();
    void showJson(Mail mail);
    void showBar(Mail mail);
    void updateProgress(const Mail &mail);
    void drawBar();
    bool writeAll(int descriptor, std::string_view text);

    DisplayOptions m_options;
    Mail m_pending; ///< the teller's own, until the lock is free

    std::mutex m_mutex;
    std::condition_variable m_wake;
    Mail m_mail;
    uint64_t m_numDropped = 0;
    bool m_isEnding = false;
    bool m_isDone = false;
    std::string m_lastLine;

    // The display thread's own.
    ProgressValues m_progress;
    std::deque<std::pair<double, int64_t>> m_pace; ///< monotonic seconds and step, for the time left
    std::string m_drawn; ///< the newest line in a file or pipe
    bool m_hasBegun = false; ///< the training; before there is only its preparation to show
    double m_lastDrawn = 0;
    bool m_isTerminal = false;
    bool m_isClosed = false;

    std::atomic<bool> m_isGivenUp{false};
    std::thread m_thread;
};

} // namespace orrery::worker
