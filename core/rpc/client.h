// SPDX-License-Identifier: Apache-2.0
// The one way to speak to an engine: blocking calls over a Unix socket or TCP, to a host (everything) or, over a
// socket, to the worker of a run (the RunService part; it ignores the run's name) or of a model (generate). Owned by the
// caller; every member may be called from any thread and several at a time; each streaming call needs a
// thread of its own. The destructor must run when no call is under way: cancelAll(), join, destroy.
#pragma once

#include "core/base/result.h"
#include "core/rpc/remote_target.h"
#include "core/rpc/values.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace orrery {

/// Ends calls from another thread. A copy refers to the same thing. cancel() is for good: later calls with it
/// end at once.
class CancelToken {
public:
    CancelToken();
    void cancel() const;
    [[nodiscard]] bool isCancelled() const;

private:
    friend class EngineClient;
    struct State;
    std::shared_ptr<State> m_state;
};

/// Errors of every call, besides those of the engine itself: Unavailable (engine gone or too busy), Cancelled
/// (token or cancelAll), Io (an answer that cannot be read).
class EngineClient {
public:
    /// Connects and finds out that somebody answers on the socket.
    /// @param token ends the attempt and, from then on, every call of this client, also one that begins later
    /// @error Unavailable (nobody listens), InvalidInput (path above 107 bytes), Io, Cancelled
    static Result<EngineClient> connect(const std::string &socketPath,
                                        std::chrono::milliseconds timeout = std::chrono::seconds(2),
                                        const CancelToken &token = {});
    /// Connects to a host of another machine: looks at its certificate first, and goes on only when it is the
    /// one that `target` names. Whether the token is taken is seen with the first call.
    /// @error as above; Conflict (another certificate, or none is named: both fingerprints are told),
    /// InvalidInput (address or token)
    static Result<EngineClient> connectRemote(const RemoteTarget &target,
                                              std::chrono::milliseconds timeout = std::chrono::seconds(10),
                                              const CancelToken &token = {});
    EngineClient(EngineClient &&other) noexcept;
    EngineClient &operator=(EngineClient &&other) noexcept;
    ~EngineClient();

    /// The socket's path, or what the remote host is called.
    [[nodiscard]] const std::string &socketPath() const;
    /// Longest wait of a unary call; 10 s unless told. createRun and startRun wait 60 s, streams and data
    /// without limit.
    void setDeadline(std::chrono::milliseconds deadline);
    /// Ends all calls under way with Cancelled; later calls work again.
    void cancelAll() const;

    // One run. `run`: id, unique prefix of an id, name or path. Errors of a host: NotFound, Conflict
    // (ambiguous).
    [[nodiscard]] Result<RunStatus> status(const std::string &run) const;
    /// spec.json of the run, as text.
    [[nodiscard]] Result<std::string> specJson(const std::string &run) const;
    /// @error Conflict (run is not running), InvalidInput (bad setting)
    [[nodiscard]] Result<RunStatus> control(const std::string &run, const ControlCommand &command) const;
    [[nodiscard]] Result<std::vector<SeriesReply>> querySeries(const SeriesRequest &request) const;
    /// Events with id > afterId, oldest first. @param maxEvents 0: 10,000
    [[nodiscard]] Result<std::vector<RunEvent>> listEvents(const std::string &run, int64_t afterId,
                                                           int32_t maxEvents = 0) const;
    [[nodiscard]] Result<std::vector<CheckpointInfo>> listCheckpoints(const std::string &run) const;
    [[nodiscard]] Result<std::vector<FrameInfo>> listFrames(const std::string &run,
                                                            const FrameQuery &query) const;
    /// @error NotFound (never there, or thinned out), Io and InvalidInput (damaged)
    [[nodiscard]] Result<AttentionFrame> frame(const std::string &run, int64_t id) const;
    /// With the weights of the running training; waits for a step boundary, without limit. @error Conflict (it
    /// does not run: its saved steps can be asked), and as inspect()
    [[nodiscard]] Result<InspectReport> inspectLive(const std::string &run, const InspectRequest &request,
                                                    const CancelToken &token = {},
                                                    const std::function<void(const InspectAmount &)> &onAmount = {}) const;
    /// Calls onBatch on this thread for each update: one at once, then batches at least 16 ms apart, and one
    /// with the status at least every second, so that silence of 3 s means a dead link. When the first one is
    /// here, the viewer is attached: it says mustReplay, and nothing committed later is missed. Ends ok when
    /// onBatch returns false or the engine ends the stream (a worker that is done does; a host goes on for as
    /// long as the run exists).
    /// @param onQuiet asked about twice a second while nothing comes; false ends the call. May be empty.
    [[nodiscard]] Result<void> watch(const std::string &run,
                                     const std::function<bool(const WatchBatch &)> &onBatch,
                                     const CancelToken &token = {},
                                     const std::function<bool()> &onQuiet = {}) const;

    // Host only.
    [[nodiscard]] Result<HostDescription> host() const;
    /// Seconds of one round trip. An older host that does not know the question answers all the same.
    [[nodiscard]] Result<double> ping() const;
    [[nodiscard]] Result<std::vector<RunStatus>> listRuns() const;
    /// The whole list at once, then whenever something changed, at most 4 a second. Ends as watch().
    [[nodiscard]] Result<void> watchRuns(const std::function<bool(const std::vector<RunStatus> &)> &onList,
                                         const CancelToken &token = {}) const;
    /// @param specJson nested or dotted keys  @param directory empty: in the user's runs
    /// @error InvalidInput (naming key, value, rule), Conflict (a run is there), Io
    /// One that begins with a model waits without limit, as long as the model takes to be read.
    [[nodiscard]] Result<RunStatus> createRun(const NewRunRequest &request, const CancelToken &token = {}) const;
    [[nodiscard]] Result<RunStatus> createRun(const std::string &specJson, const std::string &directory,
                                              bool start) const
    {
        return createRun({specJson, directory, start, {}});
    }
    /// First start or resume; returns when the worker listens. @param steps new total, 0: the one the run has
    /// @error Conflict (it runs already), and whatever stopped the worker
    [[nodiscard]] Result<RunStatus> startRun(const std::string &run, int64_t steps) const;
    /// Lists an existing run directory elsewhere. @error NotFound, InvalidInput
    [[nodiscard]] Result<RunStatus> addRun(const std::string &path) const;
    /// @error Conflict (a worker owns it)
    [[nodiscard]] Result<void> deleteRun(const std::string &run) const;
    /// @error InvalidInput (naming the value and its limit)
    [[nodiscard]] Result<RunStatus> editRun(const std::string &run, const RunEdit &edit) const;
    /// One that was deleted, by its id or its folder in the trash. @error NotFound, Conflict (something is in its place)
    [[nodiscard]] Result<RunStatus> restoreRun(const std::string &run) const;
    /// @error NotFound (no such checkpoint), InvalidInput (a setting that a branch cannot change)
    [[nodiscard]] Result<RunStatus> branchRun(const BranchRequest &request) const;
    [[nodiscard]] Result<void> annotate(const std::string &run, int64_t step, const std::string &text) const;
    /// A note that corrects another (note.replaces), or takes it away (no text). @error NotFound (no such note),
    /// InvalidInput, Unavailable (an older host)
    [[nodiscard]] Result<void> replaceNote(const std::string &run, const RunNote &note) const;
    /// What was deleted and can be restored, newest first.
    [[nodiscard]] Result<std::vector<DeletedRun>> listTrash() const;
    /// Deletes for good; waits without limit. @return what went  @error NotFound (none of it goes then), Conflict (two
    /// have that id), Io, Cancelled
    [[nodiscard]] Result<std::vector<DeletedRun>> emptyTrash(const TrashChoice &choice, const CancelToken &token = {}) const;
    /// Paths are the host's; both wait without limit. @error Cancelled, and as importTfevents, exportTfevents
    /// @param onAmount bytes read, on this thread, some times a second; never by an older host. May be empty.
    [[nodiscard]] Result<ImportReply> importRuns(const std::string &path, const CancelToken &token = {},
                                                 const std::function<void(const TransferAmount &)> &onAmount = {}) const;
    [[nodiscard]] Result<void> exportRun(const std::string &run, const std::string &directory,
                                         const CancelToken &token = {}) const;
    /// Settings, as JSON of a spec, that a run with a model's weights has. Waits without limit. @error NotFound, Cancelled
    [[nodiscard]] Result<std::string> modelSettings(const std::string &model, const CancelToken &token = {}) const;
    /// A checkpoint as a folder of its own on the host's machine. @param onAmount on this thread, some times a second
    /// @error NotFound, Conflict (something is there), InvalidInput (a model that the format cannot hold), Cancelled
    [[nodiscard]] Result<ModelExportSummary> exportModel(const ModelExportRequest &request,
                                                         const std::function<void(const TransferAmount &)> &onAmount,
                                                         const CancelToken &token = {}) const;
    /// A model learns what it remembers and becomes another one, in a folder on the host's machine; takes as long as a
    /// training. @param onAmount on this thread, some times a second  @error NotFound (no memory, or no semantic one),
    /// Conflict (something is in the folder), InvalidInput (nothing to learn; a value out of range), Cancelled (then nothing
    /// was written), Unavailable (an older host)
    [[nodiscard]] Result<ModelConsolidationSummary>
    consolidate(const ModelConsolidationRequest &request, const std::function<void(const ConsolidationAmount &)> &onAmount,
                const CancelToken &token = {}) const;
    /// What `data describe --json` prints. @error as prepareData; Cancelled
    [[nodiscard]] Result<std::string> describeData(const DataRequest &request,
                                                   const CancelToken &token = {}) const;
    /// Asks the host to make room for another one; trainings go on. @error Conflict (something would be lost)
    [[nodiscard]] Result<void> retire() const;

    [[nodiscard]] Result<PluginListing> listPlugins() const;

    // Host, or a worker that serves a model.
    /// Blocks until the end: onModel once, then onTokens with batches in order (at most every 16 ms), on this
    /// thread. A callback that returns false, the token or cancelAll() stop the generation at the next token.
    /// Either may be empty.
    [[nodiscard]] Result<GenerateSummary>
    generate(const std::string &model, const GenerateRequest &request,
             const std::function<bool(const ModelInfo &)> &onModel,
             const std::function<bool(const std::vector<GeneratedToken> &)> &onTokens,
             const CancelToken &token = {}, const std::function<bool()> &onQuiet = {}) const;
    /// A text as one vector; waits without limit. @error InvalidInput (no text), Unavailable (a worker that
    /// is too busy)
    [[nodiscard]] Result<EmbedSummary> embed(const std::string &model, const EmbedRequest &request,
                                             const CancelToken &token = {}) const;
    /// What the model remembers of the text that it read last, after an edit; waits without limit.
    /// @error NotFound (no memory, no such event), InvalidInput, Unavailable
    [[nodiscard]] Result<MemoryReport> editMemory(const std::string &model, const MemoryEdit &edit,
                                                  const CancelToken &token = {}) const;
    /// What a model does with a text; waits without limit. The answer comes in parts, and a call that is cancelled ends
    /// with the part that is on its way. @param model as above, and to a host "RUN@live" too (@error as inspectLive)
    /// @error InvalidInput (what Generator::inspect says), Unavailable, Cancelled, Io (an answer that says something
    /// else about its size than what comes)
    /// @param onAmount called on this thread with each part that has come, but of an older engine, which sends one
    [[nodiscard]] Result<InspectReport> inspect(const std::string &model, const InspectRequest &request,
                                                const CancelToken &token = {},
                                                const std::function<void(const InspectAmount &)> &onAmount = {}) const;
    /// A text as the tokenizer of a model cuts it; waits without limit. @param text at most 1 MiB
    /// @error InvalidInput, Unavailable, Cancelled
    [[nodiscard]] Result<std::vector<TokenPiece>> tokenize(const std::string &model, const std::string &text,
                                                           const CancelToken &token = {}) const;
    /// One after the other; a request that fails does not stop the others.
    [[nodiscard]] Result<std::vector<BatchResult>> batchGenerate(const std::vector<ModelRequest> &requests,
                                                                 const CancelToken &token = {}) const;

private:
    struct Impl;
    explicit EngineClient(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

} // namespace orrery
