// SPDX-License-Identifier: GPL-3.0-or-later
// What moving about in a very long curve costs: a run of ten million steps, written by the writer that a training has, opened
// through a host and the window's session, panned and zoomed by keys. Prints figures for docs/benchmarks.md. Not a test.
//   long_curve HOME [millions of points]     HOME gets the run where it lacks it: five series, some 400 MB, half a minute
#include "app/workbench/rpc_session.h"
#include "bench/many_runs.h"
#include "core/base/platform.h"
#include "widgets/curves/curves_model.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/plots/plot_view.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QKeyEvent>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <vector>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

const QString kRun = u"sweep-00000"_s; ///< the first of makeManyRuns()
constexpr int kNumSeries = 5;          ///< all that the four charts draw
constexpr int kNumMoves = 200, kNumFiner = 60, kNothingMs = 3'000, kPatienceMs = 60'000;

double threadMs()
{
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return 1e3 * double(time.tv_sec) + double(time.tv_nsec) / 1e6;
}

void tell(const char *what, std::vector<double> &milliseconds)
{
    std::sort(milliseconds.begin(), milliseconds.end());
    const size_t count = milliseconds.size();
    std::printf("  %s: median %.1f, p95 %.1f, longest %.1f ms (%zu)\n", what, milliseconds[count / 2],
                milliseconds[std::min(count - 1, count * 95 / 100)], milliseconds.back(), count);
    std::fflush(stdout);
}

class LongCurve {
public:
    LongCurve(QApplication &application, RpcSession &session) : m_application(application), m_panel(session)
    {
        m_panel.resize(1280, 800);
        m_panel.show();
        m_loss = m_panel.chart(CurvesPanel::Loss);
    }

    bool open(uint64_t numPoints)
    {
        QElapsedTimer clock;
        clock.start();
        m_panel.setRun(kRun);
        if (!QTest::qWaitFor([&] { return m_panel.model()->numPoints(kRun, series::kLoss) >= numPoints; }, kPatienceMs)) return false;
        paint();
        std::printf("opened: %lld ms from the choice to the picture; %zu buckets of %llu points\n", static_cast<long long>(clock.elapsed()),
                    m_panel.model()->buckets(kRun, series::kLoss).size(), static_cast<unsigned long long>(numPoints));
        return true;
    }

    /// Held keys: what is there is moved, finer buckets come when the view stands still.
    void move(const char *what, std::initializer_list<int> keys)
    {
        std::vector<double> computed, elapsed;
        for (int i = 0; i < kNumMoves; ++i) {
            QElapsedTimer clock;
            clock.start();
            const double began = threadMs();
            press(*(keys.begin() + i % int(keys.size())));
            paint();
            computed.push_back(threadMs() - began);
            elapsed.push_back(double(clock.nsecsElapsed()) / 1e6);
        }
        std::printf("%s, %.0f steps in sight, key to painted panel (four charts)\n", what, m_loss->xRange().size());
        tell("computed", computed);
        tell("by the clock", elapsed);
    }

    /// Each key waits for its finer buckets: what taking and painting them costs this thread, and when they are seen.
    bool moveAndWait(const char *what, std::initializer_list<int> keys)
    {
        std::vector<double> computed, longest, seen;
        for (int i = 0; i < kNumFiner; ++i) {
            QElapsedTimer clock, turn;
            clock.start();
            double stretch = 0;
            const double began = threadMs();
            press(*(keys.begin() + i % int(keys.size())));
            paint();
            const double moved = threadMs();
            QSignalSpy taken(m_panel.model(), &CurvesModel::changed);
            while (taken.isEmpty() && clock.elapsed() < kNothingMs) {
                const double before = threadMs();
                m_application.processEvents(QEventLoop::AllEvents);
                stretch = std::max(stretch, threadMs() - before);
                if (taken.isEmpty()) QThread::msleep(1);
            }
            if (taken.isEmpty()) continue; // what is in sight was known finely enough
            const double before = threadMs();
            paint();
            computed.push_back(threadMs() - moved);
            longest.push_back(std::max({stretch, threadMs() - before, moved - began}));
            seen.push_back(double(clock.nsecsElapsed()) / 1e6);
        }
        if (seen.empty()) return false;
        size_t inSight = 0;
        const PlotRange range = m_loss->xRange();
        for (const SeriesBucket &bucket : m_panel.model()->buckets(kRun, series::kLoss))
            inSight += double(bucket.lastStep) >= range.from && double(bucket.firstStep) <= range.to ? 1 : 0;
        std::printf("%s, %.0f steps in sight as %zu exact buckets, each key waited for them\n", what, range.size(), inSight);
        tell("computed: take them into the model and paint them", computed);
        tell("computed: the longest piece of work between two looks at the keyboard", longest);
        tell("by the clock: key to finer picture (120 ms of it the view stands still)", seen);
        return true;
    }

private:
    void press(int key)
    {
        QKeyEvent event(QEvent::KeyPress, key, Qt::NoModifier);
        QApplication::sendEvent(m_loss, &event);
    }
    void paint()
    {
        m_panel.flush();
        m_application.processEvents();
    }

    QApplication &m_application;
    CurvesPanel m_panel;
    PlotView *m_loss;
};

} // namespace

int main(int argc, char **argv)
{
    qputenv("QT_QPA_PLATFORM", "offscreen");
    if (argc < 2) {
        std::fprintf(stderr, "usage: long_curve HOME [millions of points]\n");
        return 2;
    }
    const QString home = QDir(QString::fromLocal8Bit(argv[1])).absolutePath();
    const auto numPoints = int64_t(argc > 2 ? std::clamp(std::atof(argv[2]), 0.01, 100.0) * 1e6 : 1e7);
    QElapsedTimer clock;
    clock.start();
    const auto made = makeManyRuns(home.toStdString(), {1, kNumSeries, numPoints});
    if (!made.ok()) {
        std::fprintf(stderr, "%s\n", made.error().text().c_str());
        return 1;
    }
    std::printf("%s; written, or found, in %.1f s\n", cpuInfo().model.c_str(), double(clock.elapsed()) / 1e3);
    const QTemporaryDir scratch(u"/tmp/ow-XXXXXX"_s);
    qputenv("ORRERY_HOME", home.toLocal8Bit());
    qputenv("XDG_RUNTIME_DIR", scratch.path().toLocal8Bit());
    QApplication application(argc, argv);
    Theme::instance().apply(application, ThemeKind::Light);
    HostConnectOptions options;
    options.socketPath = scratch.filePath(u"h"_s).toStdString();
    options.engineProgram = ORRERY_BIN_DIR "/orrery-engine";
    options.arguments = {"host", "--background", "--socket", options.socketPath, "--idle-exit", "5"};
    RpcSession session(options);
    if (!QTest::qWaitFor([&] { return session.connectionState() == ConnectionState::Connected && !session.runs().empty(); }, kPatienceMs)) {
        std::fprintf(stderr, "no host: %s\n", qPrintable(session.lastError()));
        return 1;
    }
    double load[1] = {0};
    ::getloadavg(load, 1);
    std::printf("load average %.1f\n", load[0]);
    LongCurve curve(application, session);
    bool isWhole = curve.open(uint64_t(numPoints));
    if (isWhole) {
        curve.move("all of it: pan", {Qt::Key_Right, Qt::Key_Left});
        curve.move("all of it: zoom", {Qt::Key_Plus, Qt::Key_Minus});
        isWhole = curve.moveAndWait("zoom in and out", {Qt::Key_Plus, Qt::Key_Plus, Qt::Key_Plus, Qt::Key_Minus, Qt::Key_Minus});
        curve.move("pan", {Qt::Key_Right, Qt::Key_Left, Qt::Key_Left, Qt::Key_Right});
        isWhole = isWhole && curve.moveAndWait("pan", {Qt::Key_Right, Qt::Key_Left, Qt::Key_Left, Qt::Key_Right});
    }
    if (!isWhole) std::fprintf(stderr, "the curve did not come\n");
    return isWhole ? 0 : 1;
}
