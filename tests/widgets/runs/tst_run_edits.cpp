// SPDX-License-Identifier: GPL-3.0-or-later
// What people change about runs: labels, archive, trash, undo; and the colours that stay meanwhile.
#include "tests/widgets/common/gui_test.h"
#include "tests/widgets/runs/label_session.h"

#include "widgets/common/banner.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/tone_label.h"
#include "widgets/runs/labels_dialog.h"
#include "widgets/runs/run_edits.h"
#include "widgets/runs/run_list_model.h"
#include "widgets/runs/run_list_panel.h"
#include "widgets/runs/run_list_view.h"
#include "widgets/runs/run_tree_model.h"
#include "widgets/runs/trash_dialog.h"
#include "widgets/runs/trash_model.h"
#include "widgets/session/run_colors.h"

#include <QAction>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSettings>
#include <QTableView>
#include <QSignalSpy>
#include <QTemporaryDir>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

struct Setup {
    LabelSession session;
    RunListPanel panel{session};
    explicit Setup(std::vector<RunStatus> runs)
    {
        session.setRuns(std::move(runs));
        panel.resize(300, 500);
        panel.show();
    }
    [[nodiscard]] Banner *notice() const { return child<Banner>(&panel, "runListNotice"); }
    void trigger(const char *action) { child<QAction>(&panel, action)->trigger(); }
    [[nodiscard]] RunStatus run(const QString &id) const { return session.statusOf(id); }
    TrashDialog *trash()
    {
        trigger("openTrash");
        auto *trash = child<TrashDialog>(&panel, "trashDialog");
        trash->activateWindow();
        if (!QTest::qWaitForWindowActive(trash)) qFatal("the trash is not active");
        return trash;
    }
    LabelsDialog *dialog()
    {
        trigger("editRunLabels");
        return child<LabelsDialog>(&panel, "labelsDialog");
    }
};

std::vector<RunStatus> three()
{
    return {fakeRun("a", RunState::Finished, 3), tagged(fakeRun("b", RunState::Stopped, 2), {"seed", "old"}),
            tagged(fakeRun("c", RunState::Running, 1), {"seed"})};
}

QStringList tagsOf(const RunStatus &status)
{
    QStringList tags;
    for (const std::string &tag : status.labels.tags) tags << QString::fromStdString(tag);
    return tags;
}

} // namespace

class TestRunEdits : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void severalAreDeletedAndComeBack();
    void whatCannotBeDeletedSaysWhy();
    void aFailedUndoCanBeTriedAgain();
    void anUndoOfAnotherEngineIsNotOffered();
    void undoAndTypedLabelsComeBackAfterAKill();
    void archivingHidesAndIsUndone();
    void renamesInPlace();
    void tagsOfSeveralKeepWhatTheyDoNotShare();
    void notesAreReadEditedAndUndone();
    void wrongTagsAreNotSaved_data();
    void wrongTagsAreNotSaved();
    void undoGoesBackStepByStep();
    void withoutAnEngineNothingIsOffered();
    void theTrashShowsWhatWasDeletedAndBringsItBack();
    void deletingForGoodAsksAndTellsTheBytes();
    void whatLeftTheTrashIsNotUndone();
    void theTrashSaysWhatItCannotDo();
    void coloursStayWhileOthersComeAndGo();
    void coloursAreRemembered();
    void brokenColoursAreLeftOut();
};

void TestRunEdits::severalAreDeletedAndComeBack()
{
    Setup setup(three());
    setup.panel.view()->selectRuns({u"a"_s, u"b"_s, u"c"_s});
    setup.trigger("deleteRun");
    QTRY_COMPARE(setup.session.deletedRuns, (QStringList{u"a"_s, u"b"_s})); // c is live
    QTRY_VERIFY(setup.notice()->isVisible());
    QCOMPARE(setup.notice()->message(),
             u"Moved 2 runs to the trash. One that is live stays: stop it first."_s);
    QCOMPARE(setup.panel.tree()->shownRuns(), QStringList{u"c"_s});
    QTest::keyClick(setup.panel.view(), Qt::Key_Z, Qt::ControlModifier);
    QTRY_COMPARE(setup.session.restored.size(), 2);
    QTRY_COMPARE(setup.panel.tree()->shownRuns(), (QStringList{u"a"_s, u"b"_s, u"c"_s}));
    QTRY_COMPARE(setup.notice()->message(), u"Undone: Moved 2 runs to the trash."_s);
    QVERIFY(!child<QPushButton>(setup.notice(), "bannerRetry")->isVisible());
    QVERIFY(!child<QAction>(&setup.panel, "undoRunEdit")->isEnabled());
}

void TestRunEdits::whatCannotBeDeletedSaysWhy()
{
    Setup setup(three());
    setup.session.refuses[u"a"_s] = {ErrorCode::Conflict,
                                     "Cannot delete run \"a\": it lies on another file system.",
                                     "Delete it for good with --forever."};
    setup.panel.view()->selectRuns({u"a"_s, u"b"_s});
    setup.trigger("deleteRun");
    QTRY_VERIFY(setup.panel.banner()->message().contains(u"another file system"));
    QTRY_COMPARE(setup.notice()->message(), u"Moved “b” to the trash."_s);
    setup.session.refuses.clear();
    setup.panel.undo(); // of the one that went
    QTRY_COMPARE(setup.session.restored, QStringList{u"b"_s});
}

void TestRunEdits::aFailedUndoCanBeTriedAgain()
{
    Setup setup(three());
    setup.panel.setRun(u"a"_s);
    setup.panel.deleteSelected();
    QTRY_VERIFY(setup.notice()->isVisible());
    setup.session.emptyTrash();
    child<QPushButton>(setup.notice(), "bannerRetry")->click();
    QTRY_VERIFY(setup.panel.banner()->message().contains(u"no run of this id is in the trash"));
    QVERIFY(setup.panel.edits()->canUndo());
    setup.session.setRuns({}); // all deleted: it can still be taken back
    QVERIFY(setup.panel.edits()->canUndo());
    setup.session.state =
        ConnectionState::Connecting; // another engine is chosen: these steps are not its own
    setup.session.setRuns({});
    QVERIFY(!setup.panel.edits()->canUndo());
}

void TestRunEdits::anUndoOfAnotherEngineIsNotOffered()
{
    Setup setup(three());
    setup.panel.setRun(u"a"_s);
    setup.panel.deleteSelected();
    QTRY_VERIFY(setup.panel.edits()->canUndo());
    QSignalSpy failed(setup.panel.edits(), &RunEdits::failed);
    setup.session.emptyTrash();
    setup.panel.undo(); // its answer is still on its way when another engine is chosen
    setup.session.state = ConnectionState::Connecting;
    setup.session.setRuns({});
    QCOMPARE(failed.count(), 0);
    QTRY_COMPARE(failed.count(), 1);
    QVERIFY(!setup.panel.edits()->canUndo());
}

/// What the window keeps of the list while a run is deleted and others are being labelled.
void TestRunEdits::undoAndTypedLabelsComeBackAfterAKill()
{
    Setup setup(three());
    setup.panel.view()->selectRuns({u"a"_s});
    setup.trigger("deleteRun");
    QTRY_COMPARE(setup.session.runList.size(), size_t(2));
    setup.panel.view()->selectRuns({u"b"_s});
    setup.panel.editLabels();
    auto *dialog = setup.panel.findChild<LabelsDialog *>();
    auto *notes = dialog->findChild<QPlainTextEdit *>(u"notesEdit"_s);
    QTRY_VERIFY(notes->isEnabled());
    dialog->tagLine()->setText(u"seed 3, "_s);
    notes->setPlainText(u"It learns\nslowly"_s);
    const auto through = [](const QVariantMap &state) { // as a settings file gives it back
        return QJsonDocument::fromJson(QJsonDocument(QJsonObject::fromVariantMap(state)).toJson()).object().toVariantMap();
    };
    const QVariantMap undo = through(setup.panel.edits()->state()), draft = through(setup.panel.labelsDraft());
    QVERIFY(setup.panel.edits()->undoText().startsWith(u"Undo: Moved"_s));

    RunListPanel next(setup.session); // after the kill
    next.show();
    next.edits()->restore(undo);
    QCOMPARE(next.edits()->undoText(), setup.panel.edits()->undoText());
    next.restoreLabels(draft);
    auto *again = next.findChild<LabelsDialog *>();
    QVERIFY(again && again->isVisible());
    QCOMPARE(again->tagLine()->text(), u"seed 3, "_s);
    auto *notesAgain = again->findChild<QPlainTextEdit *>(u"notesEdit"_s);
    QCOMPARE(next.labelsDraft().value(u"notes"_s).toString(), u"It learns\nslowly"_s); // also until the run's notes have come
    QTRY_COMPARE(notesAgain->toPlainText(), u"It learns\nslowly"_s);
    QCOMPARE(again->notesBefore(), QString());
    again->reject();
    QVERIFY(next.labelsDraft().isEmpty());
    next.undo();
    QTRY_COMPARE(setup.session.runList.size(), size_t(3));
    QVERIFY(!next.edits()->canUndo());
    // Nonsense in a file is left out.
    next.edits()->restore({{u"steps"_s, QVariantList{1, QVariantMap{{u"text"_s, u"x"_s}}, u"y"_s}}});
    QVERIFY(!next.edits()->canUndo());
    next.restoreLabels({{u"runs"_s, QStringList{u"gone"_s}}});
    QVERIFY(next.labelsDraft().isEmpty());
}

void TestRunEdits::archivingHidesAndIsUndone()
{
    Setup setup(three());
    setup.panel.setRun(u"b"_s);
    setup.trigger("archiveRun");
    QTRY_COMPARE(setup.panel.tree()->shownRuns(), (QStringList{u"a"_s, u"c"_s}));
    QCOMPARE(setup.panel.run(), u"b"_s); // the window goes on showing it
    QVERIFY(setup.notice()->message().startsWith(u"Archived “b”."));
    child<QPushButton>(setup.notice(), "bannerRetry")->click();
    QTRY_COMPARE(setup.panel.selectedRuns(), QStringList{u"b"_s});
    QVERIFY(!setup.run(u"b"_s).labels.isArchived);
    setup.panel.filterBox()->setText(u"is:any"_s);
    setup.trigger("archiveRun");
    QTRY_VERIFY(setup.run(u"b"_s).labels.isArchived);
    QTRY_COMPARE(child<QAction>(&setup.panel, "archiveRun")->text(), u"Take out of the archive"_s);
    setup.trigger("archiveRun");
    QTRY_VERIFY(!setup.run(u"b"_s).labels.isArchived);
}

void TestRunEdits::renamesInPlace()
{
    Setup setup(three());
    setup.panel.setRun(u"a"_s);
    setup.trigger("renameRun");
    auto *editor = setup.panel.view()->findChild<QLineEdit *>(u"runNameEdit"_s);
    QVERIFY(editor);
    QCOMPARE(editor->text(), u"a"_s);
    typeText(editor, u"the good one"_s);
    RunStatus report = setup.run(u"a"_s); // it trains on meanwhile
    report.step += 5;
    report.loss = 1.5;
    setup.panel.model()->updateRun(report);
    QCOMPARE(editor->text(), u"the good one"_s);
    QTest::keyClick(editor, Qt::Key_Return);
    QTRY_COMPARE(setup.run(u"a"_s).name, std::string("the good one"));
    QTRY_COMPARE(setup.notice()->message(), u"Renamed “a” to “the good one”."_s);
    setup.panel.undo();
    QTRY_COMPARE(setup.run(u"a"_s).name, std::string("a"));
}

void TestRunEdits::tagsOfSeveralKeepWhatTheyDoNotShare()
{
    Setup setup(three());
    setup.panel.view()->selectRuns({u"b"_s, u"c"_s});
    LabelsDialog *dialog = setup.dialog();
    QCOMPARE(dialog->tags(), QStringList{u"seed"_s});
    QVERIFY(!dialog->findChild<QPlainTextEdit *>()); // of one run only
    typeText(dialog->tagLine(), u"good,  two  words , good"_s);
    child<QPushButton>(dialog, "saveLabels")->click();
    QTRY_COMPARE(tagsOf(setup.run(u"c"_s)), (QStringList{u"good"_s, u"two words"_s}));
    QCOMPARE(tagsOf(setup.run(u"b"_s)), (QStringList{u"old"_s, u"good"_s, u"two words"_s}));
    QTRY_COMPARE(setup.notice()->message(), u"Changed the tags of 2 runs."_s);
    setup.panel.undo();
    QTRY_COMPARE(tagsOf(setup.run(u"b"_s)), (QStringList{u"seed"_s, u"old"_s}));
    QTRY_COMPARE(tagsOf(setup.run(u"c"_s)), QStringList{u"seed"_s});
}

void TestRunEdits::notesAreReadEditedAndUndone()
{
    Setup setup(three());
    setup.session.notes[u"a"_s] = "why";
    setup.panel.setRun(u"a"_s);
    LabelsDialog *dialog = setup.dialog();
    auto *notes = child<QPlainTextEdit>(dialog, "notesEdit");
    QVERIFY(!notes->isEnabled()); // until they are read
    QTRY_VERIFY(notes->isEnabled());
    QCOMPARE(notes->toPlainText(), u"why"_s);
    QCOMPARE(setup.session.edits.size(), size_t{1});
    notes->setPlainText(u"because"_s);
    QTest::keyClick(notes, Qt::Key_Return, Qt::ControlModifier);
    QTRY_COMPARE(setup.session.notes[u"a"_s], std::string("because"));
    QVERIFY(!setup.session.edits.back().edit.tags); // nobody touched them
    setup.panel.undo();
    QTRY_COMPARE(setup.session.notes[u"a"_s], std::string("why"));
    // One that cannot be read is not overwritten.
    setup.session.refuses[u"a"_s] = {ErrorCode::Io, "Cannot read it.", "Try again."};
    QTRY_VERIFY(!setup.panel.findChild<LabelsDialog *>());
    dialog = setup.dialog();
    auto *unread = child<QPlainTextEdit>(dialog, "notesEdit");
    QTRY_COMPARE(unread->placeholderText(), u"Cannot read it. Try again."_s);
    QVERIFY(!unread->isEnabled());
    const size_t numEdits = setup.session.edits.size();
    dialog->accept();
    QCOMPARE(setup.session.edits.size(), numEdits);
}

void TestRunEdits::wrongTagsAreNotSaved_data()
{
    QTest::addColumn<QString>("tags");
    QTest::addColumn<QString>("problem");
    QTest::newRow("long") << QString(65, u'x') << u"has 65 characters, expected 64 at most"_s;
    QStringList many;
    for (int i = 0; i < 65; ++i) many << u"t%1"_s.arg(i);
    QTest::newRow("many") << many.join(u',') << u"There are 65 tags, expected 64 at most"_s;
    QTest::newRow("64 of 64") << QString(64, u'é') << u""_s;
}

void TestRunEdits::wrongTagsAreNotSaved()
{
    QFETCH(QString, tags);
    QFETCH(QString, problem);
    LabelsDialog dialog({u"a"_s, {}, {}, {}, false}, nullptr);
    dialog.setAttribute(Qt::WA_DeleteOnClose, false);
    dialog.tagLine()->setText(tags);
    const QString said = child<ToneLabel>(&dialog, "tagProblem")->text();
    QVERIFY2(problem.isEmpty() ? said.isEmpty() : said.contains(problem), qPrintable(said));
    QCOMPARE(child<QPushButton>(&dialog, "saveLabels")->isEnabled(), problem.isEmpty());
    // A tag with a comma, given elsewhere, is not cut while nobody touches the line.
    LabelsDialog odd({u"a"_s, {u"x,y"_s}, {}, {}, false}, nullptr);
    odd.setAttribute(Qt::WA_DeleteOnClose, false);
    QCOMPARE(odd.tags(), QStringList{u"x,y"_s});
}

void TestRunEdits::undoGoesBackStepByStep()
{
    Setup setup(three());
    RunEdits *edits = setup.panel.edits();
    edits->rename(u"a"_s, u"A"_s);
    QTRY_COMPARE(setup.run(u"a"_s).name, std::string("A"));
    edits->changeTags({u"a"_s}, {u"x"_s}, {});
    QTRY_COMPARE(tagsOf(setup.run(u"a"_s)), QStringList{u"x"_s});
    edits->remove({u"a"_s});
    QTRY_VERIFY(setup.run(u"a"_s).id.empty());
    QVERIFY(edits->undoText().contains(u"Moved “A” to the trash"));
    setup.panel.undo();
    QTRY_COMPARE(setup.run(u"a"_s).name, std::string("A"));
    setup.panel.undo();
    QTRY_VERIFY(tagsOf(setup.run(u"a"_s)).isEmpty());
    setup.panel.undo();
    QTRY_COMPARE(setup.run(u"a"_s).name, std::string("a"));
    QVERIFY(!edits->canUndo());
    // What changes nothing is no step.
    edits->rename(u"a"_s, u"a"_s);
    edits->setArchived({u"a"_s, u"nobody"_s}, false);
    edits->changeTags({u"b"_s}, {u"seed"_s}, {u"nobody"_s});
    QTest::qWait(20);
    QVERIFY(!edits->canUndo());
}

void TestRunEdits::withoutAnEngineNothingIsOffered()
{
    Setup setup(three());
    setup.panel.setRun(u"a"_s);
    setup.session.setConnection(ConnectionState::Lost);
    for (const char *action :
         {"renameRun", "editRunLabels", "archiveRun", "deleteRun", "resumeRun", "undoRunEdit"})
        QVERIFY2(!child<QAction>(&setup.panel, action)->isEnabled(), action);
    for (const char *action : {"copyRunName", "overlayRun"})
        QVERIFY2(child<QAction>(&setup.panel, action)->isEnabled(), action);
}

void TestRunEdits::theTrashShowsWhatWasDeletedAndBringsItBack()
{
    Setup setup({fakeRun("a", RunState::Finished, 3), fakeRun("b", RunState::Stopped, 2), fakeRun("c", RunState::Failed, 1)});
    TrashDialog *trash = setup.trash();
    QTRY_COMPARE(child<EmptyState>(trash, "trashEmpty")->accessibleName(), u"The trash is empty"_s);
    QVERIFY(!child<QLineEdit>(trash, "trashFilter")->isVisible());
    trash->reject();
    QTRY_VERIFY(!setup.panel.findChild<TrashDialog *>());
    setup.panel.view()->selectRuns({u"a"_s, u"b"_s});
    setup.panel.deleteSelected();
    QTRY_COMPARE(setup.session.runList.size(), size_t(1));
    trash = setup.trash();
    QTRY_COMPARE(trash->table()->model()->rowCount(), 2);
    const auto cell = [trash](int row, int column) { return trash->table()->model()->index(row, column).data().toString(); };
    QCOMPARE(cell(0, TrashModel::NameColumn), u"a"_s); // deleted last
    QCOMPARE(cell(0, TrashModel::SizeColumn), u"1 MiB"_s);
    QCOMPARE(cell(1, TrashModel::DeletedColumn), u"1 min ago"_s);
    QCOMPARE(cell(1, TrashModel::PlaceColumn), u"/home/runs/b"_s);
    QCOMPARE(child<ToneLabel>(trash, "trashSum")->text(), u"2 runs, 3 MiB"_s);
    // By the filter to the other one, and back with Enter.
    typeText(child<QLineEdit>(trash, "trashFilter"), u"runs/b"_s);
    QCOMPARE(trash->table()->model()->rowCount(), 1);
    trash->table()->setFocus();
    trash->table()->selectRow(0);
    QTest::keyClick(trash->table(), Qt::Key_Return);
    QTRY_COMPARE(setup.session.restored, QStringList{u"/home/trash/b"_s});
    QTRY_COMPARE(trash->banner()->message(), u"Restored 1 run."_s);
    QTRY_COMPARE(setup.panel.tree()->shownRuns().size(), 2);
    typeText(child<QLineEdit>(trash, "trashFilter"), {});
    QCOMPARE(trash->table()->model()->rowCount(), 1);
    QVERIFY(setup.panel.edits()->canUndo()); // of the one that is still there
    trash->reject();
    setup.panel.undo();
    QTRY_COMPARE(setup.panel.tree()->shownRuns().size(), 3);
}

void TestRunEdits::deletingForGoodAsksAndTellsTheBytes()
{
    Setup setup({fakeRun("a", RunState::Finished, 3), fakeRun("b", RunState::Stopped, 2), fakeRun("c", RunState::Failed, 1)});
    setup.panel.view()->selectRuns({u"a"_s, u"b"_s, u"c"_s});
    setup.panel.deleteSelected();
    QTRY_VERIFY(setup.session.runList.empty());
    TrashDialog *trash = setup.trash();
    QTRY_COMPARE(trash->table()->model()->rowCount(), 3);
    trash->table()->selectAll();
    QCOMPARE(child<QPushButton>(trash, "deleteButton")->text(), u"Delete 3 for good…"_s);
    trash->table()->selectRow(1);
    QTest::keyClick(trash->table(), Qt::Key_Delete);
    auto *box = child<QMessageBox>(trash, "confirmDelete");
    QCOMPARE(box->text(), u"Delete “b” for good? 2 MiB go."_s);
    QVERIFY(setup.session.emptied.empty()); // nothing before the answer
    QTest::keyClick(box, Qt::Key_Escape);
    QTRY_VERIFY(!trash->findChild<QMessageBox *>());
    QVERIFY(setup.session.emptied.empty());
    child<QPushButton>(trash, "emptyButton")->click();
    box = child<QMessageBox>(trash, "confirmDelete");
    QCOMPARE(box->text(), u"Delete 3 runs for good? 7 MiB go."_s);
    QVERIFY(box->informativeText().contains(u"a\nb\nc"));
    auto *go = child<QAbstractButton>(box, "confirmDeleteButton");
    QCOMPARE(go->text().remove(u'&'), u"Delete 3 runs for good"_s);
    go->click();
    QTRY_COMPARE(trash->banner()->message(), u"Deleted 3 runs for good, 7 MiB."_s);
    QCOMPARE(setup.session.emptied.size(), size_t(3)); // each by itself: progress is seen
    QVERIFY(!setup.session.emptied.front().isWhole);
    QCOMPARE(setup.session.emptied.front().entries, std::vector<std::string>{"/home/trash/a"});
    QCOMPARE(trash->table()->model()->rowCount(), 0);
}

void TestRunEdits::whatLeftTheTrashIsNotUndone()
{
    Setup setup(three());
    RunEdits *edits = setup.panel.edits();
    edits->rename(u"a"_s, u"A"_s);
    QTRY_COMPARE(setup.run(u"a"_s).name, std::string("A"));
    edits->rename(u"b"_s, u"B"_s);
    QTRY_COMPARE(setup.run(u"b"_s).name, std::string("B"));
    edits->remove({u"a"_s, u"b"_s});
    QTRY_COMPARE(setup.session.runList.size(), size_t(1));
    edits->takeRestored({u"b"_s, u"/home/runs/b"_s});
    QVERIFY(edits->undoText().contains(u"to the trash")); // of the other one
    edits->takeGone({u"a"_s});
    QCOMPARE(edits->undoText(), u"Undo: Renamed “b” to “B”."_s); // and nothing of a
}

void TestRunEdits::theTrashSaysWhatItCannotDo()
{
    Setup setup({fakeRun("a", RunState::Finished, 3), fakeRun("b", RunState::Stopped, 2)});
    setup.panel.view()->selectRuns({u"a"_s, u"b"_s});
    setup.panel.deleteSelected();
    QTRY_VERIFY(setup.session.runList.empty());
    setup.session.trashError = Error{ErrorCode::Io, "Cannot delete \"/home/trash/a\": no permission.", "See who owns it."};
    TrashDialog *trash = setup.trash();
    QTRY_VERIFY(trash->banner()->message().contains(u"no permission"));
    setup.session.trashError.reset();
    child<QPushButton>(trash->banner(), "bannerRetry")->click();
    QTRY_COMPARE(trash->table()->model()->rowCount(), 2);
    setup.session.trashError = Error{ErrorCode::Io, "Cannot delete \"/home/trash/a\": no permission.", "See who owns it."};
    child<QPushButton>(trash, "emptyButton")->click();
    child<QAbstractButton>(trash, "confirmDeleteButton")->click();
    QTRY_VERIFY(trash->banner()->message().contains(u"no permission"));
    QCOMPARE(trash->table()->model()->rowCount(), 2); // they are still there
    QVERIFY(child<QPushButton>(trash, "restoreButton")->isEnabled());
    QVERIFY(child<QPushButton>(trash, "restoreButton")->x() > child<QPushButton>(trash, "closeTrash")->x()); // as in every dialog
    setup.session.setConnection(ConnectionState::Lost);
    QVERIFY(!child<QPushButton>(trash, "restoreButton")->isEnabled());
    QCOMPARE(child<QPushButton>(trash, "restoreButton")->toolTip(), u"The engine is not there."_s);
    // Another engine has another trash.
    setup.session.state = ConnectionState::Connecting;
    setup.session.setRuns({});
    QCOMPARE(trash->table()->model()->rowCount(), 0);
}

void TestRunEdits::coloursStayWhileOthersComeAndGo()
{
    RunColors colors;
    QSignalSpy changed(&colors, &RunColors::indexChanged);
    const auto list = [](const QStringList &runs) {
        std::vector<RunStatus> statuses;
        double age = 0;
        for (const QString &run : runs)
            statuses.push_back(fakeRun(run.toStdString(), RunState::Finished, ++age));
        std::reverse(statuses.begin(), statuses.end()); // by age, not by place
        return statuses;
    };
    colors.setRuns(list({u"a"_s, u"b"_s, u"c"_s}));
    QCOMPARE(colors.indexOf(u"a"_s), 0);
    QCOMPARE(colors.indexOf(u"c"_s), 2);
    colors.setRuns(list({u"a"_s, u"c"_s}));
    colors.setRuns(list({u"a"_s, u"b"_s, u"c"_s})); // an undone delete
    QCOMPARE(colors.indexOf(u"b"_s), 1);
    QCOMPARE(changed.count(), 0);
    colors.setRuns(list({u"a"_s, u"c"_s}));
    colors.setRuns(list({u"a"_s, u"c"_s, u"d"_s}));
    QCOMPARE(colors.indexOf(u"d"_s), 1); // free meanwhile
    colors.setRuns(list({u"a"_s, u"b"_s, u"c"_s, u"d"_s}));
    QCOMPARE(colors.indexOf(u"d"_s), 1);
    QCOMPARE(colors.indexOf(u"b"_s), 3);
    QCOMPARE(changed.count(), 1);
    colors.setRuns({}); // the engine is away
    QCOMPARE(colors.indexOf(u"c"_s), 2);
}

void TestRunEdits::coloursAreRemembered()
{
    QTemporaryDir folder;
    QSettings settings(folder.filePath(u"s.ini"_s), QSettings::IniFormat);
    {
        RunColors colors;
        colors.setSettings(&settings);
        colors.setRuns({fakeRun("a", RunState::Finished, 1), fakeRun("b", RunState::Finished, 2)});
    }
    RunColors colors;
    colors.setSettings(&settings);
    colors.setRuns({fakeRun("new", RunState::Finished, 0.5), fakeRun("b", RunState::Finished, 2)});
    QCOMPARE(colors.indexOf(u"b"_s), 1);
    QCOMPARE(colors.indexOf(u"new"_s), 0);
}

void TestRunEdits::brokenColoursAreLeftOut()
{
    QTemporaryDir folder;
    QSettings settings(folder.filePath(u"s.ini"_s), QSettings::IniFormat);
    settings.setValue(u"runs/colors"_s, QStringList{u"x=a"_s, u"-3=b"_s, u"=c"_s, u"7"_s, u""_s, u"4="_s,
                                                    u"5=ok=yes"_s, u"99999999999=d"_s, u"2=e"_s, u"2=f"_s});
    RunColors colors;
    colors.setSettings(&settings);
    colors.setRuns({fakeRun("ok=yes"), fakeRun("e"), fakeRun("f"), fakeRun("a")});
    QCOMPARE(colors.indexOf(u"ok=yes"_s), 5);
    QSet<int> all;
    for (const QString &run : {u"ok=yes"_s, u"e"_s, u"f"_s, u"a"_s}) all.insert(colors.indexOf(run));
    QCOMPARE(all.size(), 4); // no two alike
}

ORRERY_GUI_TEST_MAIN(TestRunEdits)
#include "tst_run_edits.moc"
