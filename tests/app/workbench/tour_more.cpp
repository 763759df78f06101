// SPDX-License-Identifier: GPL-3.0-or-later
// The later chapters of docs/tour.md: several runs, models in and out, prompts side by side, another machine, help.
#include "tests/app/workbench/tour_stops.h"

#include "app/workbench/help_window.h"
#include "app/workbench/host_switcher.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/compare/compare_panel.h"
#include "widgets/compare/values_page.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/play/playground_panel.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/side_by_side.h"
#include "widgets/play/side_column.h"
#include "widgets/play/token_view.h"

#include <QDir>
#include <QDockWidget>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QProcess>
#include <QPushButton>
#include <QTest>

#include <cstdio>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

const QString kEngine = QStringLiteral(ORRERY_BIN_DIR "/orrery-engine");
constexpr int kEngineMs = 60'000;

/// As docs/tour.md has them.
struct Sweep {
    const char *rate;
    int seed;
};
constexpr Sweep kSweep[] = {{"0.0005", 1}, {"0.0005", 2}, {"0.002", 1}, {"0.002", 2}, {"0.008", 1}, {"0.008", 2}};

QString nameOf(const Sweep &one) { return u"lr-%1-%2"_s.arg(QLatin1String(one.rate)).arg(one.seed); }

/// What the engine says; nothing where it fails.
QByteArray engineSays(const QStringList &arguments, const QString &home = {})
{
    QProcess engine;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    if (!home.isEmpty()) environment.insert(u"ORRERY_HOME"_s, home);
    engine.setProcessEnvironment(environment);
    engine.start(kEngine, arguments);
    if (engine.waitForFinished(kEngineMs) && engine.exitCode() == 0) return engine.readAllStandardOutput();
    std::fprintf(stderr, "the tour ended: %s: %s\n", qPrintable(arguments.join(u' ')), engine.readAllStandardError().constData());
    return {};
}

} // namespace

bool TourStops::more(const HostConnectOptions &local, QSettings &settings)
{
    m_window.resize(1440, 900);
    return sweep() && compared() && columns() && modelInAndOut() && farHost(local, settings) && help();
}

bool TourStops::sweep()
{
    QStringList ids;
    for (const Sweep &one : kSweep) {
        const QString spec =
            u"{\"name\":\"%1\",\"data.path\":\"example\",\"optimizer.lr\":%2,\"seed\":%3,\"model.layers\":2,\"model.width\":64,"
            "\"model.heads\":4,\"model.context\":64,\"train.batch_size\":8,\"train.steps\":150,\"train.eval_every\":25,"
            "\"train.checkpoint_every\":50}"_s.arg(nameOf(one), QLatin1String(one.rate))
                .arg(one.seed);
        m_session.createRun(spec, {}, true, &m_window, [](const Result<RunStatus> &created) {
            if (!created) std::fprintf(stderr, "%s\n", created.error().text().c_str());
        });
        const auto isOver = [&] {
            return run() && QString::fromStdString(run()->name) == nameOf(one) && run()->state == RunState::Finished;
        };
        if (!wait(qPrintable(u"the run "_s + nameOf(one)), 600, isOver)) return false;
        ids << QString::fromStdString(run()->id);
        m_session.editRun(ids.back(), {.tags = std::vector<std::string>{"sweep"}}, &m_window, [](const Result<RunStatus> &) {});
    }
    m_sweep = ids;
    m_window.selectRun(ids[2]);
    m_window.showLayout(WindowLayout::Train);
    m_window.openLink(u"orrery:curves?run=%1&overlay=%2&loss=val&group=optimizer.lr&band=range"_s.arg(ids[2], ids.join(u"&overlay="_s)));
    settle();
    picture("tour-overlay");
    return true;
}

bool TourStops::compared()
{
    m_window.showLayout(WindowLayout::Compare);
    ComparePanel &compare = m_window.compare();
    compare.chooseRuns(m_sweep);
    compare.showTab(ComparePanel::Tab::Values);
    compare.values()->setGrouping(u"optimizer.lr"_s);
    settle();
    compare.values()->sortBy(u"best_val_loss"_s, Qt::AscendingOrder);
    settle();
    picture("tour-compare");
    return true;
}

bool TourStops::columns()
{
    PlaygroundPanel &play = m_window.playground();
    m_window.showLayout(WindowLayout::Play);
    part<QDockWidget>("microscopeDock")->hide(); // both columns get its room
    play.compareModels({m_sweep[5] + u"@100"_s, m_sweep[5] + u"@150"_s});
    SamplingSettings sampling = play.sampling()->settings();
    sampling.maxTokens = 120;
    sampling.temperature = 0.8;
    play.sampling()->setSettings(sampling);
    play.promptEditor()->setPlainText(u"  return "_s);
    play.generate();
    QTest::qWait(50);
    if (!wait("both columns", 120, [&play] { return !play.comparison()->isRunning() && play.comparison()->hasAnswers(); })) return false;
    // Where the two part, its candidates.
    if (SideColumn *first = play.comparison()->parts().front(); first->view()) first->view()->setCurrentToken(0, true);
    settle();
    picture("tour-columns");
    return true;
}

bool TourStops::modelInAndOut()
{
    const QString folder = m_scratch + u"/swift"_s;
    if (engineSays({u"runs"_s, u"export"_s, m_sweep[2], u"--format"_s, u"hf"_s, u"--out"_s, folder}).isEmpty()) return false;
    m_window.showNewRun();
    m_window.newRunPanel().fillFromModel(folder);
    settle();
    picture("tour-from-model");
    return true;
}

bool TourStops::farHost(const HostConnectOptions &local, QSettings &settings)
{
    // The same runs, in the home of somebody else on the same computer, who serves them over TLS.
    const QString home = m_scratch + u"/lab"_s;
    QDir().mkpath(home);
    if (QProcess::execute(u"cp"_s, {u"-a"_s, m_scratch + u"/home/runs"_s, home + u"/runs"_s}) != 0) return false;
    const QByteArray token = engineSays({u"host"_s, u"token"_s, u"create"_s, u"laptop"_s}, home).trimmed();
    if (token.isEmpty()) return false;
    QProcess host;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(u"ORRERY_HOME"_s, home);
    host.setProcessEnvironment(environment);
    host.start(kEngine, {u"host"_s, u"--json"_s, u"--socket"_s, m_scratch + u"/lab.sock"_s, u"--listen"_s, u"127.0.0.1:0"_s});
    QJsonObject said;
    const bool isThere = wait("another host", 20, [&] {
        if (host.canReadLine()) said = QJsonDocument::fromJson(host.readLine()).object();
        return said.value(u"event"_s).toString() == u"listening";
    });
    const auto end = [&host](bool isGood) {
        host.terminate();
        host.waitForFinished();
        return isGood;
    };
    if (!isThere) return end(false);
    ConnectionBook book((m_scratch + u"/connections.json"_s).toStdString());
    const Connection lab{"lab", "tcp://127.0.0.1:" + std::to_string(said.value(u"port"_s).toInt()),
                         said.value(u"fingerprint"_s).toString().toStdString(), token.toStdString(), {}, {}};
    if (const auto kept = book.put(lab); !kept.ok()) {
        std::fprintf(stderr, "%s\n", kept.error().text().c_str());
        return end(false);
    }
    HostSwitcher hosts(m_window, m_session, settings, local, book);
    hosts.switchTo(lab);
    if (!wait("the other host's runs", 60, [this] {
            return m_session.connectionState() == ConnectionState::Connected && m_session.runs().size() >= std::size(kSweep);
        }))
        return end(false);
    hosts.showDialog();
    QDialog *dialog = hosts.dialog();
    settle(); // the book is read beside the window
    auto *list = dialog->findChild<QListWidget *>(u"connectionList"_s);
    list->setCurrentRow(list->count() - 1);
    dialog->findChild<QPushButton *>(u"connectionTest"_s)->click();
    auto *result = dialog->findChild<QLabel *>(u"connectionResult"_s);
    if (!wait("what the test says", 30, [result] { return result->isVisible() && result->text().contains(u"answers"_s); })) return end(false);
    settle();
    picture("tour-hosts", dialog);
    dialog->close();
    hosts.switchTo(std::nullopt);
    return end(wait("this computer again", 30, [this] { return m_session.connectionState() == ConnectionState::Connected; }));
}

bool TourStops::help()
{
    m_window.actionRegistry().action(u"help.keys"_s)->trigger();
    auto *help = m_window.findChild<HelpWindow *>(u"helpWindow"_s);
    if (!help) return wait("help", 0, [] { return false; });
    help->resize(980, 640);
    settle();
    picture("tour-help", help);
    help->close();
    return true;
}

} // namespace orrery::ui
