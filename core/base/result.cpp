// SPDX-License-Identifier: Apache-2.0
#include "core/base/result.h"

namespace orrery {

const char *errorCodeName(ErrorCode code)
{
    switch (code) {
    case ErrorCode::Unknown:
        return "unknown";
    case ErrorCode::InvalidInput:
        return "invalid_input";
    case ErrorCode::NotFound:
        return "not_found";
    case ErrorCode::Conflict:
        return "conflict";
    case ErrorCode::Io:
        return "io";
    case ErrorCode::OutOfMemory:
        return "out_of_memory";
    case ErrorCode::Cancelled:
        return "cancelled";
    case ErrorCode::Unavailable:
        return "unavailable";
    case ErrorCode::Internal:
        return "internal";
    case ErrorCode::NonFinite:
        return "non_finite";
    }
    return "unknown";
}

} // namespace orrery
