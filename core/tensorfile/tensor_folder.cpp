// SPDX-License-Identifier: Apache-2.0
#include "core/tensorfile/tensor_folder.h"

#include "core/base/text.h"
#include "core/tensorfile/safetensors_format.h"

#include <nlohmann/json.hpp>

#include <set>

namespace orrery {

namespace {

namespace fs = std::filesystem;

constexpr const char *kAgainHint = "Download or export the model again.";

Error refuse(const fs::path &path, const std::string &found, const std::string &rule, const std::string &hint)
{
    return fileRuleError("load model", path, found, rule, hint);
}

bool isWithin(const fs::path &file, const fs::path &folder)
{
    const auto [inFile, inFolder] = std::mismatch(file.begin(), file.end(), folder.begin(), folder.end());
    return inFolder == folder.end() && inFile != file.end();
}

/// REPOSITORY/blobs of REPOSITORY/snapshots/REVISION; empty: the directory is none of a cache.
fs::path blobsOf(const fs::path &directory)
{
    const fs::path snapshots = directory.parent_path();
    return snapshots.filename() == "snapshots" ? snapshots.parent_path() / "blobs" : fs::path();
}

bool isPlainName(const std::string &name)
{
    return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
           name.find('\0') == std::string::npos;
}

/// Names of shards by name of tensor.
using WeightMap = std::map<std::string, std::string>;

Result<WeightMap> readIndex(const fs::path &file)
{
    ORRERY_ASSIGN(const std::string text, readFile(file, kMaxWeightsIndexBytes));
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (json.is_discarded() || !json.is_object())
        return refuse(file, "it is not a JSON object", "an index", kAgainHint);
    const auto map = json.find("weight_map");
    if (map == json.end() || !map->is_object())
        return refuse(file, "it has no object \"weight_map\"", "the file of each tensor in it", kAgainHint);
    WeightMap files;
    for (const auto &[tensor, shard] : map->items()) {
        if (!shard.is_string() || !isPlainName(shard.get_ref<const std::string &>()))
            return refuse(file,
                          "tensor \"" + shownName(tensor) + "\" is in " +
                              (shard.is_string()
                                   ? "\"" + shownName(shard.get_ref<const std::string &>()) + "\""
                                   : "no file"),
                          "the plain name of a file beside it", kAgainHint);
        files[tensor] = shard;
    }
    return files;
}

/// "a", "b" and 3 more
std::string listed(const std::vector<std::string> &names)
{
    constexpr size_t kMostShown = 5;
    std::string text;
    for (size_t i = 0; i < std::min(names.size(), kMostShown); ++i)
        text += (i == 0 ? "\"" : ", \"") + shownName(names[i]) + "\"";
    if (names.size() > kMostShown) text += " and " + std::to_string(names.size() - kMostShown) + " more";
    return text;
}

} // namespace

Result<fs::path> fileOfModel(const fs::path &directory, const std::string &name)
{
    const fs::path file = directory / name;
    std::error_code error;
    const fs::path real = fs::canonical(file, error);
    if (error)
        return Error{ErrorCode::NotFound,
                     "Cannot load model \"" + directory.string() + "\": there is no " + shownName(name) +
                         ", expected it in the folder.",
                     kAgainHint};
    const fs::path root = fs::canonical(directory, error);
    const fs::path blobs = blobsOf(root);
    const bool isOwn = isWithin(real, root) || (!blobs.empty() && isWithin(real, blobs));
    if (!isOwn)
        return refuse(file, "it is a link to \"" + real.string() + "\"", "a file inside the model's folder",
                      "Copy the file into the folder in place of the link.");
    if (!fs::is_regular_file(real, error)) return refuse(file, "it is no file", "a file", kAgainHint);
    return real;
}

Result<void> TensorFolder::add(const fs::path &directory, SafetensorsReader reader)
{
    for (size_t i = 0; i < reader.tensors().size(); ++i) {
        const TensorInfo &info = reader.tensors()[i];
        if (!m_places.emplace(info.name, std::pair{m_readers.size(), i}).second)
            return refuse(directory, "tensor \"" + shownName(info.name) + "\" stands in two files",
                          "each tensor once", kAgainHint);
        m_numBytes += info.numBytes;
    }
    m_readers.push_back(std::move(reader));
    return {};
}

Result<TensorFolder> TensorFolder::open(const fs::path &directory)
{
    TensorFolder folder;
    std::error_code ignored;
    if (!fs::exists(fs::symlink_status(directory / kWeightsIndexFile, ignored))) {
        if (!fs::exists(fs::symlink_status(directory / kWeightsFile, ignored)))
            return Error{ErrorCode::NotFound,
                         "Cannot load model \"" + directory.string() + "\": there are no weights, expected " +
                             kWeightsFile + " or " + kWeightsIndexFile + ".",
                         "Weights in other formats (.bin, .gguf) must be converted to safetensors first."};
        ORRERY_ASSIGN(const fs::path file, fileOfModel(directory, kWeightsFile));
        ORRERY_ASSIGN(SafetensorsReader reader, SafetensorsReader::open(file));
        ORRERY_TRY(folder.add(directory, std::move(reader)));
        return folder;
    }
    ORRERY_ASSIGN(const fs::path index, fileOfModel(directory, kWeightsIndexFile));
    ORRERY_ASSIGN(const WeightMap files, readIndex(index));
    std::set<std::string> shards;
    for (const auto &[tensor, shard] : files) shards.insert(shard);
    if (shards.size() > kMaxShards)
        return refuse(index, "it names " + std::to_string(shards.size()) + " files",
                      "at most " + std::to_string(kMaxShards), kAgainHint);
    std::vector<std::string> missing;
    for (const std::string &shard : shards)
        if (!fs::exists(directory / shard, ignored)) missing.push_back(shard);
    if (!missing.empty())
        return Error{ErrorCode::NotFound,
                     "Cannot load model \"" + directory.string() + "\": " + std::to_string(missing.size()) +
                         " of " + std::to_string(shards.size()) + " weight files are missing (" +
                         listed(missing) + "), expected all that " + kWeightsIndexFile + " names.",
                     kAgainHint};
    for (const std::string &shard : shards) {
        ORRERY_ASSIGN(const fs::path file, fileOfModel(directory, shard));
        ORRERY_ASSIGN(SafetensorsReader reader, SafetensorsReader::open(file));
        for (const TensorInfo &info : reader.tensors())
            if (const auto named = files.find(info.name); named == files.end() || named->second != shard)
                return refuse(directory / shard, "tensor \"" + shownName(info.name) + "\" is in it",
                              named == files.end()
                                  ? "tensors that the index names"
                                  : "it in \"" + shownName(named->second) + "\", as the index says",
                              kAgainHint);
        ORRERY_TRY(folder.add(directory, std::move(reader)));
    }
    for (const auto &[tensor, shard] : files)
        if (!folder.m_places.contains(tensor))
            return refuse(directory / shard, "tensor \"" + shownName(tensor) + "\" is not in it",
                          "it there, as the index says", kAgainHint);
    return folder;
}

TensorFolder::Found TensorFolder::find(const std::string &name) const
{
    const auto place = m_places.find(name);
    if (place == m_places.end()) return {};
    const SafetensorsReader &reader = m_readers[place->second.first];
    return {&reader.tensors()[place->second.second], &reader};
}

std::vector<std::string> TensorFolder::names() const
{
    std::vector<std::string> names;
    names.reserve(m_places.size());
    for (const auto &[name, place] : m_places) names.push_back(name);
    return names;
}

} // namespace orrery
