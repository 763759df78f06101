// SPDX-License-Identifier: Apache-2.0
// run.db of one run: series with a min/max/mean pyramid, events, checkpoints, status. SQLite in WAL mode.
// RunWriter is the run's only writer: it owns a thread and a queue; the trainer hands values over and never waits for
// the disk. RunReader is for everybody else: every call is one short transaction, so the WAL can be folded back.
#pragma once

#include "core/base/result.h"
#include "core/spec/frames.h"
#include "core/spec/run_records.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

inline constexpr int kRunStoreVersion = 2;

/// Bounds of what waits in memory; tests make them small.
struct RunWriterOptions {
    size_t maxQueued = 65'536; ///< entries on their way to the disk
    size_t maxUntold = 65'536; ///< committed ones on their way to the listener
};

class RunWriter {
public:
    /// Opens or creates run.db, migrates an older one. The caller holds run.lock.
    /// @error InvalidInput: made by a newer program (nothing is changed), not a database; Io; Conflict
    static Result<std::unique_ptr<RunWriter>> open(const std::filesystem::path &runDirectory,
                                                   const RunWriterOptions &options = {});
    virtual ~RunWriter() = default; ///< flushes, tells the listener the rest and joins

    /// Marks points of older attempts after fromStep as superseded, and returns the number of this attempt (0 first).
    virtual Result<int32_t> beginAttempt(int64_t fromStep) = 0;
    /// Queues; returns at once. Any one producer thread. A full queue (65,536 entries) waits for the disk and counts it.
    /// Times are kept to the microsecond. Left out, with one Warning event: points before the series' newest step of the
    /// same attempt, names that are not 1 to 256 bytes of UTF-8, series beyond 4,096.
    virtual void addReport(const StepReport &report) = 0;
    virtual void addEvent(const RunEvent &event) = 0;
    virtual void addCheckpoint(const CheckpointInfo &checkpoint) = 0;
    virtual void removeCheckpoint(int64_t step) = 0;
    virtual void setStatus(const RunStatus &status) = 0;
    /// Keeps a frame in frames/, within `budgetBytes` for all of them: beyond, every second one of the oldest goes. Queues like a
    /// report; frame.id and numBytes are given here. @param bytes as packFrame() made them
    /// Never waits: where the disk does not keep up, or does not take it, it is left out, with one Warning event.
    virtual void addFrame(const FrameInfo &frame, std::string bytes, uint64_t budgetBytes) = 0;
    /// Id of the newest frame that is committed; 0: there is none. The status in run.db gets it, too.
    [[nodiscard]] virtual int64_t lastFrameId() const = 0;
    /// Called after each commit, with what was committed (events carry their ids), on a thread of its own: neither a
    /// commit nor flush() waits for the listener, until maxUntold entries do. When this returns, the listener before has
    /// heard all that was committed, is not running and will not run again. One thread; never from the listener.
    virtual void setCommitListener(std::function<void(const std::vector<StepReport> &, const std::vector<RunEvent> &)> listener) = 0;
    /// Waits until everything queued is committed. @error Io: the first error of the writer's thread, which is final
    virtual Result<void> flush() = 0;
    /// First error of the writer thread, if any; the training reports it and stops at the next step.
    [[nodiscard]] virtual std::optional<Error> failure() const = 0;
    /// How often one of the calls above waited: for a full queue because the disk was slow, or (also in flush()) because
    /// the listener, which is where viewers are, held everything up. Waiting for the disk in flush() is not counted.
    [[nodiscard]] virtual WaitCounts waits() const = 0;
};

/// Any thread; calls on one object take turns.
class RunReader {
public:
    /// @error NotFound, InvalidInput (newer version, not a database), Io
    static Result<std::unique_ptr<RunReader>> open(const std::filesystem::path &runDirectory);
    virtual ~RunReader() = default;

    virtual Result<RunStatus> status() = 0; ///< as last written; a dead worker is found out by whoever checks the lock
    /// Over all attempts: smallest and largest step, value of the point written last. In order of first appearance.
    virtual Result<std::vector<SeriesInfo>> listSeries() = 0;
    /// Buckets in order of attempt, then step. An attempt that was partly superseded shares its buckets between both
    /// parts, each of which has at least one. @error NotFound, InvalidInput (maxBuckets outside 1 … 100,000; damaged)
    virtual Result<std::vector<SeriesBucket>> query(const SeriesQuery &query) = 0;
    /// Events with id > afterId, oldest first.
    virtual Result<std::vector<RunEvent>> events(int64_t afterId, int32_t maxEvents) = 0;
    virtual Result<std::vector<CheckpointInfo>> checkpoints() = 0;
    /// In order of their ids.
    virtual Result<std::vector<FrameInfo>> frames(const FrameQuery &query) = 0;
    /// As it was given to addFrame. @error NotFound (never there, or thinned out), Io, InvalidInput (cut short or damaged: which
    /// file)
    virtual Result<std::string> frameBytes(int64_t id) = 0;
};

} // namespace orrery
