// SPDX-License-Identifier: Apache-2.0
// A model of text, pictures and recordings against the slow one, and what must not depend on what.
#include "tests/nn/attention_kernels.h"
#include "tests/nn/modality_fixtures.h"
#include "tests/nn/slow_model.h"
#include "tests/support/counted_operations.h"

#include "core/nn/extension_points.h"
#include "core/nn/modality_embedding.h"
#include "core/nn/modality_groups.h"

#include <QtTest>

#include <map>
#include <random>

using namespace orrery;
using namespace orrery::nn;
using namespace orrery::nn::test;

namespace {

std::vector<SlowToken> slowTokens(const at::Tensor &ids_T, const ModalityInput &input, int64_t b)
{
    std::vector<SlowToken> tokens;
    const at::Tensor modality_N = input.layout.modality_BT.view(-1);
    const int64_t numTokens = input.layout.numTokens;
    std::vector<int64_t> used(3);
    for (int64_t n = 0; n < (b + 1) * numTokens; ++n) {
        const int64_t m = modality_N[n].item<int64_t>();
        const int64_t row = used[static_cast<size_t>(m)]++;
        if (n < b * numTokens) continue;
        SlowToken token{.id = ids_T[n - b * numTokens].item<int64_t>(), .modality = m, .features = {}};
        if (m != kText) {
            const auto &part = input.features[static_cast<size_t>(m)];
            const at::Tensor values = part.values_NF[row].to(at::kDouble).contiguous();
            token.features.assign(values.data_ptr<double>(), values.data_ptr<double>() + values.numel());
            token.position = part.position_N[row].item<int64_t>();
        }
        tokens.push_back(std::move(token));
    }
    return tokens;
}

double largestDifference(const at::Tensor &a, const at::Tensor &b)
{
    return (a - b).abs().max().item<double>();
}

/// Which way multi-modal blocks go while it lives.
struct GroupingScope {
    explicit GroupingScope(Grouping grouping) { setGrouping(grouping); }
    ~GroupingScope() { setGrouping(Grouping::ByDevice); }
};

/// Rows of whole pictures and recordings among texts, as long as the small model takes them.
std::vector<std::vector<int64_t>> randomRows(std::mt19937 &random, const std::vector<int64_t> &modalities)
{
    const auto numRows = std::uniform_int_distribution<int64_t>(1, 4)(random);
    const auto numTokens = std::uniform_int_distribution<int64_t>(2, 12)(random);
    std::vector<std::vector<int64_t>> rows(static_cast<size_t>(numRows));
    for (auto &row : rows)
        while (std::ssize(row) < numTokens) {
            int64_t modality = -1;
            do
                modality = modalities[std::uniform_int_distribution<size_t>(0, modalities.size() - 1)(random)];
            while (modalities.size() > 1 && !row.empty() && row.back() == modality);
            const int64_t most = modality == kImage ? 4 : modality == kAudio ? 3 : 5;
            const auto count = std::uniform_int_distribution<int64_t>(1, most)(random);
            for (int64_t i = 0; i < count && std::ssize(row) < numTokens; ++i) row.push_back(modality);
        }
    return rows;
}

/// The loss, and the gradient of each parameter (0 where the pass has none).
std::vector<at::Tensor> lossAndGradients(Transformer &model, const ModalityInput &input, Grouping grouping,
                                         at::ScalarType dtype = at::kFloat)
{
    const GroupingScope scope(grouping);
    ForwardContext context = contextOf(input);
    context.isTraining = true;
    context.seed = 3;
    context.dtype = dtype;
    const int64_t batch = input.layout.batch, numTokens = input.layout.numTokens;
    for (Parameter &parameter : model.parameters()) parameter.master.mutable_grad() = at::Tensor();
    const at::Tensor loss = model.loss(makeIds(batch, numTokens), makeIds(batch, numTokens, 1), {}, context);
    loss.backward();
    std::vector<at::Tensor> all = {loss.detach()};
    for (const Parameter &parameter : model.parameters())
        all.push_back(parameter.master.grad().defined() ? parameter.master.grad().clone()
                                                        : at::zeros_like(parameter.master));
    return all;
}

/// A network that no engine has.
class Doubling final : public FeedForward {
public:
    at::Tensor forward(const at::Tensor &x_BTC, const ForwardContext &) override { return x_BTC * 2; }
};

at::Tensor &masterOf(Transformer &model, const std::string &name)
{
    for (Parameter &parameter : model.parameters())
        if (parameter.name == name) return parameter.master;
    qFatal("no parameter %s", name.c_str());
}

} // namespace

class TestMultiModal : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void sortsOnceAndBack();
    void findsSegments();
    void logitsEqualTheSlowModel_data();
    void logitsEqualTheSlowModel();
    void textAloneIsThePlainModel();
    void oneModalityIsThePlainModelToTheBit();
    void theStemIsOfPicturesAlone_data();
    void theStemIsOfPicturesAlone();
    void beginsNeutral();
    void equalWeightsAreSharedWeights();
    void theFoldedBiasKeepsTheFusedKernel();
    void gradientsEqualDifferences_data();
    void gradientsEqualDifferences();
    void cacheGoesOnBehindAPicture();
    void laterTokensDoNotReachBack();
    void attentionDropoutKeepsTheBias();
    void zLossAddsTheSquareOfLogZ();
    void withoutZLossItIsTheCrossEntropyToTheBit();
    void refusesAModalityItDoesNotHave();
    void groupedBlocksAreTheBlocks_data();
    void groupedBlocksAreTheBlocks();
    void groupedBlocksTakeWhatIsTheirs();
    void groupedBlocksBeginFewOperations();
    void groupedPassesGoOneByOne();
    void groupedGradientsKeepNoStacks();
};

void TestMultiModal::sortsOnceAndBack()
{
    const ModalityInput input = makeInput(multiModalSpec(), mixedBatch());
    const at::Tensor x = at::arange(18, at::kFloat).unsqueeze(1);
    const at::Tensor sorted = input.layout.sorted(x);
    QVERIFY(at::equal(input.layout.flat(sorted), x));
    const at::Tensor modality =
        input.layout.modality_BT.view(-1).index_select(0, sorted.view(-1).to(at::kLong));
    QVERIFY((modality.narrow(0, 1, 17) >= modality.narrow(0, 0, 17)).all().item<bool>());
    QCOMPARE(input.layout.starts, (std::vector<int64_t>{0, 8, 13, 18}));
    const ModalityInput text = makeInput(multiModalSpec(), {{kText, kText}});
    QVERIFY(!text.layout.order_N.defined()); // nothing to sort: nothing is dispatched
}

void TestMultiModal::findsSegments()
{
    const ModalityInput input =
        makeInput(multiModalSpec(), {{kText, kImage, kImage}, {kImage, kAudio, kText}});
    QCOMPARE(input.layout.segments.size(), size_t{3}); // a picture ends with its sequence
    QVERIFY(at::equal(input.layout.sizeOfSegment_S, at::tensor({2.0f, 1.0f, 1.0f})));
    QVERIFY(at::equal(input.layout.modalityOfSegment_S, at::tensor({kImage, kImage, kAudio}, at::kLong)));
    const auto &last = input.layout.segments[2];
    QCOMPARE(last.sequence, int64_t{1});
    QCOMPARE(last.firstToken, int64_t{1});
    QCOMPARE(last.numTokens, int64_t{1});
}

void TestMultiModal::logitsEqualTheSlowModel_data()
{
    QTest::addColumn<QString>("variant");
    for (const char *name : {"default", "gpt2", "bias and no qk-norm", "shared weights", "linear stem",
                             "odd patches", "luma stem", "luma stem, odd patches"})
        QTest::newRow(name) << QString(name);
}

void TestMultiModal::logitsEqualTheSlowModel()
{
    QFETCH(QString, variant);
    ModelSpec spec = multiModalSpec();
    if (variant == QStringLiteral("gpt2")) {
        spec.norm = "layernorm";
        spec.position = "learned";
        spec.ffn = "gelu";
    }
    if (variant == QStringLiteral("shared weights"))
        spec.attention.isSeparate = false;
    else if (variant == QStringLiteral("linear stem"))
        spec.media.imageStem = "linear";
    else if (variant == QStringLiteral("odd patches"))
        spec.media = {.imageSize = 14, .patchSize = 7, .audioTokens = 3};
    else if (variant == QStringLiteral("luma stem"))
        spec.media.imageStem = "luma";
    else if (variant == QStringLiteral("luma stem, odd patches"))
        spec.media = {.imageSize = 14, .patchSize = 7, .imageStem = "luma", .audioTokens = 3};
    else if (variant != QStringLiteral("default"))
        spec.qkNorm = false;
    if (variant == QStringLiteral("bias and no qk-norm")) spec.bias = true;
    const auto model = makeModel(spec);
    stirWeights(*model);
    const at::NoGradGuard noGrad;
    const ModalityInput input = makeInput(spec, mixedBatch());
    const at::Tensor ids = makeIds(2, 9);
    const at::Tensor found = model->logits(ids, contextOf(input));
    const SlowModel slow(*model);
    double worst = 0;
    for (int64_t b = 0; b < 2; ++b) {
        const auto expected = slow.logits(slowTokens(ids[b], input, b));
        for (int64_t t = 0; t < 9; ++t)
            for (int64_t v = 0; v < kVocab; ++v)
                worst = std::max(worst, std::abs(found[b][t][v].item<double>() -
                                                 expected[static_cast<size_t>(t)][static_cast<size_t>(v)]));
    }
    QVERIFY2(worst < 1e-5, qPrintable(QString::number(worst)));
}

void TestMultiModal::textAloneIsThePlainModel()
{
    const auto plain = makeModel(smallSpec());
    stirWeights(*plain);
    const auto model = makeModel(multiModalSpec());
    const at::NoGradGuard noGrad;
    std::map<std::string, at::Tensor> weights;
    for (Parameter &parameter : plain->parameters()) weights[parameter.name] = parameter.master;
    size_t numTaken = 0;
    for (Parameter &parameter : model->parameters()) {
        const auto found = weights.find(parameter.name);
        if (found == weights.end()) continue;
        parameter.master.copy_(found->second);
        ++numTaken;
    }
    model->mastersChanged();
    QCOMPARE(numTaken, weights.size()); // text has the plain model's names
    QVERIFY(largestDifference(model->logits(makeIds(2, 9), {}), plain->logits(makeIds(2, 9), {})) < 1e-5);
}

/// Switched off, no setting of the module is looked at.
void TestMultiModal::oneModalityIsThePlainModelToTheBit()
{
    ModelSpec off = smallSpec();
    off.attention = {.numModalities = 1, .isSeparate = false, .modalityDropout = 0.9, .zLoss = 1};
    off.media = {.imageSize = 12, .patchSize = 3, .audioTokens = 5};
    const auto plain = makeModel(smallSpec()), model = makeModel(off);
    QCOMPARE(model->numParameters(), plain->numParameters());
    ForwardContext context;
    context.isTraining = true;
    context.seed = 7;
    std::vector<std::vector<at::Tensor>> gradients;
    for (Transformer *one : {plain.get(), model.get()}) {
        const at::Tensor loss = one->loss(makeIds(2, 9), makeIds(2, 9, 1), {}, context);
        loss.backward();
        gradients.push_back({loss.detach()});
        for (const Parameter &parameter : one->parameters())
            gradients.back().push_back(parameter.master.grad());
    }
    QCOMPARE(gradients[0].size(), gradients[1].size());
    for (size_t i = 0; i < gradients[0].size(); ++i) QVERIFY(at::equal(gradients[0][i], gradients[1][i]));
}

void TestMultiModal::theStemIsOfPicturesAlone_data()
{
    QTest::addColumn<QString>("stem");
    for (const char *name : {"conv", "luma"}) QTest::newRow(name) << QString(name);
}

/// Its parameters come from a sequence of their own and end with the picture's embedding: off is the model without.
void TestMultiModal::theStemIsOfPicturesAlone()
{
    QFETCH(const QString, stem);
    ModelSpec spec = multiModalSpec(), linear = spec;
    spec.media.imageStem = stem.toStdString();
    linear.media.imageStem = "linear";
    const auto model = makeModel(spec), without = makeModel(linear);
    QCOMPARE(model->parameters().size(), without->parameters().size() + 4);
    for (Parameter &parameter : without->parameters()) {
        QVERIFY(parameter.name.find("stem") == std::string::npos);
        // Of as many inputs as the stem has outputs; as large as what those give.
        if (parameter.name != "embedding.image.weight" && parameter.name != "embedding.image.position.weight")
            QVERIFY2(at::equal(masterOf(*model, parameter.name), parameter.master), parameter.name.c_str());
    }
    const at::NoGradGuard noGrad;
    const ModalityInput input = makeInput(spec, {{kText, kAudio, kAudio, kText, kText}});
    const ForwardContext context = contextOf(input);
    QVERIFY(at::equal(model->logits(makeIds(1, 5), context), without->logits(makeIds(1, 5), context)));
}

/// The bias between modalities is 0 and a gate lets 98 % through, so that a fresh model is no other than one
/// without them would be, but for that.
void TestMultiModal::beginsNeutral()
{
    const auto model = makeModel(multiModalSpec());
    int numCross = 0, numGates = 0;
    for (const Parameter &parameter : model->parameters()) {
        if (parameter.name.ends_with("cross_modal_weights")) {
            ++numCross;
            const at::Tensor bias = at::log(at::softplus(parameter.master.to(at::kDouble)));
            QVERIFY(bias.abs().max().item<double>() < 1e-6);
        } else if (parameter.name.find("reliability") != std::string::npos) {
            ++numGates;
            const double wanted = parameter.name.ends_with("bias") ? 4 : 0;
            QVERIFY2((parameter.master == wanted).all().item<bool>(), parameter.name.c_str());
        }
    }
    QCOMPARE(numCross, static_cast<int>(multiModalSpec().layers));
    QCOMPARE(numGates,
             static_cast<int>(multiModalSpec().layers) * 2 * 2); // weight and bias of two modalities
}

/// Weights of each modality's own that are all the same, with gates wide open, are shared weights.
void TestMultiModal::equalWeightsAreSharedWeights()
{
    ModelSpec sharedSpec = multiModalSpec();
    sharedSpec.attention.isSeparate = false;
    const auto shared = makeModel(sharedSpec), model = makeModel(multiModalSpec());
    stirWeights(*shared);
    const at::NoGradGuard noGrad;
    std::map<std::string, at::Tensor> weights;
    for (Parameter &parameter : shared->parameters()) weights[parameter.name] = parameter.master;
    int numOwn = 0;
    for (Parameter &parameter : model->parameters()) {
        std::string name = parameter.name;
        if (name.find("reliability") != std::string::npos) {
            if (name.ends_with("bias")) parameter.master.fill_(100); // a gate of 1
            continue;
        }
        if (name.ends_with("cross_modal_weights")) continue; // no bias, as it begins
        for (const std::string modality : {"image.", "audio."})
            if (const size_t at = name.find(modality); at != std::string::npos && name.starts_with("blocks.")) {
                name.erase(at, modality.size());
                ++numOwn;
            }
        QVERIFY2(weights.contains(name), parameter.name.c_str());
        parameter.master.copy_(weights[name]);
    }
    model->mastersChanged();
    QVERIFY(numOwn > 0);
    const ModalityInput input = makeInput(multiModalSpec(), mixedBatch());
    const ForwardContext context = contextOf(input);
    const at::Tensor expected = shared->logits(makeIds(2, 9), context);
    const double worst = largestDifference(model->logits(makeIds(2, 9), context), expected);
    QVERIFY2(worst < 1e-5, qPrintable(QString::number(worst)));
}

void TestMultiModal::theFoldedBiasKeepsTheFusedKernel()
{
    const auto model = makeModel(multiModalSpec());
    const ModalityInput input = makeInput(multiModalSpec(), mixedBatch());
    ForwardContext context = contextOf(input);
    context.isTraining = true;
    const auto kernels = attentionKernels(
        [&] { model->loss(makeIds(2, 9), makeIds(2, 9, 1), {}, context).backward(); });
    QVERIFY(areFusedAlone(kernels));
}

void TestMultiModal::gradientsEqualDifferences_data()
{
    QTest::addColumn<int>("grouping");
    QTest::newRow("slice by slice") << static_cast<int>(Grouping::Never);
    // What is written by hand for a GPU: rows, tokens, products and stacked weights.
    QTest::newRow("all at once") << static_cast<int>(Grouping::Always);
}

void TestMultiModal::gradientsEqualDifferences()
{
    QFETCH(const int, grouping);
    const GroupingScope scope(static_cast<Grouping>(grouping));
    ModelSpec spec = multiModalSpec();
    spec.attention.zLoss = 0.1;
    spec.attention.modalityDropout = 0;
    const auto model = makeModel(spec);
    stirWeights(*model);
    ModalityInput input = makeInput(spec, mixedBatch());
    QCOMPARE(isGrouped(input.layout, at::kCPU), grouping == static_cast<int>(Grouping::Always));
    ForwardContext context = contextOf(input);
    context.isTraining = true;
    context.dtype = at::kDouble;
    const at::Tensor ids = makeIds(2, 9), targets = makeIds(2, 9, 1);
    const at::Tensor mask = (input.layout.modality_BT == kText).to(at::kByte);
    model->loss(ids, targets, mask, context).backward();
    for (const char *name :
         {"blocks.0.attention.cross_modal_weights", "blocks.1.image.attention.reliability.weight",
          "blocks.0.audio.attention.reliability.bias", "blocks.1.audio.attention.qkv.weight",
          "embedding.image.weight", "embedding.image.stem.0.weight", "embedding.image.stem.1.weight",
          "blocks.0.image.ffn.gate_up.weight"}) {
        at::Tensor &master = masterOf(*model, name);
        const at::NoGradGuard noGrad;
        const at::Tensor gradient = master.grad().contiguous().view(-1);
        for (int64_t i = 0; i < gradient.numel(); i += std::max<int64_t>(1, gradient.numel() / 5)) {
            constexpr double kStep = 1e-3;
            at::Tensor value = master.view(-1)[i];
            const double before = value.item<double>();
            const auto lossAt = [&](double at) {
                value.fill_(at);
                model->mastersChanged();
                return model->loss(ids, targets, mask, context).item<double>();
            };
            const double up = lossAt(before + kStep), down = lossAt(before - kStep);
            lossAt(before);
            const double found = gradient[i].item<double>(), expected = (up - down) / (2 * kStep);
            QVERIFY2(std::abs(found - expected) < 1e-5 + 1e-3 * std::abs(expected),
                     qPrintable(QString("%1[%2]: %3 for %4").arg(name).arg(i).arg(found).arg(expected)));
        }
    }
}

void TestMultiModal::cacheGoesOnBehindAPicture()
{
    const ModelSpec spec = multiModalSpec();
    const auto model = makeModel(spec);
    stirWeights(*model);
    const at::NoGradGuard noGrad;
    const ModalityInput whole = makeInput(spec, {{kText, kImage, kImage, kImage, kText, kText, kText}});
    const at::Tensor ids = makeIds(1, 7);
    const at::Tensor expected = model->logits(ids, contextOf(whole));
    const ModalityInput prompt = makeInput(spec, {{kText, kImage, kImage, kImage, kText}});
    KvCache cache = model->makeCache(1, 7);
    ForwardContext context = contextOf(prompt);
    context.cache = &cache;
    QVERIFY(largestDifference(model->logits(ids.narrow(1, 0, 5), context), expected.narrow(1, 0, 5)) < 1e-5);
    context.modalities = nullptr;
    for (int64_t t = 5; t < 7; ++t)
        QVERIFY(largestDifference(model->logits(ids.narrow(1, t, 1), context), expected.narrow(1, t, 1)) <
                1e-5);
}

void TestMultiModal::laterTokensDoNotReachBack()
{
    const ModelSpec spec = multiModalSpec();
    const auto model = makeModel(spec);
    stirWeights(*model);
    const at::NoGradGuard noGrad;
    const std::vector<std::vector<int64_t>> row = {
        {kText, kImage, kImage, kText, kText, kAudio, kAudio, kText}};
    ModalityInput input = makeInput(spec, row);
    const at::Tensor ids = makeIds(1, 8);
    const at::Tensor before = model->logits(ids, contextOf(input));
    input.features[kAudio].values_NF = input.features[kAudio].values_NF + 1.0;
    const at::Tensor after = model->logits(ids, contextOf(input));
    QVERIFY(at::equal(before.narrow(1, 0, 5), after.narrow(1, 0, 5)));
    QVERIFY(largestDifference(before.narrow(1, 7, 1), after.narrow(1, 7, 1)) > 1e-4);
}

void TestMultiModal::attentionDropoutKeepsTheBias()
{
    ModelSpec spec = multiModalSpec();
    spec.attention.modalityDropout = 0;
    const auto model = makeModel(spec);
    stirWeights(*model);
    const at::NoGradGuard noGrad;
    const ModalityInput input = makeInput(spec, mixedBatch());
    ForwardContext context = contextOf(input);
    const at::Tensor expected = model->logits(makeIds(2, 9), context);
    context.isTraining = true;
    context.dropout = 0;
    context.attentionDropout = 1e-12; // the explicit path, with nothing dropped
    const at::Tensor found = model->logits(makeIds(2, 9), context);
    QVERIFY(largestDifference(found, expected) < 1e-5);
    QVERIFY(!at::equal(found, expected)); // it is another path
    context.attentionDropout = 0.5;
    QVERIFY(largestDifference(model->logits(makeIds(2, 9), context), expected) > 1e-3);
}

void TestMultiModal::zLossAddsTheSquareOfLogZ()
{
    ModelSpec spec = multiModalSpec();
    spec.attention.zLoss = 0.5;
    const auto model = makeModel(spec);
    stirWeights(*model);
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(2, 5), targets = makeIds(2, 5, 1);
    const at::Tensor mask = (at::arange(10).view({2, 5}) % 2 == 0).to(at::kByte);
    ForwardContext context;
    const double plain = model->loss(ids, targets, mask, context).item<double>();
    const at::Tensor square = model->logits(ids, context).logsumexp(-1).square();
    const double added = 0.5 * square.masked_select(mask.to(at::kBool)).mean().item<double>();
    context.isTraining = true;
    QVERIFY(std::abs(model->loss(ids, targets, mask, context).item<double>() - plain - added) < 1e-5);
}

/// Switched off, neither the loss nor a gradient has anything of it.
void TestMultiModal::withoutZLossItIsTheCrossEntropyToTheBit()
{
    const ModelSpec spec = multiModalSpec();
    const ModalityInput input = makeInput(spec, mixedBatch());
    const at::Tensor ids = makeIds(2, 9), targets = makeIds(2, 9, 1);
    const at::Tensor mask = (input.layout.modality_BT == kText).to(at::kByte);
    ForwardContext context = contextOf(input);
    context.isTraining = true;
    context.seed = 3;
    const auto outcome = [&](double zLoss, bool isByHand) {
        ModelSpec own = spec;
        own.attention.zLoss = zLoss;
        const auto model = makeModel(own);
        stirWeights(*model);
        const at::Tensor loss = isByHand
                                    ? at::cross_entropy_loss(model->logits(ids, context).view({-1, kVocab}),
                                                             targets.masked_fill(mask == 0, -100).view(-1),
                                                             {}, at::Reduction::Mean, -100)
                                    : model->loss(ids, targets, mask, context);
        loss.backward();
        std::vector<at::Tensor> all = {loss.detach()};
        for (const Parameter &parameter : model->parameters())
            all.push_back(parameter.master.grad().defined() ? parameter.master.grad()
                                                            : at::zeros_like(parameter.master));
        return all;
    };
    const auto plain = outcome(0.5, true), off = outcome(0, false), on = outcome(0.5, false);
    QCOMPARE(off.size(), plain.size());
    for (size_t i = 0; i < plain.size(); ++i) QVERIFY(at::equal(off[i], plain[i]));
    QVERIFY(!at::equal(on[0], plain[0]));
    QVERIFY(!at::equal(on[1], plain[1])); // the embedding
}

void TestMultiModal::refusesAModalityItDoesNotHave()
{
    QVERIFY_EXCEPTION_THROWN(makeModalityLayout(at::full({1, 2}, 3, at::kLong), 3, at::kCPU), c10::Error);
}

void TestMultiModal::groupedBlocksAreTheBlocks_data()
{
    QTest::addColumn<QString>("variant");
    for (const char *name : {"default", "gpt2", "bias and no qk-norm", "dropout", "gelu_tanh", "bf16"})
        QTest::newRow(name) << QString(name);
}

/// All modalities at once, or one after the other: the same loss and gradients, whoever is absent.
void TestMultiModal::groupedBlocksAreTheBlocks()
{
    QFETCH(QString, variant);
    ModelSpec spec = multiModalSpec();
    if (variant == QStringLiteral("gpt2")) {
        spec.norm = "layernorm";
        spec.position = "learned";
        spec.ffn = "gelu";
        spec.qkNorm = false;
    }
    if (variant == QStringLiteral("bias and no qk-norm")) {
        spec.bias = true;
        spec.qkNorm = false;
    }
    if (variant == QStringLiteral("dropout")) {
        spec.dropout = 0.3;
        spec.stochasticDepth = 0.4;
    }
    if (variant == QStringLiteral("gelu_tanh")) spec.ffn = "gelu_tanh";
    const bool isCoarse = variant == QStringLiteral("bf16");
    const at::ScalarType dtype = isCoarse ? at::kBFloat16 : at::kFloat;
    const auto model = makeModel(spec);
    stirWeights(*model);
    std::mt19937 random(5);
    int numGrouped = 0;
    for (const std::vector<int64_t> &modalities : std::vector<std::vector<int64_t>>{
             {kText, kImage, kAudio}, {kText, kImage}, {kText, kAudio}, {kImage, kAudio}, {kText}, {kImage}})
        for (int i = 0; i < 3; ++i) {
            const auto rows = modalities.size() > 1 ? randomRows(random, modalities)
                                                    : std::vector<std::vector<int64_t>>{{modalities[0], modalities[0]}};
            const ModalityInput input = makeInput(spec, rows, i);
            {
                const GroupingScope scope(Grouping::Always);
                numGrouped += isGrouped(input.layout, at::kCPU) ? 1 : 0;
            }
            const auto expected = lossAndGradients(*model, input, Grouping::Never, dtype);
            const auto found = lossAndGradients(*model, input, Grouping::Always, dtype);
            for (size_t k = 0; k < found.size(); ++k) {
                const double size = std::max(1.0, expected[k].abs().max().item<double>());
                const double off = largestDifference(found[k], expected[k]) / size;
                QVERIFY2(off < (isCoarse ? 0.05 : 1e-5),
                         qPrintable(QString("%1: %2").arg(
                             k == 0 ? "loss" : QString::fromStdString(model->parameters()[k - 1].name)).arg(off)));
            }
        }
    QVERIFY(numGrouped >= 8);
}

/// Networks of plugins, passes that somebody looks at and passes with a cache go block by block; on a CPU all do.
void TestMultiModal::groupedBlocksTakeWhatIsTheirs()
{
    feedForwardRegistry().add("test.doubling",
                              [](BuildContext &) -> std::unique_ptr<FeedForward> { return std::make_unique<Doubling>(); });
    ModelSpec spec = multiModalSpec();
    const ModalityInput input = makeInput(spec, mixedBatch());
    QVERIFY(!isGrouped(input.layout, at::kCPU));
    const auto isSame = [&](Transformer &model) {
        const auto one = lossAndGradients(model, input, Grouping::Never);
        const auto other = lossAndGradients(model, input, Grouping::Always);
        for (size_t k = 0; k < one.size(); ++k)
            if (!at::equal(one[k], other[k])) return false;
        return true;
    };
    const auto own = makeModel(spec);
    QVERIFY(!isSame(*own)); // it is another way
    spec.ffn = "test.doubling";
    const auto plugin = makeModel(spec);
    QVERIFY(isSame(*plugin));
    const at::Device gpu(at::kCUDA, 0);
    QVERIFY(isGrouped(input.layout, gpu));
    QVERIFY(!isGrouped(makeInput(multiModalSpec(), {{kText, kText}}).layout, gpu)); // nothing to put together
    // The longest modality takes most of the groups; absent ones take none.
    const ModalityGroups groups = makeModalityGroups(input.layout, at::kFloat); // 8, 5 and 5 tokens
    QCOMPARE(groups.numRows, int64_t(4));
    QCOMPARE(groups.modalityOfGroup, (std::vector<int64_t>{0, 0, 1, 1, 2, 2}));
    const ModalityInput two = makeInput(multiModalSpec(), {{kText, kText, kText, kText, kText, kText, kAudio}});
    const ModalityGroups uneven = makeModalityGroups(two.layout, at::kFloat);
    QCOMPARE(uneven.numRows, int64_t(2));
    QCOMPARE(uneven.modalityOfGroup, (std::vector<int64_t>{0, 0, 0, 2, 2, 2})); // two are left over
    const at::Tensor x = at::arange(18, at::kFloat).unsqueeze(1);
    QVERIFY(at::equal(toTokens(groups, toRows(groups, x)), x));
}

/// A GPU waits for each operation to be begun.
void TestMultiModal::groupedBlocksBeginFewOperations()
{
    const auto perLayer = [](bool isSeparate, Grouping grouping) {
        const auto costOf = [&](int64_t layers) {
            ModelSpec spec = multiModalSpec();
            spec.attention.isSeparate = isSeparate;
            spec.layers = layers;
            const auto model = makeModel(spec);
            const ModalityInput input = makeInput(spec, mixedBatch());
            (void)lossAndGradients(*model, input, grouping);
            const GroupingScope scope(grouping);
            ForwardContext context = contextOf(input);
            context.isTraining = true;
            const at::Tensor ids = makeIds(2, 9), targets = makeIds(2, 9, 1);
            for (Parameter &parameter : model->parameters()) parameter.master.mutable_grad() = at::Tensor();
            return operationsOf([&] { model->loss(ids, targets, {}, context).backward(); });
        };
        return double(costOf(6) - costOf(2)) / 4;
    };
    const double dense = perLayer(false, Grouping::Never), slices = perLayer(true, Grouping::Never),
                 grouped = perLayer(true, Grouping::Always);
    qInfo("operations a layer, forward and backward: dense %g, slices %g, grouped %g", dense, slices, grouped);
    QVERIFY(grouped < 1.3 * dense && grouped < slices / 2);
}

/// All passes fill the same stacks: what a backward pass would read of another pass is refused, not used.
void TestMultiModal::groupedPassesGoOneByOne()
{
    const ModelSpec spec = multiModalSpec();
    const auto model = makeModel(spec);
    stirWeights(*model);
    const GroupingScope scope(Grouping::Always);
    const ModalityInput one = makeInput(spec, mixedBatch()), other = makeInput(spec, {{kText, kText, kText, kText, kText, kText, kAudio}});
    ForwardContext context = contextOf(one), otherContext = contextOf(other);
    context.isTraining = otherContext.isTraining = true;
    const at::Tensor first = model->loss(makeIds(2, 9), makeIds(2, 9, 1), {}, context);
    const at::Tensor second = model->loss(makeIds(1, 7), makeIds(1, 7, 1), {}, otherContext);
    QVERIFY_EXCEPTION_THROWN(first.backward(), c10::Error);
    second.backward();
}

/// They come side by side for two groups of each modality: in bf16 the sums alone are kept, in fp32 the sums stay where they
/// were added up (core/spec/estimate.cpp counts it).
void TestMultiModal::groupedGradientsKeepNoStacks()
{
    const ModelSpec spec = multiModalSpec();
    const auto model = makeModel(spec);
    const ModalityInput input = makeInput(spec, mixedBatch());
    const auto bytesKept = [&](at::ScalarType dtype) {
        const GroupingScope scope(Grouping::Always);
        ForwardContext context = contextOf(input);
        context.isTraining = true;
        context.dtype = dtype;
        for (Parameter &parameter : model->parameters()) parameter.master.mutable_grad() = at::Tensor();
        model->loss(makeIds(2, 9), makeIds(2, 9, 1), {}, context).backward();
        std::map<const void *, size_t> storages;
        for (const Parameter &parameter : model->parameters()) {
            if (!parameter.master.grad().defined()) qFatal("no gradient of %s", parameter.name.c_str());
            const auto &storage = parameter.master.grad().storage();
            storages[storage.data()] = storage.nbytes();
        }
        size_t numBytes = 0;
        for (const auto &[data, bytes] : storages) numBytes += bytes;
        return double(numBytes) / (4.0 * double(model->numParameters()));
    };
    const double inBf16 = bytesKept(at::kBFloat16), inFp32 = bytesKept(at::kFloat);
    QVERIFY2(inBf16 > 0.99 && inBf16 < 1.1, qPrintable(QString::number(inBf16)));
    QVERIFY2(inFp32 > 1.5 && inFp32 < 2.2, qPrintable(QString::number(inFp32)));
    QCOMPARE(std::ssize(makeModalityGroups(input.layout, at::kFloat).modalityOfGroup), int64_t(2 * 3));
}

QTEST_GUILESS_MAIN(TestMultiModal)
#include "tst_multimodal.moc"
