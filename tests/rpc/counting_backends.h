// SPDX-License-Identifier: Apache-2.0
// All three services with nothing behind them: who gets in is counted, and refused by itself.
#pragma once

#include "core/rpc/service_backends.h"

#include <atomic>
#include <chrono>
#include <thread>

namespace orrery::test {

class CountingBackends final : public RunBackend, public HostBackend, public InferenceBackend {
public:
    std::atomic<int> numAnswered{0};
    std::atomic<int> numWatching{0};

    Result<RunStatus> status(const std::string &) override { return refused(); }
    Result<std::string> specJson(const std::string &) override { return refused(); }
    Result<RunStatus> control(const std::string &, const ControlCommand &) override { return refused(); }
    /// Until its viewer is gone.
    Result<void> watch(const std::string &, WatchSink &sink) override
    {
        ++numAnswered;
        ++numWatching;
        while (!sink.isCancelled() && sink.send({})) std::this_thread::sleep_for(std::chrono::milliseconds(20));
        --numWatching;
        return {};
    }
    /// As many bytes as a real answer has.
    Result<std::vector<SeriesReply>> querySeries(const SeriesRequest &) override { return refused(); }
    Result<std::vector<RunEvent>> listEvents(const std::string &, int64_t, int32_t) override { return refused(); }
    Result<std::vector<CheckpointInfo>> listCheckpoints(const std::string &) override { return refused(); }
    Result<std::vector<FrameInfo>> listFrames(const std::string &, const FrameQuery &) override { return refused(); }
    Result<std::string> frameBytes(const std::string &, int64_t) override { return refused(); }
    Result<InspectReport> inspectLive(const std::string &, const InspectRequest &, const StreamSink &) override { return refused(); }

    Result<HostDescription> describe() override
    {
        ++numAnswered;
        HostDescription host;
        host.version = "counting";
        return host;
    }
    Result<std::vector<RunStatus>> listRuns() override { return refused(); }
    Result<void> watchRuns(RunListSink &) override { return refused(); }
    Result<RunStatus> createRun(const NewRunRequest &, const StreamSink &) override { return refused(); }
    Result<std::string> modelSettings(const std::string &, const StreamSink &) override { return refused(); }
    Result<ModelExportSummary> exportModel(const ModelExportRequest &, ModelExportSink &) override { return refused(); }
    Result<ModelConsolidationSummary> consolidate(const ModelConsolidationRequest &, ConsolidationSink &) override { return refused(); }
    Result<RunStatus> startRun(const std::string &, int64_t) override { return refused(); }
    Result<RunStatus> addRun(const std::string &) override { return refused(); }
    Result<void> deleteRun(const std::string &) override { return refused(); }
    Result<PluginListing> listPlugins() override { return refused(); }
    Result<std::string> describeData(const DataRequest &, const StreamSink &) override { return refused(); }
    Result<RunStatus> editRun(const std::string &, const RunEdit &) override { return refused(); }
    Result<RunStatus> restoreRun(const std::string &) override { return refused(); }
    Result<RunStatus> branchRun(const BranchRequest &) override { return refused(); }
    Result<void> annotate(const std::string &, const RunNote &) override { return refused(); }
    Result<std::vector<DeletedRun>> listTrash() override { return refused(); }
    Result<std::vector<DeletedRun>> emptyTrash(const TrashChoice &, const StreamSink &) override { return refused(); }
    Result<ImportReply> importRuns(const std::string &, const StreamSink &, const std::function<void(const TransferAmount &)> &) override
    {
        return refused();
    }
    Result<void> exportRun(const std::string &, const std::string &, const StreamSink &) override { return refused(); }
    Result<void> retire() override { return refused(); }

    Result<GenerateSummary> generate(const ModelRequest &, GenerateSink &) override { return refused(); }
    Result<EmbedSummary> embed(const std::string &, const EmbedRequest &, const StreamSink &) override { return refused(); }
    Result<MemoryReport> editMemory(const std::string &, const MemoryEdit &, const StreamSink &) override { return refused(); }
    Result<InspectReport> inspect(const std::string &, const InspectRequest &, const StreamSink &) override { return refused(); }
    Result<std::vector<TokenPiece>> tokenize(const std::string &, const std::string &, const StreamSink &) override { return refused(); }

private:
    Error refused()
    {
        ++numAnswered;
        return {ErrorCode::Conflict, "Cannot do it: there is nothing here.", "Ask a real host."};
    }
};

} // namespace orrery::test
