// SPDX-License-Identifier: Apache-2.0
// Prompts that see all of themselves, against the whole model at once under its prefix mask.
#include "lively_model.h"

#include "tests/base/check_result.h"

#include <ATen/Parallel.h>

#include <cmath>

using namespace orrery;
using namespace orrery::test;

namespace {

const std::atomic<bool> kNever{false};

SamplingSettings drawn(int64_t maxTokens)
{
    return {.maxTokens = maxTokens, .temperature = 1, .seed = 1, .numAlternatives = 0};
}

struct Answer {
    std::vector<int32_t> ids;
    std::vector<double> probabilities;
    GenerateSummary summary;
};

Answer generateWith(TextGenerator &generator, GenerateRequest request)
{
    Answer answer;
    const auto summary = generator.generate(
        request,
        [&](const GeneratedToken &token) {
            answer.ids.push_back(token.id);
            answer.probabilities.push_back(token.probability);
            return true;
        },
        kNever);
    if (!summary.ok()) qFatal("%s", summary.error().text().c_str());
    answer.summary = *summary;
    return answer;
}

} // namespace

class TestPrefix : public QObject {
    Q_OBJECT
private Q_SLOTS:
    /// Threads that wait for one another take most of the time of so small a model.
    void initTestCase() { at::set_num_threads(1); }
    void probabilitiesAreThoseOfTheWholeModel_data()
    {
        QTest::addColumn<QString>("position");
        QTest::addColumn<int>("window");
        QTest::addColumn<QString>("prompt");
        for (const char *position : {"rope", "learned"})
            for (const int window : {0, 3})
                for (const char *prompt : {"abcdefgh", "abc", "a", ""})
                    QTest::addRow("%s, window %d, \"%s\"", position, window, prompt)
                        << position << window << prompt;
    }
    /// The prompt at once, then token by token; where the context is full, its last half is such a prompt.
    void probabilitiesAreThoseOfTheWholeModel()
    {
        QFETCH(QString, position);
        QFETCH(int, window);
        QFETCH(QString, prompt);
        RunSpec spec = hybridSpec();
        spec.model.position = position.toStdString();
        spec.model.window = window;
        TextGenerator generator = livelyGenerator(spec);
        const auto plain = livelyModel(spec);
        const Answer answer = generateWith(
            generator, {.prompt = prompt.toStdString(), .sampling = drawn(40), .mask = "prefix"});
        std::vector<int32_t> seen = idsOf(prompt.toStdString());
        if (seen.empty()) seen.push_back(Tokenizer::create(spec.data).value()->startId());
        std::vector<int32_t> history = seen;
        auto numVisible = std::ssize(seen);
        QCOMPARE(answer.summary.promptTokens, numVisible);
        int numOverflows = 0;
        for (size_t i = 0; i < answer.ids.size(); ++i) {
            const at::Tensor p_V = plainProbabilities(*plain, seen, numVisible);
            const double difference = p_V[answer.ids[i]].item<double>() - answer.probabilities[i];
            QVERIFY2(std::abs(difference) < 1e-5, qPrintable(QString::number(i)));
            history.push_back(answer.ids[i]);
            if (std::ssize(seen) < kContext) {
                seen.push_back(answer.ids[i]);
                continue;
            }
            numVisible = kContext / 2;
            seen.assign(history.end() - numVisible, history.end());
            ++numOverflows;
        }
        QVERIFY(numOverflows >= 2 || answer.summary.reason != FinishReason::MaxTokens);
    }

    void readingItCausallyIsAnotherThing()
    {
        TextGenerator generator = livelyGenerator(hybridSpec());
        const GenerateRequest plain{.prompt = "abcdefgh", .sampling = drawn(4)};
        GenerateRequest causal = plain, prefix = plain;
        causal.mask = "causal";
        prefix.mask = "prefix";
        const Answer first = generateWith(generator, plain);
        QVERIFY(std::abs(generateWith(generator, prefix).probabilities[0] - first.probabilities[0]) > 1e-6 ||
                generateWith(generator, prefix).ids != first.ids);
        // Nothing of one is left for the other.
        const Answer behind = generateWith(generator, causal);
        QCOMPARE(behind.ids, first.ids);
        QCOMPARE(behind.probabilities, first.probabilities);
    }

    /// A look inside shows what the answer was said of: its last token's candidates are those of the generation.
    void aLookInsideReadsItAsItWasRead()
    {
        TextGenerator generator = livelyGenerator(hybridSpec());
        GenerateRequest asked{.prompt = "abcdef", .sampling = drawn(1), .mask = "prefix"};
        asked.sampling.temperature = 0;
        const Answer answer = generateWith(generator, asked);
        InspectRequest look;
        look.input = asked;
        look.input.sampling.numAlternatives = 10;
        look.heads = {{0, 0}};
        const auto weightsAbove = [](const AttentionMap &map) {
            double sum = 0;
            for (int64_t row = 0; row < map.height(); ++row)
                for (int64_t column = row + 1; column < map.width(); ++column)
                    sum += static_cast<double>(map.mean[static_cast<size_t>(row * map.width() + column)]);
            return sum;
        };
        const auto whole = generator.inspect(look, kNever);
        VERIFY_OK(whole);
        QVERIFY(weightsAbove(whole->maps.at(0)) > 0.1);
        bool isFound = false;
        for (const TokenAlternative &one : whole->candidates) {
            if (one.id != answer.ids[0]) continue;
            isFound = true;
            QVERIFY(std::abs(one.probability - answer.probabilities[0]) < 1e-5);
        }
        QVERIFY(isFound);
        look.input.mask.clear();
        const auto causal = generator.inspect(look, kNever);
        VERIFY_OK(causal);
        QCOMPARE(weightsAbove(causal->maps.at(0)), 0.0);
        // Where the text is longer than the context, it is told that the answer was said of another reading.
        look.input.mask = "prefix";
        look.input.answerIds.assign(static_cast<size_t>(2 * kContext), 'a');
        const auto moved = generator.inspect(look, kNever);
        VERIFY_OK(moved);
        QVERIFY2(moved->note.find("shown as read from left to right") != std::string::npos, moved->note.c_str());
    }

    void aConversationIsReadAnewEachTurn()
    {
        TextGenerator generator = livelyGenerator(hybridSpec());
        const std::vector<ChatMessage> turn{{"user", "a"}};
        GenerateRequest request{.prompt = {}, .sampling = drawn(2), .messages = turn, .mask = "prefix"};
        const Answer first = generateWith(generator, request), again = generateWith(generator, request);
        QCOMPARE(again.probabilities, first.probabilities);
        QCOMPARE(again.summary.reusedTokens, int64_t(0));
    }

    void goesOnFromAnAnswer_data()
    {
        QTest::addColumn<int>("numBegun");
        for (const int count : {1, 5, 8, 9, 20, 29}) QTest::addRow("%d tokens", count) << count;
    }
    /// With another model, and with the one that has read it: bit by bit where nothing was read again.
    void goesOnFromAnAnswer()
    {
        QFETCH(int, numBegun);
        TextGenerator generator = livelyGenerator(hybridSpec()), other = livelyGenerator(hybridSpec());
        GenerateRequest request{.prompt = "abcdef", .sampling = drawn(30), .mask = "prefix"};
        const Answer whole = generateWith(generator, request);
        if (std::ssize(whole.ids) <= numBegun) QSKIP("the model ended its answer before");
        request.answerIds.assign(whole.ids.begin(), whole.ids.begin() + numBegun);
        request.sampling.maxTokens = 30 - numBegun;
        for (TextGenerator *one : {&generator, &other}) {
            const Answer rest = generateWith(*one, request);
            QCOMPARE(rest.ids, std::vector<int32_t>(whole.ids.begin() + numBegun, whole.ids.end()));
            for (size_t i = 0; i < rest.ids.size(); ++i)
                QVERIFY(std::abs(rest.probabilities[i] -
                                 whole.probabilities[i + static_cast<size_t>(numBegun)]) < 1e-5);
        }
    }

    /// What was read of a prefix is used again only behind the same prefix.
    void readsAgainOnlyWhatIsOfTheSamePrefix()
    {
        const auto model = livelyModel(hybridSpec());
        TextStream stream(*model, at::kCPU), fresh(*model, at::kCPU);
        const std::vector<int32_t> ids = idsOf("abcdefghij");
        const auto readsAs = [&](int64_t count, int64_t numPrefix, int64_t numReused) {
            const auto text = std::span(ids).first(static_cast<size_t>(count));
            QVERIFY(stream.readTogether(text, TextStream::Start::WhereItEnded, kNever, numPrefix));
            QCOMPARE(stream.numReused(), numReused);
            QVERIFY(fresh.readTogether(text, TextStream::Start::Anew, kNever, numPrefix));
            for (size_t i = 0; i < stream.logits_V().size(); ++i)
                QVERIFY(std::abs(stream.logits_V()[i] - fresh.logits_V()[i]) < 1e-4F);
        };
        readsAs(6, 4, 0);
        readsAs(9, 4, 6);
        readsAs(4, 4, 3);
        readsAs(9, 5, 0); // its keys are those of another prefix
        readsAs(9, 0, 0);
        readsAs(9, 9, 0);
    }

    void refusesWhatItCannotRead_data()
    {
        QTest::addColumn<GenerateRequest>("request");
        QTest::addColumn<QString>("objective");
        QTest::addColumn<QString>("message");
        QTest::addColumn<QString>("hint");
        const GenerateRequest good{.prompt = "abc", .mask = "prefix"};
        const auto row = [&](const char *name, const char *message, const char *hint, auto change,
                             const char *objective = "hybrid") {
            GenerateRequest request = good;
            change(request);
            QTest::newRow(name) << request << objective << message << hint;
        };
        row("another mask", "the mask is \"sideways\", expected causal or prefix", "Set it to prefix",
            [](GenerateRequest &request) { request.mask = "sideways"; });
        row("a hole", "a hole and the mask prefix, expected causal", "Leave the mask out",
            [](GenerateRequest &request) { request.infill = "z"; });
        row("a picture", "pictures or recordings and the mask prefix, expected causal", "Leave the mask out",
            [](GenerateRequest &request) { request.media = {{.bytes = "x", .name = "x.png"}}; });
        row("a long prompt", "it has 9 tokens, expected at most 8, half of the context", "Shorten the prompt",
            [](GenerateRequest &request) { request.prompt = "abcdefghi"; });
        const auto nothing = [](GenerateRequest &) {};
        row("learned next tokens alone", "no prefixes (objective.name is next_token), expected a share",
            "objective.name=hybrid", nothing, "next_token");
        row("learned holes alone", "no prefixes (objective.name is hybrid), expected a share",
            "objective.mix above 0", nothing, "holes");
    }
    void refusesWhatItCannotRead()
    {
        QFETCH(GenerateRequest, request);
        QFETCH(QString, objective);
        QFETCH(QString, message);
        QFETCH(QString, hint);
        RunSpec spec = hybridSpec();
        if (objective == "holes")
            spec.objective.mix = {50, 0, 50};
        else
            spec.objective.name = objective.toStdString();
        TextGenerator generator = livelyGenerator(spec);
        const auto refused = generator.generate(request, {}, kNever);
        QVERIFY(!refused.ok());
        QCOMPARE(refused.error().code, ErrorCode::InvalidInput);
        const QString found = QString::fromStdString(refused.error().message);
        QVERIFY2(found.contains(message), qPrintable(found));
        QVERIFY2(QString::fromStdString(refused.error().hint).contains(hint),
                 refused.error().hint.c_str());
    }
};

QTEST_APPLESS_MAIN(TestPrefix)
#include "tst_prefix.moc"
