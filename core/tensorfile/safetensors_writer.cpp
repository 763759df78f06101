// SPDX-License-Identifier: Apache-2.0
#include "core/tensorfile/safetensors_format.h"

#include "core/base/checked.h"
#include "core/base/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

namespace orrery {

namespace {

/// Bytes hashed and written at a time: small enough to be still in the cache when the kernel copies them.
constexpr size_t kWriteChunk = 4u << 20;

Error refuse(const std::filesystem::path &path, const std::string &found, const std::string &rule)
{
    return fileRuleError("write", path, found, rule, "This set of tensors cannot be stored as it is.");
}

Result<void> checkSources(const std::filesystem::path &path, const std::vector<TensorSource> &tensors)
{
    std::set<std::string_view> names;
    for (const TensorSource &tensor : tensors) {
        const std::string name = "tensor \"" + shownName(tensor.name) + "\"";
        if (tensor.name == kSafetensorsMetadataKey)
            return refuse(path, "a tensor is named \"__metadata__\"", "another name");
        if (!isValidUtf8(tensor.name)) return refuse(path, "the name of " + name + " is not UTF-8", "UTF-8");
        if (!names.insert(tensor.name).second) return refuse(path, name + " stands twice", "each name once");
        if (tensorTypeBytes(tensor.type) == 0)
            return refuse(path, name + " has no known dtype", "one that the format has");
        if (tensor.shape.size() > kMaxTensorDimensions)
            return refuse(path, name + " has " + std::to_string(tensor.shape.size()) + " dimensions",
                          "at most " + std::to_string(kMaxTensorDimensions));
        const auto count = checkedProduct(tensor.shape);
        const auto numBytes =
            count ? checkedMul<uint64_t>(*count, tensorTypeBytes(tensor.type)) : std::nullopt;
        if (!numBytes || *numBytes != tensor.data.size())
            return refuse(path, name + " has " + std::to_string(tensor.data.size()) + " bytes",
                          numBytes ? std::to_string(*numBytes) + " by its dtype and shape"
                                   : "dimensions that do not overflow");
    }
    return {};
}

/// Length and header, padded with spaces so that the data begin at a multiple of 8.
std::string makeHeader(const std::vector<const TensorSource *> &ordered,
                       const std::map<std::string, std::string> &metadata)
{
    nlohmann::ordered_json header = nlohmann::ordered_json::object();
    if (!metadata.empty()) header[std::string(kSafetensorsMetadataKey)] = metadata;
    uint64_t offset = 0;
    for (const TensorSource *tensor : ordered) {
        const uint64_t end = offset + tensor->data.size();
        nlohmann::ordered_json entry = {{"dtype", tensorTypeName(tensor->type)}, {"shape", tensor->shape}};
        entry["data_offsets"] = std::array<uint64_t, 2>{offset, end};
        // push_back, not operator[]: ordered_json searches linearly, which is quadratic for many tensors.
        header.get_ref<nlohmann::ordered_json::object_t &>().push_back({tensor->name, std::move(entry)});
        offset = end;
    }
    std::string text = header.dump();
    text.append((8 - text.size() % 8) % 8, ' ');
    const uint64_t length = text.size();
    std::string out(kSafetensorsPrefix, '\0');
    std::memcpy(out.data(), &length, sizeof length);
    return out + text;
}

} // namespace

Result<WrittenSafetensors> writeSafetensorsFile(const std::filesystem::path &path,
                                                const std::vector<TensorSource> &tensors,
                                                const std::map<std::string, std::string> &metadata,
                                                const BytesWritten &onBytes)
{
    ORRERY_TRY(checkSources(path, tensors));
    for (const auto &[key, value] : metadata)
        if (!isValidUtf8(key) || !isValidUtf8(value))
            return refuse(path, "metadata \"" + shownName(key) + "\" is not UTF-8", "UTF-8");

    // Wide types first keeps every tensor aligned for its type when the file is mapped.
    std::vector<const TensorSource *> ordered;
    ordered.reserve(tensors.size());
    for (const TensorSource &tensor : tensors) ordered.push_back(&tensor);
    std::stable_sort(ordered.begin(), ordered.end(), [](const TensorSource *a, const TensorSource *b) {
        return tensorTypeBytes(a->type) > tensorTypeBytes(b->type);
    });
    const std::string header = makeHeader(ordered, metadata);
    if (header.size() - kSafetensorsPrefix > kMaxSafetensorsHeader)
        return refuse(path, "the header has " + std::to_string(header.size()) + " bytes",
                      "at most " + std::to_string(kMaxSafetensorsHeader));

    WrittenSafetensors written;
    written.headerSha256 = sha256Hex(header);
    ORRERY_ASSIGN(FileWriter file, FileWriter::create(path));
    ORRERY_TRY(file.write(header));
    for (const TensorSource *tensor : ordered) {
        Sha256 hash;
        for (size_t done = 0; done < tensor->data.size(); done += kWriteChunk) {
            const auto chunk = tensor->data.subspan(done, std::min(kWriteChunk, tensor->data.size() - done));
            hash.update(chunk.data(), chunk.size());
            ORRERY_TRY(file.write(chunk.data(), chunk.size()));
            if (onBytes) ORRERY_TRY(onBytes(chunk.size()));
        }
        written.tensors.push_back({tensor->name, hash.hex(), tensor->data.size()});
    }
    written.numBytes = file.numBytes();
    ORRERY_TRY(file.sync());
    ORRERY_TRY(file.close());
    return written;
}

Result<std::vector<TensorDigest>> writeSafetensors(const std::filesystem::path &path,
                                                   const std::vector<TensorSource> &tensors,
                                                   const std::map<std::string, std::string> &metadata,
                                                   const BytesWritten &onBytes)
{
    ORRERY_ASSIGN(WrittenSafetensors written, writeSafetensorsFile(path, tensors, metadata, onBytes));
    return std::move(written.tensors);
}

} // namespace orrery
