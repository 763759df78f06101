// SPDX-License-Identifier: Apache-2.0
// Muon against its slow reference, and which parameters it takes.
#include "core/train/muon.h"
#include "tests/train/tensor_values.h"

#include <QtTest>

#include <torch/types.h>

#include <cmath>
#include <set>

using namespace orrery;
using orrery::test::values;
using orrery::test::worst;

class TestMuon : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void equalsTheReferenceOverManySteps_data();
    void equalsTheReferenceOverManySteps();
    void allDirectionsAreAlike();
    void stepsDoNotAskForTheGradientsSize();
    void onlyMatricesOfBlocksAreTaken_data();
    void onlyMatricesOfBlocksAreTaken();
    void theOthersAreAdamWs();
    void zeroGradientsOnlyDecay();
};

namespace {

nn::Parameter parameter(const std::string &name, std::vector<int64_t> shape, bool decays = true)
{
    int64_t count = 1;
    for (const int64_t extent : shape) count *= extent;
    return {name, at::sin(at::arange(count, at::kFloat) * 1.3).view(shape).clone().set_requires_grad(true),
            decays};
}

at::Tensor gradient(const nn::Parameter &of, double phase)
{
    return at::cos(at::arange(of.master.numel(), at::kFloat) * 0.7 +
                   phase * at::sin(at::arange(of.master.numel(), at::kFloat)))
        .view(of.master.sizes());
}

} // namespace

void TestMuon::equalsTheReferenceOverManySteps_data()
{
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("columns");
    QTest::newRow("wide") << 5 << 12;
    QTest::newRow("tall") << 14 << 6;
    QTest::newRow("square") << 8 << 8;
    QTest::newRow("a row") << 1 << 9;
}

void TestMuon::equalsTheReferenceOverManySteps()
{
    QFETCH(int, rows);
    QFETCH(int, columns);
    // Two of one shape: they are turned in one go.
    std::vector<nn::Parameter> parameters = {parameter("blocks.0.ffn.down.weight", {rows, columns}),
                                             parameter("blocks.1.ffn.down.weight", {rows, columns})};
    Muon optimizer(parameters, {});
    std::vector<std::vector<float>> weights, momenta;
    for (const nn::Parameter &each : parameters) {
        weights.push_back(values(each.master));
        momenta.emplace_back(weights.back().size());
    }
    for (int step = 1; step <= 12; ++step) {
        const UpdateSettings settings{.learningRate = 1e-2 / step, .weightDecay = 0.1};
        for (size_t i = 0; i < parameters.size(); ++i) {
            const at::Tensor slope = gradient(parameters[i], 0.3 * step + double(i));
            parameters[i].master.mutable_grad() = slope;
            referenceMuon(weights[i], values(slope), momenta[i], rows, columns, settings);
        }
        optimizer.update(settings);
    }
    QCOMPARE(optimizer.numUpdates(), int64_t(12));
    const auto state = optimizer.state();
    QCOMPARE(state.size(), parameters.size());
    for (size_t i = 0; i < parameters.size(); ++i) {
        QVERIFY(worst(values(parameters[i].master), weights[i]) < 2e-5);
        QCOMPARE(state[i].name, parameters[i].name + ".momentum");
        QVERIFY(worst(values(state[i].tensor), momenta[i]) < 1e-5);
    }
}

// Jordan et al.: the polynomial leaves singular values between 0.68 and 1.13, whatever they were.
void TestMuon::allDirectionsAreAlike()
{
    const auto [u, sizes, vh] = at::linalg_svd(gradient(parameter("x", {24, 16}), 2.1), false);
    const at::Tensor spread = at::pow(10.0, at::arange(16, at::kFloat) * (-1.5 / 15)); // 1 to a thirtieth
    const at::Tensor turned = orthogonalised((u * spread).matmul(vh).unsqueeze(0)).squeeze(0);
    for (const float size : values(std::get<1>(at::linalg_svd(turned, false))))
        QVERIFY2(size > 0.67f && size < 1.14f, qPrintable(QString::number(size)));
    // Its directions stay: seen from them it is a diagonal.
    const at::Tensor seen = u.t().matmul(turned).matmul(vh.t());
    QVERIFY((seen - at::diag(seen.diagonal())).abs().max().item<double>() < 1e-3);
}

void TestMuon::stepsDoNotAskForTheGradientsSize()
{
    std::vector<nn::Parameter> small = {parameter("blocks.0.attention.output.weight", {6, 10})},
                               large = small;
    large[0].master = small[0].master.detach().clone().set_requires_grad(true);
    small[0].master.mutable_grad() = gradient(small[0], 1) * 1e-3;
    large[0].master.mutable_grad() = gradient(large[0], 1) * 1e3;
    const auto start = values(small[0].master);
    Muon(small, {}).update({.learningRate = 0.1});
    Muon(large, {}).update({.learningRate = 0.1});
    QVERIFY(worst(values(small[0].master), values(large[0].master)) < 1e-4);
    // As large as AdamW's: a fifth of the rate in the root mean square, of all singular values about 1.
    double squares = 0;
    const auto end = values(small[0].master);
    for (size_t i = 0; i < end.size(); ++i) squares += std::pow(double(end[i]) - double(start[i]), 2);
    const double size = std::sqrt(squares / double(end.size()));
    QVERIFY2(size > 0.1 * 0.2 * 0.6 && size < 0.1 * 0.2 * 1.2, qPrintable(QString::number(size)));
}

void TestMuon::onlyMatricesOfBlocksAreTaken_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<int>("dimensions");
    QTest::addColumn<bool>("decays");
    QTest::addColumn<bool>("isTaken");
    const auto row = [](const char *name, int dimensions, bool decays, bool isTaken) {
        QTest::newRow(name) << QString::fromLatin1(name) << dimensions << decays << isTaken;
    };
    row("blocks.0.attention.qkv.weight", 2, true, true);
    row("blocks.11.image.ffn.gate_up.weight", 2, true, true);
    row("blocks.0.attention.output.weight", 2, true, true);
    row("blocks.0.attention.qkv.bias", 1, false, false);
    row("blocks.0.attention.cross_modal_weights", 3, false, false);
    row("blocks.0.image.attention.reliability.weight", 1, false, false);
    // A table, each row of which is used by itself.
    row("blocks.0.memory.semantic.values.weight", 2, true, false);
    row("embedding.token.weight", 2, true, false);
    row("head.weight", 2, true, false);
}

void TestMuon::onlyMatricesOfBlocksAreTaken()
{
    QFETCH(QString, name);
    QFETCH(int, dimensions);
    QFETCH(bool, decays);
    QFETCH(bool, isTaken);
    const std::vector<int64_t> shape(static_cast<size_t>(dimensions), 4);
    QCOMPARE(isHiddenMatrix(parameter(name.toStdString(), shape, decays)), isTaken);
}

void TestMuon::theOthersAreAdamWs()
{
    std::vector<nn::Parameter> own = {parameter("embedding.token.weight", {5, 4}),
                                      parameter("final_norm.weight", {4}, false),
                                      parameter("blocks.0.ffn.down.weight", {4, 4})};
    std::vector<nn::Parameter> plain = own;
    for (nn::Parameter &each : plain) each.master = each.master.detach().clone().set_requires_grad(true);
    Muon muon(own, {});
    AdamW adamw(plain, {});
    for (int step = 1; step <= 3; ++step) {
        for (auto *all : {&own, &plain})
            for (nn::Parameter &each : *all) each.master.mutable_grad() = gradient(each, step);
        muon.update({.learningRate = 1e-2, .weightDecay = 0.1});
        adamw.update({.learningRate = 1e-2, .weightDecay = 0.1});
    }
    QCOMPARE(values(own[0].master), values(plain[0].master));
    QCOMPARE(values(own[1].master), values(plain[1].master));
    QVERIFY(values(own[2].master) != values(plain[2].master));
    std::set<std::string> names;
    for (const NamedTensor &entry : muon.state()) names.insert(entry.name);
    QCOMPARE(names,
             (std::set<std::string>{"blocks.0.ffn.down.weight.momentum", "embedding.token.weight.exp_avg",
                                    "embedding.token.weight.exp_avg_sq", "final_norm.weight.exp_avg",
                                    "final_norm.weight.exp_avg_sq"}));
}

void TestMuon::zeroGradientsOnlyDecay()
{
    std::vector<nn::Parameter> parameters = {parameter("blocks.0.ffn.down.weight", {4, 6})};
    const auto before = values(parameters[0].master);
    Muon optimizer(parameters, {});
    optimizer.update({.learningRate = 0.1, .weightDecay = 0.5}); // without a gradient at all
    parameters[0].master.mutable_grad() = at::zeros({4, 6});
    optimizer.update({.learningRate = 0.1, .weightDecay = 0.5});
    const auto after = values(parameters[0].master);
    for (size_t i = 0; i < after.size(); ++i) QVERIFY(std::abs(after[i] - before[i] * 0.95f * 0.95f) < 1e-6f);
}

QTEST_APPLESS_MAIN(TestMuon)
#include "tst_muon.moc"
