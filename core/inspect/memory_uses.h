// SPDX-License-Identifier: Apache-2.0
// Which values of a memory the tokens of a text read most, counted while the pass goes by. For memories whose slots are
// values of the model: what is remembered of a text is told by its events. Made for one look; only the thread that owns the
// model.
#pragma once

#include "core/nn/attention_tap.h"
#include "core/spec/inspection.h"

#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace orrery {

class MemoryUses {
public:
    /// @param first place of the pass's first token
    void add(const nn::SourceLook &look, int64_t first);
    /// Layer by layer, and of each the values that were read most.
    [[nodiscard]] std::vector<MemoryUse> uses() const;

private:
    struct Value {
        double weight = 0;
        int64_t numReads = 0;
        std::vector<MemoryUse::Reader> readers; ///< as MemoryUse has them
    };
    struct Counted {
        int64_t numTokens = 0, numHeads = 0;
        double weight = 0; ///< of all
        std::unordered_map<int64_t, Value> values; ///< by slot
    };
    std::map<std::pair<int64_t, std::string>, Counted> m_all; ///< by layer and memory
};

} // namespace orrery
