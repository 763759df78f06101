// SPDX-License-Identifier: GPL-3.0-or-later
// Notes and marks of several runs, and what is taken along of their charts.
#include "many_runs_fixture.h"
#include "widgets/common/panel_tools.h"
#include "widgets/common/view_link.h"
#include "widgets/curves/curves_overlay.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/curves/curves_toolbar.h"
#include "widgets/curves/group_statistics.h"
#include "widgets/curves/note_bar.h"
#include "widgets/curves/overlay_bar.h"
#include "widgets/curves/readout_view.h"
#include "widgets/curves/run_legend.h"
#include "widgets/plots/plot_view.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QFile>
#include <QHelpEvent>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include <cmath>
#include <random>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;
using namespace orrery::ui::test;
using Fixture = ManyRunsFixture;

class TestManyRunsTaken : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void notesAppearAtOnce();
    void aNoteIsAddedOnce();
    void refusedNotesSayWhy();
    void marksTellWhoseTheyAre();
    void theTableIsLong();
    void figuresStaySmall_data();
    void figuresStaySmall();
    void aLinkKeepsTheView();
    void everythingHasAName();
};

void TestManyRunsTaken::notesAppearAtOnce()
{
    Fixture one(1);
    one.panel.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&one.panel));
    one.moveTo(120, 2);
    one.loss()->setFocus();
    QTest::keyClick(one.loss(), Qt::Key_N);
    NoteBar *bar = one.panel.noteBar();
    QVERIFY(bar->isVisible());
    bar->edit()->setText(u"the loss jumps here"_s);
    QTest::keyClick(bar->edit(), Qt::Key_Return);
    one.settle();
    QVERIFY(!bar->isVisible());
    QCOMPARE(one.session.events[runName(0)].size(), size_t(1));
    QCOMPARE(one.session.events[runName(0)].front().step, int64_t(120));
    QCOMPARE(one.loss()->marks().size(), size_t(1)); // nobody told, nothing was loaded anew
    QCOMPARE(one.loss()->marks().front().x, 120.0);
    one.moveTo(121, 2);
    QVERIFY(one.panel.readout()->reading().tsv().contains(u"the loss jumps here"_s));
    // It was written long after: on an axis of time it stands at its step.
    one.panel.toolbar()->setXMode(XMode::Time);
    one.settle();
    QVERIFY(std::abs(one.loss()->marks().front().x - 11.9) < 1e-3);
    // Without a cursor it is of the newest step.
    one.loss()->setCursorX(std::nullopt);
    one.panel.addNote();
    bar->edit()->setText(u"the end"_s);
    bar->findChild<QPushButton *>(u"addNoteButton"_s)->click();
    QCOMPARE(one.session.events[runName(0)].back().step, int64_t(400));
}

void TestManyRunsTaken::aNoteIsAddedOnce()
{
    Fixture one(2);
    NoteBar *bar = one.panel.noteBar();
    const auto answerAll = [&one] {
        while (!one.session.waiting.empty()) one.session.answerAll();
        one.session.answersAtOnce = true;
    };
    one.panel.addNote();
    bar->edit()->setText(u"words"_s);
    one.session.answersAtOnce = false; // a slow link
    QTest::keyClick(bar->edit(), Qt::Key_Return);
    QTest::keyClick(bar->edit(), Qt::Key_Return);
    answerAll();
    one.settle();
    QCOMPARE(one.session.events[runName(0)].size(), size_t(1));
    // Another run is chosen before the answer comes: the next note is not the old one.
    one.panel.addNote();
    bar->edit()->setText(u"of the first run"_s);
    one.session.answersAtOnce = false;
    QTest::keyClick(bar->edit(), Qt::Key_Return);
    one.panel.setRun(runName(1));
    answerAll();
    one.settle();
    QCOMPARE(one.session.events[runName(0)].size(), size_t(2));
    one.panel.addNote();
    QVERIFY(bar->edit()->text().isEmpty());
}

void TestManyRunsTaken::refusedNotesSayWhy()
{
    Fixture one(2);
    NoteBar *bar = one.panel.noteBar();
    one.panel.addNote();
    QTest::keyClick(bar->edit(), Qt::Key_Return);
    QVERIFY2(bar->error().startsWith(u"Cannot add a note: it is empty"_s), qPrintable(bar->error()));
    one.session.noteError = Error{ErrorCode::Unavailable, "Cannot annotate run \"run-000\": the worker does not answer.",
                                  "Try again when it trains."};
    bar->edit()->setText(u"words"_s);
    QTest::keyClick(bar->edit(), Qt::Key_Return);
    QVERIFY(bar->isVisible());
    QVERIFY2(bar->error().contains(u"does not answer"_s) && bar->error().contains(u"Try again"_s), qPrintable(bar->error()));
    QCOMPARE(bar->edit()->text(), u"words"_s); // nothing that was written is lost
    QTest::keyClick(bar->edit(), Qt::Key_Escape);
    QVERIFY(!bar->isVisible());
    one.panel.addNote();
    QCOMPARE(bar->edit()->text(), u"words"_s);
    one.panel.setRun(runName(1));
    QVERIFY(!bar->isVisible()); // it was of the other run
}

void TestManyRunsTaken::marksTellWhoseTheyAre()
{
    Fixture one(3);
    one.session.events[runName(1)] = {
        {.id = 1, .step = 50, .kind = EventKind::Alarm, .text = "The loss jumped"},
        {.id = 2, .step = 60, .kind = EventKind::Setting, .text = "clip set to 0.5"},
        {.id = 3, .step = 400, .kind = EventKind::EarlyStop, .text = "Stopped early"}};
    one.session.statuses[2].parent = runName(0).toStdString();
    one.session.statuses[2].parentStep = 200;
    Q_EMIT one.session.runsChanged();
    one.settle();
    QCOMPARE(one.loss()->marks().size(), size_t(1)); // where the branch left
    QCOMPARE(one.loss()->marks().front().kind, MarkKind::Branch);
    QVERIFY(one.loss()->marks().front().text.contains(u"“run-002” was branched from here"_s));
    one.overlay(3);
    QStringList texts;
    for (const PlotMark &mark : one.loss()->marks()) texts << mark.text;
    QVERIFY2(texts.contains(u"run-001: The loss jumped"_s) && texts.contains(u"run-001: Stopped early"_s),
             qPrintable(texts.join(u'|')));
    QVERIFY(!texts.contains(u"run-001: clip set to 0.5"_s));
    QVERIFY2(texts.contains(u"run-002: Branched from “run-000” at step 200"_s), qPrintable(texts.join(u'|')));
    one.moveTo(51, 3);
    QVERIFY(one.panel.readout()->reading().tsv().contains(u"run-001: The loss jumped"_s));
    // With the pointer on the mark, in its row over the axis.
    const QPoint place(qRound(one.loss()->pixelOfX(50)), one.loss()->plotArea().bottom() - 8);
    QHelpEvent help(QEvent::ToolTip, place, one.loss()->mapToGlobal(place));
    QVERIFY(QApplication::sendEvent(one.loss(), &help));
}

void TestManyRunsTaken::theTableIsLong()
{
    Fixture one(3);
    one.overlay(3);
    one.frame().findChild<QAction *>(u"panelCopyData"_s)->trigger();
    const QStringList lines = QGuiApplication::clipboard()->text().split(u"\r\n"_s, Qt::SkipEmptyParts).join(u'\n').split(u'\n');
    QCOMPARE(lines.front().trimmed(), u"run,series,step,tokens,wall_time,min,mean,max"_s);
    QCOMPARE(lines.filter(u",loss,"_s).size(), 3 * 400);
    const QString line = lines.filter(u"run-002,loss,400,"_s).value(0).trimmed();
    const QStringList fields = line.split(u',');
    QCOMPARE(fields.size(), 8);
    QCOMPARE(fields[3].toDouble(), 400.0 * 8 * 2 * 100);
    QCOMPARE(fields[4].toDouble(), 1.7e9 + 40 + 2000);
    QCOMPARE(fields[6].toDouble(), 3 + 4 * std::exp(-4.0));
}

void TestManyRunsTaken::figuresStaySmall_data()
{
    QTest::addColumn<QString>("ending");
    QTest::newRow("svg") << u"svg"_s;
    QTest::newRow("pdf") << u"pdf"_s;
}

void TestManyRunsTaken::figuresStaySmall()
{
    QFETCH(QString, ending);
    Fixture one(50, 2000);
    std::mt19937 random(5);
    std::normal_distribution<double> noise(0, 0.2);
    for (auto &[run, all] : one.session.points)
        for (auto &[name, points] : all)
            for (FakePoint &point : points) point.value *= 1 + noise(random);
    one.panel.toolbar()->setSmoothing(0.6); // lines that still jump
    one.overlay(50);
    QTemporaryDir folder;
    const QString path = folder.filePath(u"curves."_s + ending);
    PanelTools::of(one.frame())->saveTo(path);
    const qint64 size = QFile(path).size();
    QVERIFY2(size > 20'000 && size <= 300'000, qPrintable(QString::number(size)));
    if (ending != u"svg") return;
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray text = file.readAll();
    for (const int i : {0, 17, 49}) QVERIFY(text.contains(runName(i).toUtf8())); // the legend
}

void TestManyRunsTaken::aLinkKeepsTheView()
{
    Fixture one(5);
    one.overlay(5);
    one.groupBy(u"optimizer.lr"_s);
    one.panel.overlay()->bar()->setBand(BandKind::Confidence);
    one.panel.overlay()->bar()->setShowsValidation(true);
    one.panel.toolbar()->setXMode(XMode::Tokens);
    one.panel.findChild<QToolButton *>(u"logX"_s)->click();
    one.settle();
    const QString link = one.frame().viewLink();
    Fixture other(5);
    QSignalSpy requested(&other.panel, &CurvesPanel::overlayRequested);
    const Result<ViewLink> view = parseViewLink(link);
    QVERIFY(view.ok());
    other.frame().view().restore(view->state);
    other.settle();
    QCOMPARE(requested.count(), 1); // the list of runs ticks them
    QCOMPARE(other.panel.overlaidRuns().size(), 4);
    QCOMPARE(other.panel.overlay()->bar()->groupBy(), u"optimizer.lr"_s);
    QCOMPARE(other.panel.overlay()->bar()->band(), BandKind::Confidence);
    QVERIFY(other.panel.overlay()->bar()->showsValidation());
    QCOMPARE(other.panel.toolbar()->xMode(), XMode::Tokens);
    QVERIFY(other.loss()->isLogX());
    QCOMPARE(other.frame().viewLink(), link);
    // What belongs to several runs is nothing without them.
    other.frame().view().restore({{u"x"_s, u"tokens"_s}, {u"overlay"_s, QString()}});
    other.settle();
    QCOMPARE(other.panel.toolbar()->xMode(), XMode::Step);
    QVERIFY(!other.panel.overlay()->isOn());
}

void TestManyRunsTaken::everythingHasAName()
{
    Fixture one(12);
    one.overlay(12);
    one.groupBy(QLatin1String(kGroupByAll));
    for (const auto *button : one.panel.findChildren<QAbstractButton *>())
        if (button->isVisible())
            QVERIFY2(!button->accessibleName().isEmpty() || !button->text().isEmpty(), qPrintable(button->objectName()));
    for (const auto *box : one.panel.findChildren<QComboBox *>()) QVERIFY(!box->accessibleName().isEmpty());
    QVERIFY(!one.panel.overlay()->legend()->accessibleName().isEmpty());
    QVERIFY(!one.frame().accessibleDescription().isEmpty());
    one.panel.resize(one.panel.minimumSizeHint());
    one.settle();
    for (const auto *button : one.panel.overlay()->bar()->findChildren<QAbstractButton *>()) {
        if (!button->isVisible()) continue;
        const QRect inPanel(button->mapTo(&one.panel, QPoint(0, 0)), button->size());
        QVERIFY2(one.panel.rect().contains(inPanel),
                 qPrintable(u"%1 at %2 of %3"_s.arg(button->objectName() + button->text())
                                .arg(inPanel.right())
                                .arg(one.panel.width())));
    }
}

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    Theme::instance().apply(application, ThemeKind::Light);
    TestManyRunsTaken test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_many_runs_taken.moc"
