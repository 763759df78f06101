// SPDX-License-Identifier: Apache-2.0
// The files that both sides of the parity benchmark read: text, start weights under the peer's names,
// batches, validation.
#pragma once

#include "core/data/token_shards.h"
#include "core/spec/run_spec.h"

#include <filesystem>

namespace orrery::bench {

struct ParityFiles {
    std::filesystem::path text;
    std::filesystem::path init;       ///< safetensors, the peer's parameter names
    std::filesystem::path batches;    ///< int32 [steps, batch, context + 1]
    std::filesystem::path validation; ///< bytes
};

/// 1 MB of the C++ library's headers in order of their names. @error NotFound when the machine has none, Io
Result<void> writeParityText(const std::filesystem::path &path);
/// Everything but the text. @error those of the model and of files
Result<ParityFiles> writeParityFiles(const std::filesystem::path &folder, const RunSpec &spec,
                                     const TokenShards &shards);

} // namespace orrery::bench
