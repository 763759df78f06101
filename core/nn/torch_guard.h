// SPDX-License-Identifier: Apache-2.0
// The one place where LibTorch's exceptions become errors: out of memory stays recognisable, and what torch
// says about its own insides goes to the log, not to people. Any thread.
#pragma once

#include "core/base/result.h"

#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace orrery::nn {

/// @param action as in "train", object in quotes follows: `Cannot <action>: …`
Error errorFromTorch(std::string_view action, std::exception_ptr exception);

template <typename T> struct IsResult : std::false_type {
};
template <typename T> struct IsResult<Result<T>> : std::true_type {
};

/// Runs function(); a value or Result of it comes back, an exception becomes an Error.
/// @error OutOfMemory, Internal, and whatever function returns
template <typename Function> auto guardTorch(std::string_view action, Function &&function)
{
    using Value = std::invoke_result_t<Function>;
    using Wrapped = typename std::conditional_t<IsResult<Value>::value, std::type_identity<Value>,
                                                std::type_identity<Result<Value>>>::type;
    try {
        if constexpr (std::is_void_v<Value>) {
            std::forward<Function>(function)();
            return Wrapped();
        } else {
            return Wrapped(std::forward<Function>(function)());
        }
    } catch (...) {
        return Wrapped(errorFromTorch(action, std::current_exception()));
    }
}

} // namespace orrery::nn
