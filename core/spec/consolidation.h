// SPDX-License-Identifier: Apache-2.0
// A model that learns what it remembers, and leaves as a folder of its own (docs/model.md, "Consolidation by
// replay"). Plain values; any thread.
#pragma once

#include "core/spec/memory_events.h"

#include <cstdint>
#include <string>
#include <vector>

namespace orrery {

inline constexpr int64_t kMostConsolidationSlots = 1'000'000, kMostConsolidationPasses = 100'000;
inline constexpr double kLeastConsolidationRate = 1e-9, kMostConsolidationRate = 1e9;

struct ModelConsolidationRequest {
    std::string model;     ///< RUN, RUN@step, RUN@best or a model directory
    std::string directory; ///< of the new model: absolute, on the engine's machine, a free name or an empty folder
    /// Where the memory stands: a file (absolute), else what is saved with the model. With isLoaded what the
    /// engine has loaded of the model, as EditMemory shows it; then no file.
    std::string memoryFile = {};
    bool isLoaded = false;
    std::string data = {}; ///< texts of all kinds (absolute), so that what they need stays; empty: the run's own
    // As in ConsolidationSettings; 0: as they are there.
    int64_t numSlots = 0, numPasses = 0;
    double learningRate = 0;
};

struct ModelConsolidationSummary {
    std::string directory;
    std::string source; ///< the model that was taught, as people call it
    int64_t step = -1;  ///< of it; −1: not known
    std::vector<std::string> learned; ///< sources that the new model has learned, those from before, too
    int64_t numTexts = 0;             ///< remembered ones that were read again
    int64_t numSlots = 0;             ///< of the semantic memory, that were changed
    double lossBefore = 0, lossAfter = 0; ///< nats per token over the remembered texts
    // Texts of all kinds that were read beside them.
    int64_t numProtected = 0;
    double protectedBefore = 0, protectedAfter = 0; ///< nats per token over some of them
    std::vector<std::string> protectedFrom;         ///< paths of the data that they are from
};

} // namespace orrery
