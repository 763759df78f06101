// SPDX-License-Identifier: GPL-3.0-or-later
// What a window may ask of an engine, as Qt signals and values. GUI thread only; nothing here waits: every request answers
// through its callback on the GUI thread, unless the context object died first. What is read of one run is answered in the
// order in which it was asked, and so are control, edits and notes; nothing waits for what was asked of other runs.
// Implemented by app/workbench over RPC, and by fakes in tests. Owned by the application, handed to panels by reference.
#pragma once

#include "core/base/result.h"
#include "core/spec/consolidation.h"
#include "core/spec/deleted_run.h"
#include "core/spec/frames.h"
#include "core/spec/generation.h"
#include "core/spec/inspection.h"
#include "core/spec/memory_events.h"
#include "core/spec/model_export.h"
#include "core/spec/plugin_info.h"
#include "core/spec/run_records.h"
#include "core/spec/run_spec.h"

#include <QByteArray>
#include <QObject>
#include <QString>
#include <QStringList>

#include <functional>
#include <memory>
#include <vector>

namespace orrery::ui {

enum class ConnectionState : uint8_t { Unknown, Connecting, Connected, Lost };

struct EngineInfo {
    QString version;
    QString cpuModel;
    int numCores = 0;
    quint64 memoryBytes = 0;
    int numCudaDevices = 0;
    QString cudaNote;
    QString home;
    QString note; ///< what the user should know of it (an older build that cannot be replaced now); mostly empty
    bool isOfThisComputer = true; ///< what its paths mean, they mean here
};

/// Of an engine that is gone or does not answer; Unix seconds, 0: it is not lost, or nobody knows.
struct ConnectionLoss {
    double since = 0;
    double nextTry = 0;    ///< by itself
    bool isSilent = false; ///< it is there and says nothing (it hangs, or its machine has no time for it): it is waited for
};

struct SeriesData {
    std::string name;
    quint64 totalPoints = 0;
    std::vector<SeriesBucket> buckets;
};

/// A batch of a live run, as it came from the engine.
struct RunUpdate {
    QString run;
    RunStatus status;
    std::vector<StepReport> reports;
    std::vector<RunEvent> events;
    quint64 numDropped = 0;         ///< > 0: query series again from firstDroppedStep
    qint64 firstDroppedStep = 0;
    /// The live tail begins, begins again or has ended: what was stored before may not have come. Query
    /// series and events now; whatever the answer does not hold comes with a later update.
    bool mustReplay = false;
};

struct ModelInfoValue {
    QString name;
    qint64 step = -1;
    quint64 numParameters = 0;
    qint64 context = 0;
    QString note;
};

/// The plugins of the engine's machine.
struct PluginListingValue {
    std::vector<PluginInfo> plugins; ///< those that others require first
    std::vector<Error> problems;     ///< of folders as such
};

/// What came of a TensorBoard log directory.
struct ImportedRuns {
    std::vector<RunStatus> runs;
    quint64 numPoints = 0;
    quint64 numSkipped = 0; ///< records that could not be read
    QStringList notes;      ///< where they are
};

/// A generation under way; destroying or cancelling it stops the tokens at once.
class GenerationHandle : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    virtual void cancel() = 0;
Q_SIGNALS:
    void modelLoaded(const orrery::ui::ModelInfoValue &model);
    void tokens(const std::vector<orrery::GeneratedToken> &tokens);
    void finished(const orrery::GenerateSummary &summary);
    void failed(const orrery::Error &error);
};

/// A request under way. Destroying it cancels it: the engine stops working on it, and no reply comes any
/// more.
class PendingRequest {
public:
    PendingRequest() = default;
    virtual ~PendingRequest() = default;
    PendingRequest(const PendingRequest &) = delete;
    PendingRequest &operator=(const PendingRequest &) = delete;
};

template <typename T> using Reply = std::function<void(Result<T>)>;

class EngineSession : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    [[nodiscard]] virtual ConnectionState connectionState() const = 0;
    [[nodiscard]] virtual EngineInfo engine() const = 0;
    [[nodiscard]] virtual QString lastError() const = 0; ///< of the connection
    virtual void reconnect() = 0;                         ///< the banner's Retry

    /// Newest list, as last signalled by runsChanged().
    [[nodiscard]] virtual const std::vector<RunStatus> &runs() const = 0;

    /// Starts or ends the live updates of a run (updated()). Counted: each watch needs its unwatch. An update
    /// with mustReplay follows each watch() as soon as the engine sends live reports (or refuses to), and
    /// comes again when the link or the worker was lost and found, when the run has ended, and when a note was
    /// written while it rests: who asks for the history then, and only then, misses nothing.
    virtual void watch(const QString &run) = 0;
    virtual void unwatch(const QString &run) = 0;

    virtual void querySeries(const QString &run, const std::vector<std::string> &series, qint64 fromStep, qint64 toStep,
                             int maxBuckets, QObject *context, Reply<std::vector<SeriesData>> reply) = 0;
    /// Events with id > afterId, oldest first. A full page means that there may be more: ask again after its
    /// last one.
    virtual void listEvents(const QString &run, qint64 afterId, QObject *context, Reply<std::vector<RunEvent>> reply) = 0;
    static constexpr int kEventPage = 10'000;
    virtual void listCheckpoints(const QString &run, QObject *context, Reply<std::vector<CheckpointInfo>> reply) = 0;
    /// spec.json of the run, as text.
    virtual void getSpec(const QString &run, QObject *context, Reply<QString> reply) = 0;

    virtual void createRun(const QString &specJson, const QString &directory, bool start, QObject *context,
                           Reply<RunStatus> reply) = 0;
    virtual void startRun(const QString &run, qint64 steps, QObject *context, Reply<RunStatus> reply) = 0;
    virtual void addRun(const QString &path, QObject *context, Reply<RunStatus> reply) = 0;
    virtual void deleteRun(const QString &run, QObject *context, Reply<void> reply) = 0;
    /// verb as orrery::ControlVerb in core/engine_api: pause, continue, step, checkpoint, stop, set, break, unbreak
    /// (with the condition as the setting's value).
    virtual void control(const QString &run, const QString &verb, qint64 steps, const SettingChange &setting,
                         QObject *context, Reply<RunStatus> reply) = 0;
    /// JSON of `data describe` for the data of a run, with "mismatch" {key, value, message, hint} where its
    /// model cannot read them. Reads the whole text: keep the answer's handle, and drop it when the question is
    /// out of date.
    [[nodiscard]] virtual std::unique_ptr<PendingRequest>
    describeData(const RunSpec &spec, QObject *context, Reply<QString> reply) = 0;

    /// The engine looks at its folders anew each time.
    virtual void listPlugins(QObject *context, Reply<PluginListingValue> reply) = 0;

    /// @param model run id, "run@step" or a model directory
    virtual std::unique_ptr<GenerationHandle> generate(const QString &model, const GenerateRequest &request) = 0;

    // New virtual functions go here, to the end: window halves of plugins know the order of those above.

    /// Kept pictures of a run's attention, in order of their ids (RunStatus::lastFrameId tells when there are more).
    virtual void listFrames(const QString &run, const FrameQuery &query, QObject *context,
                            Reply<std::vector<FrameInfo>> reply) = 0;
    [[nodiscard]] virtual std::unique_ptr<PendingRequest> getFrame(const QString &run, qint64 id, QObject *context,
                                                                   Reply<AttentionFrame> reply) = 0;
    /// @param model run id, "run@step", "run@live" (the weights of a running training) or a model directory
    [[nodiscard]] virtual std::unique_ptr<PendingRequest> inspect(const QString &model, const InspectRequest &request,
                                                                  QObject *context, Reply<InspectReport> reply) = 0;
    /// What the model remembers of the text that it read last, after an edit.
    [[nodiscard]] virtual std::unique_ptr<PendingRequest> editMemory(const QString &model, const MemoryEdit &edit,
                                                                     QObject *context, Reply<MemoryReport> reply) = 0;

    // An engine that cannot do one of these answers with Unavailable.
    /// Name, tags, notes, archive: what people say about a run.
    virtual void editRun(const QString &run, const RunEdit &edit, QObject *context, Reply<RunStatus> reply);
    /// Takes back deleteRun(), as long as the engine keeps what was deleted.
    virtual void restoreRun(const QString &run, QObject *context, Reply<RunStatus> reply);
    /// A new run that begins with a checkpoint of this one. @param changes JSON of the settings that differ
    virtual void branchRun(const QString &run, qint64 step, const QString &changes, bool start, QObject *context,
                           Reply<RunStatus> reply);
    /// A note at a step, drawn on the curves.
    virtual void annotate(const QString &run, qint64 step, const QString &text, QObject *context, Reply<void> reply);
    /// Paths are those of the engine's machine. A log directory of TensorBoard: a run for each folder with events.
    [[nodiscard]] virtual std::unique_ptr<PendingRequest> importRuns(const QString &path, QObject *context,
                                                                     Reply<ImportedRuns> reply);
    /// The same, which tells how far it is. @param onAmount bytes read, on the GUI thread, some times a second, until the reply;
    /// never by a session that cannot tell
    [[nodiscard]] virtual std::unique_ptr<PendingRequest>
    importRunsWatched(const QString &path, QObject *context, std::function<void(const TransferAmount &)> onAmount,
                      Reply<ImportedRuns> reply);
    [[nodiscard]] virtual std::unique_ptr<PendingRequest> exportRun(const QString &run, const QString &directory,
                                                                    QObject *context, Reply<void> reply);
    /// A text as the tokenizer of a model cuts it.
    [[nodiscard]] virtual std::unique_ptr<PendingRequest> tokenize(const QString &model, const QByteArray &text,
                                                                   QObject *context,
                                                                   Reply<std::vector<TokenPiece>> reply);
    [[nodiscard]] virtual ConnectionLoss loss() const { return {}; }

    /// JSON of the settings that a run with a model's weights has. @param model as generate()
    [[nodiscard]] virtual std::unique_ptr<PendingRequest> modelSettings(const QString &model, QObject *context,
                                                                        Reply<QString> reply);
    /// createRun() in the user's runs, with the weights of a model in place of random ones.
    [[nodiscard]] virtual std::unique_ptr<PendingRequest> createRunFrom(const QString &model, const QString &specJson,
                                                                        bool start, QObject *context,
                                                                        Reply<RunStatus> reply);
    /// @param onAmount told on the GUI thread, some times a second, until the reply
    [[nodiscard]] virtual std::unique_ptr<PendingRequest>
    exportModel(const ModelExportRequest &request, QObject *context,
                std::function<void(const TransferAmount &)> onAmount, Reply<ModelExportSummary> reply);

    /// Corrects a note of a person; an empty text takes it away. What was said can be said again in the same way.
    /// @param note id of its event
    virtual void replaceNote(const QString &run, qint64 note, qint64 step, const QString &text, QObject *context,
                             Reply<void> reply);
    /// What deleteRun() took and restoreRun() brings back, by its folder there; newest first.
    virtual void listTrash(QObject *context, Reply<std::vector<DeletedRun>> reply);
    /// Deletes for good. Answers with those that went.
    virtual void emptyTrash(const TrashChoice &choice, QObject *context, Reply<std::vector<DeletedRun>> reply);

    /// As inspect(). @param onAmount told on the GUI thread with each part of the answer that has come, until the reply;
    /// never by a session that cannot tell
    [[nodiscard]] virtual std::unique_ptr<PendingRequest>
    inspectWatched(const QString &model, const InspectRequest &request, QObject *context,
                   std::function<void(const InspectAmount &)> onAmount, Reply<InspectReport> reply);

    /// The model learns what it remembers and becomes another one. Destroying the request leaves nothing behind.
    /// @param onAmount told on the GUI thread, some times a second, until the reply
    [[nodiscard]] virtual std::unique_ptr<PendingRequest>
    consolidate(const ModelConsolidationRequest &request, QObject *context,
                std::function<void(const ConsolidationAmount &)> onAmount, Reply<ModelConsolidationSummary> reply);

    /// Whether a path of the engine is one of this computer: it can be chosen and opened here.
    [[nodiscard]] bool isOfThisComputer() const { return engine().isOfThisComputer; }

Q_SIGNALS:
    void connectionChanged();
    void runsChanged();
    void updated(const orrery::ui::RunUpdate &update);
};

} // namespace orrery::ui
