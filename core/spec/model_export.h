// SPDX-License-Identifier: Apache-2.0
// A model that leaves a run as a folder of its own. Plain values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace orrery {

struct ModelExportRequest {
    std::string model;     ///< RUN, RUN@step, RUN@best or a model directory
    std::string directory; ///< absolute, on the engine's machine: a free name or an empty folder
    /// "orrery": everything that a model can have; "hf": as Hugging Face's transformers loads it, too.
    std::string format = "orrery";
};

/// How far something is that moves bytes.
struct TransferAmount {
    uint64_t numDone = 0;
    uint64_t numTotal = 0; ///< 0: not known yet
    bool operator==(const TransferAmount &) const = default;
};

struct ModelExportSummary {
    std::string directory;
    std::string source; ///< what was exported, as people call it
    int64_t step = 0;
    uint64_t numBytes = 0;
    bool hasMemory = false;           ///< what the run remembers went along
    std::string architecture;         ///< as transformers calls it; empty: in our format
    std::vector<std::string> plugins; ///< that the model needs, as "id version"
};

} // namespace orrery
