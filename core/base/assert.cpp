// SPDX-License-Identifier: Apache-2.0
#include "core/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace orrery {

void assertionFailed(const char *condition, const char *file, int line)
{
    // stdio only: whatever broke may have broken the log as well.
    std::fprintf(stderr, "Orrery has a defect: \"%s\" does not hold at %s:%d.\n", condition, file, line);
    std::fflush(stderr);
    std::abort();
}

} // namespace orrery
