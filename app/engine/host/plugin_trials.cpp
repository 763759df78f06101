// SPDX-License-Identifier: Apache-2.0
#include "app/engine/host/plugin_trials.h"

#include "app/engine/host/worker_output.h"
#include "app/engine/host/worker_process.h"
#include "core/base/files.h"
#include "core/base/log.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/spec/plugin_use.h"

#include <nlohmann/json.hpp>

#include <set>
#include <sstream>
#include <sys/stat.h>

namespace orrery {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::json;

constexpr int kFormat = 1;
constexpr uint64_t kMaxFileBytes = 4u << 20;
constexpr size_t kMaxKept = 512;        ///< verdicts
constexpr double kBadSeconds = 600;     ///< a library that it lacks may be installed
constexpr double kPatienceSeconds = 60; ///< for each; the worker itself gives one up earlier

/// Another file of the same name is another one, also in the second in which it was written.
std::string identityOf(const fs::path &path)
{
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return {};
    std::ostringstream text;
    text << path.string() << '|' << info.st_dev << '|' << info.st_ino << '|' << info.st_size << '|' << info.st_mtim.tv_sec
         << '.' << info.st_mtim.tv_nsec << '|' << info.st_ctim.tv_sec << '.' << info.st_ctim.tv_nsec;
    return text.str();
}

/// Its library and its JSON, which says what it registers.
std::string identityOf(const PluginRecord &record)
{
    return identityOf(record.engineLibrary) + '\n' +
           identityOf(fs::path(record.info.directory) / (record.info.id + ".json"));
}

/// Of those that may be used, by what their files are.
std::map<std::string, std::string> idsToTry(const PluginCatalogue &catalogue)
{
    std::map<std::string, std::string> ids;
    for (const PluginRecord &record : catalogue.records())
        if (record.info.isUsable() && !record.engineLibrary.empty())
            ids.emplace(identityOf(record), record.info.id);
    return ids;
}

std::string text(const Json &json, const char *key)
{
    const auto value = json.find(key);
    return value != json.end() && value->is_string() ? value->get<std::string>() : std::string();
}

} // namespace

/// What a worker printed, by id. One that is disabled, as what it requires is missing there, was not tried. Of two with one
/// id the first one counts, as everywhere: the other was refused for that alone.
std::map<std::string, PluginTrials::Verdict> PluginTrials::rowsOf(const std::string &output)
{
    std::map<std::string, Verdict> rows;
    std::set<std::string> seen;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
        const Json row = Json::parse(line, nullptr, false);
        if (!row.is_object() || !seen.insert(text(row, "id")).second) continue;
        Verdict verdict{text(row, "state") == pluginStateName(PluginState::Available),
                        {ErrorCode::InvalidInput, text(row, "reason"), text(row, "hint")},
                        wallSeconds() + kBadSeconds};
        const bool isBad = text(row, "state") == pluginStateName(PluginState::Refused) && !verdict.why.message.empty();
        if (verdict.isGood || isBad) rows.insert_or_assign(text(row, "id"), std::move(verdict));
    }
    return rows;
}

PluginTrials::PluginTrials(fs::path file) : m_file(std::move(file)) {}

PluginTrials::~PluginTrials()
{
    {
        const std::lock_guard lock(m_mutex);
        m_isEnding = true;
    }
    if (m_thread.joinable()) m_thread.join();
}

fs::path PluginTrials::fileOfThisUser() { return userCacheDir() / "plugin-trials.json"; }

TriedPlugins PluginTrials::tried(const PluginCatalogue &catalogue, std::chrono::milliseconds wait)
{
    std::map<std::string, std::string> ids = idsToTry(catalogue);
    if (ids.empty()) return {catalogue, {}};
    const Result<fs::path> worker = findWorkerProgram();
    if (!worker) {
        Error why = worker.error();
        why.message = "Cannot tell whether the engine halves of plugins load: there is no worker to try them. " + why.message;
        return {catalogue, {why}};
    }

    std::unique_lock lock(m_mutex);
    takeKept(identityOf(*worker));
    std::map<std::string, std::string> asked;
    const auto collect = [&] {
        asked.clear();
        for (const auto &[files, id] : ids) {
            const auto known = m_verdicts.find(files);
            if (known == m_verdicts.end() || (!known->second.isGood && known->second.until < wallSeconds()))
                asked.emplace(files, id);
        }
    };
    const auto until = std::chrono::steady_clock::now() + wait;
    const auto hasEnded = [this] { return !m_isTrying; };
    bool isInTime = m_ended.wait_until(lock, until, hasEnded); // somebody else's
    bool hasFailed = false;
    TriedPlugins result{catalogue, {}};
    std::map<std::string, Error> reasons;
    for (;;) {
        collect();
        if (isInTime && !asked.empty() && !hasFailed) {
            begin(asked);
            isInTime = m_ended.wait_until(lock, until, hasEnded);
            hasFailed = isInTime && m_failed.has_value();
        }
        bool isNew = false;
        for (const auto &[files, id] : ids)
            if (const auto known = m_verdicts.find(files); known != m_verdicts.end() && !known->second.isGood)
                isNew = reasons.emplace(id, known->second.why).second || isNew;
        if (!isNew) break;
        result.catalogue = catalogue.refusing(reasons);
        ids = idsToTry(result.catalogue); // a name that one of them had may be another's now
    }
    collect();
    if (!isInTime)
        result.problems.push_back({ErrorCode::Unavailable,
                                   "Cannot tell yet whether all plugins load: new ones are still being tried.",
                                   "Look again in a moment."});
    else if (!asked.empty() && m_failed)
        result.problems.push_back(*m_failed);
    return result;
}

bool PluginTrials::isKnownGood(const PluginRecord &record, const std::string &worker)
{
    const std::lock_guard lock(m_mutex);
    if (!m_isTrying) takeKept(worker);
    const auto known = m_verdicts.find(identityOf(record));
    return known != m_verdicts.end() && known->second.isGood;
}

Result<void> PluginTrials::checkUsed(const RunSpec &spec, const PluginCatalogue &catalogue,
                                     const std::function<bool()> &isCancelled)
{
    const Result<fs::path> worker = findWorkerProgram();
    if (!worker) return {}; // who starts the run says so
    for (const std::string &id : pluginsUsedBy(spec, *catalogue.fieldTable())) {
        const PluginRecord *record = catalogue.find(id);
        if (!record || record->engineLibrary.empty() || isKnownGood(*record, identityOf(*worker))) continue;
        const std::string files = identityOf(*record);
        const auto trial = [&](std::vector<std::string> command) -> Result<Verdict> {
            ORRERY_ASSIGN(const std::string output, workerOutput(std::move(command), {isCancelled, {}}));
            const auto rows = rowsOf(output);
            const auto row = rows.find(id);
            return row == rows.end() ? Verdict{true, {}, 0} : row->second;
        };
        ORRERY_ASSIGN(const Verdict listed, trial({"check-plugin", id, "--register", "--rows"}));
        if (listed.isGood) {
            const std::lock_guard lock(m_mutex);
            if (listed.until > 0) m_verdicts.insert_or_assign(files, listed); // it was tried
            if (listed.until > 0) write();
            continue;
        }
        // What it registers with its defaults is for a list: this run has settings of its own.
        ORRERY_ASSIGN(const Verdict verdict, trial({"check-plugin", id, "--rows"}));
        if (verdict.isGood) continue;
        PluginInfo refused = record->info;
        refused.reason = verdict.why.message;
        refused.hint = verdict.why.hint;
        const bool isWhole = refused.reason.find('"' + id + '"') != std::string::npos; // it is an error already
        return isWhole ? verdict.why : pluginRefusal(refused);
    }
    return {};
}

void PluginTrials::forget()
{
    const std::lock_guard lock(m_mutex);
    m_verdicts.clear();
    m_isForgotten = m_isTrying;
    std::error_code ignored;
    fs::remove(m_file, ignored);
    m_kept = identityOf(m_file);
}

/// Reads anew what another process has changed, or what another worker is of; that it removed the file is its forget().
void PluginTrials::takeKept(const std::string &worker)
{
    if (worker == m_worker && identityOf(m_file) == m_kept) return;
    read(worker);
    m_isForgotten = m_isForgotten || (m_isTrying && m_kept.empty());
}

/// The mutex is held, and nothing is being tried.
void PluginTrials::begin(std::map<std::string, std::string> asked)
{
    if (m_thread.joinable()) m_thread.join();
    m_isTrying = true;
    m_isForgotten = false;
    m_failed.reset();
    m_thread = std::thread([this, asked = std::move(asked)] { tryAll(asked); });
}

void PluginTrials::tryAll(const std::map<std::string, std::string> &asked)
{
    const double limit = monotonicSeconds() + kPatienceSeconds * static_cast<double>(asked.size());
    WorkerOutputWatch watch;
    watch.isCancelled = [this, limit] {
        const std::lock_guard lock(m_mutex);
        return m_isEnding || monotonicSeconds() > limit;
    };
    // One worker for all of them, which starts a process for each; of one alone it need not look at the others.
    std::vector<std::string> command{"check-plugin"};
    if (asked.size() == 1) command.push_back(asked.begin()->second);
    command.insert(command.end(), {"--register", "--rows"});
    const Result<std::string> output = workerOutput(std::move(command), watch);
    const auto rows = output ? rowsOf(*output) : std::map<std::string, Verdict>();

    const std::lock_guard lock(m_mutex);
    if (!output) m_failed = output.error();
    if (!output && output.error().code == ErrorCode::Cancelled)
        m_failed = Error{ErrorCode::Unavailable,
                         "Cannot tell whether all plugins load: trying them was not done within " +
                             formatDuration(kPatienceSeconds * static_cast<double>(asked.size())) + ".",
                         "Look at the log, or try each: orrery-engine plugins check ID."};
    takeKept(m_worker);
    bool isNew = false;
    for (const auto &[files, id] : asked) {
        if (m_isForgotten) break;
        const auto row = rows.find(id);
        if (row == rows.end()) continue;
        m_verdicts.insert_or_assign(files, row->second);
        isNew = true;
    }
    if (isNew) write();
    m_isTrying = false;
    m_ended.notify_all();
}

void PluginTrials::read(const std::string &worker)
{
    m_worker = worker;
    m_kept = identityOf(m_file);
    m_verdicts.clear();
    const Result<std::string> content = readFile(m_file, kMaxFileBytes);
    const Json json = content ? Json::parse(*content, nullptr, false) : Json();
    if (!json.is_object() || json.value("format", Json()) != kFormat || text(json, "worker") != worker) return;
    const auto tried = json.find("tried");
    if (tried == json.end() || !tried->is_object()) return;
    for (const auto &[files, one] : tried->items()) {
        if (!one.is_object() || m_verdicts.size() >= kMaxKept) continue;
        Verdict verdict;
        verdict.why = {ErrorCode::InvalidInput, text(one, "reason"), text(one, "hint")};
        verdict.isGood = verdict.why.message.empty();
        if (const auto until = one.find("until"); until != one.end() && until->is_number()) verdict.until = until->get<double>();
        m_verdicts.emplace(files, std::move(verdict));
    }
}

void PluginTrials::write()
{
    Json tried = Json::object();
    for (const auto &[files, verdict] : m_verdicts) {
        if (tried.size() >= kMaxKept) break;
        tried[files] = verdict.isGood ? Json::object()
                                      : Json{{"reason", verdict.why.message}, {"hint", verdict.why.hint}, {"until", verdict.until}};
    }
    const Json json{{"format", kFormat}, {"worker", m_worker}, {"tried", std::move(tried)}};
    std::error_code ignored;
    fs::create_directories(m_file.parent_path(), ignored);
    const auto written =
        writeFileAtomically(m_file, json.dump(1, ' ', false, Json::error_handler_t::replace) + '\n');
    if (!written.ok()) logWarning("What trying plugins showed is not kept: " + written.error().text());
    m_kept = identityOf(m_file);
}

} // namespace orrery
