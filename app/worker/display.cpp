// SPDX-License-Identifier: Apache-2.0
#include "app/worker/display.h"

#include "app/worker/thread_name.h"
#include "core/base/platform.h"
#include "core/base/text.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <limits>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace orrery::worker {

namespace {

constexpr auto kPollInterval = std::chrono::milliseconds(50);
constexpr double kRedrawSeconds = 0.1; ///< terminal
constexpr double kLineSeconds = 5.0;   ///< file or pipe
constexpr double kPaceSeconds = 30.0;  ///< the time left follows the speed of this long

int terminalColumns(int descriptor)
{
    winsize size{};
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 100;
}

template <typename T> void appendAll(std::vector<T> &to, std::vector<T> &from)
{
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
    from.clear();
}

} // namespace

Display::Display(const DisplayOptions &options) : m_options(options)
{
    const double unknown = std::numeric_limits<double>::quiet_NaN();
    m_progress.loss = m_progress.valLoss = m_progress.tokensPerSecond = m_progress.etaSeconds = unknown;
    m_isTerminal = isatty(options.barDescriptor) == 1;
    if (m_options.mode != DisplayMode::None)
        m_thread = std::thread([this] {
            nameThread("display");
            loop();
        });
}

Display::~Display()
{
    finish("", [] { return true; });
}

void Display::preparing(uint64_t bytesDone, uint64_t bytesTotal)
{
    m_pending.preparing = {bytesDone, bytesTotal};
    hand();
}

void Display::report(const StepReport &report)
{
    if (m_options.mode == DisplayMode::None) return;
    m_pending.reports.push_back(report);
    hand();
}

void Display::event(const RunEvent &event)
{
    if (m_options.mode != DisplayMode::Bar || !isShownInTerminal(event.kind)) return;
    if (event.text.empty()) return; // a note that was taken away
    m_pending.events.push_back(event);
    hand();
}

void Display::status(const RunStatus &status)
{
    if (m_options.mode != DisplayMode::Bar) return;
    m_pending.status = status;
    hand();
}

void Display::hand()
{
    const std::unique_lock lock(m_mutex, std::try_to_lock);
    if (lock.owns_lock()) moveMail();
}

void Display::moveMail()
{
    appendAll(m_mail.reports, m_pending.reports);
    appendAll(m_mail.events, m_pending.events);
    if (m_pending.status) m_mail.status = std::exchange(m_pending.status, std::nullopt);
    if (m_pending.preparing) m_mail.preparing = std::exchange(m_pending.preparing, std::nullopt);
    if (m_mail.reports.size() > m_options.maxQueuedReports) {
        // A quarter at a time: erasing from the front for every report would cost the trainer its time.
        const size_t numDropped = m_mail.reports.size() - m_options.maxQueuedReports * 3 / 4;
        m_mail.reports.erase(m_mail.reports.begin(),
                             m_mail.reports.begin() + static_cast<std::ptrdiff_t>(numDropped));
        m_numDropped += numDropped;
    }
}

void Display::finish(const std::string &lastLine, const std::function<bool()> &giveUp)
{
    if (!m_thread.joinable()) return;
    {
        const std::lock_guard lock(m_mutex);
        moveMail();
        m_lastLine = lastLine;
        m_isEnding = true;
    }
    m_wake.notify_all();
    {
        std::unique_lock lock(m_mutex);
        while (!m_wake.wait_for(lock, std::chrono::milliseconds(100), [this] { return m_isDone; }))
            if (giveUp()) m_isGivenUp = true;
    }
    m_thread.join();
}

void Display::loop()
{
    for (bool isEnding = false; !isEnding;) {
        Mail mail;
        uint64_t numDropped = 0;
        {
            std::unique_lock lock(m_mutex);
            m_wake.wait_for(lock, kPollInterval, [this] { return m_isEnding; });
            std::swap(mail, m_mail);
            numDropped = std::exchange(m_numDropped, 0);
            isEnding = m_isEnding;
        }
        if (m_options.mode == DisplayMode::Json) {
            if (numDropped > 0) writeAll(m_options.jsonDescriptor, droppedLine(numDropped) + "\n");
            showJson(std::move(mail));
        } else {
            showBar(std::move(mail));
        }
    }
    if (m_options.mode == DisplayMode::Json && !m_lastLine.empty())
        writeAll(m_options.jsonDescriptor, m_lastLine + "\n");
    if (m_options.mode == DisplayMode::Bar) {
        if (m_hasBegun) drawBar();
        if (m_isTerminal && (m_hasBegun || m_lastDrawn > 0)) writeAll(m_options.barDescriptor, "\n");
    }
    {
        const std::lock_guard lock(m_mutex);
        m_isDone = true;
    }
    m_wake.notify_all();
}

void Display::showJson(Mail mail)
{
    std::string text;
    for (const StepReport &report : mail.reports) {
        const std::string line = reportLine(report);
        if (line.empty()) continue;
        text += line + '\n';
        if (text.size() < 64 * 1024) continue;
        if (!writeAll(m_options.jsonDescriptor, text)) return;
        text.clear();
    }
    writeAll(m_options.jsonDescriptor, text);
}

void Display::updateProgress(const Mail &mail)
{
    if (mail.preparing) {
        m_progress.isPreparing = true;
        m_progress.bytesDone = mail.preparing->first;
        m_progress.bytesTotal = mail.preparing->second;
    }
    if (mail.status) {
        const RunState state = mail.status->state;
        m_hasBegun = m_hasBegun || (state != RunState::Starting && state != RunState::Failed);
        m_progress.isPreparing = mail.status->state == RunState::Starting && m_progress.isPreparing;
        m_progress.isPaused = mail.status->state == RunState::Paused;
        m_progress.step = std::max(m_progress.step, mail.status->step);
        m_progress.totalSteps = mail.status->totalSteps;
    }
    const auto take = [](double &to, const StepReport &report, const char *name) {
        for (const MetricValue &metric : report.values)
            if (metric.series == name) to = metric.value;
    };
    for (const StepReport &report : mail.reports) {
        m_hasBegun = true;
        m_progress.isPreparing = false;
        m_progress.step = report.step;
        take(m_progress.loss, report, series::kLoss);
        take(m_progress.valLoss, report, series::kValLoss);
        take(m_progress.tokensPerSecond, report, series::kTokensPerSecond);
    }
    const double now = monotonicSeconds();
    if (!mail.reports.empty() && (m_pace.empty() || now - m_pace.back().first >= 0.5))
        m_pace.emplace_back(now, m_progress.step);
    while (m_pace.size() > 2 && now - m_pace.front().first > kPaceSeconds) m_pace.pop_front();
    if (m_pace.size() >= 2 && m_pace.back().second > m_pace.front().second) {
        const double secondsPerStep = (m_pace.back().first - m_pace.front().first) /
                                      double(m_pace.back().second - m_pace.front().second);
        m_progress.etaSeconds =
            secondsPerStep * double(std::max<int64_t>(0, m_progress.totalSteps - m_progress.step));
    }
}

void Display::showBar(Mail mail)
{
    const bool isNews = !mail.isEmpty();
    updateProgress(mail);
    for (const RunEvent &event : mail.events) {
        const std::string start = m_isTerminal ? "\r\x1b[K" : "";
        writeAll(m_options.barDescriptor, start + sanitizeUtf8(event.text) + "\n");
        m_lastDrawn = 0;
    }
    const double now = monotonicSeconds();
    const bool isSomething = m_hasBegun || m_progress.isPreparing;
    // What the last step ends with comes at the end, in one line.
    const bool isLast = m_hasBegun && m_progress.step >= m_progress.totalSteps && !m_progress.isPaused;
    if (isNews && isSomething && (m_isTerminal || !isLast) &&
        now - m_lastDrawn >= (m_isTerminal ? kRedrawSeconds : kLineSeconds)) {
        m_lastDrawn = now;
        drawBar();
    }
}

void Display::drawBar()
{
    if (m_isTerminal)
        writeAll(m_options.barDescriptor,
                 "\r\x1b[K" + progressLine(m_progress, terminalColumns(m_options.barDescriptor)));
    else if (std::string line = progressLine(m_progress, 0); line != m_drawn)
        writeAll(m_options.barDescriptor, (m_drawn = std::move(line)) + "\n");
}

bool Display::writeAll(int descriptor, std::string_view text)
{
    while (!text.empty() && !m_isClosed) {
        // A pipe that polls as writable takes PIPE_BUF bytes without blocking, so that giving up is always
        // possible.
        pollfd entry{descriptor, POLLOUT, 0};
        const int numReady = poll(&entry, 1, 100);
        if (m_isGivenUp) m_isClosed = true;
        if (numReady == 0 || (numReady < 0 && errno == EINTR)) continue;
        const ssize_t written = write(descriptor, text.data(), std::min<size_t>(text.size(), PIPE_BUF));
        if (written > 0)
            text.remove_prefix(static_cast<size_t>(written));
        else if (errno != EINTR && errno != EAGAIN)
            m_isClosed = true; // the reader is gone: training goes on without
    }
    return !m_isClosed;
}

} // namespace orrery::worker
