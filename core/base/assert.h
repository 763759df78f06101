// SPDX-License-Identifier: Apache-2.0
// ORRERY_ASSERT is for our own bugs, never for input: it stays on in release builds and ends the process.
#pragma once

#define ORRERY_ASSERT(condition)                                                                             \
    do {                                                                                                     \
        if (!(condition)) ::orrery::assertionFailed(#condition, __FILE__, __LINE__);                         \
    } while (false)

namespace orrery {
[[noreturn]] void assertionFailed(const char *condition, const char *file, int line);
} // namespace orrery
