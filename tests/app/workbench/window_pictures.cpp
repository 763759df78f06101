// SPDX-License-Identifier: GPL-3.0-or-later
// Draws what the shell adds to the panels into PNG files, to be looked at: palette, help, export menu,
// breakpoints; in three themes. Usage: window_pictures FOLDER. No test: a picture is judged by people.
#include "app/workbench/main_window.h"
#include "tests/widgets/common/fake_session.h"
#include "widgets/common/banner.h"
#include "widgets/common/command_palette.h"
#include "widgets/common/help_popover.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_tools.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/runs/breakpoint_editor.h"
#include "widgets/runs/run_panel.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QLineEdit>
#include <QMenu>
#include <QPainter>
#include <QSettings>
#include <QTemporaryDir>
#include <QToolButton>

#include <cmath>
#include <cstdio>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

void settle(int milliseconds = 250)
{
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < milliseconds) QApplication::processEvents(QEventLoop::AllEvents, 20);
}

std::vector<SeriesData> curves()
{
    std::vector<SeriesData> all;
    const std::pair<const char *, double> series[] = {
        {"loss", 1.2}, {"val_loss", 1.4}, {"lr", 0.0004}, {"grad_norm", 0.8}, {"tokens_per_s", 12'000}};
    for (const auto &[name, end] : series) {
        SeriesData data{name, 400, {}};
        for (int i = 0; i < 400; ++i) {
            if (data.name == "val_loss" && i % 40 != 39) continue;
            SeriesBucket bucket{.firstStep = i * 20 + 1, .lastStep = i * 20 + 1};
            bucket.firstWallTime = bucket.lastWallTime = 9'000 + i;
            bucket.mean = bucket.last = end * (1 + 2 * std::exp(-i / 60.0)) * (1 + 0.04 * std::sin(i * 2.3));
            bucket.minimum = bucket.mean * 0.97;
            bucket.maximum = bucket.mean * 1.05;
            bucket.numPoints = 20;
            data.buckets.push_back(bucket);
        }
        all.push_back(data);
    }
    return all;
}

void save(QWidget &window, const QString &path, const QList<QWidget *> &popups = {})
{
    settle();
    QPixmap picture = window.grab();
    QPainter painter(&picture);
    for (QWidget *popup : popups)
        painter.drawPixmap(window.mapFromGlobal(popup->mapToGlobal(QPoint())), popup->grab());
    painter.end();
    picture.save(path);
    std::printf("%s\n", qPrintable(path));
}

} // namespace

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    if (argc < 2) return 1;
    const QString folder = QString::fromLocal8Bit(argv[1]);
    setWallNowForTests(10'000.4);
    const std::pair<ThemeKind, QString> themes[] = {{ThemeKind::Light, u"light"_s},
                                                    {ThemeKind::Dark, u"dark"_s},
                                                    {ThemeKind::HighContrast, u"contrast"_s}};
    for (const auto &[kind, theme] : themes) {
        Theme::instance().apply(application, kind);
        QTemporaryDir place;
        QSettings settings(place.filePath(u"settings.ini"_s), QSettings::IniFormat);
        FakeSession session;
        RunStatus run = fakeRun("code-7M", RunState::Paused, 5'000);
        run.step = 812;
        run.breakpoints = {"entropy < 0.5", "loss > 4", "memory > 0.9"};
        run.pauseReason = "entropy < 0.5: head/2.1/entropy was 0.41";
        run.pauseSeries = "head/2.1/entropy";
        session.seriesData[u"code-7M"_s] = curves();
        RunEvent sample;
        sample.id = 1;
        sample.step = 800;
        sample.kind = EventKind::Sample;
        sample.payload =
            R"({"prompt":"for (int i = 0;","text":"for (int i = 0; i < size; ++i)\n    sum += values[i];"})";
        session.events[u"code-7M"_s] = {sample};
        session.checkpoints[u"code-7M"_s] = {{.step = 800}};
        session.setRuns(
            {run, fakeRun("shakes", RunState::Finished, 4'000), fakeRun("lr-3e-2", RunState::Failed, 3'000)});
        MainWindow window(session, settings);
        window.resize(1280, 800);
        window.show();
        window.selectRun(u"code-7M"_s);
        settle();
        const auto path = [&](const QString &name) {
            return folder + u'/' + name + u'-' + theme + u".png"_s;
        };
        save(window, path(u"banner"_s));
        auto *panel = window.findChild<RunPanel *>();
        panel->beginBreakpoint(u"los is high"_s);
        panel->breakpoints()->add();
        save(window, path(u"breakpoints"_s));
        panel->showBreakpoints(false);
        window.palette().open();
        save(window, path(u"palette"_s));
        window.palette().field()->setText(u"the"_s);
        save(window, path(u"palette-query"_s));
        window.palette().field()->setText(u"resume"_s);
        save(window, path(u"palette-disabled"_s));
        window.palette().hide();
        PanelTools *tools = nullptr;
        for (PanelFrame *frame : window.findChildren<PanelFrame *>())
            if (frame->view().panel == u"curves") tools = PanelTools::of(*frame);
        tools->showHelp();
        settle();
        save(window, path(u"help"_s), {window.findChild<HelpPopover *>()});
        window.findChild<HelpPopover *>()->close();
        auto *button = tools->findChild<QToolButton *>(u"panelExportButton"_s);
        button->menu()->popup(button->mapToGlobal(QPoint(0, button->height())));
        save(window, path(u"export"_s), {button->menu()});
        button->menu()->close();
        tools->saveTo(folder + u"/curves-"_s + theme + u".png"_s);
        tools->saveTo(folder + u"/curves-"_s + theme + u".svg"_s);
        save(window, path(u"saved"_s));
        window.showLayout(WindowLayout::Inspect);
        save(window, path(u"inspect"_s));
        window.showLayout(WindowLayout::Play);
        save(window, path(u"play"_s));
        window.showNewRun();
        save(window, path(u"new-run"_s));
        window.showPlugins();
        save(window, path(u"plugins"_s));
    }
    return 0;
}
