// SPDX-License-Identifier: Apache-2.0
// The value of one setting, of whatever type its field has. Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace orrery {

using FieldValue =
    std::variant<bool, int64_t, double, std::string, std::vector<double>, std::vector<std::string>>;

} // namespace orrery
