// SPDX-License-Identifier: Apache-2.0
// Where documents of several modalities come from: prepared files or a generator. Immutable; any thread.
#pragma once

#include "core/data/multimodal/record.h"
#include "core/data/token_shards.h"

#include <cstdint>
#include <string>

namespace orrery {

/// What documents are opened for: a training needs both sides of a split; one document is enough to measure
/// it.
enum class DocumentUse : uint8_t { Train, Measure };

class MultiModalSource {
public:
    virtual ~MultiModalSource() = default;
    [[nodiscard]] virtual const FrontEnd &frontEnd() const = 0;
    [[nodiscard]] virtual int64_t vocabSize() const = 0;
    /// For messages: the path that was opened.
    [[nodiscard]] virtual std::string name() const = 0;
    /// Changes when what is read does.
    [[nodiscard]] virtual std::string identity() const { return name(); }
    [[nodiscard]] virtual uint64_t numRecords(Split split) const = 0;
    /// Positions of a record, at least 1; cheap.
    [[nodiscard]] virtual uint64_t numPositions(Split split, uint64_t index) const = 0;
    /// Positions [begin, begin + count) of a record; replaces `record`. The range must be inside of it.
    virtual void read(Split split, uint64_t index, uint64_t begin, uint64_t count,
                      MultiModalRecord &record) const = 0;
    void readWhole(Split split, uint64_t index, MultiModalRecord &record) const
    {
        read(split, index, 0, numPositions(split, index), record);
    }
};

} // namespace orrery
