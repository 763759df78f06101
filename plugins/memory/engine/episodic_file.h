// SPDX-License-Identifier: Apache-2.0
// An episodic memory as a safetensors file: slots, events, keys and values. Reading trusts nothing: counts
// and shapes are checked before anything is allocated. Any thread.
//
//   keys, values        F32 [H, S, D]       H heads, S slots up to the last one ever used, D head width
//   slots.event         I64 [S]             0: free; likewise .serial, .position, .step (I64), .token (I32),
//                                           .usage (F64)
//   slots.surprise      F32 [S]             nats, not there: 0; likewise .strength, not there: 1
//   slots.modality      U8 [S]              orrery::Modality
//   slots.read_at       I64 [S]             last read, by the clock; 0: never, −1: not known; likewise
//                                           .read_place (I64), .read_token, .read_head, .reader (I32),
//                                           .read_weight (F32), .read_modality (U8)
//   events.id           I64 [E]             likewise .first, .last, .begun, .source (I64), .pinned (U8)
//   metadata            format, version, serial, read, clock; source.0 … the names that events.source
//                       counts, reader.0 … those that slots.reader does; model.tokens, model.run and
//                       model.step as MemoryOrigin has them, where they are known; evicted, skipped, refused,
//                       tokens since the memory was empty, not there: not known
//
// Version 1 has neither clock nor modality nor reads: they are not known then.
#pragma once

#include "core/spec/memory_origin.h"
#include "plugins/memory/engine/episodic_store.h"

#include <filesystem>
#include <span>
#include <vector>

namespace orrery::memory {

struct EpisodicShape {
    int64_t numHeads = 1, headWidth = 1;
};

struct EpisodicImage {
    EpisodicStore::Image store;
    MemoryOrigin origin;
    std::vector<float> keys_HSD, values_HSD;
};

/// @error Io, InvalidInput (keys that do not fit the slots: a defect of the caller)
Result<void> writeEpisodicFile(const std::filesystem::path &path, const EpisodicShape &shape,
                               const EpisodicStore::Image &store, std::span<const float> keys_HSD,
                               std::span<const float> values_HSD, const MemoryOrigin &origin = {});
/// @param capacity slots that there is room for
/// @error NotFound, Io, InvalidInput naming what is wrong
Result<EpisodicImage> readEpisodicFile(const std::filesystem::path &path, const EpisodicShape &shape,
                                       int64_t capacity);

} // namespace orrery::memory
