// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/client.h"
#include "core/rpc/unix_server.h"
#include "core/rpc/worker_server.h"

#include "tests/rpc/fakes.h"

#include <QTemporaryDir>
#include <QTest>

using namespace orrery;
using orrery::test::waitFor;

class TestModelServer : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void streamsModelTokensAndSummary();
    void tellsOfItsMemoryWithTheFirstToken();
    void batchesTokens();
    void passesTypedErrorsOn();
    void carriesTheTextBehindAHole();
    void carriesPictures();
    void refusesWhatIsTooLargeToSend();
    void embedsTexts();
    void editsTheMemory();
    void showsTokens();
    void showsTokensWhileItGenerates();
    void looksInside();
    void tellsHowFarALookIs();
    void givesALookUp();
    void cancelsAnEmbedding();
    void stopsAtTheNextTokenWhenCancelled_data();
    void stopsAtTheNextTokenWhenCancelled();
    void freesTheGeneratorOfADeadClient();
    void queuesRequests();
    void keepsBatchErrorsApart();
    void endsWhenIdle();
    void failsOpenRequestsWhenStopped();
    void endsAnEmbeddingWhenStopped();

private:
    void begin(double idleSeconds = 3600);
    GenerateRequest request(int64_t maxTokens, const std::string &prompt = "ab\xff") const
    {
        GenerateRequest r;
        r.prompt = prompt;
        r.sampling.maxTokens = maxTokens;
        return r;
    }
    EngineClient connected() const
    {
        auto client = test::connectTo(m_socket);
        if (!client.ok()) qFatal("%s", client.error().text().c_str());
        return std::move(client).value();
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::string m_socket;
    std::unique_ptr<test::FakeGenerator> m_generator;
    std::unique_ptr<ModelServer> m_server;
    std::atomic<bool> m_stop{false};
    std::atomic<bool> m_isDone{false};
    std::thread m_thread;
};

void TestModelServer::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_socket = m_folder->filePath(QStringLiteral("m")).toStdString();
    m_generator = std::make_unique<test::FakeGenerator>();
    m_stop = false;
    m_isDone = false;
    auto server = ModelServer::start(m_socket, *m_generator);
    QVERIFY2(server.ok(), server.ok() ? "" : server.error().text().c_str());
    m_server = std::move(server).value();
}

void TestModelServer::begin(double idleSeconds)
{
    m_thread = std::thread([this, idleSeconds] {
        (void)m_server->run(idleSeconds, [this] { return m_stop.load(); });
        m_isDone = true;
    });
}

void TestModelServer::cleanup()
{
    m_stop = true;
    if (m_thread.joinable()) m_thread.join();
    m_server.reset();
}

void TestModelServer::streamsModelTokensAndSummary()
{
    begin();
    const EngineClient client = connected();
    std::string text;
    ModelInfo model;
    int numModels = 0;
    const auto summary = client.generate(
        "any", request(7),
        [&](const ModelInfo &info) {
            ++numModels;
            model = info;
            return text.empty();
        },
        [&](const std::vector<GeneratedToken> &tokens) {
            for (const GeneratedToken &token : tokens) text += token.bytes;
            return true;
        });
    QVERIFY2(summary.ok(), summary.ok() ? "" : summary.error().text().c_str());
    QCOMPARE(numModels, 1);
    QCOMPARE(model.name, std::string("fake@7"));
    QCOMPARE(model.note, std::string("a note"));
    QCOMPARE(text, std::string("ab\xff"
                               "ab\xff"
                               "a"));
    QCOMPARE(summary->generatedTokens, int64_t{7});
    QCOMPARE(summary->reason, FinishReason::MaxTokens);
    QVERIFY(client.generate("any", request(3), {}, {}).ok());
}

/// A memory of its own is opened for the first text, behind what is said of the model first.
void TestModelServer::tellsOfItsMemoryWithTheFirstToken()
{
    begin();
    const EngineClient client = connected();
    std::vector<std::string> told;
    GenerateRequest asked = request(3);
    asked.prompt = "with its memory";
    const auto onModel = [&](const ModelInfo &info) {
        told.push_back(info.note);
        return true;
    };
    const auto onTokens = [&](const std::vector<GeneratedToken> &) {
        told.push_back("tokens");
        return true;
    };
    QVERIFY(client.generate("any", asked, onModel, onTokens).ok());
    // Where the first token is quick, both come as one.
    const auto tokens = std::find(told.begin(), told.end(), "tokens");
    QVERIFY(tokens != told.begin() && tokens != told.end());
    QCOMPARE(*std::prev(tokens), std::string("a note Its own is of another run."));
    told.clear();
    QVERIFY(client.generate("any", asked, onModel, {}).ok());
    QCOMPARE(told, std::vector<std::string>{"a note Its own is of another run."});
}

void TestModelServer::batchesTokens()
{
    begin();
    const EngineClient client = connected();
    size_t numBatches = 0;
    size_t numTokens = 0;
    const auto summary =
        client.generate("any", request(20'000), {}, [&](const std::vector<GeneratedToken> &tokens) {
            ++numBatches;
            numTokens += tokens.size();
            return true;
        });
    QVERIFY(summary.ok());
    QCOMPARE(numTokens, size_t{20'000});
    QVERIFY(numBatches < 2000);
}

void TestModelServer::passesTypedErrorsOn()
{
    begin();
    const EngineClient client = connected();
    const auto refused = client.generate("any", request(5, ""), {}, {});
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::InvalidInput);
    QCOMPARE(refused.error().hint, std::string("Write a prompt."));
}

void TestModelServer::carriesTheTextBehindAHole()
{
    begin();
    const EngineClient client = connected();
    GenerateRequest hole = request(3, "before");
    hole.infill = "xy\xff";
    std::string text;
    const auto summary = client.generate("any", hole, {}, [&](const std::vector<GeneratedToken> &tokens) {
        for (const GeneratedToken &token : tokens) text += token.bytes;
        return true;
    });
    QVERIFY(summary.ok());
    QCOMPARE(text, std::string("xy\xff"));
}

void TestModelServer::carriesPictures()
{
    begin();
    const EngineClient client = connected();
    GenerateRequest asked = request(3, "before");
    asked.media = {{std::string("\x89PNG\0\xff", 6), "a.png", 2}};
    QVERIFY(client.generate("any", asked, {}, {}).ok());
    const auto results = client.batchGenerate({{"a", asked}, {"b", request(1)}});
    QVERIFY(results.ok());
    const auto seen = m_generator->media();
    QCOMPARE(seen.size(), size_t{2});
    for (const PromptMedia &media : seen) {
        QCOMPARE(media.bytes, asked.media[0].bytes);
        QCOMPARE(media.name, std::string("a.png"));
        QCOMPARE(media.place, int64_t{2});
    }
}

void TestModelServer::refusesWhatIsTooLargeToSend()
{
    begin();
    const EngineClient client = connected();
    GenerateRequest asked = request(3, "before");
    asked.media = {{std::string(17 << 20, 'x'), "a.png", 0}};
    const auto refused = client.generate("any", asked, {}, {});
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::InvalidInput);
    QVERIFY2(refused.error().message.find("expected at most 16777216") != std::string::npos,
             refused.error().message.c_str());
    QCOMPARE(client.batchGenerate({{"any", asked}}).error().code, ErrorCode::InvalidInput);
    // What fits goes through.
    asked.media[0].bytes.resize(15 << 20);
    QVERIFY(client.generate("any", asked, {}, {}).ok());
}

void TestModelServer::embedsTexts()
{
    begin();
    const EngineClient client = connected();
    const auto summary = client.embed("any", {"\x04\xff"});
    QVERIFY2(summary.ok(), summary.ok() ? "" : summary.error().text().c_str());
    QCOMPARE(summary->embedding, (std::vector<float>{1, 63.75f}));
    QCOMPARE(summary->tokens, int64_t{2});
    QCOMPARE(summary->mask, std::string("causal"));
    QCOMPARE(summary->model, std::string("fake@7"));
    const auto refused = client.embed("any", {""});
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::InvalidInput);
    QCOMPARE(refused.error().hint, std::string("Write a text."));
}

void TestModelServer::editsTheMemory()
{
    begin();
    const EngineClient client = connected();
    const auto pinned = client.editMemory("any", {MemoryVerb::Pin, {}, 17});
    QVERIFY2(pinned.ok(), pinned.ok() ? "" : pinned.error().text().c_str());
    QCOMPARE(pinned->status.capacity, static_cast<int64_t>(MemoryVerb::Pin));
    QCOMPARE(pinned->events.at(0).id, int64_t{17});
    QCOMPARE(pinned->events.at(0).text, std::string("\xff"));
    QCOMPARE(pinned->note, std::string()); // that of the model is no news of its memory
    const auto noteOf = [&client](const MemoryEdit &edit) {
        const auto answer = client.editMemory("any", edit);
        return answer.ok() ? answer->note : answer.error().text();
    };
    QCOMPARE(noteOf({.verb = MemoryVerb::Load, .path = "/m"}), std::string("/m is of another run."));
    QCOMPARE(noteOf({}), std::string("/m is of another run."));
    QCOMPARE(noteOf({.file = "/other"}), std::string()); // that is not what texts begin with
    QCOMPARE(noteOf({.verb = MemoryVerb::Load}), std::string());
    const auto refused = client.editMemory("any", {MemoryVerb::Unknown, {}, 0});
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::InvalidInput);
    QCOMPARE(refused.error().hint, std::string("Say it."));
}

void TestModelServer::showsTokens()
{
    begin();
    const EngineClient client = connected();
    const auto pieces = client.tokenize("any", "ab\xff");
    QVERIFY2(pieces.ok(), pieces.ok() ? "" : pieces.error().text().c_str());
    QCOMPARE(pieces->size(), size_t{2});
    QCOMPARE(pieces->at(0).id, int32_t{'a'});
    QCOMPARE(pieces->at(0).bytes, std::string("ab"));
    QCOMPARE(pieces->at(1).bytes, std::string("\xff"));
    QVERIFY(client.tokenize("any", "")->empty());
    QCOMPARE(client.tokenize("any", "explodes").error().hint, std::string("Take another."));
    const auto tooLong = client.tokenize("any", std::string((1 << 20) + 1, 'x'));
    QVERIFY(!tooLong.ok());
    QCOMPARE(tooLong.error().code, ErrorCode::InvalidInput);
    QVERIFY2(tooLong.error().message.find("the text has 1048577 bytes, expected at most 1048576") !=
                 std::string::npos,
             tooLong.error().message.c_str());
    QCOMPARE(client.tokenize("any", std::string(1 << 20, 'x'))->size(), size_t{1} << 19);
    QCOMPARE(client.tokenize("any", std::string(17 << 20, 'x')).error().code, ErrorCode::InvalidInput);
}

void TestModelServer::showsTokensWhileItGenerates()
{
    m_generator->tokenMs = 2;
    begin();
    const EngineClient client = connected();
    const CancelToken token;
    std::thread caller([&] { (void)client.generate("any", request(1'000'000), {}, {}, token); });
    const bool isGenerating = waitFor([&] { return m_generator->numGenerating > 0; });
    const auto pieces = client.tokenize("any", "abc");
    const bool isStillGenerating = m_generator->numGenerating > 0;
    token.cancel();
    caller.join();
    QVERIFY(isGenerating && isStillGenerating);
    QVERIFY(pieces.ok());
    QCOMPARE(pieces->size(), size_t{2});
}

void TestModelServer::looksInside()
{
    begin();
    const EngineClient client = connected();
    InspectRequest request;
    request.input.prompt = "\x04text";
    request.heads = {{0, 0}, {2, 1}};
    request.token = 3;
    const auto report = client.inspect("any", request);
    QVERIFY2(report.ok(), report.ok() ? "" : report.error().text().c_str());
    QCOMPARE(report->tokens.at(0).bytes, request.input.prompt);
    QCOMPARE(report->maps.size(), size_t{2});
    QVERIFY((report->maps.at(1).head == HeadRef{2, 1}));
    QCOMPARE(report->token, int64_t{3});
    request.input.prompt.clear();
    QCOMPARE(client.inspect("any", request).error().hint, std::string("Write one."));
}

/// Whoever does not listen is sent nothing but the answer, as before there was anything to tell.
void TestModelServer::tellsHowFarALookIs()
{
    begin();
    const EngineClient client = connected();
    InspectRequest request;
    request.input.prompt = "layers";
    request.wantsOverview = false; // of maps it would be told how many have come
    std::vector<InspectAmount> told;
    const auto report = client.inspect("any", request, {}, [&](const InspectAmount &amount) { told.push_back(amount); });
    QVERIFY2(report.ok(), report.ok() ? "" : report.error().text().c_str());
    QCOMPARE(report->tokens.at(0).bytes, request.input.prompt);
    QVERIFY(told.size() >= 2); // a slow machine may skip one
    QVERIFY(std::is_sorted(told.begin(), told.end(), [](const InspectAmount &a, const InspectAmount &b) {
        return a.reading.layer < b.reading.layer;
    }));
    for (const InspectAmount &amount : told) QVERIFY(amount.reading.layers == 3 && amount.numWanted == 0);
    const auto quiet = client.inspect("any", request);
    QVERIFY(quiet.ok());
    QCOMPARE(quiet->tokens.at(0).bytes, request.input.prompt);
}

void TestModelServer::givesALookUp()
{
    begin();
    const EngineClient client = connected();
    InspectRequest request;
    request.input.prompt = "never";
    const CancelToken token;
    std::thread canceller([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        token.cancel();
    });
    const auto ended = client.inspect("any", request, token);
    canceller.join();
    QCOMPARE(ended.error().code, ErrorCode::Cancelled);
    request.input.prompt = "next"; // the server is free again
    QVERIFY(client.inspect("any", request).ok());
}

void TestModelServer::cancelsAnEmbedding()
{
    m_generator->tokenMs = 2;
    begin();
    const EngineClient client = connected();
    const CancelToken token;
    std::thread canceller([&] {
        waitFor([&] { return m_generator->numTokens > 0; });
        token.cancel();
    });
    const auto ended = client.embed("any", {std::string(1'000'000, 'x')}, token);
    canceller.join();
    QVERIFY(!ended.ok());
    QCOMPARE(ended.error().code, ErrorCode::Cancelled);
    QVERIFY(waitFor([&] { return m_generator->numCancelled == 1; }));
}

void TestModelServer::stopsAtTheNextTokenWhenCancelled_data()
{
    QTest::addColumn<int>("how");
    QTest::newRow("callback") << 0;
    QTest::newRow("token") << 1;
    QTest::newRow("cancelAll") << 2;
}

void TestModelServer::stopsAtTheNextTokenWhenCancelled()
{
    QFETCH(int, how);
    m_generator->tokenMs = 2;
    begin();
    const EngineClient client = connected();
    const CancelToken token;
    std::atomic<bool> hasTokens{false};
    std::thread canceller([&] {
        waitFor([&] { return hasTokens.load(); });
        if (how == 1) token.cancel();
        if (how == 2) client.cancelAll();
    });
    const auto summary = client.generate(
        "any", request(1'000'000), {},
        [&](const std::vector<GeneratedToken> &) {
            hasTokens = true;
            return how != 0;
        },
        token);
    canceller.join();
    if (how == 0)
        QCOMPARE(summary->reason, FinishReason::Cancelled);
    else
        QCOMPARE(summary.error().code, ErrorCode::Cancelled);
    QVERIFY(waitFor([&] { return m_generator->numCancelled == 1; }));
    QVERIFY(m_generator->numTokens < 1'000'000);
}

void TestModelServer::freesTheGeneratorOfADeadClient()
{
    m_generator->tokenMs = 2;
    begin();
    {
        auto client = std::make_unique<EngineClient>(connected());
        const auto summary = client->generate("any", request(1'000'000), {},
                                              [](const std::vector<GeneratedToken> &) { return false; });
        QVERIFY(summary.ok());
    }
    m_generator->tokenMs = 0;
    const EngineClient next = connected();
    QVERIFY(next.generate("any", request(3), {}, {}).ok());
}

void TestModelServer::queuesRequests()
{
    m_generator->tokenMs = 1;
    begin();
    std::vector<std::thread> threads;
    std::atomic<int> numFine{0};
    for (int i = 0; i < 6; ++i)
        threads.emplace_back([&] {
            const EngineClient client = connected();
            if (client.generate("any", request(20), {}, {}).ok()) ++numFine;
        });
    for (std::thread &thread : threads) thread.join();
    QCOMPARE(numFine.load(), 6);
    QCOMPARE(m_generator->mostGenerating.load(), 1);
}

void TestModelServer::keepsBatchErrorsApart()
{
    begin();
    const EngineClient client = connected();
    const auto results = client.batchGenerate({{"a", request(3)}, {"b", request(3, "")}, {"c", request(2)}});
    QVERIFY2(results.ok(), results.ok() ? "" : results.error().text().c_str());
    QCOMPARE(results->size(), size_t{3});
    QCOMPARE((*results)[0].text, std::string("ab\xff"));
    QVERIFY(!(*results)[0].hasError);
    QVERIFY((*results)[1].hasError);
    QCOMPARE((*results)[1].error.code, ErrorCode::InvalidInput);
    QCOMPARE((*results)[2].text, std::string("ab"));
    QCOMPARE((*results)[2].summary.generatedTokens, int64_t{2});
}

void TestModelServer::endsWhenIdle()
{
    begin(0.2);
    QVERIFY(waitFor([&] { return m_isDone.load(); }));
    const EngineClient client = connected();
    const auto refused = client.generate("any", request(3), {}, {});
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::Unavailable);
}

void TestModelServer::failsOpenRequestsWhenStopped()
{
    m_generator->tokenMs = 2;
    begin();
    const EngineClient client = connected();
    std::atomic<bool> hasTokens{false};
    std::thread stopper([&] {
        waitFor([&] { return hasTokens.load(); });
        m_stop = true;
    });
    const auto ended =
        client.generate("any", request(1'000'000), {}, [&](const std::vector<GeneratedToken> &) {
            hasTokens = true;
            return true;
        });
    stopper.join();
    QVERIFY(!ended.ok());
    QCOMPARE(ended.error().code, ErrorCode::Unavailable);
}

void TestModelServer::endsAnEmbeddingWhenStopped()
{
    m_generator->tokenMs = 2;
    begin();
    const EngineClient client = connected();
    std::thread stopper([&] {
        waitFor([&] { return m_generator->numTokens > 0; });
        m_stop = true;
    });
    // It would go on for half an hour.
    const auto ended = client.embed("any", {std::string(1'000'000, 'x')});
    stopper.join();
    QVERIFY(!ended.ok());
    QCOMPARE(ended.error().code, ErrorCode::Unavailable);
    QCOMPARE(m_generator->numCancelled, 1);
}

QTEST_GUILESS_MAIN(TestModelServer)
#include "tst_model_server.moc"
