// SPDX-License-Identifier: Apache-2.0
#include "core/spec/generation.h"

namespace orrery {

const char *finishReasonName(FinishReason reason)
{
    switch (reason) {
    case FinishReason::Unknown:
        return "unknown";
    case FinishReason::EndOfText:
        return "end_of_text";
    case FinishReason::MaxTokens:
        return "max_tokens";
    case FinishReason::Cancelled:
        return "cancelled";
    case FinishReason::EndOfInfill:
        return "end_of_infill";
    case FinishReason::EndOfTurn:
        return "end_of_turn";
    case FinishReason::StopText:
        return "stop_text";
    }
    return "unknown";
}

} // namespace orrery
