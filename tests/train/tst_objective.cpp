// SPDX-License-Identifier: Apache-2.0
// What objectives make of a batch, token by token.
#include "core/spec/objective_mix.h"
#include "core/spec/run_records.h"
#include "core/train/objective.h"

#include <QtTest>

#include <cmath>

using namespace orrery;

namespace {

constexpr int64_t kContext = 32;
constexpr int32_t kPrefixMark = static_cast<int32_t>(SpecialToken::InfillPrefix),
                  kSuffixMark = static_cast<int32_t>(SpecialToken::InfillSuffix),
                  kMiddleMark = static_cast<int32_t>(SpecialToken::InfillMiddle),
                  kEndMark = static_cast<int32_t>(SpecialToken::EndOfTurn);

RunSpec hybridSpec(std::vector<double> mix = {50, 25, 25})
{
    RunSpec spec;
    spec.model.context = kContext;
    spec.objective.name = "hybrid";
    spec.objective.mix = std::move(mix);
    return spec;
}

std::unique_ptr<Tokenizer> tokenizerOf(const RunSpec &spec)
{
    return std::move(Tokenizer::create(spec.data)).value();
}

std::unique_ptr<Objective> objectiveOf(const RunSpec &spec)
{
    auto made = makeObjective(spec, *tokenizerOf(spec));
    if (!made.ok()) qFatal("%s", made.error().text().c_str());
    return std::move(made).value();
}

/// Every token of a row is another one.
Batch textBatch(int64_t numSequences, bool hasMask = false)
{
    Batch batch{.numSequences = numSequences, .context = kContext, .tokens_BT1 = {}, .mask_BT = {}};
    for (int64_t row = 0; row < numSequences; ++row) {
        for (int64_t t = 0; t <= kContext; ++t)
            batch.tokens_BT1.push_back(static_cast<int32_t>((row * 7 + t) % 200));
        for (int64_t t = 0; hasMask && t < kContext; ++t) batch.mask_BT.push_back((row + t) % 3 == 0 ? 1 : 0);
    }
    return batch;
}

ModelBatch prepared(const Objective &objective, const Batch &batch, const ObjectiveKey &key = {.seed = 3})
{
    ModelBatch out;
    objective.prepare(batch, key, out);
    return out;
}

template <typename T> std::vector<T> rowOf(const std::vector<T> &all, int64_t row)
{
    return {all.begin() + row * kContext, all.begin() + (row + 1) * kContext};
}

/// Inputs and the last target: the window as the model has it.
std::vector<int32_t> windowOf(const ModelBatch &batch, int64_t row)
{
    std::vector<int32_t> tokens = rowOf(batch.ids_BT, row);
    tokens.push_back(rowOf(batch.targets_BT, row).back());
    return tokens;
}

class ReversedObjective final : public Objective {
public:
    void prepare(const Batch &batch, const ObjectiveKey &key, ModelBatch &out) const override
    {
        nextTokenObjective().prepare(batch, key, out);
        std::swap(out.ids_BT, out.targets_BT);
    }
};

} // namespace

class TestObjective : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void nextTokenIsOneApart();
    void sequencesAreSharedOutByTheMix();
    void prefixCountsBehindItself();
    void prefixesAreUniform();
    void holesRebuildTheText();
    void holesHaveTheMeanLength();
    void shortestContextHasAHole();
    void lossMaskIsKept();
    void microBatchesMoveNothing();
    void seedAndStepDecide();
    void measuresFollowTheMix_data();
    void measuresFollowTheMix();
    void refusesWhatCannotBe();
    void objectivesAreFoundByName();
};

void TestObjective::nextTokenIsOneApart()
{
    const Batch batch = textBatch(3, true);
    const ModelBatch out = prepared(nextTokenObjective(), batch);
    for (int64_t row = 0; row < 3; ++row) {
        const std::vector<int32_t> window = windowOf(out, row);
        QCOMPARE(window, std::vector<int32_t>(batch.tokens_BT1.begin() + row * (kContext + 1),
                                              batch.tokens_BT1.begin() + (row + 1) * (kContext + 1)));
        QCOMPARE(rowOf(out.targets_BT, row), std::vector<int32_t>(window.begin() + 1, window.end()));
    }
    QCOMPARE(out.mask_BT, batch.mask_BT);
    QCOMPARE(out.maskPolicy, std::string("causal"));
    QVERIFY(out.prefixLengths.empty());
    QCOMPARE(prepared(nextTokenObjective(), textBatch(2)).numTargets(), 2 * kContext);
    QCOMPARE(out.numTargets(), int64_t(std::count(batch.mask_BT.begin(), batch.mask_BT.end(), 1)));
}

void TestObjective::sequencesAreSharedOutByTheMix()
{
    constexpr int64_t kNum = 4000;
    const ModelBatch out = prepared(*objectiveOf(hybridSpec({20, 30, 50})), textBatch(kNum));
    int64_t numPlain = 0, numHoles = 0;
    for (int64_t row = 0; row < kNum; ++row) {
        const bool isHole = out.ids_BT[static_cast<size_t>(row * kContext)] == kPrefixMark;
        numPlain += !isHole && out.prefixLengths[static_cast<size_t>(row)] == 0;
        numHoles += isHole;
    }
    // Standard errors: 25 and 32; four of them.
    QVERIFY2(std::abs(numPlain - 800) < 101, qPrintable(QString::number(numPlain)));
    QVERIFY2(std::abs(numHoles - 2000) < 127, qPrintable(QString::number(numHoles)));
}

void TestObjective::prefixCountsBehindItself()
{
    const Batch batch = textBatch(64);
    const ModelBatch out = prepared(*objectiveOf(hybridSpec({0, 1, 0})), batch);
    QCOMPARE(out.maskPolicy, std::string("prefix"));
    QCOMPARE(out.ids_BT, prepared(nextTokenObjective(), batch).ids_BT);
    QCOMPARE(out.targets_BT, prepared(nextTokenObjective(), batch).targets_BT);
    for (int64_t row = 0; row < 64; ++row) {
        const int64_t prefix = out.prefixLengths[static_cast<size_t>(row)];
        QVERIFY(prefix >= 1 && prefix <= kContext / 2);
        // Target t is token t + 1: the first one outside the prefix is target prefix - 1.
        const std::vector<uint8_t> mask = rowOf(out.mask_BT, row);
        for (int64_t t = 0; t < kContext; ++t)
            QCOMPARE(int(mask[static_cast<size_t>(t)]), t + 1 >= prefix ? 1 : 0);
    }
}

void TestObjective::prefixesAreUniform()
{
    constexpr int64_t kNum = 32'000;
    const ModelBatch out = prepared(*objectiveOf(hybridSpec({0, 1, 0})), textBatch(kNum));
    std::vector<int> counts(kContext + 1);
    for (const int64_t length : out.prefixLengths) ++counts.at(static_cast<size_t>(length));
    double chiSquare = 0;
    for (int64_t length = 1; length <= kContext / 2; ++length)
        chiSquare += std::pow(counts[static_cast<size_t>(length)] - 2000.0, 2) / 2000.0;
    QVERIFY2(chiSquare < 37.7, qPrintable(QString::number(chiSquare))); // 15 degrees of freedom, p = 0.001
}

// Marks, after, mark, before, middle, end: behind the mark the text stands as it was, up to the hole's end.
void TestObjective::holesRebuildTheText()
{
    constexpr int64_t kNum = 500;
    const Batch batch = textBatch(kNum);
    const ModelBatch out = prepared(*objectiveOf(hybridSpec({0, 0, 1})), batch);
    bool hasEmptyAfter = false;
    for (int64_t row = 0; row < kNum; ++row) {
        const std::vector<int32_t> window = windowOf(out, row);
        QCOMPARE(window.size(), size_t(kContext + 1));
        const auto middle = std::find(window.begin(), window.end(), kMiddleMark);
        QVERIFY(window[0] == kPrefixMark && window[1] == kSuffixMark && middle < window.end());
        QCOMPARE(window.back(), kEndMark);
        std::vector<int32_t> text(middle + 1, window.end() - 1);
        text.insert(text.end(), window.begin() + 2, middle);
        hasEmptyAfter = hasEmptyAfter || window.begin() + 2 == middle;
        const auto first = batch.tokens_BT1.begin() + row * (kContext + 1) + 1;
        QCOMPARE(text, std::vector<int32_t>(first, first + infillTextTokens(kContext)));
        QCOMPARE(rowOf(out.targets_BT, row), std::vector<int32_t>(window.begin() + 1, window.end()));
        // Nothing sees what stands behind it, and all but the marks inside carries loss.
        QCOMPARE(out.prefixLengths[static_cast<size_t>(row)], int64_t(0));
        const std::vector<uint8_t> mask = rowOf(out.mask_BT, row);
        for (size_t t = 0; t < kContext; ++t)
            QCOMPARE(int(mask[t]), window[t + 1] != kSuffixMark && window[t + 1] != kMiddleMark ? 1 : 0);
    }
    QVERIFY(hasEmptyAfter);
}

void TestObjective::holesHaveTheMeanLength()
{
    constexpr int64_t kNum = 20'000;
    RunSpec spec = hybridSpec({0, 0, 1});
    spec.objective.spanMean = 5;
    const ModelBatch out = prepared(*objectiveOf(spec)->measures().front().objective, textBatch(kNum));
    double sum = 0;
    int64_t shortest = kContext, longest = 0;
    for (int64_t row = 0; row < kNum; ++row) {
        // What is measured is the hole and its end mark.
        const std::vector<uint8_t> mask = rowOf(out.mask_BT, row);
        const int64_t length = std::count(mask.begin(), mask.end(), uint8_t(1)) - 1;
        sum += static_cast<double>(length);
        shortest = std::min(shortest, length);
        longest = std::max(longest, length);
    }
    QCOMPARE(shortest, int64_t(1));
    QCOMPARE(longest, longestSpan(5));
    QVERIFY(std::abs(sum / kNum - 5) < 0.073); // uniform on 1 … 9; four standard errors
}

void TestObjective::shortestContextHasAHole()
{
    RunSpec spec = hybridSpec({0, 0, 1});
    spec.model.context = kMinInfillContext;
    const Batch batch{.numSequences = 1, .context = 4, .tokens_BT1 = {10, 11, 12, 13, 14}, .mask_BT = {}};
    const ModelBatch out = prepared(*objectiveOf(spec), batch);
    QCOMPARE(out.ids_BT, (std::vector<int32_t>{kPrefixMark, kSuffixMark, kMiddleMark, 11}));
    QCOMPARE(out.targets_BT, (std::vector<int32_t>{kSuffixMark, kMiddleMark, 11, kEndMark}));
    QCOMPARE(out.mask_BT, (std::vector<uint8_t>{0, 0, 1, 1}));
}

void TestObjective::lossMaskIsKept()
{
    constexpr int64_t kNum = 200;
    const Batch batch = textBatch(kNum, true);
    const ModelBatch prefix = prepared(*objectiveOf(hybridSpec({0, 1, 0})), batch);
    for (size_t i = 0; i < prefix.mask_BT.size(); ++i)
        QVERIFY(prefix.mask_BT[i] == 0 || batch.mask_BT[i] == 1);
    const ModelBatch holes = prepared(*objectiveOf(hybridSpec({0, 0, 1})), batch);
    int64_t numCounted = 0, numEnds = 0;
    for (int64_t row = 0; row < kNum; ++row) {
        const std::vector<int32_t> targets = rowOf(holes.targets_BT, row);
        const std::vector<uint8_t> mask = rowOf(holes.mask_BT, row);
        for (int64_t t = 0; t < kContext - 1; ++t) {
            if (targets[static_cast<size_t>(t)] > 255) {
                QCOMPARE(int(mask[static_cast<size_t>(t)]), 0);
                continue;
            }
            // Tokens of a row tell where they stood: token t + 1 of the batch is its target t.
            const int64_t place = (targets[static_cast<size_t>(t)] - row * 7 % 200 + 200) % 200 - 1;
            QCOMPARE(int(mask[static_cast<size_t>(t)]), (row + place) % 3 == 0 ? 1 : 0);
            numCounted += mask[static_cast<size_t>(t)];
        }
        QCOMPARE(mask.back(), mask[kContext - 2]); // the end mark as the last token of the middle
        numEnds += mask.back();
    }
    QVERIFY(numCounted > 100 && numEnds > 10);
}

void TestObjective::microBatchesMoveNothing()
{
    const auto objective = objectiveOf(hybridSpec());
    const Batch whole = textBatch(16, true);
    const ModelBatch expected = prepared(*objective, whole, {.seed = 5, .step = 9});
    for (int64_t half = 0; half < 2; ++half) {
        Batch part{.numSequences = 8, .context = kContext, .tokens_BT1 = {}, .mask_BT = {}};
        part.tokens_BT1.assign(whole.tokens_BT1.begin() + half * 8 * (kContext + 1),
                               whole.tokens_BT1.begin() + (half + 1) * 8 * (kContext + 1));
        part.mask_BT.assign(whole.mask_BT.begin() + half * 8 * kContext,
                            whole.mask_BT.begin() + (half + 1) * 8 * kContext);
        const ModelBatch found = prepared(
            *objective, part, {.seed = 5, .step = 9, .firstSample = static_cast<uint32_t>(half * 8)});
        for (int64_t row = 0; row < 8; ++row) {
            QCOMPARE(rowOf(found.ids_BT, row), rowOf(expected.ids_BT, half * 8 + row));
            QCOMPARE(rowOf(found.targets_BT, row), rowOf(expected.targets_BT, half * 8 + row));
            QCOMPARE(rowOf(found.mask_BT, row), rowOf(expected.mask_BT, half * 8 + row));
            QCOMPARE(found.prefixLengths[static_cast<size_t>(row)],
                     expected.prefixLengths[static_cast<size_t>(half * 8 + row)]);
        }
    }
}

void TestObjective::seedAndStepDecide()
{
    const auto objective = objectiveOf(hybridSpec());
    const Batch batch = textBatch(16);
    const auto lengths = [&](const ObjectiveKey &key) {
        return prepared(*objective, batch, key).prefixLengths;
    };
    QCOMPARE(lengths({.seed = 1, .step = 2}), lengths({.seed = 1, .step = 2}));
    QVERIFY(lengths({.seed = 1, .step = 2}) != lengths({.seed = 1, .step = 3}));
    QVERIFY(lengths({.seed = 1, .step = 2}) != lengths({.seed = 2, .step = 2}));
}

void TestObjective::measuresFollowTheMix_data()
{
    QTest::addColumn<std::vector<double>>("mix");
    QTest::addColumn<QString>("series");
    QTest::newRow("all") << std::vector<double>{50, 25, 25} << "val_loss_prefix val_loss_infill";
    QTest::newRow("prefixes") << std::vector<double>{1, 1, 0} << "val_loss_prefix";
    QTest::newRow("holes") << std::vector<double>{1, 0, 1} << "val_loss_infill";
    QTest::newRow("next token alone") << std::vector<double>{1, 0, 0} << "";
}

void TestObjective::measuresFollowTheMix()
{
    QFETCH(std::vector<double>, mix);
    QFETCH(QString, series);
    QStringList names;
    const auto objective = objectiveOf(hybridSpec(mix));
    for (const Objective::Measure &measure : objective->measures()) {
        names << QString::fromStdString(measure.series);
        const bool wantsHoles = measure.series == series::kValLossInfill;
        const ModelBatch out = prepared(*measure.objective, textBatch(8));
        for (int64_t row = 0; row < 8; ++row)
            QCOMPARE(out.ids_BT[static_cast<size_t>(row * kContext)] == kPrefixMark, wantsHoles);
        if (!wantsHoles) continue;
        // Measured is the end of the sequence, the hole, and not the text around it.
        for (int64_t row = 0; row < 8; ++row) {
            const std::vector<uint8_t> mask = rowOf(out.mask_BT, row);
            QVERIFY(std::is_sorted(mask.begin(), mask.end()) && mask.back() == 1 && mask[3] == 0);
        }
    }
    QCOMPARE(names.join(' '), series);
    QVERIFY(nextTokenObjective().measures().empty());
}

void TestObjective::refusesWhatCannotBe()
{
    const auto refusal = [](const RunSpec &spec) {
        const auto made = makeObjective(spec, *tokenizerOf(spec));
        return made.ok() || made.error().code != ErrorCode::InvalidInput
                   ? QString()
                   : QString::fromStdString(made.error().text());
    };
    RunSpec spec = hybridSpec();
    spec.objective.name = "masked";
    QVERIFY(refusal(spec).contains("\"masked\", expected one of hybrid, next_token"));
    spec = hybridSpec();
    spec.data.specialTokens = "none";
    QVERIFY(refusal(spec).contains("data.special_tokens is none"));
    spec.objective.mix = {1, 1, 0}; // prefixes need no marks
    QVERIFY(makeObjective(spec, *tokenizerOf(spec)).ok());
    spec = hybridSpec();
    spec.objective.spanMean = largestMeanSpan(kContext) + 1;
    QVERIFY(refusal(spec).contains("the mean hole is 16 tokens in a context of 32"));
}

void TestObjective::objectivesAreFoundByName()
{
    objectiveRegistry().add("reversed",
                            [](const RunSpec &, const Tokenizer &) -> Result<std::unique_ptr<Objective>> {
                                return std::unique_ptr<Objective>(std::make_unique<ReversedObjective>());
                            });
    RunSpec spec = hybridSpec();
    spec.objective.name = "reversed";
    const ModelBatch out = prepared(*objectiveOf(spec), textBatch(1));
    objectiveRegistry().remove("reversed");
    QCOMPARE(out.ids_BT, prepared(nextTokenObjective(), textBatch(1)).targets_BT);
}

QTEST_GUILESS_MAIN(TestObjective)
#include "tst_objective.moc"
