// SPDX-License-Identifier: Apache-2.0
#include "core/store/series_query.h"

#include "core/base/text.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <span>

namespace orrery::store {

namespace {

// A level of the pyramid is fine enough when it has this many nodes per bucket: a node goes whole into the
// bucket of its first step, so bucket borders move by less than half a bucket, and the extrema stay exact.
constexpr uint64_t kNodesPerBucket = 2;

enum class Level : uint8_t { Chunk, Coarse, Fine, Points };

struct Chunk {
    int64_t id = 0;
    Summary summary;
};

/// Part of one attempt: a whole chunk that can stand for itself, or points.
struct Item {
    Chunk chunk;
    std::vector<Point> points; ///< when the chunk is cut by the range, or was never one

    [[nodiscard]] bool isChunk() const { return points.empty(); }
    [[nodiscard]] uint64_t numPoints() const { return isChunk() ? chunk.summary.numPoints : points.size(); }
    [[nodiscard]] int64_t firstStep() const
    {
        return isChunk() ? chunk.summary.firstStep : points.front().step;
    }
    [[nodiscard]] int64_t lastStep() const { return isChunk() ? chunk.summary.lastStep : points.back().step; }
};

Error damagedSeries(const Database &database, const std::string &series, int64_t firstStep, int64_t lastStep)
{
    return Error{ErrorCode::InvalidInput,
                 "Cannot read series \"" + series + "\" in \"" + database.path().string() +
                     "\": the points of steps " + std::to_string(firstStep) + " to " +
                     std::to_string(lastStep) + " are damaged (wrong checksum), expected whole data.",
                 "Other series and other steps can still be read; restore run.db from a copy."};
}

class QueryRunner {
public:
    QueryRunner(Database &database, const SeriesQuery &query) : m_database(database), m_query(query) {}
    /// False when there is no such series.
    Result<bool> findSeries();
    Result<std::vector<SeriesBucket>> run();

private:
    Result<void> prepare();

    Result<void> loadCuts();
    Result<void> loadAttempts();
    Result<std::vector<Chunk>> loadChunks(int32_t attempt);
    Result<std::vector<Point>> loadPoints(const Chunk &chunk, int32_t attempt);
    Result<std::vector<Summary>> loadBlocks(const Chunk &chunk, Level level);
    Result<std::vector<Item>> collect(int32_t attempt, int64_t fromStep, int64_t toStep);
    Result<void> addAttempt(int32_t attempt);
    Result<void> addPoints(std::vector<Item> &items, int32_t attempt, bool isSuperseded);
    Result<void> compose(std::vector<Item> &items, int32_t attempt, bool isSuperseded, uint64_t numBuckets);
    void addBucket(const Summary &summary, int32_t attempt, bool isSuperseded);
    [[nodiscard]] Error damaged(const Chunk &chunk) const
    {
        return damagedSeries(m_database, m_query.series, chunk.summary.firstStep, chunk.summary.lastStep);
    }

    Database &m_database;
    const SeriesQuery &m_query;
    int64_t m_series = 0;
    int64_t m_foldedRow = 0;
    std::map<int32_t, int64_t> m_fromSteps; ///< of each attempt that has begun
    std::set<int32_t> m_attempts;           ///< those with points of this series
    std::map<int32_t, std::vector<Point>> m_tail;
    std::vector<SeriesBucket> m_buckets;
    Statement m_chunks, m_chunksBegin, m_points, m_coarse, m_fine;
};

Result<void> QueryRunner::prepare()
{
    const auto prepare = [this](Statement &statement, const char *sql) -> Result<void> {
        ORRERY_ASSIGN(statement, m_database.prepare(sql));
        return {};
    };
    // Chunks of an attempt do not overlap: all before the last one that begins before the range end before it
    // too.
    ORRERY_TRY(prepare(m_chunksBegin,
                       "SELECT first_step FROM chunk WHERE series = ?1 AND attempt = ?2 AND first_step < ?3 "
                       "ORDER BY first_step DESC LIMIT 1"));
    ORRERY_TRY(prepare(
        m_chunks, "SELECT id, first_step, last_step, first_wall_us, last_wall_us, num_points, num_nonfinite, "
                  "minimum, maximum, mean, last FROM chunk WHERE series = ?1 AND attempt = ?2 "
                  "AND first_step >= ?3 AND first_step <= ?4 ORDER BY first_step, id"));
    ORRERY_TRY(prepare(m_points, "SELECT data FROM chunk_points WHERE id = ?1"));
    ORRERY_TRY(prepare(m_coarse, "SELECT data FROM chunk_coarse WHERE id = ?1"));
    return prepare(m_fine, "SELECT data FROM chunk_fine WHERE id = ?1");
}

Result<bool> QueryRunner::findSeries()
{
    ORRERY_ASSIGN(Statement find, m_database.prepare("SELECT id, folded_row FROM series WHERE name = ?1"));
    ORRERY_ASSIGN(const bool hasRow, find.bindText(1, m_query.series).step());
    if (!hasRow) return false;
    m_series = find.integer(0);
    m_foldedRow = find.integer(1);
    return true;
}

Result<void> QueryRunner::loadCuts()
{
    ORRERY_ASSIGN(Statement attempts, m_database.prepare("SELECT number, from_step FROM attempt"));
    while (true) {
        ORRERY_ASSIGN(const bool hasRow, attempts.step());
        if (!hasRow) return {};
        m_fromSteps[static_cast<int32_t>(attempts.integer(0))] = attempts.integer(1);
    }
}

Result<void> QueryRunner::loadAttempts()
{
    const auto keep = [this](int64_t, const LogPart &part) {
        m_attempts.insert(part.attempt);
        auto &tail = m_tail[part.attempt];
        tail.insert(tail.end(), part.points.begin(), part.points.end());
    };
    ORRERY_TRY(forEachLogPart(m_database, m_foldedRow, keep, m_series));
    // One seek per attempt instead of a scan over all chunks.
    ORRERY_ASSIGN(Statement next,
                  m_database.prepare("SELECT attempt FROM chunk WHERE series = ?1 AND attempt > ?2 "
                                     "ORDER BY attempt LIMIT 1"));
    int64_t attempt = std::numeric_limits<int64_t>::min();
    while (true) {
        ORRERY_ASSIGN(const bool hasRow, next.bind(1, m_series).bind(2, attempt).step());
        if (!hasRow) return {};
        attempt = next.integer(0);
        next.reset();
        m_attempts.insert(static_cast<int32_t>(attempt));
    }
}

Result<std::vector<Chunk>> QueryRunner::loadChunks(int32_t attempt)
{
    std::vector<Chunk> chunks;
    int64_t begin = std::numeric_limits<int64_t>::min();
    ORRERY_ASSIGN(const bool hasBefore,
                  m_chunksBegin.bind(1, m_series).bind(2, attempt).bind(3, m_query.fromStep).step());
    if (hasBefore) begin = m_chunksBegin.integer(0);
    m_chunksBegin.reset();
    m_chunks.bind(1, m_series).bind(2, attempt).bind(3, begin).bind(4, m_query.toStep);
    while (true) {
        ORRERY_ASSIGN(const bool hasRow, m_chunks.step());
        if (!hasRow) break;
        Chunk chunk;
        chunk.id = m_chunks.integer(0);
        Summary &s = chunk.summary;
        s.firstStep = m_chunks.integer(1);
        s.lastStep = m_chunks.integer(2);
        s.firstWallMicros = m_chunks.integer(3);
        s.lastWallMicros = m_chunks.integer(4);
        const int64_t numPoints = m_chunks.integer(5);
        const int64_t numNonFinite = m_chunks.integer(6);
        s.numPoints = static_cast<uint64_t>(numPoints);
        s.numNonFinite = static_cast<uint64_t>(numNonFinite);
        s.minimum = m_chunks.real(7);
        s.maximum = m_chunks.real(8);
        s.mean = m_chunks.real(9);
        s.last = m_chunks.real(10);
        const bool isOrdered = chunks.empty() || chunks.back().summary.lastStep <= s.firstStep;
        if (numPoints < 1 || numPoints > static_cast<int64_t>(kChunkPoints) || numNonFinite < 0 ||
            numNonFinite > numPoints || s.firstStep > s.lastStep || !isOrdered)
            return damaged(chunk);
        if (s.lastStep >= m_query.fromStep) chunks.push_back(chunk);
    }
    m_chunks.reset();
    return chunks;
}

Result<std::vector<Point>> QueryRunner::loadPoints(const Chunk &chunk, int32_t attempt)
{
    ORRERY_ASSIGN(const bool hasRow, m_points.bind(1, chunk.id).step());
    auto points = hasRow ? decodeChunk(m_points.bytes(0), attempt) : std::nullopt;
    m_points.reset();
    if (!points || points->size() != chunk.summary.numPoints) return damaged(chunk);
    return std::move(*points);
}

Result<std::vector<Summary>> QueryRunner::loadBlocks(const Chunk &chunk, Level level)
{
    Statement &statement = level == Level::Coarse ? m_coarse : m_fine;
    ORRERY_ASSIGN(const bool hasRow, statement.bind(1, chunk.id).step());
    auto blocks = hasRow ? decodeBlocks(statement.bytes(0)) : std::nullopt;
    statement.reset();
    if (!blocks) return damaged(chunk);
    return std::move(*blocks);
}

/// Everything of one attempt in the range, in order; chunks that the range or `toStep` cuts are decoded.
Result<std::vector<Item>> QueryRunner::collect(int32_t attempt, int64_t fromStep, int64_t toStep)
{
    std::vector<Item> items;
    const auto addCut = [&](std::span<const Point> points) {
        Item item;
        for (const Point &point : points)
            if (point.step >= fromStep && point.step <= toStep) item.points.push_back(point);
        if (!item.points.empty()) items.push_back(std::move(item));
    };
    ORRERY_ASSIGN(const std::vector<Chunk> chunks, loadChunks(attempt));
    for (const Chunk &chunk : chunks) {
        if (chunk.summary.lastStep < fromStep || chunk.summary.firstStep > toStep) continue;
        if (chunk.summary.firstStep >= fromStep && chunk.summary.lastStep <= toStep) {
            items.push_back(Item{chunk, {}});
        } else {
            ORRERY_ASSIGN(const std::vector<Point> points, loadPoints(chunk, attempt));
            addCut(points);
        }
    }
    if (const auto tail = m_tail.find(attempt); tail != m_tail.end()) addCut(tail->second);
    return items;
}

void QueryRunner::addBucket(const Summary &summary, int32_t attempt, bool isSuperseded)
{
    SeriesBucket bucket;
    bucket.firstStep = summary.firstStep;
    bucket.lastStep = summary.lastStep;
    bucket.firstWallTime = toSeconds(summary.firstWallMicros);
    bucket.lastWallTime = toSeconds(summary.lastWallMicros);
    bucket.minimum = summary.minimum;
    bucket.maximum = summary.maximum;
    bucket.mean = summary.mean;
    bucket.last = summary.last;
    bucket.numPoints = summary.numPoints;
    bucket.numNonFinite = summary.numNonFinite;
    bucket.attempt = attempt;
    bucket.isSuperseded = isSuperseded;
    m_buckets.push_back(bucket);
}

Result<void> QueryRunner::addPoints(std::vector<Item> &items, int32_t attempt, bool isSuperseded)
{
    for (Item &item : items) {
        if (item.isChunk()) {
            ORRERY_ASSIGN(item.points, loadPoints(item.chunk, attempt));
        }
        for (const Point &point : item.points) addBucket(summarize({&point, 1}), attempt, isSuperseded);
    }
    return {};
}

Result<void> QueryRunner::compose(std::vector<Item> &items, int32_t attempt, bool isSuperseded,
                                  uint64_t numBuckets)
{
    if (items.empty()) return {};
    uint64_t numPoints = 0;
    uint64_t numChunks = 0;
    for (const Item &item : items) {
        numPoints += item.numPoints();
        numChunks += item.isChunk() ? 1 : 0;
    }
    // Differences modulo 2^64 are right for any two steps, and the last step lies before numBuckets · width.
    const auto origin = static_cast<uint64_t>(items.front().firstStep());
    const uint64_t span = static_cast<uint64_t>(items.back().lastStep()) - origin;
    const uint64_t width = numBuckets == 1 ? 0 : span / numBuckets + 1; // 0: all in one
    const auto bucketOf = [origin, width](int64_t step) {
        return width ? (static_cast<uint64_t>(step) - origin) / width : 0;
    };

    Level level = Level::Points;
    const uint64_t wanted = kNodesPerBucket * numBuckets;
    if (numChunks >= wanted)
        level = Level::Chunk;
    else if (numPoints / kCoarseBlock >= wanted)
        level = Level::Coarse;
    else if (numPoints / kFineBlock >= wanted)
        level = Level::Fine;

    Summary open;
    uint64_t openBucket = 0;
    const auto place = [&](const Summary &node) {
        const uint64_t bucket = bucketOf(node.firstStep);
        if (open.numPoints > 0 && bucket != openBucket) {
            addBucket(open, attempt, isSuperseded);
            open = Summary{};
        }
        openBucket = bucket;
        open.merge(node);
    };
    for (const Item &item : items) {
        const Summary &whole = item.chunk.summary;
        if (!item.isChunk()) {
            for (const Point &point : item.points) place(summarize({&point, 1}));
        } else if (level == Level::Chunk || bucketOf(whole.firstStep) == bucketOf(whole.lastStep)) {
            place(whole);
        } else if (level == Level::Points) {
            ORRERY_ASSIGN(const std::vector<Point> points, loadPoints(item.chunk, attempt));
            for (const Point &point : points) place(summarize({&point, 1}));
        } else {
            ORRERY_ASSIGN(const std::vector<Summary> blocks, loadBlocks(item.chunk, level));
            for (const Summary &block : blocks) place(block);
        }
    }
    if (open.numPoints > 0) addBucket(open, attempt, isSuperseded);
    return {};
}

Result<void> QueryRunner::addAttempt(int32_t attempt)
{
    // A point is superseded when some later attempt began at an earlier step.
    int64_t cut = std::numeric_limits<int64_t>::max();
    for (auto later = m_fromSteps.upper_bound(attempt); later != m_fromSteps.end(); ++later)
        cut = std::min(cut, later->second);
    const int64_t from = m_query.fromStep;
    const int64_t to = m_query.toStep;
    std::vector<Item> live;
    std::vector<Item> superseded;
    if (from <= cut) {
        ORRERY_ASSIGN(live, collect(attempt, from, std::min(to, cut)));
    }
    if (to > cut) {
        ORRERY_ASSIGN(superseded, collect(attempt, std::max(from, cut + 1), to));
    }
    const auto count = [](const std::vector<Item> &items) {
        uint64_t sum = 0;
        for (const Item &item : items) sum += item.numPoints();
        return sum;
    };
    const uint64_t numLive = count(live);
    const uint64_t numSuperseded = count(superseded);
    const auto numBuckets = static_cast<uint64_t>(m_query.maxBuckets);
    if (numLive + numSuperseded <= numBuckets) {
        ORRERY_TRY(addPoints(live, attempt, false));
        return addPoints(superseded, attempt, true);
    }
    uint64_t numLiveBuckets = numLive ? numBuckets : 0;
    if (numLive && numSuperseded) {
        const double share = static_cast<double>(numLive) / static_cast<double>(numLive + numSuperseded);
        const auto fair = static_cast<uint64_t>(std::llround(share * static_cast<double>(numBuckets)));
        numLiveBuckets = std::clamp<uint64_t>(fair, 1, std::max<uint64_t>(numBuckets, 2) - 1);
    }
    ORRERY_TRY(compose(live, attempt, false, std::max<uint64_t>(numLiveBuckets, 1)));
    return compose(superseded, attempt, true, std::max<uint64_t>(numBuckets - numLiveBuckets, 1));
}

Result<std::vector<SeriesBucket>> QueryRunner::run()
{
    ORRERY_TRY(loadCuts());
    ORRERY_TRY(loadAttempts());
    ORRERY_TRY(prepare());
    for (const int32_t attempt : m_attempts) ORRERY_TRY(addAttempt(attempt));
    return std::move(m_buckets);
}

Result<std::vector<std::string>> seriesNames(Database &database)
{
    std::vector<std::string> names;
    ORRERY_ASSIGN(Statement all, database.prepare("SELECT name FROM series"));
    while (true) {
        ORRERY_ASSIGN(const bool hasRow, all.step());
        if (!hasRow) return names;
        names.push_back(all.text(0));
    }
}

} // namespace

Result<void> forEachLogPart(Database &database, int64_t afterRow,
                            const std::function<void(int64_t, const LogPart &)> &visit,
                            std::optional<int64_t> series)
{
    ORRERY_ASSIGN(Statement rows,
                  database.prepare("SELECT id, data FROM point_log WHERE id > ?1 ORDER BY id"));
    rows.bind(1, afterRow);
    std::vector<LogPart> parts;
    while (true) {
        ORRERY_ASSIGN(const bool hasRow, rows.step());
        if (!hasRow) return {};
        parts.clear();
        if (!decodeLogRow(rows.bytes(1), series, parts))
            return Error{ErrorCode::InvalidInput,
                         "Cannot read the newest points in \"" + database.path().string() +
                             "\": they are damaged (wrong checksum), expected whole data.",
                         "Resume the run, which leaves them out, or restore run.db from a copy."};
        for (const LogPart &part : parts) visit(rows.integer(0), part);
    }
}

Result<std::vector<SeriesBucket>> querySeries(Database &database, const SeriesQuery &query)
{
    if (query.maxBuckets < 1 || query.maxBuckets > kMaxBuckets)
        return Error{ErrorCode::InvalidInput,
                     "Cannot query series \"" + query.series + "\": max_buckets is " +
                         std::to_string(query.maxBuckets) + ", expected 1 to " + std::to_string(kMaxBuckets) +
                         ".",
                     "Ask for about as many buckets as the plot has pixels."};
    QueryRunner runner(database, query);
    ORRERY_ASSIGN(const bool exists, runner.findSeries());
    if (exists) return runner.run();
    ORRERY_ASSIGN(const std::vector<std::string> names, seriesNames(database));
    const std::string nearest = nearestName(query.series, names);
    return Error{ErrorCode::NotFound,
                 "Cannot query series \"" + sanitizeUtf8(query.series) + "\": the run has no such series.",
                 nearest.empty() ? "List the series of the run." : "Did you mean \"" + nearest + "\"?"};
}

} // namespace orrery::store
