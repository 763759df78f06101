// SPDX-License-Identifier: Apache-2.0
#include "app/engine/host/host_service.h"

#include "app/engine/host/create_run.h"
#include "core/base/platform.h"
#include "core/data/describe.h"
#include "core/data/example.h"
#include "core/data/token_shards.h"
#include "core/spec/field_table.h"

#include <chrono>
#include <thread>
#include <unistd.h>

namespace orrery {

namespace {

constexpr auto kListInterval = std::chrono::milliseconds(250);
constexpr int kMaxDescriptions = 2;
constexpr const char *kExampleData = "example";

Result<void> requireAbsolute(const std::string &path, const char *what, const std::string &action)
{
    if (path.empty() || path.front() == '/' || path == kExampleData) return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot " + action + ": " + what + " is \"" + path + "\", expected an absolute path.",
                 "Write the whole path, from \"/\" on."};
}

} // namespace

Result<HostDescription> HostService::describe()
{
    const std::lock_guard lock(m_mutex);
    if (!m_description) {
        HostDescription description;
        description.version = programVersion();
        description.pid = ::getpid();
        description.cpuModel = cpuInfo().model;
        description.cpuFlags = cpuInfo().flags();
        description.numCores = cpuInfo().numLogical;
        description.memoryBytes = physicalMemoryBytes();
        const Result<int> devices = cudaDeviceCount();
        if (devices.ok())
            description.numCudaDevices = *devices;
        else
            description.cudaNote = devices.error().text();
        description.home = m_home.string();
        m_description = std::move(description);
    }
    return *m_description;
}

Result<std::vector<RunStatus>> HostService::listRuns() { return m_monitor.refresh()->runs; }

Result<void> HostService::watchRuns(RunListSink &sink)
{
    uint64_t sentVersion = 0;
    while (!sink.isCancelled()) {
        // Viewers share one look at the disk per interval.
        const std::shared_ptr<const RunListing> listing =
            m_monitor.refresh(sentVersion == 0 ? 0 : 0.9 * 0.25);
        if (listing->version != sentVersion) {
            if (!sink.send(listing->runs)) return {};
            sentVersion = listing->version;
        }
        std::this_thread::sleep_for(kListInterval);
    }
    return {};
}

Result<RunStatus> HostService::createRun(const std::string &specJson, const std::string &directory,
                                         bool start)
{
    SpecBuilder builder;
    ORRERY_TRY(builder.setJson(specJson));
    ORRERY_ASSIGN(const RunSpec spec, builder.build());
    ORRERY_TRY(requireAbsolute(spec.data.path, "data.path", "create a run"));
    ORRERY_TRY(requireAbsolute(directory, "its folder", "create a run"));
    ORRERY_ASSIGN(const RunDirectory run,
                  orrery::createRun(m_catalogue, spec, directory, ThreadUse::LeaveOneForDesktop));
    if (!start) return run.status();
    Result<RunStatus> started = m_runs.start(run.path().string(), 0);
    if (started.ok()) return started;
    Error error = started.error();
    error.hint += (error.hint.empty() ? "" : " ") + std::string("The run was created as \"") +
                  run.frozen().id + "\" and can be started again.";
    return error;
}

Result<RunStatus> HostService::addRun(const std::string &path)
{
    ORRERY_TRY(requireAbsolute(path, "its folder", "add a run"));
    ORRERY_ASSIGN(const RunDirectory run, RunDirectory::open(path));
    ORRERY_TRY(m_catalogue.add(run.path()));
    return run.status();
}

Result<std::string> HostService::describeData(const DataRequest &request, const StreamSink &caller)
{
    struct Place {
        explicit Place(std::atomic<int> &counter) : count(counter), isFree(++counter <= kMaxDescriptions) {}
        ~Place() { --count; }
        std::atomic<int> &count;
        bool isFree;
    };
    const Place place(m_numDescriptions);
    if (!place.isFree)
        return Error{ErrorCode::Unavailable,
                     "Cannot describe data \"" + request.path + "\": " + std::to_string(kMaxDescriptions) +
                         " other descriptions are under way.",
                     "Try again when they are done."};
    ORRERY_TRY(requireAbsolute(request.path, "its path", "describe data"));
    if (request.context < 1)
        return Error{ErrorCode::InvalidInput,
                     "Cannot describe data \"" + request.path + "\": context is " +
                         std::to_string(request.context) + ", expected 1 or more.",
                     "Set the context length of the model."};
    DataSpec data;
    data.path = request.path;
    if (data.path == kExampleData) {
        ORRERY_ASSIGN(const std::filesystem::path example, makeExampleData(userDataDir(), orrerySourcesAbove(programDir())));
        data.path = example.string();
    }
    if (!request.tokenizer.empty()) data.tokenizer = request.tokenizer;
    if (!request.specialTokens.empty()) data.specialTokens = request.specialTokens;
    data.valFraction = request.valFraction;
    std::atomic<bool> cancel{false};
    const ProgressFn pollCaller = [&](uint64_t, uint64_t) {
        if (caller.isCancelled()) cancel = true;
    };
    ORRERY_ASSIGN(const TokenShards shards,
                  prepareData(data, request.context, static_cast<uint64_t>(request.seed),
                              userCacheDir() / "shards", pollCaller, &cancel));
    return describeDataJson(shards.description());
}

} // namespace orrery
