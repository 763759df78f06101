// SPDX-License-Identifier: Apache-2.0
// meta.json of a shard folder. Private to this folder.
#pragma once

#include "core/data/corpus.h"

#include <optional>

namespace orrery {

inline constexpr const char *kShardMetaFile = "meta.json";
inline constexpr const char *kSplitNames[2] = {"train", "val"};

struct ShardMeta {
    std::string key;
    int tokenBytes = 2;
    bool hasMask = false;
    uint64_t numTokens[2] = {0, 0};
    uint64_t numBytes[2] = {0, 0};
    CorpusDescription description;
};

std::string shardMetaToText(const ShardMeta &meta);
std::optional<ShardMeta> shardMetaFromText(const std::string &text);

} // namespace orrery
