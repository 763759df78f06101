// SPDX-License-Identifier: Apache-2.0
// What a model remembers of a text beside its window, as plain values, and what may be done about it. The
// interface is implemented by a part of the model (nn::PartState::memory) and called on the thread that owns
// the model.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace orrery {

/// A stretch of neighbouring tokens that was stored together.
struct MemoryEvent {
    int64_t id = 0;         ///< never given twice in one memory
    std::string source;     ///< what the text is called
    int64_t firstToken = 0; ///< place in the text
    int64_t lastToken = 0;
    int64_t numSlots = 0;          ///< of its tokens, how many are still stored
    double meanUsage = 0;          ///< how much its slots were written and read of late: 0 forgotten
    int64_t age = 0;               ///< tokens that were read since it began
    bool isPinned = false;         ///< never evicted
    std::vector<int32_t> tokenIds; ///< of the slots that are still stored, in the order of the text
};

struct MemoryStatus {
    int64_t capacity = 0; ///< slots
    int64_t numUsed = 0;
    int64_t numPinned = 0; ///< slots in pinned events
    int64_t numEvicted = 0, numSkipped = 0,
            numRefused = 0;  ///< tokens, so far; skipped: under the write thresholds
    std::string lastRefusal; ///< why a token could not be stored; empty: none was refused
};

/// The memory of one cache (its first sequence, when it has several).
class MemoryControl {
public:
    virtual ~MemoryControl() = default;
    [[nodiscard]] virtual MemoryStatus status() const = 0;
    [[nodiscard]] virtual std::vector<MemoryEvent> listEvents() const = 0; ///< in the order of the text
    /// @error NotFound
    virtual Result<void> pin(int64_t event, bool isPinned) = 0;
    /// Forgets all events of a source, pinned ones too. @return how many slots were freed
    virtual int64_t wipe(const std::string &source) = 0;
    /// Writes all of it to a safetensors file. @error Io
    virtual Result<void> save(const std::filesystem::path &path) const = 0;
    /// Takes the place of what is stored. @error NotFound, Io, InvalidInput (no such file, or of another
    /// model); the memory is as before then
    virtual Result<void> load(const std::filesystem::path &path) = 0;
};

} // namespace orrery
