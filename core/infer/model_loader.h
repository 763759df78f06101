// SPDX-License-Identifier: Apache-2.0
// From what a user names ("RUNDIR", "RUNDIR@step", model directory) to a loaded generator. Called in a worker
// only.
#pragma once

#include "core/engine_api/generator.h"
#include "core/nn/prepare_plugins.h"
#include "core/spec/run_spec.h"

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace orrery::nn {
class Transformer;
}

namespace orrery {

struct ModelReference {
    std::string path;    ///< run directory or model directory
    int64_t step = -1;   ///< -1: the newest that verifies
    bool isBest = false; ///< the one with the lowest validation loss; step is -1 then
};
/// Splits "PATH@step"; "@best" and "@latest" are understood. A path that exists as written is taken whole,
/// whatever stands behind an @ in it. @error InvalidInput (empty, not a step; "@live": saved steps only)
Result<ModelReference> parseModelReference(const std::string &text);

/// A damaged checkpoint is passed over for the next older one that verifies; ModelInfo::note says so.
/// @param device "cpu" or "cuda"; empty: the run's own where this machine has it, else the CPU, and
/// ModelInfo::note says so   @param threads 0: leave as the process has it
/// @param prepare loads the plugins that the model uses, and outlives the generator
/// @error NotFound (no such run, no checkpoint, no such step: the nearest ones are offered), InvalidInput
/// (damaged, or a plugin that cannot be used), OutOfMemory, Unavailable (cuda without a GPU)
Result<std::unique_ptr<Generator>> loadGenerator(const ModelReference &reference, const std::string &device,
                                                 int64_t threads, const nn::PreparePlugins &prepare = {});

/// What a spec must say for a run that begins with a model's weights, as JSON (modelSettings()). @error as
/// loadGenerator
Result<std::string> settingsOfModel(const ModelReference &reference);
/// Weights of a model into one that is built. @error as loadGenerator; InvalidInput where the shapes differ
Result<void> loadWeightsOf(const ModelReference &reference, nn::Transformer &model);

/// Where a memory that is saved with the model lies: memory.safetensors in the run or model directory. Each
/// text that is generated begins with it.
std::filesystem::path memoryFileOf(const ModelReference &reference);

/// What somebody who waits for an export sees of it, and how he stops it.
struct ExportWatch {
    std::function<void(uint64_t numDone, uint64_t numTotal)> progress = {}; ///< bytes; from 0 to all of them
    const std::atomic<bool> *cancel = nullptr;
};
/// Whose names the weights get. Unknown is none of them.
enum class ExportFormat : uint8_t {
    Unknown,
    Orrery,      ///< ours: everything that a model can have
    HuggingFace, ///< those of Llama, Qwen3 or GPT-2: `transformers` loads it, and so do we
};
struct ExportedModel {
    std::string source; ///< as ModelInfo::name
    int64_t step = -1;
    std::string note; ///< as ModelInfo::note
    PluginsSpec plugins;
    uint64_t numBytes = 0;
    bool hasMemory = false;   ///< what is saved with the model went with it
    std::string architecture; ///< "LlamaForCausalLM"; empty: ours
};
/// Writes a model directory in the Hugging Face layout (config.json, tokenizer.json, model.safetensors) with
/// the memory that is saved with the model, whole or not at all. Needs none of the model's plugins.
/// @error as loadGenerator; Conflict when the directory exists and is not empty, Io, Cancelled; InvalidInput
/// for a model with parts that the format has no names for, or whose weights have the names of others already
Result<ExportedModel> exportModelDirectory(const ModelReference &reference, const std::string &directory,
                                           const ExportWatch &watch = {},
                                           ExportFormat format = ExportFormat::Orrery);

} // namespace orrery
