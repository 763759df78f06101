// SPDX-License-Identifier: Apache-2.0
// The model against a slow one in plain loops over doubles (slow_model.h).
#include "tests/nn/model_fixtures.h"
#include "tests/nn/slow_model.h"

#include <QtTest>

using namespace orrery;
using namespace orrery::nn;
using namespace orrery::nn::test;

Q_DECLARE_METATYPE(orrery::ModelSpec)

class TestModelReference : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void logitsEqualTheSlowModel_data();
    void logitsEqualTheSlowModel();
};

void TestModelReference::logitsEqualTheSlowModel_data()
{
    QTest::addColumn<ModelSpec>("spec");
    QTest::newRow("default") << smallSpec();
    QTest::newRow("gpt2") << gpt2Spec();
    ModelSpec mixed = smallSpec();
    mixed.ffn = "gelu_tanh";
    mixed.bias = true;
    mixed.tied = false;
    mixed.qkNorm = false;
    mixed.ffnWidth = 24;
    QTest::newRow("tanh, bias, untied, no qk-norm") << mixed;
}

void TestModelReference::logitsEqualTheSlowModel()
{
    QFETCH(ModelSpec, spec);
    const auto model = makeModel(spec);
    stirWeights(*model);
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(2, 9);
    const at::Tensor found = model->logits(ids, {});
    const SlowModel slow(*model);
    double worst = 0;
    for (int64_t b = 0; b < 2; ++b) {
        const at::Tensor row = ids[b].contiguous();
        const std::vector<int64_t> rowIds(row.data_ptr<int64_t>(), row.data_ptr<int64_t>() + row.numel());
        const auto expected = slow.logits(rowIds);
        for (int64_t t = 0; t < 9; ++t)
            for (int64_t v = 0; v < kVocab; ++v)
                worst = std::max(worst, std::abs(found[b][t][v].item<double>() -
                                                 expected[static_cast<size_t>(t)][static_cast<size_t>(v)]));
    }
    QVERIFY2(worst < 1e-5, qPrintable(QString::number(worst)));
}

QTEST_GUILESS_MAIN(TestModelReference)
#include "tst_model_reference.moc"
