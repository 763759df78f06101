// SPDX-License-Identifier: Apache-2.0
// The texts that a run keeps frames of: its probe prompts and the start of its validation text, or, of a run of several
// modalities, validation documents. One place that makes them, for the training and for whoever looks at a saved step
// of it later. Values; any thread.
#pragma once

#include "core/data/multimodal/source.h"
#include "core/data/token_shards.h"
#include "core/spec/modality_batch.h"
#include "core/spec/run_spec.h"

#include <span>
#include <string>
#include <vector>

namespace orrery {

struct KeptText {
    int32_t number = 0;            ///< as FrameInfo::prompt
    std::string prompt = {};       ///< of probes.prompts; empty: it is none of these
    std::vector<int32_t> ids = {}; ///< at most a context of them
    ModalityBatch modalities = {}; ///< of ids, as one sequence
    size_t numTokens = 0;          ///< before it was cut to the context
    /// What an answer goes on with behind the last of ids, where all of it does not fit; −1: nothing.
    int32_t said = -1;
};

/// What they are made from. What is pointed to must outlive it.
struct KeptTextSources {
    const Tokenizer *tokenizer = nullptr;
    const ModelSpec *model = nullptr;
    std::span<const std::string> prompts = {}; ///< probes.prompts, as they are now
    /// Prompts that the run was made with: the validation text has this number, and prompts that were added while it
    /// trains stand behind it.
    size_t numFrozen = 0;
    const MultiModalSource *documents = nullptr; ///< in place of prompts and text
    size_t leastDocuments = 0;                   ///< of these; else as many as there are prompts, one at least
    const TokenShards *text = nullptr;           ///< null: there is none, or it is not asked for
};

/// In the order in which they are looked at: prompts, then the validation text.
std::vector<KeptText> keptTexts(const KeptTextSources &from);
/// The text with an answer behind it, as far as the context goes.
KeptText withAnswer(KeptText text, std::span<const int32_t> answerIds, int64_t context);
/// "0, 1, 2".
std::string numbersOf(const std::vector<KeptText> &texts);

} // namespace orrery
