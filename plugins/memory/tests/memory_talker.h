// SPDX-License-Identifier: Apache-2.0
// A small model that remembers events and has registers, whose weights say something, and what it is asked.
#pragma once

#include "core/infer/text_generator.h"
#include "core/nn/extension_points.h"
#include "plugins/memory/engine/episodic_memory.h"
#include "plugins/memory/engine/registers.h"
#include "tests/infer/tiny_run.h"

#include <QtTest>

#include <torch/types.h>

#include <algorithm>
#include <utility>

namespace orrery::memory {

inline const std::atomic<bool> kNever{false};

/// Counts the tokens of passes with a cache, and adds nothing.
class Counter final : public nn::ResidualModule {
public:
    explicit Counter(std::shared_ptr<int64_t> count) : m_count(std::move(count)) {}
    at::Tensor forward(const at::Tensor &x_BTC, const nn::ForwardContext &context) override
    {
        if (context.cache) *m_count += x_BTC.size(1);
        return at::zeros_like(x_BTC);
    }

private:
    std::shared_ptr<int64_t> m_count;
};

struct Talker {
    std::shared_ptr<int64_t> numRead = std::make_shared<int64_t>(0);
    std::unique_ptr<TextGenerator> generator;
};

/// Registers that say something, and weights as large as after some training.
inline LoadedModel livelyTalker(std::unique_ptr<nn::Transformer> model, const RunSpec &spec)
{
    LoadedModel loaded;
    loaded.model = std::move(model);
    const at::NoGradGuard noGradients;
    for (nn::Parameter &parameter : loaded.model->parameters()) {
        at::Tensor &weights = parameter.master;
        if (parameter.decays) weights.mul_(8);
        if (parameter.name.find("registers.read.output") != std::string::npos)
            weights.copy_(at::sin(at::arange(weights.numel(), at::kFloat)).view(weights.sizes()));
    }
    loaded.model->mastersChanged();
    loaded.tokenizer = std::move(Tokenizer::create(spec.data)).value();
    loaded.data = spec.data;
    loaded.objective = spec.objective;
    loaded.info.name = "talker";
    return loaded;
}

/// Each time the same. @param numRead counts the tokens of passes with a cache
/// @param numLayers with more than two, what is remembered is seen by the attention of those behind it
inline LoadedModel talkerModel(int64_t context, int64_t capacity, const std::shared_ptr<int64_t> &numRead, int64_t numLayers = 2)
{
    RunSpec spec = test::tinySpec();
    spec.model.layers = numLayers;
    spec.model.context = context;
    spec.model.window = 8;
    nn::attentionSourceRegistry().add("episodic", [capacity](nn::BuildContext &build) {
        EpisodicSettings settings;
        settings.store = {.capacity = capacity, .surpriseGamma = 1, .blockMin = 2, .blockMax = 8};
        settings.gateBias = 0; // what is remembered counts
        return makeEpisodicMemory(build, settings);
    });
    nn::residualModuleRegistry().add(
        "registers", [](nn::BuildContext &build) { return makeRegisters(build, {.count = 3}); });
    nn::residualModuleRegistry().add("counter", [&numRead](nn::BuildContext &build) {
        return build.layer == 0 ? std::make_unique<Counter>(numRead) : nullptr;
    });
    auto model = test::tinyModel(spec, 42);
    nn::attentionSourceRegistry().remove("episodic");
    nn::residualModuleRegistry().remove("registers");
    nn::residualModuleRegistry().remove("counter");
    return livelyTalker(std::move(model), spec);
}

inline Talker makeTalker(int64_t context = 256, int64_t capacity = 1000, int64_t numLayers = 2)
{
    Talker talker;
    talker.generator = std::make_unique<TextGenerator>(talkerModel(context, capacity, talker.numRead, numLayers));
    return talker;
}

struct Answer {
    std::vector<int32_t> ids;
    std::string text;
    std::vector<double> probabilities;
    int64_t numRead = 0, numReused = 0;
    int64_t numGiven = 0; ///< tokens of the prompt
};

inline Answer ask(const Talker &talker, const GenerateRequest &request)
{
    Answer answer;
    const int64_t before = *talker.numRead;
    const auto summary = talker.generator->generate(
        request,
        [&](const GeneratedToken &token) {
            answer.ids.push_back(token.id);
            answer.text += token.bytes;
            answer.probabilities.push_back(token.probability);
            return true;
        },
        kNever);
    if (!summary.ok()) qFatal("%s", summary.error().text().c_str());
    answer.numRead = *talker.numRead - before;
    answer.numReused = summary->reusedTokens;
    answer.numGiven = summary->promptTokens;
    return answer;
}

inline GenerateRequest requestOf(bool isChat, int64_t numTokens)
{
    GenerateRequest request;
    request.sampling = {.maxTokens = numTokens, .temperature = 0.9, .seed = 11, .numAlternatives = 0};
    request.source = "talk";
    if (isChat)
        request.messages = {{"system", "be brief"}, {"user", "what was it that you saw, and when"}};
    else
        request.prompt = "a prompt that is longer than a few windows";
    return request;
}

/// The rest of an answer behind its first `count` tokens.
inline GenerateRequest restOf(GenerateRequest request, const Answer &whole, size_t count)
{
    request.answerIds.assign(whole.ids.begin(), whole.ids.begin() + static_cast<std::ptrdiff_t>(count));
    request.sampling.maxTokens -= static_cast<int64_t>(count);
    return request;
}

inline std::vector<MemoryEvent> memoryOf(const Talker &talker)
{
    auto report = talker.generator->editMemory({});
    if (!report.ok()) qFatal("%s", report.error().text().c_str());
    return report->events;
}

/// All of it, to the bit.
inline void compareMemories(const std::vector<MemoryEvent> &found, const std::vector<MemoryEvent> &expected)
{
    QCOMPARE(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i) {
        const MemoryEvent &one = found[i], &other = expected[i];
        QCOMPARE(one.id, other.id);
        QCOMPARE(one.source, other.source);
        QCOMPARE(one.text, other.text);
        QCOMPARE(one.firstToken, other.firstToken);
        QCOMPARE(one.age, other.age);
        QCOMPARE(one.slots, other.slots);
        QVERIFY(one.usages == other.usages && one.surprises == other.surprises && one.reads == other.reads);
    }
}

} // namespace orrery::memory
