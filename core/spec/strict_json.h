// SPDX-License-Identifier: Apache-2.0
// JSON from files that somebody else may have written: bounded in size and depth, each key once. Private to
// core. Any thread.
#pragma once

#include "core/base/result.h"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace orrery {

struct JsonLimits {
    std::string action;       ///< begins each message: "Cannot read spec"
    std::string advice;       ///< hint where it is too large or too deep: "Check that this is a spec."
    std::string deepExpected; ///< what belongs there instead of deep nesting
    size_t maxBytes = 0;
    int maxDepth = 8;
    bool isListAllowed = false; ///< at the top level, beside an object
};

/// The object (or list, where the limits allow one) of a document. @error InvalidInput: broken (with line and column), too large, too deep, a key
/// twice, no object
Result<nlohmann::json> parseStrictJson(std::string_view text, const JsonLimits &limits);

/// A value for a message: shortened, an object only by name.
std::string shownJson(const nlohmann::json &value);

} // namespace orrery
