// SPDX-License-Identifier: GPL-3.0-or-later
// The window and where its engine is: what is opened on another computer, what is said while the engine does not answer.
#include "app/workbench/loss_text.h"
#include "app/workbench/main_window.h"
#include "app/workbench/status_line.h"
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/common/banner.h"
#include "widgets/common/key_value_grid.h"
#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/play/playground_panel.h"
#include "widgets/runs/event_model.h"
#include "widgets/runs/event_table.h"
#include "widgets/runs/log_panel.h"
#include "widgets/runs/run_panel.h"

#include <QAction>
#include <QInputDialog>
#include <QLabel>
#include <QPushButton>
#include <QSettings>
#include <QStackedWidget>
#include <QTemporaryDir>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

/// An engine somewhere, with models in some of its folders.
class FarSession : public FakeSession {
public:
    ConnectionLoss lossNow;
    QStringList models, cutBy;
    [[nodiscard]] ConnectionLoss loss() const override { return lossNow; }
    std::unique_ptr<PendingRequest> tokenize(const QString &model, const QByteArray &, QObject *context,
                                             Reply<std::vector<TokenPiece>> reply) override
    {
        cutBy << model;
        QTimer::singleShot(0, context, [this, model, reply] {
            if (models.contains(model))
                reply(std::vector<TokenPiece>{});
            else
                reply(Error{ErrorCode::NotFound, "Cannot load model \"" + model.toStdString() + "\": it has no config.json.", "Check the path."});
        });
        return std::make_unique<PendingRequest>();
    }
};

Error noRun() { return {ErrorCode::NotFound, "Cannot open run \"/far/model\": it has no spec.json, expected the folder of a run.", "Check the path."}; }

} // namespace

class TestWindowHosts : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void opensAModelOfAnotherComputer();
    void saysWhatIsNeitherRunNorModel();
    void archivedRunsAreNotLookedAtFirst();
    void lossIsSaidWithItsTime();
    void liveNumbersAreQuietWhileTheEngineIsLost();
    void theLogTellsOfALossOnce();
    void aSilentEngineIsWaitedFor();

private:
    void open();
    [[nodiscard]] Banner *banner() const { return child<Banner>(m_window.get(), "connectionBanner"); }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<FarSession> m_session;
    std::unique_ptr<MainWindow> m_window;
};

void TestWindowHosts::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_settings = std::make_unique<QSettings>(m_folder->filePath(u"settings.ini"_s), QSettings::IniFormat);
    m_session = std::make_unique<FarSession>();
}

void TestWindowHosts::cleanup()
{
    m_window.reset();
    m_session.reset();
}

void TestWindowHosts::open()
{
    m_window = std::make_unique<MainWindow>(*m_session, *m_settings);
    m_window->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
    QTRY_VERIFY(!m_session->isAnswering());
}

void TestWindowHosts::opensAModelOfAnotherComputer()
{
    m_session->runList = {fakeRun("alpha")};
    m_session->info.isOfThisComputer = false; // and has the same home as somebody here
    m_session->models << u"/far/model"_s;
    open();
    m_session->failNext[u"addRun"_s] = noRun();
    child<QPushButton>(m_window.get(), "openRunButton")->click(); // as by File > Open
    auto *dialog = child<QInputDialog>(m_window.get(), "openDirectoryDialog");
    dialog->setTextValue(u"/far/model"_s);
    dialog->accept();
    QTRY_COMPARE(m_window->playground().model(), u"/far/model"_s);
    QCOMPARE(child<QStackedWidget>(m_window.get(), "pages")->currentWidget(), &m_window->playground());
    QCOMPARE(m_session->addedPaths, QStringList{u"/far/model"_s});
    QVERIFY(!banner()->isVisible());
    // A run there is taken as a run, and nobody is asked about models.
    m_session->cutBy.clear();
    m_window->openPath(u"/far/run"_s);
    QTRY_COMPARE(m_session->addedPaths.size(), 2);
    QTRY_VERIFY(!m_session->isAnswering());
    QVERIFY(m_session->cutBy.isEmpty());
}

void TestWindowHosts::saysWhatIsNeitherRunNorModel()
{
    m_session->info.isOfThisComputer = false;
    open();
    m_session->failNext[u"addRun"_s] = noRun();
    m_window->openPath(u"/far/nothing"_s);
    QTRY_VERIFY(banner()->isVisible());
    const QString said = banner()->message();
    QVERIFY2(said.contains(u"\"/far/nothing\""_s) && said.contains(u"no run there, and no model"_s) && said.contains(u"no config.json"_s), qPrintable(said));
    // Where the engine is of this computer its own word stands.
    m_session->info.isOfThisComputer = true;
    m_session->cutBy.clear();
    m_session->failNext[u"addRun"_s] = noRun();
    m_window->openPath(u"/far/nothing"_s);
    QTRY_VERIFY(banner()->message().startsWith(u"Cannot open run"_s));
    QVERIFY(m_session->cutBy.isEmpty());
}

void TestWindowHosts::archivedRunsAreNotLookedAtFirst()
{
    RunStatus old = fakeRun("old", RunState::Finished), newer = fakeRun("newer", RunState::Finished);
    old.labels.isArchived = true;
    m_session->runList = {old, newer};
    open();
    QTRY_COMPARE(m_window->windowTitle(), u"newer — Orrery"_s);
    m_window.reset();
    m_settings->clear();
    m_session->runList = {old};
    open(); // better than nothing
    QTRY_COMPARE(m_window->windowTitle(), u"old — Orrery"_s);
}

void TestWindowHosts::lossIsSaidWithItsTime()
{
    const ConnectionLoss loss{1'000'000, 1'000'190};
    QCOMPARE(longSinceText(loss, 1'000'182), u"since %1 (3 min)"_s.arg(clockTimeText(1'000'000)));
    QCOMPARE(longSinceText(loss, 1'000'012.7), u"since %1 (12 s)"_s.arg(clockTimeText(1'000'000)));
    QCOMPARE(nextTryText(loss, 1'000'182.4), u"next try in 8 s"_s);
    QCOMPARE(nextTryText(loss, 1'000'190.5), u"trying now"_s);
    QVERIFY(longSinceText({}, 5).isEmpty() && nextTryText({}, 5).isEmpty() && sinceText({}).isEmpty());
    m_session->runList = {fakeRun("alpha")};
    open();
    auto *status = child<QLabel>(m_window.get(), "engineStatus");
    QVERIFY(status->text().startsWith(u"This computer"_s));
    m_session->lossNow = {wallNow() - 185, wallNow() + 30};
    const QString since = clockTimeText(m_session->lossNow.since);
    m_session->setConnection(ConnectionState::Lost, u"The socket is closed."_s);
    QVERIFY2(status->text().startsWith(u"Engine lost since %1 (3 min), next try in "_s.arg(since)), qPrintable(status->text()));
    QVERIFY2(status->text().endsWith(u"; trainings go on without the window"_s), qPrintable(status->text()));
    QVERIFY2(banner()->message().contains(u"since "_s + since), qPrintable(banner()->message()));
    m_session->lossNow.nextTry = 0; // the line goes on by itself
    QTRY_VERIFY(status->text().contains(u"trying now"_s));
    m_window->findChild<StatusLine *>()->setPlace(u"lab"_s);
    QVERIFY2(status->text().startsWith(u"lab lost since "_s), qPrintable(status->text()));
    m_session->lossNow = {};
    m_session->setConnection(ConnectionState::Connected);
    QVERIFY(status->text().startsWith(u"lab · "_s));
}

void TestWindowHosts::liveNumbersAreQuietWhileTheEngineIsLost()
{
    RunStatus live = fakeRun("alpha");
    live.lastReportAt = wallNow();
    m_session->runList = {live};
    open();
    auto *numbers = child<KeyValueGrid>(m_window.get(), "runNumbers");
    const auto toneOf = [numbers](const QString &text) {
        for (const ToneLabel *label : numbers->findChildren<ToneLabel *>())
            if (label->text() == text) return label->tone();
        return Tone::Error;
    };
    const QString loss = numbers->value(u"Loss"_s), parameters = numbers->value(u"Parameters"_s);
    auto *report = child<ToneLabel>(m_window.get(), "lastReport");
    QTRY_VERIFY(report->text().contains(u"last report"_s));
    QCOMPARE(toneOf(loss), Tone::Text);
    QCOMPARE(report->tone(), Tone::Text);
    m_session->setConnection(ConnectionState::Lost);
    QCOMPARE(toneOf(loss), Tone::Secondary);
    QCOMPARE(toneOf(parameters), Tone::Text); // it does not move anyway
    QCOMPARE(report->tone(), Tone::Secondary);
    m_session->setConnection(ConnectionState::Connected);
    QCOMPARE(toneOf(loss), Tone::Text);
    QCOMPARE(report->tone(), Tone::Text);
}

void TestWindowHosts::theLogTellsOfALossOnce()
{
    open();
    const auto *table = m_window->findChild<LogPanel *>()->table();
    const int before = table->model()->rowCount();
    for (int attempt = 0; attempt < 3; ++attempt) m_session->setConnection(ConnectionState::Lost, u"Nobody listens there."_s);
    QCOMPARE(table->model()->rowCount(), before + 1);
    m_session->setConnection(ConnectionState::Connected);
    QCOMPARE(table->model()->rowCount(), before + 2);
}

/// It is there: nothing is tried again, and nothing says that it was lost.
void TestWindowHosts::aSilentEngineIsWaitedFor()
{
    m_session->runList = {fakeRun("alpha")};
    open();
    const auto *table = m_window->findChild<LogPanel *>()->table();
    m_session->lossNow = {wallNow() - 35, 0, true};
    const QString since = clockTimeText(m_session->lossNow.since);
    m_session->setConnection(ConnectionState::Lost, u"Nothing has come from it for 10 s."_s);
    const auto *status = child<QLabel>(m_window.get(), "engineStatus");
    QCOMPARE(status->text(), u"This computer does not answer since %1 (35 s); trainings go on without the window"_s.arg(since));
    QCOMPARE(banner()->message(), u"The engine of this computer is there and does not answer since %1. Trainings go on, and the window waits for it."_s.arg(since));
    QCOMPARE(banner()->kind(), BannerKind::Warning);
    QVERIFY(child<QPushButton>(banner(), "bannerRetry")->isHidden());
    QVERIFY(table->copyText().contains(u"The engine does not answer. Nothing has come"_s));
    QVERIFY(child<QAction>(m_window.get(), "pauseAction")->toolTip().contains(u"The engine does not answer now."_s));
    m_session->lossNow = {};
    m_session->setConnection(ConnectionState::Connected);
    QVERIFY(!banner()->isVisible() && status->text().startsWith(u"This computer · "_s));
    QVERIFY(table->copyText().contains(u"The engine answers again."_s));
    QCOMPARE(silenceText({}, u"lab"_s), u"The host “lab” is there and does not answer. Trainings go on there, and the window waits for it."_s);
    QCOMPARE(nextTryText({1'000'000, 1'000'190, true}, 1'000'182), u"next try in 8 s"_s); // none has answered yet
}

ORRERY_GUI_TEST_MAIN(TestWindowHosts)
#include "tst_window_hosts.moc"
