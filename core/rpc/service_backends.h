// SPDX-License-Identifier: Apache-2.0
// What stands behind the three services, as values: a worker's run, a worker's model, or the host.
// rpc_server.h puts them on a socket. Members are called on rpc threads, many at a time; an exception never
// leaves a handler (it becomes Internal).
#pragma once

#include "core/base/result.h"
#include "core/rpc/values.h"

#include <functional>
#include <string>
#include <vector>

namespace orrery {

/// The receiving end of a stream. Belongs to the thread of its handler; isCancelled() may be called from any
/// thread.
class StreamSink {
public:
    virtual ~StreamSink() = default;
    /// The receiver is gone, has cancelled, or the server is ending. Cheap enough to be asked per token.
    [[nodiscard]] virtual bool isCancelled() const = 0;
    /// How far a look inside is, for a caller that wants to know. On the thread of the call.
    virtual void sendReading(const InspectPassAmount &) const {}
};

/// send… block while the receiver is slow and return false when it is gone.
class WatchSink : public StreamSink {
public:
    virtual bool send(const WatchBatch &batch) = 0;
};
class RunListSink : public StreamSink {
public:
    virtual bool send(const std::vector<RunStatus> &runs) = 0;
};
class GenerateSink : public StreamSink {
public:
    virtual bool sendModel(const ModelInfo &model) = 0;
    virtual bool sendTokens(const std::vector<GeneratedToken> &tokens) = 0;
};

class ModelExportSink : public StreamSink {
public:
    virtual bool sendAmount(const TransferAmount &amount) = 0;
};

class ConsolidationSink : public StreamSink {
public:
    virtual bool sendAmount(const ConsolidationAmount &amount) = 0;
};

class RunBackend {
public:
    virtual ~RunBackend() = default;
    virtual Result<RunStatus> status(const std::string &run) = 0;
    virtual Result<std::string> specJson(const std::string &run) = 0;
    virtual Result<RunStatus> control(const std::string &run, const ControlCommand &command) = 0;
    virtual Result<void> watch(const std::string &run, WatchSink &sink) = 0;
    virtual Result<std::vector<SeriesReply>> querySeries(const SeriesRequest &request) = 0;
    virtual Result<std::vector<RunEvent>> listEvents(const std::string &run, int64_t afterId,
                                                     int32_t maxEvents) = 0;
    virtual Result<std::vector<CheckpointInfo>> listCheckpoints(const std::string &run) = 0;
    virtual Result<std::vector<FrameInfo>> listFrames(const std::string &run, const FrameQuery &query) = 0;
    virtual Result<std::string> frameBytes(const std::string &run, int64_t id) = 0;
    /// At a step boundary of the running training. @error Conflict when it does not run
    virtual Result<InspectReport> inspectLive(const std::string &run, const InspectRequest &request,
                                              const StreamSink &caller) = 0;
};

class HostBackend {
public:
    virtual ~HostBackend() = default;
    virtual Result<HostDescription> describe() = 0;
    virtual Result<std::vector<RunStatus>> listRuns() = 0;
    virtual Result<void> watchRuns(RunListSink &sink) = 0;
    virtual Result<RunStatus> createRun(const NewRunRequest &request, const StreamSink &caller) = 0;
    virtual Result<RunStatus> startRun(const std::string &run, int64_t steps) = 0;
    virtual Result<RunStatus> addRun(const std::string &path) = 0;
    virtual Result<void> deleteRun(const std::string &run) = 0;
    virtual Result<PluginListing> listPlugins() = 0;
    virtual Result<std::string> describeData(const DataRequest &request, const StreamSink &caller) = 0;
    /// What people say about a run.
    virtual Result<RunStatus> editRun(const std::string &run, const RunEdit &edit) = 0;
    /// Takes back deleteRun().
    virtual Result<RunStatus> restoreRun(const std::string &run) = 0;
    virtual Result<RunStatus> branchRun(const BranchRequest &request) = 0;
    /// A note at a step, as an event of the run, or one that corrects another.
    virtual Result<void> annotate(const std::string &run, const RunNote &note) = 0;
    /// What deleteRun() took, newest first.
    virtual Result<std::vector<DeletedRun>> listTrash() = 0;
    /// For good. @return what went; may take minutes
    virtual Result<std::vector<DeletedRun>> emptyTrash(const TrashChoice &choice, const StreamSink &caller) = 0;
    /// TensorBoard's files into runs, and back; both may take minutes.
    /// @param onAmount bytes read, some times a second; may be empty
    virtual Result<ImportReply> importRuns(const std::string &path, const StreamSink &caller,
                                           const std::function<void(const TransferAmount &)> &onAmount) = 0;
    virtual Result<void> exportRun(const std::string &run, const std::string &directory,
                                   const StreamSink &caller) = 0;
    /// Settings, as JSON of a spec, that a run with a model's weights has.
    virtual Result<std::string> modelSettings(const std::string &model, const StreamSink &caller) = 0;
    virtual Result<ModelExportSummary> exportModel(const ModelExportRequest &request, ModelExportSink &sink) = 0;
    /// A model learns what it remembers and becomes another one; a caller that has gone leaves nothing behind.
    virtual Result<ModelConsolidationSummary> consolidate(const ModelConsolidationRequest &request,
                                                          ConsolidationSink &sink) = 0;
    /// Asks the host to end soon after the answer. @error Conflict while something would be lost by it
    virtual Result<void> retire() = 0;
};

inline constexpr size_t kMaxTokenizedBytes = size_t{1} << 20; ///< of a text whose tokens are asked for

class InferenceBackend {
public:
    virtual ~InferenceBackend() = default;
    virtual Result<GenerateSummary> generate(const ModelRequest &request, GenerateSink &sink) = 0;
    virtual Result<EmbedSummary> embed(const std::string &model, const EmbedRequest &request,
                                       const StreamSink &caller) = 0;
    /// Of the text that the model read last (Generator::editMemory).
    virtual Result<MemoryReport> editMemory(const std::string &model, const MemoryEdit &edit,
                                            const StreamSink &caller) = 0;
    virtual Result<InspectReport> inspect(const std::string &model, const InspectRequest &request,
                                          const StreamSink &caller) = 0;
    /// @param text at most kMaxTokenizedBytes
    virtual Result<std::vector<TokenPiece>> tokenize(const std::string &model, const std::string &text,
                                                     const StreamSink &caller) = 0;
};

} // namespace orrery
