// SPDX-License-Identifier: GPL-3.0-or-later
// What the comparison is made of: settings and their difference, columns, the table of values, its texts, and how it asks.
#include "tests/widgets/common/gui_test.h"
#include "tests/widgets/compare/compare_samples.h"
#include "widgets/compare/compare_feed.h"
#include "widgets/compare/compare_model.h"
#include "widgets/compare/compare_role.h"
#include "widgets/compare/compare_text.h"
#include "widgets/compare/settings_difference.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>

#include <cmath>

using namespace orrery;
using namespace orrery::ui;
using namespace Qt::StringLiterals;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Facts that are all there.
struct Facts {
    std::map<QString, CompareFacts> runs;
    FactsOf lookup()
    {
        return [this](const QString &run) -> const CompareFacts * {
            const auto found = runs.find(run);
            return found == runs.end() ? nullptr : &found->second;
        };
    }
    CompareFacts &add(const std::string &id, const QString &spec)
    {
        CompareFacts &facts = runs[fromStd(id)];
        facts.status = fakeRun(id, RunState::Finished);
        facts.settings.value = readRunSettings(spec);
        facts.series.value.emplace();
        facts.bestStep.value.emplace();
        return facts;
    }
};

const DifferenceRow *rowOf(const std::vector<DifferenceRow> &rows, const QString &key)
{
    const auto found = std::find_if(rows.begin(), rows.end(), [&key](const DifferenceRow &row) { return row.key == key; });
    return found == rows.end() ? nullptr : &*found;
}

QStringList shownRuns(const CompareModel &model)
{
    QStringList runs;
    for (int row = 0; row < model.rowCount(); ++row) runs << (model.runAt(row).isEmpty() ? u"-"_s : model.runAt(row));
    return runs;
}

} // namespace

class TestCompareRuns : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void settingsTellWhatIsStatedAndWhatHeld();
    void settingsThatCannotBeReadSayWhy();
    void importedRunsHaveNoSettings();
    void differenceShowsWhatDiffers();
    void differenceMakesSetArguments();
    void differenceKeepsGroupsTogether();
    void columnsAreFoundByTheirIds_data();
    void columnsAreFoundByTheirIds();
    void missingValuesSayWhy_data();
    void missingValuesSayWhy();
    void tokensCountThroughAncestors();
    void meanAndDeviationAreThoseOfASample();
    void endsLeaveOutWhatWasWrittenAgain();
    void tableSortsWithTheMissingLast();
    void tableMarksTheBestByText();
    void tableGroupsBySetting();
    void tableStaysWhereItIsWhenANumberComes();
    void textsCanBePasted();
    void feedAsksLittleAtATime();
    void feedAsksOnlyForWhatIsWanted();
    void feedNarrowsDownTheBestStep();
    void feedIsCancelledAndGoesOn();
    void feedAsksAgainWhenARunTrainsOn();
};

void TestCompareRuns::settingsTellWhatIsStatedAndWhatHeld()
{
    const auto settings = readRunSettings(
        u"{\"spec\":{\"spec_version\":1,\"model\":{\"preset\":\"tiny\",\"layers\":4},\"optimizer\":{\"lr\":5e-4}}}"_s);
    QVERIFY2(settings->problem.isEmpty(), qPrintable(settings->problem));
    const SettingValue *rate = settings->find(u"optimizer.lr"_s);
    QVERIFY(rate && rate->isStated && !rate->isDefault);
    QCOMPARE(rate->text, u"0.0005"_s);
    const SettingValue *layers = settings->find(u"model.layers"_s);
    QVERIFY(layers && layers->isStated && layers->isDefault);
    const SettingValue *window = settings->find(u"model.window"_s); // came later
    QVERIFY(window && !window->isStated && window->isDefault);
    QCOMPARE(settingLabel(*settings, u"optimizer.lr"_s), fromStd(findField("optimizer.lr")->label));
    QCOMPARE(settings->tokensPerStep(), double(16 * 128));
}

void TestCompareRuns::settingsThatCannotBeReadSayWhy()
{
    QVERIFY(readRunSettings(u"{"_s)->problem.contains(u"Cannot read \"spec.json\""_s));
    const auto newer = readRunSettings(u"{\"spec\":{\"spec_version\":99,\"optimizer\":{\"lr\":1e-3},\"warp\":{\"speed\":9}}}"_s);
    QVERIFY2(newer->problem.contains(u"99"_s), qPrintable(newer->problem));
    QCOMPARE(newer->find(u"optimizer.lr"_s)->text, u"0.001"_s); // what stands there can be seen all the same
    QCOMPARE(newer->find(u"warp.speed"_s)->text, u"9"_s);
}

void TestCompareRuns::importedRunsHaveNoSettings()
{
    const auto settings = readRunSettings(specOf({}, R"(,"imported_from":"/logs/x")"));
    QVERIFY(!settings->hasSettings());
    QCOMPARE(settings->importedFrom, u"/logs/x"_s);
    QCOMPARE(settings->tokensPerStep(), 0.0);
}

void TestCompareRuns::differenceShowsWhatDiffers()
{
    const auto first = readRunSettings(specOf({{"seed", "1"}, {"name", "one"}}));
    const auto second = readRunSettings(specOf({{"seed", "2"}, {"name", "two"}, {"model.dropout", "0.2"}}));
    const auto rows = settingsDifference({{u"a"_s, u"a"_s, first}, {u"b"_s, u"b"_s, second}, {u"c"_s, u"c"_s, nullptr}});
    QVERIFY(rowOf(rows, u"seed"_s)->isDifferent);
    QVERIFY(rowOf(rows, u"model.dropout"_s)->isDifferent);
    QVERIFY(rowOf(rows, u"model.dropout"_s)->cells[0].isDefault);
    QVERIFY(!rowOf(rows, u"model.dropout"_s)->cells[1].isDefault);
    QVERIFY(!rowOf(rows, u"optimizer.lr"_s)->isDifferent); // the run that was not read says nothing of it
    QVERIFY(!rowOf(rows, u"optimizer.lr"_s)->cells[2].isKnown);
    QVERIFY(!rowOf(rows, u"name"_s)); // no setting
    const auto numDifferent = std::count_if(rows.begin(), rows.end(), [](const DifferenceRow &row) { return row.isDifferent; });
    QCOMPARE(numDifferent, 2);
}

void TestCompareRuns::differenceMakesSetArguments()
{
    const auto older = readRunSettings(u"{\"spec\":{\"spec_version\":1,\"optimizer\":{\"lr\":1e-3}}}"_s);
    const auto now = readRunSettings(u"{\"spec\":{\"spec_version\":1,\"optimizer\":{\"lr\":0.0005},\"seed\":7}}"_s);
    const auto rows = settingsDifference({{u"a"_s, u"a"_s, older}, {u"b"_s, u"b"_s, now}});
    QCOMPARE(setArguments(rows, 0, 1), QStringList({u"--set"_s, u"optimizer.lr=0.0005"_s, u"--set"_s, u"seed=7"_s}));
    QVERIFY(setArguments(rows, 0, 0).isEmpty());
    QVERIFY(!rowOf(rows, u"seed"_s)->cells[0].isStated); // the default then
    QVERIFY(rowOf(rows, u"seed"_s)->cells[0].isKnown);
}

void TestCompareRuns::differenceKeepsGroupsTogether()
{
    const auto rows = settingsDifference({{u"a"_s, u"a"_s, readRunSettings(specOf())}});
    QStringList groups;
    for (const DifferenceRow &row : rows)
        if (groups.isEmpty() || groups.last() != row.group) groups << row.group;
    QCOMPARE(QSet<QString>(groups.begin(), groups.end()).size(), groups.size()); // each once
}

void TestCompareRuns::columnsAreFoundByTheirIds_data()
{
    QTest::addColumn<QString>("id");
    for (const ValuesColumn &column : ordinaryColumns()) QTest::newRow(qPrintable(column.id())) << column.id();
    QTest::newRow("series") << u"series:head/0.0/entropy:min"_s;
    QTest::newRow("series with a colon") << u"series:a:b:last"_s;
    QTest::newRow("setting") << u"set:optimizer.lr"_s;
}

void TestCompareRuns::columnsAreFoundByTheirIds()
{
    QFETCH(QString, id);
    const auto column = columnFromId(id);
    QVERIFY(column.has_value());
    QCOMPARE(column->id(), id);
    QVERIFY(!column->title().isEmpty() && !column->toolTip().isEmpty());
    for (const QString &wrong : {u"series:x"_s, u"series::min"_s, u"set:"_s, u"nonsense"_s, QString()})
        QVERIFY(!columnFromId(wrong));
}

void TestCompareRuns::missingValuesSayWhy_data()
{
    QTest::addColumn<QString>("column");
    QTest::addColumn<QString>("why");
    QTest::newRow("validation") << u"best_val_loss"_s << u"No validation loss was measured."_s;
    QTest::newRow("parameters") << u"parameters"_s << u"The run has no model"_s;
    QTest::newRow("time") << u"seconds"_s << u"how long it trained"_s;
    QTest::newRow("speed") << u"tokens_per_s"_s << u"how fast it was"_s;
    QTest::newRow("tokens") << u"tokens"_s << u"Imported from another program's log"_s;
    QTest::newRow("best step") << u"best_step"_s << u"No validation loss was measured."_s;
    QTest::newRow("series") << u"series:heat:last"_s << u"The run has no series “heat”."_s;
    QTest::newRow("setting") << u"set:optimizer.lr"_s << u"its settings are not known"_s;
}

void TestCompareRuns::missingValuesSayWhy()
{
    QFETCH(QString, column);
    QFETCH(QString, why);
    Facts facts;
    CompareFacts &run = facts.add("i", specOf({}, R"(,"imported_from":"/logs")"));
    run.status.valLoss = run.status.bestValLoss = run.status.tokensPerSecond = kNaN;
    run.status.numParameters = 0;
    run.status.elapsedSeconds = 0;
    const CompareCell cell = compareCell(*columnFromId(column), run, facts.lookup());
    QVERIFY2(cell.why.contains(why), qPrintable(cell.why));
    QVERIFY(std::isnan(cell.number) && cell.exact.isEmpty());
    QCOMPARE(cell.text, unknownText());
}

void TestCompareRuns::tokensCountThroughAncestors()
{
    Facts facts;
    facts.add("parent", specOf({{"train.batch_size", "16"}})); // 16 × 128 tokens a step
    CompareFacts &child = facts.add("child", specOf({{"train.batch_size", "32"}}));
    child.status.parent = "parent";
    child.status.parentStep = 1'000;
    child.status.step = 1'500;
    QCOMPARE(tokensSeen(child, facts.lookup()).tokens, 1'000.0 * 16 * 128 + 500.0 * 32 * 128);
    facts.runs.erase(u"parent"_s);
    QVERIFY(tokensSeen(child, facts.lookup()).why.contains(u"“parent”, which is gone"_s));
}

void TestCompareRuns::meanAndDeviationAreThoseOfASample()
{
    const MeanCell mean = meanOf({1, 2, 3, kNaN});
    QCOMPARE(mean.mean, 2.0);
    QCOMPARE(mean.deviation, 1.0);
    QCOMPARE(mean.number, 3);
    QVERIFY(std::isnan(meanOf({5}).deviation));
    // Both in one unit and with the same decimals.
    const auto text = [](ValuesColumnKind kind, double value, double deviation) {
        return meanText({kind}, {value, deviation, 3});
    };
    QCOMPARE(text(ValuesColumnKind::Tokens, 40'861, 8'699), u"40.9 ± 8.7 k"_s);
    QCOMPARE(text(ValuesColumnKind::Seconds, 1.83, 0.096), u"1.8 ± 0.1"_s);
    QCOMPARE(text(ValuesColumnKind::Loss, 3, 0.3), u"3.000 ± 0.300"_s);
    QCOMPARE(text(ValuesColumnKind::Steps, 12'000, 1'450.2), u"12,000 ± 1,450"_s);
    QCOMPARE(text(ValuesColumnKind::Loss, -4e-5, 1.26e-6), u"(\u22124.000 ± 0.126) × 10\u207B\u2075"_s);
    QCOMPARE(text(ValuesColumnKind::Loss, 0, 0.5), u"0 ± 0.5000"_s);
    QCOMPARE(meanText({ValuesColumnKind::Loss}, meanOf({5})), u"5.000"_s);
    QCOMPARE(meanText({ValuesColumnKind::Loss}, {1.234, 0.0003, 3}), u"1.234 ± 0.0003"_s); // not none
    QCOMPARE(meanOf({0.1, 0.1, 0.1}).deviation, 0.0); // not what adding rounds
    QCOMPARE(ValuesColumn({ValuesColumnKind::Setting, u"train.steps"_s}).title(), u"Steps (train.steps)"_s);
    QCOMPARE(meanOf({kNaN}).number, 0);
}

void TestCompareRuns::endsLeaveOutWhatWasWrittenAgain()
{
    SeriesData series = pointsOf("x", {3, 1, 2, 2.5});
    series.buckets[1].isSuperseded = true;
    const SeriesEnds ends = seriesEnds(series);
    QCOMPARE(ends.minimum, 2.0);
    QCOMPARE(ends.maximum, 3.0);
    QCOMPARE(ends.last, 2.5);
    QCOMPARE(smallestAt(series)->first, qint64(300));
    QVERIFY(!smallestAt(pointsOf("x", {kNaN})));
}

void TestCompareRuns::tableSortsWithTheMissingLast()
{
    Facts facts;
    facts.add("a", specOf()).status.bestValLoss = 1.5;
    facts.add("b", specOf()).status.bestValLoss = kNaN;
    facts.add("c", specOf()).status.bestValLoss = 1.2;
    CompareModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setFacts(facts.lookup());
    model.setColumns(ordinaryColumns());
    model.setRuns({u"a"_s, u"b"_s, u"c"_s});
    QCOMPARE(shownRuns(model), QStringList({u"a"_s, u"b"_s, u"c"_s}));
    const int column = 3;
    QCOMPARE(model.columns()[column].kind, ValuesColumnKind::BestValLoss);
    const QPersistentModelIndex kept = model.index(0, 0); // a
    model.sort(column, Qt::AscendingOrder);
    QCOMPARE(shownRuns(model), QStringList({u"c"_s, u"a"_s, u"b"_s}));
    QCOMPARE(kept.row(), 1);
    model.sort(column, Qt::DescendingOrder);
    QCOMPARE(shownRuns(model), QStringList({u"a"_s, u"c"_s, u"b"_s}));
    model.sort(-1, Qt::AscendingOrder);
    QCOMPARE(shownRuns(model), QStringList({u"a"_s, u"b"_s, u"c"_s}));
}

void TestCompareRuns::tableMarksTheBestByText()
{
    Facts facts;
    facts.add("a", specOf()).status.bestValLoss = 1.5;
    facts.add("b", specOf()).status.bestValLoss = 1.2;
    CompareModel model;
    model.setFacts(facts.lookup());
    model.setColumns(ordinaryColumns());
    model.setRuns({u"a"_s, u"b"_s});
    const QModelIndex best = model.index(1, 3);
    QVERIFY(best.data(compare_role::IsBest).toBool());
    QCOMPARE(best.data(Qt::AccessibleTextRole).toString(), u"1.200, best"_s);
    QVERIFY(!model.index(0, 3).data(compare_role::IsBest).toBool());
    QVERIFY(!model.index(0, 2).data(compare_role::IsBest).toBool()); // of steps none is better
    facts.runs[u"a"_s].status.bestValLoss = 1.2;
    model.updateRuns({u"a"_s});
    QVERIFY(!model.index(1, 3).data(compare_role::IsBest).toBool()); // all alike: no one is best
}

void TestCompareRuns::tableGroupsBySetting()
{
    Facts facts;
    facts.add("a", specOf({{"optimizer.lr", "0.001"}})).status.bestValLoss = 1.5;
    facts.add("b", specOf({{"optimizer.lr", "0.0005"}})).status.bestValLoss = 1.2;
    facts.add("c", specOf({{"optimizer.lr", "0.001"}})).status.bestValLoss = 1.7;
    CompareModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setFacts(facts.lookup());
    model.setColumns(ordinaryColumns());
    model.setRuns({u"a"_s, u"b"_s, u"c"_s});
    model.setGrouping(u"optimizer.lr"_s);
    QCOMPARE(shownRuns(model), QStringList({u"-"_s, u"b"_s, u"-"_s, u"a"_s, u"c"_s}));
    QVERIFY2(model.index(2, 0).data().toString().endsWith(u"0.001 · 2 runs, mean ± s"_s),
             qPrintable(model.index(2, 0).data().toString()));
    QVERIFY2(model.index(0, 0).data().toString().endsWith(u"0.0005 · 1 run"_s),
             qPrintable(model.index(0, 0).data().toString()));
    QCOMPARE(model.index(2, 3).data().toString(), u"1.600 ± 0.141"_s);
    QCOMPARE(model.index(0, 3).data().toString(), u"1.200"_s); // one run has no deviation
    const int last = model.columnCount();
    std::vector<ValuesColumn> columns = ordinaryColumns();
    columns.push_back({ValuesColumnKind::Setting, u"optimizer.lr"_s});
    model.setColumns(columns);
    QCOMPARE(model.index(2, last).data().toString(), u"0.001"_s); // and no mean of settings
    facts.runs[u"c"_s].status.bestValLoss = kNaN;
    model.updateRuns({u"c"_s});
    QCOMPARE(model.index(2, 3).data().toString(), u"1.500, n 1"_s); // and says of how many
    model.sort(3, Qt::DescendingOrder);
    QCOMPARE(shownRuns(model), QStringList({u"-"_s, u"a"_s, u"c"_s, u"-"_s, u"b"_s}));
    model.setGrouping({});
    QCOMPARE(model.rowCount(), 3);
}

void TestCompareRuns::tableStaysWhereItIsWhenANumberComes()
{
    Facts facts;
    facts.add("a", specOf()).status.bestValLoss = 1.5;
    facts.add("b", specOf()).status.bestValLoss = 1.6;
    CompareModel model;
    model.setFacts(facts.lookup());
    model.setColumns(ordinaryColumns());
    model.setRuns({u"a"_s, u"b"_s});
    model.sort(3, Qt::AscendingOrder);
    QSignalSpy resets(&model, &QAbstractItemModel::modelReset);
    facts.runs[u"b"_s].status.bestValLoss = 1.1;
    model.updateRuns({u"b"_s});
    QCOMPARE(shownRuns(model), QStringList({u"a"_s, u"b"_s})); // nothing jumps under the pointer
    QCOMPARE(model.index(1, 3).data().toString(), u"1.100"_s);
    model.settle();
    QCOMPARE(shownRuns(model), QStringList({u"b"_s, u"a"_s}));
    QCOMPARE(resets.size(), 0);
}

void TestCompareRuns::textsCanBePasted()
{
    Facts facts;
    CompareFacts &run = facts.add("a", specOf());
    run.status.name = "a|b\t\"c\"";
    run.status.bestValLoss = 1.23456789;
    facts.add("d", specOf()).status.bestValLoss = 2;
    CompareModel model;
    model.setFacts(facts.lookup());
    model.setColumns({{ValuesColumnKind::BestValLoss}});
    model.setRuns({u"a"_s, u"d"_s});
    model.sort(1, Qt::AscendingOrder); // its arrow is in no text
    QCOMPARE(tableAsTsv(model, {0}, compare_role::Exact), u"Run\tBest val. loss\na|b \"c\"\t1.23456789\n"_s);
    QCOMPARE(tableAsCsv(model, {0}, compare_role::Exact), u"Run,Best val. loss\n\"a|b\t\"\"c\"\"\",1.23456789\n"_s);
    QCOMPARE(tableAsMarkdown(model, {}, compare_role::IsBest),
             u"| Run | Best val. loss |\n| :--- | ---: |\n| a\\|b \"c\" | **1.235** |\n| d | 2.000 |\n"_s);
}

void TestCompareRuns::feedAsksLittleAtATime()
{
    CompareSession session;
    QStringList ids;
    for (int i = 0; i < 40; ++i) {
        session.runList.push_back(fakeRun("r" + std::to_string(i), RunState::Finished));
        ids << u"r%1"_s.arg(i);
        session.specs[ids.last()] = specOf();
    }
    CompareFeed feed(session);
    feed.setRuns(ids);
    feed.setNeeds({FactNeed::Settings, FactNeed::Series});
    QTest::qWait(20);
    QCOMPARE(session.numSpecQueries, 0); // nobody looks
    feed.setActive(true);
    QVERIFY(feed.isBusy());
    QTRY_VERIFY(!feed.isBusy());
    QCOMPARE(session.numSpecQueries, 40);
    QVERIFY2(session.mostUnderWay <= CompareFeed::kMaxUnderWay, qPrintable(QString::number(session.mostUnderWay)));
    QCOMPARE(feed.progress(), 1.0);
    QCOMPARE(feed.numFailed(), 0);
}

void TestCompareRuns::feedAsksOnlyForWhatIsWanted()
{
    CompareSession session;
    fillComparison(session);
    CompareFeed feed(session);
    feed.setActive(true);
    feed.setRuns({u"c"_s});
    QTest::qWait(10);
    QCOMPARE(session.numSpecQueries + int(session.queries.size()), 0);
    feed.setNeeds({FactNeed::Settings});
    QTRY_VERIFY(!feed.isBusy());
    QCOMPARE(session.numSpecQueries, 2); // c, and a, which it was branched from
    QVERIFY(feed.facts(u"a"_s) && !feed.facts(u"b"_s));
    feed.setNeeds({FactNeed::Settings, FactNeed::Series});
    QTRY_VERIFY(!feed.isBusy());
    QCOMPARE(session.numSpecQueries, 2); // what is known is not asked again
    QCOMPARE(session.queries.size(), size_t(1));
    QCOMPARE(feed.facts(u"c"_s)->series.value->at("grad_norm").maximum, 4.0);
}

void TestCompareRuns::feedNarrowsDownTheBestStep()
{
    CompareSession session;
    fillComparison(session);
    session.seriesAnswer = [](const CompareSession::Query &query) {
        SeriesData series = pointsOf("val_loss", {2, 1.5, 1.6});
        if (query.from == 0) { // a bucket of many points at first
            series.buckets[1].firstStep = 150;
            series.buckets[1].lastStep = 250;
            series.buckets[1].numPoints = 50;
        } else {
            series.buckets = {series.buckets[1]};
            series.buckets[0].firstStep = series.buckets[0].lastStep = 210;
        }
        return std::vector<SeriesData>{series};
    };
    CompareFeed feed(session);
    feed.setActive(true);
    feed.setRuns({u"a"_s});
    feed.setNeeds({FactNeed::BestStep});
    QTRY_VERIFY(!feed.isBusy());
    QCOMPARE(session.queries.size(), size_t(2));
    QCOMPARE(session.queries[1].from, qint64(150));
    QCOMPARE(session.queries[1].to, qint64(250));
    QCOMPARE(feed.facts(u"a"_s)->bestStep.value->value(), qint64(210));
}

void TestCompareRuns::feedIsCancelledAndGoesOn()
{
    CompareSession session;
    fillComparison(session);
    session.isHolding = true;
    CompareFeed feed(session);
    feed.setActive(true);
    feed.setRuns({u"a"_s, u"b"_s, u"c"_s});
    feed.setNeeds({FactNeed::Settings});
    feed.cancel();
    QVERIFY(!feed.isBusy() && feed.isCancelled());
    QCOMPARE(feed.numFailed(), 3);
    QVERIFY(feed.facts(u"a"_s)->settings.problem.contains(u"cancelled"_s));
    session.isHolding = false;
    session.flush(); // what comes too late is dropped
    QVERIFY(!feed.facts(u"a"_s)->settings.value);
    feed.retry();
    QTRY_VERIFY(!feed.isBusy());
    QCOMPARE(feed.numFailed(), 0);
    session.failNext[u"getSpec"_s] = Error{ErrorCode::Io, "Cannot read \"spec.json\".", "Copy it."};
    feed.setRuns({u"a"_s});
    feed.setRuns({u"a"_s, u"b"_s});
    QTRY_VERIFY(!feed.isBusy());
    QVERIFY(feed.firstProblem().contains(u"spec.json"_s));
    QCOMPARE(feed.numFailed(), 1);
}

void TestCompareRuns::feedAsksAgainWhenARunTrainsOn()
{
    CompareSession session;
    fillComparison(session, RunState::Running);
    CompareFeed feed(session);
    feed.setActive(true);
    feed.setRuns({u"a"_s});
    feed.setNeeds({FactNeed::Series});
    QTRY_VERIFY(!feed.isBusy());
    QCOMPARE(session.queries.size(), size_t(1));
    RunStatus status = session.statusOf(u"a"_s);
    for (int i = 0; i < 5; ++i) {
        status.step += 10;
        session.sendUpdate(status);
    }
    QCOMPARE(feed.facts(u"a"_s)->status.step, status.step); // the status is there at once
    QCOMPARE(session.queries.size(), size_t(1));
    QTRY_COMPARE_WITH_TIMEOUT(session.queries.size(), size_t(2), 2 * CompareFeed::kAgainMs);
}

ORRERY_GUI_TEST_MAIN(TestCompareRuns)
#include "tst_compare_runs.moc"
