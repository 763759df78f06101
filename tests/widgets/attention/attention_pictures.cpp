// SPDX-License-Identifier: GPL-3.0-or-later
// Draws what panel_pictures does not: modalities, two panels beside each other, exact cells of a part, a text
// that was selected elsewhere; light, dark and high contrast. Usage: attention_pictures FOLDER [part of a
// name]
#include "tests/widgets/attention/letter_samples.h"

#include "widgets/attention/attention_pair.h"
#include "widgets/attention/attention_stage.h"
#include "widgets/attention/frame_feed.h"
#include "widgets/attention/head_page.h"
#include "widgets/attention/modality_page.h"
#include "widgets/attention/overview_page.h"
#include "widgets/attention/prompt_bar.h"
#include "widgets/attention/scrubber.h"
#include "widgets/common/number_text.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QBuffer>
#include <QDir>
#include <QElapsedTimer>
#include <QPainter>

#include <cstdio>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

QString folder, wanted;

void settle(int milliseconds)
{
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < milliseconds) QApplication::processEvents(QEventLoop::AllEvents, 20);
}

bool isWanted(const QString &name) { return wanted.isEmpty() || name.contains(wanted); }

void shoot(QWidget &widget, const QString &name, QSize size)
{
    widget.resize(size);
    widget.show();
    settle(400);
    for (const auto &[kind, word] : {std::pair(ThemeKind::Light, u"light"_s),
                                     {ThemeKind::Dark, u"dark"_s},
                                     {ThemeKind::HighContrast, u"contrast"_s}}) {
        Theme::instance().apply(*qApp, kind);
        settle(80);
        QPixmap picture(size + QSize(16, 16));
        picture.fill(Theme::instance().tokens().window);
        QPainter(&picture).drawPixmap(8, 8, widget.grab());
        picture.save(folder + u'/' + name + u'-' + word + u".png"_s);
    }
    Theme::instance().apply(*qApp, ThemeKind::Light);
    std::printf("%s\n", qPrintable(name));
}

void waitFor(const AttentionPanel &panel)
{
    QElapsedTimer timer;
    timer.start();
    while (!panel.snapshot() || panel.feed()->isLoading()) {
        if (timer.elapsed() > 60'000) qFatal("no attention within a minute");
        settle(20);
    }
    settle(60);
}

SampleModel mixedModel()
{
    SampleModel model;
    model.patches = 16;
    model.words.insert(model.words.begin(), 16, "");
    return model;
}

void fill(FakeSession &session, const SampleModel &model, int frames)
{
    session.setRuns({fakeRun("shapes-7M"), fakeRun("code-7M with a rather long name", RunState::Finished)});
    for (const QString &run : {u"shapes-7M"_s, u"code-7M with a rather long name"_s}) {
        session.specs[run] =
            uR"({"probes":{"prompts":["How many red shapes are there?","template <"],"starred":["3.2","0.1"]}})"_s;
        session.checkpoints[run] = {{.step = 1'000}, {.step = 2'000, .isBest = true}};
        addSampleFrames(session, run, model, frames, 20, frames * 20.0);
    }
}

void shootModalities()
{
    FakeSession session;
    fill(session, mixedModel(), 150);
    AttentionPanel panel(session);
    panel.resize(1264, 784);
    panel.show();
    panel.setRun(u"shapes-7M"_s);
    waitFor(panel);
    shoot(panel, u"mixed-overview"_s, {1264, 784});
    panel.goTo({.level = StageLevel::Head, .head = {3, 2}, .pinnedToken = 24});
    shoot(panel, u"mixed-head"_s, {1264, 784});
    panel.goTo({.level = StageLevel::Modalities, .head = {3, 2}});
    settle(1'500);
    shoot(panel, u"modalities"_s, {1264, 784});
    shoot(panel, u"modalities-narrow"_s, {660, 760});
    shoot(panel, u"modalities-large"_s, {2544, 1424});
    if (!panel.save(folder + u"/modalities-figure.png"_s).ok()) qFatal("the figure was not saved");
    FakeSession three;
    SampleModel withSound = mixedModel();
    withSound.frames = 8;
    withSound.words.insert(withSound.words.begin(), 8, "");
    fill(three, withSound, 150);
    AttentionPanel nine(three);
    nine.show();
    nine.setRun(u"shapes-7M"_s);
    waitFor(nine);
    nine.goTo({.level = StageLevel::Modalities, .head = {3, 2}});
    settle(1'500);
    shoot(nine, u"modalities-nine"_s, {1264, 784});
    shoot(nine, u"modalities-nine-narrow"_s, {660, 760});
    shoot(nine, u"modalities-nine-low"_s, {816, 600});
    FakeSession old;
    SampleModel oldModel = mixedModel();
    oldModel.isOfVersion1 = true;
    fill(old, oldModel, 20);
    AttentionPanel before(old);
    before.show();
    before.setRun(u"shapes-7M"_s);
    waitFor(before);
    before.goTo({.level = StageLevel::Modalities});
    shoot(before, u"modalities-version1"_s, {980, 640});
}

void shootPair()
{
    FakeSession session;
    fill(session, {}, 150);
    AttentionPair pair(session);
    pair.resize(1600, 860);
    pair.show();
    pair.setRun(u"shapes-7M"_s);
    waitFor(*pair.primary());
    shoot(pair, u"pair-closed"_s, {1264, 784});
    pair.openBeside({}, 400);
    waitFor(*pair.secondary());
    shoot(pair, u"pair-overview"_s, {1600, 860});
    pair.primary()->goTo({.level = StageLevel::Head, .head = {3, 2}, .pinnedToken = 24});
    shoot(pair, u"pair-head"_s, {1600, 860});
    shoot(pair, u"pair-large"_s, {2544, 1424});
    pair.openBeside(u"code-7M with a rather long name"_s, 1'200);
    waitFor(*pair.secondary());
    pair.primary()->setDifference(true);
    settle(300);
    shoot(pair, u"pair-difference"_s, {1600, 860});
    shoot(pair, u"pair-narrow"_s, {760, 1200});
    shoot(pair, u"pair-low"_s, {816, 420}); // as in a window of 1280 × 720
}

void shootSelected()
{
    FakeSession session;
    fill(session, mixedModel(), 20);
    QImage picture(160, 160, QImage::Format_RGB32);
    picture.fill(QColor(0xF6F4EE));
    QPainter painter(&picture);
    painter.setPen(Qt::NoPen);
    for (int i = 0; i < 3; ++i) {
        painter.setBrush(QColor(i == 0 ? 0xC62F3B : i == 1 ? 0x2457D6 : 0x1F8A5B));
        painter.drawEllipse(QRect(10 + 50 * i, 20 + 35 * i, 44, 44));
    }
    painter.end();
    QByteArray png;
    QBuffer buffer(&png);
    buffer.open(QIODevice::WriteOnly);
    picture.save(&buffer, "PNG");
    auto text = std::make_shared<GenerateRequest>();
    text->messages = {
        {.role = "user", .content = "How many?", .media = {{.bytes = png.toStdString(), .name = "a.png"}}}};
    AttentionPanel panel(session);
    Selection selection;
    panel.setSelection(&selection);
    panel.resize(1264, 784);
    panel.show();
    selection.set({.model = u"shapes-7M@2000"_s,
                   .title = u"Answer 3"_s,
                   .text = text,
                   .token = 30,
                   .head = HeadRef{3, 2}},
                  nullptr);
    settle(300);
    shoot(panel, u"selected-text"_s, {1264, 784});
    panel.setSelection(nullptr);
}

/// Two seconds of two tones that rise and fall, as a WAV file.
std::string sampleWave()
{
    std::string wave("RIFF\0\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1F\0\0\x80\x3E\0\0\2\0\x10\0data", 40);
    constexpr int kSamples = 16'000;
    for (int shift = 0; shift < 32; shift += 8) wave += char(2 * kSamples >> shift & 0xFF);
    double low = 0, high = 0;
    for (int i = 0; i < kSamples; ++i) {
        low += (300 + 900 * std::sin(i / 5'000.0)) / 8'000;
        high += (1'500 + 1'200 * std::cos(i / 2'000.0)) / 8'000;
        const double value = 0.3 * std::sin(6.283185 * low) + 0.2 * std::sin(6.283185 * high);
        const int sample = int(value * 32'000);
        wave += char(sample & 0xFF);
        wave += char(sample >> 8 & 0xFF);
    }
    return wave;
}

void shootSelectedRecording()
{
    FakeSession session;
    SampleModel model;
    model.words.insert(model.words.begin(), 36, "");
    fill(session, model, 20);
    const auto whole = session.inspection;
    session.inspection = [whole](const QString &name, const InspectRequest &request) {
        InspectReport report = whole(name, request);
        for (size_t i = 0; i < 36; ++i)
            report.tokens[i] = {.modality = Modality::Audio, .item = 0, .place = int64_t(i)};
        return report;
    };
    auto text = std::make_shared<GenerateRequest>();
    text->prompt = "What is heard?";
    text->media = {{.bytes = sampleWave(), .name = "tones.wav"}};
    AttentionPanel panel(session);
    Selection selection;
    panel.setSelection(&selection);
    panel.resize(1264, 784);
    panel.show();
    selection.set({.model = u"shapes-7M@2000"_s,
                   .title = u"Answer 3"_s,
                   .text = text,
                   .token = 50,
                   .head = HeadRef{1, 3}},
                  nullptr);
    settle(300);
    shoot(panel, u"selected-recording"_s, {1264, 784});
    panel.setSelection(nullptr);
}

/// Of a long answer: what the model had before it.
void shootSelectedWindow()
{
    FakeSession session;
    fill(session, {}, 20);
    SampleModel model;
    const std::vector<std::string> once = model.words;
    for (int i = 0; i < 7; ++i) model.words.insert(model.words.end(), once.begin(), once.end());
    session.inspection = [model](const QString &name, const InspectRequest &request) {
        InspectReport report{.model = name.toStdString(), .step = 2'000, .layers = 6, .heads = 6};
        report.note = "Of 240 tokens the model has 150 to 209 before it here: its context is 60.";
        report.tokens = sampleTokenList(model);
        report.token = request.token;
        report.candidates = sampleCandidates(0.8);
        SampleModel seen = model;
        seen.words.resize(60);
        for (const HeadRef &head : request.heads) {
            AttentionMap map = samplePooled(seen, head, sampleWeights(seen, head.layer, head.head, 0.9));
            map.firstRow = map.firstColumn = 150;
            report.maps.push_back(std::move(map));
        }
        return report;
    };
    auto text = std::make_shared<GenerateRequest>();
    text->answerIds = std::vector<int32_t>(200, 7);
    AttentionPanel panel(session);
    Selection selection;
    panel.setSelection(&selection);
    panel.resize(1264, 784);
    panel.show();
    session.failNext[u"inspect"_s] = Error{ErrorCode::InvalidInput, "too long", ""};
    selection.set({.model = u"shapes-7M@2000"_s,
                   .title = u"Answer 3"_s,
                   .text = text,
                   .token = 190,
                   .head = HeadRef{3, 2}},
                  nullptr);
    settle(300);
    shoot(panel, u"selected-window"_s, {1264, 784});
    panel.setSelection(nullptr);
}

/// An answer with what was remembered when it was said, and where that is gone.
void shootSaid()
{
    for (const bool isKept : {true, false}) {
        FakeSession session;
        fill(session, {}, 20);
        const auto whole = session.inspection;
        session.inspection = [whole, isKept](const QString &name, const InspectRequest &request) {
            InspectReport report = whole(name, request);
            report.reads = {{.head = {1, 0}, .memory = "episodic", .gate = 0.5, .slots = {{4, 2, -1, 1.0}}}};
            if (!request.asSaid) return report;
            report.saidWith = isKept ? SaidWith::State : SaidWith::NotKept;
            report.note = isKept ? "Read with what it remembered when this was said."
                                 : "The state that this was said with is not kept: another text was read or the memory was changed since, "
                                   "or the model was loaded anew. Generate the answer again to see what it read then.";
            return report;
        };
        auto text = std::make_shared<GenerateRequest>();
        text->prompt = "What is this?";
        text->answerIds = {7, 8, 9};
        AttentionPanel panel(session);
        Selection selection;
        panel.setSelection(&selection);
        panel.resize(1264, 784);
        panel.show();
        panel.setRun(u"shapes-7M"_s);
        waitFor(panel);
        selection.set({.model = u"shapes-7M@2000"_s, .title = u"Answer 3"_s, .text = text, .token = 14, .head = HeadRef{3, 2}}, nullptr);
        settle(300);
        shoot(panel, isKept ? u"said-kept"_s : u"said-gone"_s, {1264, 784});
        panel.setSelection(nullptr);
    }
}

/// Rows of an exact map, and what comes next behind them.
void shootAsked()
{
    FakeSession session;
    fill(session, {}, 20);
    AttentionPanel panel(session);
    panel.resize(1264, 784);
    panel.show();
    panel.setRun(u"shapes-7M"_s);
    waitFor(panel);
    panel.goTo({.level = StageLevel::Head, .head = {3, 2}, .pinnedToken = 14});
    shoot(panel, u"row-kept"_s, {1264, 784});
    panel.askModel();
    settle(500);
    shoot(panel, u"row-asked"_s, {1264, 784});
    panel.goTo({.level = StageLevel::Head, .head = {0, 1}, .overlay = {{0, 1}, {3, 2}}, .pinnedToken = 14});
    shoot(panel, u"row-overlay"_s, {1264, 784});
}

void shootParts()
{
    FakeSession session;
    SampleModel model;
    const std::vector<std::string> once = model.words;
    for (int i = 0; i < 7; ++i) model.words.insert(model.words.end(), once.begin(), once.end());
    model.layers = model.heads = 2;
    model.tokensPerCell = 8;
    fill(session, model, 3);
    const auto whole = session.inspection;
    session.inspection = [model, whole](const QString &name, const InspectRequest &request) {
        InspectReport report = whole(name, request);
        report.maps.clear();
        for (const HeadRef &head : request.heads) {
            const std::vector<float> weights = sampleWeights(model, head.layer, head.head, 0.9);
            if (request.wantsOverview) {
                SampleModel pooled = model;
                pooled.tokensPerCell = 4;
                report.maps.push_back(samplePooled(pooled, head, weights));
                continue;
            }
            const auto count = std::ssize(model.words);
            AttentionMap map{.head = head,
                             .firstRow = request.rows.begin,
                             .numRows = request.rows.end - request.rows.begin,
                             .firstColumn = request.columns.begin,
                             .numColumns = request.columns.end - request.columns.begin};
            for (int64_t row = request.rows.begin; row < request.rows.end; ++row)
                for (int64_t column = request.columns.begin; column < request.columns.end; ++column)
                    map.mean.push_back(weights[size_t(row * count + column)]);
            report.maps.push_back(std::move(map));
        }
        return report;
    };
    AttentionPanel panel(session);
    panel.resize(1264, 784);
    panel.show();
    panel.setRun(u"shapes-7M"_s);
    waitFor(panel);
    panel.goTo({.level = StageLevel::Head, .head = {1, 0}});
    panel.askModel();
    settle(300);
    shoot(panel, u"parts-whole"_s, {1264, 784});
    HeadView *view = panel.stage()->head()->view();
    view->showTokens({60, 80, 40, 40});
    settle(500);
    view->setCursorCell({12, 9});
    shoot(panel, u"parts-exact"_s, {1264, 784});
}

/// A head that was kept at more steps than the others.
void shootStarred()
{
    FakeSession session;
    fill(session, {}, 12);
    addStarredFrames(session, u"shapes-7M"_s, 4, 240, [](int64_t) { return std::vector<HeadRef>{{3, 2}, {0, 1}}; });
    AttentionPair pair(session);
    pair.resize(1264, 784);
    pair.show();
    AttentionPanel &panel = *pair.primary();
    pair.setRun(u"shapes-7M"_s);
    waitFor(panel);
    settle(300);
    shoot(pair, u"starred-all"_s, {1264, 784});
    panel.goTo({.level = StageLevel::Head, .head = {3, 2}, .pinnedToken = 24});
    settle(300);
    panel.feed()->goToStep(148);
    settle(300);
    shoot(pair, u"starred-between"_s, {1264, 784});
    panel.setDifference(true);
    panel.feed()->setBaseStep(88);
    settle(300);
    shoot(pair, u"starred-difference"_s, {1904, 1064});
    panel.goTo({.level = StageLevel::Head, .head = {3, 3}});
    settle(300);
    shoot(pair, u"starred-missed"_s, {1264, 784});
    panel.goTo({.level = StageLevel::Head, .head = {3, 2}});
    pair.openBeside({}, 60);
    settle(500);
    shoot(pair, u"starred-pair"_s, {1904, 1064});
}

/// A picture in patches and a caption in letters, in sizes in which these have less and less room.
void shootLetters()
{
    class Figure : public QWidget {
    public:
        HeadFigure figure;

    protected:
        void paintEvent(QPaintEvent *) override
        {
            QPainter painter(this);
            const FigureStyle style = FigureStyle::ofTheme();
            painter.fillRect(rect(), style.tokens.surface);
            figure.paint(painter, figure.layout(size(), {}, style), {.cursor = {22, 3}, .pinnedRow = 30},
                         style);
        }
    };
    Figure widget;
    widget.figure.setContent(letterContent());
    for (const int edge : {280, 400, 560, 720, 1000})
        shoot(widget, u"letters-%1"_s.arg(edge), {edge + 100, edge});
}

} // namespace

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    folder = argc > 1 ? QString::fromLocal8Bit(argv[1]) : u"."_s;
    wanted = argc > 2 ? QString::fromLocal8Bit(argv[2]) : QString();
    QDir().mkpath(folder);
    Theme::instance().apply(application, ThemeKind::Light);
    setWallNowForTests(10'000.4);
    if (isWanted(u"modalities"_s)) shootModalities();
    if (isWanted(u"pair"_s)) shootPair();
    if (isWanted(u"selected"_s)) {
        shootSelected();
        shootSelectedRecording();
        shootSelectedWindow();
    }
    if (isWanted(u"said"_s)) shootSaid();
    if (isWanted(u"row"_s)) shootAsked();
    if (isWanted(u"starred"_s)) shootStarred();
    if (isWanted(u"parts"_s)) shootParts();
    if (isWanted(u"letters"_s)) shootLetters();
    return 0;
}
