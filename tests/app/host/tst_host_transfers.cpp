// SPDX-License-Identifier: Apache-2.0
// Models in and out over RPC: a run that begins with one, a checkpoint that becomes a folder, and a model that learns what it
// remembers.
#include "core/store/begun_from.h"
#include "tests/app/host/host_fixture.h"
#undef VERIFY_OK // the same there
#include "tests/base/check_result.h"

#include <algorithm>
#include <atomic>
#include <cmath>

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
    void aMemoryIsLearned()
    {
        const EngineClient client = m_host->client();
        std::vector<ConsolidationAmount> told;
        ModelConsolidationRequest request{.model = modelNamed("plain"), .directory = target()};
        const auto done = client.consolidate(request, [&told](const ConsolidationAmount &amount) { told.push_back(amount); });
        VERIFY_OK(done);
        QCOMPARE(done->directory, target());
        QCOMPARE(done->source, std::string("a model"));
        QCOMPARE(done->step, int64_t(7));
        QCOMPARE(done->learned, (std::vector<std::string>{"of its own", ""})); // the worker's own settings
        QVERIFY(done->numTexts == 3 && done->numSlots == 12 && done->numProtected == 256);
        QVERIFY(done->lossBefore == 2.5 && done->lossAfter == 0.5 && done->protectedBefore == 1.25);
        QVERIFY(std::isnan(done->protectedAfter)); // was not told
        QCOMPARE(done->protectedFrom, std::vector<std::string>{"/texts"});
        QVERIFY(told.size() >= 3);
        QVERIFY(told.front() == ConsolidationAmount{.phase = ConsolidationPhase::Loading});
        QVERIFY(std::find(told.begin(), told.end(), ConsolidationAmount{ConsolidationPhase::Learning, 1, 2}) != told.end());
        // What the engine has loaded, though no file has it; and settings as they are asked for.
        VERIFY_OK(client.editMemory(request.model, {.verb = MemoryVerb::Pin, .source = {}, .event = 3, .path = {}}));
        request.directory += "-2";
        request.isLoaded = true;
        request.data = "/texts";
        request.numSlots = 5;
        request.numPasses = 6;
        request.learningRate = 0.5;
        const auto loaded = client.consolidate(request, {});
        VERIFY_OK(loaded);
        QCOMPARE(loaded->learned, (std::vector<std::string>{"pin 3\n", "--data /texts --slots 5 --passes 6 --rate 0.5"}));
    }
    void learningIsRefused_data()
    {
        QTest::addColumn<QString>("model");
        QTest::addColumn<QString>("change");
        QTest::addColumn<int>("code");
        QTest::addColumn<QString>("words");
        const auto row = [](const char *name, const char *model, const char *change, ErrorCode code, const char *words) {
            QTest::newRow(name) << QString::fromLatin1(model) << QString::fromLatin1(change) << int(code) << QString::fromLatin1(words);
        };
        row("no semantic memory", "simple", "", ErrorCode::NotFound, "the model has no semantic memory");
        row("no folder", "plain", "no folder", ErrorCode::InvalidInput, "its folder is \"\", expected an absolute path");
        row("relative", "plain", "relative", ErrorCode::InvalidInput, "its folder is \"out\", expected an absolute path");
        row("taken", "plain", "taken", ErrorCode::Conflict, "something is there, expected a free name");
        row("memory", "plain", "memory", ErrorCode::InvalidInput, "the memory file is \"m.bin\"");
        row("both", "plain", "both", ErrorCode::InvalidInput, "both a memory file and what is loaded are asked for");
        row("data", "plain", "data", ErrorCode::InvalidInput, "data is \"texts\", expected an absolute path");
        row("slots", "plain", "slots", ErrorCode::InvalidInput, "slots is -1, expected 1");
        row("passes", "plain", "passes", ErrorCode::InvalidInput, "passes is 100001, expected 1");
        row("rate", "plain", "rate", ErrorCode::InvalidInput, "rate is -1");
        row("no number", "plain", "no number", ErrorCode::InvalidInput, "rate is NaN, expected 1e-09");
    }
    void learningIsRefused()
    {
        QFETCH(QString, model);
        QFETCH(QString, change);
        QFETCH(int, code);
        QFETCH(QString, words);
        ModelConsolidationRequest request{.model = modelNamed(model.toStdString()), .directory = target()};
        if (change == QStringLiteral("no folder")) request.directory.clear();
        if (change == QStringLiteral("relative")) request.directory = "out";
        if (change == QStringLiteral("taken")) request.directory = m_host->home().string();
        if (change == QStringLiteral("memory")) request.memoryFile = "m.bin";
        if (change == QStringLiteral("both")) request.memoryFile = "/m.bin";
        if (change == QStringLiteral("both")) request.isLoaded = true;
        if (change == QStringLiteral("data")) request.data = "texts";
        if (change == QStringLiteral("slots")) request.numSlots = -1;
        if (change == QStringLiteral("passes")) request.numPasses = kMostConsolidationPasses + 1;
        if (change == QStringLiteral("rate")) request.learningRate = -1;
        if (change == QStringLiteral("no number")) request.learningRate = std::nan("");
        VERIFY_ERROR(m_host->client().consolidate(request, {}), ErrorCode(code), words.toUtf8().constData());
        QVERIFY(!fs::exists(target()));
    }
    void whatIsCancelledLeavesNothing_data()
    {
        QTest::addColumn<QString>("model");
        QTest::addColumn<int>("phase");
        QTest::newRow("while it learns") << QStringLiteral("slow") << int(ConsolidationPhase::Learning);
        QTest::newRow("while it writes, deaf") << QStringLiteral("stubborn") << int(ConsolidationPhase::Writing);
    }
    void whatIsCancelledLeavesNothing()
    {
        QFETCH(QString, model);
        QFETCH(int, phase);
        const EngineClient client = m_host->client();
        const CancelToken token;
        std::atomic<bool> hasBegun{false};
        std::thread canceller([&] {
            waitFor([&] { return hasBegun.load(); });
            token.cancel();
        });
        const auto done = client.consolidate(
            {.model = modelNamed(model.toStdString()), .directory = target()},
            [&](const ConsolidationAmount &amount) { hasBegun = hasBegun || int(amount.phase) == phase; }, token);
        canceller.join();
        QVERIFY(!done.ok());
        QCOMPARE(done.error().code, ErrorCode::Cancelled);
        QVERIFY(hasBegun);
        const auto isGone = [this] { return !fs::exists(target()) && !fs::exists(target() + ".partial"); };
        QVERIFY(waitFor(isGone));
        QVERIFY(waitFor([&client] { return client.retire().ok(); })); // nothing is under way any more
        QVERIFY(isGone());
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
