// SPDX-License-Identifier: Apache-2.0
// ORRERY_ASSERT is for our own bugs, never for input: it stays on in release builds and ends the process.
#pragma once

// The name alone: where a program was built is nobody's business who runs it.
#ifdef __FILE_NAME__
#define ORRERY_FILE __FILE_NAME__
#else
#define ORRERY_FILE __FILE__
#endif

#define ORRERY_ASSERT(condition)                                                                             \
    do {                                                                                                     \
        if (!(condition)) ::orrery::assertionFailed(#condition, ORRERY_FILE, __LINE__);                      \
    } while (false)

namespace orrery {
[[noreturn]] void assertionFailed(const char *condition, const char *file, int line);
} // namespace orrery
