// SPDX-License-Identifier: Apache-2.0
#include "core/store/point_scan.h"

#include "core/base/text.h"
#include "core/store/series_query.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace orrery::store {

Result<void> scanPoints(Database &database, const std::string &series,
                        const std::function<Result<bool>(int32_t, std::span<const Point>)> &visit)
{
    ORRERY_ASSIGN(Statement find, database.prepare("SELECT id, folded_row FROM series WHERE name = ?1"));
    ORRERY_ASSIGN(const bool exists, find.bindText(1, series).step());
    if (!exists)
        return Error{ErrorCode::NotFound,
                     "Cannot read series \"" + sanitizeUtf8(series) + "\": the run has no such series.",
                     "List the series of the run."};
    const int64_t id = find.integer(0);
    const int64_t foldedRow = find.integer(1);
    // What is not folded yet is short, and of the newest attempts.
    std::vector<LogPart> tail;
    ORRERY_TRY(forEachLogPart(
        database, foldedRow, [&tail](int64_t, const LogPart &part) { tail.push_back(part); }, id));
    std::stable_sort(tail.begin(), tail.end(),
                     [](const LogPart &a, const LogPart &b) { return a.attempt < b.attempt; });
    auto part = tail.begin();
    const auto visitTail = [&](int32_t before) -> Result<bool> {
        for (; part != tail.end() && part->attempt < before; ++part) {
            ORRERY_ASSIGN(const bool goesOn, visit(part->attempt, part->points));
            if (!goesOn) return false;
        }
        return true;
    };
    ORRERY_ASSIGN(
        Statement chunks,
        database.prepare("SELECT chunk.attempt, chunk.first_step, data FROM chunk LEFT JOIN chunk_points "
                         "ON chunk_points.id = chunk.id WHERE series = ?1 "
                         "ORDER BY attempt, first_step, chunk.id"));
    chunks.bind(1, id);
    while (true) {
        ORRERY_ASSIGN(const bool hasRow, chunks.step());
        if (!hasRow) break;
        const auto attempt = static_cast<int32_t>(chunks.integer(0));
        const auto points = decodeChunk(chunks.bytes(2), attempt);
        if (!points)
            return Error{ErrorCode::InvalidInput,
                         "Cannot read series \"" + series + "\" in \"" + database.path().string() +
                             "\": the points from step " + std::to_string(chunks.integer(1)) +
                             " on are damaged (wrong checksum), expected whole data.",
                         "Restore run.db from a copy."};
        ORRERY_ASSIGN(const bool isTailDone, visitTail(attempt));
        if (!isTailDone) return {};
        ORRERY_ASSIGN(const bool goesOn, visit(attempt, *points));
        if (!goesOn) return {};
    }
    ORRERY_ASSIGN(const bool isDone, visitTail(std::numeric_limits<int32_t>::max()));
    static_cast<void>(isDone);
    return {};
}

} // namespace orrery::store
