// SPDX-License-Identifier: Apache-2.0
// Arrays in the file that numpy.load reads by name: an uncompressed zip of .npy. Written for small results
// and whole in memory. Owned by the caller; one thread at a time.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

class NpzWriter {
public:
    /// @param name without ending, each once   @param shape its product is the number of values, in C order
    void add(const std::string &name, std::span<const float> values, const std::vector<size_t> &shape);
    void add(const std::string &name, std::span<const int64_t> values, const std::vector<size_t> &shape);
    /// Texts as numpy's fixed-width Unicode, as wide as the longest; broken UTF-8 becomes U+FFFD.
    void addTexts(const std::string &name, std::span<const std::string> texts);
    /// The file. @error InvalidInput when it is 4 GiB or more
    [[nodiscard]] Result<std::string> bytes() const;

private:
    struct Entry {
        std::string name; ///< "embedding.npy"
        std::string content;
    };
    void addEntry(const std::string &name, const std::string &type, size_t itemBytes, const std::vector<size_t> &shape,
                  const void *data, size_t numBytes);

    std::vector<Entry> m_entries;
};

/// CRC-32 as zip and PNG have it (polynomial 0xEDB88320, reflected).
uint32_t crc32(std::string_view data);

} // namespace orrery
