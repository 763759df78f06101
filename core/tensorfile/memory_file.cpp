// SPDX-License-Identifier: Apache-2.0
#include "core/tensorfile/memory_file.h"

#include "core/tensorfile/safetensors.h"

namespace orrery {

bool isMemoryFile(const std::filesystem::path &path)
{
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(std::filesystem::symlink_status(path, ignored))) return false;
    const auto reader = SafetensorsReader::open(path);
    if (!reader.ok()) return false;
    const auto format = reader->metadata().find("format");
    return format != reader->metadata().end() && format->second == kMemoryFileFormat;
}

} // namespace orrery
