// SPDX-License-Identifier: Apache-2.0
#include "tests/base/check_result.h"

#include "core/spec/estimate.h"
#include "core/spec/estimate_kept.h"
#include "core/spec/field_table.h"

#include <cmath>

using namespace orrery;

namespace {

RunSpec presetSpec(const char *name)
{
    RunSpec spec;
    applyPreset(spec, name);
    return spec;
}

} // namespace

class TestEstimate : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void countsParametersAsByHand()
    {
        // tiny: 272·128 + 4·(2·128 + 4·128² + 3·128·384 + 2·32) + 128
        QCOMPARE(estimateRun(presetSpec("tiny"), 272, 0).numParameters, uint64_t{888'192});
        QCOMPARE(estimateRun(presetSpec("tiny"), 272, 0).numNonEmbedding, uint64_t{853'376});
        // small: 272·384 + 6·(2·384 + 4·384² + 3·384·1024 + 2·64) + 384
        QCOMPARE(estimateRun(presetSpec("small"), 272, 0).numParameters, uint64_t{10'727'040});
    }
    // Source: the published size of GPT-2 small with its biases, and the same without those of linear layers.
    void countsGpt2AsPublished()
    {
        RunSpec spec = presetSpec("gpt2");
        QCOMPARE(estimateRun(spec, 50257, 0).numParameters, uint64_t{124'356'864});
        spec.model.bias = true;
        QCOMPARE(estimateRun(spec, 50257, 0).numParameters, uint64_t{124'439'808});
        spec.model.tied = false;
        QCOMPARE(estimateRun(spec, 50257, 0).numParameters, uint64_t{124'439'808 + 50257 * 768});
    }
    void countsThePeerOfTheSpeedBenchmark()
    {
        RunSpec spec = presetSpec("gpt2");
        spec.model.layers = 4;
        spec.model.width = 128;
        spec.model.heads = 4;
        spec.model.context = 64;
        QCOMPARE(estimateRun(spec, 256, 0).numParameters, uint64_t{829'696});
    }
    void countsEverySwitch()
    {
        RunSpec spec;
        spec.model.layers = 1;
        spec.model.width = 8;
        spec.model.heads = 2;
        spec.model.ffnWidth = 16;
        spec.model.bias = true;
        spec.model.tied = false;
        // Embedding and head 2·2048; norms 16, attention 256 + 32, swiglu 384 + 40, q and k norms 8, final
        // norm 8.
        QCOMPARE(estimateRun(spec, 256, 0).numParameters, uint64_t{4840});
        spec.model.qkNorm = false;
        QCOMPARE(estimateRun(spec, 256, 0).numParameters, uint64_t{4832});
        spec.model.norm = "layernorm";
        QCOMPARE(estimateRun(spec, 256, 0).numParameters, uint64_t{4832 + 24});
        spec.data.vocabSize = 300;
        QCOMPARE(estimateRun(spec, 256, 0).numParameters, uint64_t{4832 + 24 + 2 * 44 * 8});
    }
    // Source: the published sizes of Llama 3.2 1B (1,235,814,400) and Qwen3 0.6B (596,049,920 with its tied head once).
    void countsLlamaAndQwenAsPublished()
    {
        RunSpec llama = presetSpec("llama");
        llama.model.layers = 16;
        llama.model.width = 2048;
        llama.model.heads = 32;
        llama.model.kvHeads = 8;
        llama.model.ffnWidth = 8192;
        llama.model.tied = true;
        QCOMPARE(estimateRun(llama, 128'256, 0).numParameters, uint64_t{1'235'814'400});
        RunSpec qwen = presetSpec("small");
        qwen.model.layers = 28;
        qwen.model.width = 1024;
        qwen.model.heads = 16;
        qwen.model.kvHeads = 8;
        qwen.model.headDim = 128;
        qwen.model.ffnWidth = 3072;
        QCOMPARE(estimateRun(qwen, 151'936, 0).numParameters, uint64_t{596'049'920});
    }
    void resolvesTheFeedForwardWidth()
    {
        ModelSpec model;
        QCOMPARE(feedForwardWidth(model), int64_t{384}); // 341.3 rounded up to a multiple of 64
        model.width = 384;
        QCOMPARE(feedForwardWidth(model), int64_t{1024});
        model.ffn = "gelu";
        QCOMPARE(feedForwardWidth(model), int64_t{1536});
        model.ffnWidth = 100;
        QCOMPARE(feedForwardWidth(model), int64_t{100});
    }
    void knowsTheByteVocabulary()
    {
        DataSpec data;
        QCOMPARE(byteVocabSize(data), int64_t{272});
        data.specialTokens = "none";
        QCOMPARE(byteVocabSize(data), int64_t{256});
        data.vocabSize = 512;
        QCOMPARE(byteVocabSize(data), int64_t{512});
    }
    void addsUpMemoryAndTime()
    {
        RunSpec spec = presetSpec("tiny");
        spec.train.accumulation = 2;
        spec.train.steps = 100;
        const auto fp32 = estimateRun(spec, 272, 1e9);
        QCOMPARE(fp32.weightBytes, uint64_t{888'192} * 4);
        QCOMPARE(fp32.optimizerBytes, uint64_t{888'192} * 12);
        QCOMPARE(fp32.totalBytes,
                 fp32.weightBytes + fp32.optimizerBytes + fp32.activationBytes + kWorkerBaseBytes);
        QCOMPARE(fp32.tokensPerStep, uint64_t{16 * 128 * 2});
        QCOMPARE(fp32.totalTokens, uint64_t{16 * 128 * 2 * 100});
        // 6·(853376 + 272·128) + 12·4·128·128
        QCOMPARE(fp32.flopsPerToken, 6.0 * 888'192 + 786'432);
        QVERIFY(std::abs(fp32.secondsPerStep - fp32.flopsPerToken * 4096 / 1e9) < 1e-12);
        QVERIFY(std::abs(fp32.totalSeconds - 100 * fp32.secondsPerStep) < 1e-9);
        spec.train.dtype = "bf16";
        const auto bf16 = estimateRun(spec, 272, 1e9);
        QCOMPARE(bf16.weightBytes, uint64_t{888'192} * 6);
        QVERIFY(bf16.activationBytes < fp32.activationBytes);
    }
    void muonHasOneMomentAndAStepOfItsOwn()
    {
        RunSpec spec = presetSpec("tiny");
        const auto adamw = estimateRun(spec, 272, 1e9);
        spec.optimizer.name = "muon";
        const auto muon = estimateRun(spec, 272, 1e9);
        // Of each of 4 layers 384 × 128, 128 × 128, 768 × 128 and 128 × 384.
        QCOMPARE(muon.optimizerBytes, adamw.optimizerBytes - uint64_t{4 * 212'992} * 4);
        QCOMPARE(muon.numParameters, adamw.numParameters);
        // 5 · 2 · 128² · (896 + 384 + 1664 + 896) a layer, by 16 · 128 tokens
        QCOMPARE(muon.flopsPerToken, adamw.flopsPerToken + 4.0 * 163'840 * 3840 / 2048);
        spec.model.attention.numModalities = 2;
        const auto both = estimateRun(spec, 272, 1e9);
        spec.optimizer.name = "adamw";
        QCOMPARE(estimateRun(spec, 272, 1e9).optimizerBytes - both.optimizerBytes, uint64_t{2 * 4 * 212'992} * 4);
    }
    void countsWhatPluginsAdd()
    {
        const RunSpec spec = presetSpec("tiny");
        const auto plain = estimateRun(spec, 272, 1e9);
        QCOMPARE(plain.numOfPlugins, uint64_t{0});
        QCOMPARE(plain.cacheBytes,
                 uint64_t{4 * 4 * 128 * 2 * 128}); // keys and values of 4 layers, 128 tokens
        const auto more = estimateRun(spec, 272, 1e9, {1000, 400, 10, 50});
        QCOMPARE(more.numParameters, plain.numParameters + 1000);
        QCOMPARE(more.numNonEmbedding, plain.numNonEmbedding + 1000);
        QCOMPARE(more.numOfPlugins, uint64_t{1000});
        QCOMPARE(more.weightBytes, plain.weightBytes + 4000);
        QCOMPARE(more.optimizerBytes, plain.optimizerBytes + 12'000);
        QCOMPARE(more.flopsPerToken, plain.flopsPerToken + 6 * 600);
        QCOMPARE(more.activationBytes, plain.activationBytes + uint64_t{16 * 128 * 10 * 4});
        QCOMPARE(more.cacheBytes, plain.cacheBytes + 200);
    }
    /// As core/nn/stacked_weights.h: two groups a modality, and their gradients, of which one set stays.
    void countsWhatAGpuStacks()
    {
        RunSpec spec = presetSpec("tiny");
        spec.model.attention.numModalities = 2;
        const auto onCpu = estimateRun(spec, 272, 1e9);
        QCOMPARE(onCpu.stackBytes, uint64_t{0});
        const auto of = [&](const char *dtype, int64_t accumulation) {
            spec.train.dtype = dtype;
            spec.train.accumulation = accumulation;
            return estimateRun(spec, 272, 1e9).stackBytes / onCpu.numNonEmbedding;
        };
        spec.device = "cuda";
        QCOMPARE(of("fp32", 1), uint64_t{8 + 8 - 4});
        QCOMPARE(of("fp32", 4), uint64_t{8 + 8 - 4 + 8});
        QCOMPARE(of("bf16", 1), uint64_t{4 + 4});
        QCOMPARE(of("bf16", 4), uint64_t{4 + 4 + 4});
        spec.train.dtype = "fp32";
        const auto onGpu = estimateRun(spec, 272, 1e9);
        spec.device = "cpu";
        QCOMPARE(onGpu.totalBytes - onGpu.stackBytes, estimateRun(spec, 272, 1e9).totalBytes);
        // What goes block by block there, too: parts of plugins, and weights that all modalities share.
        spec.device = "cuda";
        QCOMPARE(estimateRun(spec, 272, 1e9, {1000, 400, 10, 50}).stackBytes, uint64_t{0});
        spec.model.attention.isSeparate = false;
        QCOMPARE(estimateRun(spec, 272, 1e9).stackBytes, uint64_t{0});
    }
    void countsWhatContinualLearningKeeps()
    {
        RunSpec spec = presetSpec("tiny");
        const auto plain = estimateRun(spec, 272, 1e9);
        QCOMPARE(plain.continualBytes, uint64_t{0});
        spec.continual.strategy = "rehearsal";
        QCOMPARE(estimateRun(spec, 272, 1e9).totalBytes, plain.totalBytes); // off without stages
        spec.continual.stages = {"/b"};
        spec.continual.replayShare = 0.5;
        const auto ours = estimateRun(spec, 272, 1e9);
        QCOMPARE(ours.continualBytes, 8 * plain.numParameters);
        QCOMPARE(ours.totalBytes, plain.totalBytes + 8 * plain.numParameters);
        QCOMPARE(ours.flopsPerToken, plain.flopsPerToken * (1 + 0.5 / 3));
        spec.continual.strategy = "ewc";
        QCOMPARE(estimateRun(spec, 272, 1e9).continualBytes, 8 * plain.numParameters);
        QCOMPARE(estimateRun(spec, 272, 1e9).flopsPerToken, plain.flopsPerToken);
        spec.continual.strategy = "sparse_memory";
        QCOMPARE(estimateRun(spec, 272, 1e9).continualBytes, 4 * plain.numParameters);
        spec.continual.strategy = "er";
        QCOMPARE(estimateRun(spec, 272, 1e9).continualBytes, uint64_t{0});
    }
    void countsTheLogitsThatAreKept()
    {
        RunSpec spec = presetSpec("tiny");
        spec.continual.strategy = "derpp";
        QCOMPARE(keptLogitBytes(spec, 100'000), uint64_t{0}); // off without stages
        spec.continual.stages = {"/b", "/c"};
        spec.continual.bufferPercent = 2.5;
        // Of two texts, 2,500 tokens each; 192 bytes a token.
        QCOMPARE(keptLogitBytes(spec, 100'000), uint64_t{2 * 2'500 * 192});
        QCOMPARE(keptLogitBytes(spec, 0), uint64_t{0});
        QCOMPARE(keptLogitBytes(spec, ~uint64_t{0}), ~uint64_t{0});
        for (const char *other : {"naive", "er", "rehearsal", "ewc", "sparse_memory"}) {
            spec.continual.strategy = other;
            QCOMPARE(keptLogitBytes(spec, 100'000), uint64_t{0});
        }
    }
    void memoryGrowsWithTheBatchAlone()
    {
        RunSpec spec = presetSpec("small");
        const auto one = estimateRun(spec, 272, 1e9);
        spec.train.batchSize *= 2;
        const auto two = estimateRun(spec, 272, 1e9);
        QCOMPARE(two.activationBytes, 2 * one.activationBytes);
        QCOMPARE(two.weightBytes, one.weightBytes);
    }
    void hugeSpecsSaturate()
    {
        RunSpec spec;
        spec.model.layers = 256;
        spec.model.width = 65536;
        spec.model.heads = 1024;
        spec.model.context = 1 << 20;
        spec.model.ffnWidth = 1 << 20;
        spec.train.batchSize = 65536;
        spec.train.accumulation = 65536;
        spec.train.steps = 1'000'000'000;
        const auto estimate = estimateRun(spec, 1 << 20, 1e9);
        QCOMPARE(estimate.totalTokens, UINT64_MAX);
        QCOMPARE(estimate.totalBytes, UINT64_MAX);
        QVERIFY(std::isfinite(estimate.totalSeconds));
    }
    void presetsSayWhatTheyAre()
    {
        QCOMPARE(qtext(presetSummary("tiny")),
                 QString("tiny: 4 layers × 128, context 128, 888 k parameters"));
        QCOMPARE(qtext(presetSummary("nano")), QString());
    }
};

QTEST_GUILESS_MAIN(TestEstimate)
#include "tst_estimate.moc"
