// SPDX-License-Identifier: Apache-2.0
// What a look inside a model found, as people and other programs read it. Any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/inspection.h"

#include <string>
#include <vector>

namespace orrery {
class NpzWriter;
}

namespace orrery::worker {

/// @param what "attention", "memory" @param out --out; empty: none @error InvalidInput: neither *.npz nor *.json
Result<void> checkLookFile(const std::string &what, const std::string &out);

/// One line. Maps of the report are in it; a number that is none is null.
std::string inspectJson(const InspectReport &report);
/// Lines for a terminal: heads, what is likely next, and the tokens.
std::vector<std::string> inspectTable(const InspectReport &report);

/// Of that table: what is likely behind the token. @param change what the second column is, "without the
/// heads …"
std::vector<std::string> candidateLines(const InspectReport &report, const std::string &change);
/// tokens, token_ids, surprise [tokens] and step.
void addTokenColumns(const InspectReport &report, NpzWriter &npz);

/// Weights of some heads of some layers, each token by each token.
struct AttentionArray {
    std::vector<int64_t> layers, heads;
    TokenRange rows, columns;   ///< closed; columns: the tokens of the text that were read
    std::vector<float> weights; ///< [layers, heads, rows, columns]
};
/// numpy's file: attention, tokens, token_ids (of the columns), first_token (the place of the first of them
/// in the text), layers, heads, rows, step; of the report: entropy, distance, first_mass, self_mass [layers,
/// heads], surprise [tokens], attribution [tokens] where it was asked for.
/// @error InvalidInput when it is too large for one file
Result<std::string> inspectNpz(const InspectReport &report, const AttentionArray &attention);

} // namespace orrery::worker
