// SPDX-License-Identifier: Apache-2.0
#include "app/engine/host/host_service.h"

#include "app/engine/host/begin_with_model.h"
#include "app/engine/host/caller_watch.h"
#include "app/engine/host/create_run.h"
#include "app/engine/host/find_model.h"
#include "core/base/log.h"
#include "core/base/platform.h"
#include "core/base/program_build.h"
#include "core/data/data_paths.h"
#include "core/data/describe.h"
#include "core/data/example.h"
#include "core/data/prepare_tokenizer.h"
#include "core/data/token_shards.h"
#include "core/data/tokenizer.h"
#include "core/rpc/protocol_version.h"
#include "core/spec/field_table.h"

#include <chrono>
#include <thread>
#include <unistd.h>

namespace orrery {

namespace {

constexpr auto kListInterval = std::chrono::milliseconds(250);
constexpr int kMaxDescriptions = 2;
constexpr int kMaxWaiting = 8; ///< each keeps an rpc thread
constexpr auto kTrialWait = std::chrono::seconds(5); ///< a caller waits no longer for new plugins; no deadline is shorter
constexpr auto kCallerPoll = std::chrono::milliseconds(20);
constexpr const char *kExampleData = "example";

std::string machineName()
{
    char name[256] = {};
    return ::gethostname(name, sizeof(name) - 1) == 0 ? name : "";
}

std::string buildOf(const std::filesystem::path &program)
{
    const Result<std::string> build = programBuild(program);
    return build.ok() ? *build : std::string();
}

/// What a description needs to know of the run that shall use the data.
RunSpec specOf(const DataRequest &request)
{
    RunSpec spec;
    spec.data.path = request.path;
    if (!request.tokenizer.empty()) spec.data.tokenizer = request.tokenizer;
    if (!request.specialTokens.empty()) spec.data.specialTokens = request.specialTokens;
    spec.data.valFraction = request.valFraction;
    spec.seed = request.seed;
    spec.model.context = request.context;
    spec.model.attention.numModalities = request.numModalities;
    MediaSpec &media = spec.model.media;
    if (request.imageSize > 0) media.imageSize = request.imageSize;
    if (request.patchSize > 0) media.patchSize = request.patchSize;
    if (request.audioTokens > 0) media.audioTokens = request.audioTokens;
    return spec;
}

/// Data of text or of parts, and whether the model goes together with it.
Result<std::string> describedData(const RunSpec &spec, const std::atomic<bool> &cancel)
{
    const auto cacheDirectory = userCacheDir() / "shards";
    const auto seed = static_cast<uint64_t>(spec.seed);
    const bool isModelKnown = spec.model.attention.numModalities > 0;
    const DataPathKind kind = dataPathKind(spec.data.path);
    std::optional<ModalityMismatch> mismatch;
    std::string json;
    if (kind == DataPathKind::Generator || kind == DataPathKind::Manifest) {
        OpenMultiModalOptions options;
        options.data = spec.data;
        options.frontEnd = frontEndOf(spec.model.media);
        options.seed = seed;
        options.cacheDirectory = cacheDirectory;
        options.cancel = &cancel;
        ORRERY_ASSIGN(const OpenedMultiModal opened, openMultiModal(options));
        json = describeMultiModalJson(opened.description, spec.model.context);
        if (isModelKnown) {
            ORRERY_TRY(checkCarriesLoss(spec.data.path, opened.description));
            mismatch = modalityMismatch(spec, opened.description);
        }
    } else {
        ORRERY_ASSIGN(const TokenShards shards,
                      prepareData(spec.data, spec.model.context, seed, cacheDirectory, {}, &cancel));
        // Of a tokenizer that is a file, or was trained on these data, only that knows how many ids it has.
        ORRERY_ASSIGN(const DataSpec trained,
                      withTrainedTokenizer({spec.data, spec.model.context, seed, cacheDirectory, {}, &cancel, {}}));
        ORRERY_ASSIGN(const auto tokenizer, Tokenizer::create(trained));
        json = describeDataJson(shards.description(), tokenizer->vocabSize());
        if (isModelKnown) {
            ORRERY_TRY(checkCarriesLoss(spec.data.path, shards));
            mismatch = modalityMismatch(spec, kind);
        }
    }
    return mismatch ? withMismatch(json, *mismatch) : json;
}

/// One of a bounded number of places.
class Place {
public:
    explicit Place(std::atomic<int> &count) : m_count(count) {}
    ~Place()
    {
        if (m_isHeld) --m_count;
    }
    Place(const Place &) = delete;
    Place &operator=(const Place &) = delete;
    [[nodiscard]] bool isHeld() const { return m_isHeld; }
    bool tryTake(int numPlaces)
    {
        for (int taken = m_count; taken < numPlaces;)
            if (m_count.compare_exchange_weak(taken, taken + 1)) return m_isHeld = true;
        return false;
    }

private:
    std::atomic<int> &m_count;
    bool m_isHeld = false;
};

} // namespace

Result<void> requireAbsolute(const std::string &path, const char *what, const std::string &action)
{
    if (path.empty() || path.front() == '/' || path == kExampleData) return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot " + action + ": " + what + " is \"" + path + "\", expected an absolute path.",
                 "Write the whole path, from \"/\" on."};
}

HostService::HostService(const Catalogue &catalogue, std::filesystem::path home, HostRuns &runs,
                         ModelWorkers &models)
    : m_catalogue(catalogue), m_home(std::move(home)), m_runs(runs), m_models(models), m_monitor(catalogue, runs.reports()),
      m_pluginTrials(PluginTrials::fileOfThisUser()), m_program(programPath()), m_build(buildOf(m_program))
{
}

Result<void> HostService::retire()
{
    const auto busy = [](const std::string &what) {
        return Error{ErrorCode::Conflict,
                     "Cannot replace the engine now: " + what + ", expected nothing under way.",
                     "It is replaced when the program starts the next time."};
    };
    if (m_isListening) return busy("it serves other machines (host --listen)");
    if (const size_t numInUse = m_models.numInUse(); numInUse > 0)
        return busy(numInUse == 1 ? "a model is generating"
                                  : std::to_string(numInUse) + " models are generating");
    if (m_numDescriptions > 0) return busy("data is being read");
    if (m_numTransfers > 0) return busy("runs or models are being imported or exported, or a model learns what it remembers");
    if (m_runs.isStarting()) return busy("a run is being started");
    logInfo("Host retires: another build takes its place");
    m_isRetired = true;
    return {};
}

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
        description.program = m_program.string();
        description.build = m_build;
        description.protocolMajor = kProtocolMajor;
        description.protocolMinor = kProtocolMinor;
        description.machine = machineName();
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

Result<RunStatus> HostService::createRun(const NewRunRequest &request, const StreamSink &caller)
{
    const auto isCancelled = [&caller] { return caller.isCancelled(); };
    const PluginCatalogue plugins = scanPlugins();
    SpecBuilder builder(plugins.fieldTable());
    std::string model;
    if (!request.model.empty()) {
        ORRERY_ASSIGN(model, findModel(m_catalogue, request.model));
        ORRERY_ASSIGN(const std::string settings, settingsOfModelJson(model, isCancelled));
        ORRERY_TRY(builder.setJson(settings));
    }
    ORRERY_TRY(builder.setJson(request.specJson));
    ORRERY_ASSIGN(const RunSpec spec, builder.build());
    if (!isGeneratorPath(spec.data.path))
        ORRERY_TRY(requireAbsolute(spec.data.path, "data.path", "create a run"));
    for (const std::string &stage : spec.continual.stages)
        ORRERY_TRY(requireAbsolute(stage, "continual.stages", "create a run"));
    ORRERY_TRY(requireAbsolute(request.directory, "its folder", "create a run"));
    ORRERY_TRY(m_pluginTrials.checkUsed(spec, plugins, isCancelled));
    ORRERY_ASSIGN(const RunDirectory run,
                  orrery::createRun(m_catalogue, spec, request.directory, ThreadUse::LeaveOneForDesktop));
    if (!model.empty())
        if (const auto begun = beginWithModel(run, model, isCancelled); !begun) {
            (void)m_catalogue.forget(run.path());
            return begun.error();
        }
    return request.start ? startNew(run, "created") : run.status();
}

PluginCatalogue HostService::scanPlugins() const { return PluginCatalogue::scan(pluginDirectories(m_home)); }

Result<PluginListing> HostService::listPlugins()
{
    TriedPlugins tried = m_pluginTrials.tried(scanPlugins(), kTrialWait);
    PluginListing listing{tried.catalogue.infos(), tried.catalogue.problems()};
    listing.problems.insert(listing.problems.end(), tried.problems.begin(), tried.problems.end());
    return listing;
}

Result<RunStatus> HostService::addRun(const std::string &path)
{
    ORRERY_TRY(requireAbsolute(path, "its folder", "add a run"));
    ORRERY_ASSIGN(const RunDirectory run, RunDirectory::open(path));
    ORRERY_TRY(m_catalogue.add(run.path()));
    return listed(run);
}

Result<std::string> HostService::describeData(const DataRequest &request, const StreamSink &caller)
{
    if (!isGeneratorPath(request.path))
        ORRERY_TRY(requireAbsolute(request.path, "its path", "describe data"));
    if (request.context < 1)
        return Error{ErrorCode::InvalidInput,
                     "Cannot describe data \"" + request.path + "\": context is " +
                         std::to_string(request.context) + ", expected 1 or more.",
                     "Set the context length of the model."};
    Place place(m_numDescriptions);
    {
        Place waiting(m_numWaiting);
        if (!place.tryTake(kMaxDescriptions) && !waiting.tryTake(kMaxWaiting))
            return Error{ErrorCode::Unavailable,
                         "Cannot describe data \"" + request.path +
                             "\": " + std::to_string(kMaxDescriptions + kMaxWaiting) +
                             " other descriptions are under way or wait.",
                         "Try again when they are done."};
        while (!place.isHeld() && !place.tryTake(kMaxDescriptions)) {
            if (caller.isCancelled())
                return Error{
                    ErrorCode::Cancelled,
                    "Cannot describe data \"" + request.path + "\": it was cancelled while it waited.", ""};
            std::this_thread::sleep_for(kCallerPoll);
        }
    }
    RunSpec spec = specOf(request);
    if (spec.data.path == kExampleData) {
        ORRERY_ASSIGN(const std::filesystem::path example,
                      makeExampleData(userDataDir(), orrerySourcesAbove(programDir())));
        spec.data.path = example.string();
    }
    std::atomic<bool> isCallerGone{false};
    const CallerWatch watch(caller, [&] { isCallerGone = true; });
    return describedData(spec, isCallerGone);
}

} // namespace orrery
