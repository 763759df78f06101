// SPDX-License-Identifier: Apache-2.0
// How errors become exit codes of the programs (documented, stable): 0 ok, 2 usage, 3 input, 4 failed, 5 cancelled.
#pragma once

#include "core/base/result.h"

namespace orrery {

inline constexpr int kExitOk = 0;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInput = 3;
inline constexpr int kExitFailed = 4;
inline constexpr int kExitCancelled = 5;

constexpr int exitCodeFor(ErrorCode code)
{
    switch (code) {
    case ErrorCode::InvalidInput:
    case ErrorCode::NotFound:
    case ErrorCode::Conflict:
        return kExitInput;
    case ErrorCode::Cancelled:
        return kExitCancelled;
    default:
        return kExitFailed;
    }
}

} // namespace orrery
