// SPDX-License-Identifier: Apache-2.0
// Draws the memory panel in its states into PNG files, to be looked at, and measures it with 100,000 events.
// No test: a picture is judged by people, and a time by whoever knows the machine. Usage: memory_pictures
// FOLDER | --time
#include "plugins/memory/tests/memory_panel_samples.h"
#include "plugins/memory/ui/memory_model.h"
#include "plugins/memory/ui/memory_panel.h"
#include "plugins/memory/ui/memory_strip.h"
#include "plugins/memory/ui/memory_table.h"
#include "plugins/memory/ui/reads_pane.h"
#include "plugins/memory/ui/similarity_page.h"
#include "plugins/memory/ui/state_file_dialog.h"
#include "plugins/memory/ui/what_if_pane.h"
#include "widgets/common/number_text.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QLineEdit>
#include <QPainter>
#include <QPushButton>
#include <QScrollBar>
#include <QTest>
#include <QToolButton>

#include <cstdio>
#include <ctime>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;
using orrery::memory_ui::MemoryPanel;

namespace {

QString folder;

void settle(int milliseconds)
{
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < milliseconds) QApplication::processEvents(QEventLoop::AllEvents, 20);
}

void shoot(MemoryPanel &panel, const QString &name, QSize size)
{
    panel.resize(size);
    panel.show();
    settle(200);
    for (const auto &[kind, theme] : {std::pair(ThemeKind::Light, u"light"_s),
                                      {ThemeKind::Dark, u"dark"_s},
                                      {ThemeKind::HighContrast, u"contrast"_s}}) {
        if (kind == ThemeKind::HighContrast && !name.startsWith(u"sample-1280") &&
            !name.endsWith(u"whatif-1280"))
            continue;
        Theme::instance().apply(*qApp, kind);
        settle(60);
        QPixmap picture(size + QSize(16, 16));
        picture.fill(Theme::instance().tokens().window);
        QPainter painter(&picture);
        painter.drawPixmap(8, 8, panel.grab());
        painter.end();
        picture.save(folder + u'/' + name + u'-' + theme + u".png"_s);
    }
    Theme::instance().apply(*qApp, ThemeKind::Light);
    std::printf("%s\n", qPrintable(name));
}

/// A conversation of some length, as a model with a full memory would have it.
MemoryReport conversation()
{
    static const char *const kTexts[] = {"My daughter's name is Ottilie and she was born in Łódź.",
                                         "What a lovely name. How old is she now, and does she like to read?",
                                         "She is seven. We leave on 14 March,\n  and come back on the 30th.",
                                         "Then I will remember both days.",
                                         "The key to the lab is under the third pot from the left.",
                                         "def area(r):\n\treturn 3.14159 * r ** 2  # of a circle\n"};
    MemoryReport report;
    report.status = {.capacity = 4'096,
                     .numEvicted = 1'204,
                     .numSkipped = 87,
                     .numRefused = 2,
                     .lastRefusal = "Cannot store token 2,051: all 64 slots that may be written are pinned"};
    int64_t place = 0;
    for (int i = 0; i < 46; ++i) {
        const int64_t length = 12 + (i * 37) % 61;
        const int turn = i / 2 + 1;
        const std::string source =
            i < 8 ? "notes on the move.txt#text"
                  : "chat.json#" + std::to_string(turn) + (i % 2 ? ":assistant" : ":user");
        if (i == 8) place = 0;
        MemoryEvent event = memoryEvent(i + 3, source, place, place + length - 1, kTexts[i % 6],
                                        0.02 + 1.7 * std::pow(std::abs(std::sin(i * 0.73)), 3), i % 11 == 4);
        event.numSlots = i % 5 == 2 ? length / 2 : length;
        event.age = 3'400 - i * 70;
        if (i < 8) event.reads.clear(); // from an older file
        for (SlotRead &read : event.reads)
            if (i % 7 == 3) read = {.age = SlotRead::kNever, .source = {}, .text = {}};
        if (i == 45) event = pictureEvent(event.id, place);
        report.events.push_back(event);
        place += length + (i % 4 == 3 ? 90 : 0);
        report.status.numUsed += event.numSlots;
        report.status.numPinned += event.isPinned ? event.numSlots : 0;
    }
    return report;
}

/// Texts of one source are like each other, and neighbours more than others.
float likeness(int64_t a, int64_t b)
{
    if (a == b) return 1;
    const double near = std::exp(-std::abs(double(a - b)) / 6);
    return float(0.25 + 0.6 * near * (a % 6 == b % 6 ? 1.0 : 0.4) + 0.3 * (a % 6 == b % 6) -
                 0.5 * (a % 6 == 4) * (b % 6 != 4));
}

/// What the new pages show, wide and narrow.
void shootPages(MemorySession &session, MemoryPanel &panel)
{
    const auto press = [&panel](const char *choice, const QString &id) {
        panel.findChild<SegmentedChoice *>(QString::fromLatin1(choice))->button(id)->click();
    };
    press("memoryViews", u"likeness"_s);
    press("memoryTabs", u"whatif"_s);
    panel.selectEvent(23);
    panel.whatIf()->setPrompt(u"The key to the lab is"_s);
    settle(300);
    shoot(panel, u"question-1280"_s, {1280, 800});
    panel.whatIf()->choose(u"forget"_s);
    settle(100);
    shoot(panel, u"whatif-1280"_s, {1280, 800});
    (void)panel.saveAs(folder + u"/figure-likeness.png"_s);
    press("memoryViews", u"table"_s);
    (void)panel.saveAs(folder + u"/figure-whatif.png"_s);
    press("memoryViews", u"likeness"_s);
    shoot(panel, u"whatif-380"_s, {380, 800});
    press("similarityOrder", u"likeness"_s);
    panel.similarity()->map()->setFocus();
    QTest::keyClick(panel.similarity()->map(), Qt::Key_Right);
    QTest::keyClick(panel.similarity()->map(), Qt::Key_Right);
    panel.selectSlot(23'004);
    shoot(panel, u"likeness-2560"_s, {2560, 1440});
    session.failNext[u"inspect"_s] =
        Error{ErrorCode::InvalidInput, "Cannot read the text: 2,048 tokens, expected at most 1,024.",
              "Shorten it."};
    panel.whatIf()->choose(u"2"_s);
    settle(60);
    shoot(panel, u"whatif-error-1280"_s, {1280, 800});
    press("memoryViews", u"table"_s);
    press("memoryTabs", u"event"_s);
    panel.strip()->zoom(14, 380);
    shoot(panel, u"tokens-1280"_s, {1280, 800});
    shoot(panel, u"tokens-380"_s, {380, 800});
    panel.strip()->fit();
    panel.selectEvent(48); // with a picture
    shoot(panel, u"picture-1280"_s, {1280, 800});
    panel.table()->sortByColumn(memory_ui::MemoryModel::LastReadColumn, Qt::AscendingOrder);
    shoot(panel, u"last-read-1600"_s, {1600, 900});
    panel.table()->sortByColumn(memory_ui::MemoryModel::TokensColumn, Qt::AscendingOrder);
    panel.askForFile(memory_ui::StateFileDialog::Kind::Load);
    settle(100);
    if (auto *dialog = panel.findChild<memory_ui::StateFileDialog *>()) {
        dialog->grab().save(folder + u"/load-dialog.png"_s);
        dialog->reject();
    }
    settle(20);
}

/// Holds a consolidation under way, so that it can be looked at.
class LearningSession : public MemorySession {
public:
    std::function<void(const ConsolidationAmount &)> tell;
    Reply<ModelConsolidationSummary> answer;
    std::unique_ptr<PendingRequest> consolidate(const ModelConsolidationRequest &, QObject *,
                                                std::function<void(const ConsolidationAmount &)> onAmount,
                                                Reply<ModelConsolidationSummary> reply) override
    {
        tell = std::move(onAmount);
        answer = std::move(reply);
        return std::make_unique<PendingRequest>();
    }
};

void shootConsolidation()
{
    LearningSession session;
    fillMemory(session);
    session.memory = conversation();
    session.runList[0].numParameters = 7'000'000;
    session.runList[0].tokensPerSecond = 2'000;
    session.info.home = u"/home/ada/.local/share/orrery"_s;
    MemoryPanel panel(session);
    panel.resize(1280, 800);
    panel.show();
    settle(300);
    panel.askToConsolidate();
    settle(100);
    auto *dialog = panel.findChild<QDialog *>(u"consolidateDialog"_s);
    if (!dialog) return;
    for (const auto &[kind, theme] : {std::pair(ThemeKind::Light, u"light"_s), {ThemeKind::Dark, u"dark"_s}, {ThemeKind::HighContrast, u"contrast"_s}}) {
        Theme::instance().apply(*qApp, kind);
        settle(60);
        dialog->grab().save(folder + u"/consolidate-dialog-"_s + theme + u".png"_s);
    }
    dialog->findChild<QLineEdit *>(u"consolidateFolder"_s)->setText(u"models/learned"_s);
    dialog->findChild<QPushButton *>(u"consolidateConfirm"_s)->click();
    Theme::instance().apply(*qApp, ThemeKind::Light);
    settle(60);
    dialog->grab().save(folder + u"/consolidate-dialog-error.png"_s);
    dialog->findChild<QLineEdit *>(u"consolidateFolder"_s)->setText(u"/home/ada/models/learned"_s);
    dialog->findChild<QPushButton *>(u"consolidateConfirm"_s)->click();
    session.tell({ConsolidationPhase::Learning, 0, 40});
    settle(1'200);
    session.tell({ConsolidationPhase::Learning, 3, 40});
    shoot(panel, u"learning-1280"_s, {1280, 800});
    shoot(panel, u"learning-380"_s, {380, 800});
    ModelConsolidationSummary done;
    done.directory = "/home/ada/models/learned";
    done.learned = {"chat.json#1:user", "chat.json#2:assistant", "chat.json#2:user", "notes on the move.txt#text"};
    done.numTexts = 24;
    done.numSlots = 812;
    done.lossBefore = 2.514;
    done.lossAfter = 0.8102;
    done.numProtected = 256;
    done.protectedBefore = 2.442;
    done.protectedAfter = 2.481;
    done.protectedFrom = {"/home/ada/texts/shakespeare.txt"};
    session.answer(done);
    shoot(panel, u"learned-1280"_s, {1280, 800});
    shoot(panel, u"learned-380"_s, {380, 800});
}

void shootAll()
{
    shootConsolidation();
    {
        MemorySession session;
        MemoryPanel panel(session);
        shoot(panel, u"empty-1280"_s, {1280, 800});
        shoot(panel, u"empty-380"_s, {380, 800});
    }
    {
        MemorySession session;
        fillMemory(session);
        session.editError =
            Error{ErrorCode::NotFound,
                  "Cannot list the memory of \"code-7M@8000\": the model has no episodic memory.",
                  "Train it with plugins.memory.episodic_size above 0."};
        MemoryPanel panel(session);
        shoot(panel, u"nomemory-1280"_s, {1280, 800});
    }
    {
        MemorySession session;
        fillMemory(session);
        session.memory.events.clear();
        MemoryPanel panel(session);
        shoot(panel, u"nothing-380"_s, {380, 800});
    }
    MemorySession session;
    fillMemory(session);
    session.memory = conversation();
    MemoryPanel panel(session);
    panel.show();
    settle(200);
    panel.selectEvent(23);
    shoot(panel, u"sample-1280"_s, {1280, 800});
    shoot(panel, u"sample-2560"_s, {2560, 1440});
    shoot(panel, u"sample-380"_s, {380, 800});
    shoot(panel, u"low-744"_s, {744, 192});
    shoot(panel, u"low-1000"_s, {1000, 370});
    shoot(panel, u"low-300"_s, {300, 400});
    session.alike = likeness;
    shootPages(session, panel);
    panel.findChild<QLineEdit *>(u"memoryFilter"_s)->setText(u"ottilie"_s);
    session.editError =
        Error{ErrorCode::Unavailable,
              "Cannot ask \"code-7M\": the worker ended with signal 9, perhaps because memory ran out.",
              "Close other models, then refresh."};
    panel.refresh();
    shoot(panel, u"error-1280"_s, {1280, 800});
    panel.refresh();
    panel.findChild<QLineEdit *>(u"memoryFilter"_s)->clear();
    panel.findChild<SegmentedChoice *>(u"memoryTabs"_s)->button(u"reads"_s)->click();
    panel.reads()->setPrompt(u"The key to the lab. Where is the key"_s);
    panel.findChild<QPushButton *>(u"lookButton"_s)->click();
    // The run that the window has selected is paused by how full its memory is.
    SeriesData told{.name = "part/episodic/occupancy", .totalPoints = 1, .buckets = {{}}};
    told.buckets[0].last = 0.93;
    told.buckets[0].lastStep = 8'045;
    session.seriesData[u"code-7M"_s] = {told};
    RunStatus paused = session.runList[0];
    paused.state = RunState::Paused;
    paused.step = 8'045;
    paused.pauseSeries = told.name;
    paused.pauseReason = "memory > 0.9: part/episodic/occupancy was 0.93";
    panel.followRun(u"code-7M"_s);
    session.setRuns({paused});
    settle(100);
    shoot(panel, u"reads-1280"_s, {1280, 800});
    shoot(panel, u"reads-380"_s, {380, 800});
    const auto byItself = session.inspection;
    session.inspection = [byItself](const QString &model, const InspectRequest &request) {
        InspectReport report = byItself(model, request);
        if (!request.wantsUses) return report;
        report.uses = sampleUses().uses;
        for (int64_t i = 0; i < 61; ++i)
            report.uses[0].values.push_back({1'000 + 97 * i, 0.002 / double(1 + i), 3, {{i % 2, i % 10, 0.2}, {1, 3, 0.04}, {0, 2, 0.01}}});
        std::swap(report.uses[0].values[2], report.uses[0].values.back());
        return report;
    };
    panel.findChild<QPushButton *>(u"lookButton"_s)->click();
    settle(100);
    panel.reads()->setPage(u"values"_s);
    shoot(panel, u"values-1280"_s, {1280, 800});
    shoot(panel, u"values-380"_s, {380, 800});
    panel.reads()->setPage(u"token"_s);
    panel.selectEvent(9);
    panel.findChild<SegmentedChoice *>(u"memoryTabs"_s)->button(u"event"_s)->click();
    settle(300);
    shoot(panel, u"event-1280"_s, {1280, 800});
    shoot(panel, u"event-380"_s, {380, 800});
    session.memory = manyEvents(100'000);
    panel.refresh();
    settle(300);
    panel.selectEvent(50'008);
    shoot(panel, u"many-1280"_s, {1280, 800});
}

double cpuMs()
{
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
}

/// Wall time, and what this thread computed: the second is right on a busy machine, too.
template <typename Work> void measure(const char *what, int numTimes, Work work)
{
    std::vector<double> wall, cpu;
    for (int i = 0; i < numTimes; ++i) {
        QElapsedTimer timer;
        timer.start();
        const double before = cpuMs();
        work(i);
        cpu.push_back(cpuMs() - before);
        wall.push_back(static_cast<double>(timer.nsecsElapsed()) * 1e-6);
    }
    const auto at = [numTimes](std::vector<double> &times, int percent) {
        std::sort(times.begin(), times.end());
        return times[static_cast<size_t>(numTimes * percent / 100)];
    };
    std::printf("%-40s computed: median %6.2f p95 %6.2f ms   wall: median %6.2f p95 %6.2f ms   (%d times)\n",
                what, at(cpu, 50), at(cpu, 95), at(wall, 50), at(wall, 95), numTimes);
}

void measureAll()
{
    MemorySession session;
    fillMemory(session);
    const MemoryReport many = manyEvents(100'000);
    session.memory = many;
    MemoryPanel panel(session);
    panel.resize(1280, 800);
    panel.show();
    settle(600);
    auto *table = panel.table();
    QPixmap picture(panel.size());
    const auto draw = [&picture](QWidget *widget) { widget->render(&picture); };
    measure("scroll the table, paint it", 400, [&](int i) {
        table->verticalScrollBar()->setValue((i * 7'919) %
                                             std::max(1, table->verticalScrollBar()->maximum()));
        draw(table->viewport());
    });
    measure("choose an event, paint strip and table", 400, [&](int i) {
        panel.selectEvent((i * 7'919) % 100'000 + 1);
        draw(table->viewport());
        draw(panel.strip());
    });
    measure("zoom the strip, paint it", 400, [&](int i) {
        panel.strip()->zoom(i % 20 < 10 ? 1.5 : 1 / 1.5, 300);
        draw(panel.strip());
    });
    measure("paint the whole panel", 200, [&](int) { draw(&panel); });
    measure("filter by a letter more or less", 60,
            [&](int i) { panel.events()->setFilter(u"event 1234"_s.left(1 + i % 10)); });
    panel.events()->setFilter({});
    measure("sort by usage and back", 60, [&](int i) {
        panel.events()->sort(i % 2 ? memory_ui::MemoryModel::TokensColumn
                                   : memory_ui::MemoryModel::UsageColumn,
                             Qt::DescendingOrder);
    });
    panel.findChild<SegmentedChoice *>(u"memoryViews"_s)->button(u"likeness"_s)->click();
    settle(300);
    auto *map = panel.similarity()->map();
    std::printf("map of %d events\n", map->similarity().size());
    measure("move in the map of 256, paint it", 400, [&](int i) {
        QTest::keyClick(map, i % 40 < 20 ? Qt::Key_Right : Qt::Key_Down);
        draw(map);
    });
    measure("take an answer of 256 × 256, paint it", 60, [&](int i) {
        panel.similarity()->setOrder(i % 2 ? u"time"_s : u"likeness"_s);
        draw(map);
    });
    measure("paint the whole panel with the map", 200, [&](int) { draw(&panel); });
    measure("take an answer of 100,000 events", 30, [&](int) {
        std::vector<MemoryEvent> events = many.events;
        panel.events()->setEvents(std::move(events));
    });
}

} // namespace

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    folder = argc > 1 ? QString::fromLocal8Bit(argv[1]) : u"."_s;
    Theme::instance().apply(application, ThemeKind::Light);
    setWallNowForTests(10'000.4);
    if (folder == u"--time") {
        measureAll();
        return 0;
    }
    QDir().mkpath(folder);
    shootAll();
    return 0;
}
