// SPDX-License-Identifier: GPL-3.0-or-later
// Plugins without a panel of their own: what their parts told of a run is seen, live, and taken along.
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/common/banner.h"
#include "widgets/common/key_value_grid.h"
#include "widgets/common/tone_label.h"
#include "widgets/plugins/plugin_values_model.h"
#include "widgets/plugins/plugin_values_panel.h"

#include <QSignalSpy>
#include <QTableView>
#include <QTest>

#include <cmath>
#include <limits>

using namespace orrery;
using namespace orrery::ui;
using namespace Qt::StringLiterals;

namespace {

SeriesData seriesOf(const std::string &name, std::initializer_list<double> values)
{
    SeriesData series{name, values.size(), {}};
    int64_t step = 0;
    for (const double value : values) {
        SeriesBucket bucket;
        bucket.firstStep = bucket.lastStep = ++step * 10;
        bucket.minimum = bucket.maximum = bucket.mean = bucket.last = value;
        series.buckets.push_back(bucket);
    }
    return series;
}

FakeSession &sample(FakeSession &session)
{
    RunStatus status;
    status.id = "r";
    session.setRuns({status});
    session.seriesData[u"r"_s] = {seriesOf("loss", {3, 2}), seriesOf("probe/norm.layer0", {0.5, 0.25, 0.75}),
                                  seriesOf("part/firing_rate", {0.125})};
    session.specs[u"r"_s] = uR"({"spec":{"plugins":{"spikes":{"steps":4,"threshold":0.5}}}})"_s;
    return session;
}

QString textAt(const PluginValuesPanel &panel, int row, int column)
{
    return panel.model()->index(row, column).data().toString();
}

} // namespace

class TestPluginValues : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void showsWhatPartsTold();
    void leavesOutWhatALaterAttemptWroteAgain();
    void followsALiveRun();
    void asksNothingWhileHidden();
    void dropsTheAnswerForAnotherRun();
    void saysWhyThereIsNothing();
    void showsAnErrorAndAsksAgain();
    void opensAValueAsACurve();
    void takesItAlongAsCsv();
    void selectsASeriesThatComesLater();
    void countsItsValues();
};

void TestPluginValues::showsWhatPartsTold()
{
    FakeSession session;
    PluginValuesPanel panel(sample(session));
    panel.setRun(u"r"_s);
    panel.show();
    QTRY_COMPARE(panel.model()->rowCount(), 2); // and not the loss
    QCOMPARE(textAt(panel, 0, PluginValuesModel::NameColumn), u"part/firing_rate"_s);
    QCOMPARE(textAt(panel, 1, PluginValuesModel::LatestColumn), u"0.7500"_s);
    QCOMPARE(textAt(panel, 1, PluginValuesModel::LeastColumn), u"0.2500"_s);
    QCOMPARE(textAt(panel, 1, PluginValuesModel::GreatestColumn), u"0.7500"_s);
    QCOMPARE(textAt(panel, 1, PluginValuesModel::StepColumn), u"30"_s);
    QTRY_COMPARE(panel.settings()->value(u"spikes.steps"_s), u"4"_s);
    QVERIFY(panel.view()->isVisible());
}

void TestPluginValues::leavesOutWhatALaterAttemptWroteAgain()
{
    PluginValuesModel model;
    SeriesData series = seriesOf("part/x", {1, 9, 2});
    series.buckets[1].isSuperseded = true;
    series.buckets[0].minimum = std::numeric_limits<double>::quiet_NaN();
    model.setSeries({series});
    QCOMPARE(model.index(0, PluginValuesModel::GreatestColumn).data().toString(), u"2.000"_s);
    QCOMPARE(model.index(0, PluginValuesModel::LeastColumn).data().toString(),
             u"2.000"_s); // NaN hides no number
}

void TestPluginValues::followsALiveRun()
{
    FakeSession session;
    PluginValuesPanel panel(sample(session));
    panel.setRun(u"r"_s);
    panel.show();
    QTRY_COMPARE(panel.model()->rowCount(), 2);
    QSignalSpy resets(panel.model(), &QAbstractItemModel::modelReset);
    session.seriesData[u"r"_s][2] = seriesOf("part/firing_rate", {0.125, 0.5});
    RunUpdate update;
    update.run = u"r"_s;
    update.reports.resize(1);
    Q_EMIT session.updated(update);
    QTRY_COMPARE(textAt(panel, 0, PluginValuesModel::LatestColumn), u"0.5000"_s);
    QCOMPARE(resets.size(), 0); // the rows stayed where they were
}

void TestPluginValues::asksNothingWhileHidden()
{
    FakeSession session;
    PluginValuesPanel panel(sample(session));
    panel.setRun(u"r"_s);
    QTest::qWait(20);
    QVERIFY(session.seriesQueries.isEmpty());
    QCOMPARE(session.watchCounts[u"r"_s], 0);
    panel.show();
    QTRY_VERIFY(!session.seriesQueries.isEmpty());
    panel.hide();
    QCOMPARE(session.watchCounts[u"r"_s], 0);
}

void TestPluginValues::dropsTheAnswerForAnotherRun()
{
    FakeSession session;
    PluginValuesPanel panel(sample(session));
    panel.setRun(u"r"_s);
    panel.show();
    QTRY_COMPARE(panel.model()->rowCount(), 2);
    session.isHolding = true;
    session.sendReplay(u"r"_s); // asks
    panel.setRun(u"other"_s);
    session.isHolding = false;
    session.flush();
    QTest::qWait(20);
    QCOMPARE(panel.model()->rowCount(), 0);
}

void TestPluginValues::saysWhyThereIsNothing()
{
    FakeSession session;
    PluginValuesPanel panel(sample(session));
    panel.show();
    QVERIFY(!panel.view()->isVisible());
    QCOMPARE(panel.accessibleDescription(), u"No run is chosen."_s);
    session.specs[u"plain"_s] = u"{}"_s;
    panel.setRun(u"plain"_s);
    QTest::qWait(20);
    QVERIFY(!panel.view()->isVisible());
}

void TestPluginValues::showsAnErrorAndAsksAgain()
{
    FakeSession session;
    PluginValuesPanel panel(sample(session));
    session.failNext[u"querySeries"_s] =
        Error{ErrorCode::Io, "Cannot read \"run.db\": it is damaged.", "Copy it."};
    panel.setRun(u"r"_s);
    panel.show();
    QTRY_VERIFY(panel.banner()->message().contains(u"run.db"_s));
    Q_EMIT panel.banner()->retryRequested();
    QTRY_COMPARE(panel.model()->rowCount(), 2);
}

void TestPluginValues::opensAValueAsACurve()
{
    FakeSession session;
    PluginValuesPanel panel(sample(session));
    panel.setRun(u"r"_s);
    panel.show();
    QTRY_COMPARE(panel.model()->rowCount(), 2);
    QSignalSpy activated(&panel, &PluginValuesPanel::seriesActivated);
    Q_EMIT panel.view()->activated(panel.model()->index(1, 0));
    QCOMPARE(activated.at(0).at(0).toString(), u"probe/norm.layer0"_s);
}

void TestPluginValues::takesItAlongAsCsv()
{
    PluginValuesModel model;
    model.setSeries({seriesOf("part/x", {1, 0.25})});
    QCOMPARE(model.table(), u"series,step,latest,least,greatest\npart/x,20,0.25,0.25,1\n"_s);
}

void TestPluginValues::selectsASeriesThatComesLater()
{
    FakeSession session;
    PluginValuesPanel panel(sample(session));
    panel.setRun(u"r"_s);
    panel.showSeries(u"probe/zeal"_s);
    panel.show();
    QTRY_COMPARE(panel.model()->rowCount(), 2);
    QVERIFY(!panel.view()->selectionModel()->hasSelection());
    QVERIFY2(panel.viewLink().contains(u"series=probe"_s), qPrintable(panel.viewLink()));
    session.seriesData[u"r"_s].push_back(seriesOf("probe/zeal", {1}));
    session.sendReplay(u"r"_s);
    QTRY_COMPARE(panel.view()->currentIndex().row(), 2);
    QCOMPARE(panel.selectedSeries(), u"probe/zeal"_s);
    session.seriesData[u"r"_s].push_back(seriesOf("part/a", {1})); // before it in the table
    session.sendReplay(u"r"_s);
    QTRY_COMPARE(panel.model()->rowCount(), 4);
    QCOMPARE(panel.view()->currentIndex().row(), 3);
}

void TestPluginValues::countsItsValues()
{
    FakeSession session;
    PluginValuesPanel panel(sample(session));
    panel.setRun(u"r"_s);
    panel.show();
    QTRY_COMPARE(panel.accessibleDescription(), u"2 values of plugins"_s);
    const auto *head = child<ElidedLabel>(&panel, "pluginValuesHead");
    QVERIFY(head->isVisible());
    QCOMPARE(head->fullText(), u"r · 2 values"_s);
    RunStatus renamed = session.runs().front();
    renamed.name = "tide";
    session.setRuns({renamed});
    QCOMPARE(head->fullText(), u"tide · 2 values"_s);
    session.seriesData[u"r"_s].pop_back();
    session.sendReplay(u"r"_s);
    QTRY_COMPARE(panel.accessibleDescription(), u"1 value of plugins"_s);
    QCOMPARE(head->fullText(), u"tide · 1 value"_s);
    panel.setRun({});
    QCOMPARE(head->fullText(), QString()); // the empty place below says it
}

QTEST_MAIN(TestPluginValues)
#include "tst_plugin_values.moc"
