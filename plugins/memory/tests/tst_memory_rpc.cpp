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

#include <thread>

using namespace orrery;

namespace {

TextGenerator rememberingModel()
{
    RunSpec spec = test::tinySpec();
    spec.model.context = 64;
    spec.model.window = 4;
    nn::attentionSourceRegistry().add("episodic", [](nn::BuildContext &build) {
        memory::EpisodicSettings settings;
        settings.store = {.capacity = 100, .surpriseGamma = 1, .blockMin = 2, .blockMax = 8};
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

private:
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

        // What the panel asks for to have a text read: two tokens, so that a pass comes behind the text's.
        GenerateRequest plain{.prompt = "a text that is longer than the window",
                              .sampling = {.maxTokens = 2, .temperature = 0, .numAlternatives = 0}};
        VERIFY_OK(client->generate("any", plain, {}, {}));
        const auto read = client->editMemory("any", {});
        VERIFY_OK(read);
        QVERIFY(read->status.numUsed > 0);
        QVERIFY(!read->events.empty() && read->events.front().text.starts_with("a text"));
    }
};

QTEST_GUILESS_MAIN(TestMemoryRpc)
#include "tst_memory_rpc.moc"
