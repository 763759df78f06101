// SPDX-License-Identifier: Apache-2.0
#include "bench/science/science_runner.h"

#include "core/base/files.h"
#include "core/base/lock_file.h"
#include "core/base/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <ctime>
#include <fcntl.h>
#include <optional>
#include <sstream>
#include <thread>
#include <unistd.h>

namespace orrery::bench {
namespace {

/// Below it an interval says little, so nothing is called passed in full.
constexpr double kLeastSeeds = 3;

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr uint64_t kMaxResultsBytes = 256ull << 20;

/// What must be equal for a result to be used again.
Json keyOf(const ScienceTask &task, const ScienceOptions &options, const std::string &data,
           const ScienceArm &arm, uint64_t seed)
{
    return {{"task", task.name()},
            {"mode", scienceModeName(options.mode)},
            {"arm", arm.name},
            {"seed", seed},
            {"threads", options.threads},
            {"device", options.device},
            {"data", data},
            {"build", options.build}};
}

/// The results file of a work folder.
class ResultsFile {
public:
    static Result<ResultsFile> open(const fs::path &folder)
    {
        ResultsFile file;
        file.m_path = folder / "results.jsonl";
        const auto text = readFile(file.m_path, kMaxResultsBytes);
        if (!text && text.error().code != ErrorCode::NotFound) return text.error();
        std::istringstream lines(text ? *text : std::string());
        for (std::string line; std::getline(lines, line);) {
            // A line that a killed process left behind is no result.
            Json json = Json::parse(line, nullptr, false);
            if (json.is_object() && json.contains("key") && json.contains("result"))
                file.m_lines.push_back(std::move(json));
        }
        return file;
    }

    [[nodiscard]] std::optional<ArmResult> find(const Json &key) const
    {
        for (auto line = m_lines.rbegin(); line != m_lines.rend(); ++line) {
            if ((*line)["key"] != key) continue;
            try {
                const Json &json = (*line)["result"];
                ArmResult result;
                for (const auto &[name, value] : json.at("metrics").items())
                    result.metrics[name] = value.is_number() ? value.get<double>() : std::nan("");
                result.parameters = json.at("parameters").get<uint64_t>();
                result.steps = json.at("steps").get<int64_t>();
                result.seconds = json.at("seconds").get<double>();
                result.cpuSeconds = json.at("cpu_seconds").get<double>();
                return result;
            } catch (const nlohmann::json::exception &) {
                return std::nullopt; // somebody wrote into the file: measured again
            }
        }
        return std::nullopt;
    }

    /// One write, so that two processes do not mix their lines; behind half a line of a killed process it
    /// begins a new one.
    Result<void> add(const Json &key, const ArmResult &result)
    {
        const Json json = {{"key", key},
                           {"result",
                            {{"metrics", result.metrics},
                             {"parameters", result.parameters},
                             {"steps", result.steps},
                             {"seconds", result.seconds},
                             {"cpu_seconds", result.cpuSeconds}}}};
        const std::string line = "\n" + json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
        const FileDescriptor file(::open(m_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
        if (!file.isOpen()) return ioError("open", m_path, errno);
        if (::write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
            return ioError("write", m_path, errno);
        if (::fsync(file.get()) != 0) return ioError("write", m_path, errno);
        return {};
    }

private:
    fs::path m_path;
    std::vector<Json> m_lines;
};

Error cancelled(const ScienceTask &task, size_t numDone, size_t numAll)
{
    return {ErrorCode::Cancelled,
            "Cannot finish bench \"" + task.name() + "\": stopped after " + std::to_string(numDone) + " of " +
                std::to_string(numAll) + " results.",
            "They are kept: the same command goes on from there."};
}

std::string shownMetrics(const ArmResult &result)
{
    std::vector<std::string> texts;
    for (const auto &[name, value] : result.metrics)
        texts.push_back(name + " " + formatSignificant(value, 4));
    return joinText(texts, ", ") + " (" + formatDuration(result.seconds) + ", processor " +
           formatDuration(result.cpuSeconds) + ")";
}

/// On a shared machine the clock says little about what an arm costs.
double processCpuSeconds()
{
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// What runScience goes through, one result after the other.
class Runner {
public:
    Runner(ScienceTask &task, const ScienceOptions &options) : m_task(task), m_options(options) {}
    Result<ScienceRun> run();

private:
    Result<void> runOne(ResultsFile &file, const ScienceArm &arm, uint64_t seed, size_t numAll);
    ScienceSetting setting(const std::string &label) const;
    Result<std::string> prepareData();
    void tell(const std::string &line, bool isLasting) const
    {
        if (m_options.progress) m_options.progress(line, isLasting);
    }

    ScienceTask &m_task;
    const ScienceOptions &m_options;
    ScienceRun m_run;
    size_t m_numSeen = 0; ///< results, also those of other shares
};

ScienceSetting Runner::setting(const std::string &label) const
{
    return {.mode = m_options.mode,
            .threads = m_options.threads,
            .device = m_options.device,
            .workFolder = m_options.workFolder / m_task.name(),
            .preparePlugins = m_options.preparePlugins,
            .progress = [this, label](const std::string &text) { tell(label + text, false); },
            .cancel = m_options.cancel};
}

Result<void> Runner::runOne(ResultsFile &file, const ScienceArm &arm, uint64_t seed, size_t numAll)
{
    const size_t number = ++m_numSeen;
    const ScienceShare &share = m_options.share;
    const auto place = static_cast<int64_t>(number - 1), all = static_cast<int64_t>(numAll);
    if (place * share.of / all != share.index - 1) return {};
    const std::string label = "[" + std::to_string(number) + "/" + std::to_string(numAll) + "] " + arm.name +
                              ", seed " + std::to_string(seed) + ": ";
    const Json key = keyOf(m_task, m_options, m_run.data, arm, seed);
    std::optional<ArmResult> result = file.find(key);
    const bool isReused = result.has_value();
    if (!isReused) {
        const ScienceSetting given = setting(label);
        if (given.isCancelled()) return cancelled(m_task, m_run.results.rows.size(), numAll);
        const double cpuBefore = processCpuSeconds();
        auto measured = m_task.runArm(arm.name, seed, given);
        if (!measured && measured.error().code == ErrorCode::Cancelled)
            return cancelled(m_task, m_run.results.rows.size(), numAll);
        if (!measured) return measured.error();
        result = std::move(*measured);
        result->cpuSeconds = processCpuSeconds() - cpuBefore;
        ORRERY_TRY(file.add(key, *result));
    }
    m_run.numReused += isReused;
    m_run.seconds += result->seconds;
    tell(label + shownMetrics(*result) + (isReused ? ", from before" : ""), true);
    m_run.results.rows.push_back({arm.name, seed, std::move(*result)});
    return {};
}

// One process at a time, as shares have one folder: nobody reads what another one is still writing.
Result<std::string> Runner::prepareData()
{
    const ScienceSetting given = setting("Data: ");
    while (true) {
        const auto lock = LockFile::acquire(given.workFolder / "prepare.lock", std::to_string(::getpid()));
        if (lock) return m_task.prepare(given);
        if (lock.error().code != ErrorCode::Conflict) return lock.error();
        if (given.isCancelled())
            return Error{ErrorCode::Cancelled, "Cannot prepare the data: it was cancelled.", ""};
        given.tell("another process prepares them");
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
}

Result<ScienceRun> Runner::run()
{
    ORRERY_TRY(checkNumSeeds(m_options.seedsOf(m_task)));
    std::error_code error;
    fs::create_directories(m_options.workFolder / m_task.name(), error);
    if (error) return ioError("create folder", m_options.workFolder / m_task.name(), error.value());
    ORRERY_ASSIGN(ResultsFile file, ResultsFile::open(m_options.workFolder));
    const std::vector<ScienceArm> arms = m_task.arms(m_options.mode);
    const size_t numAll = arms.size() * static_cast<size_t>(m_options.seedsOf(m_task));
    auto data = prepareData();
    if (!data && data.error().code == ErrorCode::Cancelled) return cancelled(m_task, 0, numAll);
    if (!data) return data.error();
    m_run.data = *data;
    tell("Data: " + m_run.data, true);
    for (int64_t seed = 1; seed <= m_options.seedsOf(m_task); ++seed)
        for (const ScienceArm &arm : arms) ORRERY_TRY(runOne(file, arm, static_cast<uint64_t>(seed), numAll));
    if (!m_options.share.isWhole()) {
        m_run.hasPassed = true; // nobody can say yet
        return std::move(m_run);
    }
    if (m_options.mode != ScienceMode::Smoke) m_run.checks = m_task.verdict(m_run.results, m_options.mode);
    if (m_options.mode == ScienceMode::Full)
        m_run.checks.push_back(makeCheck("seeds", static_cast<double>(m_options.seedsOf(m_task)), ">=", kLeastSeeds));
    m_run.hasPassed = std::all_of(m_run.checks.begin(), m_run.checks.end(),
                                  [](const Check &check) { return check.isMet || check.isBeside; });
    return std::move(m_run);
}

} // namespace

const char *scienceModeName(ScienceMode mode)
{
    return mode == ScienceMode::Smoke ? "smoke" : mode == ScienceMode::Quick ? "quick" : "full";
}

Result<void> checkNumSeeds(int64_t numSeeds)
{
    constexpr int64_t kMost = 1000;
    if (numSeeds >= 1 && numSeeds <= kMost) return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot run the bench with " + std::to_string(numSeeds) + " seeds, expected 1 to " +
                     std::to_string(kMost) + ".",
                 "Set --seeds 3, or leave it out."};
}

Result<ScienceShare> parseScienceShare(const std::string &text)
{
    constexpr int64_t kMost = 1000;
    ScienceShare share;
    const size_t slash = text.find('/');
    const auto number = [&text](size_t begin, size_t end, int64_t &to) {
        const auto [last, error] = std::from_chars(text.data() + begin, text.data() + end, to);
        return error == std::errc() && last == text.data() + end;
    };
    const bool isRead = slash != std::string::npos && number(0, slash, share.index) &&
                        number(slash + 1, text.size(), share.of);
    if (isRead && share.index >= 1 && share.index <= share.of && share.of <= kMost) return share;
    return Error{ErrorCode::InvalidInput,
                 "Cannot run share \"" + text + "\" of the bench, expected K/N with 1 ≤ K ≤ N ≤ " +
                     std::to_string(kMost) + ".",
                 "Three processes beside each other take --share 1/3, 2/3 and 3/3."};
}

Result<ScienceMode> scienceMode(bool isSmoke, bool isQuick)
{
    if (isSmoke && isQuick)
        return Error{ErrorCode::InvalidInput,
                     "Cannot run the bench: found both --smoke and --quick, expected one of them or none.",
                     "--quick measures with looser bounds, --smoke only sees that it runs."};
    return isSmoke ? ScienceMode::Smoke : isQuick ? ScienceMode::Quick : ScienceMode::Full;
}

Result<std::unique_ptr<ScienceTask>> makeScienceTask(const std::string &name,
                                                     std::span<const ScienceTaskEntry> entries)
{
    std::vector<std::string> names;
    for (const ScienceTaskEntry &entry : entries) {
        if (entry.name == name) return entry.make();
        names.push_back(entry.name);
    }
    const std::string near = nearestName(name, names);
    return Error{ErrorCode::InvalidInput,
                 "Cannot run bench \"" + name + "\": there is no such task, expected one of " +
                     joinText(names, ", ") + ".",
                 near.empty() ? "orrery-engine bench science lists them." : "Did you mean \"" + near + "\"?"};
}

Result<ScienceRun> runScience(ScienceTask &task, const ScienceOptions &options)
{
    return Runner(task, options).run();
}

} // namespace orrery::bench
