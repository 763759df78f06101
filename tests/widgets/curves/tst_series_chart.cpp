// SPDX-License-Identifier: GPL-3.0-or-later
// Any series of a run can be drawn: found by its name, live, in a link, in the table and in the figure.
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/common/banner.h"
#include "widgets/common/view_link.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/curves/readout_view.h"
#include "widgets/curves/series_chart.h"
#include "widgets/plots/plot_view.h"

#include <QAction>
#include <QClipboard>
#include <QComboBox>
#include <QToolButton>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

SeriesData seriesOf(const std::string &name, std::initializer_list<double> values)
{
    SeriesData series{name, values.size(), {}};
    int64_t step = 0;
    for (const double value : values) {
        ++step;
        series.buckets.push_back({.firstStep = step * 10,
                                  .lastStep = step * 10,
                                  .firstWallTime = double(step),
                                  .lastWallTime = double(step),
                                  .minimum = value,
                                  .maximum = value,
                                  .mean = value,
                                  .last = value,
                                  .numPoints = 1});
    }
    return series;
}

/// Answers for the series that it was asked for, as an engine does; for none: all.
class AskedSession : public FakeSession {
public:
    std::vector<std::vector<std::string>> asked; ///< of series that were named

    void querySeries(const QString &run, const std::vector<std::string> &series, qint64 from, qint64 to,
                     int maxBuckets, QObject *context, Reply<std::vector<SeriesData>> reply) override
    {
        if (!series.empty()) asked.push_back(series);
        FakeSession::querySeries(run, series, from, to, maxBuckets, context,
                                 [series, reply](Result<std::vector<SeriesData>> answer) {
                                     if (answer.ok() && !series.empty())
                                         std::erase_if(answer.value(), [&series](const SeriesData &one) {
                                             return std::ranges::find(series, one.name) == series.end();
                                         });
                                     reply(std::move(answer));
                                 });
    }
};

struct Fixture {
    AskedSession session;
    CurvesPanel panel{session};
    Fixture()
    {
        session.setRuns({fakeRun("alpha"), fakeRun("beta", RunState::Finished)});
        session.seriesData[u"alpha"_s] = {
            seriesOf("loss", {3, 2, 1}), seriesOf("head/10.0/entropy", {2.5, 2.25, 2}),
            seriesOf("head/2.0/entropy", {1.5, 1.25, 1}), seriesOf("part/firing_rate", {0.5, 0.25, 0.125})};
        session.seriesData[u"beta"_s] = {seriesOf("loss", {3})};
        panel.resize(900, 700);
        panel.show();
        panel.setRun(u"alpha"_s);
        settle();
    }
    void settle()
    {
        if (!QTest::qWaitFor([this] { return !session.isAnswering(); })) qFatal("the engine is silent");
        panel.flush();
        QCoreApplication::processEvents();
    }
    [[nodiscard]] SeriesChart *card() const { return panel.seriesChart(); }
    [[nodiscard]] PlotView *chart() const { return panel.chart(CurvesPanel::Extra); }
    [[nodiscard]] PanelFrame &frame() const
    {
        for (auto *frame : panel.findChildren<PanelFrame *>())
            if (frame->view().panel == u"curves") return *frame;
        qFatal("no frame");
    }
    [[nodiscard]] double lastValue() const
    {
        const auto &curves = chart()->curves();
        return curves.empty() || curves.front().raw.empty() ? -1 : curves.front().raw.back().mean;
    }
};

} // namespace

class TestSeriesChart : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void isFoldedUntilOneIsChosen()
    {
        Fixture one;
        QVERIFY(!one.chart()->isVisible());
        QVERIFY(one.card()->height() < 60);
        const int before = one.panel.chart(CurvesPanel::Loss)->height();
        one.panel.showSeries(u"part/firing_rate"_s);
        one.settle();
        QVERIFY(one.chart()->isVisible());
        QVERIFY2(one.chart()->height() >= 120, qPrintable(QString::number(one.chart()->height())));
        const int after = one.panel.chart(CurvesPanel::Loss)->height();
        QVERIFY2(after > before * 2 / 5 && after >= 160, qPrintable(QStringLiteral("%1 of %2").arg(after).arg(before)));
        QCOMPARE(one.lastValue(), 0.125);
        child<QToolButton>(one.card(), "closeSeries")->click();
        one.settle();
        QVERIFY(!one.chart()->isVisible() && one.card()->series().isEmpty());
        QVERIFY(one.card()->height() < 60);
    }
    void listsAllThatTheRunTells()
    {
        Fixture one;
        QVERIFY(!one.card()->names().contains(u"part/firing_rate"_s)); // nobody came near yet
        one.card()->choose();
        QTRY_VERIFY(one.card()->names().contains(u"part/firing_rate"_s));
        const QStringList names = one.card()->names();
        QVERIFY2(names.startsWith(u"grad_norm"_s), qPrintable(names.join(u' ')));
        QCOMPARE(names.mid(names.size() - 3),
                 (QStringList{u"head/2.0/entropy"_s, u"head/10.0/entropy"_s, u"part/firing_rate"_s}));
        one.panel.setRun(u"beta"_s);
        one.settle();
        QVERIFY(!one.card()->names().contains(u"part/firing_rate"_s)); // it has none
    }
    void isChosenByAPartOfItsName()
    {
        Fixture one;
        one.card()->choose();
        one.settle();
        QLineEdit *line = one.card()->choice()->lineEdit();
        typeText(line, u"firing"_s);
        QTest::keyClick(line, Qt::Key_Return);
        QCOMPARE(one.card()->series(), u"part/firing_rate"_s);
        QCOMPARE(line->text(), u"part/firing_rate"_s);
    }
    void namesThatArriveLeaveTheSelection()
    {
        Fixture one;
        one.panel.showSeries(u"head/2.0/entropy"_s);
        one.settle();
        one.card()->choose();
        QVERIFY(!one.card()->names().contains(u"part/firing_rate"_s)); // on its way
        QTRY_VERIFY(one.card()->names().contains(u"part/firing_rate"_s));
        QLineEdit *line = one.card()->choice()->lineEdit();
        QCOMPARE(line->text(), u"head/2.0/entropy"_s);
        QCOMPARE(line->selectedText(), u"head/2.0/entropy"_s);
        QCOMPARE(one.card()->choice()->itemText(one.card()->choice()->currentIndex()), one.card()->series());
        QTest::keyClicks(line, u"firing"_s);
        QCOMPARE(line->text(), u"firing"_s);
    }
    void isReadAlone()
    {
        Fixture one;
        one.session.asked.clear();
        one.session.isHolding = true;
        one.panel.showSeries(u"part/firing_rate"_s);
        QCOMPARE(one.session.asked.size(), size_t(1));
        QCOMPARE(one.session.asked.front().size(), size_t(1));
        QCOMPARE(one.session.asked.front().front(), std::string("part/firing_rate"));
        one.session.isHolding = false;
        one.session.flush();
        one.settle();
        QCOMPARE(one.lastValue(), 0.125);
        one.session.asked.clear();
        one.card()->setSeries(u"loss"_s); // which is there
        QVERIFY(one.session.asked.empty());
    }
    void saysWhyItDrawsNothing_data()
    {
        QTest::addColumn<QString>("typed");
        QTest::addColumn<QString>("message");
        QTest::newRow("unknown") << u"losss"_s
                                 << u"Cannot draw series \"losss\": the run has none of that name"_s;
        QTest::newRow("several") << u"head/"_s << u"Cannot draw series \"head/\": 2 have it in their names"_s;
    }
    void saysWhyItDrawsNothing()
    {
        QFETCH(QString, typed);
        QFETCH(QString, message);
        Fixture one;
        one.card()->choose();
        one.settle();
        typeText(one.card()->choice()->lineEdit(), typed);
        QTest::keyClick(one.card()->choice()->lineEdit(), Qt::Key_Return);
        QVERIFY(one.card()->series().isEmpty());
        QVERIFY2(one.card()->banner()->isVisible() && one.card()->banner()->message().startsWith(message),
                 qPrintable(one.card()->banner()->message()));
        one.panel.showSeries(u"part/firing_rate"_s);
        QVERIFY(!one.card()->banner()->isVisible());
    }
    void tellsThatTheListCannotBeHad()
    {
        Fixture one;
        one.session.failNext[u"querySeries"_s] = Error{ErrorCode::Io, "Cannot read the series.", ""};
        one.card()->choose();
        one.settle();
        QCOMPARE(one.card()->banner()->message(), u"Cannot read the series."_s);
    }
    void growsWithTheTraining()
    {
        Fixture one;
        one.panel.showSeries(u"head/2.0/entropy"_s);
        one.settle();
        QCOMPARE(one.lastValue(), 1.0);
        RunUpdate update;
        update.run = u"alpha"_s;
        update.status = fakeRun("alpha");
        update.reports = {{.step = 40,
                           .wallTime = 4,
                           .attempt = 0,
                           .values = {{"loss", 0.5}, {"head/2.0/entropy", 0.5}, {"probe/new", 1}}}};
        Q_EMIT one.session.updated(update);
        QTRY_COMPARE(one.chart()->curves().front().line.size(), size_t(4));
        QVERIFY(one.card()->names().contains(u"probe/new"_s)); // told for the first time
        QCOMPARE(one.card()->choice()->currentText(), u"head/2.0/entropy"_s);
        QTRY_VERIFY(one.frame().accessibleDescription().contains(u"head/2.0/entropy: "_s));
    }
    void staysWithTheNextRun()
    {
        Fixture one;
        one.panel.showSeries(u"part/firing_rate"_s);
        one.settle();
        one.panel.setRun(u"beta"_s);
        one.settle();
        QCOMPARE(one.card()->series(), u"part/firing_rate"_s);
        QVERIFY(one.chart()->curves().empty()); // which does not tell it
        one.panel.setRun(u"alpha"_s);
        one.settle();
        QCOMPARE(one.lastValue(), 0.125);
    }
    void isPartOfTheLink()
    {
        Fixture one;
        QVERIFY(!one.frame().viewLink().contains(u"series"_s));
        one.panel.showSeries(u"head/10.0/entropy"_s);
        const QString link = one.frame().viewLink();
        Fixture other;
        other.frame().view().restore(parseViewLink(link)->state);
        other.settle();
        QCOMPARE(other.card()->series(), u"head/10.0/entropy"_s);
        QCOMPARE(other.lastValue(), 2.0);
        QCOMPARE(other.frame().viewLink(), link);
        other.frame().view().restore({});
        QVERIFY(other.card()->series().isEmpty());
    }
    void isTakenAlong()
    {
        Fixture one;
        const auto table = [&one] {
            one.frame().findChild<QAction *>(u"panelCopyData"_s)->trigger();
            return QGuiApplication::clipboard()->text();
        };
        QVERIFY(!table().contains(u"part/firing_rate"_s));
        one.panel.showSeries(u"part/firing_rate"_s);
        one.settle();
        QCOMPARE(table().count(u"part/firing_rate"_s), 3);
        bool isRead = false;
        for (const ReadingRow &row : one.panel.readout()->reading().rows)
            isRead = isRead || (row.label == u"part/firing_rate" && row.value == u"0.125");
        QVERIFY(isRead);
    }
    void thoseThatAreDrawnAnywayAreTakenAlongOnce()
    {
        Fixture one;
        const auto table = [&one] {
            one.frame().findChild<QAction *>(u"panelCopyData"_s)->trigger();
            return QGuiApplication::clipboard()->text();
        };
        const QString before = table();
        const Reading reading = one.panel.readout()->reading();
        QVariantMap state;
        state[u"series"_s] = u"loss"_s;
        one.frame().view().restore(state);
        one.settle();
        QCOMPARE(one.lastValue(), 1.0);
        QCOMPARE(table(), before);
        QVERIFY(one.panel.readout()->reading() == reading);
    }
    void thoseThatAreDrawnAnywayStayWhereTheyAre()
    {
        Fixture one;
        one.panel.showSeries(u"loss"_s);
        QVERIFY(one.card()->series().isEmpty());
    }
    void hasUnits()
    {
        QCOMPARE(seriesUnit(u"head/1.0/entropy"_s), u"nats"_s);
        QCOMPARE(seriesUnit(u"head/1.0/distance"_s), u"tokens"_s);
        QCOMPARE(seriesUnit(u"val_loss/stage1"_s), u"nats / token"_s);
        QCOMPARE(seriesUnit(u"memory_mib"_s), u"MiB"_s);
        QVERIFY(seriesUnit(u"part/loss_of_memory"_s).isEmpty()); // only the plugin knows
    }
};

ORRERY_GUI_TEST_MAIN(TestSeriesChart)
#include "tst_series_chart.moc"
