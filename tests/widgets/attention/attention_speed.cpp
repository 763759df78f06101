// SPDX-License-Identifier: GPL-3.0-or-later
// How fast the attention panel is on what is large: a text of 8,192 tokens, and a thousand kept steps. Prints
// numbers for docs/benchmarks.md; no test, because a time depends on the machine. Usage: attention_speed
#include "tests/widgets/attention/attention_samples.h"

#include "core/store/attention_frame_codec.h"
#include "widgets/attention/attention_panel.h"
#include "widgets/attention/attention_stage.h"
#include "widgets/attention/frame_feed.h"
#include "widgets/attention/head_page.h"
#include "widgets/attention/prompt_bar.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QMouseEvent>

#include <cstdio>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

constexpr int64_t kTokens = 8'192, kCells = 2'048, kPerCell = kTokens / kCells;

double madeUp = 0; ///< milliseconds that the last answer took to be invented, which is not the panel's

double percentile(std::vector<double> values, double share)
{
    std::sort(values.begin(), values.end());
    return values[std::min(values.size() - 1, size_t(double(values.size()) * share))];
}

void print(const char *what, const std::vector<double> &milliseconds)
{
    std::printf("%-58s median %7.2f ms   p95 %7.2f ms   max %7.2f ms   (%zu)\n", what,
                percentile(milliseconds, 0.5), percentile(milliseconds, 0.95), percentile(milliseconds, 1),
                milliseconds.size());
}

template <typename Condition> void waitFor(Condition condition)
{
    QElapsedTimer timer;
    timer.start();
    while (!condition()) {
        if (timer.elapsed() > 60'000) qFatal("nothing happened within a minute");
        QApplication::processEvents(QEventLoop::AllEvents, 1);
    }
}

/// A made-up weight of a long text: near tokens, the first one, and a repeated pattern.
float weightOf(int64_t row, int64_t column)
{
    if (column > row) return 0;
    const double near = std::exp(-double(row - column) / 40), first = column == 0 ? 0.3 : 0;
    return float(0.2 * near + first + ((row * 7 + column * 13) % 997 == 0 ? 0.4 : 0.0001));
}

AttentionMap mapOfPart(const HeadRef &head, TokenRange rows, TokenRange columns, int64_t perCell)
{
    AttentionMap map{.head = head,
                     .firstRow = rows.begin,
                     .numRows = rows.end - rows.begin,
                     .firstColumn = columns.begin,
                     .numColumns = columns.end - columns.begin,
                     .rowsPerCell = perCell,
                     .columnsPerCell = perCell};
    for (int64_t row = rows.begin; row < rows.end; row += perCell)
        for (int64_t column = columns.begin; column < columns.end; column += perCell) {
            map.mean.push_back(weightOf(row, column));
            if (perCell > 1) map.maximum.push_back(std::min(1.0F, weightOf(row, column) * 2));
        }
    return map;
}

InspectReport longReport()
{
    InspectReport report;
    report.model = "alpha@8000";
    report.step = 8'000;
    report.layers = report.heads = 1;
    const SampleModel model;
    for (int64_t i = 0; i < kTokens; ++i)
        report.tokens.push_back(
            {.id = int32_t(1000 + i % 5000), .bytes = model.words[size_t(i) % model.words.size()]});
    report.token = kTokens - 1;
    report.candidates = sampleCandidates(0.8);
    report.summaries = {{.head = {0, 0}, .entropy = 3.1, .distance = 220}};
    report.overview = {mapOfPart({0, 0}, {0, kTokens}, {0, kTokens}, kTokens / 32)};
    report.maps = {mapOfPart({0, 0}, {0, kTokens}, {0, kTokens}, kPerCell)};
    return report;
}

/// Moves the map under the pointer and paints it, as a hand does.
std::vector<double> pan(HeadView &view, int count)
{
    std::vector<double> times;
    QPointF at = view.plotRect().center();
    const auto send = [&view](QEvent::Type type, const QPointF &place, Qt::MouseButtons buttons) {
        QMouseEvent event(type, place, view.mapToGlobal(place), Qt::LeftButton, buttons, Qt::NoModifier);
        QApplication::sendEvent(&view, &event);
    };
    send(QEvent::MouseButtonPress, at, Qt::LeftButton);
    for (int i = 0; i < count; ++i) {
        at += QPointF(i / 20 % 2 == 0 ? 9 : -9, i / 15 % 2 == 0 ? 7 : -7);
        QElapsedTimer timer;
        timer.start();
        send(QEvent::MouseMove, at, Qt::LeftButton);
        view.repaint();
        times.push_back(double(timer.nsecsElapsed()) / 1e6);
    }
    send(QEvent::MouseButtonRelease, at, Qt::NoButton);
    return times;
}

/// More cells of parts all over the text: without the engine, from the answer to the picture.
void measureExactCells(FakeSession &session, AttentionPanel &panel)
{
    HeadView *view = panel.stage()->head()->view();
    std::vector<double> times;
    for (int i = 0; i < 40; ++i) {
        view->fit();
        const double first = i % 2 * 4'000.0 + i * 90; // far from the part before, whose cells are there
        const size_t before = session.inspections.size();
        session.isHolding = true;
        view->showTokens({first, first + 500, 500, 500});
        waitFor([&] { return session.inspections.size() > before; });
        const InspectRequest &request = session.inspections.back().request;
        if (i == 0)
            std::printf("exact cells: %lld x %lld are asked for\n",
                        static_cast<long long>(request.rows.end - request.rows.begin),
                        static_cast<long long>(request.columns.end - request.columns.begin));
        QElapsedTimer timer;
        timer.start();
        session.isHolding = false;
        session.flush();
        waitFor([&] { return view->isFine(); });
        view->repaint();
        times.push_back(double(timer.nsecsElapsed()) / 1e6 - madeUp);
    }
    print("exact cells of a part: answer to picture", times);
}

void measureLongText()
{
    FakeSession session;
    session.setRuns({fakeRun("alpha")});
    session.checkpoints[u"alpha"_s] = {{.step = 8'000}};
    session.specs[u"alpha"_s] = uR"({"probes":{"prompts":["a long text"]}})"_s;
    const InspectReport whole = longReport();
    session.inspection = [&whole](const QString &, const InspectRequest &request) {
        if (request.wantsOverview) return whole;
        QElapsedTimer timer;
        timer.start();
        InspectReport part;
        part.tokens = whole.tokens;
        for (const HeadRef &head : request.heads)
            part.maps.push_back(mapOfPart(head, request.rows, request.columns, 1));
        madeUp = double(timer.nsecsElapsed()) / 1e6;
        return part;
    };
    AttentionPanel panel(session);
    panel.resize(1264, 784);
    panel.show();
    panel.setRun(u"alpha"_s);
    waitFor([&] { return !panel.promptBar()->model().isEmpty() && panel.promptBar()->hasPrompts(); });
    panel.goTo({.level = StageLevel::Head});
    session.isHolding = true;
    panel.askModel();
    QElapsedTimer timer;
    timer.start();
    session.isHolding = false;
    session.flush();
    waitFor([&] { return panel.snapshot() != nullptr; });
    panel.flush();
    panel.repaint();
    std::printf("%-58s %.0f ms\n", "open: 8,192 tokens, 2,048 x 2,048 cells, answer to picture",
                double(timer.elapsed()));
    HeadView *view = panel.stage()->head()->view();
    for (const double zoom : {1.5, 4.0, 7.0}) {
        view->fit();
        view->setZoom(zoom, view->plotRect().center());
        std::printf("zoom %.1f: %.0f tokens seen, ", zoom, view->shownTokens().width());
        print("moved by a hand, model and paint", pan(*view, 300));
    }
    measureExactCells(session, panel);
    print("exact cells: moved by a hand, model and paint", pan(*view, 300));
    std::vector<double> hover;
    for (int i = 0; i < 200; ++i) {
        timer.start();
        view->setCursorCell({i % view->figure().numRows(), (i * 3) % view->figure().numColumns()});
        view->repaint();
        hover.push_back(double(timer.nsecsElapsed()) / 1e6);
    }
    print("pointer over a cell: reading, list, strip and paint", hover);
}

void measureSteps()
{
    constexpr int kSteps = 1'000;
    FakeSession session;
    session.setRuns({fakeRun("alpha")});
    session.specs[u"alpha"_s] = uR"({"probes":{"prompts":["int main"]}})"_s;
    SampleModel model;
    model.words.insert(model.words.end(), {" return", " 0"});
    addSampleFrames(session, u"alpha"_s, model, kSteps, 10, 9'000);
    std::vector<std::string> packed;
    size_t bytes = 0;
    for (int i = 0; i < kSteps; ++i) {
        Result<std::string> frame = packFrame(sampleFrame(model, (i + 1) * 10, double(i) / kSteps));
        if (!frame.ok()) qFatal("%s", frame.error().message.c_str());
        packed.push_back(std::move(frame).value());
        bytes += packed.back().size();
    }
    session.frameContent = [&packed](const QString &,
                                     const FrameInfo &info) -> std::optional<AttentionFrame> {
        Result<AttentionFrame> frame = unpackFrame(packed[size_t(info.id - 1)]);
        if (!frame.ok()) return std::nullopt;
        return std::move(frame).value();
    };
    AttentionPanel panel(session);
    panel.resize(1264, 784);
    panel.show();
    panel.setRun(u"alpha"_s);
    waitFor([&] { return panel.snapshot() && !panel.feed()->isLoading(); });
    const auto go = [&](const char *what, StageLevel level) {
        panel.goTo({.level = level, .head = {3, 2}});
        std::vector<double> times;
        QElapsedTimer all;
        all.start();
        for (int i = 0; i < kSteps; ++i) {
            QElapsedTimer timer;
            timer.start();
            panel.feed()->goTo(i);
            waitFor([&] { return panel.snapshot()->report.step == (i + 1) * 10; });
            panel.flush();
            panel.repaint();
            times.push_back(double(timer.nsecsElapsed()) / 1e6);
        }
        std::printf("%s: %.0f steps/s over %d kept steps of %.1f kB\n", what,
                    1000.0 * kSteps / double(all.elapsed()), kSteps, double(bytes) / kSteps / 1000);
        print(what, times);
    };
    go("scrubbing, overview", StageLevel::Overview);
    go("scrubbing, one head", StageLevel::Head);
}

} // namespace

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    Theme::instance().apply(application, ThemeKind::Light);
    measureLongText();
    measureSteps();
    return 0;
}
