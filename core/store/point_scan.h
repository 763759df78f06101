// SPDX-License-Identifier: Apache-2.0
// Private to core/store: all points of a series as they were stored, in pieces. Inside a read transaction of
// the caller, one thread.
#pragma once

#include "core/store/series_codec.h"
#include "core/store/sqlite_db.h"

#include <functional>
#include <span>
#include <string>

namespace orrery::store {

/// By attempt, then as they were written; within an attempt steps never go back.
/// @param visit false ends the scan   @error NotFound, InvalidInput (damaged), Io
Result<void> scanPoints(Database &database, const std::string &series,
                        const std::function<Result<bool>(int32_t attempt, std::span<const Point>)> &visit);

} // namespace orrery::store
