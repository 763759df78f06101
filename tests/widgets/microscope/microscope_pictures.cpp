// SPDX-License-Identifier: GPL-3.0-or-later
// Draws the microscope in all its states into PNG files, to be looked at. Usage: microscope_pictures FOLDER
// [part of a name]. No test: a picture is judged by people.
#include "tests/widgets/microscope/microscope_samples.h"
#include "widgets/common/number_text.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/microscope/focus_strip.h"
#include "widgets/microscope/microscope_feed.h"
#include "widgets/microscope/microscope_panel.h"
#include "widgets/microscope/section.h"
#include "widgets/microscope/table_view.h"
#include "widgets/theme/theme.h"

#include <QAbstractButton>
#include <QApplication>
#include <QBuffer>
#include <QDir>
#include <QElapsedTimer>
#include <QPainter>
#include <QScrollArea>
#include <QScrollBar>

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

void shoot(QWidget &widget, const QString &name, QSize size)
{
    if (!wanted.isEmpty() && !name.contains(wanted)) return;
    widget.resize(size);
    widget.show();
    settle(250);
    for (const auto &[kind, theme] : {std::pair(ThemeKind::Light, u"light"_s),
                                      {ThemeKind::Dark, u"dark"_s},
                                      {ThemeKind::HighContrast, u"contrast"_s}}) {
        Theme::instance().apply(*qApp, kind);
        settle(60);
        QPixmap picture(size + QSize(16, 16));
        picture.fill(Theme::instance().tokens().window);
        QPainter(&picture).drawPixmap(8, 8, widget.grab());
        picture.save(folder + u'/' + name + u'-' + theme + u".png"_s);
    }
    Theme::instance().apply(*qApp, ThemeKind::Light);
    std::printf("%s\n", qPrintable(name));
}

struct Stage {
    explicit Stage(const MicroscopeSample &sample = {}) : panel(session, selection)
    {
        session.setRuns({fakeRun("code-7M")});
        answerWithSamples(session, sample);
    }
    void look(const QString &model, int64_t token, std::optional<HeadRef> head)
    {
        selection.set({.model = model,
                       .title = u"Probe prompt 0"_s,
                       .text = sampleText(),
                       .token = token,
                       .head = head},
                      nullptr);
    }
    FakeSession session;
    Selection selection;
    MicroscopePanel panel;
};

/// The first nine tokens of a text are a picture's patches.
void shootPatches()
{
    QImage shape(48, 48, QImage::Format_RGB32);
    shape.fill(Qt::white);
    {
        QPainter painter(&shape);
        painter.setBrush(QColor(0xD55E00));
        painter.drawEllipse(QRect(4, 4, 24, 24));
        painter.setBrush(QColor(0x0072B2));
        painter.drawRect(QRect(26, 24, 18, 18));
    }
    QByteArray png;
    QBuffer buffer(&png);
    buffer.open(QIODevice::WriteOnly);
    shape.save(&buffer, "PNG");
    Stage seen;
    const auto answer = seen.session.inspection;
    seen.session.inspection = [answer](const QString &model, const InspectRequest &request) {
        InspectReport report = answer(model, request);
        for (int64_t i = 0; i < 9; ++i) {
            InspectedToken &token = report.tokens[size_t(i)];
            token.modality = Modality::Image;
            token.item = 0;
            token.place = i;
        }
        return report;
    };
    auto text = std::make_shared<GenerateRequest>(*sampleText());
    text->media = {{.bytes = png.toStdString(), .name = "shapes.png"}};
    seen.panel.show();
    seen.selection.set(
        {.model = u"code-7M@8000"_s, .title = u"Answer 1"_s, .text = text, .token = 13, .head = HeadRef{2, 1}},
        nullptr);
    settle(200);
    shoot(seen.panel, u"patches-420"_s, {420, 2300});
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

    Stage empty;
    shoot(empty.panel, u"empty"_s, {420, 700});

    Stage sample;
    sample.panel.show();
    sample.look(u"code-7M@8000"_s, 13, HeadRef{2, 1});
    settle(200);
    for (const int width : {300, 420, 640}) {
        shoot(sample.panel, u"sample-%1"_s.arg(width), {width, 900});
        shoot(sample.panel, u"sample-%1-whole"_s.arg(width), {width, 2300});
    }
    if (!sample.panel.save(folder + u"/figure.png"_s).ok() ||
        !sample.panel.save(folder + u"/figure.svg"_s).ok())
        qFatal("the figure was not saved");
    sample.panel.section(MicroscopeSection::Choices)->view()->setFocus();
    sample.panel.section(MicroscopeSection::Choices)->view()->setCurrentRow(1);
    shoot(sample.panel, u"keys-420"_s, {420, 900});
    sample.panel.findChild<SegmentedChoice *>(u"tint"_s)->button(u"attention"_s)->click();
    sample.panel.strip()->setFocus();
    shoot(sample.panel, u"attention-420"_s, {420, 900});
    sample.session.isHolding = true;
    sample.selection.move(5, HeadRef{2, 1}, nullptr);
    shoot(sample.panel, u"asking-420"_s, {420, 900});
    sample.session.isHolding = false;
    sample.session.flush();
    sample.session.failNext[u"inspect"_s] =
        Error{ErrorCode::NotFound, "Cannot look into \"code-7M@8000\": its files are gone.",
              "Choose another step."};
    sample.panel.feed()->askAgain();
    settle(200);
    shoot(sample.panel, u"error-420"_s, {420, 900});

    shootPatches();

    Stage last({.hasMemory = false});
    last.panel.show();
    last.look(u"code-7M@live"_s, -1, {});
    settle(200);
    RunStatus status = fakeRun("code-7M");
    status.step = 8'260;
    last.session.sendUpdate(status);
    shoot(last.panel, u"last-live-420"_s, {420, 1500});

    MicroscopeSample deep{.layers = 32, .heads = 16};
    deep.words[14] = " Donaudampfschifffahrtsgesellschaftskapitän";
    deep.words[4] = "\xE2\x82";
    for (int i = 0; i < 300; ++i) deep.words.push_back(deep.words[size_t(i % 17)]);
    Stage big(deep);
    big.panel.show();
    big.look(u"a-run-with-a-very-long-name-that-a-script-made-2026-11-23-lr-0.001-wd-0.1@120000"_s, 13,
             HeadRef{30, 11});
    settle(300);
    for (const int width : {300, 420, 640}) shoot(big.panel, u"deep-%1"_s.arg(width), {width, 2900});
    return 0;
}
