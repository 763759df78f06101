// SPDX-License-Identifier: Apache-2.0
// The memory where people meet it: conversations and prompts. What each slot knows of its origin, wiping,
// files, and what must not depend on any of it.
#include "memory_models.h"
#include "plugins/memory/engine/episodic_file.h"
#include "tests/base/check_result.h"
#include "tests/infer/media_model.h"

#include <QTemporaryDir>

#include <torch/types.h>

#include <fstream>
#include <map>
#include <set>

using namespace orrery;
using namespace orrery::memory;

namespace {

/// What is remembered of each source, in the order of the text.
std::map<std::string, std::string> textsOf(TextGenerator &generator)
{
    const auto report = generator.editMemory({});
    if (!report.ok()) qFatal("%s", report.error().text().c_str());
    std::map<std::string, std::string> texts;
    for (const MemoryEvent &event : report->events) texts[event.source] += event.text;
    return texts;
}

int64_t numUsed(TextGenerator &generator)
{
    const auto report = generator.editMemory({});
    return report.ok() ? report->status.numUsed : -1;
}

} // namespace

class TestMemoryConversation : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    [[nodiscard]] std::filesystem::path file(const char *name) const
    {
        return m_folder.filePath(name).toStdString();
    }

private Q_SLOTS:
    void slotsKnowTheirTurn();
    void forgetsATurn();
    void aPromptAndItsAnswer();
    void slotsKnowWhoReadThemLast();
    void aWipedReaderIsForgotten();
    void picturesAreKnownAsPictures();
    void anotherConversationIsAnother();
    void aFileGoesOnInAnotherProcess();
    void aSavedAnswerAboutAPictureIsWhole_data();
    void aSavedAnswerAboutAPictureIsWhole();
    void whatIsReadAgainIsNotThereTwice();
    void unnamedTextsDoNotReplaceOthers();
    void theModelsOwnMemoryIsUsed();
    void aWipeReachesWhatTextsBeginWith();
    void evaluationReadsNoMemory();
    void refusesTokensOfAnotherModel();
    void saysThatAnotherTrainingWroteIt();
    void saysWhatIsNotThere();
    void offGeneratesAsThePlainModel_data();
    void offGeneratesAsThePlainModel();
};

void TestMemoryConversation::slotsKnowTheirTurn()
{
    TextGenerator generator(memoryModel());
    const Answer first = ask(generator, turns({{"system", "be brief"}, {"user", "hello you"}}));
    const Answer second = ask(generator, turns({{"system", "be brief"},
                                                {"user", "hello you"},
                                                {"assistant", first.text},
                                                {"user", "and what then, please?"}}));
    const auto texts = textsOf(generator);
    QCOMPARE(qtext(texts.at("chat.json#0:system")), QString("<|system|>be brief<|end_of_turn|>"));
    QCOMPARE(qtext(texts.at("chat.json#1:user")), QString("<|user|>hello you<|end_of_turn|>"));
    QCOMPARE(qtext(texts.at("chat.json#2:assistant")),
             qtext("<|assistant|>" + first.text + "<|end_of_turn|>"));
    QCOMPARE(qtext(texts.at("chat.json#3:user")), QString("<|user|>and what then, please?<|end_of_turn|>"));
    // The window still has the end of the answer.
    for (const auto &[source, text] : texts)
        QVERIFY2(source.starts_with("chat.json#") && source < "chat.json#5", source.c_str());
    const auto report = generator.editMemory({});
    VERIFY_OK(report);
    int64_t next = 0;
    for (const MemoryEvent &event : report->events) {
        QCOMPARE(event.step, int64_t(42));
        QCOMPARE(event.firstToken, next);
        next = event.lastToken + 1;
    }
}

void TestMemoryConversation::forgetsATurn()
{
    TextGenerator generator(memoryModel());
    const Answer first = ask(generator, turns({{"system", "be brief"}, {"user", "the secret is 42"}}));
    const auto wiped = generator.editMemory({MemoryVerb::Wipe, "chat.json#1:user", 0});
    VERIFY_OK(wiped);
    // All of the turn had left the window.
    QCOMPARE(wiped->numFreed, int64_t(2 + 16));
    auto texts = textsOf(generator);
    QVERIFY(!texts.contains("chat.json#1:user"));
    QVERIFY(texts.contains("chat.json#0:system"));
    // The conversation goes on, and the wiped turn does not come back with it.
    const Answer next = ask(generator, turns({{"system", "be brief"},
                                              {"user", "the secret is 42"},
                                              {"assistant", first.text},
                                              {"user", "what was it, tell me"}}));
    QVERIFY(!next.text.empty());
    texts = textsOf(generator);
    QVERIFY(!texts.contains("chat.json#1:user"));
    QVERIFY(texts.contains("chat.json#3:user"));
    const auto whole = generator.editMemory({MemoryVerb::Wipe, "chat.json", 0});
    VERIFY_OK(whole);
    QVERIFY(whole->numFreed > 0 && whole->events.empty());
    QCOMPARE(whole->status.numUsed, int64_t(0));
}

void TestMemoryConversation::aPromptAndItsAnswer()
{
    TextGenerator generator(memoryModel());
    (void)ask(generator, prompt("a rather long prompt", "notes.txt"));
    const auto texts = textsOf(generator);
    QCOMPARE(qtext(texts.at("notes.txt#text")), QString("a rather long prompt"));
    QVERIFY(texts.contains("notes.txt#answer"));
    QCOMPARE(texts.size(), size_t(2));
}

void TestMemoryConversation::slotsKnowWhoReadThemLast()
{
    TextGenerator generator(memoryModel());
    const std::string given = "a rather long prompt, longer than a few windows, so that much of it is read";
    const std::string text = given + ask(generator, prompt(given, "notes.txt")).text;
    // A byte is a token: what stands at a place is known.
    const auto check = [&](const MemoryReport &report, int64_t numBehind, int64_t &numThere) {
        numThere = 0;
        for (const MemoryEvent &event : report.events) {
            if (!isOfSource(event.source, "notes.txt")) continue;
            QCOMPARE(event.reads.size(), event.tokenIds.size());
            for (const SlotRead &read : event.reads) {
                if (!read.isThere()) {
                    QCOMPARE(read.age, SlotRead::kNever);
                    continue;
                }
                if (read.source.substr(0, 5) != "notes") continue;
                ++numThere;
                const auto place = static_cast<size_t>(read.place);
                QVERIFY(place < text.size() && read.place >= event.firstToken + kWindow);
                QCOMPARE(read.text, text.substr(place, 1));
                QCOMPARE(read.age, std::ssize(text) - 1 - read.place + numBehind);
                QCOMPARE(read.source, place < given.size() ? "notes.txt#text" : "notes.txt#answer");
                QVERIFY(read.weight > 0 && read.weight <= 1 && read.head >= 0 && read.layer == 1);
            }
        }
    };
    const auto report = generator.editMemory({});
    VERIFY_OK(report);
    int64_t numThere = 0, numLoaded = 0, numLater = 0;
    check(*report, 0, numThere);
    QVERIFY(numThere > 10);
    // The last token reads something, wherever the answer ended.
    int64_t newest = 1000;
    for (const MemoryEvent &event : report->events)
        if (const SlotRead last = lastReadOf(event); last.isThere()) newest = std::min(newest, last.age);
    QCOMPARE(newest, int64_t(0));
    // It is in the file, and the clock goes on in another text.
    VERIFY_OK(generator.saveMemory(file("read")));
    TextGenerator other(memoryModel());
    VERIFY_OK(other.loadMemory(file("read")));
    const auto loaded = other.editMemory({});
    VERIFY_OK(loaded);
    check(*loaded, 0, numLoaded);
    QVERIFY(numLoaded >= numThere); // what was in the window is stored, too
    const std::string more = ask(other, prompt("a rather", "more.txt")).text;
    const auto after = other.editMemory({});
    VERIFY_OK(after);
    check(*after, std::ssize("a rather" + more), numLater);
    QVERIFY(numLater < numLoaded);
    bool isRead = false;
    for (const MemoryEvent &event : after->events)
        if (event.source == "notes.txt#text")
            for (const SlotRead &read : event.reads) isRead = isRead || isOfSource(read.source, "more.txt");
    QVERIFY(isRead);
    // A look is no read.
    InspectRequest look;
    look.input.prompt = "what was it";
    look.wantsOverview = false;
    look.withMemory = true;
    VERIFY_OK(other.inspect(look, kNever));
    const auto same = other.editMemory({});
    VERIFY_OK(same);
    for (size_t i = 0; i < same->events.size(); ++i) QVERIFY(same->events[i].reads == after->events[i].reads);
}

void TestMemoryConversation::aWipedReaderIsForgotten()
{
    TextGenerator generator(memoryModel());
    const Answer first = ask(generator, turns({{"user", "the number of the day is 17"}}));
    (void)ask(generator, turns({{"user", "the number of the day is 17"},
                                {"assistant", first.text},
                                {"user", "what was it, this is private"}}));
    const auto readersOf = [&](const MemoryReport &report) {
        std::set<std::string> names;
        for (const MemoryEvent &event : report.events)
            for (const SlotRead &read : event.reads)
                if (read.isThere()) names.insert(read.source);
        return names;
    };
    const auto before = generator.editMemory({});
    VERIFY_OK(before);
    QVERIFY(readersOf(*before).contains("chat.json#2:user"));
    const auto wiped = generator.editMemory({MemoryVerb::Wipe, "chat.json#2:user", 0});
    VERIFY_OK(wiped);
    QVERIFY(!readersOf(*wiped).contains("chat.json#2:user"));
}

void TestMemoryConversation::picturesAreKnownAsPictures()
{
    if (!encodePng(Image{1, 1, {0, 0, 0}})) QSKIP("built without picture files");
    RunSpec spec = test::mediaSpec(3);
    spec.model.window = kWindow;
    GenerateRequest request = prompt("see , hear .", "see.txt");
    request.media = {{test::pictureOf(90), "a.png", 4}, {test::recordingOf(0.15), "b.wav", 11}};
    TextGenerator generator(memoryModel({}, spec)), loaded(memoryModel({}, spec));
    VERIFY_OK(generator.generate(
        request, [](const GeneratedToken &) { return true; }, kNever));
    VERIFY_OK(generator.saveMemory(file("pictures")));
    VERIFY_OK(loaded.loadMemory(file("pictures")));
    const auto report = loaded.editMemory({});
    VERIFY_OK(report);
    std::map<Modality, int64_t> numTokens, numShown;
    int64_t numSurprising = 0;
    for (const MemoryEvent &event : report->events) {
        QCOMPARE(event.modalities.size(), event.tokenIds.size());
        for (size_t i = 0; i < event.modalities.size(); ++i) {
            ++numTokens[event.modalities[i]];
            // A patch has an id that stands for nothing: nobody predicted it.
            if (event.modalities[i] != Modality::Text) QCOMPARE(event.surprises[i], 0.0F);
            numSurprising += event.surprises[i] > 0;
        }
        for (const MediaRun &run : event.media) {
            numShown[run.modality] += run.count;
            const std::string bytes = event.text.substr(static_cast<size_t>(run.begin), size_t(run.count));
            QCOMPARE(bytes, std::string(static_cast<size_t>(run.count), '\0'));
        }
        for (const SlotRead &read : event.reads)
            if (read.isThere() && read.modality == Modality::Image) QVERIFY(read.text.empty());
    }
    QCOMPARE(numTokens[Modality::Image], int64_t(4)); // 16 × 16 pixels in patches of 8
    QVERIFY(numTokens[Modality::Audio] > 0 && numTokens[Modality::Text] > 12);
    QCOMPARE(numShown[Modality::Image], numTokens[Modality::Image]);
    QCOMPARE(numShown[Modality::Audio], numTokens[Modality::Audio]);
    QCOMPARE(numTokens[Modality::Unknown], int64_t(0));
    QVERIFY(numSurprising > 12);
}

void TestMemoryConversation::anotherConversationIsAnother()
{
    TextGenerator generator(memoryModel());
    const auto messages = std::vector<ChatMessage>{{"user", "hello there, you"}};
    (void)ask(generator, turns(messages, "one.json"));
    (void)ask(generator, turns(messages, "two.json")); // the same text, yet nothing of it is one.json's
    for (const auto &[source, text] : textsOf(generator)) QVERIFY(isOfSource(source, "two.json"));
}

void TestMemoryConversation::aFileGoesOnInAnotherProcess()
{
    TextGenerator first(memoryModel());
    (void)ask(first, prompt("the number of the day is 17", "day.txt"));
    VERIFY_OK(first.saveMemory(file("day")));

    TextGenerator fresh(memoryModel()), loaded(memoryModel());
    VERIFY_OK(loaded.loadMemory(file("day"))); // before anything was read
    // With the answer and what the window held when the text ended.
    QCOMPARE(qtext(textsOf(loaded).at("day.txt#text")), QString("the number of the day is 17"));
    QCOMPARE(numUsed(loaded), int64_t(27 + 6));
    const Answer with = ask(loaded, prompt("the number of", "q")),
                 without = ask(fresh, prompt("the number of", "q"));
    QVERIFY(with.probabilities != without.probabilities);
    QVERIFY(textsOf(loaded).contains("day.txt#text") && textsOf(loaded).contains("q#text"));
    // Each text begins with the same.
    QCOMPARE(ask(loaded, prompt("the number of", "q")).probabilities, with.probabilities);
    // And with nothing again.
    VERIFY_OK(loaded.loadMemory({}));
    QCOMPARE(ask(loaded, prompt("the number of", "q")).probabilities, without.probabilities);
}

void TestMemoryConversation::aSavedAnswerAboutAPictureIsWhole_data()
{
    QTest::addColumn<bool>("isChat");
    QTest::newRow("prompt") << false;
    QTest::newRow("conversation") << true;
}

void TestMemoryConversation::aSavedAnswerAboutAPictureIsWhole()
{
    if (!encodePng(Image{1, 1, {0, 0, 0}})) QSKIP("built without picture files");
    QFETCH(bool, isChat);
    RunSpec spec = test::mediaSpec(2);
    spec.model.window = kWindow;
    const std::vector<PromptMedia> media{{test::pictureOf(90), "a.png", 4}};
    GenerateRequest request = isChat ? turns({{"user", "see ", media}}) : prompt("see ", "see.txt");
    if (!isChat) request.media = media;
    TextGenerator generator(memoryModel({}, spec)), loaded(memoryModel({}, spec));
    const auto summary = generator.generate(
        request, [](const GeneratedToken &) { return true; }, kNever);
    VERIFY_OK(summary);
    QVERIFY(summary->generatedTokens > 0);
    VERIFY_OK(generator.saveMemory(file("seen")));
    VERIFY_OK(loaded.loadMemory(file("seen")));
    // The last token of the answer, too, which nothing was read behind.
    QCOMPARE(numUsed(loaded), summary->promptTokens + summary->generatedTokens);
}

void TestMemoryConversation::whatIsReadAgainIsNotThereTwice()
{
    // As the command line does it: each call reads the whole conversation again.
    const auto call = [&](const std::vector<ChatMessage> &messages) {
        TextGenerator generator(memoryModel());
        if (std::filesystem::exists(file("chat"))) VERIFY_OK(generator.loadMemory(file("chat")));
        const Answer answer = ask(generator, turns(messages));
        VERIFY_OK(generator.saveMemory(file("chat")));
    };
    call({{"user", "hello there"}});
    call({{"user", "hello there"}});
    TextGenerator generator(memoryModel());
    VERIFY_OK(generator.loadMemory(file("chat")));
    QCOMPARE(qtext(textsOf(generator).at("chat.json#0:user")), QString("<|user|>hello there<|end_of_turn|>"));
}

void TestMemoryConversation::unnamedTextsDoNotReplaceOthers()
{
    for (int i = 0; i < 3; ++i) {
        TextGenerator generator(memoryModel());
        if (i > 0) VERIFY_OK(generator.loadMemory(file("unnamed")));
        (void)ask(generator, prompt("text number " + std::to_string(i)));
        VERIFY_OK(generator.saveMemory(file("unnamed")));
    }
    TextGenerator generator(memoryModel());
    VERIFY_OK(generator.loadMemory(file("unnamed")));
    const auto texts = textsOf(generator);
    QCOMPARE(qtext(texts.at("prompt#text")), QString("text number 0"));
    QCOMPARE(qtext(texts.at("prompt 2#text")), QString("text number 1"));
    QCOMPARE(qtext(texts.at("prompt 3#text")), QString("text number 2"));
}

void TestMemoryConversation::theModelsOwnMemoryIsUsed()
{
    TextGenerator first(memoryModel());
    (void)ask(first, prompt("the number of the day is 17", "day.txt"));
    VERIFY_OK(first.saveMemory(file("own")));
    LoadedModel model = memoryModel();
    model.memoryFile = file("own");
    TextGenerator own(std::move(model)), fresh(memoryModel());
    QVERIFY(ask(own, prompt("the number of")).probabilities !=
            ask(fresh, prompt("the number of")).probabilities);
    // One that is not there is none; one that is broken is told.
    LoadedModel other = memoryModel();
    other.memoryFile = file("none");
    TextGenerator none(std::move(other));
    QCOMPARE(ask(none, prompt("the number of")).probabilities,
             ask(fresh, prompt("the number of")).probabilities);
    std::ofstream(file("broken"), std::ios::binary) << "no memory at all";
    LoadedModel third = memoryModel();
    third.memoryFile = file("broken");
    TextGenerator broken(std::move(third));
    VERIFY_ERROR(broken.generate(prompt("the"), {}, kNever), ErrorCode::InvalidInput,
                 "Delete it with memory wipe MODEL --all");
}

void TestMemoryConversation::aWipeReachesWhatTextsBeginWith()
{
    TextGenerator first(memoryModel());
    (void)ask(first, prompt("the number of the day is 17", "day.txt"));
    VERIFY_OK(first.saveMemory(file("wiped")));
    TextGenerator generator(memoryModel()), fresh(memoryModel());
    VERIFY_OK(generator.loadMemory(file("wiped")));
    VERIFY_OK(generator.editMemory({MemoryVerb::Wipe, "day.txt", 0}));
    // Freed slots are rows that nobody may read: sums come in another order, no more.
    const Answer found = ask(generator, prompt("the number of", "q")),
                 expected = ask(fresh, prompt("the number of", "q"));
    for (size_t i = 0; i < expected.probabilities.size(); ++i)
        QVERIFY(std::abs(found.probabilities.at(i) - expected.probabilities[i]) < 1e-5);
}

void TestMemoryConversation::evaluationReadsNoMemory()
{
    // Two texts, one of them the very text that is remembered.
    const std::string text = "the number of the day is 17, and that of the night is 23 to the end";
    std::ofstream(file("text.txt")) << text;
    TextGenerator fresh(memoryModel()), generator(memoryModel());
    const auto expected = fresh.evaluate(file("text.txt").string(), kNever);
    VERIFY_OK(expected);
    (void)ask(generator, prompt(text, "text.txt"));
    VERIFY_OK(generator.saveMemory(file("evaluated")));
    VERIFY_OK(generator.loadMemory(file("evaluated")));
    (void)ask(generator, prompt("the number", "q"));
    const auto found = generator.evaluate(file("text.txt").string(), kNever);
    VERIFY_OK(found);
    QCOMPARE(found->loss, expected->loss); // to the bit
    const auto vector = generator.embed({text}, kNever), expectedVector = fresh.embed({text}, kNever);
    VERIFY_OK(vector);
    VERIFY_OK(expectedVector);
    QVERIFY(vector->embedding == expectedVector->embedding);
    // Of two documents that fill a window each, neither knows the other.
    const RunSpec spec = memorySpec(32);
    const auto lossOf = [&](const std::string &content) {
        std::ofstream(file("windows.txt")) << content;
        TextGenerator measured(memoryModel({}, spec));
        const auto summary = measured.evaluate(file("windows.txt").string(), kNever);
        if (!summary.ok()) qFatal("%s", summary.error().text().c_str());
        return summary->loss * static_cast<double>(summary->tokens);
    };
    const std::string window(32, 'x');
    std::string one, other;
    for (int i = 0; i < 32; ++i) {
        one += static_cast<char>('a' + i * 7 % 26);
        other += static_cast<char>('a' + i * 11 % 26);
    }
    one.back() = 'x'; // the token that the second window begins with
    // The second window sees its first token and predicts the rest: equal after whatever came first.
    const double tail = lossOf("x" + one + "x" + other) - lossOf("x" + one + "x");
    const double otherTail = lossOf("x" + window + "x" + other) - lossOf("x" + window + "x");
    QVERIFY2(tail > 1, qPrintable(QString::number(tail))); // it was measured
    QVERIFY2(std::abs(tail - otherTail) < 1e-3, qPrintable(QString("%1 %2").arg(tail).arg(otherTail)));
}

void TestMemoryConversation::refusesTokensOfAnotherModel()
{
    RunSpec bytes = memorySpec();
    bytes.data.specialTokens = "none"; // 256 tokens, the other has 272; heads and widths are the same
    TextGenerator talker(memoryModel());
    (void)ask(talker, turns({{"user", "hello there"}}));
    VERIFY_OK(talker.saveMemory(file("talk")));
    TextGenerator other(memoryModel({}, bytes));
    VERIFY_ERROR(other.loadMemory(file("talk")), ErrorCode::InvalidInput, "as the model has another tokenizer");
    // A file of before it was kept says nothing.
    const EpisodicShape shape{memorySpec().model.heads, memorySpec().model.width / memorySpec().model.heads};
    const auto image = readEpisodicFile(file("talk"), shape, 100'000);
    VERIFY_OK(image);
    VERIFY_OK(writeEpisodicFile(file("old"), shape, image->store, image->keys_HSD, image->values_HSD));
    VERIFY_ERROR(other.loadMemory(file("old")), ErrorCode::InvalidInput,
                 "token 258 in event 1, expected tokens below 256");
    QCOMPARE(numUsed(other), int64_t(0));
}

void TestMemoryConversation::saysThatAnotherTrainingWroteIt()
{
    const auto ofRun = [](const char *run, const char *parent = "") {
        LoadedModel loaded = memoryModel();
        loaded.run = run;
        loaded.parentRun = parent;
        return loaded;
    };
    TextGenerator one(ofRun("one")), same(ofRun("one")), copy(ofRun("copy", "one")), other(ofRun("two")), unknown(memoryModel());
    (void)ask(one, prompt("hello there", "hello.txt"));
    VERIFY_OK(one.saveMemory(file("one")));
    for (TextGenerator *generator : {&same, &copy, &unknown}) {
        VERIFY_OK(generator->loadMemory(file("one")));
        QCOMPARE(qtext(generator->info().note), QString());
    }
    VERIFY_OK(other.loadMemory(file("one")));
    QVERIFY2(other.info().note.find("was written by the weights of run one at step 42, this model is of run two: its keys may mean nothing") !=
                 std::string::npos,
             other.info().note.c_str());
    // Nor is it another's for being written again.
    const std::string note = other.info().note;
    (void)ask(other, prompt("and hello again", "again.txt"));
    VERIFY_OK(other.saveMemory(file("one")));
    VERIFY_OK(other.editMemory({.verb = MemoryVerb::Pin, .event = 1, .file = file("one").string()}));
    VERIFY_OK(other.loadMemory(file("one")));
    QCOMPARE(qtext(other.info().note), qtext(note));
    VERIFY_OK(other.loadMemory({}));
    QCOMPARE(qtext(other.info().note), QString());
    (void)ask(other, prompt("a memory of its own", "own.txt"));
    VERIFY_OK(other.saveMemory(file("own")));
    VERIFY_OK(other.loadMemory(file("own")));
    QCOMPARE(qtext(other.info().note), QString());
    VERIFY_OK(one.loadMemory(file("own")));
    QVERIFY(one.info().note.find("of run two") != std::string::npos);
}

void TestMemoryConversation::saysWhatIsNotThere()
{
    TextGenerator plain(plainModel(memorySpec(), true));
    VERIFY_ERROR(plain.editMemory({}), ErrorCode::NotFound, "Cannot use a memory: the model has none.");
    VERIFY_ERROR(plain.saveMemory(file("x")), ErrorCode::NotFound,
                 "the model has no episodic memory, expected a model with one.");
    VERIFY_ERROR(plain.loadMemory(file("x")), ErrorCode::NotFound, "the model has no episodic memory");
    TextGenerator generator(memoryModel());
    VERIFY_ERROR(generator.loadMemory(file("not there")), ErrorCode::NotFound, "not there");
    VERIFY_ERROR(generator.editMemory({MemoryVerb::Pin, {}, 7}), ErrorCode::NotFound, "Cannot pin event 7");
    VERIFY_ERROR(generator.editMemory({MemoryVerb::Unpin, {}, 7}), ErrorCode::NotFound, "Cannot unpin event 7");
    VERIFY_ERROR(generator.editMemory({MemoryVerb::Unknown, {}, 0}), ErrorCode::InvalidInput,
                 "what to do is not said");
    VERIFY_ERROR(generator.consolidate({}, kNever), ErrorCode::NotFound, "has no semantic memory, expected a model with one.");
}

void TestMemoryConversation::offGeneratesAsThePlainModel_data()
{
    QTest::addColumn<int>("episodic");
    QTest::addColumn<double>("gateBias");
    QTest::addColumn<int>("registers");
    QTest::addColumn<int>("semantic");
    QTest::newRow("all off") << 0 << 0.0 << 0 << 0;
    QTest::newRow("episodic, gate closed") << 20 << -100.0 << 0 << 0;
    QTest::newRow("registers, not trained") << 0 << 0.0 << 3 << 0;
    QTest::newRow("semantic, not trained") << 0 << 0.0 << 0 << 64;
}

void TestMemoryConversation::offGeneratesAsThePlainModel()
{
    QFETCH(int, episodic);
    QFETCH(double, gateBias);
    QFETCH(int, registers);
    QFETCH(int, semantic);
    TextGenerator plain(plainModel(memorySpec(), false));
    TextGenerator generator(memoryModel({.episodic = episodic,
                                         .registers = registers,
                                         .semantic = semantic,
                                         .gateBias = gateBias,
                                         .isStirred = false}));
    const auto request = turns({{"system", "be brief"}, {"user", "hello you"}});
    const Answer expected = ask(plain, request), found = ask(generator, request);
    QCOMPARE(found.text, expected.text);
    QVERIFY(found.probabilities == expected.probabilities); // to the bit
}

QTEST_GUILESS_MAIN(TestMemoryConversation)
#include "tst_memory_conversation.moc"
