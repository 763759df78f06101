// SPDX-License-Identifier: GPL-3.0-or-later
// A walk through the real window on a real run, as a new user would do it, with a picture at each stop. Host, worker and
// run are real; the home is a temporary one. Each stop that does not come ends the walk with a message and exit code 1.
#include "app/workbench/main_window.h"
#include "app/workbench/rpc_session.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/form/spec_form.h"
#include "widgets/play/playground_panel.h"
#include "widgets/play/token_view.h"
#include "widgets/plots/plot_view.h"
#include "widgets/theme/theme.h"

#include <QAbstractButton>
#include <QApplication>
#include <QDir>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <csignal>
#include <cstdio>

using namespace orrery;
using namespace orrery::ui;

namespace {

class Tour {
public:
    Tour(RpcSession &session, MainWindow &window, const QString &folder) : m_session(session), m_window(window), m_folder(folder) {}

    /// @return whether the whole walk went well
    bool walk()
    {
        m_window.resize(1440, 900);
        m_window.show();
        if (!wait("a connection", 20'000, [&] { return m_session.connectionState() == ConnectionState::Connected; })) return false;
        QTest::qWait(500);
        picture("first-start");
        return form() && training() && playground();
    }

private:
    bool form()
    {
        m_window.showNewRun();
        m_window.newRunPanel().useExample();
        QTest::qWait(2'500);
        picture("new-run");
        m_window.newRunPanel().form()->setGiven(QStringLiteral("model.heads"), QStringLiteral("3"));
        QTest::qWait(300);
        m_window.newRunPanel().form()->showField(QStringLiteral("model.heads"));
        QTest::qWait(300);
        picture("new-run-error");
        m_window.newRunPanel().form()->resetAll();
        m_window.showLayout(WindowLayout::Train);
        return true;
    }

    bool training()
    {
        m_session.createRun(QStringLiteral(R"({"name":"cpp-tiny","data.path":"example","model.preset":"tiny","train.steps":400,"train.batch_size":8,"train.eval_every":50,"train.eval_tokens":16384,
                                "train.checkpoint_every":100,"train.keep_last":10,"probes.every":200,"optimizer.lr":0.002})"),
                            {}, true, &m_window, [this](Result<RunStatus> created) {
                                if (created) m_window.selectRun(QString::fromStdString(created->id));
                                else std::fprintf(stderr, "%s\n", created.error().text().c_str());
                            });
        const auto step = [this] { return m_session.runs().empty() ? 0 : m_session.runs().front().step; };
        if (!wait("the first 330 steps", 300'000, [&] { return step() > 330; })) return false;
        picture("train-light");
        theme(ThemeKind::Dark);
        picture("train-dark");
        theme(ThemeKind::Light);
        PlotView *loss = m_window.curves().chart(CurvesPanel::Loss);
        const QPoint centre = loss->plotArea().center();
        for (int i = 0; i < 6; ++i) {
            QWheelEvent wheel(centre, loss->mapToGlobal(centre), {}, {0, 120}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
            QApplication::sendEvent(loss->childAt(centre) ? loss->childAt(centre) : loss, &wheel);
        }
        loss->setCursorX(loss->snapped((loss->xRange().from + loss->xRange().to) / 2));
        QTest::qWait(800);
        picture("zoomed");
        m_window.resize(1280, 800);
        QTest::qWait(400);
        picture("small");
        m_window.resize(1440, 900);
        loss->fit();
        return wait("the end of the run", 240'000, [&] { return !m_session.runs().empty() && m_session.runs().front().state == RunState::Finished; });
    }

    bool playground()
    {
        PlaygroundPanel &play = m_window.playground();
        play.setModel(QString::fromStdString(m_session.runs().front().id) + QStringLiteral("@400"));
        m_window.showLayout(WindowLayout::Play);
        play.promptEditor()->setPlainText(QStringLiteral("template <typename _Tp>\n  struct "));
        QTest::qWait(300);
        play.generate();
        if (!wait("the first tokens", 60'000, [&] { return play.transcript()->numTokens() > 0; })) return false;
        if (!wait("the end of the generation", 60'000, [&] { return !play.isGenerating(); })) return false;
        if (auto *colour = play.findChild<QAbstractButton *>(QStringLiteral("colorTokens")); colour && !colour->isChecked()) colour->click();
        play.transcript()->setCurrentToken(std::min(40, play.transcript()->numTokens() - 1), true);
        QTest::qWait(300);
        picture("play-light");
        theme(ThemeKind::Dark);
        picture("play-dark");
        theme(ThemeKind::Light);
        return conversation(play);
    }

    bool conversation(PlaygroundPanel &play)
    {
        play.setMode(PlayMode::Converse);
        for (const QString &turn : {QStringLiteral("#include <vector>"), QStringLiteral("namespace std")}) {
            play.messageEditor()->setPlainText(turn);
            play.generate();
            if (!wait("the end of an answer", 60'000, [&] { return !play.isGenerating(); })) return false;
        }
        QTest::qWait(300);
        picture("converse-light");
        return true;
    }

    void theme(ThemeKind kind)
    {
        Theme::instance().apply(*qApp, kind);
        QTest::qWait(500);
    }

    void picture(const char *name) { m_window.grab().save(m_folder + QStringLiteral("/") + QLatin1String(name) + QStringLiteral(".png")); }

    template <typename Condition> bool wait(const char *what, int timeoutMs, Condition condition)
    {
        if (QTest::qWaitFor(condition, timeoutMs)) return true;
        std::fprintf(stderr, "the tour ended: %s did not come within %d s\n", what, timeoutMs / 1000);
        picture("failed");
        return false;
    }

    RpcSession &m_session;
    MainWindow &m_window;
    QString m_folder;
};

} // namespace

int main(int argc, char **argv)
{
    QTemporaryDir home;
    qputenv("ORRERY_HOME", home.filePath(QStringLiteral("home")).toUtf8());
    qputenv("XDG_RUNTIME_DIR", home.path().toUtf8());
    QApplication application(argc, argv);
    Theme::instance().apply(application, ThemeKind::Light);
    QSettings settings(home.filePath(QStringLiteral("workbench.ini")), QSettings::IniFormat);
    HostConnectOptions options;
    options.socketPath = home.filePath(QStringLiteral("host.sock")).toStdString();
    options.engineProgram = ORRERY_BIN_DIR "/orrery-engine";
    options.arguments = {"host", "--background", "--socket", options.socketPath, "--idle-exit", "5"};
    bool isGood = false;
    {
        RpcSession session(options);
        MainWindow window(session, settings);
        isGood = Tour(session, window, argc > 1 ? QString::fromLocal8Bit(argv[1]) : QDir::currentPath()).walk();
    }
    return isGood ? 0 : 1;
}
