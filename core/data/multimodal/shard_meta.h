// SPDX-License-Identifier: Apache-2.0
// meta.json of a folder of MultiModalShards. Private to this folder.
#pragma once

#include "core/data/multimodal/description.h"

#include <optional>
#include <string>

namespace orrery {

inline constexpr const char *kMultiModalMetaFile = "meta.json";
inline constexpr const char *kMultiModalFormat = "orrery-multimodal/1";

struct MultiModalMeta {
    std::string key;
    std::string name; ///< the manifest it was made from, for messages
    int64_t vocabSize = 0;
    MultiModalDescription description;
};

std::string multiModalMetaToText(const MultiModalMeta &meta);
/// Nothing when a field is missing, of another type or out of range: data that an older program prepared
/// without a field are then made again under the same key, so that runs go on with them.
std::optional<MultiModalMeta> multiModalMetaFromText(const std::string &text);

} // namespace orrery
