// SPDX-License-Identifier: Apache-2.0
// A home, a runtime folder and a host for one test; workers that are left are ended with it.
#pragma once

#include "app/engine/host/host.h"
#include "core/base/files.h"
#include "core/rpc/client.h"
#include "core/store/catalogue.h"
#include "core/store/run_directory.h"
#include "tests/rpc/fakes.h"

#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <vector>

namespace orrery::test {

class HostFixture {
public:
    HostFixture()
    {
        // Short, as socket paths are.
        const std::string base = m_folder.path().toStdString();
        m_home = base + "/home";
        std::filesystem::create_directories(m_home);
        std::filesystem::create_directories(base + "/rt");
        std::filesystem::permissions(base + "/rt", std::filesystem::perms::owner_all);
        ::setenv("ORRERY_HOME", m_home.c_str(), 1);
        ::setenv("XDG_RUNTIME_DIR", (base + "/rt").c_str(), 1);
        ::setenv("XDG_CACHE_HOME", (base + "/cache").c_str(), 1);
        ::setenv("ORRERY_WORKER", ORRERY_FAKE_WORKER, 1);
        for (const char *name : {"FAKE_FAIL", "FAKE_FULL", "FAKE_LINGER_MS", "FAKE_PAUSED", "FAKE_SILENT_MS",
                                 "FAKE_STEP_MS", "FAKE_TOKEN_MS"})
            ::unsetenv(name);
        socket = base + "/h";
        data = base + "/text.txt";
        std::string text;
        for (int i = 0; i < 4000; ++i) text += "line " + std::to_string(i) + " of a text\n";
        if (!writeFileAtomically(data, text).ok()) qFatal("no disk");
    }
    ~HostFixture()
    {
        stop();
        endWorkers();
    }
    HostFixture(const HostFixture &) = delete;
    HostFixture &operator=(const HostFixture &) = delete;

    /// A host on a thread of this process.
    void start(double idleExitSeconds = 0)
    {
        m_stop = false;
        m_isListening = false;
        m_isDone = false;
        m_thread = std::thread([this, idleExitSeconds] {
            HostOptions options;
            options.home = m_home;
            options.socketPath = socket;
            options.idleExitSeconds = idleExitSeconds;
            options.stopRequested = [this] { return m_stop.load(); };
            options.listen = listen;
            options.onPort = [this](uint16_t number, const std::string &print) {
                port = number;
                fingerprint = print;
                m_isListening = true;
            };
            options.onListening = [this] { m_isListening = listen.address.empty(); };
            result = runHost(options);
            m_isDone = true;
        });
        waitFor([this] { return m_isListening || m_isDone; });
    }
    void stop()
    {
        m_stop = true;
        if (m_thread.joinable()) m_thread.join();
    }
    [[nodiscard]] bool isDone() const { return m_isDone; }
    [[nodiscard]] EngineClient client() const
    {
        auto connected = connectTo(socket);
        if (!connected.ok()) qFatal("%s", connected.error().text().c_str());
        return std::move(connected).value();
    }
    [[nodiscard]] const std::filesystem::path &home() const { return m_home; }
    [[nodiscard]] std::string specJson(int64_t steps = 1'000'000, const std::string &name = "alpha") const
    {
        return R"({"name":")" + name + R"(","data":{"path":")" + data + R"("},"train.steps":)" +
               std::to_string(steps) + "}";
    }
    [[nodiscard]] std::optional<WorkerInfo> worker(const RunStatus &run) const
    {
        const auto directory = RunDirectory::open(run.directory);
        return directory.ok() ? directory->liveWorker() : std::nullopt;
    }
    void endWorkers() const
    {
        for (const auto &path : Catalogue(m_home).scan()) {
            const auto run = RunDirectory::open(path);
            if (!run.ok()) continue;
            if (const auto info = run->liveWorker()) ::kill(static_cast<pid_t>(info->pid), SIGKILL);
            waitFor([&] { return !run->isOwned(); });
        }
    }

    std::string socket;
    std::string data; ///< a text of some 80 KB
    HostListen listen;       ///< set before start()
    std::atomic<uint16_t> port{0};
    std::string fingerprint; ///< of the certificate, when it listens
    Result<void> result;

private:
    QTemporaryDir m_folder{QStringLiteral("/tmp/oh-XXXXXX")};
    std::filesystem::path m_home;
    std::atomic<bool> m_stop{false};
    std::atomic<bool> m_isListening{false};
    std::atomic<bool> m_isDone{false};
    std::thread m_thread;
};

/// Gives a command that may come twice until it is taken: on a busy machine a worker's answer may be late.
inline bool control(const EngineClient &client, const std::string &run, ControlVerb verb)
{
    bool isFirst = true;
    return waitFor([&] {
        const auto status = client.control(run, {verb, 1, {}});
        // One whose answer was late has stopped meanwhile, as it was told.
        const bool hasStopped = !isFirst && verb == ControlVerb::Stop && !status.ok() &&
                                status.error().code == ErrorCode::Conflict;
        isFirst = false;
        return status.ok() || hasStopped;
    });
}

/// Watches a run through a host on a thread of its own.
class HostWatcher {
public:
    HostWatcher(EngineClient client, const std::string &run) : m_client(std::move(client))
    {
        m_thread = std::thread([this, run] {
            result = m_client.watch(
                run,
                [this](const WatchBatch &batch) {
                    const std::lock_guard lock(m_mutex);
                    m_status = batch.status;
                    m_states.push_back(batch.status.state);
                    for (const StepReport &report : batch.reports) m_steps.push_back(report.step);
                    if (batch.mustReplay) {
                        ++m_numReplays;
                        m_numStepsAtReplay = m_steps.size();
                    }
                    return true;
                },
                m_token);
            isDone = true;
        });
    }
    ~HostWatcher()
    {
        m_token.cancel();
        m_thread.join();
    }
    RunStatus status()
    {
        const std::lock_guard lock(m_mutex);
        return m_status;
    }
    bool reaches(RunState state)
    {
        return waitFor([&] { return status().state == state; });
    }
    size_t numBatches()
    {
        const std::lock_guard lock(m_mutex);
        return m_states.size();
    }
    std::vector<int64_t> steps()
    {
        const std::lock_guard lock(m_mutex);
        return m_steps;
    }

    int numReplays()
    {
        const std::lock_guard lock(m_mutex);
        return m_numReplays;
    }
    /// Whether a replay was asked for since the last report came.
    bool hasReplayedLast()
    {
        const std::lock_guard lock(m_mutex);
        return m_numReplays > 0 && m_numStepsAtReplay == m_steps.size();
    }

    Result<void> result;
    std::atomic<bool> isDone{false};

private:
    EngineClient m_client;
    CancelToken m_token;
    std::mutex m_mutex;
    RunStatus m_status;
    std::vector<RunState> m_states;
    std::vector<int64_t> m_steps;
    int m_numReplays = 0;
    size_t m_numStepsAtReplay = 0;
    std::thread m_thread;
};

} // namespace orrery::test

/// Fails the test with the error's text.
#define VERIFY_OK(expression)                                                                                \
    do {                                                                                                     \
        const auto &verified = (expression);                                                                 \
        QVERIFY2(verified.ok(), verified.ok() ? "" : verified.error().text().c_str());                       \
    } while (false)
