// SPDX-License-Identifier: Apache-2.0
// Holes against the whole model at once, without cache or chunks; embeddings against the hidden states.
#include "lively_model.h"

#include "core/infer/model_loader.h"
#include "core/spec/objective_mix.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>

#include <QTemporaryDir>
#include <QtTest>

#include <cmath>

using namespace orrery;
using namespace orrery::test;
namespace fs = std::filesystem;

namespace {

constexpr int32_t kPrefixMark = 261, kSuffixMark = 262, kMiddleMark = 263;

} // namespace

class TestInfill : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

    [[nodiscard]] fs::path makeRun(const RunSpec &spec) const
    {
        static int number = 0;
        const fs::path run = fs::path(m_folder.path().toStdString()) / ("run-" + std::to_string(++number));
        test::makeTinyRun(run, spec, {{100, 3.0}});
        return run;
    }
    [[nodiscard]] std::unique_ptr<Generator> load(const fs::path &path) const
    {
        auto loaded = loadGenerator({.path = path.string()}, "cpu", 1);
        if (!loaded.ok()) qFatal("%s", loaded.error().text().c_str());
        return std::move(loaded).value();
    }

private Q_SLOTS:
    void sidesShareTheRoom_data()
    {
        QTest::addColumn<QString>("before");
        QTest::addColumn<QString>("after");
        QTest::addColumn<QString>("shownBefore");
        QTest::addColumn<QString>("shownAfter");
        // A context of 16 holds three marks, leaves four tokens to the middle, and so has room for nine.
        QTest::newRow("both fit") << "abc"
                                  << "xyz"
                                  << "abc"
                                  << "xyz";
        QTest::newRow("both are long") << "abcdefghij"
                                       << "0123456789"
                                       << "fghij"
                                       << "0123";
        QTest::newRow("long before") << "abcdefghij"
                                     << "01"
                                     << "defghij"
                                     << "01";
        QTest::newRow("long after") << "ab"
                                    << "0123456789"
                                    << "ab"
                                    << "0123456";
        QTest::newRow("nothing before") << ""
                                        << "0123456789"
                                        << ""
                                        << "012345678";
        QTest::newRow("nothing after") << "abcdefghij"
                                       << ""
                                       << "bcdefghij"
                                       << "";
        QTest::newRow("nothing at all") << ""
                                        << ""
                                        << ""
                                        << "";
    }
    void sidesShareTheRoom()
    {
        QFETCH(QString, before);
        QFETCH(QString, after);
        QFETCH(QString, shownBefore);
        QFETCH(QString, shownAfter);
        std::vector<int32_t> expected = {kPrefixMark, kSuffixMark};
        for (const int32_t id : idsOf(shownAfter.toStdString())) expected.push_back(id);
        expected.push_back(kMiddleMark);
        for (const int32_t id : idsOf(shownBefore.toStdString())) expected.push_back(id);
        QCOMPARE(renderHole(idsOf(before.toStdString()), idsOf(after.toStdString()), kContext), expected);
        QCOMPARE(renderHole(idsOf("abc"), idsOf("xyz"), kMinInfillContext),
                 (std::vector<int32_t>{kPrefixMark, kSuffixMark, kMiddleMark}));
    }

    void probabilitiesAreThoseOfTheWholeModel_data()
    {
        QTest::addColumn<QString>("position");
        QTest::addColumn<QString>("before");
        QTest::addColumn<QString>("after");
        for (const char *position : {"rope", "learned"}) {
            QTest::addRow("%s, short sides", position) << position << "ab"
                                                       << "yz";
            QTest::addRow("%s, long sides", position) << position << "a long text before"
                                                      << "and one behind it";
            QTest::addRow("%s, nothing behind", position) << position << "ab"
                                                          << "";
            QTest::addRow("%s, nothing before", position) << position << ""
                                                          << "yz";
        }
    }
    /// Both sides at once, then the middle; where the context is full, what has come counts as text before.
    void probabilitiesAreThoseOfTheWholeModel()
    {
        QFETCH(QString, position);
        QFETCH(QString, before);
        QFETCH(QString, after);
        RunSpec spec = hybridSpec();
        spec.model.position = position.toStdString();
        TextGenerator generator = livelyGenerator(spec);
        const auto plain = livelyModel(spec);
        std::vector<int32_t> history = idsOf(before.toStdString());
        const std::vector<int32_t> behind = idsOf(after.toStdString());
        std::vector<int32_t> seen = renderHole(history, behind, kContext);
        constexpr int64_t numVisible = 0; // the sides do not see what stands behind them
        int numOverflows = 0;
        bool isGood = true;
        const std::atomic<bool> cancel{false};
        const auto summary = generator.generate(
            {.prompt = before.toStdString(),
             .sampling = {.maxTokens = 40, .temperature = 1, .seed = 1},
             .infill = after.toStdString()},
            [&](const GeneratedToken &token) {
                const at::Tensor p_V = plainProbabilities(*plain, seen, numVisible);
                isGood = isGood && std::abs(p_V[token.id].item<double>() - token.probability) < 1e-5;
                history.push_back(token.id);
                if (std::ssize(seen) == kContext) {
                    seen = renderHole(history, behind, kContext);
                    ++numOverflows;
                } else {
                    seen.push_back(token.id);
                }
                return true;
            },
            cancel);
        QVERIFY2(summary.ok(), summary.ok() ? "" : summary.error().text().c_str());
        QVERIFY(isGood);
        QCOMPARE(summary->promptTokens, qint64(before.size() + after.size() + 3));
        QVERIFY(numOverflows >= 2 || summary->reason != FinishReason::MaxTokens);
    }

    void stopsAtTheEndMark()
    {
        // An untrained model gives each of 272 tokens about the same share, so a mark comes within some
        // hundreds.
        const auto generator = load(makeRun(hybridSpec()));
        const std::atomic<bool> cancel{false};
        std::set<FinishReason> reasons;
        for (uint64_t seed = 0; seed < 8; ++seed) {
            bool hasEndMark = false;
            const auto summary = generator->generate(
                {.prompt = "x",
                 .sampling = {.maxTokens = 20'000, .temperature = 1, .seed = seed, .numAlternatives = 0},
                 .infill = "y"},
                [&](const GeneratedToken &token) {
                    hasEndMark = hasEndMark || token.id == 256 || token.id == 260;
                    return true;
                },
                cancel);
            QVERIFY(summary.ok() && !hasEndMark);
            reasons.insert(summary->reason);
        }
        QVERIFY(reasons.contains(FinishReason::EndOfInfill));
        QVERIFY(!reasons.contains(FinishReason::MaxTokens));
    }

    void endOfTurnDoesNotEndAContinuation()
    {
        const auto generator = load(makeRun(hybridSpec()));
        const std::atomic<bool> cancel{false};
        bool hasEndOfTurn = false;
        for (uint64_t seed = 0; seed < 8 && !hasEndOfTurn; ++seed)
            QVERIFY(generator
                        ->generate(
                            {.prompt = "x",
                             .sampling =
                                 {.maxTokens = 2000, .temperature = 1, .seed = seed, .numAlternatives = 0}},
                            [&](const GeneratedToken &token) {
                                hasEndOfTurn = hasEndOfTurn || token.id == 260;
                                return true;
                            },
                            cancel)
                        .ok());
        QVERIFY(hasEndOfTurn);
    }

    void refusesModelsThatNeverSawAHole_data()
    {
        QTest::addColumn<QString>("objective");
        QTest::addColumn<std::vector<double>>("mix");
        QTest::newRow("next_token") << "next_token" << std::vector<double>{50, 25, 25};
        QTest::newRow("no weight") << "hybrid" << std::vector<double>{1, 1, 0};
    }
    void refusesModelsThatNeverSawAHole()
    {
        QFETCH(QString, objective);
        QFETCH(std::vector<double>, mix);
        RunSpec spec = test::tinySpec();
        spec.objective.name = objective.toStdString();
        spec.objective.mix = mix;
        const auto generator = load(makeRun(spec));
        const std::atomic<bool> cancel{false};
        const auto refused = generator->generate({.prompt = "x", .infill = "y"}, {}, cancel);
        QVERIFY(!refused.ok());
        QCOMPARE(refused.error().code, ErrorCode::InvalidInput);
        QVERIFY2(refused.error().message.find("objective.name is " + objective.toStdString()) !=
                     std::string::npos,
                 refused.error().message.c_str());
        QVERIFY(refused.error().hint.find("objective.name=hybrid") != std::string::npos);
    }

    void aModelDirectoryKnowsWhatItWasTrainedFor()
    {
        const fs::path run = makeRun(hybridSpec()), directory = run.string() + "-model";
        QVERIFY(exportModelDirectory({.path = run.string()}, directory.string()).ok());
        const std::atomic<bool> cancel{false};
        QVERIFY(load(directory)
                    ->generate({.prompt = "x", .sampling = {.maxTokens = 3}, .infill = "y"}, {}, cancel)
                    .ok());
    }

    void embeddingIsTheMeanHiddenState_data()
    {
        QTest::addColumn<QString>("objective");
        QTest::addColumn<QString>("mask");
        QTest::newRow("hybrid") << "hybrid"
                                << "bidirectional";
        QTest::newRow("next_token") << "next_token"
                                    << "causal";
        QTest::newRow("holes alone, which are read from left to right") << "holes"
                                                                       << "causal";
    }
    void embeddingIsTheMeanHiddenState()
    {
        QFETCH(QString, objective);
        QFETCH(QString, mask);
        RunSpec spec = hybridSpec();
        if (objective == "holes")
            spec.objective.mix = {50, 0, 50};
        else
            spec.objective.name = objective.toStdString();
        TextGenerator generator = livelyGenerator(spec);
        const auto plain = livelyModel(spec);
        const std::atomic<bool> cancel{false};
        const std::string text = "a text that is longer than sixteen bytes is read in windows";
        const auto summary = generator.embed({text}, cancel);
        QVERIFY2(summary.ok(), summary.ok() ? "" : summary.error().text().c_str());
        QCOMPARE(summary->mask, mask.toStdString());
        QCOMPARE(summary->tokens, qint64(text.size()));
        QCOMPARE(summary->step, int64_t(100));
        QCOMPARE(summary->embedding.size(), size_t(spec.model.width));
        // 59 bytes are four windows of 14, 15, 15 and 15.
        const at::NoGradGuard noGradients;
        nn::ForwardContext context;
        context.maskPolicy = mask.toStdString();
        std::vector<double> expected(summary->embedding.size());
        const std::vector<int32_t> ids = idsOf(text);
        int64_t begin = 0;
        for (const int64_t length : {14, 15, 15, 15}) {
            const std::vector<int64_t> window(ids.begin() + begin, ids.begin() + begin + length);
            const at::Tensor hidden_BTC = plain->hidden(at::tensor(window, at::kLong).unsqueeze(0), context);
            for (int64_t t = 0; t < length; ++t)
                for (size_t c = 0; c < expected.size(); ++c)
                    expected[c] += hidden_BTC[0][t][static_cast<int64_t>(c)].item<double>() / 59;
            begin += length;
        }
        QCOMPARE(begin, std::ssize(ids));
        for (size_t c = 0; c < expected.size(); ++c)
            QVERIFY(std::abs(expected[c] - static_cast<double>(summary->embedding[c])) < 1e-5);
    }

    void embeddingsNeedATextAndCanBeCancelled()
    {
        const auto generator = load(makeRun(hybridSpec()));
        const std::atomic<bool> go{false}, stop{true};
        const auto empty = generator->embed({""}, go);
        QVERIFY(!empty.ok());
        QCOMPARE(empty.error().code, ErrorCode::InvalidInput);
        QVERIFY(empty.error().message.find("the text is empty") != std::string::npos);
        const auto cancelled = generator->embed({"abc"}, stop);
        QVERIFY(!cancelled.ok());
        QCOMPARE(cancelled.error().code, ErrorCode::Cancelled);
    }
};

QTEST_APPLESS_MAIN(TestInfill)
#include "tst_infill.moc"
