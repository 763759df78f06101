// SPDX-License-Identifier: Apache-2.0
// Plugins that look right and are not: whose library lacks a symbol, ends a process, or throws where it is made or registers
// its parts. Nothing of them is loaded here: a worker that lives for that alone tries them, each in a process of its own. What
// came of it is kept for the same files and the same worker, so that only what is new is tried. Needs no gRPC. Any thread.
#pragma once

#include "core/plugin/plugin_catalogue.h"
#include "core/spec/run_spec.h"

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace orrery {

struct TriedPlugins {
    PluginCatalogue catalogue;   ///< with those refused that fell over
    std::vector<Error> problems; ///< why some could not be tried
};

class PluginTrials {
public:
    /// @param file what is kept; one that cannot be read or written costs only time
    explicit PluginTrials(std::filesystem::path file);
    ~PluginTrials(); ///< ends a trial under way
    PluginTrials(const PluginTrials &) = delete;
    PluginTrials &operator=(const PluginTrials &) = delete;

    /// userCacheDir() / "plugin-trials.json"
    static std::filesystem::path fileOfThisUser();
    /// What those are that a scan found available. @param wait for what is new; then it is listed as it looks, the trial goes
    /// on, and a problem says so
    TriedPlugins tried(const PluginCatalogue &catalogue, std::chrono::milliseconds wait);
    /// Whether the engine halves that a new run uses load, before it is there: those that no trial found good are tried as its
    /// worker will, whatever a list says. @error InvalidInput naming plugin and reason; Cancelled
    Result<void> checkUsed(const RunSpec &spec, const PluginCatalogue &catalogue, const std::function<bool()> &isCancelled = {});
    /// The next ones are all tried anew, also by other processes that keep them in the same file.
    void forget();

private:
    struct Verdict {
        bool isGood = false;
        Error why;            ///< of a bad one
        double until = 0;     ///< Unix seconds: after that a bad one is tried again, as what it lacks may have come
    };
    using Verdicts = std::map<std::string, Verdict>; ///< by what the plugin's files are

    static std::map<std::string, Verdict> rowsOf(const std::string &output);
    bool isKnownGood(const PluginRecord &record, const std::string &worker);
    void takeKept(const std::string &worker);
    void read(const std::string &worker);
    void write();
    void begin(std::map<std::string, std::string> asked);
    void tryAll(const std::map<std::string, std::string> &asked);

    const std::filesystem::path m_file;
    std::mutex m_mutex;
    std::condition_variable m_ended;
    std::string m_worker; ///< what the worker's file is, of which the verdicts are
    std::string m_kept;   ///< what m_file is, as it was last read or written; empty: it is not there
    Verdicts m_verdicts;
    std::optional<Error> m_failed; ///< why the last trial came to nothing
    bool m_isTrying = false;
    bool m_isForgotten = false; ///< since the trial under way began: it may have looked at what is mended by now
    bool m_isEnding = false;
    std::thread m_thread;
};

} // namespace orrery
