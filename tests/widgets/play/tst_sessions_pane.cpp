// SPDX-License-Identifier: GPL-3.0-or-later
// The list of prompt sessions: empty, with samples, and while something is written; by mouse and by keys.
#include "fake_archive.h"
#include "talk_setup.h"

#include "widgets/common/banner.h"
#include "widgets/common/progress_row.h"
#include "widgets/common/tone_label.h"
#include "widgets/play/session_keeper.h"
#include "widgets/play/session_list_model.h"
#include "widgets/play/sessions_pane.h"

#include <QAbstractItemModelTester>
#include <QAction>
#include <QListView>
#include <QPushButton>
#include <QSignalSpy>
#include <QStackedWidget>
#include <QTemporaryDir>
#include <QToolButton>

using namespace orrery;
using namespace orrery::ui;
using namespace Qt::StringLiterals;

namespace {

constexpr qint64 kDayUs = 86'400'000'000;
const qint64 kNowUs = static_cast<qint64>(kTestNow * 1e6) + 400 * kDayUs;

struct Listing : Talk {
    explicit Listing(bool hasSamples = true)
    {
        setWallNowForTests(static_cast<double>(kNowUs) * 1e-6);
        panel->setMode(PlayMode::Continue);
        panel->promptEditor()->clear();
        if (hasSamples) {
            archive.add(u"Old story"_s, u"once upon a time"_s, kNowUs - 400 * kDayUs);
            archive.add(u"Loops"_s, u"for (int i"_s, kNowUs - 3 * kDayUs);
            archive.add(u"Fox"_s, u"the quick fox"_s, kNowUs - 1'000);
            archive.add(u"Kept"_s, u"pinned one"_s, kNowUs - 20 * kDayUs, true);
            archive.clockUs = kNowUs;
        }
        panel->setArchive(archive);
        pane = std::make_unique<SessionsPane>(archive, *panel->keeper());
        pane->resize(260, 600);
        pane->show();
        settle();
    }
    ~Listing() { setWallNowForTests(kTestNow); }
    void settle()
    {
        QCoreApplication::processEvents();
        QTest::qWait(1);
        archive.flush();
        QCoreApplication::processEvents();
    }
    [[nodiscard]] QStringList rows() const
    {
        QStringList list;
        for (int row = 0; row < pane->model()->rowCount(); ++row) {
            const QModelIndex index = pane->model()->index(row);
            const bool isHeading = index.data(SessionListModel::IsHeadingRole).toBool();
            list << (isHeading ? u"# "_s : QString()) + index.data().toString();
        }
        return list;
    }
    void choose(const QString &title)
    {
        for (int row = 0; row < pane->model()->rowCount(); ++row)
            if (pane->model()->index(row).data().toString() == title) pane->list()->setCurrentIndex(pane->model()->index(row));
    }
    /// What the line of long work says; empty: there is none.
    [[nodiscard]] QString searching() const
    {
        const auto *row = pane->findChild<ProgressRow *>();
        return row && row->isActive() ? row->findChild<ElidedLabel *>()->fullText() : QString();
    }
    QAction *action(const char *name) { return pane->findChild<QAction *>(QLatin1String(name)); }
    FakeArchive archive;
    std::unique_ptr<SessionsPane> pane;
};

} // namespace

class TestSessionsPane : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void emptyOneSaysWhatComes();
    void groupsAreByTime();
    void searchLooksIntoTexts();
    void aLongSearchShowsWhatItHas();
    void aLongSearchMayBeStopped();
    void aClickOpens();
    void whatIsWrittenAppears();
    void titlesArePinnedAndNamed();
    void deletedOnesComeBack();
    void theOpenOneMayBeDeleted();
    void copiesAreMade();
    void filesGoOutAndIn();
    void problemsAreTold();
    void thousandsAreQuick();
    void everyControlHasAName();
};

void TestSessionsPane::emptyOneSaysWhatComes()
{
    Listing list(false);
    QVERIFY(list.rows().isEmpty());
    auto *stack = list.pane->findChild<QStackedWidget *>();
    QCOMPARE(stack->currentIndex(), 1);
    QVERIFY(!child<QToolButton>(list.pane.get(), "bringBackSession")->isEnabled());
    list.pane->searchBox()->setText(u"fox"_s);
    QTRY_COMPARE(stack->currentIndex(), 2);
    QVERIFY(!list.pane->grab().isNull());
}

void TestSessionsPane::groupsAreByTime()
{
    Listing list;
    const QAbstractItemModelTester tester(list.pane->model(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    QStringList rows = list.rows();
    QVERIFY(rows[6].startsWith(u"# "_s));
    rows.removeAt(6); // the month by its name
    QCOMPARE(rows, (QStringList{u"# Pinned"_s, u"Kept"_s, u"# Today"_s, u"Fox"_s, u"# Previous 7 days"_s, u"Loops"_s,
                                u"Old story"_s}));
    const QModelIndex fox = list.pane->model()->index(3);
    QVERIFY(fox.data(Qt::AccessibleTextRole).toString().startsWith(u"Fox, not asked yet"_s));
    QVERIFY(list.pane->model()->index(1).data(Qt::AccessibleTextRole).toString().endsWith(u"pinned"_s));
    QVERIFY(!(list.pane->model()->index(0).flags() & Qt::ItemIsSelectable));
}

void TestSessionsPane::searchLooksIntoTexts()
{
    Listing list;
    list.pane->searchBox()->setText(u"quick FOX"_s);
    QTRY_COMPARE(list.rows(), (QStringList{u"# Today"_s, u"Fox"_s}));
    QTest::keyClick(list.pane->searchBox(), Qt::Key_Return); // to the first that was found
    QCOMPARE(list.pane->list()->currentIndex().data().toString(), u"Fox"_s);
    list.pane->searchBox()->setText(u"nothing of this"_s);
    QTRY_VERIFY(list.rows().isEmpty());
    list.pane->searchBox()->clear();
    QTRY_COMPARE(list.pane->model()->numSessions(), 4);
}

/// Sessions that were not read yet are found as they are read; the rest of the list stays as it is.
void TestSessionsPane::aLongSearchShowsWhatItHas()
{
    Listing list;
    const auto idOf = [&list](const QString &title) {
        for (const auto &[id, kept] : list.archive.sessions)
            if (kept.content.entry.title == title) return id;
        return qint64(0);
    };
    list.archive.unread = {idOf(u"Loops"_s), idOf(u"Old story"_s)};
    list.archive.isHolding = true;
    list.pane->searchBox()->setText(u"o"_s); // Fox, Loops, Old story
    QTRY_VERIFY(list.archive.numWaiting() > 0);
    list.archive.answerOnce();
    QVERIFY(list.rows().contains(u"Fox"_s) && !list.rows().contains(u"Loops"_s));
    QCOMPARE(list.searching(), u"Searching, 2 sessions left"_s);
    list.choose(u"Fox"_s);
    list.archive.answerOnce();
    QVERIFY(list.rows().contains(u"Old story"_s) && !list.rows().contains(u"Loops"_s));
    QCOMPARE(list.searching(), u"Searching, 1 session left"_s);
    QCOMPARE(list.pane->list()->currentIndex().data().toString(), u"Fox"_s);
    list.archive.answerOnce();
    QVERIFY(list.rows().contains(u"Loops"_s));
    QVERIFY(list.searching().isEmpty());
    QCOMPARE(list.archive.numWaiting(), 0);
}

void TestSessionsPane::aLongSearchMayBeStopped()
{
    Listing list;
    for (const auto &[id, kept] : list.archive.sessions) list.archive.unread.push_back(id);
    const auto numUnread = list.archive.unread.size();
    list.archive.isHolding = true;
    list.pane->searchBox()->setText(u"nothing of this"_s);
    QTRY_VERIFY(list.archive.numWaiting() > 0);
    list.archive.answerOnce();
    const auto *empty = list.pane->findChild<QStackedWidget *>()->currentWidget();
    QCOMPARE(empty->accessibleName(), u"Nothing found yet"_s);
    child<QPushButton>(list.pane.get(), "panelCancel")->click();
    QVERIFY(list.searching().isEmpty());
    QCOMPARE(empty->accessibleName(), u"Nothing found"_s);
    QVERIFY2(empty->accessibleDescription().contains(u"stopped before the last %1 sessions"_s.arg(numUnread)),
             qPrintable(empty->accessibleDescription()));
    list.archive.answerOnce(); // what comes now is of no search any more
    QCOMPARE(list.archive.numWaiting(), 0);
    // Another word begins anew.
    list.archive.isHolding = false;
    list.pane->searchBox()->setText(u"fox"_s);
    QTRY_VERIFY(list.rows().contains(u"Fox"_s) && list.searching().isEmpty());
}

void TestSessionsPane::aClickOpens()
{
    Listing list;
    QSignalSpy opened(list.pane.get(), &SessionsPane::opened);
    list.choose(u"Loops"_s);
    const QRect row = list.pane->list()->visualRect(list.pane->list()->currentIndex());
    QTest::mouseClick(list.pane->list()->viewport(), Qt::LeftButton, {}, row.center());
    list.settle();
    QCOMPARE(opened.count(), 1);
    QCOMPARE(list.panel->promptEditor()->toPlainText(), u"for (int i"_s);
    QVERIFY(list.pane->list()->currentIndex().data(SessionListModel::IsCurrentRole).toBool());
    QTest::keyClick(list.pane->list(), Qt::Key_Up); // across the heading
    QTest::keyClick(list.pane->list(), Qt::Key_Return);
    list.settle();
    QCOMPARE(list.panel->promptEditor()->toPlainText(), u"the quick fox"_s);
}

void TestSessionsPane::whatIsWrittenAppears()
{
    Listing list;
    list.panel->promptEditor()->setPlainText(u"A new thing to say"_s);
    QTRY_COMPARE(list.pane->model()->numSessions(), 5);
    QCOMPARE(list.rows().mid(2, 2), (QStringList{u"# Today"_s, u"A new thing to say"_s}));
    QCOMPARE(list.pane->model()->index(3).data(SessionListModel::IsCurrentRole).toBool(), true);
    QSignalSpy resets(list.pane->model(), &QAbstractItemModel::modelReset);
    list.panel->generate();
    list.answer("xyz", FinishReason::MaxTokens);
    QTRY_VERIFY(list.pane->model()->index(3).data(SessionListModel::DetailRole).toString().contains(u"1 answer"_s));
    QCOMPARE(resets.count(), 0); // it keeps its place
}

void TestSessionsPane::titlesArePinnedAndNamed()
{
    Listing list;
    list.choose(u"Loops"_s);
    list.pane->list()->edit(list.pane->list()->currentIndex());
    auto *line = child<QLineEdit>(list.pane.get(), "sessionTitle");
    QCOMPARE(line->text(), u"Loops"_s);
    typeText(line, u"Counting"_s);
    QTest::keyClick(line, Qt::Key_Return);
    list.settle();
    QVERIFY(list.rows().contains(u"Counting"_s));
    QVERIFY(list.archive.content(2).entry.hasOwnTitle);
    list.action("sessionPin")->trigger();
    list.settle();
    QCOMPARE(list.rows().mid(0, 2), (QStringList{u"# Pinned"_s, u"Counting"_s}));
    QCOMPARE(list.action("sessionPin")->text(), u"Unpin"_s);
    QCOMPARE(list.pane->list()->currentIndex().data().toString(), u"Counting"_s);
    list.action("sessionPin")->trigger();
    list.settle();
    QCOMPARE(list.rows().at(5), u"Counting"_s);
}

void TestSessionsPane::deletedOnesComeBack()
{
    Listing list;
    list.choose(u"Fox"_s);
    list.pane->list()->setFocus();
    list.action("sessionDelete")->trigger();
    list.settle();
    QVERIFY(!list.rows().contains(u"Fox"_s) && !list.rows().contains(u"# Today"_s));
    QVERIFY(list.pane->list()->currentIndex().isValid()); // the next one
    auto *undo = child<QToolButton>(list.pane.get(), "bringBackSession");
    QCOMPARE(undo->toolTip(), u"Bring “Fox” back (Ctrl+Z)"_s);
    list.action("sessionDelete")->trigger();
    list.settle();
    QCOMPARE(list.pane->model()->numSessions(), 2);
    undo->click();
    list.settle();
    undo->click();
    list.settle();
    QCOMPARE(list.pane->model()->numSessions(), 4);
    QCOMPARE(list.pane->list()->currentIndex().data().toString(), u"Fox"_s);
    QVERIFY(!undo->isEnabled());
    // What could not be brought back can be tried again.
    list.action("sessionDelete")->trigger();
    list.settle();
    list.archive.failNext = Error{ErrorCode::Unavailable, "Cannot write \"prompts.db\": it is locked.", "Try again."};
    undo->click();
    list.settle();
    QVERIFY(list.pane->banner()->message().contains(u"it is locked"_s));
    QVERIFY(undo->isEnabled() && !list.rows().contains(u"Fox"_s));
    undo->click();
    list.settle();
    QVERIFY(!undo->isEnabled() && list.rows().contains(u"Fox"_s));
}

void TestSessionsPane::theOpenOneMayBeDeleted()
{
    Listing list;
    list.panel->promptEditor()->setPlainText(u"mine"_s);
    QTRY_COMPARE(list.pane->model()->numSessions(), 5);
    list.choose(u"mine"_s);
    list.panel->promptEditor()->insertPlainText(u"now "_s); // not kept yet
    list.action("sessionDelete")->trigger();
    list.settle();
    QCOMPARE(list.panel->keeper()->session(), 0);
    QVERIFY(list.panel->promptEditor()->toPlainText().isEmpty());
    child<QToolButton>(list.pane.get(), "bringBackSession")->click();
    list.settle();
    const SessionEntry &back = list.archive.content(5).entry;
    list.choose(back.title);
    list.action("sessionOpen")->trigger();
    list.settle();
    QVERIFY2(list.panel->promptEditor()->toPlainText().contains(u"now "_s), qPrintable(back.title));
}

void TestSessionsPane::copiesAreMade()
{
    Listing list;
    list.choose(u"Fox"_s);
    list.action("sessionDuplicate")->trigger();
    list.settle();
    QCOMPARE(list.pane->list()->currentIndex().data().toString(), u"Fox (copy)"_s);
    // Of the open one with what was written a moment ago.
    list.choose(u"Fox"_s);
    list.action("sessionOpen")->trigger();
    list.settle();
    list.panel->promptEditor()->setPlainText(u"written now"_s);
    list.action("sessionDuplicate")->trigger();
    QTRY_COMPARE(list.pane->model()->numSessions(), 6);
    QCOMPARE(list.archive.content(6).document.value("composer"_L1).toObject().value("prompt"_L1).toString(), u"written now"_s);
}

void TestSessionsPane::filesGoOutAndIn()
{
    Listing list;
    const QTemporaryDir folder;
    list.panel->promptEditor()->setPlainText(u"Say it"_s);
    list.panel->generate();
    list.answer("said", FinishReason::MaxTokens);
    QTRY_COMPARE(list.pane->model()->numSessions(), 5);
    const QString json = folder.filePath(u"a.json"_s), page = folder.filePath(u"a.md"_s);
    list.pane->exportSession(5, ExportedVersions::All, json);
    QTRY_VERIFY(list.pane->banner()->message() == tr("Saved as %1.").arg(json));
    list.pane->exportSession(5, ExportedVersions::Shown, page);
    QTRY_VERIFY(list.pane->banner()->message().endsWith(u"a.md."_s));
    QFile file(page);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QVERIFY(file.readAll().contains("## Answer\n\n```text\nsaid\n```"));
    list.pane->importFile(json);
    QTRY_COMPARE(list.panel->keeper()->session(), qint64{6});
    QCOMPARE(list.archive.content(6).tokens.begin()->second.size(), size_t{4});
    QCOMPARE(list.panel->numVersions(), 1);
    QCOMPARE(list.archive.content(6).entry.title, list.archive.content(5).entry.title);
    QCOMPARE(list.archive.content(6).entry.preview, list.archive.content(5).entry.preview);
    QVERIFY(!list.archive.content(6).entry.preview.isEmpty());
}

void TestSessionsPane::problemsAreTold()
{
    Listing list;
    list.archive.failNext = Error{ErrorCode::Io, "Cannot read \"prompts.db\": Input/output error.", "Look at the disk."};
    list.pane->refresh();
    list.settle();
    QCOMPARE(list.pane->banner()->message(), u"Cannot read \"prompts.db\": Input/output error."_s);
    // What cannot be kept is not exported without its last words: told, and nothing goes on turning.
    list.panel->promptEditor()->setPlainText(u"mine"_s);
    QTRY_COMPARE(list.pane->model()->numSessions(), 5);
    list.panel->promptEditor()->insertPlainText(u"now"_s);
    list.archive.failNext = Error{ErrorCode::Io, "Cannot write \"prompts.db\": No space left on device.", "Free some."};
    list.pane->exportSession(5, ExportedVersions::All, u"/nowhere/a.json"_s);
    QVERIFY(list.pane->findChild<ProgressRow *>()->isActive());
    list.settle();
    QVERIFY(list.pane->banner()->message().contains(u"No space left"_s));
    QVERIFY(!list.pane->findChild<ProgressRow *>()->isActive());
    list.archive.sessions.at(3).isDeleted = true; // by another window
    list.choose(u"Fox"_s);
    list.action("sessionOpen")->trigger();
    list.settle();
    QVERIFY(list.panel->banner()->message().startsWith(u"Cannot open the session"_s));
    list.action("sessionPin")->trigger();
    list.settle();
    QVERIFY(list.pane->banner()->message().startsWith(u"Cannot open the session"_s));
    list.pane->importFile(u"/nowhere/a.json"_s);
    QTRY_VERIFY(list.pane->banner()->message().startsWith(u"Cannot open \"a.json\""_s));
    Q_EMIT list.archive.told(u"They were put aside."_s, u"They are there."_s);
    QCOMPARE(list.panel->noteBanner()->message(), u"They were put aside."_s);
}

void TestSessionsPane::thousandsAreQuick()
{
    Listing list;
    std::vector<SessionEntry> entries;
    for (int i = 0; i < 10'000; ++i) {
        SessionEntry entry;
        entry.id = 10 + i;
        entry.title = u"Session with a title of a few words, number %1"_s.arg(i);
        entry.model = u"code-7M, step 8,000"_s;
        entry.numAnswers = i % 7;
        entry.editedUs = kNowUs - i * (kDayUs / 30);
        entries.push_back(entry);
    }
    ORRERY_VERIFY_QUICK(list.pane->model()->setEntries(entries));
    ORRERY_VERIFY_QUICK(list.pane->grab());
    entries[9'000].title = u"changed"_s;
    entries[9'000].editedUs = kNowUs;
    ORRERY_VERIFY_QUICK(list.pane->model()->update(entries[9'000], true));
    ORRERY_VERIFY_QUICK(list.pane->model()->update(entries[9'000], true));
    ORRERY_VERIFY_QUICK(list.pane->list()->scrollToBottom());
    ORRERY_VERIFY_QUICK(list.pane->grab());
}

void TestSessionsPane::everyControlHasAName()
{
    Listing list;
    for (const QToolButton *button : list.pane->findChildren<QToolButton *>())
        if (button->isVisible() && !button->objectName().startsWith(u"qt_"_s))
            QVERIFY2(!button->accessibleName().isEmpty(), qPrintable(button->objectName()));
    QVERIFY(!list.pane->list()->accessibleName().isEmpty() && !list.pane->searchBox()->accessibleName().isEmpty());
}

ORRERY_GUI_TEST_MAIN(TestSessionsPane)
#include "tst_sessions_pane.moc"
