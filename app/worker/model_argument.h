// SPDX-License-Identifier: Apache-2.0
// The options that every command with a model has, and the way from them to a loaded generator.
#pragma once

#include "core/engine_api/generator.h"
#include "core/infer/model_loader.h"

#include <cstdint>
#include <memory>
#include <string>

namespace CLI {
class App;
}

namespace orrery::worker {

struct ModelArgument {
    std::string reference; ///< "RUN", "RUN@step", model directory; RUN is a path, an id or a name
    std::string device;    ///< empty: the run's own where this machine has it, else the CPU
    int64_t threads = 0;   ///< 0: all processors
};

void addModelOptions(CLI::App &command, ModelArgument &argument);

/// A RUN that is no path is looked up in the user's list of runs. @error as parseModelReference, NotFound
Result<ModelReference> resolveReference(const ModelArgument &argument);

/// Prepares the calling thread for tensors, finds the model (a RUN that is no path is looked up in the user's
/// list of runs) and loads it; a note about it goes to stderr. @error as parseModelReference and
/// loadGenerator
Result<std::unique_ptr<Generator>> loadModel(const ModelArgument &argument);

/// As Generator::loadMemory(); where the weights of another training wrote it, that goes to stderr.
Result<void> loadMemoryOf(Generator &generator, const std::filesystem::path &file);

} // namespace orrery::worker
