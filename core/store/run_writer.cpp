// SPDX-License-Identifier: Apache-2.0
// The queue and the thread behind RunWriter. The queue's mutex is never held while the disk is used or the
// listener runs, and no viewer can hold it.
#include "core/base/platform.h"
#include "core/store/commit_teller.h"
#include "core/store/frame_store.h"
#include "core/store/run_store.h"
#include "core/store/schema.h"
#include "core/store/series_writer.h"
#include "core/store/sqlite_db.h"
#include "core/store/status_json.h"

#include <sqlite3.h>

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <future>
#include <mutex>
#include <new>
#include <thread>
#include <variant>

namespace orrery {

namespace {

using store::Database;
using store::Statement;
using store::Transaction;
using Clock = std::chrono::steady_clock;

constexpr auto kCommitInterval = std::chrono::milliseconds(20);
/// What the trainer says about one step arrives within this time and goes into one commit.
constexpr auto kGatherTime = std::chrono::milliseconds(2);
/// Folding the WAL back costs an fsync of the database, so not at every commit; readers that are always there
/// can keep it from starting over, so above the second mark we wait for a gap between them.
constexpr int64_t kCheckpointBytes = 4LL << 20;
constexpr int64_t kRestartBytes = 16LL << 20;
constexpr auto kRestartPause = std::chrono::milliseconds(1);
constexpr auto kRestartTime = std::chrono::milliseconds(100);
constexpr int kBusyTimeoutMs = 10'000;
constexpr const char *kPragmas =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0; "
    "PRAGMA journal_size_limit=16777216; PRAGMA secure_delete=OFF; PRAGMA cache_size=-8192";

struct RemovedCheckpoint {
    int64_t step;
};
struct NewFrame {
    FrameInfo info;
    std::string bytes;
    uint64_t budgetBytes;
};
struct AttemptRequest {
    int64_t fromStep;
    std::shared_ptr<std::promise<Result<int32_t>>> answer;
};
using Entry = std::variant<StepReport, RunEvent, CheckpointInfo, RemovedCheckpoint, RunStatus, NewFrame,
                           AttemptRequest>;
/// Of frames that wait for the disk; beyond, they are left out rather than waited for.
constexpr size_t kMaxQueuedFrameBytes = size_t{64} << 20;

/// What one commit did, for the listener and for those who wait.
struct Committed {
    std::vector<StepReport> reports;
    std::vector<RunEvent> events;
    std::vector<std::pair<AttemptRequest *, int32_t>> attempts;
};

int noteWalPages(void *target, sqlite3 *, const char *, int numPages)
{
    *static_cast<int64_t *>(target) = numPages;
    return SQLITE_OK;
}

class SqliteRunWriter final : public RunWriter {
public:
    SqliteRunWriter(std::unique_ptr<Database> database, std::unique_ptr<store::SeriesWriter> series,
                    std::unique_ptr<store::FrameWriter> frames, const RunWriterOptions &options)
        : m_maxQueued(options.maxQueued), m_database(std::move(database)), m_series(std::move(series)),
          m_frames(std::move(frames)), m_lastFrameId(m_frames->lastId()),
          m_teller(options.maxUntold, [this](bool isHeldUp) { setHeldUp(isHeldUp); })
    {
    }
    ~SqliteRunWriter() override;
    Result<void> prepare();
    void start();

    Result<int32_t> beginAttempt(int64_t fromStep) override;
    void addReport(const StepReport &report) override { push(report); }
    void addEvent(const RunEvent &event) override { push(event); }
    void addCheckpoint(const CheckpointInfo &checkpoint) override { push(checkpoint); }
    void removeCheckpoint(int64_t step) override { push(RemovedCheckpoint{step}); }
    void setStatus(const RunStatus &status) override { push(status); }
    void addFrame(const FrameInfo &frame, std::string bytes, uint64_t budgetBytes) override;
    [[nodiscard]] int64_t lastFrameId() const override
    {
        return m_lastFrameId.load(std::memory_order_acquire);
    }
    void setCommitListener(std::function<void(const std::vector<StepReport> &, const std::vector<RunEvent> &)>
                               listener) override;
    Result<void> flush() override;
    [[nodiscard]] std::optional<Error> failure() const override;
    [[nodiscard]] WaitCounts waits() const override
    {
        return {m_numViewerWaits.load(std::memory_order_relaxed),
                m_numDiskWaits.load(std::memory_order_relaxed)};
    }

private:
    enum class Urgency : uint8_t { Grouped, AtOnce };
    void push(Entry entry, Urgency urgency = Urgency::Grouped);
    void enqueue(Entry entry, Urgency urgency, bool &wakes);
    template <typename Done>
    void waitFor(std::unique_lock<std::mutex> &lock, std::condition_variable &change, Done isDone);
    void setHeldUp(bool isHeldUp);
    bool pauseBetweenRestarts();
    void work();
    Committed process(std::vector<Entry> &batch);
    Result<Committed> commit(std::vector<Entry> &batch);
    Result<void> apply(Entry &entry, Committed &done);
    Result<void> writeEvent(RunEvent &event, Committed &done);
    Result<void> writeCheckpoint(const CheckpointInfo &checkpoint);
    Result<void> writeWarnings(Committed &done);
    Result<void> removeUnusedFrames();
    Result<void> foldWal();
    Result<bool> checkpointWal(int mode);
    Result<void> finish();
    void fail(Error error);

    const size_t m_maxQueued;

    // The writer's thread only, after start().
    std::unique_ptr<Database> m_database;
    std::unique_ptr<store::SeriesWriter> m_series;
    std::unique_ptr<store::FrameWriter> m_frames;
    Statement m_addEvent, m_addCheckpoint, m_clearBest, m_removeCheckpoint, m_setStatus;
    int64_t m_walPages = 0;
    int64_t m_pageBytes = 4096;
    int64_t m_nextWalBytes = kCheckpointBytes;
    int64_t m_newestStep = 0;
    int32_t m_newestAttempt = 0;

    mutable std::mutex m_mutex;
    std::condition_variable m_wake;      ///< something to do
    std::condition_variable m_space;     ///< the queue was taken
    std::condition_variable m_committed; ///< m_numDone grew, or the writer failed
    std::vector<Entry> m_queue;
    size_t m_queuedFrameBytes = 0;
    bool m_hasLeftOutFrames = false;
    uint64_t m_numPushed = 0;
    uint64_t m_numDone = 0;
    bool m_isUrgent = false;
    bool m_isStopping = false;
    bool m_isHeldUp = false; ///< the writer's thread waits for the listener
    int m_numWaiting = 0;    ///< producers that wait for the writer's thread
    std::optional<Error> m_failure;
    std::atomic<bool> m_hasFailed{false};
    std::atomic<int64_t> m_lastFrameId{0}; ///< committed
    std::atomic<uint64_t> m_numViewerWaits{0};
    std::atomic<uint64_t> m_numDiskWaits{0};

    store::CommitTeller m_teller; ///< outlives the writer's thread
    std::thread m_thread;
};

Result<void> SqliteRunWriter::prepare()
{
    const auto prepare = [this](Statement &statement, const char *sql) -> Result<void> {
        ORRERY_ASSIGN(statement, m_database->prepare(sql));
        return {};
    };
    ORRERY_TRY(prepare(m_addEvent, "INSERT INTO event(step, wall_us, attempt, kind, text, payload) "
                                   "VALUES(?1, ?2, ?3, ?4, ?5, ?6) RETURNING id"));
    ORRERY_TRY(prepare(m_addCheckpoint, "REPLACE INTO checkpoint VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
    ORRERY_TRY(prepare(m_clearBest, "UPDATE checkpoint SET is_best = 0 WHERE is_best <> 0"));
    ORRERY_TRY(prepare(m_removeCheckpoint, "DELETE FROM checkpoint WHERE step = ?1"));
    ORRERY_TRY(prepare(m_setStatus, "REPLACE INTO status VALUES(1, ?1)"));
    ORRERY_ASSIGN(m_pageBytes, m_database->queryInteger("PRAGMA page_size"));
    sqlite3_wal_hook(m_database->handle(), noteWalPages, &m_walPages);
    return {};
}

void SqliteRunWriter::start()
{
    // Signals are for the program's own threads.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    m_teller.start();
    m_thread = std::thread([this] { work(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

SqliteRunWriter::~SqliteRunWriter()
{
    {
        std::lock_guard lock(m_mutex);
        m_isStopping = true;
    }
    m_wake.notify_all();
    if (m_thread.joinable()) m_thread.join();
}

void SqliteRunWriter::push(Entry entry, Urgency urgency)
{
    bool wakes = false;
    {
        std::unique_lock lock(m_mutex);
        if (m_queue.size() >= m_maxQueued && !m_hasFailed) {
            if (!m_isHeldUp) m_numDiskWaits.fetch_add(1, std::memory_order_relaxed);
            waitFor(lock, m_space, [this] { return m_queue.size() < m_maxQueued || m_hasFailed; });
        }
        if (m_hasFailed) return; // the failure is final and known; nothing would be written
        enqueue(std::move(entry), urgency, wakes);
    }
    if (wakes) m_wake.notify_one();
}

void SqliteRunWriter::enqueue(Entry entry, Urgency urgency, bool &wakes)
{
    wakes = m_queue.empty() || urgency == Urgency::AtOnce || m_queue.size() + 1 == m_maxQueued / 2;
    m_isUrgent = m_isUrgent || urgency == Urgency::AtOnce;
    m_queue.push_back(std::move(entry));
    ++m_numPushed;
}

/// Frames are worth less than the time to wait for them.
void SqliteRunWriter::addFrame(const FrameInfo &frame, std::string bytes, uint64_t budgetBytes)
{
    bool wakes = false;
    {
        const std::lock_guard lock(m_mutex);
        if (m_hasFailed) return;
        if (m_queue.size() >= m_maxQueued || m_queuedFrameBytes + bytes.size() > kMaxQueuedFrameBytes) {
            m_hasLeftOutFrames = true;
            return;
        }
        m_queuedFrameBytes += bytes.size();
        enqueue(NewFrame{frame, std::move(bytes), budgetBytes}, Urgency::Grouped, wakes);
    }
    if (wakes) m_wake.notify_one();
}

/// Waits as a producer. That the listener is what it waits for is seen at any time of the wait, counted once.
template <typename Done>
void SqliteRunWriter::waitFor(std::unique_lock<std::mutex> &lock, std::condition_variable &change,
                              Done isDone)
{
    ++m_numWaiting;
    m_wake.notify_one();
    bool isCounted = false;
    change.wait(lock, [&] {
        if (isDone()) return true;
        if (m_isHeldUp && !std::exchange(isCounted, true))
            m_numViewerWaits.fetch_add(1, std::memory_order_relaxed);
        return false;
    });
    --m_numWaiting;
}

void SqliteRunWriter::setHeldUp(bool isHeldUp)
{
    {
        const std::lock_guard lock(m_mutex);
        m_isHeldUp = isHeldUp;
    }
    if (!isHeldUp) return;
    m_space.notify_all();
    m_committed.notify_all();
}

Result<int32_t> SqliteRunWriter::beginAttempt(int64_t fromStep)
{
    auto answer = std::make_shared<std::promise<Result<int32_t>>>();
    auto future = answer->get_future();
    push(AttemptRequest{fromStep, std::move(answer)}, Urgency::AtOnce);
    try {
        return future.get();
    } catch (const std::future_error &) {
        // Nobody answered: the writer had failed before.
        return failure().value_or(
            Error{ErrorCode::Internal, "Cannot begin an attempt: the writer has ended.", ""});
    }
}

void SqliteRunWriter::setCommitListener(
    std::function<void(const std::vector<StepReport> &, const std::vector<RunEvent> &)> listener)
{
    m_teller.setListener(std::move(listener));
}

Result<void> SqliteRunWriter::flush()
{
    std::unique_lock lock(m_mutex);
    const uint64_t wanted = m_numPushed;
    if (m_numDone < wanted && !m_hasFailed) {
        m_isUrgent = true;
        waitFor(lock, m_committed, [this, wanted] { return m_numDone >= wanted || m_hasFailed; });
    }
    if (m_failure) return *m_failure;
    return {};
}

std::optional<Error> SqliteRunWriter::failure() const
{
    if (!m_hasFailed.load(std::memory_order_acquire)) return std::nullopt;
    std::lock_guard lock(m_mutex);
    return m_failure;
}

void SqliteRunWriter::fail(Error error)
{
    {
        std::lock_guard lock(m_mutex);
        if (!m_failure) m_failure = std::move(error);
        m_hasFailed.store(true, std::memory_order_release);
        m_queue.clear();
    }
    m_space.notify_all();
    m_committed.notify_all();
}

void SqliteRunWriter::work()
{
    std::vector<Entry> batch;
    auto lastCommit = Clock::now() - kCommitInterval;
    while (true) {
        {
            std::unique_lock lock(m_mutex);
            m_wake.wait(lock, [this] { return !m_queue.empty() || m_isStopping; });
            if (m_queue.empty()) break;
            const auto deadline = std::max(lastCommit + kCommitInterval, Clock::now() + kGatherTime);
            m_wake.wait_until(lock, deadline, [this] {
                return m_isUrgent || m_isStopping || m_queue.size() >= m_maxQueued / 2;
            });
            batch.swap(m_queue);
            m_queuedFrameBytes = 0;
            m_isUrgent = false;
            if (std::exchange(m_hasLeftOutFrames, false))
                m_frames->warnOfLeftOut("the disk does not keep up with them.");
        }
        m_space.notify_all();
        const size_t numEntries = batch.size();
        lastCommit = Clock::now();
        Committed done;
        try {
            done = process(batch);
        } catch (const std::bad_alloc &) {
            fail(Error{ErrorCode::OutOfMemory,
                       "Cannot write \"" + m_database->path().string() + "\": no memory is left.",
                       "Close other programs, then resume the run."});
        } catch (const std::exception &error) {
            fail(Error{ErrorCode::Internal, std::string("Cannot write the run store: ") + error.what() + ".",
                       ""});
        }
        batch.clear();
        // Handed over before anybody learns that it is done: who flushes and then takes the listener away has
        // let it hear everything.
        m_teller.hand(std::move(done.reports), std::move(done.events));
        {
            std::lock_guard lock(m_mutex);
            m_numDone += numEntries;
        }
        m_committed.notify_all();
        if (!m_hasFailed) {
            if (auto folded = foldWal(); !folded) fail(std::move(folded).error());
            if (auto removed = removeUnusedFrames(); !removed) fail(std::move(removed).error());
        }
    }
    if (!m_hasFailed) {
        if (auto finished = finish(); !finished) fail(std::move(finished).error());
    }
}

Committed SqliteRunWriter::process(std::vector<Entry> &batch)
{
    if (m_hasFailed) return {};
    auto done = commit(batch);
    if (!done) {
        // Remembered first: whoever is told that a request failed can ask why.
        fail(done.error());
        for (Entry &entry : batch)
            if (auto *request = std::get_if<AttemptRequest>(&entry)) request->answer->set_value(done.error());
        return {};
    }
    for (auto &[request, number] : done->attempts) request->answer->set_value(number);
    return std::move(done).value();
}

Result<Committed> SqliteRunWriter::commit(std::vector<Entry> &batch)
{
    Committed done;
    RunStatus *status = nullptr; // the last one covers those before it
    ORRERY_ASSIGN(Transaction transaction, Transaction::begin(*m_database, Transaction::Kind::Write));
    for (Entry &entry : batch) {
        if (auto *newer = std::get_if<RunStatus>(&entry)) {
            status = newer;
        } else {
            ORRERY_TRY(apply(entry, done));
        }
    }
    if (status) {
        status->lastFrameId = m_frames->lastId();
        const std::string json = store::statusToJson(*status);
        ORRERY_TRY(m_setStatus.bindText(1, json).run());
    }
    ORRERY_TRY(m_series->finishCommit());
    ORRERY_TRY(writeWarnings(done));
    ORRERY_TRY(transaction.commit());
    m_lastFrameId.store(m_frames->lastId(), std::memory_order_release);
    return done;
}

Result<void> SqliteRunWriter::apply(Entry &entry, Committed &done)
{
    if (auto *report = std::get_if<StepReport>(&entry)) {
        ORRERY_TRY(m_series->add(*report));
        m_newestStep = report->step;
        m_newestAttempt = report->attempt;
        done.reports.push_back(std::move(*report));
    } else if (auto *event = std::get_if<RunEvent>(&entry)) {
        ORRERY_TRY(writeEvent(*event, done));
    } else if (auto *checkpoint = std::get_if<CheckpointInfo>(&entry)) {
        ORRERY_TRY(writeCheckpoint(*checkpoint));
    } else if (auto *removed = std::get_if<RemovedCheckpoint>(&entry)) {
        ORRERY_TRY(m_removeCheckpoint.bind(1, removed->step).run());
    } else if (auto *frame = std::get_if<NewFrame>(&entry)) {
        ORRERY_TRY(m_frames->add(frame->info, frame->bytes, frame->budgetBytes));
    } else if (auto *request = std::get_if<AttemptRequest>(&entry)) {
        ORRERY_ASSIGN(const int32_t number, m_series->beginAttempt(request->fromStep, wallSeconds()));
        done.attempts.emplace_back(request, number);
    }
    return {};
}

Result<void> SqliteRunWriter::writeEvent(RunEvent &event, Committed &done)
{
    event.text = store::boundedText(event.text);
    // Half a JSON document is of no use to a program; its size is.
    const std::string payload = store::boundedText(event.payload);
    if (payload.size() < event.payload.size())
        event.payload = R"({"truncated":true,"num_bytes":)" + std::to_string(event.payload.size()) + "}";
    else
        event.payload = payload;
    m_addEvent.bind(1, event.step).bind(2, store::toMicros(event.wallTime)).bind(3, event.attempt);
    m_addEvent.bindText(4, eventKindName(event.kind)).bindText(5, event.text).bindText(6, event.payload);
    ORRERY_ASSIGN(const bool hasRow, m_addEvent.step());
    if (hasRow) event.id = m_addEvent.integer(0);
    // Runs the statement to its end: the row is only written then.
    ORRERY_TRY(m_addEvent.step());
    m_addEvent.reset();
    done.events.push_back(std::move(event));
    return {};
}

Result<void> SqliteRunWriter::writeCheckpoint(const CheckpointInfo &checkpoint)
{
    if (checkpoint.isBest) ORRERY_TRY(m_clearBest.run());
    m_addCheckpoint.bind(1, checkpoint.step)
        .bind(2, store::toMicros(checkpoint.wallTime))
        .bindReal(3, checkpoint.valLoss);
    m_addCheckpoint.bind(4, checkpoint.isBest).bind(5, checkpoint.isVerified);
    m_addCheckpoint.bind(6, static_cast<int64_t>(checkpoint.numBytes)).bindText(7, checkpoint.directory);
    return m_addCheckpoint.run();
}

Result<void> SqliteRunWriter::writeWarnings(Committed &done)
{
    std::vector<std::string> texts = m_series->takeWarnings();
    for (std::string &text : m_frames->takeWarnings()) texts.push_back(std::move(text));
    for (std::string &text : texts) {
        RunEvent event;
        event.step = m_newestStep;
        event.attempt = m_newestAttempt;
        event.wallTime = wallSeconds();
        event.kind = EventKind::Warning;
        event.text = std::move(text);
        ORRERY_TRY(writeEvent(event, done));
    }
    return {};
}

/// The rows that say where frames have moved to must be on the disk before the old places go.
Result<void> SqliteRunWriter::removeUnusedFrames()
{
    if (!m_frames->hasUnused()) return {};
    // A reader can keep SQLite from copying, and then from syncing, too: the old places stay until the next time.
    int numLogged = 0, numCopied = 0;
    const int code = sqlite3_wal_checkpoint_v2(m_database->handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                               &numLogged, &numCopied);
    if (code == SQLITE_OK && numLogged == numCopied) m_frames->removeUnused();
    if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED) return {};
    return m_database->error(code);
}

Result<void> SqliteRunWriter::foldWal()
{
    const int64_t walBytes = m_walPages * (m_pageBytes + 24);
    if (walBytes < kCheckpointBytes) {
        m_nextWalBytes = kCheckpointBytes;
        return {};
    }
    if (walBytes < m_nextWalBytes) return {};
    m_nextWalBytes = walBytes + kCheckpointBytes / 4;
    if (walBytes < kRestartBytes) {
        ORRERY_ASSIGN(const bool isWhole, checkpointWal(SQLITE_CHECKPOINT_PASSIVE));
        static_cast<void>(isWhole); // the WAL starts over at the next commit that meets no reader
        return {};
    }
    // Many tries instead of a long one: SQLite waits for the mark that a reader had when the try began, and a
    // busy reader takes the same mark again at once, with a newer frame. No try waits, and between two of
    // them a producer comes first: readers are viewers, and nobody who trains waits for one.
    sqlite3_busy_timeout(m_database->handle(), 0);
    const auto deadline = Clock::now() + kRestartTime;
    Result<bool> isEmpty = false;
    while (true) {
        isEmpty = checkpointWal(SQLITE_CHECKPOINT_TRUNCATE);
        if (!isEmpty || *isEmpty || Clock::now() >= deadline) break;
        if (!pauseBetweenRestarts()) {
            m_nextWalBytes = walBytes; // again behind the next commit
            break;
        }
    }
    sqlite3_busy_timeout(m_database->handle(), kBusyTimeoutMs);
    if (!isEmpty) return isEmpty.error();
    if (*isEmpty) m_walPages = 0;
    return {};
}

/// False when a producer waits for this thread.
bool SqliteRunWriter::pauseBetweenRestarts()
{
    std::unique_lock lock(m_mutex);
    return !m_wake.wait_for(lock, kRestartPause, [this] { return m_numWaiting > 0; });
}

/// False when a reader was in the way, which is no failure: the next try comes after another piece of WAL.
Result<bool> SqliteRunWriter::checkpointWal(int mode)
{
    const int code = sqlite3_wal_checkpoint_v2(m_database->handle(), nullptr, mode, nullptr, nullptr);
    if (code == SQLITE_OK) return true;
    if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED) return false;
    return m_database->error(code);
}

Result<void> SqliteRunWriter::finish()
{
    static_cast<void>(m_frames->endFile()); // what could not be synced is found out by its checksum
    {
        ORRERY_ASSIGN(Transaction transaction, Transaction::begin(*m_database, Transaction::Kind::Write));
        ORRERY_TRY(m_series->foldAll());
        ORRERY_TRY(transaction.commit());
    }
    // Closing would fold the WAL back too, but cannot say that it failed.
    ORRERY_ASSIGN(const bool isWhole, checkpointWal(SQLITE_CHECKPOINT_PASSIVE));
    static_cast<void>(isWhole);
    return {};
}

} // namespace

Result<std::unique_ptr<RunWriter>> RunWriter::open(const std::filesystem::path &runDirectory,
                                                   const RunWriterOptions &options)
{
    const std::filesystem::path path = runDirectory / store::kDatabaseName;
    ORRERY_ASSIGN(auto database, Database::open(path, store::OpenMode::Create));
    // The version is checked before anything is written: journal_mode changes the file.
    ORRERY_TRY(store::checkWritable(*database, store::migrations()));
    ORRERY_TRY(database->exec(kPragmas));
    sqlite3_busy_timeout(database->handle(), kBusyTimeoutMs);
    ORRERY_TRY(store::migrate(*database, store::migrations()));
    ORRERY_ASSIGN(auto series, store::SeriesWriter::load(*database));
    ORRERY_ASSIGN(auto frames, store::FrameWriter::load(*database, runDirectory));
    auto writer =
        std::make_unique<SqliteRunWriter>(std::move(database), std::move(series), std::move(frames), options);
    ORRERY_TRY(writer->prepare());
    writer->start();
    return std::unique_ptr<RunWriter>(std::move(writer));
}

} // namespace orrery
