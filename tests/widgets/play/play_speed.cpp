// SPDX-License-Identifier: GPL-3.0-or-later
// How long the playground takes from a pointer on a token to the painted table of its candidates, with a
// transcript of 20,000 tokens, and what large texts cost the window. No test: prints milliseconds.
// Usage: play_speed [tokens]
#include "play_setup.h"

#include "widgets/play/candidate_view.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/token_view.h"
#include "widgets/play/transcript_export.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QFileInfo>
#include <QListView>
#include <QMouseEvent>
#include <QRandomGenerator>
#include <QScrollBar>
#include <QSettings>
#include <QTemporaryDir>

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

void measureHover(int numTokens)
{
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
}

/// What the window writes while somebody types in a large prompt, and what its buttons ask for.
void measurePrompt(int numBytes)
{
    constexpr int kTimes = 10;
    Setup setup;
    QString text;
    while (text.size() < numBytes) text += QStringLiteral("A line of a large prompt.\n");
    setup.panel->promptEditor()->setPlainText(text);
    std::printf("prompt of %.1f MB\n", numBytes / 1e6);
    const QTemporaryDir folder;
    QSettings settings(folder.filePath(QStringLiteral("s.ini")), QSettings::IniFormat);
    report(
        "draft", [&](int) { static_cast<void>(setup.panel->draftJson()); }, kTimes);
    const auto write = [&](int i) {
        settings.setValue(QStringLiteral("n"), i);
        settings.setValue(QStringLiteral("draft"), setup.panel->draftJson());
        settings.sync();
    };
    report("draft into the settings", write, kTimes);
    report(
        "link", [&](int) { static_cast<void>(setup.panel->viewLink()); }, kTimes);
    report(
        "command", [&](int) { static_cast<void>(setup.panel->command()); }, kTimes);
    const auto type = [&](const char *name, QPlainTextEdit *editor) {
        report(
            name, [&](int) { QTest::keyClick(editor, Qt::Key_A); }, kTimes);
    };
    type("a key in the prompt", setup.panel->promptEditor());
    setup.panel->setMode(PlayMode::Converse);
    setup.panel->messageEditor()->setPlainText(text);
    type("a key in a turn of that size", setup.panel->messageEditor());
}

/// Every part of it as large as it may be.
void measureLargestDraft()
{
    Setup setup;
    setup.panel->generate();
    Q_EMIT setup.generation().tokens(longAnswer(1'000));
    Q_EMIT setup.generation().finished(summaryOf(FinishReason::MaxTokens));
    setup.panel->promptEditor()->setPlainText(QString(250'000, u'x'));
    setup.panel->setMode(PlayMode::Converse);
    for (int i = 0; i < 110; ++i) {
        setup.panel->messageEditor()->setPlainText(QString(9'000, u'u'));
        setup.panel->generate();
        Q_EMIT setup.generation().tokens(i < 109 ? tokensOf("answer") : longAnswer(1'000));
        Q_EMIT setup.generation().finished(summaryOf(FinishReason::EndOfTurn));
    }
    const QTemporaryDir folder;
    QSettings settings(folder.filePath(QStringLiteral("s.ini")), QSettings::IniFormat);
    std::printf("largest draft: %.2f MB\n", double(setup.panel->draftJson().toUtf8().size()) / 1e6);
    report(
        "draft", [&](int) { static_cast<void>(setup.panel->draftJson()); }, 20);
    const auto write = [&](int i) {
        settings.setValue(QStringLiteral("n"), i);
        settings.setValue(QStringLiteral("draft"), setup.panel->draftJson());
        settings.sync();
    };
    report("draft into the settings", write, 20);
}

void measureExport(int numTokens)
{
    constexpr int kTimes = 5;
    auto version = std::make_shared<GenerationVersion>();
    version->tokens = longAnswer(numTokens);
    Transcript transcript;
    transcript.turns.push_back({TurnRole::Unknown, {}, {}, {version}, 0});
    const QTemporaryDir folder;
    std::printf("export of %d tokens\n", numTokens);
    for (const char *ending : {"md", "csv", "json"}) {
        const QString path = folder.filePath(QStringLiteral("a.%1").arg(QLatin1String(ending)));
        const auto save = [&](int) { static_cast<void>(saveTranscript(transcript, path)); };
        report(ending, save, kTimes);
        std::printf("  %.1f MB\n", double(QFileInfo(path).size()) / 1e6);
    }
    report(
        "what is to be saved is copied", [&](int) { const GenerationVersion copy = *version; }, kTimes);
    report(
        "table to copy", [&](int) { static_cast<void>(transcriptCsv(transcript)); }, kTimes);
}

} // namespace

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    Theme::instance().apply(application, ThemeKind::Light);
    measureHover(argc > 1 ? std::max(1, std::atoi(argv[1])) : 20'000);
    for (const int numBytes : {1'000'000, 10'000'000}) measurePrompt(numBytes);
    measureLargestDraft();
    for (const int numTokens : {1'000, 10'000, 100'000}) measureExport(numTokens);
    return 0;
}
