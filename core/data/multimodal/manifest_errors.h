// SPDX-License-Identifier: Apache-2.0
// How a line of a manifest is refused for what its files are. Private to core/data.
#pragma once

#include "core/data/multimodal/contained_folder.h"

#include <filesystem>

namespace orrery {

/// `Cannot read data "<path>", line <line>: the file "<name>" …`
Error manifestError(const std::filesystem::path &path, uint64_t line, const ContainedProblem &problem);
/// The error of a decoder, with the line in front.
Error manifestError(const std::filesystem::path &path, uint64_t line, Error error);

} // namespace orrery
