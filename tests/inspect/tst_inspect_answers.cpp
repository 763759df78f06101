// SPDX-License-Identifier: Apache-2.0
// What is likely next: with all heads, without some, at each layer, and which token mattered for it.
#include "tests/inspect/inspect_fixture.h"
#include "tests/support/counted_operations.h"

#include <c10/core/InferenceMode.h>
#include <torch/types.h>

using namespace orrery;
using namespace orrery::test;

namespace {

at::Tensor idsOf(const InspectInput &input)
{
    return at::tensor(std::vector<int64_t>(input.ids.begin(), input.ids.end()), at::kLong).unsqueeze(0);
}

/// log p behind each token, double [T, V].
at::Tensor logP(nn::Transformer &model, const InspectInput &input, at::ScalarType dtype = at::kFloat)
{
    const at::NoGradGuard noGradients;
    nn::ForwardContext context;
    context.dtype = dtype;
    return at::log_softmax(model.logits(idsOf(input), context)[0].to(at::kDouble), -1);
}

void copyParameters(nn::Transformer &from, nn::Transformer &to)
{
    const at::NoGradGuard noGradients;
    for (nn::Parameter &parameter : to.parameters())
        parameter.master.copy_(parameterOf(from, parameter.name).master);
    to.mastersChanged();
}

void compareCandidates(const std::vector<TokenAlternative> &found, const at::Tensor &logP_V)
{
    QVERIFY(!found.empty());
    const at::Tensor sorted = std::get<0>(logP_V.exp().sort(-1, true));
    for (size_t i = 0; i < found.size(); ++i) {
        const double p = logP_V[found[i].id].exp().item<double>();
        QVERIFY(std::abs(found[i].probability - p) < 1e-6);
        QVERIFY(std::abs(p - sorted[int64_t(i)].item<double>()) < 1e-6);
        QCOMPARE(found[i].bytes, std::string(1, static_cast<char>(found[i].id)));
    }
}

/// So that scaling a row by 1 ± 2^−8 is exact in fp32.
void roundMantissas(at::Tensor &weights) { weights.copy_(weights.to(at::kBFloat16).to(at::kFloat)); }

} // namespace

class TestInspectAnswers : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void candidatesAreTheLikeliest_data()
    {
        QTest::addColumn<int>("token");
        QTest::newRow("the last one") << -1;
        QTest::newRow("the first one") << 0;
        QTest::newRow("in the middle") << 7;
    }
    void candidatesAreTheLikeliest()
    {
        QFETCH(int, token);
        const auto model = lookModel(lookSpec());
        const InspectInput input = lookInput(20);
        InspectRequest request;
        request.token = token;
        request.input.sampling.numAlternatives = 6;
        const InspectReport report = lookInto(*model, input, request);
        const int64_t place = token < 0 ? 19 : token;
        QCOMPARE(report.token, place);
        QCOMPARE(report.candidates.size(), size_t(6));
        compareCandidates(report.candidates, logP(*model, input)[place]);
        request.input.sampling.numAlternatives = 50; // more than there are
        QCOMPARE(lookInto(*model, input, request).candidates.size(), size_t(nn::test::kVocab));
        request.input.sampling.numAlternatives = 0;
        QVERIFY(lookInto(*model, input, request).candidates.empty());
    }

    void surpriseIsThatOfTheTokenBefore()
    {
        const auto model = lookModel(lookSpec(300));
        const InspectInput input = lookInput(290); // more than one piece of logits
        const InspectReport report = lookInto(*model, input, {});
        const at::Tensor expected = logP(*model, input);
        QVERIFY(std::isnan(report.tokens[0].surprise));
        for (int64_t t = 1; t < 290; ++t)
            QVERIFY(std::abs(report.tokens[size_t(t)].surprise +
                             expected[t - 1][input.ids[size_t(t)]].item<double>()) < 1e-4);
    }

    /// Some of the text is in a cache already: what is looked at is the rest, and says the same.
    void aStateIsReadOnFrom_data()
    {
        QTest::addColumn<int>("numRead");
        QTest::newRow("nothing of it") << 0;
        QTest::newRow("a few tokens") << 7;
        QTest::newRow("all but one") << 19;
    }
    void aStateIsReadOnFrom()
    {
        QFETCH(int, numRead);
        const auto model = lookModel(lookSpec());
        const InspectInput whole = lookInput(20);
        InspectRequest request = exactRequest(lookSpec());
        request.wantsLens = true;
        const InspectReport expected = lookInto(*model, whole, request);
        const auto stateBefore = [&] {
            const at::NoGradGuard noGradients;
            nn::KvCache cache = model->makeCache(1, 20);
            nn::ForwardContext context;
            context.cache = &cache;
            if (numRead > 0) (void)model->logits(idsOf(whole).narrow(1, 0, numRead), context);
            return cache;
        };
        InspectInput input = whole;
        input.stateBefore = stateBefore;
        input.numRead = numRead;
        input.passes = {{20}};
        input.said = 5;
        request.wantsOverview = false;
        request.rows = {numRead, 20};
        const InspectReport report = lookInto(*model, input, request);
        QCOMPARE(report.token, int64_t(19));
        for (size_t i = 0; i < report.candidates.size(); ++i)
            QVERIFY(std::abs(report.candidates[i].probability - expected.candidates[i].probability) < 1e-5);
        for (size_t i = 0; i < report.lens.size(); ++i)
            QVERIFY(std::abs(report.lens[i].entropy - expected.lens[i].entropy) < 1e-4);
        QCOMPARE(report.maps.size(), expected.maps.size());
        for (size_t i = 0; i < report.maps.size(); ++i) {
            const AttentionMap &map = report.maps[i];
            QVERIFY(map.firstRow == numRead && map.numRows == 20 - numRead && map.numColumns == 20);
            const float *rows = expected.maps[i].mean.data() + numRead * 20;
            for (size_t cell = 0; cell < map.mean.size(); ++cell) QVERIFY(std::abs(map.mean[cell] - rows[cell]) < 1e-5F);
        }
        // What was said stands behind it, and how likely that was.
        QCOMPARE(report.tokens.size(), size_t(21));
        QCOMPARE(report.tokens.back().id, 5);
        QVERIFY(std::abs(report.tokens.back().surprise + logP(*model, whole)[19][5].item<double>()) < 1e-4);
    }

    /// Before each layer, of each pass; the way back has none.
    void tellsHowFarItIs()
    {
        const auto model = lookModel(lookSpec());
        const int64_t layers = lookSpec().layers;
        InspectRequest request;
        request.wantsAttribution = true;
        request.ablated = {{0, 0}};
        std::vector<InspectPassAmount> told, expected;
        const auto report = inspectModel(*model, bytesTokenizer(), lookInput(10), request, at::kFloat, {},
                                         [&](const InspectPassAmount &amount) { told.push_back(amount); });
        QVERIFY(report.ok());
        for (int64_t layer = 1; layer <= layers; ++layer) expected.push_back({layer, layers, 1, 3});
        expected.push_back({0, 0, 2, 3});
        for (int64_t layer = 1; layer <= layers; ++layer) expected.push_back({layer, layers, 3, 3});
        QVERIFY(told == expected);
    }

    /// A head that gives nothing is a head whose columns of the output projection are 0.
    void leavingOutHeadsIsZeroingTheirColumns_data()
    {
        QTest::addColumn<QStringList>("heads");
        QTest::newRow("one") << QStringList{QStringLiteral("1.2")};
        QTest::newRow("the last one") << QStringList{QStringLiteral("2.3")};
        QTest::newRow("two of a layer") << QStringList{QStringLiteral("0.0"), QStringLiteral("0.3")};
        QTest::newRow("of all layers")
            << QStringList{QStringLiteral("0.1"), QStringLiteral("1.1"), QStringLiteral("2.1")};
    }
    void leavingOutHeadsIsZeroingTheirColumns()
    {
        QFETCH(QStringList, heads);
        const ModelSpec spec = lookSpec();
        const auto model = lookModel(spec), without = lookModel(spec);
        const InspectInput input = lookInput(20);
        InspectRequest request;
        request.token = 15;
        request.input.sampling.numAlternatives = 4;
        for (const QString &name : heads) {
            HeadRef ref;
            QVERIFY(headFromName(name.toStdString(), ref));
            request.ablated.push_back(ref);
            const at::NoGradGuard noGradients;
            const int64_t width = spec.width / spec.heads;
            parameterOf(*without, "blocks." + std::to_string(ref.layer) + ".attention.output.weight")
                .master.narrow(1, ref.head * width, width)
                .zero_();
        }
        without->mastersChanged();
        const InspectReport report = lookInto(*model, input, request);
        const at::Tensor with = logP(*model, input)[15], less = logP(*without, input)[15];
        compareCandidates(report.candidates, with);
        QVERIFY(report.changed.size() >= 4 && report.changed.size() <= 8);
        for (size_t i = 0; i < report.changed.size(); ++i) {
            if (i < 4) QCOMPARE(report.changed[i].id, report.candidates[i].id);
            QVERIFY(std::abs(report.changed[i].probability -
                             less[report.changed[i].id].exp().item<double>()) < 1e-6);
        }
        // Its own likeliest are all there, each once.
        const at::Tensor own = std::get<1>(less.topk(4));
        for (int64_t i = 0; i < 4; ++i)
            QCOMPARE(
                std::count_if(report.changed.begin(), report.changed.end(),
                              [&](const TokenAlternative &one) { return one.id == own[i].item<int64_t>(); }),
                1);
        const double divergence = (with.exp() * (with - less)).sum().item<double>();
        QVERIFY(divergence > 1e-6); // these heads matter
        QVERIFY(std::abs(report.changedDivergence - divergence) < 1e-5);
    }

    /// At layer l the lens says what the first l layers would say as a model of their own.
    void lensIsTheModelCutOff()
    {
        const ModelSpec spec = lookSpec();
        const auto model = lookModel(spec);
        const InspectInput input = lookInput(20);
        InspectRequest request;
        request.token = 11;
        request.wantsLens = true;
        const InspectReport report = lookInto(*model, input, request);
        QCOMPARE(report.lens.size(), size_t(4));
        for (int64_t layer = 1; layer <= 3; ++layer) {
            ModelSpec cut = spec;
            cut.layers = layer;
            const auto part = nn::test::makeModel(cut);
            copyParameters(*model, *part);
            const at::Tensor expected = logP(*part, input)[11];
            const LensRow &row = report.lens[size_t(layer)];
            QCOMPARE(row.layer, layer);
            compareCandidates(row.candidates, expected);
            QVERIFY(std::abs(row.entropy + (expected.exp() * expected).sum().item<double>()) < 1e-5);
        }
        QCOMPARE(report.lens[3].candidates.size(), report.candidates.size());
        for (size_t i = 0; i < report.candidates.size(); ++i)
            QCOMPARE(report.lens[3].candidates[i].id, report.candidates[i].id);
        // Layer 0 is the embedding of the token itself.
        const at::NoGradGuard noGradients;
        const at::Tensor table = parameterOf(*model, "embedding.token.weight").master;
        const at::Tensor x = table[input.ids[11]].to(at::kDouble);
        const at::Tensor normed = x / (x.square().mean() + 1e-6).sqrt() *
                                  parameterOf(*model, "final_norm.weight").master.to(at::kDouble);
        compareCandidates(report.lens[0].candidates,
                          at::log_softmax(at::mv(table.to(at::kDouble), normed), -1));
    }

    /// Each token's vector grows by a little: what becomes of the log-probability of what was said next.
    void attributionIsWhatSmallChangesDo_data()
    {
        QTest::addColumn<bool>("isGpt2");
        QTest::addColumn<int>("token");
        QTest::newRow("rope") << false << 9;
        QTest::newRow("learned positions") << true << 9; // which are no part of a token's vector
        QTest::newRow("at the end") << false << 11;      // of what is likeliest there
    }
    void attributionIsWhatSmallChangesDo()
    {
        QFETCH(bool, isGpt2);
        QFETCH(int, token);
        constexpr int64_t kTokens = 12;
        ModelSpec spec = lookSpec();
        if (isGpt2) {
            spec.position = "learned";
            spec.norm = "layernorm";
            spec.ffn = "gelu";
        }
        spec.tied = false; // else a changed row would speak at the head, too
        const auto model = lookModel(spec);
        const InspectInput input = lookInput(kTokens); // each id once
        at::Tensor &table = parameterOf(*model, "embedding.token.weight").master;
        {
            const at::NoGradGuard noGradients;
            roundMantissas(table);
            model->mastersChanged();
        }
        InspectRequest request;
        request.wantsAttribution = true;
        request.token = token;
        const InspectReport report = lookInto(*model, input, request, at::kDouble);
        QCOMPARE(report.attribution.size(), size_t(kTokens));
        const int64_t said = token + 1 < kTokens
                                 ? input.ids[size_t(token) + 1]
                                 : logP(*model, input, at::kDouble)[token].argmax().item<int64_t>();
        constexpr double kStep = 1.0 / 256;
        bool isAnyLarge = false;
        for (size_t t = 0; t < size_t(kTokens); ++t) {
            const auto logPWith = [&](double factor) {
                const at::NoGradGuard noGradients;
                const at::Tensor row = table[input.ids[t]], kept = row.clone();
                row.mul_(factor);
                model->mastersChanged();
                const double value = logP(*model, input, at::kDouble)[token][said].item<double>();
                row.copy_(kept);
                model->mastersChanged();
                return value;
            };
            // Central differences of two widths, so that the error is of the fourth order.
            const double wide = (logPWith(1 + 2 * kStep) - logPWith(1 - 2 * kStep)) / (4 * kStep);
            const double narrow = (logPWith(1 + kStep) - logPWith(1 - kStep)) / (2 * kStep);
            const double expected = (4 * narrow - wide) / 3;
            QVERIFY2(
                std::abs(double(report.attribution[t]) - expected) < 2e-5 * std::max(1.0, std::abs(expected)),
                qPrintable(
                    QStringLiteral("%1: %2, %3").arg(t).arg(double(report.attribution[t])).arg(expected)));
            isAnyLarge = isAnyLarge || std::abs(expected) > 1e-2;
            if (int(t) > token) QCOMPARE(report.attribution[t], 0.0F); // behind the token that is asked for
        }
        QVERIFY(isAnyLarge);
    }

    void attributionChangesNothingElse()
    {
        const auto model = lookModel(lookSpec());
        const InspectInput input = lookInput(20);
        InspectRequest request = exactRequest(lookSpec());
        const InspectReport plain = lookInto(*model, input, request);
        request.wantsAttribution = request.wantsLens = true;
        request.ablated = {{0, 0}};
        const InspectReport all = lookInto(*model, input, request);
        for (size_t i = 0; i < plain.maps.size(); ++i) QCOMPARE(all.maps[i].mean, plain.maps[i].mean);
        for (size_t t = 1; t < plain.tokens.size(); ++t)
            QCOMPARE(all.tokens[t].surprise, plain.tokens[t].surprise);
        for (size_t i = 0; i < plain.candidates.size(); ++i)
            QCOMPARE(all.candidates[i].probability, plain.candidates[i].probability);
    }

    /// A training on a GPU waits for each operation to be begun: layers of which no map is wanted cost what
    /// they cost in any pass.
    void layersThatNobodyLooksAtCostAPass()
    {
        const auto costs = [](int64_t layers) {
            ModelSpec spec = lookSpec();
            spec.layers = layers;
            const auto model = lookModel(spec);
            const InspectInput input = lookInput(40);
            InspectRequest four;
            four.wantsOverview = false;
            for (int64_t head = 0; head < 4; ++head) four.heads.push_back({0, head});
            four.maxEdge = 20;
            const at::Tensor ids = idsOf(input);
            const int look = operationsOf([&] { (void)lookInto(*model, input, four); });
            const int pass = operationsOf([&] {
                const c10::InferenceMode inference;
                (void)model->hidden(ids, {});
            });
            qInfo("%d layers: a look %d operations, a pass %d", int(layers), look, pass);
            return std::pair(look, pass);
        };
        const auto [look, pass] = costs(2);
        const auto [deepLook, deepPass] = costs(12);
        QVERIFY(pass > 20 && deepPass > pass);
        QCOMPARE(deepLook - look, deepPass - pass);
        QVERIFY2(look - pass < 240, qPrintable(QString::number(look - pass)));
    }

    /// What the first pass of a model makes for later ones is of use to those with gradients.
    void gradientsComeBehindALook()
    {
        const ModelSpec spec = lookSpec();
        const auto looked = lookModel(spec), plain = lookModel(spec);
        InspectRequest request;
        request.heads = {{1, 1}};
        (void)lookInto(*looked, lookInput(20), request, at::kBFloat16);
        const at::Tensor ids = nn::test::makeIds(2, 20), targets = nn::test::makeIds(2, 20, 1);
        nn::ForwardContext context;
        context.isTraining = true;
        context.dtype = at::kBFloat16;
        std::vector<at::Tensor> losses;
        for (nn::Transformer *model : {looked.get(), plain.get()}) {
            losses.push_back(model->loss(ids, targets, {}, context));
            losses.back().backward();
        }
        QVERIFY(at::equal(losses[0].detach(), losses[1].detach()));
        for (size_t i = 0; i < plain->parameters().size(); ++i)
            QVERIFY2(at::equal(looked->parameters()[i].master.grad(), plain->parameters()[i].master.grad()),
                     plain->parameters()[i].name.c_str());
    }

    /// Copies in bf16 are made with the update: a look behind it does not pay for them.
    void anUpdateLeavesNoCopiesToALook()
    {
        const auto model = lookModel(lookSpec());
        const InspectInput input = lookInput(20);
        const auto look = [&] { (void)lookInto(*model, input, {}, at::kBFloat16); };
        look();
        const int before = operationsOf(look);
        const at::Tensor logits = logP(*model, input, at::kBFloat16);
        {
            const at::NoGradGuard noGradients;
            for (nn::Parameter &parameter : model->parameters()) parameter.master.mul_(1.5);
        }
        model->mastersChanged();
        QCOMPARE(operationsOf(look), before);
        QVERIFY(!at::equal(logP(*model, input, at::kBFloat16), logits)); // and they are the new ones
    }

    /// Queries and keys are turned together where nobody wants gradients.
    void withoutGradientsThePassIsTheSame_data()
    {
        QTest::addColumn<int>("kvHeads");
        QTest::addColumn<bool>("qkNorm");
        QTest::newRow("as many keys") << 0 << true;
        QTest::newRow("shared keys") << 2 << true;
        QTest::newRow("no norms") << 2 << false;
    }
    void withoutGradientsThePassIsTheSame()
    {
        QFETCH(int, kvHeads);
        QFETCH(bool, qkNorm);
        ModelSpec spec = lookSpec();
        spec.kvHeads = kvHeads;
        spec.qkNorm = qkNorm;
        const auto model = lookModel(spec);
        for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
            nn::ForwardContext context;
            context.dtype = dtype;
            const at::Tensor with = model->hidden(nn::test::makeIds(2, 30), context).detach();
            const at::NoGradGuard noGradients;
            QVERIFY((model->hidden(nn::test::makeIds(2, 30), context) - with).abs().max().item<double>() < 1e-6);
        }
    }
};

QTEST_APPLESS_MAIN(TestInspectAnswers)
#include "tst_inspect_answers.moc"
