// SPDX-License-Identifier: Apache-2.0
#include "core/train/adamw.h"
#include "core/train/grad_clip.h"
#include "tests/train/tensor_values.h"

#include <QtTest>

#include <torch/types.h>

using namespace orrery;
using orrery::test::values;
using orrery::test::worst;

class TestAdamW : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void equalsTheReferenceOverManySteps();
    void firstStepIsTheStoredOne();
    void normsDoNotDecay();
    void missingGradientCountsAsZero();
    void normIsThatOfAllGradients();
    void clipsToTheLargestNorm();
    void clipLeavesShortGradientsAlone();
    void clipZeroIsOff();
    void unknownOptimizerIsNamed();
    void optimizerCanBeReplacedThroughTheRegistry();
};

namespace {

std::vector<nn::Parameter> makeParameters()
{
    std::vector<nn::Parameter> parameters;
    for (const auto &[name, shape, decays] :
         {std::tuple{"matrix", std::vector<int64_t>{13, 7}, true}, {"norm", {9}, false}}) {
        int64_t count = 1;
        for (const int64_t extent : shape) count *= extent;
        at::Tensor master =
            at::sin(at::arange(count, at::kFloat)).view(shape).clone().set_requires_grad(true);
        parameters.push_back({name, master, decays});
    }
    return parameters;
}

void setGradients(std::vector<nn::Parameter> &parameters, double phase)
{
    for (nn::Parameter &parameter : parameters)
        parameter.master.mutable_grad() =
            at::cos(at::arange(parameter.master.numel(), at::kFloat) * 0.7 + phase)
                .view(parameter.master.sizes());
}

} // namespace

void TestAdamW::equalsTheReferenceOverManySteps()
{
    auto parameters = makeParameters();
    OptimizerSpec spec;
    AdamW optimizer(parameters, spec);
    std::vector<std::vector<float>> weights, first, second;
    for (const nn::Parameter &parameter : parameters) {
        weights.push_back(values(parameter.master));
        first.emplace_back(weights.back().size());
        second.emplace_back(weights.back().size());
    }
    for (int64_t step = 1; step <= 20; ++step) {
        const double rate = 1e-2 / static_cast<double>(step);
        setGradients(parameters, 0.3 * static_cast<double>(step));
        for (size_t i = 0; i < parameters.size(); ++i)
            referenceAdamW(weights[i], values(parameters[i].master.grad()), first[i], second[i], step, rate,
                           0.9, 0.95, parameters[i].decays ? 0.1 : 0.0, 1e-8);
        optimizer.update({.learningRate = rate, .weightDecay = 0.1});
    }
    QCOMPARE(optimizer.numUpdates(), int64_t(20));
    for (size_t i = 0; i < parameters.size(); ++i)
        QVERIFY(worst(values(parameters[i].master), weights[i]) < 2e-6);
    const auto state = optimizer.state();
    QCOMPARE(state.size(), size_t(4));
    for (const NamedTensor &entry : state) {
        const size_t i = entry.name.starts_with("matrix") ? 0 : 1;
        QVERIFY2(worst(values(entry.tensor), entry.name.ends_with("_sq") ? second[i] : first[i]) < 1e-6,
                 entry.name.c_str());
    }
}

// torch.optim.AdamW(lr=0.1, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1) of PyTorch 2.11, weight 1,
// gradient 0.5.
void TestAdamW::firstStepIsTheStoredOne()
{
    std::vector<nn::Parameter> parameters = {{"w", at::ones({1, 1}).set_requires_grad(true), true}};
    OptimizerSpec spec;
    spec.betas = {0.9, 0.99};
    AdamW optimizer(parameters, spec);
    parameters[0].master.mutable_grad() = at::full({1, 1}, 0.5);
    optimizer.update({.learningRate = 0.1, .weightDecay = 0.1});
    QVERIFY(std::abs(parameters[0].master.item<double>() - 0.89) < 1e-6);
    parameters[0].master.mutable_grad() = at::full({1, 1}, -0.25);
    optimizer.update({.learningRate = 0.1, .weightDecay = 0.1});
    QVERIFY(std::abs(parameters[0].master.item<double>() - 0.8544301) < 1e-6);
}

void TestAdamW::normsDoNotDecay()
{
    auto parameters = makeParameters();
    AdamW optimizer(parameters, {});
    for (nn::Parameter &parameter : parameters)
        parameter.master.mutable_grad() = at::zeros_like(parameter.master);
    const auto matrix = values(parameters[0].master), norm = values(parameters[1].master);
    optimizer.update({.learningRate = 0.1, .weightDecay = 0.5});
    QCOMPARE(values(parameters[1].master), norm);
    QVERIFY(std::abs(values(parameters[0].master)[1] - 0.95f * matrix[1]) < 1e-6f);
}

void TestAdamW::missingGradientCountsAsZero()
{
    auto parameters = makeParameters();
    AdamW optimizer(parameters, {});
    const auto norm = values(parameters[1].master);
    optimizer.update({.learningRate = 0.1, .weightDecay = 0});
    QCOMPARE(values(parameters[1].master), norm);
}

void TestAdamW::normIsThatOfAllGradients()
{
    auto parameters = makeParameters();
    QCOMPARE(gradientNorm(parameters).item<double>(), 0.0);
    setGradients(parameters, 1);
    double square = 0;
    for (const nn::Parameter &parameter : parameters)
        for (const float value : values(parameter.master.grad())) square += double(value) * value;
    QVERIFY(std::abs(gradientNorm(parameters).item<double>() - std::sqrt(square)) < 1e-5);
}

void TestAdamW::clipsToTheLargestNorm()
{
    auto parameters = makeParameters();
    setGradients(parameters, 1);
    const double before = gradientNorm(parameters).item<double>();
    const float entry = values(parameters[0].master.grad())[3];
    clipGradients(parameters, before, 0.5);
    QVERIFY(std::abs(gradientNorm(parameters).item<double>() - 0.5) < 1e-5);
    QVERIFY(std::abs(values(parameters[0].master.grad())[3] - entry * 0.5 / before) < 1e-6);
}

void TestAdamW::clipLeavesShortGradientsAlone()
{
    auto parameters = makeParameters();
    setGradients(parameters, 1);
    const auto before = values(parameters[0].master.grad());
    const double norm = gradientNorm(parameters).item<double>();
    clipGradients(parameters, norm, norm * 1.01);
    QCOMPARE(values(parameters[0].master.grad()), before);
}

void TestAdamW::clipZeroIsOff()
{
    auto parameters = makeParameters();
    setGradients(parameters, 1);
    const auto before = values(parameters[0].master.grad());
    clipGradients(parameters, gradientNorm(parameters).item<double>(), 0);
    QCOMPARE(values(parameters[0].master.grad()), before);
}

void TestAdamW::unknownOptimizerIsNamed()
{
    auto parameters = makeParameters();
    OptimizerSpec spec;
    spec.name = "adagrad";
    const auto made = makeOptimizer(parameters, spec);
    QVERIFY(!made.ok());
    QCOMPARE(made.error().code, ErrorCode::InvalidInput);
    QVERIFY(made.error().message.find("adagrad") != std::string::npos);
}

namespace {
class NoOptimizer final : public Optimizer {
public:
    void update(const UpdateSettings &) override { ++m_numUpdates; }
    [[nodiscard]] int64_t numUpdates() const override { return m_numUpdates; }
    void setNumUpdates(int64_t numUpdates) override { m_numUpdates = numUpdates; }
    std::vector<NamedTensor> state() override { return {}; }

private:
    int64_t m_numUpdates = 0;
};
} // namespace

void TestAdamW::optimizerCanBeReplacedThroughTheRegistry()
{
    optimizerRegistry().add("none", [](std::vector<nn::Parameter> &, const OptimizerSpec &) {
        return std::make_unique<NoOptimizer>();
    });
    auto parameters = makeParameters();
    OptimizerSpec spec;
    spec.name = "none";
    const auto made = makeOptimizer(parameters, spec);
    optimizerRegistry().remove("none");
    QVERIFY(made.ok());
    (*made)->update({});
    QCOMPARE((*made)->numUpdates(), int64_t(1));
}

QTEST_GUILESS_MAIN(TestAdamW)
#include "tst_adamw.moc"
