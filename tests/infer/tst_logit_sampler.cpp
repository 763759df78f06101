// SPDX-License-Identifier: Apache-2.0
// The stage in front of the draw of a token, put in as a double: what it knows, what it changes, and what
// goes wrong.
#include "core/infer/model_loader.h"
#include "core/infer/sampler_point.h"
#include "tests/base/check_result.h"
#include "tiny_run.h"

#include <QTemporaryDir>

#include <cmath>
#include <limits>

using namespace orrery;
namespace fs = std::filesystem;

namespace {

/// Does what a test says, and keeps what it was told.
class DoubleSampler final : public Sampler {
public:
    struct Asked {
        std::vector<int32_t> tokens;
        int64_t numGenerated = 0;
        uint64_t seed = 0;
    };
    using Change = std::function<void(std::span<float>, const SamplerPlace &)>;
    DoubleSampler(std::vector<Asked> &asked, Change change) : m_asked(asked), m_change(std::move(change)) {}
    void change(std::span<float> logits_V, const SamplerPlace &place) override
    {
        m_asked.push_back({{place.tokens.begin(), place.tokens.end()}, place.numGenerated, place.seed});
        if (m_change) m_change(logits_V, place);
    }

private:
    std::vector<Asked> &m_asked;
    Change m_change;
};

constexpr float kNever = -std::numeric_limits<float>::infinity();

} // namespace

class TestLogitSampler : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    std::unique_ptr<Generator> m_generator;
    std::vector<DoubleSampler::Asked> m_asked;
    int m_numMade = 0;

    void registerDouble(DoubleSampler::Change change = {})
    {
        samplerRegistry().add("double", [this, change](const Tokenizer &tokenizer) {
            m_numMade += tokenizer.vocabSize() == 272;
            return guardedPart(std::unique_ptr<Sampler>(std::make_unique<DoubleSampler>(m_asked, change)),
                               nn::PluginGuard("bad"));
        });
    }
    static GenerateRequest requestWith(const std::string &sampler)
    {
        GenerateRequest request{.prompt = "abc", .sampling = {.maxTokens = 6, .temperature = 0}};
        request.sampling.seed = 9;
        request.sampling.sampler = sampler;
        return request;
    }
    Result<std::vector<GeneratedToken>> generate(const GenerateRequest &request)
    {
        std::vector<GeneratedToken> tokens;
        const std::atomic<bool> cancel{false};
        const auto summary = m_generator->generate(
            request,
            [&](const GeneratedToken &token) {
                tokens.push_back(token);
                return true;
            },
            cancel);
        if (!summary.ok()) return summary.error();
        return tokens;
    }
    Result<std::vector<int32_t>> idsOf(const GenerateRequest &request)
    {
        ORRERY_ASSIGN(const std::vector<GeneratedToken> tokens, generate(request));
        std::vector<int32_t> ids;
        for (const GeneratedToken &token : tokens) ids.push_back(token.id);
        return ids;
    }

private Q_SLOTS:
    void initTestCase()
    {
        const fs::path run = fs::path(m_folder.path().toStdString()) / "run";
        test::makeTinyRun(run, test::tinySpec(), {{100, 3.0}});
        auto loaded = loadGenerator({.path = run.string()}, "cpu", 1);
        VERIFY_OK(loaded);
        m_generator = std::move(loaded).value();
    }
    void init()
    {
        m_asked.clear();
        m_numMade = 0;
    }
    void cleanup() { samplerRegistry().remove("double"); }

    void itKnowsAllTokensBeforeIt()
    {
        const auto plain = idsOf(requestWith(""));
        registerDouble();
        QVERIFY(m_asked.empty());
        const auto ids = idsOf(requestWith("double"));
        VERIFY_OK(ids);
        QCOMPARE(*ids, *plain); // it changed nothing
        QCOMPARE(m_numMade, 1);
        QCOMPARE(m_asked.size(), size_t(6));
        std::vector<int32_t> expected = {'a', 'b', 'c'};
        for (size_t i = 0; i < m_asked.size(); ++i) {
            QCOMPARE(m_asked[i].tokens, expected);
            QCOMPARE(m_asked[i].numGenerated, static_cast<int64_t>(i));
            QCOMPARE(m_asked[i].seed, uint64_t(9));
            expected.push_back((*ids)[i]);
        }
        VERIFY_OK(idsOf(requestWith("")));
        QCOMPARE(m_asked.size(), size_t(6)); // whoever does not name it goes without
    }
    void itChangesWhatIsDrawn()
    {
        registerDouble([](std::span<float> logits_V, const SamplerPlace &place) {
            const float before = logits_V['x'];
            for (float &logit : logits_V) logit = kNever;
            logits_V[place.numGenerated % 2 == 0 ? 'x' : 'y'] = before;
        });
        GenerateRequest request = requestWith("double");
        request.sampling.topK = 1;
        request.sampling.temperature = 1;
        const auto tokens = generate(request);
        VERIFY_OK(tokens);
        std::string text;
        for (const GeneratedToken &token : *tokens) text += token.bytes;
        QCOMPARE(qtext(text), QString("xyxyxy"));
        QCOMPARE(tokens->front().probability, 1.0); // of what was changed
    }
    void theModelsOwnLogitsStay()
    {
        const auto ask = [](const std::string &sampler) {
            GenerateRequest request = requestWith(sampler);
            request.prompt.clear();
            request.messages = {ChatMessage{.role = "user", .content = "hello"}};
            request.sampling.maxTokens = 1;
            return request;
        };
        const auto plain = idsOf(ask(""));
        VERIFY_OK(plain);
        registerDouble([](std::span<float> logits_V, const SamplerPlace &) {
            for (float &logit : logits_V) logit = 0;
            logits_V['q'] = 1;
        });
        QCOMPARE(*idsOf(ask("double")), std::vector<int32_t>{'q'});
        QCOMPARE(*idsOf(ask("")), *plain); // the same conversation, read already
    }

    void unknownOnesAreListed()
    {
        VERIFY_ERROR(idsOf(requestWith("nobody")), ErrorCode::InvalidInput,
                     "the sampler is \"nobody\", expected none, as no plugin of the model has one");
        registerDouble();
        VERIFY_ERROR(idsOf(requestWith("nobody")), ErrorCode::InvalidInput,
                     "expected one of double, or none.");
    }
    void whatItDoesWrongIsTold()
    {
        registerDouble(
            [](std::span<float>, const SamplerPlace &) { throw std::runtime_error("the dice are gone"); });
        VERIFY_ERROR(idsOf(requestWith("double")), ErrorCode::Unavailable,
                     "plugin \"bad\" failed: the dice are gone");
        registerDouble([](std::span<float> logits_V, const SamplerPlace &) { logits_V[3] = NAN; });
        VERIFY_ERROR(idsOf(requestWith("double")), ErrorCode::InvalidInput,
                     "the sampler \"double\": it left the logit of token 3 as no number");
        registerDouble([](std::span<float> logits_V, const SamplerPlace &) {
            for (float &logit : logits_V) logit = kNever;
        });
        VERIFY_ERROR(idsOf(requestWith("double")), ErrorCode::InvalidInput, "no token to choose from");
        samplerRegistry().add("double", [](const Tokenizer &) {
            return guardedPart(std::unique_ptr<Sampler>(), nn::PluginGuard("bad"));
        });
        VERIFY_ERROR(idsOf(requestWith("double")), ErrorCode::Unavailable, "its factory made nothing");
        VERIFY_OK(idsOf(requestWith("")));
    }
};

QTEST_GUILESS_MAIN(TestLogitSampler)
#include "tst_logit_sampler.moc"
