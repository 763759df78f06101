// SPDX-License-Identifier: Apache-2.0
// Stop texts, the repetition penalty and chances in whole generations: prompts, holes, conversations,
// branches.
#include "tiny_run.h"

#include "core/infer/text_generator.h"
#include "core/nn/extension_points.h"
#include "tests/base/check_result.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>
#include <set>

using namespace orrery;

namespace {

const std::atomic<bool> kNever{false};

/// Says something else behind other tokens, however long ago they were read.
class Rememberer final : public nn::ResidualModule {
public:
    struct Sum final : nn::PartState {
        int64_t sum = 0;
    };
    at::Tensor forward(const at::Tensor &x_BTC, const nn::ForwardContext &context) override
    {
        at::Tensor added_BTC = at::zeros_like(x_BTC);
        if (!context.cache) return added_BTC;
        auto &part = static_cast<Sum &>(*context.cache->parts.at("sum"));
        for (int64_t t = 0; t < x_BTC.size(1); ++t) {
            part.sum = (31 * part.sum + context.ids_BT[0][t].item<int64_t>()) % 9973;
            added_BTC.select(1, t).fill_(std::sin(static_cast<double>(part.sum)));
        }
        return added_BTC;
    }
    [[nodiscard]] bool remembers() const override { return true; }
    void beginText(nn::KvCache &cache, int64_t) override { cache.parts["sum"] = std::make_shared<Sum>(); }
};

enum class Memory : uint8_t { None, Remembers };

/// Weights as large as after some training, so that it matters what was read.
TextGenerator makeGenerator(Memory memory = Memory::None)
{
    RunSpec spec = test::tinySpec();
    spec.model.layers = 2;
    spec.model.context = 96;
    spec.objective.name = "hybrid";
    if (memory == Memory::Remembers)
        nn::residualModuleRegistry().add("rememberer", [](nn::BuildContext &build) {
            return build.layer == 0 ? std::make_unique<Rememberer>() : nullptr;
        });
    LoadedModel loaded;
    loaded.model = test::tinyModel(spec, 100);
    nn::residualModuleRegistry().remove("rememberer");
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
    return TextGenerator(std::move(loaded));
}

struct Answer {
    std::vector<GeneratedToken> tokens;
    GenerateSummary summary;
    [[nodiscard]] std::string text() const
    {
        std::string text;
        for (const GeneratedToken &token : tokens) text += token.bytes;
        return text;
    }
    [[nodiscard]] std::vector<int32_t> ids() const
    {
        std::vector<int32_t> ids;
        for (const GeneratedToken &token : tokens) ids.push_back(token.id);
        return ids;
    }
};

Answer ask(TextGenerator &generator, const GenerateRequest &request)
{
    Answer answer;
    auto summary = generator.generate(
        request,
        [&](const GeneratedToken &token) {
            answer.tokens.push_back(token);
            return true;
        },
        kNever);
    if (!summary.ok()) qFatal("%s", summary.error().text().c_str());
    answer.summary = std::move(summary).value();
    return answer;
}

GenerateRequest withPrompt(int64_t maxTokens, uint64_t seed = 5)
{
    return {.prompt = "for (",
            .sampling = {.maxTokens = maxTokens, .temperature = 1, .seed = seed, .numAlternatives = 3}};
}

GenerateRequest turns(std::vector<ChatMessage> messages, uint64_t seed, std::vector<std::string> stop = {})
{
    GenerateRequest request{.prompt = ""};
    request.sampling = {.maxTokens = 12, .temperature = 1, .seed = seed, .numAlternatives = 0};
    request.sampling.stop = std::move(stop);
    request.messages = std::move(messages);
    return request;
}

bool isPlain(const Answer &answer)
{
    return std::all_of(answer.tokens.begin(), answer.tokens.end(),
                       [](const GeneratedToken &token) { return token.id < 256; });
}

void compareAnswers(const Answer &one, const Answer &other)
{
    QCOMPARE(one.ids(), other.ids());
    for (size_t i = 0; i < one.tokens.size(); ++i)
        QVERIFY(std::abs(one.tokens[i].probability - other.tokens[i].probability) < 1e-4);
}

/// A turn that a stop text ends, and the next one: the same as by a generator that reads it all anew.
void checkNextTurn(Memory memory)
{
    int numChecked = 0;
    for (uint64_t seed = 0; numChecked < 3; ++seed) {
        TextGenerator generator = makeGenerator(memory), other = makeGenerator(memory);
        const Answer whole = ask(other, turns({{"user", "hi"}}, seed));
        if (whole.tokens.size() < 12 || !isPlain(whole)) continue;
        const std::string stop = whole.text().substr(5, 4); // three of its tokens are read before it is whole
        const Answer first = ask(generator, turns({{"user", "hi"}}, seed, {stop}));
        QCOMPARE(first.summary.reason, FinishReason::StopText);
        QCOMPARE(first.text(), whole.text().substr(0, whole.text().find(stop)));
        const std::vector<ChatMessage> longer = {{"user", "hi"}, {"assistant", first.text()}, {"user", "so"}};
        const Answer next = ask(generator, turns(longer, seed));
        TextGenerator anew = makeGenerator(memory);
        compareAnswers(next, ask(anew, turns(longer, seed)));
        if (memory == Memory::None)
            QCOMPARE(next.summary.reusedTokens, first.summary.promptTokens + first.summary.generatedTokens);
        ++numChecked;
    }
}

} // namespace

class TestStopGeneration : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theAnswerEndsBeforeTheText()
    {
        TextGenerator generator = makeGenerator();
        const std::string whole = ask(generator, withPrompt(40)).text();
        for (const size_t from : {size_t(0), size_t(1), size_t(7), size_t(20)})
            for (const size_t length : {size_t(1), size_t(2), size_t(6)}) {
                GenerateRequest request = withPrompt(40);
                request.sampling.stop = {"never said", whole.substr(from, length)};
                const Answer answer = ask(generator, request);
                QCOMPARE(answer.text(), whole.substr(0, whole.find(request.sampling.stop[1])));
                QCOMPARE(answer.summary.reason, FinishReason::StopText);
                QCOMPARE(answer.summary.generatedTokens, std::ssize(answer.tokens));
            }
    }

    void whatIsHeldBackComesWithTheLastToken()
    {
        TextGenerator generator = makeGenerator();
        const Answer whole = ask(generator, withPrompt(10));
        GenerateRequest request = withPrompt(10);
        request.sampling.stop = {whole.tokens.back().bytes + "and then more"};
        const Answer answer = ask(generator, request);
        QCOMPARE(answer.ids(), whole.ids());
        QCOMPARE(answer.summary.reason, FinishReason::MaxTokens);
        QCOMPARE(answer.summary.generatedTokens, int64_t{10});
    }

    void aBegunAnswerStopsWhereTheWholeOneDoes()
    {
        TextGenerator generator = makeGenerator();
        const Answer whole = ask(generator, withPrompt(30));
        const std::vector<int32_t> ids = whole.ids();
        std::string stop;
        for (size_t i = 10; i < 14; ++i) stop += whole.tokens[i].bytes;
        GenerateRequest request = withPrompt(30);
        request.sampling.stop = {stop};
        const Answer stopped = ask(generator, request);
        QVERIFY(stopped.tokens.size() >= 8);
        request.answerIds.assign(ids.begin(), ids.begin() + 8);
        const Answer rest = ask(generator, request);
        QCOMPARE(rest.summary.reason, FinishReason::StopText);
        QCOMPARE(rest.ids(), std::vector<int32_t>(ids.begin() + 8, ids.begin() + std::ssize(stopped.tokens)));
        // The text begins in what was given: nothing is added to it.
        request.answerIds.assign(ids.begin(), ids.begin() + 12);
        const Answer nothing = ask(generator, request);
        QCOMPARE(nothing.summary.reason, FinishReason::StopText);
        QVERIFY(nothing.tokens.empty());
    }

    void theMiddleOfAHoleEndsThere()
    {
        TextGenerator generator = makeGenerator();
        GenerateRequest request = withPrompt(20);
        request.infill = ");";
        const Answer whole = ask(generator, request);
        QVERIFY(whole.tokens.size() > 6);
        request.sampling.stop = {whole.tokens[4].bytes + whole.tokens[5].bytes};
        const Answer answer = ask(generator, request);
        QCOMPARE(answer.summary.reason, FinishReason::StopText);
        QCOMPARE(answer.text(), whole.text().substr(0, whole.text().find(request.sampling.stop[0])));
        request.sampling.stop.clear();
        compareAnswers(ask(generator, request), whole);
    }

    void theNextTurnGoesOnFromWhatWasSaid() { checkNextTurn(Memory::None); }
    void theNextTurnOfAModelThatRemembersDoes() { checkNextTurn(Memory::Remembers); }

    void refusesWhatIsNoStopText()
    {
        TextGenerator generator = makeGenerator();
        GenerateRequest request = withPrompt(3);
        request.sampling.stop = {""};
        VERIFY_ERROR(generator.generate(request, {}, kNever), ErrorCode::InvalidInput,
                     "stop text 1 is empty");
        request.sampling.stop.assign(17, "x");
        VERIFY_ERROR(generator.generate(request, {}, kNever), ErrorCode::InvalidInput, "17 stop texts");
    }

    void thePenaltyLooksAtPromptAndAnswer()
    {
        TextGenerator generator = makeGenerator();
        GenerateRequest request = withPrompt(16);
        request.sampling.temperature = 0;
        request.sampling.numAlternatives = 50;
        const Answer plain = ask(generator, request);
        request.sampling.repetitionPenalty = 10;
        const Answer penalized = ask(generator, request);
        const auto numDifferent = [](const Answer &answer) {
            const std::vector<int32_t> ids = answer.ids();
            return std::set<int32_t>(ids.begin(), ids.end()).size();
        };
        QVERIFY(numDifferent(penalized) > numDifferent(plain));
        // What was first is known to be said already wherever another token was taken.
        std::set<int32_t> seen = {'f', 'o', 'r', ' ', '('};
        for (const GeneratedToken &token : penalized.tokens) {
            QCOMPARE(token.chance, 1.0);
            for (const TokenAlternative &one : token.alternatives) {
                if (one.id == token.id) break;
                QVERIFY(seen.contains(one.id));
                QCOMPARE(one.chance, 0.0);
            }
            seen.insert(token.id);
        }
    }

    void chancesAreThoseOfTheCuts()
    {
        TextGenerator generator = makeGenerator();
        GenerateRequest request = withPrompt(20);
        request.sampling.topK = 2;
        for (const GeneratedToken &token : ask(generator, request).tokens) {
            QCOMPARE(token.alternatives.size(), size_t(3));
            const double both = token.alternatives[0].probability + token.alternatives[1].probability;
            QVERIFY(std::abs(token.alternatives[0].chance - token.alternatives[0].probability / both) < 1e-9);
            QCOMPARE(token.alternatives[2].chance, 0.0);
            QVERIFY(token.chance > 0);
        }
    }
};

QTEST_APPLESS_MAIN(TestStopGeneration)
#include "tst_stop_generation.moc"
