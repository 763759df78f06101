// SPDX-License-Identifier: Apache-2.0
// One line of a JSONL corpus as values. Parses events, not a document, so that a hostile line costs no more
// memory than its own length. Private to this folder.
#pragma once

#include "core/data/corpus.h"
#include "core/data/corpus_errors.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

struct JsonlMessage {
    std::string role;
    std::string content;
};

struct JsonlRecord {
    CorpusFormat format = CorpusFormat::Unknown; ///< JsonlText, JsonlMessages or JsonlTokens
    std::string text;
    std::vector<JsonlMessage> messages; ///< role is system, user or assistant
    std::vector<int32_t> tokens;        ///< each in [0, vocabSize)
    std::vector<uint8_t> lossMask;      ///< 0 or 1, as long as tokens; empty without loss_mask
    std::string unreadMedia; ///< a field that looks like pictures or recordings ("image"), which only a manifest has
};

/// Replaces `record`. Fields other than text, messages, tokens and loss_mask are ignored.
/// @return the rule that the line breaks, or nothing
std::optional<BrokenRule> parseJsonlRecord(std::string_view line, int64_t vocabSize, JsonlRecord &record);

} // namespace orrery
