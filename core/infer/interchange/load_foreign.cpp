// SPDX-License-Identifier: Apache-2.0
#include "core/infer/interchange/load_foreign.h"

#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/infer/interchange/number_tokenizer.h"
#include "core/infer/interchange/weight_import.h"
#include "core/spec/model_shape.h"

#include <algorithm>

namespace orrery {

namespace {

/// fp32 masters of all weights beside what the system needs.
Result<void> checkMemory(const std::string &directory, const std::vector<WeightRecipe> &recipes)
{
    // The shapes are those of tensors that are there, so their products fit.
    double numBytes = 0;
    for (const WeightRecipe &recipe : recipes) {
        double numbers = 1;
        for (const uint64_t dimension : recipe.shape) numbers *= static_cast<double>(dimension);
        if (recipe.side != WeightRecipe::Side::ForeignOnly) numBytes += numbers * sizeof(float);
    }
    const uint64_t memory = physicalMemoryBytes();
    if (numBytes <= static_cast<double>(memory)) return {};
    return Error{ErrorCode::OutOfMemory,
                 "Cannot load model \"" + directory + "\": its weights take " +
                     formatBytes(static_cast<uint64_t>(numBytes)) + " as fp32, expected at most the " +
                     formatBytes(memory) + " of this machine.",
                 "Take a smaller model, or a machine with more memory."};
}

/// The tokenizer that stands beside the weights; without one there are numbers only.
Result<std::unique_ptr<Tokenizer>> tokenizerOf(const std::string &directory, const ModelConfig &config)
{
    std::error_code ignored;
    const int64_t vocabSize = config.foreign->vocabSize;
    const std::string &file = config.data.tokenizer;
    if (file != "bytes" && !std::filesystem::exists(file, ignored))
        return makeNumberTokenizer(directory, vocabSize);
    return Tokenizer::create(config.data);
}

} // namespace

std::string fitContext(ModelSpec &model)
{
    if (model.position != "rope") return {}; // learned positions are weights
    const double perToken =
        2.0 * sizeof(float) * static_cast<double>(model.layers) * static_cast<double>(keyWidth(model));
    const auto most = static_cast<int64_t>(static_cast<double>(physicalMemoryBytes()) / 8 / perToken);
    constexpr int64_t kLeast = 256;
    const int64_t context = std::min(model.context, std::max(kLeast, most));
    if (context == model.context) return {};
    std::string note = "Reads at most " + std::to_string(context) + " tokens at once, not " +
                       std::to_string(model.context) +
                       ": keys and values of more take over an eighth of the memory.";
    model.context = context;
    return note;
}

Result<void> loadForeign(const std::string &directory, const ModelConfig &config, LoadedModel &loaded)
{
    ORRERY_ASSIGN(const TensorFolder tensors, TensorFolder::open(directory));
    ORRERY_ASSIGN(const auto recipes, matchRecipes(directory, tensors, *config.foreign));
    ORRERY_TRY(checkMemory(directory, recipes));
    ORRERY_ASSIGN(loaded.tokenizer, tokenizerOf(directory, config));
    ORRERY_ASSIGN(loaded.model,
                  nn::Transformer::create(config.model, config.foreign->vocabSize, 0, loaded.device));
    return importWeights(*loaded.model, directory, tensors, recipes);
}

Result<void> loadForeignWeights(const std::string &directory, const ForeignModel &foreign,
                                nn::Transformer &model)
{
    ORRERY_ASSIGN(const TensorFolder tensors, TensorFolder::open(directory));
    ORRERY_ASSIGN(const auto recipes, matchRecipes(directory, tensors, foreign, "the run's settings"));
    return importWeights(model, directory, tensors, recipes);
}

} // namespace orrery
