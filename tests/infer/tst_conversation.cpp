// SPDX-License-Identifier: Apache-2.0
// Conversations: their tokens, what is read again from turn to turn, and that it makes no difference to the
// answer.
#include "tiny_run.h"

#include "core/data/chat_format.h"
#include "core/infer/model_loader.h"
#include "core/infer/text_generator.h"
#include "core/nn/extension_points.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>

#include <QtTest>

#include <cmath>

using namespace orrery;

namespace {

constexpr int32_t kUser = 258, kAssistant = 259, kEndOfTurn = 260;

RunSpec talkingSpec(int64_t context)
{
    RunSpec spec = test::tinySpec();
    spec.model.layers = 2;
    spec.model.context = context;
    return spec;
}

/// Weights as large as after some training, so that it matters what was read.
TextGenerator makeGenerator(const RunSpec &spec)
{
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
    loaded.info.name = "talker";
    return TextGenerator(std::move(loaded));
}

struct Answer {
    std::string text;
    std::vector<double> probabilities;
    GenerateSummary summary;
};

const std::atomic<bool> kNever{false};

Result<Answer> ask(TextGenerator &generator, const GenerateRequest &request,
                   const std::atomic<bool> &cancel = kNever)
{
    Answer answer;
    ORRERY_ASSIGN(answer.summary, generator.generate(
                                      request,
                                      [&](const GeneratedToken &token) {
                                          answer.text += token.bytes;
                                          answer.probabilities.push_back(token.probability);
                                          return true;
                                      },
                                      cancel));
    return answer;
}

GenerateRequest turns(std::vector<ChatMessage> messages, int64_t maxTokens = 6)
{
    return {.prompt = "",
            .sampling = {.maxTokens = maxTokens, .temperature = 0, .numAlternatives = 0},
            .infill = std::nullopt,
            .messages = std::move(messages)};
}

/// Both gave the same tokens, and held them for equally probable: their caches came about in different ways.
void compareAnswers(const Answer &one, const Answer &other)
{
    QCOMPARE(one.text, other.text);
    QCOMPARE(one.probabilities.size(), other.probabilities.size());
    for (size_t i = 0; i < one.probabilities.size(); ++i)
        QVERIFY(std::abs(one.probabilities[i] - other.probabilities[i]) < 1e-4);
}

/// Adds nothing, and notes at which places of the text the tokens it gets stand.
class PlaceNotes final : public nn::ResidualModule {
public:
    explicit PlaceNotes(std::vector<int64_t> &places) : m_places(places) {}
    at::Tensor forward(const at::Tensor &x_BTC, const nn::ForwardContext &context) override
    {
        if (context.cache) {
            context.cache->parts["notes"] = std::make_shared<nn::PartState>();
            const int64_t first = context.cache->origin + context.cache->length;
            for (int64_t t = 0; t < x_BTC.size(1); ++t) m_places.push_back(first + t);
        }
        return at::zeros_like(x_BTC);
    }
    [[nodiscard]] bool remembers() const override { return true; }

private:
    std::vector<int64_t> &m_places;
};

/// Raises a flag in its n-th pass. Adds nothing; if it remembers, a number that depends on all tokens seen so
/// far.
class Interrupter final : public nn::ResidualModule {
public:
    struct Plan {
        std::atomic<bool> flag{false};
        int passesLeft = 0; ///< 0: never
        bool remembers = false;
    };
    explicit Interrupter(std::shared_ptr<Plan> plan) : m_plan(std::move(plan)) {}
    at::Tensor forward(const at::Tensor &x_BTC, const nn::ForwardContext &context) override
    {
        if (m_plan->passesLeft > 0 && --m_plan->passesLeft == 0) m_plan->flag = true;
        at::Tensor added_BTC = at::zeros_like(x_BTC);
        if (!m_plan->remembers || !context.cache) return added_BTC;
        auto &part = context.cache->parts["interrupter"];
        if (!part) part = std::make_shared<Sums>();
        std::vector<int64_t> &sums = static_cast<Sums &>(*part).sums;
        for (int64_t t = 0; t < x_BTC.size(1); ++t) {
            const auto place = static_cast<size_t>(context.cache->origin + context.cache->length + t);
            const int64_t id = context.ids_BT[0][t].item<int64_t>();
            if (place == sums.size()) sums.push_back((place > 0 ? sums[place - 1] : 0) + id);
            added_BTC.select(1, t).fill_(static_cast<double>(sums.at(place) % 97) / 97);
        }
        return added_BTC;
    }
    [[nodiscard]] bool remembers() const override { return m_plan->remembers; }

private:
    struct Sums final : nn::PartState {
        std::vector<int64_t> sums; ///< of the ids up to each place
    };
    std::shared_ptr<Plan> m_plan;
};

TextGenerator makeInterruptible(const RunSpec &spec, const std::shared_ptr<Interrupter::Plan> &plan)
{
    nn::residualModuleRegistry().add("interrupter", [&](nn::BuildContext &build) {
        return build.layer == 0 ? std::make_unique<Interrupter>(plan) : nullptr;
    });
    TextGenerator generator = makeGenerator(spec);
    nn::residualModuleRegistry().remove("interrupter");
    return generator;
}

} // namespace

class TestConversation : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void turnsBecomeTokens()
    {
        const auto tokenizer = std::move(Tokenizer::create(DataSpec{})).value();
        const std::vector<ChatMessage> messages = {
            {"system", "s"}, {"user", "hi"}, {"assistant", "yo"}, {"user", "?"}};
        const auto ids = encodeConversation(messages, *tokenizer);
        QVERIFY(ids.ok());
        const std::vector<int32_t> expected = {257,        's',        kEndOfTurn, kUser,      'h',
                                               'i',        kEndOfTurn, kAssistant, 'y',        'o',
                                               kEndOfTurn, kUser,      '?',        kEndOfTurn, kAssistant};
        QCOMPARE(*ids, expected);
    }

    void refusesWhatIsNoConversation_data()
    {
        QTest::addColumn<QStringList>("roles");
        QTest::addColumn<bool>("hasSpecials");
        QTest::addColumn<QString>("message");
        QTest::newRow("no turns") << QStringList() << true << "the conversation is empty";
        QTest::newRow("role") << QStringList{"user", "bot"} << true << "the role of turn 1 is \"bot\"";
        QTest::newRow("last turn") << QStringList{"user", "assistant"} << true
                                   << "the last turn is the assistant's, expected the user's";
        QTest::newRow("bytes only") << QStringList{"user"} << false << "no role tokens";
    }
    void refusesWhatIsNoConversation()
    {
        QFETCH(QStringList, roles);
        QFETCH(bool, hasSpecials);
        QFETCH(QString, message);
        DataSpec data;
        if (!hasSpecials) data.specialTokens = "none";
        const auto tokenizer = std::move(Tokenizer::create(data)).value();
        std::vector<ChatMessage> messages;
        for (const QString &role : roles) messages.push_back({role.toStdString(), "x"});
        const auto ids = encodeConversation(messages, *tokenizer);
        QVERIFY(!ids.ok());
        QCOMPARE(ids.error().code, ErrorCode::InvalidInput);
        QVERIFY2(ids.error().message.find(message.toStdString()) != std::string::npos,
                 ids.error().message.c_str());
        QVERIFY(!ids.error().hint.empty());
    }

    void refusesMixedRequests()
    {
        TextGenerator generator = makeGenerator(talkingSpec(64));
        GenerateRequest both = turns({{"user", "x"}});
        both.prompt = "y";
        const auto mixed = ask(generator, both);
        QVERIFY(!mixed.ok());
        QVERIFY(mixed.error().message.find("a conversation and a prompt") != std::string::npos);
        GenerateRequest shown = turns({{"user", "x"}});
        shown.media.push_back({"bytes", "cat.png", 0});
        const auto withPicture = ask(generator, shown);
        QVERIFY(!withPicture.ok());
        QVERIFY2(withPicture.error().message.find("pictures or recordings beside a conversation") !=
                     std::string::npos,
                 withPicture.error().message.c_str());
        GenerateRequest picture = turns({});
        picture.prompt = "a cat: ";
        picture.media.push_back({"bytes", "cat.png", 0});
        const auto refused = ask(generator, picture);
        QVERIFY(!refused.ok());
        QCOMPARE(refused.error().code, ErrorCode::InvalidInput);
        QVERIFY2(refused.error().message.find("reads text only") != std::string::npos,
                 refused.error().message.c_str());
    }

    void readsOnlyWhatIsNew()
    {
        TextGenerator generator = makeGenerator(talkingSpec(128));
        const auto first = ask(generator, turns({{"user", "hello"}}));
        QVERIFY(first.ok());
        QCOMPARE(first->summary.reusedTokens, 0);
        const std::vector<ChatMessage> messages = {
            {"user", "hello"}, {"assistant", first->text}, {"user", "and?"}};
        const auto second = ask(generator, turns(messages));
        QVERIFY(second.ok());
        // All of the first turn but the last token of the answer, which nobody read yet.
        QCOMPARE(second->summary.reusedTokens,
                 first->summary.promptTokens + first->summary.generatedTokens - 1);
        TextGenerator fresh = makeGenerator(talkingSpec(128));
        const auto anew = ask(fresh, turns(messages));
        QVERIFY(anew.ok());
        QCOMPARE(anew->summary.reusedTokens, 0);
        compareAnswers(*second, *anew);
    }

    void anEditedTurnIsTakenBack()
    {
        TextGenerator generator = makeGenerator(talkingSpec(128));
        QVERIFY(ask(generator, turns({{"user", "hello you"}})).ok());
        const auto edited = ask(generator, turns({{"user", "hello me"}}));
        QVERIFY(edited.ok());
        QCOMPARE(edited->summary.reusedTokens, 1 + 6); // the role and "hello "
        TextGenerator fresh = makeGenerator(talkingSpec(128));
        compareAnswers(*edited, *ask(fresh, turns({{"user", "hello me"}})));
        // Asked again as it stands: the last token gives the answer once more.
        compareAnswers(*edited, *ask(generator, turns({{"user", "hello me"}})));
    }

    void aPromptBetweenTurnsLeavesNothing()
    {
        TextGenerator generator = makeGenerator(talkingSpec(128));
        const auto before = ask(generator, turns({{"user", "hello"}}));
        QVERIFY(before.ok());
        GenerateRequest prompt = turns({});
        prompt.prompt = "int main(";
        const auto continued = ask(generator, prompt);
        QVERIFY(continued.ok());
        TextGenerator fresh = makeGenerator(talkingSpec(128));
        const auto anew = ask(fresh, prompt);
        QCOMPARE(continued->text, anew->text);
        QVERIFY(continued->probabilities == anew->probabilities); // to the bit
        compareAnswers(*before, *ask(generator, turns({{"user", "hello"}})));
    }

    void longConversationsGoOn()
    {
        TextGenerator generator = makeGenerator(talkingSpec(32));
        std::vector<ChatMessage> messages;
        for (int turn = 0; turn < 8; ++turn) {
            messages.push_back({"user", "turn " + std::to_string(turn)});
            const auto answer = ask(generator, turns(messages));
            QVERIFY(answer.ok());
            QVERIFY(answer->summary.generatedTokens > 0);
            messages.push_back({"assistant", answer->text});
        }
    }

    /// Wherever a conversation is left, the next request gives what it would have given without the one that
    /// was left.
    void aCancelLeavesNothingWrong_data()
    {
        QTest::addColumn<bool>("remembers");
        QTest::addColumn<int>("passes");
        for (const bool remembers : {false, true})
            for (int passes = 1; passes <= 4; ++passes)
                QTest::addRow("%s, %d passes", remembers ? "remembering" : "plain", passes)
                    << remembers << passes;
    }
    void aCancelLeavesNothingWrong()
    {
        QFETCH(bool, remembers);
        QFETCH(int, passes);
        const RunSpec spec = talkingSpec(600);
        const std::string half(500, 'a');
        const auto firstTurn = turns({{"user", half}}, 2);
        // Goes on from the first turn and overflows; each pass reads 256 tokens at most.
        const auto longer = turns({{"user", half}, {"assistant", "b"}, {"user", half + "c"}}, 1);
        for (const GenerateRequest &next :
             {longer, turns({{"user", half}, {"assistant", "b"}, {"user", std::string(70, 'a') + "d"}}, 3),
              turns({{"user", "x"}}, 3)}) {
            const auto plan = std::make_shared<Interrupter::Plan>();
            plan->remembers = remembers;
            TextGenerator generator = makeInterruptible(spec, plan);
            QVERIFY(ask(generator, firstTurn).ok());
            plan->passesLeft = passes;
            QVERIFY(ask(generator, longer, plan->flag).ok());
            const auto answer = ask(generator, next);
            QVERIFY(answer.ok());
            QVERIFY(!answer->text.empty());
            if (answer->summary.promptTokens + 3 > 600)
                continue; // where a longer text begins depends on its past
            const auto other = std::make_shared<Interrupter::Plan>();
            other->remembers = remembers;
            TextGenerator fresh = makeInterruptible(spec, other);
            compareAnswers(*answer, *ask(fresh, next));
        }
    }
    void aConversationLeftBeforeItsFirstPass()
    {
        const std::atomic<bool> isCancelled{true};
        const std::string question = "twenty-one characters";
        TextGenerator left = makeGenerator(talkingSpec(16)), anew = makeGenerator(talkingSpec(16));
        // 40 tokens, of which the last 16 are to be read; the next request is what stands before these.
        QVERIFY(ask(left, turns({{"user", "other"}})).ok());
        QVERIFY(
            ask(left, turns({{"user", question}, {"assistant", "twelve chars"}, {"user", ""}}), isCancelled)
                .ok());
        compareAnswers(*ask(left, turns({{"user", question}}, 3)),
                       *ask(anew, turns({{"user", question}}, 3)));

        TextGenerator generator = makeGenerator(talkingSpec(16));
        const std::atomic<bool> cancelled{true};
        QVERIFY(ask(generator, turns({{"user", "much more than sixteen tokens"}}), cancelled).ok());
        TextGenerator fresh = makeGenerator(talkingSpec(16));
        compareAnswers(*ask(generator, turns({{"user", "x"}}, 3)), *ask(fresh, turns({{"user", "x"}}, 3)));
    }

    void partsThatRememberSeeTheWholeText()
    {
        std::vector<int64_t> places;
        nn::residualModuleRegistry().add("notes", [&](nn::BuildContext &build) {
            return build.layer == 0 ? std::make_unique<PlaceNotes>(places) : nullptr;
        });
        TextGenerator generator = makeGenerator(talkingSpec(16));
        nn::residualModuleRegistry().remove("notes");
        GenerateRequest request = turns({});
        request.prompt = "a text of more than three times sixteen tokens, read to its end";
        QVERIFY(ask(generator, request).ok());
        // Each place at least once, none before those in front of it.
        int64_t next = 0;
        for (const int64_t place : places) {
            QVERIFY(place <= next);
            next = std::max(next, place + 1);
        }
        QCOMPARE(next, std::ssize(request.prompt) + 6 - 1);
        QVERIFY(std::ssize(places) > next); // the second half of a full context came again

        // What is remembered cannot be taken back: another text begins anew.
        QVERIFY(ask(generator, turns({{"user", "you"}})).ok());
        places.clear();
        QVERIFY(ask(generator, turns({{"user", "me"}})).ok());
        QCOMPARE(places.front(), 0);

        // The plain model reads the end of the prompt only.
        TextGenerator plain = makeGenerator(talkingSpec(16));
        QVERIFY(ask(plain, request).ok());
    }
};

QTEST_GUILESS_MAIN(TestConversation)
#include "tst_conversation.moc"
