// SPDX-License-Identifier: Apache-2.0
// The tokenizer of an export as `transformers` reads it. Values; any thread.
#pragma once

#include "core/data/tokenizer.h"

namespace orrery {

/// tokenizer.json in the format of the `tokenizers` library. Bytes become a byte-level BPE without merges,
/// whose ids are those of the bytes. @param isBytes data.tokenizer is bytes
std::string foreignTokenizerJson(const Tokenizer &tokenizer, bool isBytes);
/// tokenizer_config.json: which class reads it, and what ends a text.
std::string foreignTokenizerConfig(const Tokenizer &tokenizer, int64_t context);

} // namespace orrery
