// SPDX-License-Identifier: GPL-3.0-or-later
// Renders the curves panel with synthetic numbers, for looking at it. Not a test.
//   curves_picture FOLDER      writes <case>-<theme>-<width>.png
#include "fake_session.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/curves/curves_toolbar.h"
#include "widgets/plots/plot_view.h"
#include "widgets/theme/theme.h"

#include <QAbstractButton>
#include <QApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QPixmap>
#include <QTextStream>

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
    QDir().mkpath(folder);
    QTextStream out(stdout);
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
