// SPDX-License-Identifier: Apache-2.0
// What the command inspect was told, and its half that looks at memories. Main thread.
#pragma once

#include "app/worker/memory_output.h"
#include "app/worker/model_argument.h"
#include "app/worker/text_options.h"
#include "core/spec/inspection.h"

#include <filesystem>

namespace orrery::worker {

struct InspectOptions {
    std::string what; ///< "attention", "memory"
    ModelArgument model;
    TextOptions text;
    std::vector<int64_t> layers, heads;
    std::vector<std::string> ablated;
    std::string rows;       ///< "A:B"
    std::string memoryFile; ///< empty: what is saved with the model
    std::vector<std::string> edits;
    std::string out; ///< *.npz or *.json
    InspectRequest request;
    bool isJson = false;
    [[nodiscard]] bool wantsMaps() const { return !layers.empty() || !heads.empty(); }
    [[nodiscard]] std::string ending() const { return std::filesystem::path(out).extension(); }
};

/// A text read behind the memory of a file, or behind the one that is saved with the model. Writes --out.
/// @param request with the text, the token and the heads to leave out
/// @error as memoryEditFromText and Generator::inspect, InvalidInput: a layer or head that does not exist
Result<MemoryLook> inspectMemory(const InspectOptions &options, InspectRequest request);

} // namespace orrery::worker
