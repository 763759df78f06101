// SPDX-License-Identifier: GPL-3.0-or-later
// What can be done with an answer of the model as with a kept step: its difference to another step, heads sorted by
// it, words and lines of a part, arrays for numpy.
#include "core/spec/kept_prompt.h"
#include "tests/tensorfile/npz_parts.h"
#include "tests/widgets/attention/attention_fixture.h"
#include "tests/widgets/attention/long_samples.h"

#include "widgets/attention/attention_arrays.h"
#include "widgets/common/panel_tools.h"
#include "widgets/common/progress_row.h"
#include "widgets/common/view_link.h"

#include <QProgressBar>

using namespace orrery;
using namespace orrery::ui;

class TestAttentionAnswers : public QObject, protected AttentionFixture {
    Q_OBJECT
private Q_SLOTS:
    void init() { setUp(); }
    void cleanup() { tearDown(); }
    void anAnswerIsComparedWithASavedStep();
    void anotherStepToCompareWithIsChosen();
    void headsAreSortedByTheirDifference();
    void progressHasAmounts();
    void comparingIsCancelled();
    void aRefusedComparisonIsRetried();
    void anotherHeadIsComparedToo();
    void aRunWithoutKeptStepsIsCompared();
    void documentsAreComparedToo();
    void aLinkComparesWithTheSameStep();
    void wordsOfAPart();
    void aGroupAtTheEdgeIsWhole();
    void differenceOfAPart();
    void mapsAreArrays();
    void allHeadsAreArrays();
    void modalitiesAreArrays();
    void arraysAreOfThePartThatIsSeen();
    void whatIsNotThereIsNoFile();

private:
    void ask()
    {
        m_panel->askModel();
        QTRY_VERIFY(m_panel->snapshot() && !m_panel->snapshot()->isKept);
        m_panel->flush();
    }
    void openAsked()
    {
        open();
        openHead({3, 2});
        ask();
    }
    /// A text of 120 tokens in cells of four, seen by a part of it.
    void openPart()
    {
        const SampleModel model = longModel(120, 4);
        open(model, 5);
        answerInParts(*m_session, model, 4);
        openHead({1, 1});
        ask();
        map()->setZoom(4, map()->plotRect().center());
        QTRY_VERIFY(map()->isFine());
        m_panel->flush();
    }
    [[nodiscard]] SegmentedChoice *granularity() const
    {
        return child<SegmentedChoice>(m_panel.get(), "granularity");
    }
    [[nodiscard]] QComboBox *against() const { return child<QComboBox>(m_panel.get(), "againstModel"); }
    [[nodiscard]] SegmentedChoice *mode() const
    {
        return child<SegmentedChoice>(m_panel.get(), "differenceChoice");
    }
    [[nodiscard]] float weight(double trained, int row, int column, const SampleModel &model = {},
                               const HeadRef &head = {3, 2}) const
    {
        return sampleWeights(model, head.layer, head.head,
                             trained)[size_t(row) * model.words.size() + size_t(column)];
    }
    [[nodiscard]] std::map<std::string, test::Npy> arrays(const QString &name)
    {
        const QString path = m_folder.filePath(name);
        PanelTools::of(*m_panel)->saveTo(path);
        [&] { QTRY_VERIFY(m_panel->banner()->message().startsWith(u"Saved to "_s)); }();
        QFile file(path);
        if (!file.open(QIODevice::ReadOnly)) return {};
        return test::npzParts(file.readAll().toStdString());
    }
    static float at(const test::Npy &array, size_t index) { return test::numberAt<float>(array.data, 4 * index); }
    static int64_t intAt(const test::Npy &array, size_t index)
    {
        return test::numberAt<int64_t>(array.data, 8 * index);
    }
    static bool hasShape(const test::Npy &array, const std::string &shape)
    {
        return array.header.find("'shape': " + shape + ",") != std::string::npos;
    }

    QTemporaryDir m_folder;
};

void TestAttentionAnswers::anAnswerIsComparedWithASavedStep()
{
    openAsked();
    const size_t before = m_session->inspections.size();
    const InspectRequest first = m_session->inspections.back().request;
    QTest::keyClick(map(), Qt::Key_D);
    QTRY_COMPARE(m_session->inspections.size(), before + 1);
    const FakeSession::Inspection second = m_session->inspections.back();
    QCOMPARE(second.model, u"alpha@8000"_s); // the newest before step 8,210
    QVERIFY(second.request.input.promptIds == first.input.promptIds);
    QVERIFY(second.request.heads == first.heads && second.request.maxEdge == first.maxEdge);
    QVERIFY(second.request.wantsOverview);
    QTRY_VERIFY(map()->figure().legend().scale.isDifference);
    QCOMPARE(map()->figure().legend().baseStep, 8'000);
    const HeadMatrix &cells = map()->figure().content().heads.front();
    QCOMPARE(cells.meanAt(17, 5), weight(0.8, 17, 5) - weight(0.64, 17, 5));
    QCOMPARE(map()->figure().rounding(), 0.0); // both are exact
    QVERIFY(map()->figure().reading({17, 5}).contains(u"difference "_s));
    QVERIFY(against()->isVisible());
    QVERIFY(!child<QPushButton>(m_panel.get(), "compareHere")->isVisible());
    QTest::keyClick(map(), Qt::Key_D);
    m_panel->flush();
    QVERIFY(!map()->figure().legend().scale.isDifference && !against()->isVisible());
    QTest::keyClick(map(), Qt::Key_D); // it is known
    m_panel->flush();
    QVERIFY(map()->figure().legend().scale.isDifference);
    QCOMPARE(m_session->inspections.size(), before + 1);
    // The kept steps have their own step that is compared with.
    QTest::mouseClick(child<QPushButton>(m_panel.get(), "backToKept"), Qt::LeftButton);
    m_panel->flush();
    QTRY_COMPARE(map()->figure().legend().baseStep, 10);
    QVERIFY(!against()->isVisible() && child<QPushButton>(m_panel.get(), "compareHere")->isVisible());
}

void TestAttentionAnswers::anotherStepToCompareWithIsChosen()
{
    openAsked();
    m_panel->setDifference(true);
    QTRY_VERIFY(m_panel->base());
    m_panel->flush();
    QCOMPARE(against()->count(), 2);
    QCOMPARE(against()->currentText(), u"against step 8,000"_s);
    against()->setCurrentIndex(1);
    Q_EMIT against()->activated(1);
    QTRY_COMPARE(m_session->inspections.back().model, u"alpha@7000"_s);
    QTRY_COMPARE(map()->figure().legend().baseStep, 7'000);
    QCOMPARE(map()->figure().content().heads.front().meanAt(17, 5), weight(0.8, 17, 5) - weight(0.56, 17, 5));
    QCOMPARE(against()->currentText(), u"against step 7,000"_s);
    // Weights are not compared with themselves.
    child<QComboBox>(m_panel.get(), "weightsChoice")->setCurrentIndex(2);
    QCOMPARE(m_panel->promptBar()->model(), u"alpha@7000"_s);
    ask();
    QTRY_COMPARE(against()->count(), 1);
    QTRY_COMPARE(map()->figure().legend().baseStep, 8'000);
}

void TestAttentionAnswers::headsAreSortedByTheirDifference()
{
    openAsked();
    m_panel->stage()->overview()->setSort(HeadSort::Difference);
    QTRY_VERIFY(m_panel->base());
    m_panel->flush();
    QVERIFY(!map()->figure().legend().scale.isDifference); // weights, in that order
    const std::vector<HeadTile> &tiles = overview()->scene().tiles();
    QCOMPARE(tiles.size(), size_t(36));
    for (size_t i = 1; i < tiles.size(); ++i) QVERIFY(tiles[i - 1].difference >= tiles[i].difference);
    QVERIFY(tiles.front().difference > 0 && std::isfinite(tiles.back().difference));
    QVERIFY(overview()->sentenceOf(tiles.front().head).contains(u"difference 0"_s));
}

/// First the model reads, which has none; then maps come.
void TestAttentionAnswers::progressHasAmounts()
{
    openAsked();
    m_session->isHolding = true;
    m_panel->askModel();
    auto *progress = m_panel->findChild<ProgressRow *>();
    QVERIFY(progress && progress->isActive());
    QTRY_VERIFY(progress->isVisible());
    auto *bar = progress->findChild<QProgressBar *>();
    auto *text = progress->findChild<ElidedLabel *>();
    QCOMPARE(bar->maximum(), 0); // how long it takes nobody knows
    m_session->tellInspectAmount({.reading = {.layer = 3, .layers = 12}}); // but where the engine tells
    QVERIFY2(text->fullText().endsWith(u": layer 3 of 12"_s), qPrintable(text->fullText()));
    m_session->tellInspectAmount({.numMaps = 9, .numWanted = 36, .share = 0.25});
    QVERIFY2(text->fullText().endsWith(u": 9 of 36 maps have come"_s), qPrintable(text->fullText()));
    QVERIFY(bar->maximum() > 0);
    QCOMPARE(qRound(100.0 * bar->value() / bar->maximum()), 25);
    const auto late = m_session->tellInspectAmount;
    QTest::mouseClick(progress->findChild<QPushButton *>(), Qt::LeftButton);
    QCOMPARE(m_session->numCancelledInspections, 1);
    QVERIFY(!progress->isActive());
    late({.numMaps = 18, .numWanted = 36, .share = 0.5}); // of a question that nobody asks any more
    QVERIFY(!progress->isActive());
    m_session->isHolding = false;
    m_panel->askModel();
    QVERIFY(progress->isActive());
    QTRY_VERIFY(!m_session->isAnswering());
    QTRY_VERIFY(!progress->isActive());
}

void TestAttentionAnswers::comparingIsCancelled()
{
    openAsked();
    m_session->isHolding = true;
    QTest::keyClick(map(), Qt::Key_D);
    m_panel->flush();
    auto *progress = m_panel->findChild<ProgressRow *>();
    QVERIFY(progress && progress->isActive());
    QTRY_VERIFY(progress->isVisible());
    QTest::keyClick(map(), Qt::Key_Escape);
    QCOMPARE(m_session->numCancelledInspections, 1);
    QVERIFY(!m_panel->isDifference() && !progress->isActive());
    m_panel->flush();
    QCOMPARE(m_panel->place().level, StageLevel::Head); // Esc was that, and not a level up
    const size_t asked = m_session->inspections.size();
    m_session->isHolding = false;
    QTest::keyClick(map(), Qt::Key_D); // and again
    QTRY_COMPARE(m_session->inspections.size(), asked + 1);
    QTRY_VERIFY(map()->figure().legend().scale.isDifference);
    // Sorted by it: cancelled, the heads stand by their place.
    m_panel->setDifference(false);
    m_session->isHolding = true;
    m_panel->setBaseModel(u"alpha@7000"_s);
    m_panel->stage()->overview()->setSort(HeadSort::Difference);
    m_panel->flush();
    QVERIFY(progress->isActive());
    QTest::mouseClick(progress->findChild<QPushButton *>(), Qt::LeftButton);
    m_panel->flush();
    QCOMPARE(m_panel->stage()->overview()->sort(), HeadSort::Position);
    m_session->isHolding = false;
}

void TestAttentionAnswers::aRefusedComparisonIsRetried()
{
    openAsked();
    m_session->failNext[u"inspect"_s] =
        Error{ErrorCode::NotFound, "Cannot look inside \"alpha@8000\": it was removed.", "Choose another step."};
    m_panel->setDifference(true);
    QTRY_VERIFY(m_panel->banner()->message().contains(u"alpha@8000"_s));
    const size_t asked = m_session->inspections.size();
    m_panel->flush();
    QTest::qWait(40);
    QCOMPARE(m_session->inspections.size(), asked); // not again and again
    QVERIFY(!map()->figure().legend().scale.isDifference);
    Q_EMIT m_panel->banner()->retryRequested();
    QTRY_VERIFY(map()->figure().legend().scale.isDifference);
    QVERIFY(m_panel->banner()->isHidden());
}

void TestAttentionAnswers::anotherHeadIsComparedToo()
{
    openAsked();
    m_panel->setDifference(true);
    QTRY_VERIFY(map()->figure().legend().scale.isDifference);
    openHead({1, 1});
    QTRY_COMPARE(m_session->inspections.back().model, u"alpha@8000"_s); // behind its own answer
    QVERIFY((m_session->inspections.back().request.heads == std::vector<HeadRef>{{1, 1}}));
    QTRY_VERIFY(map()->figure().legend().scale.isDifference &&
                map()->figure().content().heads.front().head == (HeadRef{1, 1}));
    const HeadMatrix &cells = map()->figure().content().heads.front();
    QCOMPARE(cells.meanAt(20, 3), weight(0.8, 20, 3, {}, {1, 1}) - weight(0.64, 20, 3, {}, {1, 1}));
}

void TestAttentionAnswers::aRunWithoutKeptStepsIsCompared()
{
    open();
    m_session->checkpoints[u"beta"_s] = {{.step = 4'000}, {.step = 9'000}};
    m_panel->setRun(u"beta"_s); // has kept none
    QTRY_COMPARE(m_panel->promptBar()->model(), u"beta@9000"_s);
    m_panel->promptBar()->setOwnText(u"int main"_s);
    Q_EMIT m_panel->promptBar()->promptChosen(PromptBar::kOwnText);
    ask();
    QVERIFY(mode()->isVisible() && mode()->isEnabled());
    QVERIFY(!child<QWidget>(m_panel.get(), "play")->isVisible()); // there is nothing to go through
    mode()->button(u"difference"_s)->click();
    QTRY_COMPARE(m_session->inspections.back().model, u"beta@4000"_s);
    QTRY_VERIFY(map()->figure().legend().scale.isDifference);
}

void TestAttentionAnswers::documentsAreComparedToo()
{
    SampleModel model;
    model.patches = 9;
    open(model);
    openHead({3, 2});
    ask();
    QTRY_VERIFY(mode()->isEnabled());
    const size_t asked = m_session->inspections.size();
    m_panel->setDifference(true);
    QTRY_COMPARE(m_session->inspections.size(), asked + 1);
    QCOMPARE(m_session->inspections.back().model, m_panel->baseModel());
    QVERIFY(keptPromptNumber(m_session->inspections.back().request.input) == std::optional<int32_t>(0));
}

void TestAttentionAnswers::aLinkComparesWithTheSameStep()
{
    openAsked();
    m_panel->setBaseModel(u"alpha@7000"_s);
    m_panel->setDifference(true);
    QTRY_VERIFY(m_panel->base());
    m_panel->flush();
    const QString link = m_panel->viewLink();
    QVERIFY2(link.contains(u"base=alpha@7000"_s) || link.contains(u"base=alpha%407000"_s), qPrintable(link));
    AttentionPanel other(*m_session);
    other.resize(m_panel->size());
    other.show();
    other.view().restore(parseViewLink(link)->state);
    QTRY_VERIFY(other.base());
    QCOMPARE(other.base()->report.step, 7'000);
    QVERIFY(other.isDifference());
    other.flush();
    QTRY_COMPARE(other.viewLink(), link);
}

void TestAttentionAnswers::wordsOfAPart()
{
    openPart();
    QVERIFY(granularity()->isEnabled());
    const size_t asked = m_session->inspections.size();
    granularity()->button(u"word"_s)->click();
    m_panel->flush();
    QVERIFY(map()->isFine());
    QCOMPARE(m_session->inspections.size(), asked); // of the same cells
    const HeadMatrix &words = map()->figure().content().heads.front();
    QVERIFY(words.isPooled());
    // "  return" is a word of two tokens: 12 and 13 of every 30.
    const auto row = std::ranges::find(words.rows, TokenRange{72, 74});
    QVERIFY(row != words.rows.end());
    const auto column = std::ranges::find(words.columns, TokenRange{42, 44});
    QVERIFY(column != words.columns.end());
    const SampleModel model = longModel(120, 4);
    double sum = 0;
    for (int looks = 72; looks < 74; ++looks)
        for (int seen = 42; seen < 44; ++seen) sum += weight(0.8, looks, seen, model, {1, 1});
    QVERIFY(std::abs(words.meanAt(int(row - words.rows.begin()), int(column - words.columns.begin())) - sum / 2) <
            1e-6);
    // What a word's cell shows is that sum, whatever cells of several tokens show.
    QCOMPARE(map()->figure().content().value, CellValue::Mean);
    QCOMPARE(scaleTitle(map()->figure().legend()), u"weight, √ scale"_s);
    QVERIFY(!child<SegmentedChoice>(m_panel.get(), "valueChoice")->isEnabled());
    // A row that is kept is found again.
    m_panel->goTo({.level = StageLevel::Head, .head = {1, 1}, .pinnedToken = 73});
    m_panel->flush();
    QCOMPARE(map()->figure().content().heads.front().rows[size_t(map()->pinnedRow())], (TokenRange{72, 74}));
    // All of the text has cells of several tokens: they have no words.
    map()->fit();
    m_panel->flush();
    QVERIFY(!map()->isFine() && !granularity()->isEnabled());
    QVERIFY(m_panel->look().granularity == Granularity::Word); // a panel beside this one is not told to take tokens
    QVERIFY2(granularity()->toolTip().contains(u"Zoom in"_s), qPrintable(granularity()->toolTip()));
    QCOMPARE(map()->figure().numRows(), 30);
    QCOMPARE(scaleTitle(map()->figure().legend()), u"largest weight, √ scale"_s);
    QVERIFY(child<SegmentedChoice>(m_panel.get(), "valueChoice")->isEnabled());
    map()->setZoom(4, map()->plotRect().center());
    QTRY_VERIFY(map()->isFine());
    QVERIFY(map()->figure().content().heads.front().isPooled()); // words again
    QVERIFY(granularity()->isEnabled());
    // Keys go on where they end, line by line.
    granularity()->button(u"line"_s)->click();
    m_panel->flush();
    QVERIFY(map()->isFine());
    const int64_t first = map()->figure().content().heads.front().rows.front().begin;
    QVERIFY(first > 0);
    map()->setCursorCell({0, 0});
    QTest::keyClick(map(), Qt::Key_Up);
    QVERIFY(!map()->isFine());
    const TokenRange there = map()->figure().content().heads.front().rows[size_t(map()->cursor().row)];
    QVERIFY(there.begin <= first - 1 && first - 1 < there.end);
}

/// A part is asked for by whole words and lines.
void TestAttentionAnswers::aGroupAtTheEdgeIsWhole()
{
    openPart();
    granularity()->button(u"line"_s)->click();
    map()->fit();
    map()->setZoom(4, map()->plotRect().center());
    m_panel->goTo({.level = StageLevel::Head, .head = {0, 1}}); // of which no part was asked for yet
    QTRY_VERIFY(map()->isFine() && map()->figure().content().heads.front().head == (HeadRef{0, 1}));
    const std::vector<TokenRange> lines =
        groupTokens(m_panel->snapshot()->report.tokens, Granularity::Line);
    for (const TokenRange &row : map()->figure().content().heads.front().rows)
        QVERIFY(std::ranges::find(lines, row) != lines.end());
    for (const TokenRange &column : map()->figure().content().heads.front().columns)
        QVERIFY(std::ranges::find(lines, column) != lines.end());
}

void TestAttentionAnswers::differenceOfAPart()
{
    openPart();
    m_panel->setDifference(true);
    QTRY_VERIFY(map()->whole().legend().scale.isDifference);
    QTRY_VERIFY(map()->isFine() && map()->figure().legend().scale.isDifference);
    QCOMPARE(map()->figure().legend().baseStep, 8'000);
    const SampleModel model = longModel(120, 4);
    const HeadMatrix &cells = map()->figure().content().heads.front();
    const int row = int(cells.rows[8].begin), column = int(cells.columns[5].begin);
    QCOMPARE(cells.meanAt(8, 5),
             weight(0.8, row, column, model, {1, 1}) - weight(0.64, row, column, model, {1, 1}));
    m_panel->setDifference(false);
    QTRY_VERIFY(map()->isFine() && !map()->figure().legend().scale.isDifference);
}

void TestAttentionAnswers::mapsAreArrays()
{
    openAsked();
    m_panel->goTo({.level = StageLevel::Head, .head = {3, 2}, .overlay = {{3, 2}, {1, 1}}});
    QTRY_COMPARE(map()->figure().content().heads.size(), size_t(2));
    const auto files = arrays(u"map.npz"_s);
    QVERIFY(files.contains("attention.npy") && !files.contains("maximum.npy"));
    QVERIFY(hasShape(files.at("attention.npy"), "(2,30,30,)"));
    QCOMPARE(at(files.at("attention.npy"), 17 * 30 + 5), weight(0.8, 17, 5));
    QCOMPARE(at(files.at("attention.npy"), 900 + 17 * 30 + 5), weight(0.8, 17, 5, {}, {1, 1}));
    QCOMPARE(intAt(files.at("layers.npy"), 1), 1);
    QCOMPARE(intAt(files.at("heads.npy"), 0), 2);
    QCOMPARE(intAt(files.at("row_begin.npy"), 29), 29);
    QCOMPARE(intAt(files.at("column_end.npy"), 29), 30);
    QCOMPARE(intAt(files.at("token_ids.npy"), 3), 1003);
    QVERIFY(hasShape(files.at("tokens.npy"), "(30,)"));
    QCOMPARE(intAt(files.at("step.npy"), 0), 8'210);
    m_panel->setDifference(true);
    QTRY_VERIFY(map()->figure().legend().scale.isDifference);
    const auto changed = arrays(u"difference.npz"_s);
    QVERIFY(!changed.contains("attention.npy"));
    QVERIFY(hasShape(changed.at("difference.npy"), "(1,30,30,)"));
    QCOMPARE(at(changed.at("difference.npy"), 17 * 30 + 5), weight(0.8, 17, 5) - weight(0.64, 17, 5));
    QCOMPARE(intAt(changed.at("base_step.npy"), 0), 8'000);
}

void TestAttentionAnswers::allHeadsAreArrays()
{
    SampleModel model;
    model.tokensPerCell = 2;
    open(model);
    const auto files = arrays(u"heads.npz"_s);
    QVERIFY(hasShape(files.at("attention.npy"), "(36,15,15,)") && hasShape(files.at("maximum.npy"), "(36,15,15,)"));
    const AttentionMap *map = mapOf(*m_panel->snapshot(), {2, 5});
    QCOMPARE(at(files.at("attention.npy"), (2 * 6 + 5) * 225 + 9 * 15 + 3), map->mean[9 * 15 + 3]);
    QCOMPARE(at(files.at("maximum.npy"), (2 * 6 + 5) * 225 + 9 * 15 + 3), map->maximum[9 * 15 + 3]);
    QCOMPARE(at(files.at("entropy.npy"), 17), float(summaryOf(*m_panel->snapshot(), {2, 5})->entropy));
    QCOMPARE(intAt(files.at("row_end.npy"), 0), 2);
}

void TestAttentionAnswers::modalitiesAreArrays()
{
    SampleModel model;
    model.layers = model.heads = 2;
    model.patches = 9;
    open(model, 3);
    QTest::keyClick(overview(), Qt::Key_M);
    QTRY_COMPARE(m_panel->place().level, StageLevel::Modalities);
    QTRY_VERIFY(m_panel->table().contains(u"\n20,"_s)); // the kept steps were read
    const auto files = arrays(u"modalities.npz"_s);
    QVERIFY(hasShape(files.at("mass.npy"), "(3,4,2,2,)") && hasShape(files.at("learned.npy"), "(3,4,2,2,)"));
    QCOMPARE(intAt(files.at("steps.npy"), 1), 20);
    const ModalityFlow &flow = m_panel->snapshot()->report.flows[3];
    QCOMPARE(at(files.at("mass.npy"), 2 * 16 + 3 * 4 + 1), flow.mass[1]); // of the step that is shown: text at image
}

void TestAttentionAnswers::arraysAreOfThePartThatIsSeen()
{
    openPart();
    const HeadMatrix &cells = map()->figure().content().heads.front();
    const auto files = arrays(u"part.npz"_s);
    QVERIFY(hasShape(files.at("attention.npy"),
                     "(1," + std::to_string(cells.height()) + ',' + std::to_string(cells.width()) + ",)"));
    QCOMPARE(intAt(files.at("row_begin.npy"), 8), cells.rows[8].begin);
    QCOMPARE(at(files.at("attention.npy"), size_t(8 * cells.width() + 5)), cells.meanAt(8, 5));
    // So are the table and the figure.
    QCOMPARE(m_panel->table().count(u'\n'), 1 + cells.height() * cells.width());
}

void TestAttentionAnswers::whatIsNotThereIsNoFile()
{
    open();
    openHead({3, 2});
    const Result<std::string> nothing = attentionNpz({.level = StageLevel::Head, .now = m_panel->snapshot()});
    QVERIFY(!nothing.ok() && nothing.error().code == ErrorCode::NotFound);
    QCOMPARE(nothing.error().message,
             std::string("Cannot write arrays: no map is shown, expected at least one."));
    const Result<void> place = m_panel->save(u"/nowhere/at/all/map.npz"_s);
    QVERIFY(!place.ok() && place.error().code == ErrorCode::Io);
    QVERIFY(QString::fromStdString(place.error().message).startsWith(u"Cannot save \"map.npz\": "_s));
}

ORRERY_GUI_TEST_MAIN(TestAttentionAnswers)
#include "tst_attention_answers.moc"
