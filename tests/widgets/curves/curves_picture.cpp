// SPDX-License-Identifier: GPL-3.0-or-later
// Renders the curves panel with synthetic numbers, for looking at it. Not a test.
//   curves_picture FOLDER      writes <case>-<theme>-<width>.png
//   curves_picture --time      a run of 2,000 buckets (as many points as it has) and finer windows, then 50 such runs: what a
//                              pan and a zoom cost by the clock
#include "fake_session.h"
#include "widgets/curves/curves_overlay.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/curves/curves_toolbar.h"
#include "widgets/curves/overlay_bar.h"
#include "widgets/curves/run_legend.h"
#include "widgets/plots/plot_view.h"
#include "widgets/theme/theme.h"

#include <QAbstractButton>
#include <QApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QKeyEvent>
#include <QPixmap>
#include <QTextStream>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <random>

using namespace orrery;
using namespace orrery::ui;
using namespace orrery::ui::test;

namespace {

double learningRate(int64_t step)
{
    if (step < 400) return 1e-3 * double(step + 1) / 400;
    const int64_t cycle = (step - 400) / 4900;
    const double peak = 1e-3 * std::pow(0.5, double(cycle));
    const double along = double((step - 400) % 4900) / 4900;
    return peak * (0.1 + 0.9 * 0.5 * (1 + std::cos(M_PI * along)));
}

/// A run of 20,000 steps, 8,210 of them done, one resume with a repeated tail, a spike and some NaN.
void fill(FakeSession &session, const QString &run, int64_t numSteps, bool isTroubled)
{
    std::mt19937 random(7);
    std::normal_distribution<double> noise;
    auto &series = session.points[run];
    double time = 1.7e9;
    int32_t attempt = 0;
    const auto lossAt = [&](int64_t step) {
        const double base = 1.35 + 4.2 * std::exp(-double(step) / 260) + 1.1 * std::exp(-double(step) / 2400);
        return base + noise(random) * (0.05 + 0.2 * std::exp(-double(step) / 1500));
    };
    const auto write = [&](int64_t step, bool isSuperseded) {
        time += 0.31;
        double loss = lossAt(step);
        if (isTroubled && step >= 5200 && step < 5212) loss = 2.9;
        if (isTroubled && step >= 6900 && step < 6904) loss = std::nan("");
        const double speed = 12400 + noise(random) * 220 - (step > 3000 && step < 3160 ? 3400 : 0);
        series[series::kLoss].push_back({step, time, attempt, loss, isSuperseded});
        series[series::kLearningRate].push_back({step, time, attempt, learningRate(step), isSuperseded});
        series[series::kGradNorm].push_back(
            {step, time, attempt, std::abs(0.75 + 0.9 * std::exp(-double(step) / 600) + noise(random) * 0.08),
             isSuperseded});
        series[series::kTokensPerSecond].push_back({step, time, attempt, speed, isSuperseded});
        if (step % 250 == 0)
            series[series::kValLoss].push_back({step, time, attempt,
                                                1.48 + 4.2 * std::exp(-double(step) / 260) +
                                                    1.05 * std::exp(-double(step) / 2300) +
                                                    noise(random) * 0.012,
                                                isSuperseded});
    };
    const int64_t resumeAt = std::min<int64_t>(4000, numSteps), died = std::min<int64_t>(4460, numSteps);
    for (int64_t step = 1; step <= resumeAt; ++step) write(step, false);
    for (int64_t step = resumeAt + 1; step <= died; ++step) write(step, true);
    if (died > resumeAt) {
        attempt = 1;
        time += 240;
        for (int64_t step = resumeAt + 1; step <= numSteps; ++step) write(step, false);
    }
    for (int64_t step = 1000; step <= numSteps; step += 1000)
        session.checkpoints[run].push_back({.step = step,
                                            .wallTime = 1.7e9 + double(step) * 0.31,
                                            .valLoss = 1.5,
                                            .isBest = step == 8000,
                                            .isVerified = true});
    if (numSteps > 6000) {
        session.events[run].push_back({.id = 1,
                                       .step = 4000,
                                       .wallTime = 1.7e9 + 4461 * 0.31 + 240,
                                       .attempt = 1,
                                       .kind = EventKind::Resumed,
                                       .text = "Resumed from step 4,000"});
        session.events[run].push_back({.id = 2,
                                       .step = 6200,
                                       .wallTime = 1.7e9 + 6660 * 0.31 + 240,
                                       .attempt = 1,
                                       .kind = EventKind::Setting,
                                       .text = "lr_factor set to 0.5"});
    }
}

QString seedName(int index) { return QStringLiteral("lr-%1e-4-seed-%2").arg(index % 4 + 1).arg(index / 4 + 1); }

/// A run of a sweep: four learning rates, several seeds, noise of its own.
void fillSweep(FakeSession &session, int index, int64_t numSteps)
{
    const QString run = seedName(index);
    session.addRun(run, RunState::Finished);
    session.specs[run] = QStringLiteral("{\"seed\":%1,\"optimizer\":{\"lr\":%2},\"train\":{\"batch_size\":16,"
                                        "\"accumulation\":1},\"model\":{\"context\":128}}")
                             .arg(index / 4 + 1)
                             .arg((index % 4 + 1) * 1e-4);
    std::mt19937 random{unsigned(index) + 1};
    std::normal_distribution<double> noise;
    const double lr = index % 4 + 1, shift = 0.05 * noise(random);
    auto &series = session.points[run];
    for (int64_t step = 1; step <= numSteps; ++step) {
        const double time = 1.7e9 + 600 * index + double(step) * (0.3 + 0.01 * index);
        const double base = 1.2 + 0.1 * lr + shift + 4 * std::exp(-double(step) * lr / 900);
        const auto add = [&](const char *name, double value) { series[name].push_back({step, time, 0, value}); };
        add(series::kLoss, base + noise(random) * 0.08 + (index == 5 && step == numSteps / 2 ? 2 : 0));
        add(series::kLearningRate, lr * learningRate(step));
        add(series::kGradNorm, std::abs(0.8 + 0.1 * noise(random)));
        add(series::kTokensPerSecond, 12000 + 100 * index + 200 * noise(random));
        if (step % 250 == 0) add(series::kValLoss, base + 0.1 + 0.02 * noise(random));
    }
    session.events[run] = {{.id = 1,
                            .step = numSteps / 3,
                            .wallTime = 3e9,
                            .kind = EventKind::Note,
                            .text = "warmer data from here",
                            .payload = R"({"annotation":true})"}};
}

void waitFor(QApplication &application, CurvesPanel &panel, int milliseconds)
{
    QElapsedTimer wait;
    wait.start();
    while (wait.elapsed() < milliseconds) application.processEvents();
    panel.flush();
    application.processEvents();
}

double threadMs()
{
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return 1e3 * double(time.tv_sec) + double(time.tv_nsec) / 1e6;
}

/// From the key to the painted panel.
void measure(QApplication &application, QTextStream &out)
{
    constexpr int kNumRuns = 50, kNumMoves = 200;
    FakeSession session;
    QStringList runs;
    for (int i = 0; i < kNumRuns; ++i) {
        fillSweep(session, i, 8000);
        runs << seedName(i);
    }
    Theme::instance().apply(application, ThemeKind::Light);
    CurvesPanel panel(session);
    panel.resize(1280, 800);
    panel.show();
    panel.setRun(runs.front());
    QElapsedTimer clock;
    PlotView *loss = panel.chart(CurvesPanel::Loss);
    const auto run = [&](const QString &name, std::initializer_list<int> keys) {
        std::vector<double> times, computed;
        for (int i = 0; i < kNumMoves; ++i) {
            const int key = *(keys.begin() + i % int(keys.size()));
            QKeyEvent press(QEvent::KeyPress, key, Qt::NoModifier);
            clock.start();
            const double began = threadMs();
            QApplication::sendEvent(loss, &press);
            panel.flush();
            application.processEvents();
            times.push_back(double(clock.nsecsElapsed()) / 1e6);
            computed.push_back(threadMs() - began);
        }
        const auto told = [&out](const char *of, std::vector<double> &all) {
            std::sort(all.begin(), all.end());
            const auto text = [&all](size_t index) { return QString::number(all[index], 'f', 1); };
            out << of << ": median " << text(all.size() / 2) << ", p95 " << text(all.size() * 95 / 100) << ", longest "
                << text(all.size() - 1) << " ms";
        };
        out << name << ", four charts painted; ";
        told("computed", computed);
        told("; by the clock", times);
        out << '\n';
    };
    panel.flush();
    application.processEvents();
    run(QStringLiteral("one run, zoom"), {Qt::Key_Plus, Qt::Key_Plus, Qt::Key_Minus, Qt::Key_Minus});
    loss->setXRange({2000, 5000});
    waitFor(application, panel, 300); // for the finer window
    run(QStringLiteral("one run, pan with a finer window"), {Qt::Key_Right, Qt::Key_Left});
    loss->fit();
    clock.start();
    panel.setOverlaidRuns(runs);
    panel.flush();
    application.processEvents();
    out << "from the choice to the picture: " << clock.elapsed() << " ms (the session answers at once)\n";
    size_t numBuckets = 0;
    for (const PlotCurve &curve : loss->curves()) numBuckets += curve.raw.size();
    out << loss->curves().size() << " curves, " << numBuckets << " buckets in the loss chart\n";
    run(QStringLiteral("zoom"), {Qt::Key_Plus, Qt::Key_Plus, Qt::Key_Minus, Qt::Key_Minus});
    QKeyEvent plus(QEvent::KeyPress, Qt::Key_Plus, Qt::NoModifier);
    QApplication::sendEvent(loss, &plus);
    run(QStringLiteral("pan"), {Qt::Key_Right, Qt::Key_Left});
    panel.overlay()->bar()->setGroupBy(QStringLiteral("optimizer.lr"));
    Q_EMIT panel.overlay()->bar()->changed();
    clock.start();
    panel.flush();
    application.processEvents();
    out << "grouped by learning rate: " << clock.elapsed() << " ms to the picture\n";
    run(QStringLiteral("pan, grouped"), {Qt::Key_Right, Qt::Key_Left});
}

/// Several runs in each of their ways.
void drawSweep(QApplication &application, const QString &folder, const QString &theme, QTextStream &out)
{
    FakeSession session;
    QStringList runs;
    for (int i = 0; i < 50; ++i) {
        fillSweep(session, i, 4000);
        runs << seedName(i);
    }
    struct Case {
        const char *name;
        int numRuns;
        QSize size;
    };
    for (const Case &shot : {Case{"few", 4, {1280, 800}}, Case{"sweep12", 12, {1280, 800}}, Case{"crowd", 50, {1280, 800}},
                             Case{"crowd-wide", 50, {2560, 1440}}, Case{"grouped", 24, {1280, 800}},
                             Case{"tokens-log", 12, {1280, 800}}, Case{"clock", 8, {1280, 800}},
                             Case{"chosen", 12, {840, 640}}, Case{"note", 4, {1280, 800}}}) {
        const QString name = QString::fromLatin1(shot.name);
        QWidget window;
        CurvesPanel panel(session, &window);
        window.resize(shot.size + QSize(16, 16));
        panel.setGeometry(QRect(QPoint(8, 8), shot.size));
        panel.setRun(runs.front());
        panel.setOverlaidRuns(runs.first(shot.numRuns));
        window.show();
        waitFor(application, panel, 60);
        PlotView *loss = panel.chart(CurvesPanel::Loss);
        if (name == QLatin1String("grouped")) {
            panel.overlay()->bar()->setGroupBy(QStringLiteral("optimizer.lr"));
            panel.overlay()->bar()->setBand(BandKind::Deviation);
            Q_EMIT panel.overlay()->bar()->changed();
        }
        if (name == QLatin1String("tokens-log")) {
            panel.toolbar()->setXMode(XMode::Tokens);
            loss->setLogX(true);
            loss->setLogY(true);
        }
        if (name == QLatin1String("clock")) panel.toolbar()->setXMode(XMode::Clock);
        if (name == QLatin1String("chosen")) panel.overlay()->legend()->setChosen({runs[5]});
        if (name == QLatin1String("note")) panel.addNote();
        waitFor(application, panel, 260);
        if (name != QLatin1String("tokens-log") && name != QLatin1String("clock")) {
            loss->setCursorX(loss->snapped(2000));
            Q_EMIT loss->cursorMoved(*loss->cursorX());
        }
        waitFor(application, panel, 60);
        const QString path = QStringLiteral("%1/%2-%3-%4.png").arg(folder, name, theme).arg(shot.size.width());
        window.grab().save(path);
        out << path << '\n';
    }
}

struct Shot {
    const char *name;
    QString run;
    QSize size;
};

} // namespace

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    const QString folder = argc > 1 ? QString::fromLocal8Bit(argv[1]) : QStringLiteral(".");
    QTextStream out(stdout);
    if (folder == QLatin1String("--time")) {
        measure(application, out);
        return 0;
    }
    QDir().mkpath(folder);
    FakeSession session;
    const QString live = QStringLiteral("code-7M");
    const QString longName = QStringLiteral(
        "a-run-with-a-very-long-name-that-somebody-gave-it-after-the-third-coffee-of-the-day-v17");
    for (const QString &id : {live, longName}) {
        session.addRun(id, RunState::Running);
        fill(session, id, 8210, true);
    }
    session.addRun(QStringLiteral("young"), RunState::Running);
    fill(session, QStringLiteral("young"), 12, false);
    session.addRun(QStringLiteral("waiting"), RunState::Starting);

    const std::vector<Shot> shots = {
        {"live", live, {1280, 800}},       {"live", live, {2560, 1440}},
        {"dock", live, {840, 640}},        {"zoom", live, {1280, 800}},
        {"tail", live, {1280, 800}},       {"cursor", live, {1280, 800}},
        {"log", live, {1280, 800}},        {"time", live, {1280, 800}},
        {"long", longName, {840, 640}},    {"young", QStringLiteral("young"), {1280, 800}},
        {"empty", QString(), {1280, 800}}, {"waiting", QStringLiteral("waiting"), {840, 640}}};
    for (const ThemeKind kind : {ThemeKind::Light, ThemeKind::Dark}) {
        Theme::instance().apply(application, kind);
        drawSweep(application, folder, kind == ThemeKind::Light ? QStringLiteral("light") : QStringLiteral("dark"), out);
        for (const Shot &shot : shots) {
            QWidget window; // the panel's surroundings, as in the shell
            CurvesPanel panel(session, &window);
            window.resize(shot.size + QSize(16, 16));
            panel.setGeometry(QRect(QPoint(8, 8), shot.size));
            panel.setRun(shot.run);
            window.show();
            application.processEvents();
            PlotView *loss = panel.chart(CurvesPanel::Loss);
            const QString name = QString::fromLatin1(shot.name);
            if (name == QLatin1String("log")) loss->setLogY(true);
            if (name == QLatin1String("time"))
                for (QAbstractButton *button : panel.toolbar()->findChildren<QAbstractButton *>())
                    if (button->text() == QLatin1String("Time")) button->click();
            panel.flush();
            application.processEvents();
            if (name == QLatin1String("zoom") || name == QLatin1String("tail")) {
                const PlotRange range =
                    name == QLatin1String("zoom") ? PlotRange{5050, 5400} : PlotRange{3800, 4700};
                loss->setFollowing(false);
                for (int i = 0; i < CurvesPanel::kNumCharts; ++i)
                    panel.chart(CurvesPanel::Chart(i))->setXRange(range);
                QElapsedTimer wait;
                wait.start();
                while (wait.elapsed() < 300) application.processEvents();
            }
            if (name == QLatin1String("cursor")) {
                loss->setCursorX(loss->snapped(4000));
                Q_EMIT loss->cursorMoved(*loss->cursorX());
            }
            panel.flush();
            application.processEvents();
            const QString path =
                QStringLiteral("%1/%2-%3-%4.png")
                    .arg(folder, name,
                         kind == ThemeKind::Light ? QStringLiteral("light") : QStringLiteral("dark"))
                    .arg(shot.size.width());
            window.grab().save(path);
            // What one live report costs: building the curves, then painting each chart.
            const std::clock_t before = std::clock();
            panel.toolbar()->setSmoothing(0.9);
            panel.flush();
            application.processEvents();
            out << path << "  "
                << QString::number(1e3 * double(std::clock() - before) / CLOCKS_PER_SEC, 'f', 1)
                << " ms of processor time\n";
        }
    }
    return 0;
}
