// SPDX-License-Identifier: Apache-2.0
// Axes: B batch, T tokens, V vocabulary.
#include "tiny_run.h"

#include "core/infer/model_loader.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/tensor.h>

#include <QTemporaryDir>
#include <QtTest>

#include <cmath>
#include <thread>

using namespace orrery;
namespace fs = std::filesystem;

namespace {

constexpr int64_t kContext = 16;

struct Generated {
    std::vector<GeneratedToken> tokens;
    GenerateSummary summary;
    [[nodiscard]] std::vector<int32_t> ids() const
    {
        std::vector<int32_t> ids;
        for (const GeneratedToken &token : tokens) ids.push_back(token.id);
        return ids;
    }
};

Generated generate(Generator &generator, const GenerateRequest &request)
{
    Generated out;
    const std::atomic<bool> cancel{false};
    auto summary = generator.generate(
        request,
        [&](const GeneratedToken &token) {
            out.tokens.push_back(token);
            return true;
        },
        cancel);
    if (!summary.ok()) qFatal("%s", summary.error().text().c_str());
    out.summary = std::move(summary).value();
    return out;
}

/// Log-probabilities behind `seen` by the whole model at once: no cache, no chunks.
at::Tensor plainLogProbabilities(nn::Transformer &model, const std::vector<int64_t> &seen)
{
    const at::NoGradGuard noGradients;
    const at::Tensor logits_BTV = model.logits(at::tensor(seen, at::kLong).unsqueeze(0), {});
    return at::log_softmax(logits_BTV.select(0, 0).select(0, -1).to(at::kDouble), -1);
}

} // namespace

class TestTextGenerator : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

    [[nodiscard]] std::unique_ptr<Generator> makeGenerator(const RunSpec &spec) const
    {
        static int number = 0;
        const fs::path run = fs::path(m_folder.path().toStdString()) / ("run-" + std::to_string(++number));
        test::makeTinyRun(run, spec, {{100, 3.0}});
        auto loaded = loadGenerator({.path = run.string()}, "cpu", 1);
        if (!loaded.ok()) qFatal("%s", loaded.error().text().c_str());
        return std::move(loaded).value();
    }

private Q_SLOTS:
    void sameSeedSameText()
    {
        const auto generator = makeGenerator(test::tinySpec());
        const GenerateRequest request{.prompt = "for (",
                                      .sampling = {.maxTokens = 40, .temperature = 1, .seed = 5}};
        const auto first = generate(*generator, request);
        QCOMPARE(first.ids(), generate(*generator, request).ids());
        GenerateRequest other = request;
        other.sampling.seed = 6;
        QVERIFY(first.ids() != generate(*generator, other).ids());
    }

    void seedDecidesEachTokenByItsIndex()
    {
        // The first tokens do not depend on how many follow.
        const auto generator = makeGenerator(test::tinySpec());
        const auto longer =
            generate(*generator, {.prompt = "a", .sampling = {.maxTokens = 20, .seed = 3}}).ids();
        const auto shorter =
            generate(*generator, {.prompt = "a", .sampling = {.maxTokens = 8, .seed = 3}}).ids();
        QCOMPARE(shorter, std::vector<int32_t>(longer.begin(), longer.begin() + 8));
    }

    void cacheAndOverflowAgreeWithThePlainModel_data()
    {
        QTest::addColumn<QString>("position");
        QTest::addColumn<QString>("prompt");
        for (const char *position : {"rope", "learned"}) {
            QTest::addRow("%s, short prompt", position) << position << "ab";
            QTest::addRow("%s, prompt of a context", position) << position << "0123456789abcdef";
            QTest::addRow("%s, longer prompt", position) << position << "a prompt of more than sixteen bytes";
        }
    }

    /// What the model is said to see: the last context of the prompt; when that is full, the last half of a
    /// context.
    void cacheAndOverflowAgreeWithThePlainModel()
    {
        QFETCH(QString, position);
        QFETCH(QString, prompt);
        RunSpec spec = test::tinySpec();
        spec.model.position = position.toStdString();
        const auto generator = makeGenerator(spec);
        const auto plain = test::tinyModel(spec, 100);
        const auto out = generate(*generator, {.prompt = prompt.toStdString(),
                                               .sampling = {.maxTokens = 60, .temperature = 1, .seed = 1}});
        std::vector<int64_t> history;
        for (char c : prompt.toStdString()) history.push_back(static_cast<unsigned char>(c));
        std::vector<int64_t> seen(history.end() - std::min<std::ptrdiff_t>(kContext, std::ssize(history)),
                                  history.end());
        int numOverflows = 0;
        for (const GeneratedToken &token : out.tokens) {
            const at::Tensor logP_V = plainLogProbabilities(*plain, seen);
            QVERIFY(std::abs(std::exp(logP_V[token.id].item<double>()) - token.probability) < 1e-5);
            const double entropy = -(logP_V.exp() * logP_V).sum().item<double>();
            QVERIFY(std::abs(entropy - token.entropy) < 1e-4);
            history.push_back(token.id);
            if (std::ssize(seen) == kContext) {
                seen.assign(history.end() - kContext / 2, history.end());
                ++numOverflows;
            } else {
                seen.push_back(token.id);
            }
        }
        QVERIFY(numOverflows >= 3 || out.summary.reason == FinishReason::EndOfText);
    }

    void streamsBytesProbabilitiesAndAlternatives()
    {
        const auto generator = makeGenerator(test::tinySpec());
        const auto out =
            generate(*generator, {.prompt = "x", .sampling = {.maxTokens = 5, .numAlternatives = 4}});
        QCOMPARE(out.tokens.size(), size_t(5));
        for (const GeneratedToken &token : out.tokens) {
            QVERIFY(token.probability > 0 && token.probability < 1);
            QVERIFY(token.entropy > 0);
            QVERIFY(!token.bytes.empty());
            QCOMPARE(token.alternatives.size(), size_t(4));
            for (size_t i = 1; i < 4; ++i)
                QVERIFY(token.alternatives[i].probability <= token.alternatives[i - 1].probability);
        }
        QCOMPARE(out.summary.reason, FinishReason::MaxTokens);
        QCOMPARE(out.summary.promptTokens, int64_t(1));
        QCOMPARE(out.summary.generatedTokens, int64_t(5));
        QCOMPARE(out.summary.step, int64_t(100));
    }

    void stopsAtEndOfText()
    {
        // An untrained model gives each of 272 tokens about the same share, so the mark comes within some
        // hundred tokens.
        const auto generator = makeGenerator(test::tinySpec());
        const auto out =
            generate(*generator, {.prompt = "x",
                                  .sampling = {.maxTokens = 20'000, .temperature = 1, .numAlternatives = 0}});
        QCOMPARE(out.summary.reason, FinishReason::EndOfText);
        QCOMPARE(out.summary.generatedTokens, static_cast<int64_t>(out.tokens.size()));
        for (const GeneratedToken &token : out.tokens) QVERIFY(token.id != 256);
    }

    void withoutSpecialsNothingEndsTheText()
    {
        RunSpec spec = test::tinySpec();
        spec.data.specialTokens = "none";
        const auto generator = makeGenerator(spec);
        QCOMPARE(generator->info().vocabSize, int64_t(256));
        const auto out =
            generate(*generator, {.prompt = "", .sampling = {.maxTokens = 600, .temperature = 1}});
        QCOMPARE(out.summary.reason, FinishReason::MaxTokens);
        QCOMPARE(out.summary.promptTokens, int64_t(1)); // starts at a new line
    }

    void anEmptyPromptStartsADocument()
    {
        const auto generator = makeGenerator(test::tinySpec());
        const auto plain = test::tinyModel(test::tinySpec(), 100);
        const auto out = generate(*generator, {.sampling = {.maxTokens = 1}});
        const double p = std::exp(plainLogProbabilities(*plain, {256})[out.tokens.at(0).id].item<double>());
        QVERIFY(std::abs(p - out.tokens[0].probability) < 1e-5);
    }

    void takesBytesThatAreNoUtf8()
    {
        const auto generator = makeGenerator(test::tinySpec());
        const auto out =
            generate(*generator, {.prompt = std::string("\xff\x00\xfe", 3), .sampling = {.maxTokens = 2}});
        QCOMPARE(out.summary.promptTokens, int64_t(3));
    }

    void stopsWhenTheReaderHasEnough()
    {
        const auto generator = makeGenerator(test::tinySpec());
        const std::atomic<bool> cancel{false};
        int numTokens = 0;
        const auto summary = generator->generate(
            {.prompt = "x"}, [&](const GeneratedToken &) { return ++numTokens < 3; }, cancel);
        QVERIFY(summary.ok());
        QCOMPARE(numTokens, 3);
        QCOMPARE(summary->reason, FinishReason::Cancelled);
        QCOMPARE(summary->generatedTokens, int64_t(3));
    }

    void cancelEndsAtTheNextToken()
    {
        const auto generator = makeGenerator(test::tinySpec());
        std::atomic<bool> cancel{false};
        int numTokens = 0;
        const auto summary = generator->generate(
            {.prompt = "x"},
            [&](const GeneratedToken &) {
                if (++numTokens == 4) std::thread([&] { cancel = true; }).join();
                return true;
            },
            cancel);
        QVERIFY(summary.ok());
        QCOMPARE(summary->reason, FinishReason::Cancelled);
        QCOMPARE(numTokens, 4);
    }

    void cancelledBeforeItStartsGivesNoToken()
    {
        const auto generator = makeGenerator(test::tinySpec());
        const std::atomic<bool> cancel{true};
        const auto summary = generator->generate({.prompt = "x"}, {}, cancel);
        QVERIFY(summary.ok());
        QCOMPARE(summary->reason, FinishReason::Cancelled);
        QCOMPARE(summary->generatedTokens, int64_t(0));
    }

    void refusesBadSettings()
    {
        const auto generator = makeGenerator(test::tinySpec());
        const std::atomic<bool> cancel{false};
        const auto summary =
            generator->generate({.prompt = "x", .sampling = {.temperature = 99}}, {}, cancel);
        QVERIFY(!summary.ok());
        QCOMPARE(summary.error().code, ErrorCode::InvalidInput);
        QVERIFY(summary.error().message.find("99") != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(TestTextGenerator)
#include "tst_text_generator.moc"
