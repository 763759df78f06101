// SPDX-License-Identifier: Apache-2.0
// A generator that is looked into: what it reads of a request, and that its conversation goes on as if nobody
// had.
#include "core/data/chat_format.h"
#include "core/infer/model_loader.h"
#include "core/infer/text_generator.h"
#include "core/spec/kept_prompt.h"
#include "tests/infer/media_model.h"

#include <QTemporaryDir>
#include <QtTest>

using namespace orrery;

namespace {

const std::atomic<bool> kNever{false};

LoadedModel loadedModel(int64_t context, const std::string &objective = "next_token")
{
    RunSpec spec = test::tinySpec();
    spec.model.layers = 2;
    spec.model.context = context;
    spec.objective.name = objective;
    LoadedModel loaded;
    loaded.model = test::tinyModel(spec, 100);
    {
        const at::NoGradGuard noGradients;
        for (nn::Parameter &parameter : loaded.model->parameters())
            if (parameter.decays) parameter.master.mul_(8);
        loaded.model->mastersChanged();
    }
    loaded.tokenizer = std::move(Tokenizer::create(spec.data)).value();
    loaded.data = spec.data;
    loaded.objective = spec.objective;
    loaded.info.name = "talker@100";
    loaded.info.step = 100;
    loaded.info.note = "loaded 100, as 200 is damaged";
    return loaded;
}

struct Answer {
    std::string text;
    std::vector<double> probabilities;
    int64_t reused = 0;
    bool operator==(const Answer &) const = default;
};

Answer ask(TextGenerator &generator, const std::vector<ChatMessage> &messages)
{
    Answer answer;
    GenerateRequest request;
    request.sampling.maxTokens = 6;
    request.sampling.temperature = 0;
    request.messages = messages;
    const auto summary = generator.generate(
        request,
        [&](const GeneratedToken &token) {
            answer.text += token.bytes;
            answer.probabilities.push_back(token.probability);
            return true;
        },
        kNever);
    if (!summary) qFatal("%s", summary.error().text().c_str());
    answer.reused = summary->reusedTokens;
    return answer;
}

InspectReport lookInto(TextGenerator &generator, const InspectRequest &request)
{
    auto report = generator.inspect(request, kNever);
    if (!report) qFatal("%s", report.error().text().c_str());
    return std::move(report).value();
}

std::string textOf(const InspectReport &report)
{
    std::string text;
    for (const InspectedToken &token : report.tokens) text += token.bytes;
    return text;
}

} // namespace

class TestTextInspector : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsWhatGenerateReads()
    {
        TextGenerator generator(loadedModel(64));
        InspectRequest request;
        request.input.prompt = "the fox";
        const InspectReport report = lookInto(generator, request);
        QCOMPARE(textOf(report), std::string("the fox"));
        QCOMPARE(report.model, std::string("talker@100"));
        QCOMPARE(report.step, int64_t(100));
        QCOMPARE(report.note, std::string("loaded 100, as 200 is damaged"));
        QCOMPARE(report.overview.size(), size_t(4));
        // The first token that generate() would report has the same candidates.
        GenerateRequest generate = request.input;
        generate.sampling.maxTokens = 1;
        std::vector<TokenAlternative> expected;
        const auto done = generator.generate(
            generate,
            [&](const GeneratedToken &token) {
                expected = token.alternatives;
                return true;
            },
            kNever);
        QVERIFY(done.ok());
        QCOMPARE(report.candidates.size(), expected.size());
        for (size_t i = 0; i < expected.size(); ++i) {
            QCOMPARE(report.candidates[i].id, expected[i].id);
            QCOMPARE(report.candidates[i].bytes, expected[i].bytes);
            QVERIFY(std::abs(report.candidates[i].probability - expected[i].probability) < 1e-6);
        }
    }

    void nothingIsTheStartOfADocument()
    {
        TextGenerator generator(loadedModel(16));
        QCOMPARE(textOf(lookInto(generator, {})), std::string("<|end_of_text|>"));
    }

    void conversationsAndHolesHaveTheirMarks()
    {
        TextGenerator generator(loadedModel(64, "hybrid"));
        InspectRequest request;
        request.input.messages = {{"system", "be brief"}, {"user", "hi"}};
        QCOMPARE(textOf(lookInto(generator, request)),
                 std::string("<|system|>be brief<|end_of_turn|><|user|>hi<|end_of_turn|><|assistant|>"));
        request.input.messages.clear();
        request.input.prompt = "before ";
        request.input.infill = " after";
        QCOMPARE(textOf(lookInto(generator, request)),
                 std::string("<|infill_prefix|><|infill_suffix|> after<|infill_middle|>before "));
    }

    void exactTokensAndAnswersAreRead()
    {
        TextGenerator generator(loadedModel(64, "hybrid"));
        InspectRequest request;
        request.input.prompt = "the fox";
        const InspectReport plain = lookInto(generator, request);
        request.input.prompt.clear();
        request.input.promptIds = {'t', 'h', 'e', ' '};
        request.input.answerIds = {'f', 'o', 'x'};
        const InspectReport exact = lookInto(generator, request);
        QCOMPARE(textOf(exact), std::string("the fox"));
        for (size_t i = 0; i < plain.candidates.size(); ++i)
            QCOMPARE(exact.candidates[i].probability, plain.candidates[i].probability);
        request.input = {.prompt = "before ", .infill = " after", .answerIds = {'m', 'i', 'd'}};
        QCOMPARE(textOf(lookInto(generator, request)),
                 std::string("<|infill_prefix|><|infill_suffix|> after<|infill_middle|>before mid"));
        request.input = {.prompt = "", .messages = {{"user", "hi"}}, .answerIds = {'y', 'o'}};
        QCOMPARE(textOf(lookInto(generator, request)),
                 std::string("<|user|>hi<|end_of_turn|><|assistant|>yo"));
    }

    void conversationsGoOnAsIfNobodyHadLooked()
    {
        TextGenerator looked(loadedModel(96)), alone(loadedModel(96));
        std::vector<ChatMessage> messages = {{"user", "one two three"}};
        for (int turn = 0; turn < 3; ++turn) {
            const Answer answer = ask(looked, messages);
            QVERIFY((answer == ask(alone, messages)));
            if (turn > 0) QVERIFY(answer.reused > 10);
            InspectRequest request;
            request.input.prompt = "something else altogether";
            request.heads = {{1, 1}};
            request.ablated = {{0, 0}};
            request.wantsLens = request.wantsAttribution = true;
            (void)lookInto(looked, request);
            request.input.prompt = std::string(97, 'x');
            (void)lookInto(looked, request); // more than the context
            request.token = 97;
            QVERIFY(!looked.inspect(request, kNever).ok());
            messages.push_back({"assistant", answer.text});
            messages.push_back({"user", "and then?"});
        }
    }

    void longTextsHaveAnOverviewOfTheirWindow()
    {
        TextGenerator generator(loadedModel(16));
        InspectRequest request;
        request.input.prompt =
            "abcdefghijklmnopqrstuvwxyzabcdef"; // 32 tokens: 16 to 31 are seen from the last one
        request.heads = {{1, 0}};
        const InspectReport report = lookInto(generator, request);
        QCOMPARE(report.note,
                 std::string("loaded 100, as 200 is damaged Of 32 tokens the model has 16 to 31 before "
                             "it here: its context is 16."));
        QCOMPARE(report.tokens.size(), size_t(32));
        QCOMPARE(report.token, int64_t(31));
        // All of it is of the window, as if that were the text.
        request.input.prompt = request.input.prompt.substr(16);
        const InspectReport alone = lookInto(generator, request);
        QCOMPARE(report.overview.size(), alone.overview.size());
        for (size_t i = 0; i < alone.overview.size(); ++i) {
            QCOMPARE(report.overview[i].mean, alone.overview[i].mean);
            QCOMPARE(report.overview[i].firstRow, int64_t(16));
            QCOMPARE(report.overview[i].numColumns, int64_t(16));
            QCOMPARE(report.summaries[i].entropy, alone.summaries[i].entropy);
        }
        QCOMPARE(report.maps[0].mean, alone.maps[0].mean);
        QCOMPARE(report.candidates[0].id, alone.candidates[0].id);
    }

    void ofAnAnswerToAPictureTheLastTokenThatWasReadIsLookedAt()
    {
        if (!encodePng(Image{1, 1, {0, 0, 0}})) QSKIP("built without picture files");
        TextGenerator generator(test::mediaModel()); // its context is 48
        InspectRequest request;
        request.input.prompt = std::string(20, 'q');
        request.input.media = {{test::pictureOf(90), "a.png", 0}}; // start and 4 patches
        request.input.answerIds =
            std::vector<int32_t>(24, 'a'); // 49 tokens: the last one was written, not read
        const InspectReport report = lookInto(generator, request);
        QCOMPARE(report.tokens.size(), size_t(49));
        QCOMPARE(report.token, int64_t(47));
        QCOMPARE(report.note,
                 std::string("Of 49 tokens the model has 0 to 47 before it here: its context is 48."));
        QCOMPARE(report.overview.front().firstColumn, int64_t(0)); // with the picture
        QCOMPARE(report.flows.size(), size_t(4));
        request.token = 48; // and who asks for it sees what fits without half a picture
        const InspectReport last = lookInto(generator, request);
        QCOMPARE(last.token, int64_t(48));
        QCOMPARE(last.overview.front().firstColumn, int64_t(5));
        QVERIFY(last.tokens[2].modality == Modality::Image); // it is in the text all the same
    }

    void picturesAreRead()
    {
        if (!encodePng(Image{1, 1, {0, 0, 0}})) QSKIP("built without picture files");
        TextGenerator generator(test::mediaModel());
        InspectRequest request;
        request.input.prompt = "see and hear";
        request.input.media = {{test::pictureOf(90), "a.png", 0}, {test::recordingOf(0.2), "b.wav", 4}};
        const InspectReport report = lookInto(generator, request);
        // start, 4 patches, "see ", start, 4 tokens of sound, "and hear"
        QCOMPARE(report.tokens.size(), size_t{1 + 4 + 4 + 1 + 4 + 8});
        QVERIFY(report.tokens[1].modality == Modality::Image && report.tokens[4].place == 3);
        QCOMPARE(report.tokens[4].item, int64_t(0));
        QVERIFY(report.tokens[10].modality == Modality::Audio);
        QCOMPARE(report.tokens[10].item, int64_t(1));
        QCOMPARE(report.tokens[5].bytes, std::string("s"));
        QCOMPARE(report.flows.size(), size_t(4));
        request.input.media.clear();
        QVERIFY(lookInto(generator, request).flows.empty()); // all is text
    }

    void saysWhatIsWrong_data()
    {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<QStringList>("words");
        QTest::newRow("behind a long text") << QStringLiteral("long") << QStringList{"token 20", "0 to 19"};
        QTest::newRow("a head") << QStringLiteral("head") << QStringList{"layer 2", "0 to 1"};
        QTest::newRow("two texts") << QStringLiteral("two") << QStringList{"a conversation and a prompt"};
        QTest::newRow("no holes") << QStringLiteral("hole")
                                  << QStringList{"talker@100", "objective.name is next_token"};
        QTest::newRow("a role") << QStringLiteral("role") << QStringList{"\"bard\""};
        QTest::newRow("a token") << QStringLiteral("token") << QStringList{"token 272", "ids below 272"};
        QTest::newRow("a memory") << QStringLiteral("memory") << QStringList{"no episodic memory"};
        QTest::newRow("kept by a run") << QStringLiteral("kept")
                                       << QStringList{"\"talker@100\": the text is \"probe:2\"",
                                                      "a model without one", "RUN@step"};
        QTest::newRow("a picture") << QStringLiteral("picture") << QStringList{"reads text only"};
    }
    void saysWhatIsWrong()
    {
        QFETCH(QString, kind);
        QFETCH(QStringList, words);
        TextGenerator generator(loadedModel(16));
        InspectRequest request;
        request.input.prompt = "abc";
        if (kind == u"long") {
            request.input.prompt = std::string(20, 'x');
            request.token = 20;
        }
        if (kind == u"head") request.heads = {{2, 0}};
        if (kind == u"two") request.input.messages = {{"user", "hi"}};
        if (kind == u"hole") request.input.infill = "d";
        if (kind == u"role") request.input = {.prompt = "", .messages = {{"bard", "hi"}}};
        if (kind == u"token") request.input.answerIds = {272};
        if (kind == u"memory") request.withMemory = true;
        if (kind == u"kept") request.input = keptPrompt(2);
        if (kind == u"picture") request.input.media = {{"x", "x.png", 0}};
        const auto report = generator.inspect(request, kNever);
        const ErrorCode code = kind == u"memory" ? ErrorCode::NotFound : ErrorCode::InvalidInput;
        QVERIFY(!report.ok() && report.error().code == code);
        const QString text = QString::fromStdString(report.error().text());
        for (const QString &word : words) QVERIFY2(text.contains(word), qPrintable(text));
    }

    void endsWhenCancelled()
    {
        TextGenerator generator(loadedModel(16));
        InspectRequest request;
        request.input.prompt = "abc";
        const auto report = generator.inspect(request, std::atomic<bool>{true});
        QVERIFY(!report.ok() && report.error().code == ErrorCode::Cancelled);
    }
};

QTEST_APPLESS_MAIN(TestTextInspector)
#include "tst_text_inspector.moc"
