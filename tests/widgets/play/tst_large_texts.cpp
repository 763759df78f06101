// SPDX-License-Identifier: GPL-3.0-or-later
// Texts that are larger than what a window writes in a moment: transcripts are saved by a worker thread, and
// drafts, links and commands end where nobody could use them.
#include "held_workers.h"
#include "play_setup.h"

#include "widgets/common/banner.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/view_link.h"
#include "widgets/play/conversation_pane.h"
#include "widgets/play/token_view.h"
#include "widgets/play/transcript_saver.h"

#include <QAction>
#include <QFile>
#include <QFileDialog>
#include <QSignalSpy>
#include <QTemporaryDir>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

constexpr int kPatience = 60'000; // a loaded machine writes files late

struct Answered : Setup {
    Answered()
    {
        panel->generate();
        Q_EMIT generation().tokens(tokensOf("abc"));
    }
    void saveAs(const QString &name)
    {
        child<QAction>(panel.get(), "panelSaveData")->trigger();
        auto *dialog = child<QFileDialog>(panel.get(), "panelSaveDialog");
        Q_EMIT dialog->fileSelected(folder.filePath(name));
        delete dialog;
    }
    [[nodiscard]] TranscriptSaver *saver() const { return panel->findChild<TranscriptSaver *>(); }
    /// What the frame says at once is true then.
    bool waitForSaving() const
    {
        return QTest::qWaitFor([this] { return !saver()->isSaving(); }, kPatience);
    }
    [[nodiscard]] QWidget *progress() const { return child<QWidget>(panel.get(), "panelProgress"); }
    [[nodiscard]] QString message() const { return panel->banner()->message(); }
    [[nodiscard]] QByteArray content(const QString &name) const
    {
        QFile file(folder.filePath(name));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("not there");
    }
    QTemporaryDir folder;
};

Transcript transcriptOf(const std::string &answer)
{
    auto version = std::make_shared<GenerationVersion>();
    version->tokens = tokensOf(answer);
    Transcript transcript;
    transcript.turns.push_back({TurnRole::Unknown, {}, {}, {version}, 0});
    return transcript;
}

/// In lines: a single one of this length takes an editor seconds.
QString textOf(qsizetype length)
{
    return (QString(63, u'x') + u'\n').repeated(length / 64 + 1).left(length);
}

} // namespace

class TestLargeTexts : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void transcriptsAreSavedByAWorker();
    void oneFileAtATime();
    void failuresToSaveAreShown();
    void aPanelThatClosesHasSaved();
    void snapshotsStayAsTheyWere();
    void largeTextsAreKept();
    void whatOldDraftsDroppedIsTold();
    void linksOfLargeTextsHaveNone();
    void commandsEndWhereNoShellTakesThem();
};

void TestLargeTexts::transcriptsAreSavedByAWorker()
{
    Answered play;
    HeldWorkers held(play.saver()->workers());
    play.saveAs(u"a.csv"_s);
    QVERIFY(play.panel->banner()->isHidden()); // nothing is saved yet, and nothing says so
    QCoreApplication::processEvents();
    QVERIFY(play.panel->banner()->isHidden());
    QCOMPARE(child<ElidedLabel>(play.panel.get(), "panelProgressText")->fullText(), u"Saving a.csv …"_s);
    QCOMPARE(play.content(u"a.csv"_s), QByteArray("not there"));
    Q_EMIT play.generation().tokens(tokensOf("d")); // the window goes on
    QCOMPARE(play.panel->transcript()->copyText(), u"Helloabcd"_s);
    QTRY_VERIFY_WITH_TIMEOUT(play.progress()->isVisible(), kPatience);
    held.let();
    QVERIFY(play.waitForSaving());
    QVERIFY(play.message().startsWith(u"Saved to "_s) && !play.panel->banner()->isHidden());
    QVERIFY(!play.progress()->isVisible());
    QCOMPARE(play.content(u"a.csv"_s), transcriptCsv(transcriptOf("abc")).toUtf8()); // as it was then
}

void TestLargeTexts::oneFileAtATime()
{
    Answered play;
    HeldWorkers held(play.saver()->workers());
    play.saveAs(u"a.csv"_s);
    play.saveAs(u"b.csv"_s);
    QCOMPARE(play.message(),
             u"Cannot save \"b.csv\": \"a.csv\" is still being saved, expected one file at a time."_s);
    held.let();
    QVERIFY(play.waitForSaving());
    QVERIFY(play.message().endsWith(u"a.csv."_s));
    QCOMPARE(play.content(u"b.csv"_s), QByteArray("not there"));
    play.saveAs(u"b.csv"_s);
    QVERIFY(play.waitForSaving());
    QVERIFY(play.content(u"b.csv"_s).startsWith("turn,token"));
}

void TestLargeTexts::failuresToSaveAreShown()
{
    Answered play;
    play.saveAs(u"missing/a.json"_s);
    QVERIFY(play.waitForSaving());
    QVERIFY2(play.message().startsWith(u"Cannot save the session as \""_s), qPrintable(play.message()));
    QVERIFY(!play.progress()->isVisible());
    play.saveAs(u"a.json"_s); // and it can be tried again
    QVERIFY(play.waitForSaving());
    QVERIFY(play.message().startsWith(u"Saved to "_s));
}

void TestLargeTexts::aPanelThatClosesHasSaved()
{
    Answered play;
    play.saveAs(u"a.csv"_s);
    play.panel.reset();
    QVERIFY(play.content(u"a.csv"_s).startsWith("turn,token"));
}

void TestLargeTexts::snapshotsStayAsTheyWere()
{
    const Transcript transcript = transcriptOf("ab");
    const Transcript snapshot = snapshotOf(transcript);
    transcript.turns[0].version()->tokens.clear();
    QCOMPARE(snapshot.turns[0].version()->text(), std::string("ab"));
}

void TestLargeTexts::largeTextsAreKept()
{
    Setup setup;
    const QString large = textOf(3 << 20);
    setup.panel->promptEditor()->setPlainText(large);
    setup.panel->messageEditor()->setPlainText(large);
    PlaygroundPanel other(setup.session);
    other.restoreJson(setup.panel->sessionJson());
    QCOMPARE(other.promptEditor()->toPlainText(), large);
    QCOMPARE(other.messageEditor()->toPlainText(), large);
}

void TestLargeTexts::whatOldDraftsDroppedIsTold()
{
    Setup setup;
    QVERIFY(setup.panel->restoreJson(uR"({"version":1,"mode":"continue","dropped_characters":262145})"_s));
    QCOMPARE(setup.panel->noteBanner()->message(),
             u"A text of 262,145 characters was too long to keep across the restart."_s);
    setup.panel->promptEditor()->setPlainText(u"another"_s); // and it is known
    QVERIFY(setup.panel->noteBanner()->isHidden());
}

void TestLargeTexts::linksOfLargeTextsHaveNone()
{
    Setup setup;
    setup.panel->promptEditor()->setPlainText(textOf(kMaxLinkLength + 1));
    QVERIFY(!setup.panel->view().state().contains(u"prompt"_s));
    setup.panel->promptEditor()->setPlainText(u"short"_s);
    QCOMPARE(setup.panel->view().state().value(u"prompt"_s).toString(), u"short"_s);
}

void TestLargeTexts::commandsEndWhereNoShellTakesThem()
{
    Setup setup;
    const int longest = (128 << 10) - 1; // bytes of an argument
    setup.panel->promptEditor()->setPlainText(textOf(longest));
    QVERIFY(setup.panel->commandText().size() > longest);
    setup.panel->promptEditor()->setPlainText(textOf(longest + 1));
    QVERIFY(setup.panel->commandText().isEmpty());
    setup.panel->promptEditor()->setPlainText(
        textOf(longest / 2 + 2'000).replace(u'x', u'ä')); // nearly two bytes each
    QVERIFY(setup.panel->commandText().isEmpty());
    setup.panel->promptEditor()->setPlainText(u"short"_s);
    setup.panel->afterEditor()->setPlainText(textOf(longest + 1));
    QVERIFY(!setup.panel->commandText().isEmpty()); // it is no part of it
    setup.panel->setInfill(true);
    QVERIFY(setup.panel->commandText().isEmpty());
}

ORRERY_GUI_TEST_MAIN(TestLargeTexts)
#include "tst_large_texts.moc"
