// SPDX-License-Identifier: Apache-2.0
// Private to core/store: a range of a series as buckets. Chunk headers and blocks of the pyramid are used
// whole where they lie in one bucket or are small against it; points are decoded only at the ends of the
// range and at high zoom. Called inside a read transaction of the caller.
#pragma once

#include "core/spec/run_records.h"
#include "core/store/series_codec.h"
#include "core/store/sqlite_db.h"

#include <functional>
#include <optional>
#include <vector>

namespace orrery::store {

inline constexpr int32_t kMaxBuckets = 100'000;

/// @error NotFound, InvalidInput (maxBuckets, damaged data), Io
Result<std::vector<SeriesBucket>> querySeries(Database &database, const SeriesQuery &query);

/// Calls visit(row, part) for the unfolded points after a row, of one series or of all, in order of commit.
/// @error InvalidInput when a row is damaged
Result<void> forEachLogPart(Database &database, int64_t afterRow,
                            const std::function<void(int64_t, const LogPart &)> &visit,
                            std::optional<int64_t> series = std::nullopt);

} // namespace orrery::store
