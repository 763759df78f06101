// SPDX-License-Identifier: GPL-3.0-or-later
// The memory of the place: the real program is killed in the middle of a word, started again, and shows what it showed; how much
// is lost is measured. And, within one process, each part that the journal keeps.
#include "app/workbench/journal.h"
#include "app/workbench/main_window.h"
#include "host_process.h"
#include "tests/plugin/plugin_fixture.h"
#include "tests/widgets/common/gui_test.h"
#include "tests/widgets/compare/compare_samples.h"
#include "widgets/attention/attention_pair.h"
#include "widgets/attention/attention_panel.h"
#include "widgets/attention/prompt_bar.h"
#include "widgets/compare/branch_dialog.h"
#include "widgets/compare/branch_form.h"
#include "widgets/compare/compare_panel.h"
#include "widgets/common/field_editor.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/curves/curves_toolbar.h"
#include "widgets/curves/note_bar.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/microscope/microscope_panel.h"
#include "widgets/plots/plot_view.h"
#include "widgets/runs/breakpoint_editor.h"
#include "widgets/runs/live_settings.h"
#include "widgets/runs/run_list_panel.h"
#include "widgets/runs/run_panel.h"

#include <QAction>
#include <QElapsedTimer>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLineEdit>
#include <QProcess>
#include <QRandomGenerator>
#include <QSettings>
#include <QStackedWidget>

#include <cmath>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;
using orrery::test::HostProcess;
using orrery::test::kPatienceMs;
using orrery::test::PluginFolder;

class TestWindowJournal : public QObject {
    Q_OBJECT

    static void write(const QString &path, const QByteArray &content)
    {
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size()) qFatal("no disk");
    }
    static QByteArray read(const QString &path)
    {
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }

private Q_SLOTS:
    void statesKeepTheirTypes()
    {
        const QVariantMap state{{u"run"_s, u"a"_s}, {u"smoothing"_s, 0.5}, {u"log"_s, true}, {u"runs"_s, QStringList{u"a"_s, u"b"_s}}, {u"step"_s, qint64(1) << 40}};
        const QVariantMap back = Journal::stateOf(Journal::textOf(state));
        QCOMPARE(back.value(u"runs"_s).typeId(), int(QMetaType::QStringList));
        QCOMPARE(back.value(u"runs"_s), state.value(u"runs"_s));
        QCOMPARE(back.value(u"log"_s), QVariant(true));
        QCOMPARE(back.value(u"step"_s).toLongLong(), qint64(1) << 40);
        QVERIFY(Journal::stateOf(u"{\"a\":"_s).isEmpty() && Journal::stateOf({}).isEmpty() && Journal::stateOf(u"[1]"_s).isEmpty());
    }
    void writesWhatChangedSoonAndNothingElse()
    {
        QTemporaryDir folder;
        QSettings settings(folder.filePath(u"s.ini"_s), QSettings::IniFormat);
        Journal journal(settings);
        int numAsked = 0;
        QString text = u"one"_s;
        journal.keep(u"a/text"_s, [&] { return ++numAsked, QVariant(text); });
        journal.keep(u"a/none"_s, [] { return QVariant(); });
        journal.keep(u"a/long"_s, [] { return QVariant(QString(Journal::kMaxLetters + 1, u'x')); });
        QElapsedTimer clock;
        clock.start();
        journal.noteChange();
        QTest::qWait(Journal::kDelayMs / 2);
        journal.noteChange(); // who goes on does not put it off
        QTRY_COMPARE(settings.value(u"a/text"_s).toString(), u"one"_s);
        QVERIFY2(clock.elapsed() < 1'000, qPrintable(QString::number(clock.elapsed())));
        QVERIFY(!settings.contains(u"a/none"_s) && !settings.contains(u"a/long"_s));
        const QDateTime written = QFileInfo(settings.fileName()).lastModified();
        journal.saveNow();
        QCOMPARE(QFileInfo(settings.fileName()).lastModified(), written);
        QCOMPARE(numAsked, 2);
        // A key anywhere is enough.
        text = u"two"_s;
        QLineEdit line;
        QTest::keyClick(&line, Qt::Key_A);
        QTRY_COMPARE(settings.value(u"a/text"_s).toString(), u"two"_s);
        journal.stop();
        text = u"three"_s;
        journal.saveNow();
        QCOMPARE(settings.value(u"a/text"_s).toString(), u"two"_s);
    }
    void panelsDraftsAndPageComeBack()
    {
        QTemporaryDir folder;
        QSettings settings(folder.filePath(u"s.ini"_s), QSettings::IniFormat);
        CompareSession session;
        fillComparison(session);
        for (int turn = 0; turn < 2; ++turn) {
            MainWindow window(session, settings);
            window.resize(1280, 800);
            window.show();
            QVERIFY(QTest::qWaitForWindowExposed(&window));
            QTRY_VERIFY(!session.isAnswering());
            auto *curves = &window.curves();
            auto *name = window.newRunPanel().findChild<QLineEdit *>(u"control_name"_s);
            auto *pages = child<QStackedWidget>(&window, "pages");
            if (turn == 0) {
                window.selectRun(u"b"_s);
                QTRY_VERIFY(!session.isAnswering());
                curves->toolbar()->setSmoothing(0.75);
                curves->chart(CurvesPanel::Loss)->setLogY(true);
                curves->noteBar()->begin(u"b"_s, u"b"_s, 100);
                curves->noteBar()->edit()->setText(u"a spike"_s);
                window.findChild<RunListPanel *>()->setOverlaidRuns({u"a"_s, u"c"_s});
                window.compare().chooseRuns({u"a"_s, u"c"_s});
                window.compare().showTab(ComparePanel::Tab::Lineage);
                window.branchFrom(u"b"_s, -1);
                auto *dialog = window.findChild<BranchDialog *>();
                QTRY_VERIFY(dialog->draft().isReady());
                child<QLineEdit>(dialog, "branchName")->setText(u"warmer"_s);
                dialog->form()->editor(u"optimizer.lr"_s)->setGivenText(u"0.25"_s);
                Q_EMIT dialog->form()->edited(u"optimizer.lr"_s, u"0.25"_s);
                window.findChild<RunPanel *>()->beginBreakpoint(u"loss > "_s);
                auto *clip = window.findChild<RunPanel *>()->liveSettings()->editor(u"optimizer.clip"_s);
                clip->setGivenText(u"0.5"_s);
                Q_EMIT clip->edited();
                // Longer than a link may be.
                window.attention().primary()->promptBar()->setOwnText(QString(100'000, u'x'));
                window.showNewRun();
                QTest::keyClicks(name, u"drafted"_s);
                window.journal().saveNow(); // and then it is killed: nothing of the end is kept
                window.journal().stop();
                continue;
            }
            QCOMPARE(window.selectedRun(), u"b"_s);
            QVERIFY(pages->currentWidget() == &window.newRunPanel());
            QCOMPARE(name->text(), u"drafted"_s);
            QVERIFY(std::abs(curves->toolbar()->smoothing() - 0.75) < 0.03); // the slider has steps
            QVERIFY(curves->chart(CurvesPanel::Loss)->isLogY());
            QCOMPARE(window.findChild<RunListPanel *>()->overlaidRuns(), (QStringList{u"a"_s, u"c"_s}));
            QCOMPARE(curves->overlaidRuns(), (QStringList{u"a"_s, u"c"_s}));
            QCOMPARE(curves->noteBar()->edit()->text(), u"a spike"_s);
            QVERIFY(!curves->noteBar()->isHidden());
            QCOMPARE(window.findChild<RunPanel *>()->breakpoints()->line()->text(), u"loss > "_s);
            QCOMPARE(window.findChild<RunPanel *>()->liveSettings()->editor(u"optimizer.clip"_s)->givenText(), std::optional<QString>(u"0.5"_s));
            QCOMPARE(window.attention().primary()->promptBar()->text().size(), qsizetype{100'000});
            QCOMPARE(window.compare().source(), ComparePanel::Source::Chosen);
            QCOMPARE(window.compare().comparedRuns().size(), 2);
            QCOMPARE(window.compare().tab(), ComparePanel::Tab::Lineage);
            auto *dialog = window.findChild<BranchDialog *>();
            QVERIFY(dialog && dialog->isVisible() && dialog->run() == u"b");
            QTRY_COMPARE(dialog->draft().given().value(u"optimizer.lr"_s), u"0.25"_s);
            QCOMPARE(child<QLineEdit>(dialog, "branchName")->text(), u"warmer"_s);
            // Another engine answers: nothing of all that is its business.
            window.selectRun({});
            session.state = ConnectionState::Connecting;
            session.setRuns({});
            window.leaveHost(u"lab"_s);
            QTRY_VERIFY(!window.findChild<BranchDialog *>());
            window.journal().saveNow();
            QCOMPARE(settings.value(u"place/host"_s).toString(), u"lab"_s);
            session.state = ConnectionState::Connected;
        }
        // This computer again: the places are those of runs of another host.
        fillComparison(session);
        MainWindow window(session, settings);
        window.show();
        QTRY_VERIFY(!session.isAnswering());
        QVERIFY(window.curves().noteBar()->isHidden());
        QVERIFY(!window.findChild<BranchDialog *>());
    }
    /// The engine is away at the start: what is kept for its runs is not written over by nothing.
    void placesWaitForTheRuns()
    {
        QTemporaryDir folder;
        QSettings settings(folder.filePath(u"s.ini"_s), QSettings::IniFormat);
        settings.setValue(u"place/curves"_s, u"{\"run\":\"a\",\"smoothing\":0.25}"_s);
        settings.setValue(u"window/run"_s, u"a"_s);
        CompareSession session;
        session.state = ConnectionState::Connecting;
        MainWindow window(session, settings);
        window.show();
        window.journal().saveNow();
        QVERIFY(settings.value(u"place/curves"_s).toString().contains(u"0.25"_s));
        session.state = ConnectionState::Connected;
        fillComparison(session);
        QTRY_VERIFY(std::abs(window.curves().toolbar()->smoothing() - 0.25) < 0.03);
    }

    void theRealWindowIsKilledInTheMiddleOfAWord()
    {
        HostProcess host;
        QVERIFY(host.start());
        QStringList runs;
        for (int i = 0; i < 2; ++i) {
            auto created = host.client().createRun(host.specJson(200).toStdString(), host.path(i == 0 ? "a" : "b").toStdString(), false);
            QVERIFY2(created.ok(), created.ok() ? "" : created.error().text().c_str());
        }
        PluginFolder plugins;
        plugins.addAs("driver", QByteArray(test::manifestOf("driver")).replace("engineLibrary", "uiLibrary"));
        plugins.write(u"driver/libdriver.so"_s, read(QStringLiteral(ORRERY_TEST_LIBRARIES "/libwindow_driver.so")));
        QTemporaryDir folder;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(u"ORRERY_HOME"_s, folder.filePath(u"home"_s));
        environment.insert(u"ORRERY_DRIVE"_s, folder.path());
        environment.insert(u"XDG_RUNTIME_DIR"_s, host.path("rt"));
        if (!environment.contains(u"QT_QPA_PLATFORM"_s)) environment.insert(u"QT_QPA_PLATFORM"_s, u"offscreen"_s);
        const auto start = [&](QProcess &program, const QByteArray &task) {
            write(folder.filePath(u"task"_s), task);
            program.setProcessEnvironment(environment);
            program.setProcessChannelMode(QProcess::ForwardedErrorChannel);
            program.start(QStringLiteral(ORRERY_BIN_DIR "/orrery"),
                          {u"--socket"_s, QString::fromStdString(host.socket()), u"--plugin-dir"_s, plugins.path()});
            QVERIFY(program.waitForStarted(kPatienceMs));
        };
        QRandomGenerator random(93);
        qint64 mostLost = 0;
        for (int turn = 0; turn < 3; ++turn) {
            QFile::remove(folder.filePath(u"typed"_s));
            QFile::remove(folder.filePath(u"seen.json"_s));
            {
                QProcess program;
                start(program, "work");
                QTRY_VERIFY_WITH_TIMEOUT(read(folder.filePath(u"typed"_s)).count('\n') > 20, kPatienceMs);
                QTest::qWait(random.bounded(300, 2'000));
                program.kill();
                program.waitForFinished();
            }
            const qint64 killedAt = QDateTime::currentMSecsSinceEpoch();
            QProcess program;
            start(program, "look");
            QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(folder.filePath(u"seen.json"_s)), kPatienceMs);
            program.kill();
            program.waitForFinished();
            const QJsonObject seen = QJsonDocument::fromJson(read(folder.filePath(u"seen.json"_s))).object();
            const QByteArray text = QJsonDocument(seen).toJson();
            // The letters that came back, and when the first one was typed that did not.
            const qint64 numBack = seen.value("notes"_L1).toString().size();
            qint64 lost = 0;
            for (const QByteArray &line : read(folder.filePath(u"typed"_s)).trimmed().split('\n')) {
                const QList<QByteArray> words = line.split(' ');
                if (words.size() == 2 && words[1].toLongLong() > numBack) {
                    lost = killedAt - words[0].toLongLong();
                    break;
                }
            }
            mostLost = std::max(mostLost, lost);
            QVERIFY2(numBack > 0, text.constData());
            QVERIFY2(lost <= 1'000, qPrintable(u"%1 ms were lost"_s.arg(lost)));
            QVERIFY2(seen.value("draft"_L1).toString().startsWith(u"a draft"_s), text.constData());
            const QJsonObject curves = seen.value("curves"_L1).toObject();
            QVERIFY2(std::abs(curves.value("smoothing"_L1).toDouble() - 0.5) < 0.03, text.constData());
            QVERIFY2(curves.value("log"_L1).toBool() == (turn % 2 == 0), text.constData()); // each turn clicks it once
            QCOMPARE(seen.value("attention"_L1).toObject().value("by"_L1).toString(), u"line"_s);
            QVERIFY2(seen.value("compare"_L1).toObject().value("filter"_L1).toString().startsWith(u"alp"_s), text.constData());
            QVERIFY2(seen.value("log_in_inspect"_L1).toBool() == (turn % 2 == 0), text.constData());
            // The next turn begins without the notes, as their dialog is cancelled by hand.
            QSettings settings(folder.filePath(u"home/state/workbench.ini"_s), QSettings::IniFormat);
            settings.remove(u"drafts"_s);
            settings.sync();
        }
        qInfo("at most %lld ms before the kill were lost", static_cast<long long>(mostLost));
    }
};

ORRERY_GUI_TEST_MAIN(TestWindowJournal)
#include "tst_window_journal.moc"
