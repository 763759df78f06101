// SPDX-License-Identifier: Apache-2.0
#include "core/tensorfile/checkpoint_files.h"
#include "core/train/checkpoint_io.h"
#include "core/train/checkpoint_keeper.h"

#include <QTemporaryDir>
#include <QtTest>

#include <torch/types.h>

using namespace orrery;

class TestCheckpointIo : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void modelAndOptimizerComeBack();
    void namesAreThoseOfTheDocument();
    void otherShapeIsRefused();
    void keepsLastAndBest_data();
    void keepsLastAndBest();
};

namespace {

struct Trained {
    explicit Trained(int64_t width = 8)
    {
        ModelSpec spec;
        spec.layers = 1;
        spec.width = width;
        spec.heads = 1;
        spec.context = 4;
        model = nn::Transformer::create(spec, 11, 2, "cpu").value();
        optimizer = makeOptimizer(model->parameters(), {}).value();
    }
    void step()
    {
        for (nn::Parameter &parameter : model->parameters())
            parameter.master.mutable_grad() = at::ones_like(parameter.master);
        optimizer->update({.learningRate = 0.1, .weightDecay = 0.1});
    }
    std::unique_ptr<nn::Transformer> model;
    std::unique_ptr<Optimizer> optimizer;
};

LoopState stateAt(int64_t step)
{
    LoopState state;
    state.step = step;
    state.seed = 2;
    return state;
}

} // namespace

void TestCheckpointIo::modelAndOptimizerComeBack()
{
    QTemporaryDir folder;
    const std::filesystem::path path = folder.path().toStdString();
    Trained source, target;
    for (int i = 0; i < 3; ++i) source.step();
    const auto saved = saveCheckpoint(path, *source.model, *source.optimizer, stateAt(3), "digest");
    QVERIFY2(saved.ok(), saved.ok() ? "" : saved.error().message.c_str());
    QVERIFY(verifyCheckpoint(checkpointPath(path, 3)).ok());
    const auto state = loadCheckpoint(checkpointPath(path, 3), *target.model, *target.optimizer);
    QVERIFY2(state.ok(), state.ok() ? "" : state.error().message.c_str());
    QCOMPARE(state->step, int64_t(3));
    QCOMPARE(target.optimizer->numUpdates(), int64_t(3));
    source.step();
    target.step();
    for (size_t i = 0; i < source.model->parameters().size(); ++i)
        QVERIFY(at::equal(source.model->parameters()[i].master, target.model->parameters()[i].master));
}

void TestCheckpointIo::namesAreThoseOfTheDocument()
{
    QTemporaryDir folder;
    const std::filesystem::path path = folder.path().toStdString();
    Trained trained;
    QVERIFY(saveCheckpoint(path, *trained.model, *trained.optimizer, stateAt(7), "digest").ok());
    const auto manifest = readManifest(checkpointPath(path, 7));
    QVERIFY(manifest.ok());
    QVERIFY(std::isnan(manifest->valLoss));
    const auto names = [&](const char *file) {
        std::set<std::string> all;
        for (const TensorDigest &digest : manifest->files.at(file)) all.insert(digest.name);
        return all;
    };
    QVERIFY(names(kModelFile).contains("blocks.0.attention.qkv.weight"));
    QVERIFY(names(kOptimizerFile).contains("blocks.0.attention.qkv.weight.exp_avg"));
    QVERIFY(names(kOptimizerFile).contains("final_norm.weight.exp_avg_sq"));
}

void TestCheckpointIo::otherShapeIsRefused()
{
    QTemporaryDir folder;
    const std::filesystem::path path = folder.path().toStdString();
    Trained source, other(16);
    QVERIFY(saveCheckpoint(path, *source.model, *source.optimizer, stateAt(1), "digest").ok());
    const auto state = loadCheckpoint(checkpointPath(path, 1), *other.model, *other.optimizer);
    QVERIFY(!state.ok());
    QCOMPARE(state.error().code, ErrorCode::InvalidInput);
    QVERIFY(state.error().message.find("embedding.token.weight") != std::string::npos);
}

void TestCheckpointIo::keepsLastAndBest_data()
{
    QTest::addColumn<QList<qint64>>("steps");
    QTest::addColumn<qint64>("newest");
    QTest::addColumn<qint64>("keepLast");
    QTest::addColumn<qint64>("best");
    QTest::addColumn<QList<qint64>>("expected");
    QTest::newRow("few") << QList<qint64>{1, 2} << qint64(2) << qint64(3) << qint64(-1) << QList<qint64>{};
    QTest::newRow("oldest goes") << QList<qint64>{1, 2, 3} << qint64(3) << qint64(2) << qint64(-1)
                                 << QList<qint64>{1};
    QTest::newRow("best stays") << QList<qint64>{1, 2, 3, 4} << qint64(4) << qint64(2) << qint64(1)
                                << QList<qint64>{2};
    QTest::newRow("best among the last")
        << QList<qint64>{1, 2, 3} << qint64(3) << qint64(2) << qint64(3) << QList<qint64>{1};
    QTest::newRow("newest always stays")
        << QList<qint64>{1, 2} << qint64(2) << qint64(0) << qint64(-1) << QList<qint64>{1};
    QTest::newRow("left ones ahead stay")
        << QList<qint64>{1, 2, 8, 9} << qint64(2) << qint64(1) << qint64(-1) << QList<qint64>{1};
}

void TestCheckpointIo::keepsLastAndBest()
{
    QFETCH(QList<qint64>, steps);
    QFETCH(qint64, newest);
    QFETCH(qint64, keepLast);
    QFETCH(qint64, best);
    QFETCH(QList<qint64>, expected);
    const auto found = checkpointsToDelete({steps.begin(), steps.end()}, newest, keepLast, best);
    QCOMPARE(QList<qint64>(found.begin(), found.end()), expected);
}

QTEST_GUILESS_MAIN(TestCheckpointIo)
#include "tst_checkpoint_io.moc"
