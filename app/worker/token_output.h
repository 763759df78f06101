// SPDX-License-Identifier: Apache-2.0
// A text as a tokenizer cut it, as people and other programs read it. Any thread.
#pragma once

#include "core/spec/generation.h"

#include <string>
#include <vector>

namespace orrery::worker {

/// One line.
std::string tokensJson(const std::vector<TokenPiece> &pieces);
/// A head, a line for each token, and how many they are.
std::vector<std::string> tokensTable(const std::vector<TokenPiece> &pieces);

} // namespace orrery::worker
