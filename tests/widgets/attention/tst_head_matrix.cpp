// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/attention/attention_samples.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/attention/color_scale.h"
#include "widgets/attention/exact_text.h"
#include "widgets/attention/heat_image.h"
#include "widgets/attention/snapshot.h"
#include "widgets/attention/token_groups.h"

#include <cmath>

using namespace orrery;
using namespace orrery::ui;
using namespace Qt::StringLiterals;

namespace {

AttentionMap map3(std::vector<float> mean)
{
    return {.numRows = 3, .numColumns = 3, .mean = std::move(mean)};
}

std::vector<InspectedToken> texts(const std::vector<std::string> &words)
{
    std::vector<InspectedToken> tokens;
    for (const std::string &word : words)
        tokens.push_back({.id = 300, .bytes = word, .modality = Modality::Text});
    return tokens;
}

QStringList labels(const std::vector<InspectedToken> &tokens, Granularity granularity)
{
    QStringList list;
    for (const TokenRange &range : groupTokens(tokens, granularity)) list << rangeLabel(tokens, range);
    return list;
}

} // namespace

class TestHeadMatrix : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void brokenMapGivesNothing();
    void cutCellsAtTheEndAreKnown();
    void wordsSumWhatIsSeenAndAverageWhoLooks();
    void wordsOfAPartArePartsOfWords();
    void pooledMapsAreNotGrouped();
    void differenceNeedsTheSameTokens();
    void changeIsHalfOfWhatARowMoves();
    void changeOfPooledMapsIsNoMoreThanThatOfTheTokens();
    void changeOfOtherTokensIsUnknown();
    void frameBytesAreSquareRoots();
    void shortFrameLosesHeadsOnly();
    void wordsAndLines();
    void charactersOverTokensAreWhole();
    void mediaAreNamed();
    void oneItemNeedsNoNumberOnAnAxis();
    void limitIsRoundAndHoldsTheValue_data();
    void limitIsRoundAndHoldsTheValue();
    void scaleSaysWhereAWeightLies();
    void sharpCellSurvivesCoarsening();
    void imageHasTheColorsOfTheMap();
    void overlayImageHasTheColorsOfItsCells();
    void roundingOfKeptWeightsHoldsWhatBytesLose();
    void exactIdsNeedTextAlone();
    void nearlyNothingIsNotShownAsNothing();
};

void TestHeadMatrix::brokenMapGivesNothing()
{
    QVERIFY(toMatrix(map3({1, 0, 0})).isEmpty());
    QVERIFY(toMatrix(AttentionMap{}).isEmpty());
    AttentionMap zero = map3(std::vector<float>(9, 0.0F));
    zero.rowsPerCell = 0;
    QVERIFY(toMatrix(zero).isEmpty());
}

void TestHeadMatrix::cutCellsAtTheEndAreKnown()
{
    AttentionMap map{.numRows = 5,
                     .numColumns = 5,
                     .rowsPerCell = 2,
                     .columnsPerCell = 2,
                     .mean = std::vector<float>(9, 0.1F)};
    const HeadMatrix matrix = toMatrix(map);
    QCOMPARE(matrix.height(), 3);
    QVERIFY((matrix.rows.back() == TokenRange{4, 5}));
}

void TestHeadMatrix::wordsSumWhatIsSeenAndAverageWhoLooks()
{
    const HeadMatrix matrix = toMatrix(map3({1, 0, 0, 0.25F, 0.75F, 0, 0.5F, 0.125F, 0.375F}));
    const HeadMatrix words = grouped(matrix, {{0, 2}, {2, 3}});
    QCOMPARE(words.height(), 2);
    QCOMPARE(words.meanAt(0, 0), 1.0F);   // both tokens look at nothing else
    QCOMPARE(words.meanAt(1, 0), 0.625F); // 0.5 + 0.125
    QCOMPARE(words.meanAt(1, 1), 0.375F);
    QCOMPARE(words.maximumAt(0, 0), 1.0F);
    QCOMPARE(words.maximumAt(1, 0), 0.5F);
}

void TestHeadMatrix::wordsOfAPartArePartsOfWords()
{
    AttentionMap map = map3({1, 0, 0, 0.25F, 0.75F, 0, 0.5F, 0.125F, 0.375F});
    map.firstRow = map.firstColumn = 5; // of a window in a longer text
    const HeadMatrix words = grouped(toMatrix(map), {{0, 4}, {4, 7}, {7, 9}, {9, 12}});
    QCOMPARE(words.height(), 2);
    QVERIFY((words.rows == std::vector<TokenRange>{{5, 7}, {7, 8}}));
    QVERIFY(words.columns == words.rows);
    QCOMPARE(words.meanAt(0, 0), 1.0F);
    QCOMPARE(words.meanAt(1, 0), 0.625F);
    QCOMPARE(words.meanAt(1, 1), 0.375F);
    QVERIFY(grouped(toMatrix(map), {{0, 4}}).isEmpty());
}

void TestHeadMatrix::pooledMapsAreNotGrouped()
{
    AttentionMap map = map3(std::vector<float>(9, 0.1F));
    map.maximum = std::vector<float>(9, 0.2F);
    QVERIFY(grouped(toMatrix(map), {{0, 3}}).isEmpty());
}

void TestHeadMatrix::differenceNeedsTheSameTokens()
{
    const HeadMatrix now = toMatrix(map3({1, 0, 0, 0.25F, 0.75F, 0, 0, 0, 1}));
    const HeadMatrix base = toMatrix(map3({1, 0, 0, 0.5F, 0.5F, 0, 0, 0, 1}));
    const auto change = difference(now, base);
    QVERIFY(change && change->isDifference);
    QCOMPARE(change->meanAt(1, 0), -0.25F);
    QCOMPARE(change->meanAt(1, 1), 0.25F);
    AttentionMap other = map3(std::vector<float>(9, 0.0F));
    other.firstRow = 3;
    QVERIFY(!difference(now, toMatrix(other)));
    QVERIFY(!difference(HeadMatrix{}, HeadMatrix{}));
}

void TestHeadMatrix::changeIsHalfOfWhatARowMoves()
{
    const AttentionMap now = map3({1, 0, 0, 0, 1, 0, 0, 0, 1}), base = map3({1, 0, 0, 1, 0, 0, 1, 0, 0});
    QCOMPARE(differenceBetween(now, base), 2.0 / 3); // two of three rows moved wholly
    QCOMPARE(differenceBetween(now, now), 0.0);
}

void TestHeadMatrix::changeOfPooledMapsIsNoMoreThanThatOfTheTokens()
{
    // 8 causal rows, each moving all of its weight from the token itself to the first one, seen 1:1 and 4:1.
    constexpr int64_t kTokens = 8, kCell = 4;
    const auto mapOf = [](bool isFirst, int64_t cell) {
        AttentionMap map{
            .numRows = kTokens, .numColumns = kTokens, .rowsPerCell = cell, .columnsPerCell = cell};
        for (int64_t y = 0; y < kTokens; y += cell)
            for (int64_t x = 0; x < kTokens; x += cell) {
                double sum = 0;
                int64_t pairs = 0;
                for (int64_t row = y; row < y + cell; ++row)
                    for (int64_t column = x; column < std::min(x + cell, row + 1); ++column, ++pairs)
                        sum += column == (isFirst ? 0 : row) ? 1 : 0;
                map.mean.push_back(pairs > 0 ? static_cast<float>(sum / double(pairs)) : 0.0F);
            }
        map.maximum = map.mean;
        return map;
    };
    const double exact = differenceBetween(mapOf(true, 1), mapOf(false, 1));
    QCOMPARE(exact, 7.0 / 8); // the first row has nothing to move
    const double pooled = differenceBetween(mapOf(true, kCell), mapOf(false, kCell));
    QVERIFY2(pooled <= exact && pooled >= 0.4, qPrintable(QString::number(pooled)));
}

void TestHeadMatrix::changeOfOtherTokensIsUnknown()
{
    AttentionMap longer = map3({1, 0, 0, 0, 1, 0, 0, 0, 1});
    longer.numRows = 2;
    QVERIFY(std::isnan(differenceBetween(map3({1, 0, 0, 0, 1, 0, 0, 0, 1}), longer)));
}

void TestHeadMatrix::frameBytesAreSquareRoots()
{
    SampleModel model;
    model.layers = 1;
    model.heads = 2;
    const AttentionFrame frame = sampleFrame(model, 40, 0.5);
    const SnapshotPtr snapshot = snapshotOfFrame(frame, {.id = 7, .step = 40});
    QCOMPARE(snapshot->report.overview.size(), size_t(2));
    QCOMPARE(snapshot->report.heads, int64_t(2));
    const AttentionMap *map = mapOf(*snapshot, {0, 1});
    QVERIFY(map);
    const auto cells = size_t(frame.edge() * frame.edge());
    for (size_t i = 0; i < cells; ++i) QCOMPARE(map->mean[i], frameWeight(frame.mean[cells + i]));
    QVERIFY(!mapOf(*snapshot, {3, 0}));
    QVERIFY(summaryOf(*snapshot, {0, 1}));
}

void TestHeadMatrix::shortFrameLosesHeadsOnly()
{
    SampleModel model;
    model.layers = 1;
    model.heads = 2;
    AttentionFrame frame = sampleFrame(model, 40, 0.5);
    frame.mean.pop_back();
    QCOMPARE(snapshotOfFrame(frame, {})->report.overview.size(), size_t(1));
}

void TestHeadMatrix::wordsAndLines()
{
    const auto tokens = texts({"int", " ma", "in", "(", "int", " ", "argc", ")", "\n", "}", "\n"});
    QCOMPARE(labels(tokens, Granularity::Word), (QStringList{u"int"_s, u"␣main"_s, u"("_s, u"int"_s,
                                                             u"␣argc"_s, u")"_s, u"↵"_s, u"}"_s, u"↵"_s}));
    QCOMPARE(labels(tokens, Granularity::Line), (QStringList{u"int␣main(int␣argc)↵"_s, u"}↵"_s}));
    QCOMPARE(groupTokens(tokens, Granularity::Token).size(), tokens.size());
    QCOMPARE(rangeSentence(tokens, {3, 4}), u"token 3 “(”"_s);
    QCOMPARE(rangeSentence(tokens, {1, 3}), u"tokens 1-2 “␣main”"_s);
}

void TestHeadMatrix::charactersOverTokensAreWhole()
{
    const auto tokens = texts({"na", "\xC3", "\xAF", "ve"});
    QCOMPARE(rangeLabel(tokens, {0, 4}), u"naïve"_s);
    QCOMPARE(rangeLabel(tokens, {1, 2}), u"\\xC3"_s);
    QCOMPARE(rangeLabel(tokens, {9, 12}), QString());
}

void TestHeadMatrix::mediaAreNamed()
{
    std::vector<InspectedToken> tokens = texts({"a"});
    for (int64_t i = 0; i < 3; ++i) tokens.push_back({.modality = Modality::Image, .item = 0, .place = i});
    QCOMPARE(labels(tokens, Granularity::Word),
             (QStringList{u"a"_s, u"image 0, patch 0"_s, u"image 0, patch 1"_s, u"image 0, patch 2"_s}));
    QCOMPARE(labels(tokens, Granularity::Line), (QStringList{u"a"_s, u"image 0, patch 0-2"_s}));
    QCOMPARE(tokenLabel({.modality = Modality::Audio, .item = 1, .place = 7}), u"audio 1, frame 7"_s);
    QCOMPARE(groupTokens(tokens, Granularity::Line).size(), size_t(2));
    // In full: where a patch is in its picture, where that is a square of patches.
    QCOMPARE(partSentence(tokens, 0), u"a"_s);
    QCOMPARE(partSentence(tokens, 3), u"patch 2 of image 0"_s);
    tokens.push_back({.modality = Modality::Image, .item = 0, .place = 3});
    tokens.push_back({.modality = Modality::Audio, .item = 1, .place = 7});
    QCOMPARE(partSentence(tokens, 3), u"patch 2 of image 0, row 1, column 0"_s);
    QCOMPARE(partSentence(tokens, 5), u"frame 7 of audio 1, from 0.35 s"_s);
    QCOMPARE(partSentence(tokens, 6), QString());
    QCOMPARE(rangeSentence(tokens, {3, 4}), u"token 3, patch 2 of image 0, row 1, column 0"_s);
    QCOMPARE(rangeSentence(tokens, {0, 1}), u"token 0 “a”"_s);
}

void TestHeadMatrix::oneItemNeedsNoNumberOnAnAxis()
{
    std::vector<InspectedToken> tokens = texts({"a", "b"});
    for (int64_t i = 0; i < 4; ++i)
        tokens.insert(tokens.begin() + 1 + i, {.modality = Modality::Image, .item = 0, .place = i});
    const std::vector<TokenRange> ranges{{0, 1}, {1, 2}, {2, 5}, {5, 6}, {0, 6}, {3, 9}};
    QCOMPARE(axisLabels(tokens, ranges),
             (std::vector<QString>{u"a"_s, u"patch 0"_s, u"patch 1-3"_s, u"b"_s, u"a image 0, patch 0-3 b"_s,
                                   u"image 0, patch 2-3 b"_s}));
    tokens.push_back({.modality = Modality::Audio, .item = 1, .place = 5});
    QCOMPARE(axisLabels(tokens, {{1, 2}, {6, 7}}), (std::vector<QString>{u"patch 0"_s, u"frame 5"_s}));
    tokens.push_back({.modality = Modality::Image, .item = 2, .place = 0});
    QCOMPARE(axisLabels(tokens, {{1, 2}}), (std::vector<QString>{u"image 0, patch 0"_s}));
    QCOMPARE(axisLabels({{.modality = Modality::Audio, .item = 2, .place = 7}}, {{0, 1}}),
             (std::vector<QString>{u"frame 7"_s}));
}

void TestHeadMatrix::limitIsRoundAndHoldsTheValue_data()
{
    QTest::addColumn<double>("value");
    QTest::addColumn<double>("limit");
    QTest::newRow("one") << 1.0 << 1.0;
    QTest::newRow("above a half") << 0.51 << 1.0;
    QTest::newRow("a half") << 0.5 << 0.5;
    QTest::newRow("small") << 0.031 << 0.05;
    QTest::newRow("nothing") << 0.0 << 0.001;
}

void TestHeadMatrix::limitIsRoundAndHoldsTheValue()
{
    QFETCH(double, value);
    QFETCH(double, limit);
    QCOMPARE(niceLimit(value), limit);
    QVERIFY(niceLimit(value) >= value);
}

void TestHeadMatrix::scaleSaysWhereAWeightLies()
{
    HeatScale scale;
    QCOMPARE(scale.position(0.25), 0.5);
    QCOMPARE(scale.position(-1), 0.0);
    scale.kind = ScaleKind::Linear;
    QCOMPARE(scale.position(0.25), 0.25);
    scale.isDifference = true;
    scale.limit = 0.5;
    QCOMPARE(scale.position(0), 0.5);
    QCOMPARE(scale.position(-0.5), 0.0);
    QCOMPARE(scale.position(0.25), 0.75);
    QCOMPARE(scale.position(std::nan("")), 0.5);
    const std::vector<double> ticks = scale.ticks();
    QCOMPARE(ticks.front(), -0.5);
    QCOMPARE(ticks.back(), 0.5);
    QVERIFY(std::is_sorted(ticks.begin(), ticks.end()));
}

void TestHeadMatrix::sharpCellSurvivesCoarsening()
{
    AttentionMap map{.numRows = 64, .numColumns = 64, .mean = std::vector<float>(64 * 64, 0.01F)};
    map.mean[37 * 64 + 21] = 0.9F;
    const HeadMatrix coarse = pooled(toMatrix(map), CellValue::Maximum, 4);
    QCOMPARE(coarse.height(), 16);
    QCOMPARE(coarse.meanAt(37 / 4, 21 / 4), 0.9F);
}

void TestHeadMatrix::imageHasTheColorsOfTheMap()
{
    const FigureStyle style = FigureStyle::ofPaper();
    const HeadMatrix matrix = toMatrix(map3({1, 0, 0, 0.25F, 0.75F, 0, 0, 0, 1}));
    const QImage image = heatImage(matrix, CellValue::Mean, {}, style);
    QCOMPARE(image.size(), QSize(3, 3));
    QCOMPARE(image.pixel(0, 1), style.sequential().at(0.5)); // column 0 of row 1: √0.25
    QCOMPARE(image.pixel(0, 0), style.sequential().at(1));
    QCOMPARE(image.pixel(2, 0), style.zero().rgb());
}

void TestHeadMatrix::overlayImageHasTheColorsOfItsCells()
{
    const FigureStyle style = FigureStyle::ofPaper();
    const std::vector<HeadMatrix> heads = {toMatrix(map3({1, 0, 0, 0.25F, 0.75F, 0, 0, 0, 1})),
                                           toMatrix(map3({0, 0, 0, 0.25F, 0.05F, 0, 0.5F, 0, 0}))};
    const QImage image = overlayImage(heads, CellValue::Mean, {}, style);
    for (int row = 0; row < 3; ++row)
        for (int column = 0; column < 3; ++column)
            QCOMPARE(image.pixel(column, row), overlayColor(heads, CellValue::Mean, {}, style, row, column));
    QCOMPARE(image.pixel(1, 0), style.zero().rgb());
    // One head alone at full weight has its own colour, to a level.
    const QColor alone = QColor::fromRgb(image.pixel(0, 0)), wanted = style.headColor(0);
    QVERIFY(std::abs(alone.red() - wanted.red()) <= 1 && std::abs(alone.green() - wanted.green()) <= 1 &&
            std::abs(alone.blue() - wanted.blue()) <= 1);
}

void TestHeadMatrix::roundingOfKeptWeightsHoldsWhatBytesLose()
{
    for (int i = 0; i < 500; ++i) {
        const auto now = float(sampleNoise(1, 2, 3, uint64_t(i))),
                   base = float(sampleNoise(4, 5, 6, uint64_t(i)));
        const float keptNow = frameWeight(frameByte(now)), keptBase = frameWeight(frameByte(base));
        const HeadMatrix after = toMatrix({.numRows = 1, .numColumns = 1, .mean = {keptNow}});
        const HeadMatrix before = toMatrix({.numRows = 1, .numColumns = 1, .mean = {keptBase}});
        const float bound = keptRounding(after, before, CellValue::Mean).front();
        const float error = std::abs((keptNow - keptBase) - (now - base));
        QVERIFY2(error <= bound, qPrintable(u"%1 > %2"_s.arg(double(error)).arg(double(bound))));
        QVERIFY(bound < 0.01F); // and says something
    }
}

void TestHeadMatrix::exactIdsNeedTextAlone()
{
    std::vector<InspectedToken> tokens = texts({"a", "b"});
    QCOMPARE(*exactIds(tokens), (std::vector<int32_t>{300, 300}));
    tokens.push_back({.modality = Modality::Image, .item = 0, .place = 0});
    QVERIFY(!exactIds(tokens));
    QVERIFY(!exactIds({}));
    QCOMPARE(runOfModel(u"alpha@8000"_s), u"alpha"_s);
    QCOMPARE(runOfModel(u"alpha"_s), u"alpha"_s);
    GenerateRequest turns;
    turns.messages = {{.role = "user", .content = "a"}, {.role = "assistant", .content = "b"}};
    QCOMPARE(textOfRequest(turns), u"a\nb"_s);
}

void TestHeadMatrix::nearlyNothingIsNotShownAsNothing()
{
    QCOMPARE(weightText(0, false), u"0.000"_s); // masked
    QCOMPARE(weightText(4e-4, false), u"< 0.001"_s);
    QCOMPARE(weightText(0.3274, false), u"0.327"_s);
    QCOMPARE(weightText(0.0123, true), u"+0.012"_s);
    QCOMPARE(weightText(-0.0123, true), u"−0.012"_s);
}

ORRERY_GUI_TEST_MAIN(TestHeadMatrix)
#include "tst_head_matrix.moc"
