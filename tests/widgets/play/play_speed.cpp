// SPDX-License-Identifier: GPL-3.0-or-later
// How long the playground takes from a pointer on a token to the painted table of its candidates, with a
// transcript of 20,000 tokens. No test: prints milliseconds. Usage: play_speed [tokens]
#include "play_setup.h"

#include "widgets/play/candidate_view.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/token_view.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QListView>
#include <QMouseEvent>
#include <QRandomGenerator>
#include <QScrollBar>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>

using namespace orrery;
using namespace orrery::ui;

namespace {

constexpr int kNumTries = 600;

std::vector<GeneratedToken> longAnswer(int count)
{
    std::vector<GeneratedToken> tokens;
    QRandomGenerator random(1);
    for (int i = 0; i < count; ++i) {
        GeneratedToken token;
        token.id = 300 + i % 900;
        token.bytes = i % 11 == 10 ? "\n" : " word" + std::to_string(random.bounded(1'000));
        token.probability = random.generateDouble();
        token.entropy = 2;
        for (int k = 0; k < 10; ++k)
            token.alternatives.push_back(
                {k, " other" + std::to_string(random.bounded(1'000)), 0.5 / (k + 1)});
        tokens.push_back(std::move(token));
    }
    return tokens;
}

double threadMilliseconds()
{
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

double percentile(std::vector<double> &times, size_t percent)
{
    std::sort(times.begin(), times.end());
    return times[std::min(times.size() - 1, times.size() * percent / 100)];
}

/// By the clock, and by what this thread computed: on a machine that others use, too, these differ.
void report(const char *name, const std::function<void(int)> &work, int numTries = kNumTries)
{
    std::vector<double> wall, computed;
    for (int i = 0; i < numTries; ++i) {
        QElapsedTimer timer;
        timer.start();
        const double before = threadMilliseconds();
        work(i);
        computed.push_back(threadMilliseconds() - before);
        wall.push_back(static_cast<double>(timer.nsecsElapsed()) / 1e6);
    }
    std::printf("%-42s p50 %6.2f ms  p95 %6.2f ms  computed: p50 %6.2f ms  p95 %6.2f ms\n", name,
                percentile(wall, 50), percentile(wall, 95), percentile(computed, 50),
                percentile(computed, 95));
}

/// To tokens that are in sight.
void hover(TokenView &view, QRandomGenerator &random)
{
    const QPointF at(random.bounded(view.viewport()->width()), random.bounded(view.viewport()->height()));
    QMouseEvent move(QEvent::MouseMove, at, view.viewport()->mapToGlobal(at), Qt::NoButton, Qt::NoButton,
                     Qt::NoModifier);
    QApplication::sendEvent(view.viewport(), &move);
}

} // namespace

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    Theme::instance().apply(application, ThemeKind::Light);
    const int numTokens = argc > 1 ? std::max(1, std::atoi(argv[1])) : 20'000;
    Setup setup;
    setup.panel->resize(1600, 900);
    setup.panel->generate();
    Q_EMIT setup.generation().tokens(longAnswer(numTokens));
    Q_EMIT setup.generation().finished(summaryOf(FinishReason::MaxTokens));
    QApplication::processEvents();
    TokenView &view = *setup.panel->transcript();
    view.verticalScrollBar()->setValue(view.verticalScrollBar()->maximum() / 2);
    QRandomGenerator random(2);
    std::printf("%d tokens, panel of 1600 × 900\n", numTokens);
    report("hover: model, and what changed is painted", [&](int) {
        hover(view, random);
        QApplication::sendPostedEvents(); // layout and paint
    });
    report("the same, and the whole panel is painted", [&](int) {
        hover(view, random);
        setup.panel->repaint();
    });
    report("hover: model only", [&](int) { hover(view, random); });
    report("draft with its tokens", [&](int) { static_cast<void>(setup.panel->draftJson()); });
    setup.panel->sampling()->setManual(false);
    view.setCurrentToken(numTokens / 2, true);
    const auto branchThere = [&](int) {
        view.setCurrentToken(numTokens / 2, true);
        setup.panel->branch({5, " other", 0.1});
        QApplication::sendPostedEvents();
    };
    report("branch: what is kept is shown", branchThere, 20); // each keeps a version
    return 0;
}
