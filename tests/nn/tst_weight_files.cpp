// SPDX-License-Identifier: Apache-2.0
#include "core/tensorfile/safetensors.h"
#include "tests/nn/model_fixtures.h"

#include <QTemporaryDir>
#include <QtTest>

using namespace orrery;
using namespace orrery::nn;
using namespace orrery::nn::test;

class TestWeightFiles : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void loadsWhatWasWritten();
    void loadsBf16();
    void namesTheMissingTensor();
    void namesTheUnknownTensor();
    void namesTheTensorOfAnotherShape();
    void namesTheTensorOfAnotherType();
    void missingFileIsNotFound();

private:
    [[nodiscard]] std::string file() const
    {
        return m_folder.filePath(QStringLiteral("model.safetensors")).toStdString();
    }
    void write(const std::vector<Parameter> &parameters, TensorType type = TensorType::F32);
    QTemporaryDir m_folder;
};

void TestWeightFiles::write(const std::vector<Parameter> &parameters, TensorType type)
{
    std::vector<TensorSource> sources;
    for (const Parameter &parameter : parameters)
        sources.push_back(
            {parameter.name,
             type,
             {parameter.master.sizes().begin(), parameter.master.sizes().end()},
             {static_cast<const std::byte *>(parameter.master.data_ptr()), parameter.master.nbytes()}});
    const auto written = writeSafetensors(file(), sources);
    QVERIFY2(written.ok(), written.ok() ? "" : written.error().message.c_str());
}

void TestWeightFiles::loadsWhatWasWritten()
{
    const auto source = makeModel(smallSpec(), 1), target = makeModel(smallSpec(), 2);
    stirWeights(*source);
    write(source->parameters());
    QVERIFY(loadWeights(*target, file()).ok());
    for (size_t i = 0; i < source->parameters().size(); ++i)
        QVERIFY(at::equal(source->parameters()[i].master, target->parameters()[i].master));
}

void TestWeightFiles::loadsBf16()
{
    const auto source = makeModel(smallSpec(), 1), target = makeModel(smallSpec(), 2);
    auto rounded = source->parameters();
    for (Parameter &parameter : rounded) parameter.master = parameter.master.detach().to(at::kBFloat16);
    write(rounded, TensorType::BF16);
    QVERIFY(loadWeights(*target, file()).ok());
    QVERIFY(at::equal(rounded[0].master.to(at::kFloat), target->parameters()[0].master));
}

void TestWeightFiles::namesTheMissingTensor()
{
    const auto model = makeModel(smallSpec());
    auto parameters = model->parameters();
    parameters.erase(parameters.begin() + 3);
    write(parameters);
    const auto loaded = loadWeights(*model, file());
    QVERIFY(!loaded.ok());
    QCOMPARE(loaded.error().code, ErrorCode::InvalidInput);
    QVERIFY(loaded.error().message.find(model->parameters()[3].name) != std::string::npos);
}

void TestWeightFiles::namesTheUnknownTensor()
{
    const auto model = makeModel(smallSpec());
    auto parameters = model->parameters();
    parameters.push_back({"stranger", at::ones({2}), false});
    write(parameters);
    const auto loaded = loadWeights(*model, file());
    QVERIFY(!loaded.ok());
    QVERIFY(loaded.error().message.find("stranger") != std::string::npos);
}

void TestWeightFiles::namesTheTensorOfAnotherShape()
{
    const auto model = makeModel(smallSpec());
    ModelSpec spec = smallSpec();
    spec.ffnWidth = 32;
    const auto other = makeModel(spec);
    const at::Tensor before = model->parameters()[0].master.detach().clone();
    write(other->parameters());
    const auto loaded = loadWeights(*model, file());
    QVERIFY(!loaded.ok());
    QVERIFY(loaded.error().message.find(
                "blocks.0.ffn.gate_up.weight\" has shape [64, 16], expected [128, 16]") != std::string::npos);
    QVERIFY(at::equal(model->parameters()[0].master, before));
}

void TestWeightFiles::namesTheTensorOfAnotherType()
{
    const auto model = makeModel(smallSpec());
    auto parameters = model->parameters();
    for (Parameter &parameter : parameters) parameter.master = parameter.master.detach().to(at::kDouble);
    write(parameters, TensorType::F64);
    const auto loaded = loadWeights(*model, file());
    QVERIFY(!loaded.ok());
    QVERIFY(loaded.error().message.find("F64") != std::string::npos);
}

void TestWeightFiles::missingFileIsNotFound()
{
    const auto model = makeModel(smallSpec());
    const auto loaded = loadWeights(*model, file() + ".none");
    QVERIFY(!loaded.ok());
    QCOMPARE(loaded.error().code, ErrorCode::NotFound);
}

QTEST_GUILESS_MAIN(TestWeightFiles)
#include "tst_weight_files.moc"
