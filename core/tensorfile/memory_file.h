// SPDX-License-Identifier: Apache-2.0
// What marks a safetensors file as the episodic memory of a model, for those who must not touch others. Any
// thread.
#pragma once

#include <filesystem>

namespace orrery {

inline constexpr const char *kMemoryFileFormat = "orrery.episodic_memory"; ///< metadata "format"

/// A plain file (no link to one) that can be read and is marked.
bool isMemoryFile(const std::filesystem::path &path);

} // namespace orrery
