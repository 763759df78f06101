// SPDX-License-Identifier: Apache-2.0
// Measures the run store against the numbers it has to hold: commits with a reader at work, WAL size, zoom
// queries.
#pragma once

#include <string>

namespace orrery {

/// Writes runs into a temporary folder, which is removed again, and times the store on them. A minute in
/// full, 20 s at most with smoke, which has a tenth of the points and no verdict on times. Uses two threads.
/// @return one JSON object: figures, limits and "passed", or {"passed":false,"error":…}
std::string runStoreBench(bool smoke);

} // namespace orrery
