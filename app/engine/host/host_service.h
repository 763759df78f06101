// SPDX-License-Identifier: Apache-2.0
// HostService and InferenceService of the host: the list of runs, making and starting them, data, and models.
// Any thread.
#pragma once

#include "app/engine/host/host_runs.h"
#include "app/engine/host/model_workers.h"
#include "app/engine/host/plugin_trials.h"
#include "app/engine/host/run_monitor.h"
#include "core/plugin/plugin_catalogue.h"
#include "core/rpc/service_backends.h"
#include "core/store/catalogue.h"

#include <atomic>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>

namespace orrery {

class HostService final : public HostBackend {
public:
    HostService(const Catalogue &catalogue, std::filesystem::path home, HostRuns &runs, ModelWorkers &models);

    Result<HostDescription> describe() override;
    Result<std::vector<RunStatus>> listRuns() override;
    Result<void> watchRuns(RunListSink &sink) override;
    /// Paths in the spec and `directory` are absolute, as the host has a working directory of its own.
    Result<RunStatus> createRun(const NewRunRequest &request, const StreamSink &caller) override;
    Result<RunStatus> startRun(const std::string &run, int64_t steps) override
    {
        return m_runs.start(run, steps);
    }
    Result<RunStatus> addRun(const std::string &path) override;
    Result<void> deleteRun(const std::string &run) override { return m_runs.remove(run); }
    Result<RunStatus> editRun(const std::string &run, const RunEdit &edit) override;
    Result<RunStatus> restoreRun(const std::string &run) override;
    Result<RunStatus> branchRun(const BranchRequest &request) override;
    Result<void> annotate(const std::string &run, const RunNote &note) override;
    Result<std::vector<DeletedRun>> listTrash() override;
    Result<std::vector<DeletedRun>> emptyTrash(const TrashChoice &choice, const StreamSink &caller) override;
    Result<ImportReply> importRuns(const std::string &path, const StreamSink &caller,
                                   const std::function<void(const TransferAmount &)> &onAmount) override;
    Result<void> exportRun(const std::string &run, const std::string &directory,
                           const StreamSink &caller) override;
    /// Both ask a worker, which takes as long as it takes to read a model. @error NotFound, Cancelled, and what it says
    Result<std::string> modelSettings(const std::string &model, const StreamSink &caller) override;
    Result<ModelExportSummary> exportModel(const ModelExportRequest &request, ModelExportSink &sink) override;
    Result<ModelConsolidationSummary> consolidate(const ModelConsolidationRequest &request, ConsolidationSink &sink) override;
    /// Prepares the data as a training would (kept in the cache). Two at a time, a few more wait for their
    /// turn; above: Unavailable. Ends soon when the caller has gone, whatever it does at the moment.
    Result<std::string> describeData(const DataRequest &request, const StreamSink &caller) override;
    /// Trainings outlive their host; a generation, a description, an import or a start under way would not.
    Result<void> retire() override;
    [[nodiscard]] bool isRetired() const { return m_isRetired; }
    /// Other machines come in over this host: one that took its place would not let them.
    void setListening() { m_isListening = true; }

    /// Looks at the disk each time: a plugin that was just installed is there, and is tried once.
    Result<PluginListing> listPlugins() override;

private:
    [[nodiscard]] PluginCatalogue scanPlugins() const;
    [[nodiscard]] RunStatus listed(const RunDirectory &run);
    Result<RunStatus> startNew(const RunDirectory &run, const std::string &verb);

    const Catalogue &m_catalogue;
    std::filesystem::path m_home;
    HostRuns &m_runs;
    ModelWorkers &m_models;
    RunMonitor m_monitor;
    PluginTrials m_pluginTrials;
    const std::filesystem::path m_program;
    const std::string m_build; ///< of this program as it was started; its file may be replaced meanwhile
    std::mutex m_mutex;
    std::optional<HostDescription> m_description; ///< asking the GPU driver takes a while: once
    std::atomic<int> m_numDescriptions{0};
    std::atomic<int> m_numWaiting{0}; ///< descriptions that wait for their turn
    std::atomic<int> m_numTransfers{0}; ///< imports, exports, consolidations, and what goes for good
    std::atomic<bool> m_isRetired{false};
    std::atomic<bool> m_isListening{false};
};

/// The host has a working directory of its own. @param what "its folder"   @param action "create a run"
Result<void> requireAbsolute(const std::string &path, const char *what, const std::string &action);

/// Generates and embeds with workers that hold a model each.
class HostInference final : public InferenceBackend {
public:
    HostInference(const Catalogue &catalogue, HostRuns &runs, ModelWorkers &workers)
        : m_catalogue(catalogue), m_runs(runs), m_workers(workers)
    {
    }
    /// @error NotFound (no such run, step or model; no checkpoint yet), Unavailable, and what the worker says
    Result<GenerateSummary> generate(const ModelRequest &request, GenerateSink &sink) override;
    /// @error as generate
    Result<EmbedSummary> embed(const std::string &model, const EmbedRequest &request,
                               const StreamSink &caller) override;
    Result<MemoryReport> editMemory(const std::string &model, const MemoryEdit &edit,
                                    const StreamSink &caller) override;
    /// RUN@live asks the run's own worker, everything else one that holds the model.
    Result<InspectReport> inspect(const std::string &model, const InspectRequest &request,
                                  const StreamSink &caller) override;
    Result<std::vector<TokenPiece>> tokenize(const std::string &model, const std::string &text,
                                             const StreamSink &caller) override;

private:
    /// Asks the model's worker, which may have to be started. @param ask of a client, a reference and a token
    template <typename Answer, typename Ask>
    Result<Answer> answerOf(const std::string &model, const StreamSink &caller, const Ask &ask);

    const Catalogue &m_catalogue;
    HostRuns &m_runs;
    ModelWorkers &m_workers;
};

} // namespace orrery
