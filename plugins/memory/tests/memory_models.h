// SPDX-License-Identifier: Apache-2.0
// Small models with the levels of the memory, and what is asked of them.
#pragma once

#include "core/infer/text_generator.h"
#include "core/nn/extension_points.h"
#include "plugins/memory/engine/episodic_memory.h"
#include "plugins/memory/engine/product_key_memory.h"
#include "plugins/memory/engine/registers.h"
#include "tests/infer/tiny_run.h"

#include <QtTest>

#include <torch/types.h>

namespace orrery::memory {

inline constexpr int64_t kWindow = 4;
inline const std::atomic<bool> kNever{false};

struct Levels {
    int64_t episodic = 1000, registers = 0, semantic = 0;
    double gateBias = 0;
    bool isStirred = true; ///< weights as large as after some training
};

inline RunSpec memorySpec(int64_t context = 64)
{
    RunSpec spec = test::tinySpec();
    spec.model.layers = 2;
    spec.model.context = context;
    spec.model.window = kWindow;
    return spec;
}

inline void registerParts(const Levels &levels)
{
    nn::attentionSourceRegistry().add("episodic", [levels](nn::BuildContext &build) {
        EpisodicSettings settings;
        settings.store = {.capacity = levels.episodic, .surpriseGamma = 1, .blockMin = 2, .blockMax = 8};
        settings.gateBias = levels.gateBias;
        return makeEpisodicMemory(build, settings);
    });
    nn::residualModuleRegistry().add("registers", [levels](nn::BuildContext &build) {
        return makeRegisters(build, {.count = levels.registers});
    });
    nn::residualModuleRegistry().add("semantic", [levels](nn::BuildContext &build) {
        return makeProductKeyMemory(build, {.numSlots = levels.semantic, .layer = 0, .topK = 4});
    });
}

inline void removeParts()
{
    nn::attentionSourceRegistry().remove("episodic");
    nn::residualModuleRegistry().remove("registers");
    nn::residualModuleRegistry().remove("semantic");
}

inline LoadedModel plainModel(const RunSpec &spec, bool isStirred)
{
    LoadedModel loaded;
    loaded.model = test::tinyModel(spec, 42);
    if (isStirred) {
        const at::NoGradGuard noGradients;
        for (nn::Parameter &parameter : loaded.model->parameters())
            if (parameter.decays) parameter.master.mul_(8);
        loaded.model->mastersChanged();
    }
    loaded.tokenizer = std::move(Tokenizer::create(spec.data)).value();
    loaded.data = spec.data;
    loaded.objective = spec.objective;
    loaded.info.name = "talker";
    loaded.info.step = 42;
    return loaded;
}

inline LoadedModel memoryModel(const Levels &levels = {}, const RunSpec &spec = memorySpec())
{
    registerParts(levels);
    LoadedModel loaded = plainModel(spec, levels.isStirred);
    removeParts();
    return loaded;
}

struct Answer {
    std::string text;
    std::vector<double> probabilities;
};

inline Answer ask(TextGenerator &generator, const GenerateRequest &request)
{
    Answer answer;
    const auto summary = generator.generate(
        request,
        [&](const GeneratedToken &token) {
            answer.text += token.bytes;
            answer.probabilities.push_back(token.probability);
            return true;
        },
        kNever);
    if (!summary.ok()) qFatal("%s", summary.error().text().c_str());
    return answer;
}

inline GenerateRequest turns(std::vector<ChatMessage> messages, std::string source = "chat.json")
{
    return {.prompt = "",
            .sampling = {.maxTokens = 6, .temperature = 0, .numAlternatives = 0},
            .messages = std::move(messages),
            .source = std::move(source)};
}

inline GenerateRequest prompt(std::string text, std::string source = {})
{
    return {.prompt = std::move(text),
            .sampling = {.maxTokens = 6, .temperature = 0, .numAlternatives = 0},
            .source = std::move(source)};
}

} // namespace orrery::memory
