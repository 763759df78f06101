// SPDX-License-Identifier: Apache-2.0
// Generation through the host: workers that hold models are started, kept, replaced and ended.
#include "tests/app/host/host_fixture.h"

#include "app/engine/host/model_workers.h"
#include "core/base/text.h"
#include "core/rpc/unix_server.h"

using namespace orrery;
using namespace orrery::test;

namespace {

struct Answer {
    Result<GenerateSummary> summary = GenerateSummary{};
    ModelInfo model;
    std::string text;
};

Answer ask(const EngineClient &client, const std::string &model, int64_t maxTokens = 5)
{
    Answer answer;
    GenerateRequest request;
    request.prompt = "xyz";
    request.sampling.maxTokens = maxTokens;
    answer.summary = client.generate(
        model, request,
        [&](const ModelInfo &info) {
            answer.model = info;
            return true;
        },
        [&](const std::vector<GeneratedToken> &tokens) {
            for (const GeneratedToken &token : tokens) answer.text += token.bytes;
            return true;
        });
    return answer;
}

} // namespace

class TestHostModels : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup() { m_host.reset(); }
    void leavesTheDeviceToTheWorker();
    void generatesWithANewestCheckpoint();
    void keepsTheWorkerForTheNextRequest();
    void replacesTheLeastRecentlyUsed();
    void refusesAThirdWhileTwoGenerate();
    void doesNotRetireWhileItGenerates();
    void startsAgainAfterAKill();
    void startsAgainWhileTheOldOneEnds();
    void cancelsAtOnce();
    void passesOnWhatTheWorkerSays();
    void refusesARunWithoutCheckpoint();
    void answersBatches();
    void passesHolesAndTextsOn();
    void theMemoryOfARunningTrainingIsNotEdited();
    void endsAnEmbeddingWhoseCallerLeft();
    void endsItsWorkersWhenItStops();

private:
    void makeCheckpoint(const RunStatus &run, int64_t step) const
    {
        char name[32];
        std::snprintf(name, sizeof(name), "step-%08lld", static_cast<long long>(step));
        const std::filesystem::path folder = std::filesystem::path(run.directory) / "checkpoints" / name;
        std::filesystem::create_directories(folder);
        QVERIFY(writeFileAtomically(folder / "manifest.json", "{}").ok());
    }
    std::string modelFolder(const std::string &name) const
    {
        const std::filesystem::path folder = m_host->home() / name;
        std::filesystem::create_directories(folder);
        return folder.string();
    }

    std::unique_ptr<HostFixture> m_host;
};

void TestHostModels::init() { m_host = std::make_unique<HostFixture>(); }

void TestHostModels::leavesTheDeviceToTheWorker()
{
    const WorkerCommand command = serveCommand("/runs/a@12", "/rt/s", 300, 3);
    const std::vector<std::string> expected = {"serve",
                                               "--model",
                                               "/runs/a@12",
                                               "--socket",
                                               "/rt/s",
                                               "--idle-seconds",
                                               formatSignificant(300, 6),
                                               "--threads",
                                               "3"};
    QCOMPARE(command.arguments, expected);
    QCOMPARE(command.threads, int64_t{3});
}

void TestHostModels::generatesWithANewestCheckpoint()
{
    m_host->start();
    const EngineClient client = m_host->client();
    const auto run = client.createRun(m_host->specJson(), "", false);
    VERIFY_OK(run);
    makeCheckpoint(*run, 10);
    makeCheckpoint(*run, 20);
    const Answer newest = ask(client, run->id);
    VERIFY_OK(newest.summary);
    QCOMPARE(newest.text, std::string("xyzxy"));
    QCOMPARE(newest.summary->generatedTokens, int64_t{5});
    QVERIFY2(newest.model.name.ends_with("@20"), newest.model.name.c_str());
    const Answer chosen = ask(client, run->id + "@10");
    VERIFY_OK(chosen.summary);
    QVERIFY(chosen.model.name.ends_with("@10"));
    // A newer checkpoint is used as soon as it is there.
    makeCheckpoint(*run, 30);
    QVERIFY(ask(client, run->name + "@latest").model.name.ends_with("@30"));
}

void TestHostModels::keepsTheWorkerForTheNextRequest()
{
    m_host->start();
    const EngineClient client = m_host->client();
    const std::string model = modelFolder("m1");
    const Answer first = ask(client, model);
    VERIFY_OK(first.summary);
    const Answer second = ask(client, model);
    QCOMPARE(second.model.note, first.model.note); // the pid
}

void TestHostModels::replacesTheLeastRecentlyUsed()
{
    m_host->start();
    const EngineClient client = m_host->client();
    const std::string one = ask(client, modelFolder("m1")).model.note;
    const std::string two = ask(client, modelFolder("m2")).model.note;
    QCOMPARE(ask(client, modelFolder("m1")).model.note, one);
    VERIFY_OK(ask(client, modelFolder("m3")).summary); // m2 goes
    QVERIFY(waitFor([&] { return ::kill(static_cast<pid_t>(std::stol(two)), 0) != 0; }));
    QCOMPARE(ask(client, modelFolder("m1")).model.note, one);
}

void TestHostModels::refusesAThirdWhileTwoGenerate()
{
    ::setenv("FAKE_TOKEN_MS", "5", 1);
    m_host->start();
    const EngineClient client = m_host->client();
    const CancelToken token;
    std::atomic<int> numAtWork{0};
    std::vector<std::thread> threads;
    for (const char *name : {"m1", "m2"})
        threads.emplace_back([&, model = modelFolder(name)] {
            GenerateRequest request;
            request.prompt = "x";
            request.sampling.maxTokens = 1'000'000;
            (void)client.generate(
                model, request,
                [&](const ModelInfo &) {
                    ++numAtWork;
                    return true;
                },
                {}, token);
        });
    const bool areAtWork = waitFor([&] { return numAtWork == 2; });
    const Answer third = ask(client, modelFolder("m3"));
    token.cancel();
    for (std::thread &thread : threads) thread.join();
    QVERIFY(areAtWork);
    QVERIFY(!third.summary.ok());
    QCOMPARE(third.summary.error().code, ErrorCode::Unavailable);
    QVERIFY(waitFor([&] { return ask(client, modelFolder("m3")).summary.ok(); }));
}

void TestHostModels::doesNotRetireWhileItGenerates()
{
    ::setenv("FAKE_TOKEN_MS", "5", 1);
    m_host->start();
    const EngineClient client = m_host->client();
    const CancelToken token;
    std::atomic<bool> isAtWork{false};
    std::thread thread([&, model = modelFolder("m1")] {
        GenerateRequest request;
        request.prompt = "x";
        request.sampling.maxTokens = 1'000'000;
        (void)client.generate(
            model, request,
            [&](const ModelInfo &) {
                isAtWork = true;
                return true;
            },
            {}, token);
    });
    const bool hasBegun = waitFor([&] { return isAtWork.load(); });
    const auto refused = client.retire();
    token.cancel();
    thread.join();
    QVERIFY(hasBegun);
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::Conflict);
    QVERIFY2(refused.error().message.find("a model is generating") != std::string::npos,
             refused.error().message.c_str());
    QVERIFY(!m_host->isDone());
    QVERIFY(waitFor([&] { return client.retire().ok(); }));
    QVERIFY(waitFor([&] { return m_host->isDone(); }));
}

void TestHostModels::startsAgainAfterAKill()
{
    m_host->start();
    const EngineClient client = m_host->client();
    const std::string model = modelFolder("m1");
    const Answer first = ask(client, model);
    VERIFY_OK(first.summary);
    QCOMPARE(::kill(static_cast<pid_t>(std::stol(first.model.note)), SIGKILL), 0);
    const Answer second = ask(client, model);
    VERIFY_OK(second.summary);
    QVERIFY(second.model.note != first.model.note);
}

/// Its socket is closed and its process is not gone: it must not be taken for one that answers.
void TestHostModels::startsAgainWhileTheOldOneEnds()
{
    ::setenv("FAKE_LINGER_MS", "1000", 1);
    m_host->start();
    const EngineClient client = m_host->client();
    const std::string model = modelFolder("m1");
    const auto endButLinger = [&](const Answer &answer) {
        ::kill(static_cast<pid_t>(std::stol(answer.model.note)), SIGTERM);
        return waitFor([&] {
            for (const auto &entry : std::filesystem::directory_iterator(m_host->home().parent_path()))
                if (entry.path().extension() == ".sock" &&
                    probeSocket(entry.path().string()) == SocketProbe::Listening)
                    return false;
            return true;
        });
    };
    const Answer first = ask(client, model);
    VERIFY_OK(first.summary);
    QVERIFY(endButLinger(first));
    const Answer second = ask(client, model);
    VERIFY_OK(second.summary);
    QVERIFY(second.model.note != first.model.note);
    QVERIFY(endButLinger(second));
    VERIFY_OK(client.embed(model, {"abc"}));
}

void TestHostModels::cancelsAtOnce()
{
    ::setenv("FAKE_TOKEN_MS", "2", 1);
    m_host->start();
    const EngineClient client = m_host->client();
    const std::string model = modelFolder("m1");
    GenerateRequest request;
    request.prompt = "x";
    request.sampling.maxTokens = 1'000'000;
    const auto stopped =
        client.generate(model, request, {}, [](const std::vector<GeneratedToken> &) { return false; });
    VERIFY_OK(stopped);
    QCOMPARE(stopped->reason, FinishReason::Cancelled);
    // The worker is free for the next one, so it let go of the first.
    VERIFY_OK(ask(client, model).summary);
}

void TestHostModels::passesOnWhatTheWorkerSays()
{
    m_host->start();
    const EngineClient client = m_host->client();
    const Answer failed = ask(client, modelFolder("missing-weights"));
    QVERIFY(!failed.summary.ok());
    QCOMPARE(failed.summary.error().code, ErrorCode::InvalidInput); // exit code 3 and the words
    QVERIFY(failed.summary.error().text().find("no such model") != std::string::npos);
    QCOMPARE(ask(client, "no-such-run").summary.error().code, ErrorCode::NotFound);
    QCOMPARE(ask(client, "").summary.error().code, ErrorCode::InvalidInput);
}

void TestHostModels::refusesARunWithoutCheckpoint()
{
    m_host->start();
    const EngineClient client = m_host->client();
    const auto run = client.createRun(m_host->specJson(), "", false);
    VERIFY_OK(run);
    const Answer refused = ask(client, run->id);
    QVERIFY(!refused.summary.ok());
    QCOMPARE(refused.summary.error().code, ErrorCode::NotFound);
    QVERIFY(refused.summary.error().message.find(run->id) != std::string::npos);
    QVERIFY(!refused.summary.error().hint.empty());
}

void TestHostModels::answersBatches()
{
    m_host->start();
    const EngineClient client = m_host->client();
    GenerateRequest good;
    good.prompt = "ab";
    good.sampling.maxTokens = 4;
    const auto results =
        client.batchGenerate({{modelFolder("m1"), good}, {"no-such-run", good}, {modelFolder("m2"), good}});
    VERIFY_OK(results);
    QCOMPARE(results->size(), size_t{3});
    QCOMPARE((*results)[0].text, std::string("abab"));
    QVERIFY((*results)[1].hasError);
    QCOMPARE((*results)[1].error.code, ErrorCode::NotFound);
    QCOMPARE((*results)[2].text, std::string("abab"));
}

void TestHostModels::passesHolesAndTextsOn()
{
    m_host->start();
    const EngineClient client = m_host->client();
    GenerateRequest hole;
    hole.prompt = "before";
    hole.infill = "after";
    hole.sampling.maxTokens = 5;
    const auto results = client.batchGenerate({{modelFolder("m1"), hole}});
    VERIFY_OK(results);
    QCOMPARE((*results)[0].text, std::string("after"));
    const auto embedded = client.embed(modelFolder("m1"), {"abc"});
    VERIFY_OK(embedded);
    QCOMPARE(embedded->embedding.size(), size_t{3});
    QCOMPARE(client.embed("no-such-run", {"abc"}).error().code, ErrorCode::NotFound);
    QCOMPARE(client.embed(modelFolder("m1"), {""}).error().code, ErrorCode::InvalidInput);
    const auto edited = client.editMemory(modelFolder("m1"), {MemoryVerb::Wipe, "chat#1:user", 0});
    VERIFY_OK(edited);
    QCOMPARE(edited->events.at(0).source, std::string("chat#1:user"));
    QCOMPARE(client.editMemory("no-such-run", {}).error().code, ErrorCode::NotFound);
    InspectRequest look;
    look.input.prompt = "abc";
    const auto seen = client.inspect(modelFolder("m1"), look);
    VERIFY_OK(seen);
    QCOMPARE(seen->tokens.at(0).bytes, std::string("abc"));
    QCOMPARE(client.inspect("no-such-run", look).error().code, ErrorCode::NotFound);
    const auto pieces = client.tokenize(modelFolder("m1"), "abc");
    VERIFY_OK(pieces);
    QCOMPARE(pieces->size(), size_t{2});
    QCOMPARE(client.tokenize("no-such-run", "abc").error().code, ErrorCode::NotFound);
    QCOMPARE(client.tokenize("no-such-run@live", "abc").error().code, ErrorCode::NotFound);
}

void TestHostModels::theMemoryOfARunningTrainingIsNotEdited()
{
    m_host->start();
    const EngineClient client = m_host->client();
    for (const MemoryVerb verb : {MemoryVerb::List, MemoryVerb::Pin, MemoryVerb::Forget, MemoryVerb::Load}) {
        const auto refused = client.editMemory("talker@live", {.verb = verb, .event = 3});
        QVERIFY2(!refused.ok() && refused.error().code == ErrorCode::InvalidInput,
                 refused.ok() ? "" : refused.error().text().c_str());
        QCOMPARE(refused.error().message,
                 std::string(
                     "Cannot edit the memory of \"talker@live\": while a run trains, its memory is that of "
                     "its current batch, expected the memory of a saved step."));
        QVERIFY(refused.error().hint.starts_with("Use talker@latest"));
    }
    // A folder that is called so is a model.
    VERIFY_OK(client.editMemory(modelFolder("m@live"), {}));
}

void TestHostModels::endsAnEmbeddingWhoseCallerLeft()
{
    ::setenv("FAKE_TOKEN_MS", "2", 1);
    m_host->start();
    const EngineClient client = m_host->client();
    const std::string model = modelFolder("m1");
    const CancelToken token;
    std::thread canceller([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        token.cancel();
    });
    const auto ended = client.embed(model, {std::string(1'000'000, 'x')}, token);
    canceller.join();
    QCOMPARE(ended.error().code, ErrorCode::Cancelled);
    // The worker is free for the next one, so it let go of the first.
    VERIFY_OK(ask(client, model).summary);
}

void TestHostModels::endsItsWorkersWhenItStops()
{
    m_host->start();
    const Answer answer = ask(m_host->client(), modelFolder("m1"));
    VERIFY_OK(answer.summary);
    m_host->stop();
    QVERIFY(::kill(static_cast<pid_t>(std::stol(answer.model.note)), 0) != 0);
    for (const auto &entry : std::filesystem::directory_iterator(m_host->home().parent_path()))
        QVERIFY2(!entry.path().filename().string().starts_with("model-"), entry.path().c_str());
}

QTEST_GUILESS_MAIN(TestHostModels)
#include "tst_host_models.moc"
