// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake_session.h"
#include "widgets/curves/curves_feed.h"
#include "widgets/curves/reading.h"
#include "widgets/curves/readout_model.h"
#include "widgets/curves/readout_view.h"
#include "widgets/theme/theme.h"

#include <QAbstractItemModelTester>
#include <QAbstractItemView>
#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QMenu>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>

using namespace orrery;
using namespace orrery::ui;
using namespace orrery::ui::test;

namespace {

struct Sample {
    ShownSeries loss, validation;
    std::vector<RunMark> marks;
};

/// 1,000 steps; buckets of `perBucket` steps; validation every 100.
Sample makeSample(int perBucket)
{
    std::vector<FakePoint> loss, validation;
    for (int64_t step = 1; step <= 1000; ++step)
        loss.push_back(
            {step, 500 + double(step), 0, step == 333 ? std::nan("") : 2.0 + 0.001 * double(step % 10)});
    for (int64_t step = 100; step <= 1000; step += 100)
        validation.push_back({step, 500 + double(step), 0, 2.5});
    return {makeShown(bucketsOf(loss, 0, INT64_MAX, 1000 / perBucket), 0.9),
            makeShown(bucketsOf(validation, 0, INT64_MAX, 2000), 0),
            {{400, 900, MarkKind::Checkpoint, QStringLiteral("Checkpoint at step 400 (verified)")}}};
}

Reading readingAt(const Sample &sample, std::optional<double> x, XMode mode = XMode::Step)
{
    return makeReading(
        {{QStringLiteral("Train loss"), &sample.loss, ReadingFormat::Loss, true, true, QColor(Qt::blue)},
         {QStringLiteral("Validation loss"), &sample.validation, ReadingFormat::Loss, false, true, {}}},
        {mode, 501}, x, sample.marks, 10);
}

QString value(const Reading &reading, const QString &label)
{
    for (const ReadingRow &row : reading.rows)
        if (row.label == label) return row.value;
    return QStringLiteral("(none)");
}

} // namespace

class TestReadout : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void singlePointIsReadAsItIs();
    void bucketTellsMeanAndExtrema();
    void withoutCursorTheNewestIsRead();
    void valueFromElsewhereSaysItsStep();
    void nonFinitePointIsNamed();
    void marksNearTheCursorAreListed();
    void timeIsSaidOnATimeAxis();
    void noPointsGiveAnEmptyReading();
    void modelKeepsItsRules();
    void copiesAsTable();
    void copiesTheSelectionAlone();
    void aSeriesBeginsABreakpoint();
    void anOpenMenuKeepsItsSeries();
    void longNamesLeaveRoomForTheirValues();
};

void TestReadout::longNamesLeaveRoomForTheirValues()
{
    const QString value = QStringLiteral("0.1310");
    Reading reading{QStringLiteral("Latest of each run"), {}, {}};
    for (const char *end : {"4", "5"})
        reading.rows.push_back({ReadingKind::Run,
                                QStringLiteral("a run with a name that is much longer than any dock is wide ") + QLatin1String(end), value,
                                QColor(Qt::blue)});
    ReadoutView view;
    view.setReading(reading);
    view.resize(200, 160);
    view.show();
    auto *table = qobject_cast<QTableView *>(view.table());
    QTRY_VERIFY(table->columnWidth(1) >= QFontMetrics(Theme::instance().baseFont()).horizontalAdvance(value));
    QCOMPARE(table->columnWidth(0) + table->columnWidth(1), table->viewport()->width());
    // Names of one beginning are told apart by their ends.
    const auto row = [&view, table](int index) {
        QRect area = table->visualRect(table->model()->index(index, 0));
        return table->viewport()->grab(area).toImage();
    };
    QVERIFY(row(0) != row(1));
}

void TestReadout::singlePointIsReadAsItIs()
{
    const Reading reading = readingAt(makeSample(1), 204);
    QCOMPARE(reading.title, QStringLiteral("At step 204"));
    QVERIFY(reading.foot.isEmpty()); // what it shows is what was reported
    QCOMPARE(value(reading, QStringLiteral("Train loss")), QStringLiteral("2.004"));
    QVERIFY(value(reading, QStringLiteral("smoothed")) != QStringLiteral("(none)"));
    QCOMPARE(value(reading, QStringLiteral("min … max")), QStringLiteral("(none)"));
}

void TestReadout::bucketTellsMeanAndExtrema()
{
    const Reading reading = readingAt(makeSample(10), 205);
    QCOMPARE(reading.title, QStringLiteral("At steps 201–210"));
    QCOMPARE(reading.foot, QStringLiteral("Each number is the mean of 10 reports; zoom in to read single ones."));
    QCOMPARE(value(reading, QStringLiteral("Train loss")), QStringLiteral("2.005"));
    QCOMPARE(value(reading, QStringLiteral("min … max")), QStringLiteral("2.000 … 2.009"));
}

void TestReadout::withoutCursorTheNewestIsRead()
{
    const Reading reading = readingAt(makeSample(10), std::nullopt);
    QCOMPARE(reading.title, QStringLiteral("Latest, step 1,000"));
}

void TestReadout::valueFromElsewhereSaysItsStep()
{
    const Reading elsewhere = readingAt(makeSample(1), 120);
    QCOMPARE(value(elsewhere, QStringLiteral("at step")), QStringLiteral("100"));
    const Reading here = readingAt(makeSample(1), 100);
    QCOMPARE(value(here, QStringLiteral("at step")), QStringLiteral("(none)"));
}

void TestReadout::nonFinitePointIsNamed()
{
    QCOMPARE(value(readingAt(makeSample(1), 333), QStringLiteral("Train loss")), QStringLiteral("NaN"));
    QCOMPARE(value(readingAt(makeSample(10), 335), QStringLiteral("NaN or infinite")),
             QStringLiteral("1 of 10 reports"));
}

void TestReadout::marksNearTheCursorAreListed()
{
    const auto hasMark = [](const Reading &reading) {
        return std::any_of(reading.rows.begin(), reading.rows.end(),
                           [](const ReadingRow &row) { return row.kind == ReadingKind::Mark; });
    };
    QVERIFY(hasMark(readingAt(makeSample(1), 405)));
    QVERIFY(!hasMark(readingAt(makeSample(1), 450)));
    QVERIFY(hasMark(readingAt(makeSample(1), 402, XMode::Time)));
}

void TestReadout::timeIsSaidOnATimeAxis()
{
    const Reading reading = readingAt(makeSample(1), 184, XMode::Time);
    QCOMPARE(reading.title, QStringLiteral("At step 185"));
    QCOMPARE(value(reading, QStringLiteral("Time")), QStringLiteral("3:04 min"));
}

void TestReadout::noPointsGiveAnEmptyReading()
{
    const Reading reading = readingAt({}, 5);
    QVERIFY(reading.rows.empty());
    QVERIFY(reading.title.isEmpty());
}

void TestReadout::modelKeepsItsRules()
{
    ReadoutModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    const Sample fine = makeSample(1), coarse = makeSample(10);
    for (const double x : {405.0, 205.0, 333.0, 100.0, 120.0, 402.0}) {
        model.setReading(readingAt(fine, x));
        model.setReading(readingAt(coarse, x));
    }
    model.setReading({});
    QCOMPARE(model.rowCount(), 0);
}

void TestReadout::copiesAsTable()
{
    ReadoutView view;
    view.resize(260, 400);
    view.setReading(readingAt(makeSample(10), 205));
    view.show();
    view.table()->setFocus();
    QTest::keyClick(view.table(), Qt::Key_C, Qt::ControlModifier);
    const QStringList lines = QApplication::clipboard()->text().split(QLatin1Char('\n'));
    QCOMPARE(lines.first(), QStringLiteral("At steps 201–210"));
    QVERIFY(lines.contains(QStringLiteral("Train loss\t2.005")));
    QVERIFY(lines.contains(QStringLiteral("min … max\t2.000 … 2.009")));
    QVERIFY(lines.contains(QStringLiteral("Each number is the mean of 10 reports; zoom in to read single ones.")));
}

void TestReadout::copiesTheSelectionAlone()
{
    ReadoutView view;
    view.setReading(readingAt(makeSample(10), 205));
    view.table()->selectionModel()->select(
        {view.table()->model()->index(0, 0), view.table()->model()->index(1, 1)},
        QItemSelectionModel::Select | QItemSelectionModel::Rows);
    view.copy();
    const QString text = QApplication::clipboard()->text();
    QVERIFY(text.contains(QStringLiteral("Train loss")));
    QVERIFY(!text.contains(QStringLiteral("Validation")));
}

void TestReadout::aSeriesBeginsABreakpoint()
{
    const Sample sample = makeSample(10);
    ReadoutView view;
    QSignalSpy begun(&view, &ReadoutView::breakpointRequested);
    const auto action = [&view](const char *name) {
        return view.table()->findChild<QAction *>(QLatin1String(name));
    };
    QVERIFY(!action("pauseAbove")->isEnabled()); // of no series
    QVERIFY(!action("copyReading")->isEnabled());
    view.setReading(makeReading(
        {{QStringLiteral("Train loss"), &sample.loss, ReadingFormat::Loss, true, true, {}, QStringLiteral("loss")},
         {QStringLiteral("Of no name"), &sample.validation, ReadingFormat::Loss, false, true, {}}},
        {XMode::Step, 501}, 205, {}, 10));
    QVERIFY(action("copyReading")->isEnabled());
    // The head of the series, and what is said of it below.
    for (int row : {0, 1, 2}) {
        view.table()->setCurrentIndex(view.table()->model()->index(row, 1));
        QVERIFY2(action("pauseAbove")->isEnabled(), qPrintable(QString::number(row)));
        QCOMPARE(action("pauseAbove")->text(), QStringLiteral("Pause when “Train loss” exceeds…"));
        QCOMPARE(action("pauseBelow")->text(), QStringLiteral("Pause when “Train loss” falls below…"));
    }
    action("pauseAbove")->trigger();
    action("pauseBelow")->trigger();
    QCOMPARE(begun.count(), 2);
    QCOMPARE(begun[0][0].toString(), QStringLiteral("loss > "));
    QCOMPARE(begun[1][0].toString(), QStringLiteral("loss < "));
    view.table()->setCurrentIndex(view.table()->model()->index(3, 0)); // a series that has no name in the run
    QVERIFY(!action("pauseAbove")->isEnabled());
    view.table()->setCurrentIndex(view.table()->model()->index(0, 0));
    view.setReading({}); // another run, without points
    QVERIFY(!action("pauseAbove")->isEnabled());
    QCOMPARE(begun.count(), 2);
}

void TestReadout::anOpenMenuKeepsItsSeries()
{
    const Sample sample = makeSample(10);
    ReadoutView view;
    view.resize(260, 400);
    view.show();
    QSignalSpy begun(&view, &ReadoutView::breakpointRequested);
    view.setReading(makeReading({{QStringLiteral("Train loss"),
                                  &sample.loss,
                                  ReadingFormat::Loss,
                                  true,
                                  true,
                                  {},
                                  QStringLiteral("loss")}},
                                {XMode::Step, 501}, 205, {}, 10));
    view.table()->setCurrentIndex(view.table()->model()->index(0, 0));
    Q_EMIT view.table()->customContextMenuRequested(QPoint(5, 5));
    auto *menu = view.table()->findChild<QMenu *>(QStringLiteral("readoutMenu"));
    QVERIFY(menu && menu->isVisible());
    view.setReading({});
    auto *above = view.table()->findChild<QAction *>(QStringLiteral("pauseAbove"));
    QVERIFY(above->isEnabled());
    menu->hide();
    above->trigger(); // as a menu does: it hides first
    QCOMPARE(begun.count(), 1);
    QCOMPARE(begun[0][0].toString(), QStringLiteral("loss > "));
    QTRY_VERIFY(!above->isEnabled());
}

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    Theme::instance().apply(application, ThemeKind::Light);
    TestReadout test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_readout.moc"
