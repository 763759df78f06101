// SPDX-License-Identifier: Apache-2.0
// Names of threads as debuggers and system tools show them.
#pragma once

#include <sys/prctl.h>

namespace orrery::worker {

/// Names the calling thread, at most 15 bytes.
inline void nameThread(const char *name) { prctl(PR_SET_NAME, name); }

} // namespace orrery::worker
