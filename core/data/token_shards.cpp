// SPDX-License-Identifier: Apache-2.0
#include "core/data/token_shards.h"

#include "core/base/assert.h"
#include "core/base/checked.h"
#include "core/data/description_json.h"
#include "core/data/shard_meta.h"
#include "core/data/token_file.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>

namespace orrery {

namespace {

using Json = nlohmann::json;

constexpr const char *kFormat = "orrery-shards/1";
constexpr uint64_t kMaxMetaBytes = 4u << 20;

int indexOf(Split split)
{
    ORRERY_ASSERT(split == Split::Train || split == Split::Validation);
    return split == Split::Train ? 0 : 1;
}

Error damaged(const std::filesystem::path &folder, const std::string &found, const std::string &expected)
{
    return {ErrorCode::InvalidInput,
            "Cannot open prepared data \"" + folder.string() + "\": " + found + ", expected " + expected +
                ".",
            "Prepare the data again."};
}

} // namespace

std::string shardMetaToText(const ShardMeta &meta)
{
    nlohmann::ordered_json root = {
        {"format", kFormat}, {"key", meta.key}, {"token_bytes", meta.tokenBytes}, {"has_mask", meta.hasMask}};
    for (int i = 0; i < 2; ++i)
        root["splits"][kSplitNames[i]] = {{"tokens", meta.numTokens[i]}, {"bytes", meta.numBytes[i]}};
    descriptionToJson(meta.description, root["description"]);
    return root.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::optional<ShardMeta> shardMetaFromText(const std::string &text)
{
    const Json root = Json::parse(text, nullptr, false);
    if (!root.is_object() || root.value("format", Json()) != kFormat) return std::nullopt;
    const Json key = root.value("key", Json());
    const Json tokenBytes = root.value("token_bytes", Json());
    const Json hasMask = root.value("has_mask", Json());
    const Json splits = root.value("splits", Json());
    auto description = descriptionFromJson(root.value("description", Json()));
    if (!key.is_string() || (tokenBytes != 2 && tokenBytes != 4) || !hasMask.is_boolean() ||
        !splits.is_object() || !description)
        return std::nullopt;
    ShardMeta meta;
    meta.key = key.get<std::string>();
    meta.tokenBytes = tokenBytes.get<int>();
    meta.hasMask = hasMask.get<bool>();
    meta.description = std::move(*description);
    for (int i = 0; i < 2; ++i) {
        const Json split = splits.value(kSplitNames[i], Json());
        if (!split.is_object() || !split.value("tokens", Json()).is_number_unsigned() ||
            !split.value("bytes", Json()).is_number_unsigned())
            return std::nullopt;
        meta.numTokens[i] = split["tokens"].get<uint64_t>();
        meta.numBytes[i] = split["bytes"].get<uint64_t>();
    }
    return meta;
}

Result<TokenShards> TokenShards::open(const std::filesystem::path &folder)
{
    ORRERY_ASSIGN(const std::string text, readFile(folder / kShardMetaFile, kMaxMetaBytes));
    std::optional<ShardMeta> meta = shardMetaFromText(text);
    if (!meta) return damaged(folder, "meta.json is not readable", std::string("the format ") + kFormat);
    TokenShards shards;
    shards.m_folder = folder;
    shards.m_key = meta->key;
    shards.m_tokenBytes = meta->tokenBytes;
    shards.m_hasMask = meta->hasMask;
    for (int i = 0; i < 2; ++i) {
        shards.m_numTokens[i] = meta->numTokens[i];
        shards.m_numBytes[i] = meta->numBytes[i];
        auto openPart = [&](const char *ending, uint64_t bytesPerToken, MappedFile &file) -> Result<void> {
            const std::string name = std::string(kSplitNames[i]) + ending;
            auto mapped = MappedFile::open(folder / name);
            if (!mapped && mapped.error().code == ErrorCode::NotFound)
                return damaged(folder, name + " is missing", "all parts");
            if (!mapped) return mapped.error();
            file = std::move(mapped).value();
            const auto expected = checkedMul(meta->numTokens[i], bytesPerToken);
            if (!expected || file.bytes().size() != *expected)
                return damaged(folder, name + " has " + std::to_string(file.bytes().size()) + " bytes",
                               std::to_string(meta->numTokens[i]) + " tokens of " +
                                   std::to_string(bytesPerToken));
            return {};
        };
        ORRERY_TRY(openPart(".bin", static_cast<uint64_t>(meta->tokenBytes), shards.m_tokens[i]));
        if (meta->hasMask) ORRERY_TRY(openPart(".mask", 1, shards.m_masks[i]));
    }
    shards.m_description = std::move(meta->description);
    if (meta->hasMask) {
        const auto masks = shards.m_masks[indexOf(Split::Train)].bytes();
        shards.m_description.carriesLoss = !masks.empty() && std::memchr(masks.data(), 1, masks.size()) != nullptr;
    }
    return shards;
}

uint64_t TokenShards::numTokens(Split split) const { return m_numTokens[indexOf(split)]; }

uint64_t TokenShards::numBytes(Split split) const { return m_numBytes[indexOf(split)]; }

void TokenShards::read(Split split, uint64_t begin, uint64_t count, int32_t *out) const
{
    const int i = indexOf(split);
    ORRERY_ASSERT(begin <= m_numTokens[i] && count <= m_numTokens[i] - begin);
    if (count > 0) decodeTokens(m_tokens[i].bytes(), m_tokenBytes, begin, count, out);
}

void TokenShards::readMask(Split split, uint64_t begin, uint64_t count, uint8_t *out) const
{
    const int i = indexOf(split);
    ORRERY_ASSERT(begin <= m_numTokens[i] && count <= m_numTokens[i] - begin);
    if (!m_hasMask)
        std::fill_n(out, count, uint8_t(1));
    else if (count > 0)
        std::memcpy(out, m_masks[i].bytes().data() + begin, count);
}

} // namespace orrery
