// SPDX-License-Identifier: Apache-2.0
// What a run tells while and after it runs: state, points, events, checkpoints, samples. The store keeps them, the
// worker sends them, the window shows them. Values; any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace orrery {

enum class RunState : uint8_t {
    Unknown,
    Created,  ///< spec frozen, never started
    Starting, ///< worker is up, data and model are being prepared
    Running,
    Paused,
    Stopping,
    Stopped,  ///< ended on request before the last step; can be resumed
    Finished,
    Failed,   ///< ended with an error (text in RunStatus::error)
    Crashed,  ///< no worker lives, and the last one did not say goodbye
    Unreadable, ///< spec.json or run.db is broken or from a newer program (text in RunStatus::error)
};
const char *runStateName(RunState state);
RunState runStateFromName(const std::string &name);
/// Whether a worker process is expected to live in this state.
bool isLiveState(RunState state);

/// Names of the series that trainings write. Units: nats/token, 1, L2, tokens/s, %, MiB.
namespace series {
inline constexpr const char *kLoss = "loss";
inline constexpr const char *kValLoss = "val_loss";
inline constexpr const char *kValLossPrefix = "val_loss_prefix"; ///< of runs with a share of prefixes
inline constexpr const char *kValLossInfill = "val_loss_infill"; ///< of runs with a share of infilling
inline constexpr const char *kLearningRate = "lr";
inline constexpr const char *kGradNorm = "grad_norm";
inline constexpr const char *kTokensPerSecond = "tokens_per_s";
inline constexpr const char *kViewerPercent = "viewer_percent"; ///< CPU of viewers, taps and generation
inline constexpr const char *kMemoryMiB = "memory_mib";
} // namespace series

struct MetricValue {
    std::string series;
    double value = 0; ///< NaN and Inf are kept
};

/// All numbers of one report. `step` counts finished updates (1 after the first), so step N's loss belongs to update N.
struct StepReport {
    int64_t step = 0;
    double wallTime = 0; ///< Unix seconds
    int32_t attempt = 0; ///< 0 for the first start; each resume begins a new one
    std::vector<MetricValue> values;
};

enum class EventKind : uint8_t {
    Unknown, Started, Resumed, Paused, Continued, Checkpoint, CheckpointDeleted, Setting, Sample, NonFinite, Warning,
    Finished, Stopped, Failed, Note, Breakpoint, Alarm, EarlyStop,
};
const char *eventKindName(EventKind kind);
EventKind eventKindFromName(const std::string &name);

struct RunEvent {
    int64_t id = 0; ///< given by the store, increasing
    int64_t step = 0;
    double wallTime = 0;
    int32_t attempt = 0;
    EventKind kind = EventKind::Unknown;
    std::string text;    ///< a sentence for people
    std::string payload; ///< JSON for programs: {"key":…,"value":…} of a setting, {"prompt":…,"text":…} of a sample
};

struct CheckpointInfo {
    int64_t step = 0;
    double wallTime = 0;
    double valLoss = std::numeric_limits<double>::quiet_NaN();
    bool isBest = false;
    bool isVerified = false; ///< read back after writing
    uint64_t numBytes = 0;
    std::string directory;   ///< relative to the run directory
};

/// How often a thread that hands over values had to wait, and for whom.
struct WaitCounts {
    uint64_t forViewers = 0;
    uint64_t forDisk = 0;
};

/// What should be looked at in a training. Values stand in files and messages: append only.
enum class AlarmKind : uint8_t {
    Unknown,
    NonFinite,   ///< loss or gradient norm is NaN or infinite
    Spike,       ///< the loss jumped far above what it was
    Divergence,  ///< it stays far above its best
    Plateau,     ///< the validation loss has not fallen for long
    Overfitting, ///< the validation loss rises while the training loss falls
    NoReport,    ///< no step ended in the time that was promised; found by who watches
    DiskFull,    ///< too little room for the next checkpoints
};
const char *alarmKindName(AlarmKind kind); ///< "non_finite", "spike" …
AlarmKind alarmKindFromName(const std::string &name);

struct RunAlarm {
    AlarmKind kind = AlarmKind::Unknown;
    int64_t step = 0;
    double wallTime = 0; ///< Unix seconds
    std::string series;  ///< where it shows; empty: none
    std::string text;    ///< a sentence for people: value, rule, what to do
    bool operator==(const RunAlarm &) const = default;
};

/// What people say about a run; no part of its spec. Kept beside it, in labels.json.
struct RunLabels {
    std::vector<std::string> tags; ///< no two alike, in the order given
    std::string notes;             ///< Markdown
    bool isArchived = false;       ///< left out of lists unless asked for
    bool operator==(const RunLabels &) const = default;
};

struct RunStatus {
    std::string id;        ///< file-name-safe, unique in the catalogue
    std::string name;
    std::string directory; ///< absolute
    RunState state = RunState::Unknown;
    int64_t step = 0;
    int64_t totalSteps = 0;
    int32_t attempt = 0;
    double createdAt = 0;     ///< Unix seconds
    double lastReportAt = 0;  ///< Unix seconds; 0 when there is none
    double elapsedSeconds = 0; ///< training time over all attempts, without pauses
    double loss = std::numeric_limits<double>::quiet_NaN();
    double valLoss = std::numeric_limits<double>::quiet_NaN();
    double bestValLoss = std::numeric_limits<double>::quiet_NaN();
    double learningRate = std::numeric_limits<double>::quiet_NaN();
    double gradNorm = std::numeric_limits<double>::quiet_NaN();
    double tokensPerSecond = std::numeric_limits<double>::quiet_NaN();
    double viewerPercent = std::numeric_limits<double>::quiet_NaN();
    uint64_t memoryBytes = 0;
    uint64_t numParameters = 0;
    std::string device;
    int64_t threads = 0;
    std::string error;      ///< why it failed, crashed or cannot be read
    int64_t lastCheckpointStep = -1;
    uint64_t trainerWaits = 0; ///< how often the trainer thread waited for viewers in this attempt (must stay 0)
    uint64_t diskWaits = 0;    ///< how often it waited because run.db did not keep up, in this attempt
    int32_t numViewers = 0;
    int64_t lastFrameId = 0; ///< of the newest kept frame (FrameInfo::id); 0: there is none
    std::vector<std::string> breakpoints; ///< conditions that are watched, as breakpointText() writes them
    /// The breakpoint that paused it, with series and value ("loss > 4: loss was 4.312"); empty: paused by hand, or not at all.
    std::string pauseReason;
    std::string pauseSeries; ///< of that breakpoint
    std::string parent;      ///< id of the run that it was branched from; empty: none
    int64_t parentStep = -1; ///< checkpoint of the parent that it began with
    RunLabels labels;
    std::vector<RunAlarm> alarms; ///< that hold now, the newest last, one of a kind at most
};

/// A change of what people say about a run; what is not set stays.
struct RunEdit {
    std::optional<std::string> name;
    std::optional<std::vector<std::string>> tags;
    std::optional<std::string> notes;
    std::optional<bool> isArchived;
};

/// A change that takes effect at the next step boundary, is logged, drawn and replayed on resume.
struct SettingChange {
    std::string key; ///< field key, or "lr_factor"
    std::string value;
};

/// One bucket of a series: exact extrema of all its points.
struct SeriesBucket {
    int64_t firstStep = 0;
    int64_t lastStep = 0;
    double firstWallTime = 0;
    double lastWallTime = 0;
    double minimum = 0; ///< over finite points; NaN when there is none
    double maximum = 0;
    double mean = 0;
    double last = 0;    ///< value of the last point, finite or not
    uint64_t numPoints = 0;
    uint64_t numNonFinite = 0;
    int32_t attempt = 0;
    bool isSuperseded = false; ///< from a tail that a later attempt wrote again: drawn dimmed
};

struct SeriesInfo {
    std::string name;
    uint64_t numPoints = 0;
    int64_t firstStep = 0;
    int64_t lastStep = 0;
    double lastValue = 0;
};

/// Steps from..to inclusive, at most maxBuckets buckets per attempt; when there are fewer points than buckets, a bucket
/// per point.
struct SeriesQuery {
    std::string series;
    int64_t fromStep = 0;
    int64_t toStep = std::numeric_limits<int64_t>::max();
    int32_t maxBuckets = 2000;
};

} // namespace orrery
