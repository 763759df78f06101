// SPDX-License-Identifier: Apache-2.0
// A corpus described for people and for programs: counts, splits, lengths, what was skipped and what to look
// at before training on it. Works on a probe (no tokens yet) and on prepared data. Any thread.
#pragma once

#include "core/data/corpus.h"

#include <string>
#include <vector>

namespace orrery {

struct DataCheck {
    std::string name; ///< "utf8", "skipped", "split", "size", "media", "loss"
    bool isFine = true;
    std::string text; ///< one sentence
};
std::vector<DataCheck> checkData(const CorpusDescription &description);

/// One JSON object: format, files, documents, bytes, tokens, train_tokens, val_tokens, invalid_utf8_files,
/// num_skipped, content_digest, skipped [{path, reason}], length_histogram [{from, to, documents}] in tokens,
/// preview (valid UTF-8, no control characters but tabs and line feeds), checks [{name, ok, text}].
/// @param vocabSize ids of the tokenizer; 0: not told
std::string describeDataJson(const CorpusDescription &description, int64_t vocabSize = 0);
/// The same in lines for a terminal; nothing in it can move the cursor.
std::string describeDataText(const CorpusDescription &description);

} // namespace orrery
