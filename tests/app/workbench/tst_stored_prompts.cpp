// SPDX-License-Identifier: GPL-3.0-or-later
// The archive of the window: on a thread of its own, over restarts, kills and broken files.
#include "app/workbench/stored_prompts.h"
#include "core/store/prompt_archive.h"
#include "core/store/sqlite_db.h"
#include "tests/widgets/play/play_setup.h"
#include "widgets/common/banner.h"
#include "widgets/play/session_keeper.h"
#include "widgets/play/session_list_model.h"
#include "widgets/play/sessions_pane.h"
#include "widgets/play/token_view.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QSignalSpy>
#include <QTemporaryDir>

#include <cstdio>

using namespace orrery;
using namespace orrery::ui;
using namespace Qt::StringLiterals;

namespace {

/// A window's playground with an archive in a folder.
struct Window : Setup {
    explicit Window(const QString &folder)
        : archive(std::make_unique<StoredPrompts>(std::filesystem::path(folder.toStdString()) / "state" / "prompts.db"))
    {
        panel->promptEditor()->clear();
        panel->setArchive(*archive);
        keeper = panel->keeper();
    }
    ~Window() { panel.reset(); }
    void open(qint64 session)
    {
        keeper->open(session);
        QVERIFY(QTest::qWaitFor([this, session] { return keeper->session() == session; }, 10'000));
    }
    void settle() { QVERIFY(QTest::qWaitFor([this] { return keeper->isKept(); }, 10'000)); }
    std::unique_ptr<StoredPrompts> archive;
    SessionKeeper *keeper;
};

QString pathIn(const QTemporaryDir &folder) { return folder.filePath(u"state/prompts.db"_s); }

/// In a process that is killed: types, has an answer streamed, and says what it has.
int typeUntilKilled(const QString &folder)
{
    Window window(folder);
    window.panel->show();
    window.panel->promptEditor()->setPlainText(u"Start."_s);
    window.panel->generate();
    QElapsedTimer clock;
    clock.start();
    for (int number = 0;; ++number) {
        window.panel->promptEditor()->insertPlainText(u"x"_s);
        Q_EMIT window.generation().tokens(tokensOf("ab"));
        std::printf("%lld %lld %d\n", static_cast<long long>(clock.elapsed()),
                    static_cast<long long>(window.panel->promptEditor()->toPlainText().size()), 2 * (number + 1));
        std::fflush(stdout);
        QTest::qWait(10);
    }
}

} // namespace

class TestStoredPrompts : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void sessionsSurviveARestart();
    void aKillLosesASecondAtMost();
    void theWindowNeverWaits();
    void brokenFilesArePutAsideAndTold();
    void newerFilesAreLeftAlone();
    void whatCannotBeReadIsTold();
    void twoWindowsOnOneSession();
    void theListIsLive();
    void filesAreForTheirOwnerOnly();
};

void TestStoredPrompts::sessionsSurviveARestart()
{
    const QTemporaryDir folder;
    {
        Window window(folder.path());
        window.panel->promptEditor()->setPlainText(u"Hello"_s);
        window.panel->generate();
        Q_EMIT window.generation().tokens(tokensOf("abc"));
        Q_EMIT window.generation().finished(summaryOf(FinishReason::MaxTokens));
        window.keeper->saveNow(); // as the end of the window does
    }
    Window window(folder.path());
    window.keeper->restore(1);
    QTRY_COMPARE(window.keeper->session(), qint64{1});
    QCOMPARE(window.panel->numVersions(), 1);
    QCOMPARE(window.panel->transcript()->copyText(), u"Helloabc"_s);
    QVERIFY(window.panel->statusText().contains(u"kept from before"_s));
    // A session that is gone is told, and what stands there stays.
    window.keeper->open(99);
    QTRY_VERIFY(window.panel->banner()->message().startsWith(u"Cannot open prompt session 99"_s));
    QCOMPARE(window.keeper->session(), qint64{1});
}

void TestStoredPrompts::aKillLosesASecondAtMost()
{
    for (const int lifeMs : {1'500, 2'300}) {
        const QTemporaryDir folder;
        QProcess process;
        process.start(QCoreApplication::applicationFilePath(), {u"--type"_s, folder.path()});
        QVERIFY(process.waitForStarted());
        QVERIFY(process.waitForReadyRead(20'000));
        QByteArray said = process.readAllStandardOutput();
        QElapsedTimer life;
        life.start();
        while (life.elapsed() < lifeMs) {
            process.waitForReadyRead(50);
            said += process.readAllStandardOutput();
        }
        process.kill();
        QVERIFY(process.waitForFinished());
        said += process.readAllStandardOutput();
        const QList<QByteArray> lines = said.left(said.lastIndexOf('\n')).split('\n');
        const QList<QByteArray> last = lines.back().split(' ');
        const qint64 diedAt = last[0].toLongLong();
        qint64 lengthThen = 0, tokensThen = 0; // a second before
        for (const QByteArray &line : lines) {
            const QList<QByteArray> numbers = line.split(' ');
            if (numbers[0].toLongLong() > diedAt - 1'000) break;
            lengthThen = numbers[1].toLongLong();
            tokensThen = numbers[2].toLongLong();
        }
        QVERIFY2(lengthThen > 10, said.right(200).constData());
        Window window(folder.path());
        window.open(1);
        const qint64 kept = window.panel->promptEditor()->toPlainText().size();
        const auto tokens = static_cast<qint64>(window.panel->transcript()->numTokens());
        qInfo("alive %lld ms: %lld of %lld characters kept, %lld of %lld tokens", static_cast<long long>(diedAt),
              static_cast<long long>(kept), last[1].toLongLong(), static_cast<long long>(tokens), last[2].toLongLong());
        QVERIFY(kept >= lengthThen);
        QVERIFY(tokens >= tokensThen);
    }
}

void TestStoredPrompts::theWindowNeverWaits()
{
    const QTemporaryDir folder;
    Window window(folder.path());
    QString large;
    while (large.size() < 1 << 20) large += u"A line of a large prompt.\n"_s;
    window.panel->promptEditor()->setPlainText(large);
    window.panel->generate();
    Q_EMIT window.generation().tokens(tokensOf(std::string(20'000, 'y')));
    Q_EMIT window.generation().finished(summaryOf(FinishReason::MaxTokens));
    // Each slot of the keeper gives values away and returns.
    for (int i = 0; i < 5; ++i) {
        window.panel->promptEditor()->insertPlainText(u"z"_s);
        ORRERY_VERIFY_QUICK(window.keeper->whenKept([] {}));
        window.settle();
    }
}

void TestStoredPrompts::brokenFilesArePutAsideAndTold()
{
    const QTemporaryDir folder;
    QVERIFY(QDir(folder.path()).mkdir(u"state"_s));
    QFile file(pathIn(folder));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray(10'000, 'x'));
    file.close();
    Window window(folder.path());
    QSignalSpy told(window.archive.get(), &PromptArchive::told);
    window.panel->promptEditor()->setPlainText(u"Hello"_s);
    window.settle();
    QCOMPARE(told.count(), 1);
    const QString message = window.panel->noteBanner()->message();
    QVERIFY2(message.startsWith(u"The prompt sessions could not be read and were put aside as prompts.db.broken-"_s),
             qPrintable(message));
    QCOMPARE(window.keeper->session(), qint64{1}); // and it goes on
    const QStringList aside = QDir(folder.filePath(u"state"_s)).entryList({u"prompts.db.broken-*"_s});
    QCOMPARE(aside.size(), 1);
    QCOMPARE(QFileInfo(folder.filePath(u"state/"_s + aside[0])).size(), 10'000);
}

void TestStoredPrompts::newerFilesAreLeftAlone()
{
    const QTemporaryDir folder;
    {
        Window window(folder.path());
        window.panel->promptEditor()->setPlainText(u"Hello"_s);
        window.settle();
    }
    QFile file(pathIn(folder));
    QVERIFY(file.open(QIODevice::ReadWrite) && file.seek(60)); // user_version, big endian
    file.write(QByteArray("\0\0\0\7", 4));
    file.close();
    Window window(folder.path());
    window.panel->promptEditor()->setPlainText(u"more"_s);
    QTRY_VERIFY(window.panel->banner()->message().contains(u"its version is 7, expected 1 or older."_s));
    QCOMPARE(window.keeper->session(), 0);
    QCOMPARE(window.panel->promptEditor()->toPlainText(), u"more"_s);
    QVERIFY(QDir(folder.filePath(u"state"_s)).entryList({u"*broken*"_s}).isEmpty());
}

void TestStoredPrompts::whatCannotBeReadIsTold()
{
    const QTemporaryDir folder;
    const std::filesystem::path path = pathIn(folder).toStdString();
    {
        Window window(folder.path());
        window.panel->promptEditor()->setPlainText(u"Hello"_s);
        window.panel->generate();
        Q_EMIT window.generation().tokens(tokensOf("abc"));
        Q_EMIT window.generation().finished(summaryOf(FinishReason::MaxTokens));
        window.keeper->saveNow();
    }
    {
        auto archive = store::PromptArchive::open(path);
        store::PromptSessionChange change;
        change.document = "[]";
        QVERIFY(archive.ok() && (*archive)->save(change).ok());
        auto database = store::Database::open(path, store::OpenMode::Write);
        QVERIFY((*database)->exec("UPDATE answer_tokens SET data=x'01'").ok());
    }
    Window window(folder.path());
    QSignalSpy told(window.archive.get(), &PromptArchive::told);
    window.open(1);
    QTRY_COMPARE(told.count(), 1);
    QCOMPARE(told[0][0].toString(), u"An answer of the session “Hello” could not be read and is left out."_s);
    QVERIFY(told[0][1].toString().contains(pathIn(folder)));
    QCOMPARE(window.panel->noteBanner()->message(), told[0][0].toString());
    QCOMPARE(window.panel->numVersions(), 1);
    window.panel->promptEditor()->insertPlainText(u"x"_s);
    window.settle();
    window.keeper->open(2);
    QTRY_COMPARE(window.panel->banner()->message(),
                 u"Cannot open prompt session 2: what is kept of it is no JSON object, expected the document that this "
                 u"program wrote."_s);
    QCOMPARE(window.keeper->session(), qint64{1}); // and stays
    window.archive->flush();
    auto database = store::Database::open(path, store::OpenMode::Read);
    QCOMPARE(*(*database)->queryInteger("SELECT count(*) FROM answer_tokens"), int64_t{1}); // for a repair
}

void TestStoredPrompts::twoWindowsOnOneSession()
{
    const QTemporaryDir folder;
    Window one(folder.path());
    one.panel->promptEditor()->setPlainText(u"shared"_s);
    one.settle();
    Window other(folder.path());
    other.open(1);
    one.panel->promptEditor()->setPlainText(u"by one"_s);
    one.settle();
    other.panel->promptEditor()->setPlainText(u"by the other"_s);
    other.settle();
    QCOMPARE(other.keeper->session(), qint64{2});
    QVERIFY(other.panel->noteBanner()->message().startsWith(u"Another window changed or deleted"_s));
    Window third(folder.path());
    third.open(1);
    QCOMPARE(third.panel->promptEditor()->toPlainText(), u"by one"_s);
    third.open(2);
    QCOMPARE(third.panel->promptEditor()->toPlainText(), u"by the other"_s);
}

void TestStoredPrompts::theListIsLive()
{
    const QTemporaryDir folder;
    Window window(folder.path());
    SessionsPane pane(*window.archive, *window.keeper);
    pane.show();
    QSignalSpy listed(&pane, &SessionsPane::listed);
    QTRY_VERIFY(listed.count() > 0);
    QCOMPARE(pane.model()->numSessions(), 0);
    window.panel->promptEditor()->setPlainText(u"The fox jumps"_s);
    window.panel->generate();
    Q_EMIT window.generation().tokens(tokensOf("over the dog"));
    QTRY_COMPARE(pane.model()->numSessions(), 1); // while it is said
    Q_EMIT window.generation().finished(summaryOf(FinishReason::MaxTokens));
    window.settle();
    pane.searchBox()->setText(u"dog fox"_s); // in the answer and in the prompt
    QTRY_COMPARE(pane.model()->numSessions(), 1);
    pane.searchBox()->setText(u"cat"_s);
    QTRY_COMPARE(pane.model()->numSessions(), 0);
    pane.hide();
}

void TestStoredPrompts::filesAreForTheirOwnerOnly()
{
    const QTemporaryDir folder;
    Window window(folder.path());
    window.panel->promptEditor()->setPlainText(u"private"_s);
    window.settle();
    const auto others = QFile::ReadGroup | QFile::WriteGroup | QFile::ReadOther | QFile::WriteOther;
    for (const QString &name : {u"prompts.db"_s, u"prompts.db-wal"_s})
        QVERIFY2(!(QFile::permissions(folder.filePath(u"state/"_s + name)) & others), qPrintable(name));
}

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    Theme::instance().apply(application, ThemeKind::Light);
    if (argc == 3 && QByteArray(argv[1]) == "--type") return typeUntilKilled(QString::fromLocal8Bit(argv[2]));
    TestStoredPrompts test;
    QTEST_SET_MAIN_SOURCE_PATH
    return QTest::qExec(&test, argc, argv);
}
#include "tst_stored_prompts.moc"
