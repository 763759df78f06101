// SPDX-License-Identifier: Apache-2.0
// The choice of slots by their numbers, and that a replay changes these and nothing else.
#include "core/nn/extension_points.h"
#include "plugins/memory/engine/consolidation.h"
#include "plugins/memory/engine/episodic_memory.h"
#include "plugins/memory/engine/product_key_memory.h"
#include "tests/base/check_result.h"
#include "tests/nn/model_fixtures.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

using namespace orrery;
using namespace orrery::memory;
using namespace orrery::nn::test;

namespace {

std::unique_ptr<nn::Transformer> semanticModel(const ModelSpec &spec = smallSpec(),
                                               const SemanticSettings &settings = {
                                                   .numSlots = 64, .layer = 0, .numHeads = 1, .topK = 2})
{
    nn::residualModuleRegistry().add(
        "semantic", [settings](nn::BuildContext &build) { return makeProductKeyMemory(build, settings); });
    auto model = makeModel(spec);
    nn::residualModuleRegistry().remove("semantic");
    stirWeights(*model);
    return model;
}

const std::vector<std::vector<int32_t>> kTexts = {{3, 1, 4, 1, 5, 9, 2}, {6, 5, 3, 5, 8}, {7}, {}};
const std::vector<std::vector<int32_t>> kOthers = {{2, 7, 1, 8, 2, 8}, {1, 6, 1, 8}, {1, 4, 1, 4, 2}};

} // namespace

class TestConsolidation : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void choosesByTfIdf()
    {
        // Of 9 texts in the background: slot 1 is in all of them, slot 2 in 4, slots 3 and 4 in none.
        const SlotBackground background{{0, 9, 4, 0, 0}, 9};
        const std::vector<int64_t> counts = {0, 50, 10, 3, 4};
        // 10 · log(10 / 5) = 6.93, 3 · log(10) = 6.91, 4 · log(10) = 9.21; slot 1: log(1) = 0
        QCOMPARE(chooseSlots(counts, background, 1), (std::vector<int64_t>{4}));
        QCOMPARE(chooseSlots(counts, background, 2), (std::vector<int64_t>{2, 4}));
        QCOMPARE(chooseSlots(counts, background, 10), (std::vector<int64_t>{2, 3, 4}));
        QVERIFY(chooseSlots(counts, background, 0).empty());
        QVERIFY(chooseSlots(std::vector<int64_t>(5), background, 3).empty());
    }
    void countsTextsThatRead()
    {
        const auto model = semanticModel();
        const auto counted = countReads(*model, kTexts);
        VERIFY_OK(counted);
        QCOMPARE(counted->numTexts, int64_t(2));
        QCOMPARE(counted->numTextsWith.size(), size_t(64));
        const auto first = countReads(*model, {kTexts[0]});
        VERIFY_OK(first);
        int64_t numRead = 0;
        for (size_t i = 0; i < 64; ++i) {
            QVERIFY(first->numTextsWith[i] <= counted->numTextsWith[i] && counted->numTextsWith[i] <= 2);
            numRead += first->numTextsWith[i];
        }
        QVERIFY(numRead >= 2 && numRead <= 12); // 6 tokens, 2 slots each
        // 6 and 4 tokens that are read, 2 slots each; a slot that one text reads more often counts as often.
        const auto sum = [](const std::vector<int64_t> &counts) {
            return std::accumulate(counts.begin(), counts.end(), int64_t(0));
        };
        QCOMPARE(sum(counted->numReads), int64_t(20));
        QCOMPARE(sum(first->numReads), int64_t(12));
        for (size_t i = 0; i < 64; ++i)
            QVERIFY(first->numReads[i] >= first->numTextsWith[i] &&
                    first->numReads[i] <= counted->numReads[i]);
        const auto repeated = countReads(*model, {{5, 5, 5, 5, 5, 5}});
        VERIFY_OK(repeated);
        QCOMPARE(*std::max_element(repeated->numReads.begin(), repeated->numReads.end()) > 1, true);
        QCOMPARE(*std::max_element(repeated->numTextsWith.begin(), repeated->numTextsWith.end()), int64_t(1));
    }
    void everyWindowOfALongTextIsLearned_data()
    {
        QTest::addColumn<int>("numTokens"); // the context is 12
        QTest::addColumn<QList<int>>("windows");
        QTest::newRow("a context") << 13 << QList<int>{12};
        QTest::newRow("one more") << 14 << QList<int>{12, 1};
        QTest::newRow("three contexts") << 37 << QList<int>{12, 12, 12};
        QTest::newRow("three and a rest") << 41 << QList<int>{12, 12, 12, 4};
    }
    void everyWindowOfALongTextIsLearned()
    {
        QFETCH(int, numTokens);
        QFETCH(QList<int>, windows);
        const auto model = semanticModel();
        std::vector<int32_t> text;
        for (int i = 0; i < numTokens; ++i) text.push_back((i * i * 3 + i / 12 * 5 + i % 7) % 23);
        const auto losses = [&] {
            const at::NoGradGuard noGrad;
            QList<double> found;
            int64_t begin = 0;
            const at::Tensor ids = at::tensor(text, at::kLong).unsqueeze(0);
            for (const int length : windows) {
                found << model->loss(ids.narrow(1, begin, length), ids.narrow(1, begin + 1, length), {}, {})
                             .item<double>();
                begin += length;
            }
            return found;
        };
        const auto mean = [&](const QList<double> &found) {
            double sum = 0;
            for (qsizetype i = 0; i < found.size(); ++i) sum += found[i] * windows[i];
            return sum / (numTokens - 1);
        };
        const auto counted = countReads(*model, {text});
        VERIFY_OK(counted);
        QCOMPARE(std::accumulate(counted->numReads.begin(), counted->numReads.end(), int64_t(0)),
                 int64_t(2 * (numTokens - 1)));
        const auto background = countReads(*model, kOthers);
        VERIFY_OK(background);
        const QList<double> before = losses();
        const auto done = consolidate(*model, {text}, *background, {});
        VERIFY_OK(done);
        const QList<double> after = losses();
        QCOMPARE(done->numTexts, int64_t(1));
        QVERIFY(std::abs(done->lossBefore - mean(before)) < 1e-5);
        QVERIFY(std::abs(done->lossAfter - mean(after)) < 1e-5);
        QVERIFY2(mean(after) < mean(before) - 0.05,
                 qPrintable(QString("%1 then %2").arg(mean(before)).arg(mean(after))));
        QVERIFY2(after.last() < before.last() - 0.01,
                 qPrintable(QString("%1 then %2").arg(before.last()).arg(after.last())));
    }
    void changesTheChosenSlotsAlone()
    {
        const auto model = semanticModel();
        std::vector<at::Tensor> before;
        for (const nn::Parameter &parameter : model->parameters())
            before.push_back(parameter.master.detach().clone());
        const auto background = countReads(*model, kOthers);
        VERIFY_OK(background);
        const auto done = consolidate(*model, kTexts, *background, {.numSlots = 3});
        VERIFY_OK(done);
        QVERIFY(!done->slots.empty() && done->slots.size() <= 3);
        QVERIFY2(done->lossAfter < done->lossBefore - 0.01,
                 qPrintable(QStringLiteral("%1 then %2").arg(done->lossBefore).arg(done->lossAfter)));
        const std::set<int64_t> chosen(done->slots.begin(), done->slots.end());
        for (size_t i = 0; i < before.size(); ++i) {
            const nn::Parameter &parameter = model->parameters()[i];
            if (!parameter.name.ends_with("semantic.values")) {
                QVERIFY2(at::equal(parameter.master, before[i]), parameter.name.c_str());
                QVERIFY(!parameter.master.grad().defined());
                continue;
            }
            const at::Tensor isSame = (parameter.master == before[i]).view({64, -1}).all(1);
            for (int64_t slot = 0; slot < 64; ++slot)
                QCOMPARE(isSame[slot].item<bool>(), !chosen.contains(slot));
        }
    }
    void replayKeepsWhatOtherTextsNeed()
    {
        double lossOfOthers[2] = {}, lossLeft[2] = {};
        std::vector<at::Tensor> ends;
        for (const bool isReplayed : {false, true}) {
            const auto model = semanticModel();
            const auto loss = [&] {
                const at::NoGradGuard noGrad;
                double sum = 0;
                for (const auto &text : kOthers) {
                    const at::Tensor ids = at::tensor(text, at::kLong).unsqueeze(0);
                    const int64_t length = ids.size(1) - 1;
                    sum += model->loss(ids.narrow(1, 0, length), ids.narrow(1, 1, length), {}, {}).item<double>();
                }
                return sum;
            };
            // Slots that the others read, too: nothing else would be in their way.
            SlotBackground background{std::vector<int64_t>(64), 3};
            const double before = loss();
            const auto done = consolidate(*model, kTexts, background, {.numSlots = 64, .numPasses = 40}, nullptr,
                                          isReplayed ? kOthers : std::vector<std::vector<int32_t>>());
            VERIFY_OK(done);
            lossOfOthers[isReplayed] = loss() - before;
            lossLeft[isReplayed] = done->lossAfter / done->lossBefore;
            for (const nn::Parameter &parameter : model->parameters())
                if (!parameter.name.ends_with("semantic.values")) ends.push_back(parameter.master.detach().clone());
        }
        const QString found = QString("others %1 and %2, left %3 and %4").arg(lossOfOthers[0]).arg(lossOfOthers[1]).arg(lossLeft[0]).arg(lossLeft[1]);
        QVERIFY2(lossOfOthers[1] < lossOfOthers[0] - 0.1, qPrintable(found));
        QVERIFY2(lossLeft[1] < 0.95, qPrintable(found));
        for (size_t i = 0; i < ends.size() / 2; ++i) QVERIFY(at::equal(ends[i], ends[i + ends.size() / 2]));
    }
    void nothingIsLeftOfACancelledOne()
    {
        const auto model = semanticModel();
        const at::Tensor before = model->logits(makeIds(1, 8), {});
        const auto background = countReads(*model, kOthers);
        VERIFY_OK(background);
        const std::atomic<bool> cancel = true;
        VERIFY_ERROR(consolidate(*model, kTexts, *background, {}, &cancel), ErrorCode::Cancelled,
                     "cancelled");
        QVERIFY(at::equal(model->logits(makeIds(1, 8), {}), before));
        // In the middle of it, too: while it looks at the background, and behind two passes.
        for (const auto &[phase, place] : {std::pair(ConsolidationPhase::Comparing, 1), {ConsolidationPhase::Learning, 2}}) {
            std::atomic<bool> stops = false;
            int numLater = 0;
            ConsolidationSettings settings;
            settings.onAmount = [&](const ConsolidationAmount &amount) {
                numLater += stops ? 1 : 0;
                stops = stops || (amount.phase == phase && amount.numDone == place);
            };
            VERIFY_ERROR(consolidateBeside(*model, kTexts, kOthers, settings, stops), ErrorCode::Cancelled, "cancelled");
            QVERIFY(stops);
            QCOMPARE(numLater, 0);
            QVERIFY(at::equal(model->logits(makeIds(1, 8), {}), before));
        }
    }
    void whatIsNoNumberAnyMoreIsPutBack_data()
    {
        QTest::addColumn<double>("rate");
        QTest::addColumn<int>("numTexts");
        QTest::addColumn<QString>("words");
        QTest::newRow("NaN") << std::nan("") << 2
                             << QStringLiteral(
                                    "with a rate of NaN the loss of what is remembered became NaN");
        // One window: its loss is told before the step.
        QTest::newRow("the values") << std::nan("") << 1
                                    << QStringLiteral(
                                           "a value of the semantic memory became infinite or NaN");
    }
    void whatIsNoNumberAnyMoreIsPutBack()
    {
        QFETCH(double, rate);
        QFETCH(int, numTexts);
        QFETCH(QString, words);
        const auto model = semanticModel();
        const at::Tensor before = model->logits(makeIds(1, 8), {});
        const std::atomic<bool> never = false;
        const std::vector<std::vector<int32_t>> texts(kTexts.begin(), kTexts.begin() + numTexts);
        const auto done =
            consolidateBeside(*model, texts, kOthers, {.numPasses = 3, .learningRate = rate}, never);
        VERIFY_ERROR(done, ErrorCode::InvalidInput, words.toUtf8().constData());
        VERIFY_ERROR(done, ErrorCode::InvalidInput, "expected a finite number");
        QVERIFY(done.error().hint.find("Give a lower --rate; 1 is as usual.") != std::string::npos);
        QVERIFY(at::equal(model->logits(makeIds(1, 8), {}), before));
    }
    /// Their loss counts as that of what is remembered does. Here it goes with the places that these alone
    /// reach.
    void otherTextsMayNotBeLost()
    {
        const auto model = semanticModel(gpt2Spec());
        std::vector<nn::Parameter> &parameters = model->parameters();
        const auto places =
            std::find_if(parameters.begin(), parameters.end(), [](const nn::Parameter &parameter) {
                return parameter.master.dim() == 2 && parameter.master.size(0) == gpt2Spec().context;
            });
        const auto values =
            std::find_if(parameters.begin(), parameters.end(), [](const nn::Parameter &parameter) {
                return parameter.name.ends_with("semantic.values");
            });
        QVERIFY(places != parameters.end() && values != parameters.end());
        const at::Tensor before = values->master.detach().clone();
        ConsolidationSettings settings{.numPasses = 2};
        settings.onAmount = [&](const ConsolidationAmount &amount) {
            if (amount.phase != ConsolidationPhase::Learning || amount.numDone != amount.numTotal) return;
            const at::NoGradGuard noGrad;
            places->master.narrow(0, 8, 4).fill_(std::nan(""));
            model->mastersChanged();
        };
        const std::atomic<bool> never = false;
        const auto done =
            consolidateBeside(*model, kTexts, {{2, 7, 1, 8, 2, 8, 1, 8, 2, 8, 4, 5}}, settings, never);
        VERIFY_ERROR(done, ErrorCode::InvalidInput,
                     "with a rate of 1.000 the loss of other texts became NaN");
        QVERIFY(at::equal(values->master, before));
    }
    void aBrokenModelIsNotTheRatesFault()
    {
        const auto model = semanticModel();
        {
            const at::NoGradGuard noGrad;
            model->parameters().front().master.fill_(std::nan(""));
            model->mastersChanged();
        }
        const auto background = countReads(*model, kOthers);
        VERIFY_OK(background);
        VERIFY_ERROR(consolidate(*model, kTexts, *background, {}), ErrorCode::InvalidInput,
                     "the loss of what is remembered is NaN before anything is learned");
    }
    /// What people see of it: how far it is, and what it did to other texts.
    void tellsHowFarItIsAndWhatItCosts()
    {
        const auto model = semanticModel();
        const auto lossOfOthers = [&] {
            const at::NoGradGuard noGrad;
            double sum = 0;
            int64_t numTargets = 0;
            for (const auto &text : kOthers) {
                const at::Tensor ids = at::tensor(text, at::kLong).unsqueeze(0);
                const int64_t length = ids.size(1) - 1;
                sum += model->loss(ids.narrow(1, 0, length), ids.narrow(1, 1, length), {}, {}).item<double>() * double(length);
                numTargets += length;
            }
            return sum / double(numTargets);
        };
        std::vector<ConsolidationAmount> told;
        ConsolidationSettings settings{.numPasses = 3};
        settings.onAmount = [&told](const ConsolidationAmount &amount) { told.push_back(amount); };
        const double before = lossOfOthers();
        const std::atomic<bool> never = false;
        const auto done = consolidateBeside(*model, kTexts, kOthers, settings, never);
        VERIFY_OK(done);
        const auto numOthers = std::ssize(kOthers);
        QCOMPARE(done->numProtected, int64_t(numOthers));
        QVERIFY(std::abs(done->protectedBefore - before) < 1e-5);
        QVERIFY(std::abs(done->protectedAfter - lossOfOthers()) < 1e-5);
        QVERIFY(done->protectedAfter != done->protectedBefore);
        std::vector<ConsolidationAmount> expected;
        for (int64_t i = 0; i <= numOthers; ++i) expected.push_back({ConsolidationPhase::Comparing, i, numOthers});
        for (int64_t i = 0; i <= 3; ++i) expected.push_back({ConsolidationPhase::Learning, i, 3});
        QVERIFY(told == expected);
    }
    void recallsWhatTheEpisodesHeld()
    {
        // Read through a cache, learned from its episodes, asked without them.
        nn::attentionSourceRegistry().add("episodic", [](nn::BuildContext &build) {
            EpisodicSettings settings;
            settings.store = {.capacity = 32, .surpriseGamma = 1, .blockMin = 4, .blockMax = 32};
            return makeEpisodicMemory(build, settings);
        });
        ModelSpec spec = smallSpec();
        spec.window = 3;
        const auto model = semanticModel(spec, {.numSlots = 256, .layer = 1, .numHeads = 2, .topK = 4});
        nn::attentionSourceRegistry().remove("episodic");
        torch::manual_seed(5);
        {
            // Stirred embeddings are waves, of rank 2: no head could tell all tokens apart.
            const at::NoGradGuard noGrad;
            for (nn::Parameter &parameter : model->parameters())
                if (parameter.decays) parameter.master.normal_(0, 0.3);
            model->mastersChanged();
        }
        const std::vector<int32_t> text = {3, 1, 4, 12, 5, 9, 2, 6, 8, 7, 10, 0};
        const at::Tensor ids = at::tensor(text, at::kLong).unsqueeze(0);
        nn::KvCache cache = model->makeCache(1, 12);
        cache.sources = {{0, "fact#text"}};
        {
            const at::NoGradGuard noGrad;
            nn::ForwardContext context;
            context.cache = &cache;
            (void)model->logits(ids, context);
        }
        const auto numRecalled = [&] {
            const at::NoGradGuard noGrad;
            const at::Tensor found = model->logits(ids, {}).argmax(-1).narrow(1, 0, 11);
            return (found == ids.narrow(1, 1, 11)).sum().item<int64_t>();
        };
        QVERIFY2(numRecalled() <= 4, qPrintable(QString::number(numRecalled())));
        nn::PartState &episodes = *cache.parts.begin()->second;
        const std::shared_ptr<nn::PartState> ended = episodes.clone();
        ended->endText(cache);
        const std::atomic<bool> never = false;
        const auto done = ended->consolidate(*model, kOthers, {.numPasses = 100}, never);
        VERIFY_OK(done);
        QCOMPARE(done->numTexts, int64_t(1));
        cache = model->makeCache(1, 12); // the episodes are gone
        QVERIFY(cache.parts.begin()->second->memory()->listEvents().empty());
        QVERIFY2(numRecalled() >= 9, qPrintable(QString("%1 of 11, loss %2 then %3")
                                                    .arg(numRecalled())
                                                    .arg(done->lossBefore)
                                                    .arg(done->lossAfter)));
    }
    void refusesWhatCannotBe()
    {
        const auto plain = makeModel(smallSpec());
        VERIFY_ERROR(countReads(*plain, kTexts), ErrorCode::NotFound, "has no semantic memory");
        VERIFY_ERROR(consolidate(*plain, kTexts, {}, {}), ErrorCode::NotFound, "semantic_size above 0");
        const auto model = semanticModel();
        VERIFY_ERROR(consolidate(*model, {{7}, {}}, {}, {}), ErrorCode::InvalidInput,
                     "no text of two tokens");
    }
};

QTEST_GUILESS_MAIN(TestConsolidation)
#include "tst_consolidation.moc"
