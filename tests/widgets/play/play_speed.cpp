// SPDX-License-Identifier: GPL-3.0-or-later
// How long the playground takes from a pointer on a token to the painted table of its candidates, with a
// transcript of 20,000 tokens, and what large texts cost the window. No test: prints milliseconds.
// Usage: play_speed [tokens]
#include "play_setup.h"

#include "core/store/prompt_archive.h"
#include "widgets/play/candidate_view.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/session_delegate.h"
#include "widgets/play/session_file.h"
#include "widgets/play/session_list_model.h"
#include "widgets/play/session_writer.h"
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
#include <QTemporaryDir>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
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
    SessionWriter writer;
    report(
        "what is to be kept", [&](int) { static_cast<void>(writer.changeOf(setup.panel->state())); }, kTimes);
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

/// What keeping a session costs the window: its state is taken, and what is new of it is found.
void measureKeeping(int numTokens)
{
    Setup setup;
    setup.panel->generate();
    Q_EMIT setup.generation().tokens(longAnswer(numTokens));
    SessionWriter writer;
    do static_cast<void>(writer.changeOf(setup.panel->state()));
    while (writer.isMore());
    std::printf("session with an answer of %d tokens\n", numTokens);
    const std::vector<GeneratedToken> more = longAnswer(40);
    report("40 tokens come", [&](int) {
        Q_EMIT setup.generation().tokens(more);
    }, 100);
    report("the same, found for the archive", [&](int) {
        Q_EMIT setup.generation().tokens(more);
        static_cast<void>(writer.changeOf(setup.panel->state()));
    }, 100);
}

/// A transcript that goes on and on, in the whole panel.
void measureLongTranscript(int numTokens)
{
    constexpr int kChunk = 20'000, kTimes = 300;
    Setup setup;
    setup.panel->resize(1600, 900);
    setup.panel->generate();
    const std::vector<GeneratedToken> chunk = longAnswer(kChunk);
    for (int i = 0; i < numTokens / kChunk; ++i) Q_EMIT setup.generation().tokens(chunk);
    TokenView &view = *setup.panel->transcript();
    QApplication::processEvents();
    std::printf("transcript of %d tokens, panel of 1600 × 900\n", view.numTokens());
    const std::vector<GeneratedToken> more = longAnswer(16);
    report("16 tokens come: model, layout and paint", [&](int) {
        Q_EMIT setup.generation().tokens(more);
        view.viewport()->repaint();
    }, kTimes);
    QScrollBar &bar = *view.verticalScrollBar();
    QRandomGenerator random(3);
    report("scrolled by a page: paint", [&](int) {
        bar.setValue(bar.value() - bar.pageStep());
        view.viewport()->repaint();
    }, kTimes);
    report("jump anywhere: paint", [&](int) {
        bar.setValue(random.bounded(bar.maximum()));
        view.viewport()->repaint();
    }, kTimes);
    report("tokens come while it is read elsewhere", [&](int) {
        Q_EMIT setup.generation().tokens(more);
        QApplication::sendPostedEvents();
    }, kTimes);
    report("hover there", [&](int) {
        hover(view, random);
        QApplication::sendPostedEvents();
    }, kTimes);
    report("coloured: jump anywhere", [&](int) {
        view.setColored(true);
        bar.setValue(random.bounded(bar.maximum()));
        view.viewport()->repaint();
    }, kTimes);
    report("another width: all lines anew", [&](int i) {
        setup.panel->resize(1600 - i % 7 * 40, 900);
        QApplication::sendPostedEvents();
        view.viewport()->repaint();
    }, 7);
    report("the version is shown again", [&](int) { setup.panel->showVersion(0); }, 3);
}

/// As many sessions as somebody has after years, in the archive and in the list. ORRERY_SESSION_TOKENS=9500: 2,000 of
/// 400 kB, and nothing else.
void measureSessions(int numSessions)
{
    const int numTokens = std::max(1, qEnvironmentVariable("ORRERY_SESSION_TOKENS", QStringLiteral("200")).toInt());
    const QTemporaryDir folder;
    const std::filesystem::path path = std::filesystem::path(folder.path().toStdString()) / "prompts.db";
    auto archive = store::PromptArchive::open(path);
    if (!archive) return;
    const std::vector<GeneratedToken> answer = longAnswer(numTokens);
    QElapsedTimer timer;
    timer.start();
    QRandomGenerator random(5);
    for (int i = 0; i < numSessions; ++i) {
        store::PromptSessionChange change;
        change.title = "session number " + std::to_string(i) + " about word" + std::to_string(random.bounded(1'000));
        change.document = "{}";
        for (int k = 0; k < 60; ++k) change.text += "word" + std::to_string(random.bounded(1'000)) + ' ';
        change.answers = {{1, 0, answer}};
        change.keptAnswers = {1};
        change.editedUs = 1'700'000'000'000'000 + i * 3'600'000'000LL;
        static_cast<void>((*archive)->save(change));
    }
    std::printf("%d sessions of %d tokens: saved in %.1f s, %.1f kB each\n", numSessions, numTokens,
                static_cast<double>(timer.elapsed()) / 1e3,
                static_cast<double>(std::filesystem::file_size(path)) / 1e3 / numSessions);
    timer.restart();
    double firstSeconds = 0, longestSeconds = 0;
    size_t numFirst = 0;
    int64_t numUnread = numSessions;
    for (auto part = store::PromptSearchPart::Begin; numUnread > 0; part = store::PromptSearchPart::GoOn) {
        QElapsedTimer one;
        one.start();
        const auto step = (*archive)->search("word77", part, std::chrono::milliseconds(200)); // as the window asks
        const double seconds = static_cast<double>(one.nsecsElapsed()) / 1e9;
        if (!step) return;
        longestSeconds = std::max(longestSeconds, seconds);
        if (part == store::PromptSearchPart::Begin) firstSeconds = seconds, numFirst = step->rows.size();
        numUnread = step->numUnread;
    }
    std::printf("a search of what is not in the index: %zu found after %.2f s, a step takes %.2f s at most, all are read after %.1f s; "
                "the file has %.1f MB\n",
                numFirst, firstSeconds, longestSeconds, static_cast<double>(timer.elapsed()) / 1e3,
                static_cast<double>(std::filesystem::file_size(path)) / 1e6);
    std::vector<SessionEntry> entries;
    report("archive: the whole list", [&](int) { static_cast<void>((*archive)->list("")); }, 20);
    report("archive: two words", [&](int) { static_cast<void>((*archive)->list("word77 other12")); }, 20);
    report("archive: two letters", [&](int) { static_cast<void>((*archive)->list("7 w")); }, 5);
    const auto rows = (*archive)->list("");
    for (const store::PromptSessionRow &row : *rows)
        entries.push_back({row.id, QString::fromStdString(row.title), QStringLiteral("code, step 8,000"), {}, row.createdUs,
                           row.editedUs, 1, 1});
    SessionListModel model;
    QListView list;
    list.setModel(&model);
    list.setItemDelegate(new SessionDelegate(&list));
    list.setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    list.resize(260, 800);
    list.show();
    QApplication::processEvents();
    report("list: filled and painted", [&](int) {
        model.setEntries(entries);
        QApplication::processEvents(); // layout and paint
    }, 20);
    report("list: one session was edited, painted", [&](int i) {
        SessionEntry entry = entries[static_cast<size_t>(i * 37)];
        entry.editedUs = 1'900'000'000'000'000 + i;
        model.update(entry, true);
        QApplication::processEvents();
    }, 20);
    report("list: the same one again, painted", [&](int) {
        SessionEntry entry = *model.entry(model.index(1));
        entry.editedUs += 1;
        model.update(entry, true);
        list.viewport()->repaint();
    }, 100);
    QApplication::processEvents(); // the lines have their places now
    report("list: scrolled anywhere, painted", [&](int) {
        list.verticalScrollBar()->setValue(random.bounded(list.verticalScrollBar()->maximum()));
        list.viewport()->repaint();
    }, 300);
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
        SessionState state;
        state.versions = {version};
        const auto save = [&](int) {
            if (path.endsWith(QLatin1String("json")))
                static_cast<void>(saveSession(sessionSnapshot(state), ExportedVersions::All, path));
            else
                static_cast<void>(saveTranscript(transcript, path));
        };
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
    if (qEnvironmentVariableIsSet("ORRERY_SESSION_TOKENS")) return measureSessions(2'000), 0;
    measureHover(argc > 1 ? std::max(1, std::atoi(argv[1])) : 20'000);
    for (const int numBytes : {1'000'000, 10'000'000}) measurePrompt(numBytes);
    for (const int count : {1'000, 100'000}) measureKeeping(count);
    measureLongTranscript(1'000'000);
    measureSessions(10'000);
    for (const int numTokens : {1'000, 10'000, 100'000}) measureExport(numTokens);
    return 0;
}
