// SPDX-License-Identifier: GPL-3.0-or-later
// What can be taken along of the panels of runs, and samples that are looked into.
#include "core/spec/kept_prompt.h"
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"

#include "widgets/common/panel_tools.h"
#include "widgets/runs/event_table.h"
#include "widgets/runs/log_panel.h"
#include "widgets/runs/run_list_panel.h"
#include "widgets/runs/run_panel.h"
#include "widgets/runs/samples_view.h"

#include <QAction>
#include <QClipboard>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

class TestRunFrames : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theRunListIsATable();
    void theRunListComesBack();
    void theRunIsATable();
    void theRunComesBack();
    void theLogIsATable();
    void theLogComesBack();
    void aSampleIsLookedInto();
    void theNearestSavedStepReadsIt();
    void severalSamplesHaveAMenu();
    void aSampleWithAPictureIsLookedInto();
    void withoutAModelNothingLooks();

private:
    static RunEvent sample(int64_t step, const QString &prompt, const QString &text)
    {
        RunEvent event;
        event.id = step;
        event.step = step;
        event.kind = EventKind::Sample;
        event.payload = QStringLiteral(R"({"prompt":"%1","text":"%2"})").arg(prompt, text).toStdString();
        return event;
    }
    static QString copied(PanelFrame &panel)
    {
        PanelTools::of(panel)->refresh(); // as the menu does when it opens
        child<QAction>(&panel, "panelCopyData")->trigger();
        return QGuiApplication::clipboard()->text();
    }
};

void TestRunFrames::theRunListIsATable()
{
    FakeSession session;
    RunStatus odd = fakeRun("odd");
    odd.name = "a, \"b\"";
    odd.loss = NAN;
    session.setRuns({fakeRun("alpha", RunState::Running, 2'000), odd});
    RunListPanel panel(session);
    const QStringList lines = copied(panel).split(u'\n');
    QVERIFY(lines[0].startsWith(u"run,name,state,step,total_steps,loss,"_s));
    QVERIFY2(lines[1].startsWith(u"alpha,alpha,running,8210,20000,1.412,1.538,"_s), qPrintable(lines[1]));
    QVERIFY2(lines[2].startsWith(u"odd,\"a, \"\"b\"\"\",running,8210,20000,,1.538,"_s), qPrintable(lines[2]));
    panel.filterBox()->setText(u"alpha"_s);
    QCOMPARE(copied(panel).split(u'\n', Qt::SkipEmptyParts).size(), 2); // what is shown
    QCOMPARE(panel.commandText(), u"orrery-engine runs list"_s);
}

void TestRunFrames::theRunListComesBack()
{
    FakeSession session;
    session.setRuns({fakeRun("alpha"), fakeRun("beta")});
    RunListPanel panel(session);
    panel.filterBox()->setText(u"be"_s);
    const QVariantMap state = panel.PanelFrame::view().state();
    panel.filterBox()->clear();
    panel.PanelFrame::view().restore(state);
    QCOMPARE(panel.filterBox()->text(), u"be"_s);
    panel.PanelFrame::view().restore({});
    QVERIFY(panel.filterBox()->text().isEmpty());
}

void TestRunFrames::theRunIsATable()
{
    FakeSession session;
    session.setRuns({fakeRun("alpha")});
    RunPanel panel(session);
    PanelTools::of(panel)->refresh();
    QVERIFY(!child<QAction>(&panel, "panelCopyData")->isEnabled());
    QVERIFY(panel.commandText().isEmpty());
    panel.setRun(u"alpha"_s);
    panel.show();
    QTRY_VERIFY(child<QAction>(&panel, "panelCopyData")->isEnabled());
    const QString text = copied(panel);
    QVERIFY2(text.contains(u"\nloss,1.412,nats/token\n"_s), qPrintable(text));
    QVERIFY(text.contains(u"\nlr,0.00062,\n"_s));
    QCOMPARE(panel.commandText(), u"orrery-engine runs show alpha"_s);
}

void TestRunFrames::theRunComesBack()
{
    FakeSession session;
    session.setRuns({fakeRun("alpha")});
    RunPanel panel(session);
    panel.setRun(u"alpha"_s);
    for (const char *tab : {"checkpoints", "settings", "breakpoints", "spec", "events", "samples"}) {
        panel.PanelFrame::view().restore({{u"tab"_s, QLatin1String(tab)}});
        QCOMPARE(panel.PanelFrame::view().state()[u"tab"_s].toString(), QLatin1String(tab));
        QCOMPARE(panel.viewLink(), u"orrery:run?run=alpha&tab="_s + QLatin1String(tab));
    }
    panel.PanelFrame::view().restore({{u"tab"_s, u"of a newer version"_s}}); // is left alone
    QCOMPARE(panel.PanelFrame::view().state()[u"tab"_s].toString(), u"samples"_s);
}

void TestRunFrames::theLogIsATable()
{
    FakeSession session;
    session.setRuns({fakeRun("alpha")});
    RunEvent event;
    event.id = 1;
    event.step = 12;
    event.wallTime = 1'000.5;
    event.kind = EventKind::Warning;
    event.text = "two\nlines";
    session.events[u"alpha"_s] = {event};
    LogPanel panel(session);
    panel.setRun(u"alpha"_s);
    QTRY_VERIFY(panel.table()->csv().contains(u"1000.5,12,0,warning,\"two\nlines\"\n"_s));
    QVERIFY(panel.table()->csv().startsWith(u"unix_seconds,step,attempt,kind,text\n"_s));
}

void TestRunFrames::theLogComesBack()
{
    FakeSession session;
    LogPanel panel(session);
    panel.table()->filterBox()->setText(u"disk & 50 %"_s);
    panel.table()->setKind(int(EventKind::Warning));
    const QVariantMap state = panel.PanelFrame::view().state();
    QCOMPARE(state[u"kind"_s].toString(), u"warning"_s);
    panel.table()->filterBox()->clear();
    panel.table()->setKind(-1);
    panel.PanelFrame::view().restore(state);
    QCOMPARE(panel.table()->filterBox()->text(), u"disk & 50 %"_s);
    QCOMPARE(panel.table()->kind(), int(EventKind::Warning));
    panel.PanelFrame::view().restore({{u"kind"_s, u"no such kind"_s}});
    QCOMPARE(panel.table()->kind(), -1);
}

void TestRunFrames::aSampleIsLookedInto()
{
    FakeSession session;
    session.setRuns({fakeRun("alpha")});
    session.checkpoints[u"alpha"_s] = {{.step = 8'000}};
    session.events[u"alpha"_s] = {sample(7'900, u"Once"_s, u"Once upon"_s)};
    RunPanel panel(session);
    panel.setRun(u"alpha"_s);
    panel.show();
    QSignalSpy looked(&panel, &RunPanel::lookInside);
    auto *button = child<QPushButton>(&panel, "sampleLook");
    QTRY_VERIFY(button->isEnabled());
    button->click();
    QCOMPARE(looked.count(), 1);
    const auto focus = looked[0][0].value<Focus>();
    QCOMPARE(focus.model, u"alpha@8000"_s);
    QCOMPARE(focus.text->prompt, std::string("Once upon"));
    QCOMPARE(focus.token, int64_t(-1));
    QCOMPARE(focus.title, u"Sample of step 7,900"_s);
}

void TestRunFrames::theNearestSavedStepReadsIt()
{
    FakeSession session;
    session.setRuns({fakeRun("alpha")});
    session.checkpoints[u"alpha"_s] = {{.step = 1'000}, {.step = 2'000}, {.step = 8'000}};
    session.events[u"alpha"_s] = {sample(2'400, u"a"_s, u"b"_s)};
    RunPanel panel(session);
    panel.setRun(u"alpha"_s);
    panel.show();
    QSignalSpy looked(&panel, &RunPanel::lookInside);
    QTRY_VERIFY(child<QPushButton>(&panel, "sampleLook")->isEnabled());
    QTRY_VERIFY(!session.isAnswering());
    child<QPushButton>(&panel, "sampleLook")->click();
    QCOMPARE(looked.at(0).at(0).value<Focus>().model, u"alpha@2000"_s);
    session.checkpoints.clear();
    session.setRuns({fakeRun("alpha"), fakeRun("beta")});
    session.events[u"beta"_s] = {sample(10, u"a"_s, u"b"_s)};
    panel.setRun(u"beta"_s);
    QTRY_VERIFY(!session.isAnswering());
    QTRY_VERIFY(child<QPushButton>(&panel, "sampleLook")->isEnabled());
    child<QPushButton>(&panel, "sampleLook")->click();
    QCOMPARE(looked.at(1).at(0).value<Focus>().model, u"beta@live"_s); // nothing is saved, but it trains
}

void TestRunFrames::severalSamplesHaveAMenu()
{
    SamplesView view;
    view.appendEvents({sample(5, u"one "_s, u"1"_s), sample(5, u"two "_s, u"2"_s)});
    auto *button = child<QPushButton>(&view, "sampleLook");
    QVERIFY(button->menu());
    QCOMPARE(button->menu()->actions().size(), 2);
    QSignalSpy looked(&view, &SamplesView::lookInside);
    button->menu()->actions()[1]->trigger();
    QCOMPARE(looked.at(0).at(0).value<GenerateRequest>().prompt, std::string("two 2"));
    QCOMPARE(looked.at(0).at(1).toLongLong(), 5);
    // The dock keeps its width from run to run.
    SamplesView one;
    one.appendEvents({sample(5, u"one "_s, u"1"_s)});
    QVERIFY(!child<QPushButton>(&one, "sampleLook")->menu());
    QCOMPARE(one.minimumSizeHint().width(), view.minimumSizeHint().width());
}

/// Only thumbnails are here, and those are not what the model read: the document is asked for by its number.
void TestRunFrames::aSampleWithAPictureIsLookedInto()
{
    constexpr const char *kPixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
    const auto pictured = [&](const QString &rest) {
        RunEvent event = sample(400, u"validation 7: [image: 4 patches] how many? "_s, u"2"_s);
        event.payload = QStringLiteral(R"({"prompt":"how many? ","text":"2","pictures":["%1"]%2})")
                            .arg(QLatin1String(kPixel), rest)
                            .toStdString();
        return event;
    };
    SamplesView view;
    view.appendEvents({pictured(uR"(,"document":1,"answer_ids":[50,32])"_s)});
    auto *button = child<QPushButton>(&view, "sampleLook");
    QVERIFY2(button->isEnabled(), qPrintable(button->toolTip()));
    QSignalSpy looked(&view, &SamplesView::lookInside);
    button->click();
    const auto request = looked.at(0).at(0).value<GenerateRequest>();
    QVERIFY(keptPromptNumber(request) == std::optional<int32_t>(1));
    QVERIFY((request.answerIds == std::vector<int32_t>{50, 32}));
    // An older program told neither, and of what is broken nothing is asked.
    for (const QString &rest : {QString(), uR"(,"document":1,"answer_ids":[50,-1])"_s}) {
        SamplesView older;
        older.appendEvents({pictured(rest)});
        auto *look = child<QPushButton>(&older, "sampleLook");
        QVERIFY(!look->isEnabled());
        QVERIFY2(look->toolTip().contains(u"ask the model there"_s), qPrintable(look->toolTip()));
    }
}

void TestRunFrames::withoutAModelNothingLooks()
{
    FakeSession session;
    session.setRuns({fakeRun("alpha", RunState::Stopped)});
    session.events[u"alpha"_s] = {sample(10, u"a"_s, u"b"_s)};
    RunPanel panel(session);
    panel.setRun(u"alpha"_s);
    panel.show();
    QTRY_COMPARE(panel.samples()->shownText(), u"ab"_s);
    auto *button = child<QPushButton>(&panel, "sampleLook");
    QVERIFY(!button->isEnabled());
    QCOMPARE(button->toolTip(), u"The run has no saved step yet."_s);
}

ORRERY_GUI_TEST_MAIN(TestRunFrames)
#include "tst_run_frames.moc"
