// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"

#include "widgets/runs/checkpoint_model.h"
#include "widgets/runs/event_model.h"
#include "widgets/runs/event_table.h"
#include "widgets/runs/run_list_model.h"
#include "widgets/runs/samples_view.h"

#include <QAbstractItemModelTester>
#include <QBuffer>
#include <QComboBox>
#include <QImage>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTableView>
#include <QTextBlock>
#include <QTextEdit>
#include <QToolButton>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

std::vector<RunStatus> manyRuns(int number)
{
    std::vector<RunStatus> runs;
    for (int i = 0; i < number; ++i)
        runs.push_back(fakeRun("run-" + std::to_string(i), RunState::Finished, i));
    return runs;
}

std::vector<RunEvent> manyEvents(int number, int64_t firstId = 1)
{
    std::vector<RunEvent> events;
    for (int i = 0; i < number; ++i) {
        RunEvent event;
        event.id = firstId + i;
        event.step = event.id * 10;
        event.wallTime = 9'000 + i;
        event.kind = i % 5 == 0 ? EventKind::Checkpoint : EventKind::Note;
        event.text = "event number " + std::to_string(event.id);
        events.push_back(event);
    }
    return events;
}

} // namespace

class TestRunModels : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void listsRunsNewestFirst();
    void changesRowsWithoutReset();
    void movesRowsInsteadOfResetting();
    void quietUpdatesDoNotSignal();
    void ignoresRunsGivenTwice();
    void takes500RunsQuickly();
    void appendsEventsAndClears();
    void notesInTheLogAreCorrected();
    void checkpointsComeAndGo();
    void eventTableFollowsItsEndUntilScrolled();
    void eventTableFiltersAndCopies();
    void eventTableGivesTheTextTheRoom();
    void eventTableTakes20000EventsQuickly();
    void samplesShowWhatTheyAreAbout();
    void samplesStayAtTheNewestUntilMoved();
};

void TestRunModels::listsRunsNewestFirst()
{
    RunListModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setRuns({fakeRun("old", RunState::Finished, 1), fakeRun("new", RunState::Running, 2)});
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(model.index(0).data().toString(), u"new"_s);
    QCOMPARE(model.index(0).data(RunListModel::StateLineRole).toString(), u"training 41 %"_s);
    QVERIFY(model.index(0).data(Qt::AccessibleTextRole).toString().contains(u"loss 1.412"_s));
}

void TestRunModels::changesRowsWithoutReset()
{
    RunListModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QSignalSpy reset(&model, &QAbstractItemModel::modelReset),
        removed(&model, &QAbstractItemModel::rowsRemoved),
        inserted(&model, &QAbstractItemModel::rowsInserted),
        changed(&model, &QAbstractItemModel::dataChanged);
    model.setRuns({fakeRun("a", RunState::Running, 1), fakeRun("b", RunState::Running, 2),
                   fakeRun("c", RunState::Running, 3)});
    QCOMPARE(inserted.count(), 1); // together
    model.setRuns({fakeRun("a", RunState::Paused, 1), fakeRun("c", RunState::Running, 3),
                   fakeRun("d", RunState::Running, 4)});
    QCOMPARE(removed.count(), 1);
    QCOMPARE(inserted.count(), 2);
    QCOMPARE(changed.count(), 1);
    QCOMPARE(reset.count(), 0);
    QCOMPARE(model.rowOf(u"d"_s), 0);
    QCOMPARE(model.rowOf(u"b"_s), -1);
    QCOMPARE(model.index(2).data(RunListModel::StateLineRole).toString(), u"paused at 8,210"_s);
}

void TestRunModels::movesRowsInsteadOfResetting()
{
    RunListModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setRuns({fakeRun("a", RunState::Created, 1), fakeRun("b", RunState::Created, 2),
                   fakeRun("c", RunState::Created, 3)});
    model.setSparkline(u"a"_s, {3, 2, 1});
    const QPersistentModelIndex kept = model.index(model.rowOf(u"a"_s));
    model.setRuns({fakeRun("a", RunState::Created, 9), fakeRun("b", RunState::Created, 2),
                   fakeRun("c", RunState::Created, 3)});
    QCOMPARE(model.rowOf(u"a"_s), 0);
    QCOMPARE(kept.row(), 0); // selection follows the run
    QCOMPARE(model.sparkline(0).size(), size_t{3});
}

void TestRunModels::quietUpdatesDoNotSignal()
{
    RunListModel model;
    model.setRuns({fakeRun("a")});
    QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
    model.setRuns({fakeRun("a")});
    QCOMPARE(changed.count(), 0);
    RunStatus later = fakeRun("a");
    later.step += 1;
    model.updateRun(later);
    QCOMPARE(changed.count(), 1);
}

void TestRunModels::ignoresRunsGivenTwice()
{
    RunListModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setRuns({fakeRun("a"), fakeRun("a")});
    QCOMPARE(model.rowCount(), 1);
}

void TestRunModels::takes500RunsQuickly()
{
    RunListModel model;
    const auto runs = manyRuns(500);
    ORRERY_VERIFY_QUICK(model.setRuns(runs));
    auto reversed = runs;
    for (RunStatus &run : reversed) run.createdAt = -run.createdAt; // the worst order: every row moves
    ORRERY_VERIFY_QUICK(model.setRuns(reversed));
    QCOMPARE(model.index(0).data(RunListModel::IdRole).toString(), u"run-0"_s);
}

void TestRunModels::appendsEventsAndClears()
{
    EventModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.appendEvents(manyEvents(3));
    model.appendEvents({});
    model.appendEvents(manyEvents(2, 4));
    QCOMPARE(model.rowCount(), 5);
    QCOMPARE(model.index(0, EventModel::KindColumn).data().toString(), u"checkpoint"_s);
    QCOMPARE(model.index(4, EventModel::StepColumn).data().toString(), u"50"_s);
    model.setFilter(u"number 4"_s, -1);
    QCOMPARE(model.rowCount(), 1);
    model.appendEvents(manyEvents(2, 44)); // what comes later is filtered as well
    QCOMPARE(model.rowCount(), 3);
    model.setFilter(QString(), static_cast<int>(EventKind::Checkpoint));
    QCOMPARE(model.rowCount(), 3);
    model.clear();
    QCOMPARE(model.rowCount(), 0);
    QCOMPARE(model.numEvents(), 0);
}

void TestRunModels::notesInTheLogAreCorrected()
{
    EventModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    const auto note = [](int64_t id, const char *text, int64_t replaces) {
        return RunEvent{.id = id, .step = 30, .wallTime = kTestNow - 100 + double(id), .kind = EventKind::Note, .text = text, .payload = notePayload(replaces)};
    };
    const auto texts = [&model] {
        QStringList all;
        for (int row = 0; row < model.rowCount(); ++row) all << model.index(row, EventModel::TextColumn).data().toString();
        return all;
    };
    const RunEvent start{.id = 1, .kind = EventKind::Started, .text = "Started"}, end{.id = 4, .kind = EventKind::Finished, .text = "Finished"};
    model.appendEvents({start, note(2, "the lsos", 0), note(3, "the loss", 2), end});
    QCOMPARE(texts(), (QStringList{u"Started"_s, u"the loss"_s, u"Finished"_s}));
    QVERIFY(model.index(1, EventModel::TextColumn).data(Qt::ToolTipRole).toString().contains(u"first it said: the lsos"_s));
    model.appendEvents({note(5, "", 3)}); // by its correction
    QCOMPARE(texts(), (QStringList{u"Started"_s, u"Finished"_s}));
    model.setFilter({}, int(EventKind::Note));
    QCOMPARE(model.rowCount(), 0);
    model.appendEvents({note(6, "the lsos", 2)}); // undone
    QCOMPARE(texts(), QStringList{u"the lsos"_s});
    QVERIFY(!model.index(0, EventModel::TextColumn).data(Qt::ToolTipRole).toString().contains(u"first"_s));
    model.setFilter(u"lsos"_s, -1);
    model.appendEvents({note(7, "the loss", 2)}); // what is not looked for any more
    QCOMPARE(model.rowCount(), 0);
    model.setFilter({}, -1);
    QCOMPARE(texts(), (QStringList{u"Started"_s, u"the loss"_s, u"Finished"_s}));
    model.appendEvents({note(8, "", 77), note(9, "of another", 78)}); // about what is not here
    QCOMPARE(texts().back(), u"of another"_s);
    QCOMPARE(model.rowCount(), 4);
}

void TestRunModels::checkpointsComeAndGo()
{
    CheckpointModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QSignalSpy reset(&model, &QAbstractItemModel::modelReset);
    CheckpointInfo first, second, third;
    first.step = 500;
    second.step = 1'000;
    third.step = 1'500;
    model.setCheckpoints({first, second});
    QCOMPARE(model.index(0, 0).data().toString(), u"1,000"_s);
    third.isBest = third.isVerified = true;
    model.setCheckpoints({second, third, third});
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(model.index(0, CheckpointModel::NoteColumn).data().toString(), u"best · verified"_s);
    QCOMPARE(model.index(1, CheckpointModel::NoteColumn).data().toString(), u"not verified"_s);
    QCOMPARE(reset.count(), 0);
}

void TestRunModels::eventTableFollowsItsEndUntilScrolled()
{
    EventTable table;
    table.resize(500, 200);
    table.show();
    table.appendEvents(manyEvents(200));
    QScrollBar *bar = table.view()->verticalScrollBar();
    QVERIFY(bar->maximum() > 0);
    QCOMPARE(bar->value(), bar->maximum());
    table.appendEvents(manyEvents(10, 201));
    QCOMPARE(bar->value(), bar->maximum());
    bar->setValue(0);
    QVERIFY(!table.isFollowing());
    table.appendEvents(manyEvents(10, 211));
    QCOMPARE(bar->value(), 0);
    child<QToolButton>(&table, "eventFollow")->click();
    QCOMPARE(bar->value(), bar->maximum());
}

void TestRunModels::eventTableFiltersAndCopies()
{
    EventTable table;
    table.appendEvents(manyEvents(10));
    typeText(table.filterBox(), u"number 7"_s);
    QCOMPARE(table.view()->model()->rowCount(), 1);
    QCOMPARE(table.copyText().section(u'\n', 1, 1).section(u'\t', 1), u"70\tnote\tevent number 7"_s);
    table.filterBox()->clear();
    auto *kinds = child<QComboBox>(&table, "eventKind");
    kinds->setCurrentIndex(kinds->findData(static_cast<int>(EventKind::Checkpoint)));
    QCOMPARE(table.view()->model()->rowCount(), 2);
}

void TestRunModels::eventTableGivesTheTextTheRoom()
{
    EventTable table;
    table.resize(312, 200); // the Run panel at first
    table.show();
    std::vector<RunEvent> events = manyEvents(2);
    events[1].text = "Checkpoint 250 written and read back (993 KiB), the best one up to now.";
    table.appendEvents(events);
    QTableView *view = table.view();
    QVERIFY(view->isColumnHidden(EventModel::KindColumn));
    QVERIFY2(view->columnWidth(EventModel::TextColumn) > 312 / 2, qPrintable(QString::number(view->columnWidth(EventModel::TextColumn))));
    QVERIFY(view->rowHeight(1) > view->rowHeight(0)); // two lines
    // The end is whole, and so is what stands below the header.
    table.appendEvents(manyEvents(41, 3));
    for (const int height : {200, 187, 211}) {
        table.resize(312, height);
        const int last = view->model()->rowCount() - 1;
        QTRY_VERIFY(view->rowViewportPosition(last) + view->rowHeight(last) <= view->viewport()->height());
        QCOMPARE(view->rowViewportPosition(view->rowAt(0)), 0);
    }
    table.resize(700, 200);
    QTRY_COMPARE(view->rowHeight(1), view->rowHeight(0));
    QVERIFY(!view->isColumnHidden(EventModel::KindColumn));
    ORRERY_VERIFY_QUICK(table.resize(312, 200));
    ORRERY_VERIFY_QUICK(view->grab());
}

void TestRunModels::eventTableTakes20000EventsQuickly()
{
    EventTable table;
    table.resize(500, 400);
    table.show();
    const auto events = manyEvents(20'000);
    ORRERY_VERIFY_QUICK(table.appendEvents(events));
    ORRERY_VERIFY_QUICK(table.grab());
    ORRERY_VERIFY_QUICK(typeText(table.filterBox(), u"9"_s));
}

void TestRunModels::samplesShowWhatTheyAreAbout()
{
    const auto pngOf = [](const QSize &size) {
        QImage picture(size, QImage::Format_RGB32);
        picture.fill(Qt::red);
        QByteArray png;
        QBuffer buffer(&png);
        buffer.open(QIODevice::WriteOnly);
        picture.save(&buffer, "PNG");
        return QString::fromLatin1(png.toBase64());
    };
    // Small on the wire and large when unpacked: no thumbnail, whoever sent it.
    const QString huge = pngOf({1200, 1200});
    QVERIFY(!huge.isEmpty() && huge.size() < 60'000);
    const QJsonObject payload{{u"prompt"_s, u"validation 3: [image: 4 patches] how many? "_s},
                              {u"text"_s, u"two"_s},
                              {u"expected"_s, u"three"_s},
                              {u"pictures"_s, QJsonArray{huge, pngOf({32, 24}), u"no picture"_s}},
                              {u"recordings"_s, QJsonArray{QJsonArray{0.2, 0.9, 7.0}, QJsonArray{}, 3}}};
    RunEvent event;
    event.step = 200;
    event.kind = EventKind::Sample;
    event.payload = QJsonDocument(payload).toJson(QJsonDocument::Compact).toStdString();
    SamplesView view;
    view.appendEvents({event});
    QCOMPARE(view.shownText(), u"validation 3: [image: 4 patches] how many? two\nexpected: three"_s);
    const auto *text = child<QTextEdit>(&view, "sampleText");
    QList<QSizeF> sizes;
    for (QTextBlock block = text->document()->begin(); block.isValid(); block = block.next())
        for (auto it = block.begin(); !it.atEnd(); ++it)
            if (const QTextImageFormat format = it.fragment().charFormat().toImageFormat(); format.isValid())
                sizes << QSizeF(format.width(), format.height());
    QCOMPARE(sizes, (QList<QSizeF>{{64, 48}, {120, 64}}));
    const QImage shown = view.grab().toImage();
    bool isRed = false;
    for (int y = 0; y < shown.height() && !isRed; ++y)
        for (int x = 0; x < shown.width() && !isRed; ++x) isRed = shown.pixelColor(x, y) == QColor(Qt::red);
    QVERIFY(isRed);
}

void TestRunModels::samplesStayAtTheNewestUntilMoved()
{
    auto sample = [](int64_t step, const std::string &text) {
        RunEvent event;
        event.step = step;
        event.kind = EventKind::Sample;
        event.payload = R"({"prompt":"The ","text":")" + text + R"("})";
        return event;
    };
    SamplesView view;
    view.appendEvents({sample(200, "cat"), sample(200, "The dog")});
    QCOMPARE(view.shownText(), u"The cat\n\nThe dog"_s); // with or without its prompt in front
    view.appendEvents({sample(400, "bird")});
    QCOMPARE(view.shownText(), u"The bird"_s);
    view.stepBox()->setCurrentIndex(0);
    view.appendEvents({sample(600, "fish")});
    QCOMPARE(view.stepBox()->currentIndex(), 0);
    QCOMPARE(view.stepBox()->count(), 3);
}

ORRERY_GUI_TEST_MAIN(TestRunModels)
#include "tst_run_models.moc"
