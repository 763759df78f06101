// SPDX-License-Identifier: Apache-2.0
// Answers that go on behind tokens which were said before: as the answer itself went on, wherever they are
// cut, and without reading again what was read.
#include "tiny_run.h"

#include "core/infer/text_generator.h"
#include "core/nn/extension_points.h"
#include "tests/base/check_result.h"
#include "tests/infer/media_model.h"

#include <ATen/Parallel.h>
#include <ATen/record_function.h>

#include <algorithm>
#include <cmath>

using namespace orrery;

namespace {

constexpr int32_t kEndOfText = 256, kEndOfTurn = 260;
const std::atomic<bool> kNever{false};

/// Counts the tokens of its passes. Adds nothing; if it remembers, a number that depends on all tokens of the
/// text so far, whichever of them are in the context.
class Reader final : public nn::ResidualModule {
public:
    struct Account {
        int64_t numRead = 0;
        bool remembers = false;
    };
    explicit Reader(std::shared_ptr<Account> account) : m_account(std::move(account)) {}
    at::Tensor forward(const at::Tensor &x_BTC, const nn::ForwardContext &context) override
    {
        at::Tensor added_BTC = at::zeros_like(x_BTC);
        if (!context.cache) return added_BTC;
        m_account->numRead += x_BTC.size(1);
        if (!m_account->remembers) return added_BTC;
        auto &part = context.cache->parts["reader"];
        if (!part) part = std::make_shared<Sums>();
        std::vector<int64_t> &sums = static_cast<Sums &>(*part).sums;
        for (int64_t t = 0; t < x_BTC.size(1); ++t) {
            const auto place = static_cast<size_t>(context.cache->origin + context.cache->length + t);
            if (place == sums.size())
                sums.push_back((place > 0 ? sums[place - 1] : 0) + context.ids_BT[0][t].item<int64_t>());
            added_BTC.select(1, t).fill_(static_cast<double>(sums.at(place) % 97) / 97);
        }
        return added_BTC;
    }
    [[nodiscard]] bool remembers() const override { return m_account->remembers; }

private:
    struct Sums final : nn::PartState {
        std::vector<int64_t> sums; ///< of the ids up to each place
    };
    std::shared_ptr<Account> m_account;
};

struct Talker {
    std::shared_ptr<Reader::Account> account = std::make_shared<Reader::Account>();
    std::unique_ptr<TextGenerator> generator;
};

/// Weights as large as after some training, so that it matters what was read.
Talker makeTalker(int64_t context, const std::string &position = "rope", bool remembers = false)
{
    Talker talker;
    talker.account->remembers = remembers;
    RunSpec spec = test::tinySpec();
    spec.model.layers = 2;
    spec.model.context = context;
    spec.model.position = position;
    spec.objective.name = "hybrid";
    nn::residualModuleRegistry().add("reader", [&talker](nn::BuildContext &build) {
        return build.layer == 0 ? std::make_unique<Reader>(talker.account) : nullptr;
    });
    LoadedModel loaded;
    loaded.model = test::tinyModel(spec, 100);
    nn::residualModuleRegistry().remove("reader");
    {
        const at::NoGradGuard noGradients;
        for (nn::Parameter &parameter : loaded.model->parameters())
            if (parameter.decays) parameter.master.mul_(8);
        loaded.model->mastersChanged();
    }
    loaded.tokenizer = std::move(Tokenizer::create(spec.data)).value();
    loaded.data = spec.data;
    loaded.objective = spec.objective;
    loaded.info.name = "talker";
    talker.generator = std::make_unique<TextGenerator>(std::move(loaded));
    return talker;
}

struct Answer {
    std::vector<int32_t> ids;
    std::vector<double> probabilities;
    GenerateSummary summary;
};

Answer ask(const Talker &talker, const GenerateRequest &request)
{
    Answer answer;
    const auto summary = talker.generator->generate(
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

std::vector<int32_t> idsOf(const std::string &text)
{
    std::vector<int32_t> ids;
    for (const char c : text) ids.push_back(static_cast<unsigned char>(c));
    return ids;
}

/// The rest of an answer behind its first `count` tokens.
GenerateRequest restOf(GenerateRequest request, const Answer &whole, size_t count)
{
    request.answerIds.assign(whole.ids.begin(), whole.ids.begin() + static_cast<std::ptrdiff_t>(count));
    request.sampling.maxTokens -= static_cast<int64_t>(count);
    return request;
}

void compareRest(const Answer &rest, const Answer &whole, size_t count)
{
    QCOMPARE(rest.ids,
             std::vector<int32_t>(whole.ids.begin() + static_cast<std::ptrdiff_t>(count), whole.ids.end()));
    for (size_t i = 0; i < rest.ids.size(); ++i)
        QVERIFY(std::abs(rest.probabilities[i] - whole.probabilities[count + i]) < 1e-4);
    QCOMPARE(rest.summary.reason, whole.summary.reason);
    QCOMPARE(rest.summary.promptTokens, whole.summary.promptTokens);
    QCOMPARE(rest.summary.generatedTokens, std::ssize(rest.ids));
}

GenerateRequest requestOf(const QString &kind, double temperature)
{
    GenerateRequest request;
    request.sampling = {.maxTokens = 36, .temperature = temperature, .seed = 11, .numAlternatives = 0};
    if (kind == u"prompt") request.prompt = "for (int i";
    if (kind == u"nothing") request.prompt = "";
    if (kind == u"long prompt") request.prompt = "a prompt that is longer than the context of the model";
    if (kind == u"exact tokens") request.promptIds = {102, 111, 258, 32, 40};
    if (kind == u"conversation") request.messages = {{"user", "one two"}};
    if (kind == u"long conversation")
        request.messages = {
            {"user", "one two three"}, {"assistant", "four five six"}, {"user", "seven, eight"}};
    if (kind == u"hole" || kind == u"long hole") request.prompt = "ab";
    if (kind == u"long hole") request.prompt = "what stands before it is rather long";
    if (kind == u"hole") request.infill = "yz";
    if (kind == u"long hole") request.infill = "and so is what stands behind it";
    return request;
}

} // namespace

class TestBranches : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); } // as many small passes as tokens

    void eachBeginningGoesOnAlike_data()
    {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<double>("temperature");
        QTest::addColumn<QString>("position");
        QTest::addColumn<bool>("remembers");
        for (const char *kind : {"prompt", "nothing", "long prompt", "exact tokens", "conversation",
                                 "long conversation", "hole", "long hole"})
            for (const double temperature : {0.0, 1.0}) {
                QTest::addRow("%s, %g", kind, temperature) << kind << temperature << "rope" << false;
                QTest::addRow("%s, %g, remembers", kind, temperature)
                    << kind << temperature << "rope" << true;
            }
        QTest::addRow("prompt, learned positions") << "prompt" << 1.0 << "learned" << false;
    }
    /// The context overflows several times: what is left of the text behind a beginning must be what was left
    /// then.
    void eachBeginningGoesOnAlike()
    {
        QFETCH(QString, kind);
        QFETCH(double, temperature);
        QFETCH(QString, position);
        QFETCH(bool, remembers);
        GenerateRequest request = requestOf(kind, temperature);
        const Talker talker = makeTalker(24, position.toStdString(), remembers);
        Answer whole = ask(talker, request);
        // One that goes past the context, and does not end before.
        while (temperature > 0 && whole.ids.size() < 25 && request.sampling.seed < 200) {
            ++request.sampling.seed;
            whole = ask(talker, request);
        }
        QVERIFY2(whole.ids.size() > 3 && (temperature == 0 || whole.ids.size() >= 25), "too short to cut");
        for (size_t count = 0; count < whole.ids.size(); ++count) {
            const GenerateRequest rest = restOf(request, whole, count);
            if (count % 3 == 0)
                compareRest(ask(makeTalker(24, position.toStdString(), remembers), rest), whole, count);
            if (QTest::currentTestFailed()) qFatal("a fresh model, behind %zu", count);
            // The same worker holds the whole answer, or what the branch before left of it.
            compareRest(ask(talker, rest), whole, count);
            if (QTest::currentTestFailed()) qFatal("the same model, behind %zu", count);
        }
        compareRest(ask(talker, restOf(request, whole, whole.ids.size() / 2)), whole, whole.ids.size() / 2);
    }

    void laterTurnsGoOnAlike()
    {
        // The context of the second turn began where the first one had led to: the worker knows.
        const Talker talker = makeTalker(32);
        GenerateRequest request = requestOf(QStringLiteral("conversation"), 0);
        request.sampling = {.maxTokens = 12, .temperature = 1, .seed = 1, .numAlternatives = 0};
        const auto isBytes = [](const Answer &answer) {
            return std::all_of(answer.ids.begin(), answer.ids.end(), [](int32_t id) { return id < 256; });
        };
        Answer first = ask(talker, request);
        while (!isBytes(first)) ++request.sampling.seed, first = ask(talker, request);
        request.messages.push_back({"assistant", std::string(first.ids.begin(), first.ids.end())});
        request.messages.push_back({"user", "and then?"});
        request.sampling.maxTokens = 24;
        Answer second = ask(talker, request);
        while (second.ids.size() < 20) ++request.sampling.seed, second = ask(talker, request);
        for (size_t count = second.ids.size() - 1; count > 0; --count) {
            compareRest(ask(talker, restOf(request, second, count)), second, count);
            if (QTest::currentTestFailed()) qFatal("behind %zu", count);
        }
    }

    void anotherQuestionBehindAnOverflowGoesOnAlike()
    {
        const Talker talker = makeTalker(64);
        GenerateRequest request;
        request.sampling = {.maxTokens = 4, .temperature = 0, .numAlternatives = 0};
        const std::string question = "a question that is longer than the context of the model, "; // 57
        request.messages = {{"user", question + "by some twenty."}};
        Answer first = ask(talker, request);
        while (first.ids.size() < 2 && request.sampling.seed < 200) {
            request.sampling.temperature = 1;
            ++request.sampling.seed;
            first = ask(talker, request);
        }
        QVERIFY(first.ids.size() >= 2); // its first token overflowed the context
        // The question is another one behind the place where the context begins now: its rest is read there.
        request.messages = {{"user", question + "or not?"}};
        request.sampling.maxTokens = 20;
        request.sampling.temperature = 1;
        const Answer second = ask(talker, request);
        QVERIFY(second.summary.promptTokens > 64 && second.summary.reusedTokens > 48);
        QVERIFY(second.ids.size() > 5);
        for (size_t count = second.ids.size() - 1; count > 0; --count) {
            compareRest(ask(talker, restOf(request, second, count)), second, count);
            if (QTest::currentTestFailed()) qFatal("behind %zu", count);
        }
    }

    void aPlainPromptCopiesNothing()
    {
        const auto numCopies = [](const std::string &before) {
            const Talker talker = makeTalker(64);
            GenerateRequest request = requestOf(QStringLiteral("prompt"), 0);
            request.sampling.maxTokens = 1;
            request.prompt = before;
            (void)ask(talker, request);
            request.prompt = "something else";
            static int count;
            count = 0;
            const auto handle = at::addThreadLocalCallback(
                at::RecordFunctionCallback([](const at::RecordFunction &what)
                                               -> std::unique_ptr<at::ObserverContext> {
                    count += std::string_view(what.name()) == "aten::copy_";
                    return nullptr;
                }).scopes({at::RecordScope::FUNCTION}));
            (void)ask(talker, request);
            at::removeCallback(handle);
            return count;
        };
        // Of the second nothing is to be kept.
        QCOMPARE(numCopies("what is kept of a prompt of many tokens"), numCopies("s"));
    }

    void whatWasReadIsNotReadAgain()
    {
        const Talker talker = makeTalker(64);
        GenerateRequest request = requestOf(QStringLiteral("prompt"), 0);
        request.sampling.maxTokens = 20;
        const Answer whole = ask(talker, request);
        QCOMPARE(whole.ids.size(), size_t(20));
        const auto numReadBy = [&](const GenerateRequest &branch) {
            const int64_t before = talker.account->numRead;
            const Answer answer = ask(talker, branch);
            return std::pair(talker.account->numRead - before, answer.summary.reusedTokens);
        };
        GenerateRequest branch = restOf(request, whole, 12);
        branch.answerIds.back() = branch.answerIds.back() == 'x' ? 'y' : 'x';
        branch.sampling.maxTokens = 1;
        // The other token alone; all ten tokens of the prompt were there.
        QCOMPARE(numReadBy(branch), std::pair(int64_t(1), int64_t(10)));
        branch.answerIds.resize(4);
        QCOMPARE(numReadBy(branch), std::pair(int64_t(1), int64_t(10))); // the last one again, for its logits
        branch.answerIds.clear();
        branch.prompt.clear();
        branch.promptIds = idsOf("for (int i");
        QCOMPARE(numReadBy(branch), std::pair(int64_t(1), int64_t(9)));
        branch.promptIds = idsOf("for (int j");
        QCOMPARE(numReadBy(branch), std::pair(int64_t(1), int64_t(9)));
        // Without either a prompt is read anew, to the bit as the first time.
        QCOMPARE(numReadBy(request), std::pair(int64_t(10 + 19), int64_t(0)));
    }

    void answersThatWereLeftAreStillThere()
    {
        const Talker talker = makeTalker(64), fresh = makeTalker(64);
        GenerateRequest request = requestOf(QStringLiteral("prompt"), 0);
        const Answer whole = ask(talker, request);
        QCOMPARE(whole.ids.size(), size_t(36));
        // Into an early place, back to a late one, and so on: a few tokens at most are read, never the
        // answer.
        for (const size_t count : {5, 34, 4, 30, 6, 33, 3}) {
            GenerateRequest branch = restOf(request, whole, count);
            branch.answerIds.back() = branch.answerIds.back() == 'x' ? 'y' : 'x';
            branch.sampling.maxTokens = 1;
            const int64_t before = talker.account->numRead;
            const Answer here = ask(talker, branch), there = ask(fresh, branch);
            QVERIFY(talker.account->numRead - before <= 2);
            QCOMPARE(here.ids, there.ids);
            QVERIFY(std::abs(here.probabilities[0] - there.probabilities[0]) < 1e-4);
        }
    }

    void aHoleIsNotReadAgain()
    {
        const Talker talker = makeTalker(64);
        GenerateRequest request = requestOf(QStringLiteral("hole"), 0);
        request.sampling.maxTokens = 8;
        const Answer whole = ask(talker, request);
        GenerateRequest branch = restOf(request, whole, 5);
        branch.answerIds.back() = branch.answerIds.back() == 'x' ? 'y' : 'x';
        branch.sampling.maxTokens = 1;
        const int64_t before = talker.account->numRead;
        (void)ask(talker, branch);
        QCOMPARE(talker.account->numRead - before, int64_t(1));
        // A text does not go on from a hole.
        branch = requestOf(QStringLiteral("exact tokens"), 0);
        branch.promptIds = {261, 262, 'y', 'z', 263, 'a', 'b'};
        branch.sampling.maxTokens = 1;
        (void)ask(talker, branch);
        QCOMPARE(talker.account->numRead - before, int64_t(1 + 7));
    }

    void aModelThatRemembersBeginsAnew()
    {
        const Talker talker = makeTalker(64, "rope", true);
        GenerateRequest request = requestOf(QStringLiteral("prompt"), 0);
        request.sampling.maxTokens = 10;
        const Answer whole = ask(talker, request);
        const int64_t before = talker.account->numRead;
        GenerateRequest branch = restOf(request, whole, 4);
        branch.sampling.maxTokens = 1;
        (void)ask(talker, branch);
        QCOMPARE(talker.account->numRead - before, int64_t(10 + 4));
    }

    void countsNewTokensOnly()
    {
        const Talker talker = makeTalker(64);
        GenerateRequest request = requestOf(QStringLiteral("prompt"), 0);
        request.answerIds = idsOf("abc");
        request.sampling.maxTokens = 5;
        const Answer answer = ask(talker, request);
        QCOMPARE(answer.ids.size(), size_t(5));
        QCOMPARE(answer.summary.promptTokens, int64_t(10));
        QCOMPARE(answer.summary.generatedTokens, int64_t(5));
        QCOMPARE(answer.summary.reason, FinishReason::MaxTokens);
    }

    void aTokenThatEndsTheAnswerEndsIt_data()
    {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<int>("token");
        QTest::addColumn<QString>("reason");
        QTest::newRow("prompt") << "prompt" << kEndOfText << finishReasonName(FinishReason::EndOfText);
        QTest::newRow("turn") << "conversation" << kEndOfTurn << finishReasonName(FinishReason::EndOfTurn);
        QTest::newRow("hole") << "hole" << kEndOfTurn << finishReasonName(FinishReason::EndOfInfill);
    }
    void aTokenThatEndsTheAnswerEndsIt()
    {
        QFETCH(QString, kind);
        QFETCH(int, token);
        QFETCH(QString, reason);
        const Talker talker = makeTalker(64);
        GenerateRequest request = requestOf(kind, 0);
        request.answerIds = {'a', token};
        const Answer answer = ask(talker, request);
        QVERIFY(answer.ids.empty());
        QCOMPARE(QString(finishReasonName(answer.summary.reason)), reason);
        request.answerIds = {'a', token, 'b'};
        VERIFY_ERROR(talker.generator->generate(request, {}, kNever), ErrorCode::InvalidInput,
                     "token 1 of the answer");
    }

    void saysWhatIsWrong_data()
    {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<QString>("words");
        QTest::newRow("prompt id") << "prompt id"
                                   << "continue the prompt with \"talker\": token 272";
        QTest::newRow("hole id") << "hole id"
                                 << "fill a hole with \"talker\": token 300";
        QTest::newRow("negative") << "negative"
                                  << "go on with an answer of \"talker\": token -1";
        QTest::newRow("answer id") << "answer id"
                                   << "token 272 of the text, expected ids below 272";
        QTest::newRow("two prompts") << "two prompts"
                                     << "a prompt and exact tokens in its place";
        QTest::newRow("turns") << "turns"
                               << "a conversation and exact tokens of a prompt";
        QTest::newRow("media") << "media"
                               << "pictures or recordings and exact tokens of a prompt";
        QTest::newRow("too long") << "too long"
                                  << "begins with 1000001 tokens, expected at most 1000000";
    }
    void saysWhatIsWrong()
    {
        QFETCH(QString, kind);
        QFETCH(QString, words);
        GenerateRequest request;
        request.promptIds = idsOf("abc");
        if (kind == u"prompt id") request.promptIds = {'a', 272};
        if (kind == u"hole id") request.promptIds = {'a', 300};
        if (kind == u"hole id") request.infill = "b";
        if (kind == u"negative") request.answerIds = {'a', -1, 'b'};
        if (kind == u"answer id") request.answerIds = {272};
        if (kind == u"two prompts") request.prompt = "a";
        if (kind == u"turns") request.messages = {{"user", "hi"}};
        if (kind == u"media") request.media = {{"x", "x.png", 0}};
        if (kind == u"too long") request.answerIds.assign(1'000'001, 'a');
        const Talker talker = makeTalker(24);
        VERIFY_ERROR(talker.generator->generate(request, {}, kNever), ErrorCode::InvalidInput,
                     words.toUtf8());
    }

    void anAnswerToPicturesEndsWithTheContext()
    {
        if (!encodePng(Image{1, 1, {0, 0, 0}})) QSKIP("built without picture files");
        TextGenerator generator(test::mediaModel());
        GenerateRequest request;
        request.prompt = "see";
        request.media = {{test::pictureOf(90), "a.png", 0}};
        request.sampling.maxTokens = 1;
        request.answerIds.assign(48 - 8, 'a'); // mark, four patches, three letters
        VERIFY_OK(generator.generate(request, {}, kNever));
        request.answerIds.push_back('a');
        VERIFY_ERROR(generator.generate(request, {}, kNever), ErrorCode::InvalidInput,
                     "have 49 tokens, expected at most the model's context of 48");
    }

    void answersToPicturesGoOnAlike()
    {
        if (!encodePng(Image{1, 1, {0, 0, 0}})) QSKIP("built without picture files");
        for (const bool isChat : {false, true}) {
            Talker talker;
            talker.generator = std::make_unique<TextGenerator>(test::mediaModel());
            GenerateRequest request;
            request.sampling = {.maxTokens = 60, .temperature = 0, .numAlternatives = 0};
            const std::vector<PromptMedia> media = {{test::pictureOf(90), "a.png", 0}};
            if (isChat)
                request.messages = {{"user", "what is it?", media}};
            else
                request.prompt = "see", request.media = media;
            const Answer whole = ask(talker, request);
            for (size_t count = 1; count < whole.ids.size(); count += 5) {
                GenerateRequest rest = restOf(request, whole, count);
                compareRest(ask(talker, rest), whole, count);
                Talker fresh;
                fresh.generator = std::make_unique<TextGenerator>(test::mediaModel());
                compareRest(ask(fresh, rest), whole, count);
                if (QTest::currentTestFailed()) qFatal("%s, behind %zu", isChat ? "chat" : "prompt", count);
            }
        }
    }
};

QTEST_APPLESS_MAIN(TestBranches)
#include "tst_branches.moc"
