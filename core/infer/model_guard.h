// SPDX-License-Identifier: Apache-2.0
// nn::guardTorch with the advice that fits a loaded model: there is no batch size to lower here. Any thread.
#pragma once

#include "core/nn/torch_guard.h"

#include <string>
#include <utility>

namespace orrery {

/// @param action "evaluate", @param object the model's name; together `Cannot evaluate "runs/a@1200": …`
template <typename Body> auto guardModel(const std::string &action, const std::string &object, Body &&body)
{
    auto result = nn::guardTorch(action + " \"" + object + "\"", std::forward<Body>(body));
    using Outcome = decltype(result);
    if (!result.ok() && result.error().code == ErrorCode::OutOfMemory) {
        Error error = result.error();
        error.hint = "Close other models or programs, or use a machine with more memory.";
        return Outcome(std::move(error));
    }
    return result;
}

} // namespace orrery
