// SPDX-License-Identifier: Apache-2.0
// The model families of `transformers` whose layers are ours, and what their config.json says as our settings
// and the other way round. No torch. Values; any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/run_spec.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

namespace orrery {

enum class Architecture : uint8_t { Unknown, Llama, Qwen3, Gpt2 };

/// "LlamaForCausalLM", as in config.json.
const char *architectureName(Architecture architecture);
/// "LlamaForCausalLM, Qwen3ForCausalLM and GPT2LMHeadModel"
std::string knownArchitectures();

struct ForeignModel {
    Architecture architecture = Architecture::Unknown;
    ModelSpec model;
    int64_t vocabSize = 0;
    /// Whether the file has biases; those that it lacks are 0 where model.bias is on.
    bool hasAttentionBias = false, hasFfnBias = false;
};

/// @param file for errors   @param config the object in it
/// @error InvalidInput: an architecture, activation, kind of positions or quantization that is not supported,
/// a field that is missing or out of range
Result<ForeignModel> readForeignConfig(const std::filesystem::path &file,
                                       const nlohmann::ordered_json &config);
/// Which of them a config.json is of. @error InvalidInput
Result<Architecture> architectureOf(const std::filesystem::path &file, const nlohmann::ordered_json &config);

/// The family that has this model's layers. @param name of the model, for errors
/// @error InvalidInput naming the first setting that none of them has
Result<Architecture> architectureFor(const ModelSpec &model, const PluginsSpec &plugins,
                                     const std::string &name);
/// Adds the fields of config.json; weights are fp32.
void addForeignConfig(nlohmann::ordered_json &config, const ModelSpec &model, int64_t vocabSize,
                      Architecture architecture);

} // namespace orrery
