// SPDX-License-Identifier: Apache-2.0
// A conversation over the wire with a model that remembers: what a client sees of its memory, and may do.
#include "core/infer/text_generator.h"
#include "core/nn/extension_points.h"
#include "core/rpc/client.h"
#include "core/rpc/worker_server.h"
#include "plugins/memory/engine/episodic_memory.h"
#include "tests/base/check_result.h"
#include "tests/infer/tiny_run.h"

#include <QTemporaryDir>

#include <array>
#include <thread>

using namespace orrery;

namespace {

constexpr int64_t kWindow = 4;

TextGenerator rememberingModel(int64_t capacity = 100)
{
    RunSpec spec = test::tinySpec();
    spec.model.context = 64;
    spec.model.window = kWindow;
    nn::attentionSourceRegistry().add("episodic", [capacity](nn::BuildContext &build) {
        memory::EpisodicSettings settings;
        settings.store = {.capacity = capacity, .surpriseGamma = 1, .blockMin = 2, .blockMax = 8};
        return memory::makeEpisodicMemory(build, settings);
    });
    LoadedModel loaded;
    loaded.model = test::tinyModel(spec, 7);
    nn::attentionSourceRegistry().remove("episodic");
    loaded.tokenizer = std::move(Tokenizer::create(spec.data)).value();
    loaded.data = spec.data;
    loaded.objective = spec.objective;
    loaded.info.name = "talker";
    loaded.info.step = 7;
    return TextGenerator(std::move(loaded));
}

} // namespace

class TestMemoryRpc : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aClientForgetsATurn()
    {
        QTemporaryDir folder;
        const std::string socket = folder.filePath("m").toStdString();
        TextGenerator generator = rememberingModel();
        auto server = ModelServer::start(socket, generator);
        VERIFY_OK(server);
        std::atomic<bool> isEnding{false};
        std::thread model([&] { (void)(*server)->run(3600, [&] { return isEnding.load(); }); });
        talk(socket);
        isEnding = true;
        model.join();
    }

    void editsWhileItIsWrittenLoseNothing()
    {
        QTemporaryDir folder;
        const std::string socket = folder.filePath("m").toStdString();
        TextGenerator alone = rememberingModel(1000), generator = rememberingModel(1000);
        const GenerateRequest request = longAnswer();
        std::vector<int32_t> expected;
        VERIFY_OK(alone.generate(
            request,
            [&](const GeneratedToken &token) {
                expected.push_back(token.id);
                return true;
            },
            std::atomic<bool>{false}));
        QVERIFY(expected.size() > 64); // more than a context, whatever ended it

        auto server = ModelServer::start(socket, generator);
        VERIFY_OK(server);
        std::atomic<bool> isEnding{false};
        std::thread model([&] { (void)(*server)->run(3600, [&] { return isEnding.load(); }); });
        editWhileItIsWritten(socket, request, expected);
        isEnding = true;
        model.join();
    }

private:
    static GenerateRequest longAnswer()
    {
        return {.prompt = "what is written here stays",
                .sampling = {.maxTokens = 150, .temperature = 1, .numAlternatives = 0},
                .source = "long"};
    }

    struct Edits {
        int64_t numDone = 0, numFreed = 0;
        std::string problem; ///< other than that there was nothing of the kind
    };
    static Edits editUntil(const std::string &socket, const std::atomic<bool> &isWritten, int64_t seed)
    {
        Edits edits;
        const auto client = EngineClient::connect(socket, std::chrono::minutes(1));
        if (!client) return {.problem = client.error().text()};
        // Once more behind the end: these meet a memory that is certainly there.
        for (int64_t round = seed, left = 6; left > 0; ++round) {
            left -= isWritten ? 1 : 0;
            MemoryEdit edit{.event = 1 + round % 7};
            edit.verb = std::array{MemoryVerb::List, MemoryVerb::Scale, MemoryVerb::Pin,
                                   MemoryVerb::Forget}[static_cast<size_t>(round % 4)];
            edit.factor = 0.5;
            const auto report = client->editMemory("any", edit);
            if (report.ok()) {
                ++edits.numDone;
                edits.numFreed += report->numFreed;
            } else if (report.error().code != ErrorCode::NotFound) {
                edits.problem = report.error().text();
            }
        }
        return edits;
    }

    /// A generation of one client and edits of two others: whichever comes first is done as a whole.
    static void editWhileItIsWritten(const std::string &socket, const GenerateRequest &request,
                                     const std::vector<int32_t> &expected)
    {
        const auto client = EngineClient::connect(socket, std::chrono::minutes(1));
        VERIFY_OK(client);
        std::atomic<bool> isWritten{false};
        std::array<Edits, 2> edits;
        std::array<std::thread, 2> editors;
        std::vector<int32_t> found;
        const auto summary =
            client->generate("any", request, {}, [&](const std::vector<GeneratedToken> &tokens) {
                if (found.empty())
                    for (size_t i = 0; i < 2; ++i)
                        editors[i] =
                            std::thread([&, i] { edits[i] = editUntil(socket, isWritten, int64_t(i)); });
                for (const GeneratedToken &token : tokens) found.push_back(token.id);
                return true;
            });
        isWritten = true;
        for (std::thread &editor : editors)
            if (editor.joinable()) editor.join();
        VERIFY_OK(summary);
        QVERIFY(found == expected); // no edit has come between two of its tokens
        int64_t numFreed = 0;
        for (const Edits &one : edits) {
            QCOMPARE(qtext(one.problem), QString());
            QVERIFY(one.numDone > 0);
            numFreed += one.numFreed;
        }
        QVERIFY(numFreed > 0); // some were about what was written
        const auto listed = client->editMemory("any", {});
        VERIFY_OK(listed);
        // Every token of the text that has left the window is stored, but for those that were forgotten.
        const auto numRead = static_cast<int64_t>(request.prompt.size() + expected.size());
        QCOMPARE(listed->status.numUsed + numFreed, numRead - kWindow);
        int64_t numSlots = 0;
        for (const MemoryEvent &event : listed->events) numSlots += event.numSlots;
        QCOMPARE(numSlots, listed->status.numUsed);
    }

    static void talk(const std::string &socket)
    {
        const auto client = EngineClient::connect(socket, std::chrono::minutes(1));
        VERIFY_OK(client);
        GenerateRequest request{.prompt = "",
                                .sampling = {.maxTokens = 5, .temperature = 0, .numAlternatives = 0},
                                .messages = {{"system", "be brief", {}}, {"user", "the secret is 42", {}}},
                                .source = "chat"};
        VERIFY_OK(client->generate("any", request, {}, {}));
        const auto listed = client->editMemory("any", {});
        VERIFY_OK(listed);
        std::string system, user;
        for (const MemoryEvent &event : listed->events) {
            QCOMPARE(event.step, int64_t(7));
            if (event.source == "chat#0:system") system += event.text;
            if (event.source == "chat#1:user") user += event.text;
        }
        QCOMPARE(qtext(system), QString("<|system|>be brief<|end_of_turn|>"));
        QCOMPARE(qtext(user), QString("<|user|>the secret is 42<|end_of_turn|>"));

        const auto wiped = client->editMemory("any", {MemoryVerb::Wipe, "chat#1:user", 0});
        VERIFY_OK(wiped);
        QCOMPARE(wiped->numFreed, int64_t(18));
        for (const MemoryEvent &event : wiped->events) QVERIFY(event.source != "chat#1:user");
        QCOMPARE(wiped->status.numUsed, listed->status.numUsed - 18);
        VERIFY_ERROR(client->editMemory("any", {MemoryVerb::Pin, {}, 99}), ErrorCode::NotFound,
                     "Cannot pin event 99");
        VERIFY_OK(client->editMemory("any", {MemoryVerb::Pin, {}, wiped->events.front().id}));
        const auto pinned = client->editMemory("any", {});
        VERIFY_OK(pinned);
        QVERIFY(pinned->events.front().isPinned);

        // To have a text read one token is enough: whoever looks at the memory has that one read, too, so
        // that what has left the window is stored.
        GenerateRequest plain{.prompt = "a text that is longer than the window",
                              .sampling = {.maxTokens = 1, .temperature = 0, .numAlternatives = 0}};
        VERIFY_OK(client->generate("any", plain, {}, {}));
        const auto read = client->editMemory("any", {});
        VERIFY_OK(read);
        QCOMPARE(read->status.numUsed, static_cast<int64_t>(plain.prompt.size()) + 1 - kWindow);
        QVERIFY(!read->events.empty() && read->events.front().text.starts_with("a text"));
    }
};

QTEST_GUILESS_MAIN(TestMemoryRpc)
#include "tst_memory_rpc.moc"
