// SPDX-License-Identifier: Apache-2.0
// Models in and out over RPC: a run that begins with one, and a checkpoint that becomes a folder.
#include "core/store/begun_from.h"
#include "tests/app/host/host_fixture.h"
#undef VERIFY_OK // the same there
#include "tests/base/check_result.h"

#include <algorithm>
#include <atomic>

using namespace orrery;
using namespace orrery::test;
namespace fs = std::filesystem;

class TestHostTransfers : public QObject {
    Q_OBJECT
    std::unique_ptr<HostFixture> m_host;

    std::string modelNamed(const std::string &name) const
    {
        const fs::path folder = m_host->home().parent_path() / name;
        fs::create_directories(folder);
        return folder.string();
    }
    std::string target() const { return (m_host->home().parent_path() / "exported").string(); }
    NewRunRequest newRun(const std::string &model) const { return {m_host->specJson(), "", false, model}; }

private Q_SLOTS:
    void init()
    {
        m_host = std::make_unique<HostFixture>();
        m_host->start();
    }
    void cleanup() { m_host.reset(); }

    void aRunBeginsWithAModel()
    {
        const EngineClient client = m_host->client();
        const std::string model = modelNamed("llama");
        const auto settings = client.modelSettings(model);
        VERIFY_OK(settings);
        QVERIFY(!settings->empty());
        QCOMPARE(settings->front(), '{'); // not the note before it
        const auto created = client.createRun(newRun(model));
        VERIFY_OK(created);
        const auto run = RunDirectory::open(created->directory);
        VERIFY_OK(run);
        QCOMPARE(run->frozen().spec.model.width, int64_t(96)); // the model's, though nobody named it
        QCOMPARE(run->frozen().spec.name, std::string("alpha"));
        QCOMPARE(readBegunFrom(run->path()).value_or(""), model);
        QVERIFY(fs::exists(run->path() / "begun"));
    }
    void whatCannotBeginLeavesNoRun_data()
    {
        QTest::addColumn<QString>("model");
        QTest::addColumn<int>("code");
        QTest::addColumn<QString>("words");
        QTest::newRow("no such run") << QStringLiteral("nothing") << int(ErrorCode::NotFound) << QStringLiteral("nothing");
        QTest::newRow("relative") << QStringLiteral("some/folder") << int(ErrorCode::NotFound) << QStringLiteral("some/folder");
        QTest::newRow("broken") << QStringLiteral("/broken") << int(ErrorCode::InvalidInput) << QStringLiteral("its shapes differ");
    }
    void whatCannotBeginLeavesNoRun()
    {
        QFETCH(QString, model);
        QFETCH(int, code);
        QFETCH(QString, words);
        const std::string name = model == QStringLiteral("/broken") ? modelNamed("broken") : model.toStdString();
        const EngineClient client = m_host->client();
        VERIFY_ERROR(client.createRun(newRun(name)), ErrorCode(code), words.toUtf8().constData());
        VERIFY_ERROR(client.modelSettings(name), ErrorCode(code), words.toUtf8().constData());
        QVERIFY(client.listRuns()->empty());
    }
    void aModelBecomesAFolder()
    {
        const EngineClient client = m_host->client();
        std::vector<TransferAmount> told;
        const auto done = client.exportModel({modelNamed("plain"), target(), "hf"},
                                             [&told](const TransferAmount &amount) { told.push_back(amount); });
        VERIFY_OK(done);
        QCOMPARE(done->directory, target());
        QCOMPARE(done->source, std::string("a model"));
        QCOMPARE(done->step, int64_t(7));
        QCOMPARE(done->numBytes, uint64_t(400));
        QVERIFY(done->hasMemory);
        QCOMPARE(done->architecture, std::string("LlamaForCausalLM"));
        QCOMPARE(done->plugins, std::vector<std::string>{"memory 1.0.0"});
        QVERIFY(!told.empty());
        QVERIFY(std::is_sorted(told.begin(), told.end(), [](const auto &a, const auto &b) { return a.numDone < b.numDone; }));
        QCOMPARE(told.back().numTotal, uint64_t(400));
        QVERIFY(fs::is_directory(target()));
    }
    void exportsAreRefused_data()
    {
        QTest::addColumn<QString>("directory");
        QTest::addColumn<QString>("format");
        QTest::addColumn<QString>("words");
        QTest::newRow("no folder") << QString() << QStringLiteral("hf") << QStringLiteral("its folder is \"\", expected an absolute path");
        QTest::newRow("relative") << QStringLiteral("out") << QStringLiteral("hf") << QStringLiteral("its folder is \"out\"");
        QTest::newRow("format") << QStringLiteral("/tmp/x") << QStringLiteral("onnx") << QStringLiteral("the format is \"onnx\", expected orrery or hf");
    }
    void exportsAreRefused()
    {
        QFETCH(QString, directory);
        QFETCH(QString, format);
        QFETCH(QString, words);
        VERIFY_ERROR(m_host->client().exportModel({modelNamed("plain"), directory.toStdString(), format.toStdString()}, {}),
                     ErrorCode::InvalidInput, words.toUtf8().constData());
    }
    void cancellingEndsTheWorker()
    {
        const EngineClient client = m_host->client();
        const CancelToken token;
        std::atomic<bool> hasBegun{false};
        std::thread canceller([&] {
            waitFor([&] { return hasBegun.load(); });
            token.cancel();
        });
        const auto done = client.exportModel({modelNamed("slow"), target(), "orrery"},
                                             [&hasBegun](const TransferAmount &) { hasBegun = true; }, token);
        canceller.join();
        QVERIFY(!done.ok());
        QCOMPARE(done.error().code, ErrorCode::Cancelled);
        QVERIFY(waitFor([this] { return !fs::exists(target()); })); // by the worker, as it ended
    }
    void aHostDoesNotRetireMeanwhile()
    {
        const EngineClient client = m_host->client();
        const CancelToken token;
        std::atomic<bool> hasBegun{false};
        std::thread exporting([&] {
            (void)client.exportModel({modelNamed("slow"), target(), "orrery"},
                                     [&hasBegun](const TransferAmount &) { hasBegun = true; }, token);
        });
        QVERIFY(waitFor([&] { return hasBegun.load(); }));
        VERIFY_ERROR(client.retire(), ErrorCode::Conflict, "being imported or exported");
        token.cancel();
        exporting.join();
        QVERIFY(waitFor([&] { return client.retire().ok(); }));
    }
};

QTEST_GUILESS_MAIN(TestHostTransfers)
#include "tst_host_transfers.moc"
