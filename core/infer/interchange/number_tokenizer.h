// SPDX-License-Identifier: Apache-2.0
// In place of a tokenizer where a model directory has none: tokens are their numbers, and there is no text.
// Immutable; any thread.
#pragma once

#include "core/data/tokenizer.h"

namespace orrery {

/// @param directory of the model, for the error that encode() gives
std::unique_ptr<Tokenizer> makeNumberTokenizer(const std::string &directory, int64_t vocabSize);

} // namespace orrery
