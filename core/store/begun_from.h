// SPDX-License-Identifier: Apache-2.0
// begun_from.json of a run whose first weights are those of a model: checkpoint 0 has them, so that a run
// without a whole checkpoint is not trained from random weights. Any thread.
#pragma once

#include "core/base/result.h"

#include <filesystem>
#include <optional>
#include <string>

namespace orrery {

inline constexpr const char *kBegunFromFile = "begun_from.json";

/// Before checkpoint 0 is written. @param model as people call it @error Io
Result<void> writeBegunFrom(const std::filesystem::path &runDirectory, const std::string &model);
/// The model; nothing when the run begins with random weights. One whose file is broken has no name.
std::optional<std::string> readBegunFrom(const std::filesystem::path &runDirectory);

} // namespace orrery
