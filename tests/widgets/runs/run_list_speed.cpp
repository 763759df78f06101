// SPDX-License-Identifier: GPL-3.0-or-later
// How fast the list of runs is with 500 of them: a new list four times a second, and scrolling. Prints
// numbers for docs/benchmarks.md; no test, because a time depends on the machine. Usage: run_list_speed
// [folder for pictures]
#include "tests/widgets/runs/label_session.h"

#include "widgets/common/number_text.h"
#include "widgets/runs/alarm_list.h"
#include "widgets/runs/labels_dialog.h"
#include "widgets/runs/run_arrangement.h"
#include "widgets/runs/run_list_model.h"
#include "widgets/runs/run_list_panel.h"
#include "widgets/runs/run_list_view.h"
#include "widgets/runs/run_panel.h"
#include "widgets/runs/run_tree_model.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QApplication>
#include <QElapsedTimer>
#include <QLineEdit>
#include <QScrollBar>

#include <cmath>
#include <cstdio>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

constexpr double kNow = 10'000.4;

void print(const char *what, std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    const auto at = [&values](double share) {
        return values[std::min(values.size() - 1, size_t(double(values.size()) * share))];
    };
    std::printf("%-62s median %6.2f ms   p95 %6.2f ms   max %6.2f ms   (%zu)\n", what, at(0.5), at(0.95),
                at(1), values.size());
}

template <typename Work> double took(Work work)
{
    QElapsedTimer timer;
    timer.start();
    work();
    return double(timer.nsecsElapsed()) / 1e6;
}

std::vector<RunStatus> manyRuns(int number)
{
    constexpr RunState states[] = {RunState::Finished, RunState::Finished, RunState::Stopped,
                                   RunState::Failed, RunState::Crashed};
    std::vector<RunStatus> runs;
    for (int i = 0; i < number; ++i) {
        RunStatus run = fakeRun("sweep-lr-" + std::to_string(i), i < 4 ? RunState::Running : states[i % 5],
                                9'000 - i * 3'600.0);
        run.loss = 1.2 + 0.004 * i;
        run.bestValLoss = 1.3 + 0.003 * (i * 37 % 500);
        run.labels.tags = {"sweep-" + std::to_string(i % 9), i % 2 == 0 ? "baseline" : "clip 0.5"};
        if (i % 7 == 0) run.labels.tags.push_back("a tag with a very long name indeed");
        if (i % 11 == 0) run = alarmed(run);
        if (i % 50 == 3) run.name = std::string(200, 'x') + std::to_string(i);
        if (i % 40 == 5) run.parent = "sweep-lr-1";
        runs.push_back(std::move(run));
    }
    return runs;
}

void measure(LabelSession &session, RunListPanel &panel, const char *name)
{
    std::vector<RunStatus> runs = session.runList;
    const auto line = [name](const char *what) {
        return (QString::fromLatin1(what) + u", "_s + QString::fromLatin1(name)).toStdString();
    };
    std::vector<double> lists, all, same;
    for (int i = 0; i < 200; ++i) {
        for (int live = 0; live < 4; ++live) {
            runs[size_t(live)].step += 10;
            runs[size_t(live)].loss -= 0.001;
            runs[size_t(live)].lastReportAt += 0.25;
        }
        lists.push_back(took([&] { session.setRuns(runs); }));
        QApplication::processEvents();
        same.push_back(took([&] { session.setRuns(runs); }));
    }
    print(line("list taken, 4 runs live").c_str(), lists);
    print(line("list taken, nothing new").c_str(), same);
    for (int i = 0; i < 50; ++i) {
        for (RunStatus &run : runs) run.step += 1;
        all.push_back(took([&] { session.setRuns(runs); }));
        QApplication::processEvents();
    }
    print(line("list taken, all 500 changed").c_str(), all);
    std::vector<double> scroll;
    QScrollBar *bar = panel.view()->verticalScrollBar();
    for (int i = 0; i < 400; ++i) {
        scroll.push_back(took([&] {
            bar->setValue(int((i % 200) / 200.0 * bar->maximum()) + (i >= 200 ? 37 : 0));
            panel.view()->viewport()->repaint();
        }));
    }
    print(line("scroll step, model and paint").c_str(), scroll);
    std::vector<double> filter;
    for (int i = 0; i < 40; ++i)
        filter.push_back(took([&] {
            panel.filterBox()->setText(i % 2 == 0 ? u"tag:baseline lr-1"_s : QString());
            panel.view()->viewport()->repaint();
        }));
    print(line("another filter, model and paint").c_str(), filter);
}

void shoot(QWidget &widget, const QString &folder, const QString &name)
{
    for (const auto &[kind, suffix] : {std::pair{ThemeKind::Light, u"light"_s},
                                       {ThemeKind::Dark, u"dark"_s},
                                       {ThemeKind::HighContrast, u"contrast"_s}}) {
        Theme::instance().apply(*qApp, kind);
        QElapsedTimer timer;
        for (timer.start(); timer.elapsed() < 150;) QApplication::processEvents(QEventLoop::AllEvents, 10);
        widget.grab().save(folder + u'/' + name + u'-' + suffix + u".png"_s);
    }
}

void takePictures(const QString &folder)
{
    LabelSession session;
    std::vector<RunStatus> runs = manyRuns(60);
    runs[5] = archived(runs[5]);
    session.setRuns(runs);
    for (const RunStatus &run : runs) {
        SeriesData loss{"loss", 60, {}};
        for (int i = 0; i < 60; ++i)
            loss.buckets.push_back(
                {.mean = run.loss + 2 * std::exp(-i / 12.0) + 0.05 * std::sin(i * run.loss * 7)});
        session.seriesData[QString::fromStdString(run.id)] = {loss};
    }
    for (const int width : {270, 420}) {
        RunListPanel panel(session);
        panel.resize(width, 640);
        panel.show();
        panel.setRun(u"sweep-lr-1"_s);
        panel.setOverlaidRuns({u"sweep-lr-4"_s, u"sweep-lr-6"_s});
        shoot(panel, folder, u"runs-%1"_s.arg(width));
        panel.setGrouping(RunGrouping::State);
        panel.view()->selectRuns({u"sweep-lr-1"_s, u"sweep-lr-2"_s});
        shoot(panel, folder, u"runs-state-%1"_s.arg(width));
        panel.edits();
        panel.view()->selectRuns({u"sweep-lr-9"_s, u"sweep-lr-10"_s});
        panel.deleteSelected();
        QElapsedTimer timer;
        for (timer.start(); timer.elapsed() < 100;) QApplication::processEvents();
        shoot(panel, folder, u"runs-undo-%1"_s.arg(width));
        panel.filterBox()->setText(u"tag:baseline state:faild zzz"_s);
        shoot(panel, folder, u"runs-none-%1"_s.arg(width));
        session.setRuns(runs);
    }
    RunPanel run(session);
    run.resize(340, 720);
    run.show();
    run.setRun(u"sweep-lr-0"_s);
    shoot(run, folder, u"run-alarm"_s);
    LabelsDialog dialog({u"sweep-lr-0"_s, {u"sweep-0"_s, u"baseline"_s}, {}, {u"baseline"_s}, true}, nullptr);
    dialog.setAttribute(Qt::WA_DeleteOnClose, false);
    dialog.show();
    dialog.setNotes(u"Longer warm-up. See the jump at step 8,000."_s);
    shoot(dialog, folder, u"labels"_s);
}

} // namespace

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    Theme::instance().apply(application, ThemeKind::Light);
    setWallNowForTests(kNow);
    if (argc > 1) {
        takePictures(QString::fromLocal8Bit(argv[1]));
        return 0;
    }
    LabelSession session;
    session.setRuns(manyRuns(500));
    RunListPanel panel(session);
    panel.resize(320, 900);
    panel.show();
    panel.setRun(u"sweep-lr-1"_s);
    std::vector<double> curve;
    for (int i = 0; i < 60; ++i) curve.push_back(1.2 + 2 * std::exp(-i / 12.0) + 0.05 * std::sin(i * 1.7));
    for (const RunStatus &run : session.runList)
        panel.model()->setSparkline(QString::fromStdString(run.id), curve);
    panel.setOverlaidRuns({u"sweep-lr-4"_s, u"sweep-lr-6"_s, u"sweep-lr-300"_s});
    QApplication::processEvents();
    measure(session, panel, "flat");
    panel.setOrder(RunOrder::LastReport);
    measure(session, panel, "by last report");
    panel.setOrder(RunOrder::Newest);
    panel.setGrouping(RunGrouping::Tag);
    QApplication::processEvents();
    measure(session, panel, "by tag");
    return 0;
}
