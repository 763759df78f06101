// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/app/workbench/tour_stops.h"

#include "widgets/attention/attention_pair.h"
#include "widgets/attention/frame_feed.h"
#include "widgets/attention/frame_list.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/form/spec_form.h"
#include "widgets/microscope/microscope_feed.h"
#include "widgets/microscope/microscope_panel.h"
#include "widgets/microscope/section.h"
#include "widgets/play/attachment_bar.h"
#include "widgets/play/candidate_model.h"
#include "widgets/play/candidate_view.h"
#include "widgets/play/playground_panel.h"
#include "widgets/play/token_view.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QDockWidget>
#include <QElapsedTimer>
#include <QLineEdit>
#include <QListView>
#include <QPlainTextEdit>
#include <QProcess>
#include <QPushButton>
#include <QScrollArea>
#include <QTest>

#include <algorithm>
#include <cstdio>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

/// As docs/tour.md has it.
const QString kWorld = u"gen:shapes?tasks=caption&min_shapes=1&max_shapes=2&colors=4&shapes=4"_s;
const std::pair<const char *, const char *> kSettings[] = {
    {"name", "shapes"},        {"plugins.use", "memory"},  {"plugins.memory.episodic_size", "256"},
    {"model.window", "16"},    {"model.layers", "3"},      {"model.width", "64"},
    {"model.heads", "4"},      {"model.context", "96"},    {"model.dropout", "0"},
    {"train.steps", "800"},    {"train.batch_size", "12"}, {"train.checkpoint_every", "100"},
    {"train.keep_last", "20"}, {"optimizer.lr", "0.004"},  {"probes.frames_every", "5"},
};

} // namespace

bool TourStops::open()
{
    m_window.resize(1440, 900);
    m_window.show();
    return wait("a connection", 20,
                [this] { return m_session.connectionState() == ConnectionState::Connected; });
}

bool TourStops::tour()
{
    return newRun() && start() && breakpoint() && heads() && modalities() && answer() && branch() && why() &&
           memory();
}

bool TourStops::newRun()
{
    m_window.showNewRun();
    SpecForm *form = m_window.newRunPanel().form();
    // The settings of the plugin are there once the engine has told of it.
    if (!wait("the plugin's settings", 20,
              [form] { return form->table()->find("plugins.memory.episodic_size") != nullptr; }))
        return false;
    form->setGiven(u"data.path"_s, kWorld);
    for (const auto &[key, value] : kSettings) form->setGiven(QLatin1String(key), QLatin1String(value));
    form->showField(u"data.path"_s);
    if (!wait("a form that can be started", 60,
              [this] { return m_window.newRunPanel().startButton()->isEnabled(); }))
        return false;
    QTest::qWait(2'500); // the card that describes the data
    picture("tour-new-run");
    m_window.newRunPanel().start();
    return wait("the run", 30, [this] { return run() && run()->step > 0; });
}

bool TourStops::start()
{
    m_window.showLayout(WindowLayout::Inspect);
    part<QDockWidget>("plugin_memory_memory")->hide(); // nothing is remembered yet: the maps get its room
    const AttentionPanel *attention = m_window.attention().primary();
    if (!wait("the first kept steps", 60,
              [attention] { return attention->feed()->list().frames().size() > 2; }))
        return false;
    attention->feed()->goTo(0);
    settle();
    picture("tour-heads-start");
    attention->feed()->follow();
    return true;
}

/// While the training goes on.
bool TourStops::heads()
{
    if (!wait("400 steps", 1'200, [this] { return run()->step > 400; })) return false;
    m_window.attention().primary()->goTo({});
    settle();
    picture("tour-heads");
    return true;
}

bool TourStops::modalities()
{
    choose("headsOrModalities", u"modalities"_s);
    settle();
    picture("tour-modalities");
    choose("modalityPages", u"heads"_s);
    return wait("the end of the run", 1'800, [this] { return run()->state == RunState::Finished; });
}

bool TourStops::breakpoint()
{
    m_window.actionRegistry().action(u"run.breakpoints"_s)->trigger();
    part<QLineEdit>("breakpointLine")->setText(u"entropy < 1.6"_s);
    part<QAbstractButton>("breakpointAdd")->click();
    m_window.showLayout(WindowLayout::Inspect);
    m_window.attention().setFocus(); // who types is not led elsewhere
    const auto *banner = part<QWidget>("pauseBanner");
    if (!wait("the pause", 1'200, [banner] { return banner->isVisible(); })) return false;
    if (!wait("its head", 20,
              [this] { return m_window.attention().primary()->place().level == StageLevel::Head; }))
        return false;
    settle();
    picture("tour-breakpoint");
    part<QAbstractButton>("pauseRemove")->click();
    QTest::qWait(1'000);
    if (banner->isVisible()) part<QAbstractButton>("pauseContinue")->click();
    // That it could be taken back has been read.
    part<QWidget>("toldBanner")->findChild<QAbstractButton *>(u"bannerClose"_s)->click();
    return true;
}

bool TourStops::answer()
{
    const QString pictures = m_scratch + u"/shapes"_s;
    QString few = kWorld;
    few.replace(u"?"_s, u"?n=20&val=20&test=10&"_s);
    QProcess engine;
    engine.start(QStringLiteral(ORRERY_BIN_DIR "/orrery-engine"),
                 {u"data"_s, u"describe"_s, few, u"--export"_s, pictures});
    if (!engine.waitForFinished(60'000) || engine.exitCode() != 0) {
        std::fprintf(stderr, "the tour ended: no pictures: %s\n", engine.readAllStandardError().constData());
        return false;
    }
    PlaygroundPanel &play = m_window.playground();
    play.setModel(QString::fromStdString(run()->id) + u"@800"_s);
    m_window.showLayout(WindowLayout::Play);
    play.attachments()->addFiles({pictures + u"/images/val-000001.png"_s});
    if (!wait("the picture", 20, [&play] { return play.attachments()->attachments().size() == 1; }))
        return false;
    play.promptEditor()->setPlainText(u"caption: "_s);
    return generate();
}

/// Another shape than the one that was said.
bool TourStops::branch()
{
    PlaygroundPanel &play = m_window.playground();
    const QString said = play.transcript()->copyText().section(u"caption: "_s, 1);
    lock(int(said.indexOf(u' ')) + 1);
    QListView *list = play.candidates()->list();
    const CandidateModel *candidates = play.candidates()->model();
    if (candidates->rowCount() < 2) return wait("candidates", 0, [] { return false; });
    // The likeliest that was not taken. A token is a byte.
    const bool isTaken =
        candidates->alternative(0).bytes == said.mid(play.transcript()->currentToken(), 1).toStdString();
    const QRect row = list->visualRect(candidates->index(isTaken ? 1 : 0, 0));
    QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, row.center());
    if (!wait("another version", 20, [&play] { return play.numVersions() == 2; })) return false;
    if (!wait("its end", 60, [&play] { return !play.isGenerating(); })) return false;
    lock(int(said.indexOf(u' ')) + 1);
    settle();
    picture("tour-branch");
    return true;
}

bool TourStops::why()
{
    m_window.resize(1440, 1000);
    m_window.playground().lookInside();
    m_window.showLayout(WindowLayout::Inspect);
    const MicroscopePanel &microscope = m_window.microscope();
    if (!wait("why", 60,
              [&microscope] { return microscope.feed()->shown() && microscope.feed()->isCurrent(); }))
        return false;
    settle();
    picture("tour-why");
    // What is below the candidates: outside of the window, as high as it likes.
    for (const MicroscopeSection kind : kMicroscopeSections)
        microscope.section(kind)->setOpen(kind == MicroscopeSection::Layers ||
                                          kind == MicroscopeSection::Memory);
    auto *dock = part<QDockWidget>("microscopeDock");
    dock->setFloating(true);
    dock->resize(460, 800);
    QTest::qWait(500);
    const QScrollArea *scroll = microscope.scrollArea();
    dock->resize(460, dock->height() + scroll->widget()->height() - scroll->viewport()->height());
    settle();
    picture("tour-microscope", dock->widget());
    dock->setFloating(false);
    return true;
}

bool TourStops::memory()
{
    auto *dock = part<QDockWidget>("plugin_memory_memory");
    dock->show();
    part<QDockWidget>("microscopeDock")->hide(); // its room, too
    m_window.resize(1440, 1250);
    m_window.resizeDocks({dock}, {660}, Qt::Vertical);
    auto *table = part<QAbstractItemView>("memoryTable");
    if (!wait("what it remembers", 60, [table] { return table->model()->rowCount() > 0; })) return false;
    table->setCurrentIndex(table->model()->index(0, 0));
    choose("memoryTabs", u"whatif"_s);
    auto *prompt = part<QLineEdit>("whatIfPrompt");
    prompt->clear();
    QTest::keyClicks(prompt, u"caption: "_s);
    choose("whatIfChoice", u"forget"_s);
    auto *bars = part<QWidget>("whatIfBars");
    if (!wait("what it would say", 60, [bars] { return bars->isVisible(); })) return false;
    settle();
    picture("tour-memory", dock->widget()); // of the whole window the maps would be too small to be read
    m_window.resize(1440, 900);
    return true;
}

bool TourStops::conversation()
{
    m_session.createRun(
        QStringLiteral(
            R"({"name":"cpp-tiny","data.path":"example","model.preset":"tiny","train.steps":400,"train.batch_size":8,"train.eval_every":50,"train.eval_tokens":16384,
                            "train.checkpoint_every":100,"train.keep_last":10,"probes.every":200,"optimizer.lr":0.002})"),
        {}, true, &m_window, [this](Result<RunStatus> created) {
            if (created)
                m_window.selectRun(QString::fromStdString(created->id));
            else
                std::fprintf(stderr, "%s\n", created.error().text().c_str());
        });
    const auto isOver = [this] {
        return run() && run()->name == "cpp-tiny" && run()->state == RunState::Finished;
    };
    if (!wait("the end of the run on text", 1'800, isOver)) return false;
    PlaygroundPanel &play = m_window.playground();
    play.setModel(QString::fromStdString(run()->id) + u"@400"_s);
    m_window.showLayout(WindowLayout::Play);
    play.setMode(PlayMode::Converse);
    for (const QString &turn : {u"#include <vector>"_s, u"namespace std"_s}) {
        play.messageEditor()->setPlainText(turn);
        if (!generate()) return false;
    }
    settle();
    picture("converse-light");
    return true;
}

const RunStatus *TourStops::run() const
{
    const auto &runs = m_session.runs();
    const auto newest =
        std::max_element(runs.begin(), runs.end(),
                         [](const RunStatus &a, const RunStatus &b) { return a.createdAt < b.createdAt; });
    return newest == runs.end() ? nullptr : &*newest;
}

bool TourStops::generate()
{
    PlaygroundPanel &play = m_window.playground();
    play.generate();
    QTest::qWait(50);
    return wait("the end of an answer", 60, [&play] { return !play.isGenerating(); });
}

void TourStops::lock(int token) { m_window.playground().transcript()->setCurrentToken(token, true); }

void TourStops::settle()
{
    QTest::qWait(2'500);
    m_window.attention().primary()->flush();
    QTest::qWait(200);
}

void TourStops::picture(const char *name, QWidget *of)
{
    // 0: as small a file as it can be.
    (of ? of : &m_window)->grab().save(m_folder + u'/' + QLatin1String(name) + u".png"_s, "PNG", 0);
}

bool TourStops::wait(const char *what, int seconds, const std::function<bool()> &condition)
{
    QElapsedTimer clock;
    clock.start();
    if (QTest::qWaitFor(condition, seconds * 1'000)) {
        std::printf("%s: %.1f s\n", what, double(clock.elapsed()) / 1'000);
        std::fflush(stdout);
        return true;
    }
    std::fprintf(stderr, "the tour ended: %s did not come within %d s\n", what, seconds);
    picture("failed");
    return false;
}

void TourStops::choose(const char *row, const QString &id)
{
    auto *choice = part<SegmentedChoice>(row);
    if (QAbstractButton *button = choice->button(id); button && !button->isChecked()) button->click();
}

} // namespace orrery::ui
