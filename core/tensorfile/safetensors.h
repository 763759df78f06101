// SPDX-License-Identifier: Apache-2.0
// safetensors files: named tensors as bytes and shapes, no torch. Reading trusts nothing: sizes are checked
// before anything is allocated, offsets before anything is mapped. Format: 8-byte little-endian header
// length, JSON header, data; names map to {dtype, shape, data_offsets}. Any thread; a reader is immutable
// after open().
#pragma once

#include "core/base/files.h"
#include "core/base/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace orrery {

enum class TensorType : uint8_t { Unknown, F64, F32, F16, BF16, I64, I32, I16, I8, U8, Bool };
const char *tensorTypeName(TensorType type); ///< "F32", as in the file
size_t tensorTypeBytes(TensorType type);

struct TensorInfo {
    std::string name;
    TensorType type = TensorType::Unknown;
    std::vector<uint64_t> shape;
    uint64_t offset = 0;   ///< in the data section
    uint64_t numBytes = 0; ///< product(shape)·size, checked
};

inline constexpr uint64_t kMaxSafetensorsHeader = 100'000'000; ///< bytes, the format's own limit

class SafetensorsReader {
public:
    /// @error NotFound, Io; InvalidInput naming the rule: truncated, header length, JSON, unknown dtype,
    /// overflowing dims, offsets out of order, overlapping or with holes, byte count against shape, duplicate
    /// names, trailing bytes
    static Result<SafetensorsReader> open(const std::filesystem::path &path);
    [[nodiscard]] const std::vector<TensorInfo> &tensors() const { return m_tensors; } ///< in file order
    [[nodiscard]] const std::map<std::string, std::string> &metadata() const { return m_metadata; }
    [[nodiscard]] const TensorInfo *find(const std::string &name) const;
    /// The tensor's bytes, mapped; valid while the reader lives.
    [[nodiscard]] std::span<const std::byte> bytes(const TensorInfo &info) const;

private:
    MappedFile m_file;
    std::vector<TensorInfo> m_tensors;
    std::map<std::string, std::string> m_metadata;
    uint64_t m_dataStart = 0;
};

/// One tensor to write; data must stay alive during write.
struct TensorSource {
    std::string name;
    TensorType type = TensorType::F32;
    std::vector<uint64_t> shape;
    std::span<const std::byte> data;
};

/// What was written, for manifests.
struct TensorDigest {
    std::string name;
    std::string sha256;
    uint64_t numBytes = 0;
};

using BytesWritten = std::function<Result<void>(uint64_t numBytes)>;

/// Streams header and tensors to path, hashing each tensor while it is written, and syncs the file.
/// @param onBytes told how many bytes were written since the last call, some MiB; an error stops the writing
/// @error InvalidInput (duplicate name, bytes against shape), Io (disk full, fsync), what onBytes gives
Result<std::vector<TensorDigest>> writeSafetensors(const std::filesystem::path &path,
                                                   const std::vector<TensorSource> &tensors,
                                                   const std::map<std::string, std::string> &metadata = {},
                                                   const BytesWritten &onBytes = {});

} // namespace orrery
