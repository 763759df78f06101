// SPDX-License-Identifier: Apache-2.0
#include "core/store/series_writer.h"

#include "core/base/text.h"

#include <algorithm>
#include <limits>

namespace orrery::store {

namespace {

// Folding rewrites the series' last chunk, about 20 KiB on average: not for a handful of points. Readers
// parse all rows of the log, so it must not grow long either.
constexpr size_t kFoldPoints = 1024;
constexpr int64_t kFoldRows = 1024;
constexpr size_t kMinFoldsPerCommit = 2;
constexpr int64_t kTrimAtLeast = 128;
constexpr int64_t kTrimAtMost = 1024;
constexpr size_t kMaxNameBytes = 256;
constexpr size_t kMaxSeries = 4096;
constexpr int kMaxListedWarnings = 100;

} // namespace

Result<std::unique_ptr<SeriesWriter>> SeriesWriter::load(Database &database)
{
    std::unique_ptr<SeriesWriter> writer(new SeriesWriter(database));
    ORRERY_TRY(writer->prepareStatements());
    ORRERY_TRY(writer->loadSeries());
    ORRERY_TRY(writer->loadLog());
    ORRERY_ASSIGN(const int64_t lastChunk, database.queryInteger("SELECT max(id) FROM chunk_points"));
    writer->m_nextChunk = lastChunk + 1;
    return writer;
}

Result<void> SeriesWriter::prepareStatements()
{
    const auto prepare = [this](Statement &statement, const char *sql) -> Result<void> {
        ORRERY_ASSIGN(statement, m_database.prepare(sql));
        return {};
    };
    ORRERY_TRY(prepare(m_addSeries,
                       "INSERT INTO series(id, name, folded_row, num_points, first_step, last_step) "
                       "VALUES(?1, ?2, ?3, 0, 0, 0)"));
    ORRERY_TRY(prepare(m_updateSeries,
                       "UPDATE series SET folded_row = ?2, num_points = ?3, first_step = ?4, last_step = ?5, "
                       "last_value = ?6 WHERE id = ?1"));
    ORRERY_TRY(prepare(m_lastStep, "SELECT last_step FROM chunk WHERE series = ?1 AND attempt = ?2 "
                                   "ORDER BY first_step DESC, id DESC LIMIT 1"));
    ORRERY_TRY(prepare(m_openChunk,
                       "SELECT id, first_step, num_points FROM chunk WHERE series = ?1 AND attempt = ?2 "
                       "ORDER BY first_step DESC, id DESC LIMIT 1"));
    ORRERY_TRY(prepare(m_readPoints, "SELECT data FROM chunk_points WHERE id = ?1"));
    ORRERY_TRY(prepare(m_putChunk,
                       "REPLACE INTO chunk VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"));
    ORRERY_TRY(prepare(m_putPoints, "REPLACE INTO chunk_points VALUES(?1, ?2)"));
    ORRERY_TRY(prepare(m_putCoarse, "REPLACE INTO chunk_coarse VALUES(?1, ?2)"));
    ORRERY_TRY(prepare(m_putFine, "REPLACE INTO chunk_fine VALUES(?1, ?2)"));
    ORRERY_TRY(prepare(m_putRow, "INSERT INTO point_log VALUES(?1, ?2)"));
    ORRERY_TRY(prepare(m_trimRows, "DELETE FROM point_log WHERE id < ?1"));
    ORRERY_TRY(prepare(m_addAttempt, "INSERT INTO attempt VALUES(?1, ?2, ?3)"));
    return {};
}

Result<void> SeriesWriter::loadSeries()
{
    ORRERY_ASSIGN(
        Statement all,
        m_database.prepare(
            "SELECT id, name, folded_row, num_points, first_step, last_step FROM series ORDER BY id"));
    while (true) {
        ORRERY_ASSIGN(const bool hasRow, all.step());
        if (!hasRow) break;
        auto series = std::make_unique<Series>();
        series->id = all.integer(0);
        series->name = all.text(1);
        series->foldedRow = all.integer(2);
        series->numFolded = static_cast<uint64_t>(all.integer(3));
        series->firstStep = all.integer(4);
        series->lastStep = all.integer(5);
        m_nextRow = std::max(m_nextRow, series->foldedRow + 1);
        m_byName[series->name] = series.get();
        m_series.push_back(std::move(series));
    }
    return {};
}

Result<void> SeriesWriter::loadLog()
{
    std::unordered_map<int64_t, Series *> byId;
    for (const auto &series : m_series) byId[series->id] = series.get();
    ORRERY_ASSIGN(Statement rows, m_database.prepare("SELECT id, data FROM point_log ORDER BY id"));
    std::vector<int64_t> damagedRows;
    bool isFirst = true;
    while (true) {
        ORRERY_ASSIGN(const bool hasRow, rows.step());
        if (!hasRow) break;
        const int64_t row = rows.integer(0);
        if (std::exchange(isFirst, false)) m_firstRow = row;
        m_nextRow = std::max(m_nextRow, row + 1);
        std::vector<LogPart> parts;
        if (!decodeLogRow(rows.bytes(1), std::nullopt, parts)) {
            damagedRows.push_back(row);
            continue;
        }
        for (const LogPart &part : parts) {
            const auto found = byId.find(part.series);
            if (found == byId.end() || row <= found->second->foldedRow || part.points.empty()) continue;
            Series &series = *found->second;
            // A writer folds before it changes the attempt, so what is not folded is of one attempt.
            if (!series.pending.empty() && series.attempt != part.attempt) continue;
            series.attempt = part.attempt;
            series.hasAttempt = true;
            series.attemptLastStep = part.points.back().step;
            series.pending.insert(series.pending.end(), part.points.begin(), part.points.end());
            if (series.numLogged == 0) series.firstLogRow = row;
            series.numLogged = series.pending.size();
        }
    }
    rows.reset();
    if (isFirst) m_firstRow = m_nextRow;
    for (const int64_t row : damagedRows) {
        ORRERY_ASSIGN(Statement erase, m_database.prepare("DELETE FROM point_log WHERE id = ?1"));
        ORRERY_TRY(erase.bind(1, row).run());
        m_warnings.push_back(
            "The points of one commit were damaged on the disk and are left out of the curves.");
    }
    return {};
}

Result<SeriesWriter::Series *> SeriesWriter::findOrAdd(const std::string &name)
{
    if (const auto found = m_byName.find(name); found != m_byName.end()) return found->second;
    const bool isBadName = name.empty() || name.size() > kMaxNameBytes || !isValidUtf8(name);
    if (isBadName || m_series.size() >= kMaxSeries) {
        if (m_warnings.size() < kMaxListedWarnings)
            m_warnings.push_back(
                "The points of series \"" + sanitizeUtf8(name.substr(0, 64)) + "\" are left out: " +
                (isBadName ? "a name has 1 to 256 bytes of UTF-8."
                           : "a run has at most " + std::to_string(kMaxSeries) + " series."));
        if (m_byName.size() < 2 * kMaxSeries) m_byName[name] = nullptr; // said once
        return nullptr;
    }
    auto series = std::make_unique<Series>();
    series->id = m_series.empty() ? 1 : m_series.back()->id + 1;
    series->name = name;
    series->foldedRow = m_nextRow - 1;
    ORRERY_TRY(m_addSeries.bind(1, series->id).bindText(2, name).bind(3, series->foldedRow).run());
    m_byName[name] = series.get();
    m_series.push_back(std::move(series));
    return m_series.back().get();
}

Result<void> SeriesWriter::setAttempt(Series &series, int32_t attempt)
{
    if (series.hasAttempt && series.attempt == attempt) return {};
    ORRERY_TRY(fold(series));
    series.attempt = attempt;
    series.hasAttempt = true;
    ORRERY_ASSIGN(const bool hasRow, m_lastStep.bind(1, series.id).bind(2, attempt).step());
    series.attemptLastStep = hasRow ? m_lastStep.integer(0) : std::numeric_limits<int64_t>::min();
    m_lastStep.reset();
    return {};
}

Result<void> SeriesWriter::add(const StepReport &report)
{
    const int64_t wallMicros = toMicros(report.wallTime);
    for (const MetricValue &metric : report.values) {
        ORRERY_ASSIGN(Series * series, findOrAdd(metric.series));
        if (!series) continue;
        ORRERY_TRY(setAttempt(*series, report.attempt));
        if (report.step < series->attemptLastStep) {
            // A curve that goes back within one attempt would be a zig-zag, and chunks must not overlap.
            if (!std::exchange(series->hasWarned, true))
                m_warnings.push_back("A point of series \"" + series->name + "\" at step " +
                                     std::to_string(report.step) + " is left out: attempt " +
                                     std::to_string(report.attempt) + " was already at step " +
                                     std::to_string(series->attemptLastStep) + ".");
            continue;
        }
        series->attemptLastStep = report.step;
        series->pending.push_back({report.step, wallMicros, metric.value});
    }
    return {};
}

Result<void> SeriesWriter::writeChunk(const Series &series, int64_t id, std::span<const Point> points)
{
    const Summary s = summarize(points);
    ORRERY_TRY(m_putChunk.bind(1, series.id)
                   .bind(2, series.attempt)
                   .bind(3, s.firstStep)
                   .bind(4, id)
                   .bind(5, s.lastStep)
                   .bind(6, s.firstWallMicros)
                   .bind(7, s.lastWallMicros)
                   .bind(8, static_cast<int64_t>(s.numPoints))
                   .bind(9, static_cast<int64_t>(s.numNonFinite))
                   .bindReal(10, s.minimum)
                   .bindReal(11, s.maximum)
                   .bindReal(12, s.mean)
                   .bindReal(13, s.last)
                   .run());
    const std::string data = encodeChunk(series.attempt, points);
    ORRERY_TRY(m_putPoints.bind(1, id).bindBlob(2, data).run());
    const std::string coarse = encodeBlocks(points, kCoarseBlock);
    ORRERY_TRY(m_putCoarse.bind(1, id).bindBlob(2, coarse).run());
    const std::string fine = encodeBlocks(points, kFineBlock);
    return m_putFine.bind(1, id).bindBlob(2, fine).run();
}

Result<void> SeriesWriter::fold(Series &series)
{
    if (series.pending.empty()) return {};
    std::vector<Point> points;
    int64_t openId = 0;
    ORRERY_ASSIGN(const bool hasChunk, m_openChunk.bind(1, series.id).bind(2, series.attempt).step());
    if (hasChunk && m_openChunk.integer(2) < static_cast<int64_t>(kChunkPoints)) {
        ORRERY_ASSIGN(const bool hasPoints, m_readPoints.bind(1, m_openChunk.integer(0)).step());
        // A damaged chunk stays as it is, for whoever may mend it; the points go into the next one.
        if (auto decoded = hasPoints ? decodeChunk(m_readPoints.bytes(0), series.attempt) : std::nullopt) {
            points = std::move(*decoded);
            openId = m_openChunk.integer(0);
        }
        m_readPoints.reset();
    }
    m_openChunk.reset();
    points.insert(points.end(), series.pending.begin(), series.pending.end());
    for (size_t begin = 0; begin < points.size(); begin += kChunkPoints) {
        const size_t length = std::min(kChunkPoints, points.size() - begin);
        const int64_t id = openId ? std::exchange(openId, 0) : m_nextChunk++;
        ORRERY_TRY(writeChunk(series, id, std::span(points).subspan(begin, length)));
    }
    const int64_t first = series.pending.front().step;
    const int64_t last = series.pending.back().step;
    series.firstStep = series.numFolded ? std::min(series.firstStep, first) : first;
    series.lastStep = series.numFolded ? std::max(series.lastStep, last) : last;
    series.numFolded += series.pending.size();
    // Rows before the one that this commit will write hold nothing unfolded any more.
    series.foldedRow = m_nextRow - 1;
    ORRERY_TRY(m_updateSeries.bind(1, series.id)
                   .bind(2, series.foldedRow)
                   .bind(3, static_cast<int64_t>(series.numFolded))
                   .bind(4, series.firstStep)
                   .bind(5, series.lastStep)
                   .bindReal(6, series.pending.back().value)
                   .run());
    series.pending.clear();
    if (series.pending.capacity() > 4 * kChunkPoints) series.pending.shrink_to_fit();
    series.numLogged = 0;
    return {};
}

Result<void> SeriesWriter::foldDue()
{
    std::vector<Series *> due;
    for (const auto &series : m_series) {
        if (series->pending.size() >= kChunkPoints) {
            ORRERY_TRY(fold(*series));
        } else if (series->pending.size() >= kFoldPoints ||
                   (series->numLogged > 0 && m_nextRow - series->firstLogRow >= kFoldRows)) {
            due.push_back(series.get());
        }
    }
    const size_t numFolds = std::min(due.size(), std::max(kMinFoldsPerCommit, m_series.size() / 128));
    const auto age = [this](const Series *series) {
        return series->numLogged ? series->firstLogRow : m_nextRow;
    };
    std::partial_sort(due.begin(), due.begin() + static_cast<std::ptrdiff_t>(numFolds), due.end(),
                      [&age](const Series *a, const Series *b) { return age(a) < age(b); });
    for (size_t i = 0; i < numFolds; ++i) ORRERY_TRY(fold(*due[i]));
    return {};
}

Result<void> SeriesWriter::trimLog()
{
    int64_t oldestNeeded = m_nextRow;
    for (const auto &series : m_series)
        if (series->numLogged > 0) oldestNeeded = std::min(oldestNeeded, series->firstLogRow);
    if (oldestNeeded - m_firstRow < kTrimAtLeast) return {};
    const int64_t end = std::min(oldestNeeded, m_firstRow + kTrimAtMost);
    ORRERY_TRY(m_trimRows.bind(1, end).run());
    m_firstRow = end;
    return {};
}

Result<void> SeriesWriter::finishCommit()
{
    ORRERY_TRY(foldDue());
    LogRowEncoder row;
    for (const auto &series : m_series) {
        if (series->numLogged == series->pending.size()) continue;
        row.add(series->id, series->attempt, std::span(series->pending).subspan(series->numLogged));
        if (series->numLogged == 0) series->firstLogRow = m_nextRow;
        series->numLogged = series->pending.size();
    }
    if (!row.isEmpty()) {
        const std::string data = row.finish();
        ORRERY_TRY(m_putRow.bind(1, m_nextRow).bindBlob(2, data).run());
        ++m_nextRow;
    }
    return trimLog();
}

Result<void> SeriesWriter::foldAll()
{
    for (const auto &series : m_series) ORRERY_TRY(fold(*series));
    ORRERY_TRY(m_trimRows.bind(1, m_nextRow).run());
    m_firstRow = m_nextRow;
    return {};
}

Result<int32_t> SeriesWriter::beginAttempt(int64_t fromStep, double wallTime)
{
    for (const auto &series : m_series) ORRERY_TRY(fold(*series));
    ORRERY_ASSIGN(const int64_t number,
                  m_database.queryInteger("SELECT 1 + max(coalesce((SELECT max(number) FROM attempt), -1), "
                                          "coalesce((SELECT max(attempt) FROM chunk), -1))"));
    if (number < 0 || number > std::numeric_limits<int32_t>::max())
        return Error{ErrorCode::InvalidInput,
                     "Cannot begin an attempt in \"" + m_database.path().string() +
                         "\": its number would be " + std::to_string(number) + ", expected 0 to 2147483647.",
                     "The store is damaged: restore run.db from a copy."};
    ORRERY_TRY(m_addAttempt.bind(1, number).bind(2, fromStep).bind(3, toMicros(wallTime)).run());
    return static_cast<int32_t>(number);
}

} // namespace orrery::store
