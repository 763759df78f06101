// SPDX-License-Identifier: Apache-2.0
// Each sequence is drawn to be one of three: the next token under the causal mask; a prefix that sees all of
// itself, with loss behind it; or a text with a hole, rendered as suffix, prefix, middle under the causal mask,
// so that the middle goes on where the prefix ends and knows what comes behind it, with loss on all text.
// Trainer thread only. Sources: Raffel et al. (2020), "Exploring the limits of transfer learning", §3.2.1
// (prefix LM); Bavarian et al. (2022), "Efficient training of language models to fill in the middle", §3 (the
// order suffix, prefix, middle, with all marks in front of the text before the hole).
#pragma once

#include "core/train/objective.h"

namespace orrery {

/// @error InvalidInput when holes are wanted and the tokenizer has no marks for them, or the context has no
/// room
Result<std::unique_ptr<Objective>> makeHybridObjective(const RunSpec &spec, const Tokenizer &tokenizer);

} // namespace orrery
