// SPDX-License-Identifier: GPL-3.0-or-later
// The window is killed again and again, and then the host too, while a run trains: the losses stay
// bit-identical to those of a run that nobody watched, and a new window on a new host lists the run, its
// state and its whole curve, each step once.
#include "app/workbench/main_window.h"
#include "app/workbench/rpc_session.h"
#include "run_fixture.h"
#include "tests/app/workbench/whole_curve.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/runs/run_list_model.h"
#include "widgets/runs/run_list_panel.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QRandomGenerator>
#include <QSettings>
#include <QTest>

#include <csignal>

using namespace orrery;
using namespace orrery::test;
using namespace orrery::ui;

namespace {

/// A window of this process, as a user opens one after the last was killed.
struct NewWindow {
    explicit NewWindow(const System &system)
        : settings(system.path(QStringLiteral("window.ini")), QSettings::IniFormat), session(options(system)),
          window(session, settings)
    {
        window.show();
    }
    static HostConnectOptions options(const System &system)
    {
        HostConnectOptions options;
        options.socketPath = system.hostSocket().toStdString();
        options.engineProgram = "/bin/false"; // the test starts the host
        return options;
    }
    /// The state in which the list shows the run; Unknown when it does not.
    [[nodiscard]] RunState listedState(const QString &run) const
    {
        const RunListModel *list = window.findChild<RunListPanel *>()->model();
        for (int row = 0; row < list->rowCount(); ++row)
            if (list->index(row).data(RunListModel::IdRole).toString() == run)
                return static_cast<RunState>(list->index(row).data(RunListModel::StateRole).toInt());
        return RunState::Unknown;
    }
    [[nodiscard]] const CurvesModel &curves() { return *window.curves().model(); }

    QSettings settings;
    RpcSession session;
    MainWindow window;
};

} // namespace

class TestWindowKills : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void windowKillsLeaveTheLossesAlone();

private:
    const int m_numKills = isSlow() ? 20 : 3;
    const int m_numSteps = isSlow() ? 20'000 : 4'000;
};

void TestWindowKills::windowKillsLeaveTheLossesAlone()
{
    System system;
    const Losses expected = system.trainAlone(QStringLiteral("alone"), m_numSteps);
    QCOMPARE(static_cast<int>(expected.size()), m_numSteps);
    auto host = system.startHost();
    auto created = system.client()->createRun(system.specJson(m_numSteps).toStdString(),
                                              system.path(QStringLiteral("watched")).toStdString(), true);
    QVERIFY2(created.ok(), created.ok() ? "" : created.error().text().c_str());
    const QString run = QString::fromStdString(created->id);
    QRandomGenerator random(6);
    for (int i = 0; i < m_numKills; ++i) {
        auto window = system.start(QStringLiteral("orrery"),
                                   {QStringLiteral("--socket"), system.hostSocket(),
                                    QStringLiteral("--latency"), system.path(QStringLiteral("painted.txt"))});
        QTest::qWait(random.bounded(400, 1200));
        QCOMPARE(window->state(), QProcess::Running); // it must live until it is killed
        window->kill();
        window->waitForFinished();
        if (i % 2 == 0) { // and the host with it
            host->kill();
            host->waitForFinished();
            host = system.startHost();
        }
        NewWindow next(system);
        QTRY_VERIFY_WITH_TIMEOUT(next.listedState(run) == RunState::Running ||
                                     next.listedState(run) == RunState::Finished,
                                 kPatienceMs);
        QCOMPARE(next.window.selectedRun(), run);
        QTRY_VERIFY_WITH_TIMEOUT(next.curves().lastStep(run) > 0, kPatienceMs);
        QTRY_COMPARE_WITH_TIMEOUT(gapIn(next.curves(), run, next.curves().lastStep(run)), QString(),
                                  kPatienceMs);
    }
    // One stays open to the end, one is opened after it: both have the whole curve.
    NewWindow witness(system);
    QTRY_VERIFY_WITH_TIMEOUT(witness.listedState(run) == RunState::Finished, kPatienceMs);
    QTRY_COMPARE_WITH_TIMEOUT(gapIn(witness.curves(), run, m_numSteps), QString(), kPatienceMs);
    NewWindow last(system);
    QTRY_VERIFY_WITH_TIMEOUT(last.listedState(run) == RunState::Finished, kPatienceMs);
    QTRY_COMPARE_WITH_TIMEOUT(gapIn(last.curves(), run, m_numSteps), QString(), kPatienceMs);

    QCOMPARE(countDifferences(expected, System::readLosses(system.path(QStringLiteral("watched")))), 0);
    auto status = system.client()->status(created->id);
    QVERIFY(status.ok());
    QCOMPARE(status->trainerWaits, 0u);
    host->kill();
    host->waitForFinished();
}

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    Theme::instance().apply(application, ThemeKind::Light);
    TestWindowKills test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_window_kills.moc"
