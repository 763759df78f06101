// SPDX-License-Identifier: GPL-3.0-or-later
// Branches: who came from whom, what a branch may change, the dialog that makes one; and runs that come in and go out.
#include "tests/app/workbench/contrast_checks.h"
#include "tests/widgets/common/gui_test.h"
#include "tests/widgets/compare/compare_samples.h"
#include "widgets/common/banner.h"
#include "widgets/common/field_editor.h"
#include "widgets/common/progress_row.h"
#include "widgets/common/tone_label.h"
#include "widgets/compare/branch_dialog.h"
#include "widgets/compare/branch_form.h"
#include "widgets/compare/lineage_model.h"
#include "widgets/compare/transfer_bar.h"

#include <QAbstractItemModelTester>
#include <QCheckBox>
#include <QClipboard>
#include <QInputDialog>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProgressBar>
#include <QSignalSpy>
#include <QTableView>

using namespace orrery;
using namespace orrery::ui;
using namespace Qt::StringLiterals;

namespace {

RunStatus childOf(const std::string &id, const std::string &parent, double createdAt)
{
    RunStatus status = fakeRun(id, RunState::Finished, createdAt);
    status.parent = parent;
    status.parentStep = 1'000;
    return status;
}

QStringList ids(const std::vector<LineageNode> &nodes)
{
    QStringList all;
    for (const LineageNode &node : nodes)
        all << (node.parent < 0 ? node.id : u"%1<%2"_s.arg(node.id, nodes[size_t(node.parent)].id));
    return all;
}

BranchDraft draftOf(const QString &spec, qint64 totalSteps = 0)
{
    BranchDraft draft(u"code-7M"_s, readRunSettings(spec), totalSteps);
    draft.setStep(4'000);
    return draft;
}

/// A dialog with all its answers.
std::unique_ptr<BranchDialog> dialogOf(CompareSession &session, const QString &run = u"a"_s)
{
    auto dialog = std::make_unique<BranchDialog>(session, run, nullptr);
    dialog->open();
    if (!QTest::qWaitFor([&session] { return !session.isAnswering(); })) qFatal("no answer");
    QTest::qWait(10);
    return dialog;
}

} // namespace

class TestBranching : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void cleanup() { Theme::instance().apply(*qApp, ThemeKind::Light); }
    void familiesStandUnderTheirFirst();
    void aParentThatIsGoneIsShown();
    void aCircleIsCut();
    void changesAreSaidWithBothValues();
    void lineageIsAModel();
    void draftKnowsWhatMayChange_data();
    void draftKnowsWhatMayChange();
    void draftMakesRequestAndCommand();
    void draftTellsProblems();
    void draftFollowsTheSteps();
    void dialogBeginsWithTheBest();
    void dialogSaysWhenAStepHasNoCheckpoint();
    void behindTheLastStepMoreIsProposed();
    void dialogBranchesAndTells();
    void dialogKeepsEverythingAfterAnError();
    void dialogKeepsWhatWasFilledInWhenClosed();
    void dialogShowsWhyASettingStays();
    void dialogRefusesWhatCannotBeBranched();
    void dialogIsInOrder_data();
    void dialogIsInOrder();
    void importTellsWhatCame();
    void foldersOfAnotherComputerAreTyped();
    void importIsCancelled();
    void importShowsHowFarItIs();
    void importFailsWithTheReason();
    void exportGoesOnAfterAnError();
    void exportIsCancelled();
    void oneTransferAtATime();
};

void TestBranching::familiesStandUnderTheirFirst()
{
    const std::vector<RunStatus> runs = {childOf("d", "b", 4), fakeRun("x", RunState::Finished, 9), childOf("c", "a", 3),
                                         childOf("b", "a", 2), fakeRun("a", RunState::Finished, 1)};
    QCOMPARE(ids(lineageOf(runs, {u"d"_s})), QStringList({u"a"_s, u"b<a"_s, u"d<b"_s, u"c<a"_s}));
    QVERIFY(lineageOf(runs, {u"x"_s}).empty()); // alone
    QVERIFY(lineageOf(runs, {}).empty());
}

void TestBranching::aParentThatIsGoneIsShown()
{
    const auto nodes = lineageOf({childOf("b", "gone-run", 2)}, {u"b"_s});
    QCOMPARE(ids(nodes), QStringList({u"gone-run"_s, u"b<gone-run"_s}));
    QVERIFY(nodes[0].isGone && !nodes[1].isGone);
}

void TestBranching::aCircleIsCut()
{
    const auto nodes = lineageOf({childOf("a", "b", 1), childOf("b", "a", 2), childOf("s", "s", 3)}, {u"a"_s, u"s"_s});
    QCOMPARE(nodes.size(), size_t(2)); // each once; one that is its own parent is alone
}

void TestBranching::changesAreSaidWithBothValues()
{
    const auto parent = readRunSettings(specOf({{"optimizer.lr", "0.001"}}));
    const auto child = readRunSettings(specOf({{"optimizer.lr", "0.0005"}, {"seed", "7"}, {"name", "x"}}));
    QCOMPARE(changesText(*parent, *child), u"Learning rate 0.001 → 0.0005, Seed 1337 → 7"_s);
    QCOMPARE(changesText(*parent, *parent), QString());
}

void TestBranching::lineageIsAModel()
{
    LineageModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    const std::vector<RunStatus> runs = {childOf("c", "b", 3), childOf("b", "a", 2), fakeRun("a", RunState::Finished, 1)};
    model.setNodes(lineageOf(runs, {u"a"_s}));
    const QModelIndex c = model.indexOf(u"c"_s);
    QCOMPARE(c.parent().parent(), model.indexOf(u"a"_s));
    QVERIFY(c.data(Qt::AccessibleTextRole).toString().contains(u"branched at step 1,000"_s));
    QVERIFY(!model.indexOf(u"nobody"_s).isValid());
    model.setNodes({});
    QCOMPARE(model.rowCount(), 0);
}

void TestBranching::draftKnowsWhatMayChange_data()
{
    QTest::addColumn<QString>("key");
    QTest::addColumn<QString>("why"); // empty: it may
    QTest::newRow("rate") << u"optimizer.lr"_s << QString();
    QTest::newRow("dropout") << u"model.dropout"_s << QString();
    QTest::newRow("context of rope") << u"model.context"_s << QString();
    QTest::newRow("layers") << u"model.layers"_s << u"decides shapes or meaning of the weights"_s;
    QTest::newRow("tokenizer") << u"data.tokenizer"_s << u"know the tokens by their numbers"_s;
    QTest::newRow("stages") << u"continual.stages"_s << u"earlier stages"_s;
    QTest::newRow("modalities") << u"attention.num_modalities"_s << u"decides shapes"_s;
}

void TestBranching::draftKnowsWhatMayChange()
{
    QFETCH(QString, key);
    QFETCH(QString, why);
    const auto rule = draftOf(specOf()).ruleOf(key);
    QCOMPARE(rule.has_value(), !why.isEmpty());
    if (rule) QVERIFY2(fromStd(rule->expected).contains(why), rule->expected.c_str());
    QVERIFY(draftOf(specOf({{"model.position", "learned"}})).ruleOf(u"model.context"_s).has_value());
    // Texts in turn share its steps.
    QVERIFY(draftOf(specOf({{"continual.stages", "[\"b\"]"}})).ruleOf(u"schedule.total_steps"_s).has_value());
    QVERIFY(!draftOf(specOf()).ruleOf(u"schedule.total_steps"_s));
}

void TestBranching::draftMakesRequestAndCommand()
{
    BranchDraft draft = draftOf(specOf());
    QCOMPARE(draft.changesJson(), QString());
    QCOMPARE(draft.command(false), u"orrery-engine branch code-7M --step 4000"_s);
    draft.set(u"optimizer.lr"_s, u"5e-4"_s);
    draft.set(u"optimizer.betas"_s, u"0.9, 0.99"_s);
    draft.set(u"train.steps"_s, u"9000"_s);
    draft.setName(u" my branch "_s);
    const QJsonObject json = QJsonDocument::fromJson(draft.changesJson().toUtf8()).object();
    QCOMPARE(json, QJsonObject({{u"name"_s, u"my branch"_s},
                                {u"optimizer.betas"_s, QJsonArray{0.9, 0.99}},
                                {u"optimizer.lr"_s, 0.0005},
                                {u"train.steps"_s, 9000}}));
    const QString command = draft.command(true);
    QVERIFY2(command.contains(u"--set optimizer.lr=0.0005"_s), qPrintable(command));
    QVERIFY2(command.endsWith(u"--name 'my branch' --start"_s), qPrintable(command));
    SpecBuilder taken; // the engine reads it
    QVERIFY(taken.setJson(toStd(draft.changesJson())).ok());
    draft.set(u"optimizer.lr"_s, u"0.001"_s); // the parent's own: it takes back what was changed meanwhile
    bool isThere = false;
    for (const BranchChange &change : draft.changes())
        isThere = isThere || (change.key == u"optimizer.lr" && change.after == change.before);
    QVERIFY(isThere);
}

void TestBranching::draftTellsProblems()
{
    BranchDraft draft = draftOf(specOf({{"train.steps", "9000"}}));
    QVERIFY2(draft.problems().isEmpty(), qPrintable(draft.problems().values().join(u'\n')));
    draft.set(u"optimizer.lr"_s, u"fast"_s);
    QVERIFY(draft.problems().value(u"optimizer.lr"_s).contains(u"\"fast\""_s));
    QCOMPARE(draft.changes().size(), 0);
    draft.reset(u"optimizer.lr"_s);
    draft.setStep(-1);
    QVERIFY(draft.problems().contains(QString()));
    QCOMPARE(draft.command(false), QString());
}

void TestBranching::draftFollowsTheSteps()
{
    BranchDraft draft = draftOf(specOf({{"train.steps", "2000"}, {"schedule.total_steps", "2000"}}), 5'000);
    QCOMPARE(draft.parentText(u"train.steps"_s), u"5000"_s); // a resume gave it more
    QVERIFY(draft.problems().isEmpty());
    draft.set(u"train.steps"_s, u"4000"_s);
    QVERIFY2(draft.problems().value(u"train.steps"_s).contains(u"found 4000, expected more than 4000"_s),
             qPrintable(draft.problems().value(u"train.steps"_s)));
    draft.set(u"train.steps"_s, u"4001"_s);
    QVERIFY(draft.problems().isEmpty());
}

void TestBranching::dialogBeginsWithTheBest()
{
    CompareSession session;
    fillComparison(session);
    const auto dialog = dialogOf(session);
    QCOMPARE(dialog->draft().step(), qint64(6'000));
    QVERIFY(dialog->branchButton()->isEnabled());
    QCOMPARE(dialog->branchButton()->text(), u"Branch and start"_s);
    QVERIFY(dialog->changesText().startsWith(u"Nothing"_s));
    child<QCheckBox>(dialog.get(), "branchStart")->click();
    QCOMPARE(dialog->branchButton()->text(), u"Branch"_s);
    child<QAbstractButton>(dialog.get(), "branchCopy")->click();
    QCOMPARE(QApplication::clipboard()->text(), u"orrery-engine branch a --step 6000"_s);
    QTest::keyClick(dialog->form()->searchBox(), Qt::Key_Return); // no training is begun by it
    QVERIFY(session.branches.empty());
}

void TestBranching::dialogSaysWhenAStepHasNoCheckpoint()
{
    CompareSession session;
    fillComparison(session);
    const auto dialog = dialogOf(session);
    dialog->setStep(5'210); // of the curve
    QCOMPARE(dialog->draft().step(), qint64(4'000));
    const auto said = [&dialog] {
        for (const QLabel *label : dialog->findChildren<QLabel *>())
            if (label->isVisible() && label->text().contains(u"has no checkpoint"_s)) return label->text();
        return QString();
    };
    QCOMPARE(said(), u"Step 5,210 has no checkpoint: the nearest is 4,000."_s);
    dialog->setStep(8'000);
    QCOMPARE(dialog->draft().step(), qint64(8'000));
    QCOMPARE(said(), QString());
}

void TestBranching::behindTheLastStepMoreIsProposed()
{
    CompareSession session;
    fillComparison(session);
    session.specs[u"a"_s] = specOf({{"train.steps", "8000"}, {"schedule.total_steps", "8000"}});
    for (RunStatus &run : session.runList) run.totalSteps = 8'000;
    const auto dialog = dialogOf(session);
    dialog->setStep(8'000);
    QVERIFY2(dialog->changesText().startsWith(u"Steps: 8000 → 16000"_s), qPrintable(dialog->changesText()));
    QVERIFY(dialog->branchButton()->isEnabled()); // it does not open with an error
    dialog->setStep(4'000); // there is something to go on to
    QVERIFY2(dialog->changesText().startsWith(u"Nothing"_s), qPrintable(dialog->changesText()));
    dialog->setStep(8'000);
    typeText(qobject_cast<QLineEdit *>(dialog->form()->editor(u"train.steps"_s)->control()), u"9000"_s);
    dialog->setStep(4'000); // what somebody gave stays
    QVERIFY2(dialog->changesText().startsWith(u"Steps: 8000 → 9000"_s), qPrintable(dialog->changesText()));
}

void TestBranching::dialogBranchesAndTells()
{
    CompareSession session;
    fillComparison(session);
    const auto dialog = dialogOf(session);
    QSignalSpy branched(dialog.get(), &BranchDialog::branched);
    auto *rate = qobject_cast<QLineEdit *>(dialog->form()->editor(u"optimizer.lr"_s)->control());
    typeText(rate, u"0.0005"_s);
    QCOMPARE(dialog->changesText(), u"Learning rate: 0.001 → 0.0005"_s);
    typeText(child<QLineEdit>(dialog.get(), "branchName"), u"slower"_s);
    dialog->branchButton()->click();
    QVERIFY(!dialog->branchButton()->isEnabled()); // not twice
    QTRY_COMPARE(branched.size(), 1);
    QCOMPARE(branched.first().first().toString(), u"the-branch"_s);
    QCOMPARE(session.branches.size(), size_t(1));
    QCOMPARE(session.branches[0].step, qint64(6'000));
    QCOMPARE(QJsonDocument::fromJson(session.branches[0].changes.toUtf8()).object(),
             QJsonObject({{u"name"_s, u"slower"_s}, {u"optimizer.lr"_s, 0.0005}}));
    QVERIFY(session.branches[0].start);
    QVERIFY(!dialog->isVisible());
    QVERIFY(dialog->draft().given().isEmpty());
}

void TestBranching::dialogKeepsEverythingAfterAnError()
{
    CompareSession session;
    fillComparison(session);
    session.branchError = Error{ErrorCode::InvalidInput,
                                "Cannot branch run \"a\" at step 6000 with optimizer.lr=9: found 9, expected 0 … 1.", "Lower it."};
    const auto dialog = dialogOf(session);
    auto *rate = qobject_cast<QLineEdit *>(dialog->form()->editor(u"optimizer.lr"_s)->control());
    typeText(rate, u"0.5"_s);
    dialog->branchButton()->click();
    QTRY_VERIFY(dialog->banner()->isVisible());
    QVERIFY(dialog->banner()->message().contains(u"optimizer.lr=9"_s));
    QVERIFY(dialog->isVisible());
    QCOMPARE(rate->text(), u"0.5"_s);
    QVERIFY(dialog->form()->note(u"optimizer.lr"_s).contains(u"expected 0 … 1"_s)); // where it belongs, too
    QVERIFY(dialog->branchButton()->isEnabled());
    session.branchError.reset();
    typeText(rate, u"0.25"_s);
    QCOMPARE(dialog->form()->note(u"optimizer.lr"_s), QString());
    dialog->branchButton()->click();
    QTRY_VERIFY(!dialog->isVisible());
}

void TestBranching::dialogKeepsWhatWasFilledInWhenClosed()
{
    CompareSession session;
    fillComparison(session);
    const auto dialog = dialogOf(session);
    typeText(qobject_cast<QLineEdit *>(dialog->form()->editor(u"seed"_s)->control()), u"7"_s);
    QTest::keyClick(dialog.get(), Qt::Key_Escape);
    QVERIFY(!dialog->isVisible());
    dialog->open();
    QCOMPARE(dialog->changesText(), u"Seed: 1 → 7"_s);
    child<QAbstractButton>(dialog.get(), "reset_seed")->click();
    QVERIFY(dialog->draft().given().isEmpty());
}

void TestBranching::dialogShowsWhyASettingStays()
{
    CompareSession session;
    fillComparison(session);
    const auto dialog = dialogOf(session);
    QVERIFY(!dialog->form()->isRowShown(u"model.layers"_s));
    typeText(dialog->form()->searchBox(), u"layers"_s); // who looks for it is told
    QVERIFY(dialog->form()->isRowShown(u"model.layers"_s));
    QVERIFY(!dialog->form()->editor(u"model.layers"_s)->isEnabled());
    QVERIFY(dialog->form()->note(u"model.layers"_s).contains(u"decides shapes or meaning of the weights"_s));
    typeText(dialog->form()->searchBox(), {});
    dialog->form()->fixedBox()->click();
    QVERIFY(dialog->form()->isRowShown(u"data.tokenizer"_s));
    QVERIFY(dialog->form()->isRowShown(u"optimizer.lr"_s));
}

void TestBranching::dialogRefusesWhatCannotBeBranched()
{
    CompareSession session;
    fillComparison(session);
    session.specs[u"b"_s] = specOf({}, R"(,"imported_from":"/logs")");
    QVERIFY(dialogOf(session, u"b"_s)->banner()->message().contains(u"imported from another program's log"_s));
    session.checkpoints[u"a"_s].clear();
    const auto none = dialogOf(session);
    QVERIFY(!none->branchButton()->isEnabled());
    QVERIFY2(none->branchButton()->toolTip().contains(u"no checkpoint"_s), qPrintable(none->branchButton()->toolTip()));
    session.failNext[u"getSpec"_s] = Error{ErrorCode::Io, "Cannot read \"spec.json\".", "Copy it."};
    const auto broken = dialogOf(session, u"c"_s);
    QVERIFY(broken->banner()->message().contains(u"spec.json"_s));
    Q_EMIT broken->banner()->retryRequested();
    QTRY_VERIFY(broken->draft().isReady());
    session.setConnection(ConnectionState::Lost);
    QVERIFY(!broken->branchButton()->isEnabled());
    QCOMPARE(broken->branchButton()->toolTip(), u"The engine does not answer."_s);
}

void TestBranching::dialogIsInOrder_data()
{
    QTest::addColumn<int>("kind");
    QTest::newRow("light") << int(ThemeKind::Light);
    QTest::newRow("dark") << int(ThemeKind::Dark);
    QTest::newRow("high contrast") << int(ThemeKind::HighContrast);
}

void TestBranching::dialogIsInOrder()
{
    QFETCH(int, kind);
    Theme::instance().apply(*qApp, ThemeKind(kind));
    CompareSession session;
    fillComparison(session);
    const auto dialog = dialogOf(session);
    typeText(qobject_cast<QLineEdit *>(dialog->form()->editor(u"optimizer.lr"_s)->control()), u"0.0005"_s);
    dialog->form()->fixedBox()->click();
    QTest::qWait(20);
    QStringList problems = unnamedControls(*dialog) + paleTexts(*dialog) + unreachedControls(*dialog, Qt::Key_Tab);
    if (const QByteArray folder = qgetenv("ORRERY_PICTURES"); !folder.isEmpty())
        dialog->grab().save(u"%1/branch %2.png"_s.arg(QString::fromLocal8Bit(folder), QLatin1String(QTest::currentDataTag())));
    QVERIFY2(problems.isEmpty(), qPrintable(problems.join(u'\n')));
}

void TestBranching::importTellsWhatCame()
{
    CompareSession session;
    session.imported = ImportedRuns{{fakeRun("x"), fakeRun("y")}, 1'234, 2, {u"a"_s, u"b"_s, u"file e, byte 12: wrong checksum"_s}};
    TransferBar bar(session);
    bar.show();
    QSignalSpy imported(&bar, &TransferBar::imported);
    bar.importLog(u"/logs"_s);
    QVERIFY(bar.isBusy());
    QTRY_COMPARE(imported.size(), 1);
    QCOMPARE(session.imports, QStringList(u"/logs"_s));
    QCOMPARE(imported.first().first().toStringList(), QStringList({u"x"_s, u"y"_s}));
    QCOMPARE(bar.banner()->message(),
             u"Imported 2 runs with 1,234 points from /logs. 2 records could not be read and were skipped."_s);
    QCOMPARE(bar.banner()->kind(), BannerKind::Warning);
    child<QAbstractButton>(&bar, "transferNotes")->click();
    auto *dialog = child<QDialog>(&bar, "transferNotesDialog");
    QVERIFY(dialog->findChild<QPlainTextEdit *>()->toPlainText().endsWith(u"byte 12: wrong checksum"_s));
}

void TestBranching::foldersOfAnotherComputerAreTyped()
{
    CompareSession session;
    session.info.isOfThisComputer = false;
    TransferBar bar(session);
    bar.show();
    bar.chooseImport();
    auto *dialog = child<QInputDialog>(&bar, "importDialog");
    dialog->setTextValue(u" /logs/there "_s);
    dialog->accept();
    QTRY_COMPARE(session.imports, QStringList(u"/logs/there"_s));
}

void TestBranching::importIsCancelled()
{
    CompareSession session;
    session.holdsTransfers = true;
    TransferBar bar(session);
    bar.show();
    bar.importLog(u"/logs"_s);
    QTRY_VERIFY(bar.progress()->isVisible());
    child<QAbstractButton>(&bar, "panelCancel")->click();
    QVERIFY(!bar.isBusy());
    QCOMPARE(session.numCancelledTransfers, 1);
    QCOMPARE(bar.banner()->message(), u"The import was cancelled."_s);
}

void TestBranching::importShowsHowFarItIs()
{
    CompareSession session;
    session.holdsTransfers = true;
    TransferBar bar(session);
    bar.show();
    bar.importLog(u"/logs"_s);
    QTRY_VERIFY(bar.progress()->isVisible());
    const auto *shown = bar.progress()->findChild<QProgressBar *>();
    QCOMPARE(shown->maximum(), 0); // nothing is known yet: it moves without an end
    session.tellImport({0, 0});
    QCOMPARE(shown->maximum(), 0);
    session.tellImport({300 << 20, 400 << 20});
    QVERIFY(shown->maximum() > 0);
    QCOMPARE(double(shown->value()) / shown->maximum(), 0.75);
    QVERIFY(bar.progress()->findChild<ElidedLabel *>()->fullText().contains(u"300 MiB of 400 MiB"_s));
    child<QAbstractButton>(&bar, "panelCancel")->click();
    QCOMPARE(session.numCancelledTransfers, 1);
    session.tellImport({350 << 20, 400 << 20}); // on its way when it was cancelled
    QVERIFY(!bar.isBusy() && !bar.progress()->isActive());
}

void TestBranching::importFailsWithTheReason()
{
    CompareSession session;
    session.imported = Error{ErrorCode::NotFound, "Cannot import \"/logs\": found no event files.", "Choose another folder."};
    TransferBar bar(session);
    bar.show();
    QSignalSpy imported(&bar, &TransferBar::imported);
    bar.importLog(u"/logs"_s);
    QTRY_VERIFY(bar.banner()->message().contains(u"found no event files"_s));
    QCOMPARE(imported.size(), 0);
}

void TestBranching::exportGoesOnAfterAnError()
{
    CompareSession session;
    fillComparison(session);
    session.exportErrors[u"b"_s] = Error{ErrorCode::Conflict, "Cannot export run \"b\": the folder is not empty.", "Choose another."};
    TransferBar bar(session);
    bar.show();
    bar.exportRuns({u"a"_s, u"b"_s, u"c"_s}, u"/out"_s);
    QTRY_VERIFY(!bar.isBusy());
    QCOMPARE(session.exports.size(), 3);
    QCOMPARE(session.exports[2].second, u"/out/c"_s);
    QCOMPARE(bar.banner()->message(), u"Exported 2 of 3 runs to /out."_s);
    QCOMPARE(bar.notes().size(), 1);
    session.exportErrors.clear();
    bar.exportRuns({u"a"_s}, u"/out"_s);
    QTRY_COMPARE(bar.banner()->message(), u"Exported 1 run to /out."_s);
    QCOMPARE(bar.banner()->kind(), BannerKind::Info);
}

void TestBranching::exportIsCancelled()
{
    CompareSession session;
    fillComparison(session);
    session.holdsTransfers = true;
    TransferBar bar(session);
    bar.exportRuns({u"a"_s, u"b"_s}, u"/out"_s);
    bar.cancel();
    QVERIFY(!bar.isBusy());
    QCOMPARE(session.exports.size(), 1);
    QCOMPARE(session.numCancelledTransfers, 1);
    QCOMPARE(bar.banner()->message(), u"Exported 0 of 2 runs to /out."_s);
}

void TestBranching::oneTransferAtATime()
{
    CompareSession session;
    session.holdsTransfers = true;
    TransferBar bar(session);
    bar.importLog(u"/logs"_s);
    bar.exportRuns({u"a"_s}, u"/out"_s);
    QVERIFY(session.exports.isEmpty());
    QVERIFY(bar.banner()->message().contains(u"under way"_s));
    bar.cancel();
}

ORRERY_GUI_TEST_MAIN(TestBranching)
#include "tst_branching.moc"
