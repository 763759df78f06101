// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"

#include "core/spec/estimate.h"
#include "widgets/common/banner.h"
#include "widgets/common/field_editor.h"
#include "widgets/common/key_value_grid.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/form/data_card.h"
#include "widgets/form/estimate_card.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/form/spec_form.h"

#include <QAction>
#include <QClipboard>
#include <QComboBox>
#include <QElapsedTimer>
#include <QDir>
#include <QFileDialog>
#include <QInputDialog>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>
#include <QTimer>
#include <QToolButton>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

/// Below the rest of the keys after which a typed text counts as whole.
constexpr qint64 kRestMs = 1'400;

QLineEdit *lineOf(const NewRunPanel &panel, const char *key)
{
    return qobject_cast<QLineEdit *>(panel.form()->editor(QString::fromLatin1(key))->control());
}

const QString kDescription =
    uR"({"format":"folder","files":120,"documents":118,"bytes":1048576,"train_tokens":943718,
    "val_tokens":104858,"num_skipped":2,"skipped":[{"path":"a.bin","reason":"binary"}],"first_text":"int main()\n{"})"_s;

} // namespace

class TestNewRunPanel : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void startWaitsForAText();
    void startSendsTheWholeSpec();
    void startAnswersAtOnceAndShowsErrors();
    void startNeedsAConnection();
    void estimateIsThatOfTheSpec();
    void estimateIsRedWhenMemoryIsShort();
    void timeIsByTheRunsOfThisMachine();
    void timeOfABranchIsOfItsOwnSteps();
    void runsOfAnotherDeviceTakeNoPlace();
    void aSpecThatCannotBeReadIsAskedForOnceAConnection();
    void commandIsThatOfTheSpec();
    void describesAChosenTextOnce();
    void describesATypedTextWhenItIsCommitted_data();
    void describesATypedTextWhenItIsCommitted();
    void leavesHalfAPathAlone();
    void describesATypedTextThatExistsOnceItIsStill();
    void aDialogCommits();
    void dialogsAddToAListOfPaths();
    void aNewQuestionCancelsTheOneBefore();
    void hiddenFormAsksNothing();
    void aTokenizerFileIsChosen();
    void filesOfAnotherComputerAreTyped();
    void theVocabularyOfTheFileCounts();
    void descriptionErrorStandsUnderThePath();
    void asksAboutTheModelThatIsMeant();
    void theBuiltInWorldNeedsOnlyItsName();
    void offersTheSettingThatFits();
    void showsPicturesAndRecordings();
    void usesTheExample();
    void brokenSpecOfARunIsTold();
    void escapeClosesAndKeepsTheDraft();
    void theEstimateIsALineWhereThereIsNoRoom();
    void longTextsDoNotClipTheButtons();
};

void TestNewRunPanel::startWaitsForAText()
{
    FakeSession session;
    NewRunPanel panel(session);
    panel.show();
    QVERIFY(!panel.startButton()->isEnabled());
    QCOMPARE(panel.startButton()->toolTip(), u"Choose the data to train on."_s);
    QTest::keyClicks(lineOf(panel, "data.path"), u"/text"_s);
    QVERIFY(panel.startButton()->isEnabled());
    typeText(lineOf(panel, "train.steps"), u"0"_s);
    QVERIFY(!panel.startButton()->isEnabled());
    QCOMPARE(child<ElidedLabel>(&panel, "startReason")->fullText(), u"Steps needs a look."_s);
    typeText(lineOf(panel, "model.heads"), u"7"_s);
    QCOMPARE(child<ElidedLabel>(&panel, "startReason")->fullText(),
             u"2 settings need a look: Heads, Steps."_s);
    QCOMPARE(panel.form()->firstProblem().first, u"model.heads"_s); // where the button beside it leads
}

void TestNewRunPanel::startSendsTheWholeSpec()
{
    FakeSession session;
    NewRunPanel panel(session);
    QSignalSpy created(&panel, &NewRunPanel::runCreated);
    panel.form()->setGiven(u"data.path"_s, u"/text"_s);
    panel.form()->setGiven(u"train.steps"_s, u"77"_s);
    panel.form()->setGiven(u"name"_s, u"mine"_s);
    panel.startButton()->click();
    QCOMPARE(session.createdSpecs.size(), 1);
    const Result<RunSpec> sent = specFromJson(session.createdSpecs[0].toStdString());
    QVERIFY(sent.ok());
    QCOMPARE(sent->train.steps, 77);
    QCOMPARE(sent->data.path, std::string("/text"));
    QCOMPARE(sent->name, std::string("mine"));
    QTRY_COMPARE(created.count(), 1);
    QCOMPARE(created[0][0].toString(), u"new-run"_s);
    QVERIFY(!panel.form()->builder().isExplicit("name")); // the next run is another one
    QVERIFY(panel.form()->builder().isExplicit("train.steps"));
}

void TestNewRunPanel::startAnswersAtOnceAndShowsErrors()
{
    FakeSession session;
    session.isHolding = true;
    NewRunPanel panel(session);
    panel.form()->setGiven(u"data.path"_s, u"/text"_s);
    const auto prepare = [&] {
        session.flush(); // of the try before
        session.createdSpecs.clear();
        session.failNext[u"createRun"_s] =
            Error{ErrorCode::Io, "Cannot create run: no space left.", "Free some space."};
    };
    ORRERY_VERIFY_QUICK_AFTER(prepare(), panel.start());
    QCOMPARE(session.createdSpecs.size(), 1);
    QVERIFY(!panel.startButton()->isEnabled()); // no second run by a double click
    panel.start();
    QCOMPARE(session.createdSpecs.size(), 1);
    session.flush();
    QVERIFY(panel.banner()->message().contains(u"no space left"_s));
    QVERIFY(panel.startButton()->isEnabled());
    QCOMPARE(lineOf(panel, "data.path")->text(), u"/text"_s);
}

void TestNewRunPanel::startNeedsAConnection()
{
    FakeSession session;
    session.state = ConnectionState::Lost;
    NewRunPanel panel(session);
    panel.show();
    panel.form()->setGiven(u"data.path"_s, u"/text"_s);
    QVERIFY(!panel.startButton()->isEnabled());
    session.setConnection(ConnectionState::Connected);
    QVERIFY(panel.startButton()->isEnabled());
    QTRY_COMPARE(session.describedPaths, QStringList{u"/text"_s}); // asked once it can be
}

void TestNewRunPanel::estimateIsThatOfTheSpec()
{
    FakeSession session;
    NewRunPanel panel(session);
    panel.form()->presets()->button(u"small"_s)->click();
    panel.form()->setGiven(u"train.steps"_s, u"500"_s);
    const RunSpec spec = panel.form()->builder().preview();
    const RunEstimate expected = estimateRun(spec, byteVocabSize(spec.data), 60e9);
    const RunEstimate &shown = panel.estimateCard()->estimate();
    QCOMPARE(shown.numParameters, expected.numParameters);
    QCOMPARE(shown.totalBytes, expected.totalBytes);
    QCOMPARE(shown.totalTokens, expected.totalTokens);
    QCOMPARE(shown.totalSeconds, panel.estimateCard()->time().parts.total());
    QVERIFY(panel.estimateCard()->time().parts.evaluation > 0); // more than its updates
    for (const ElidedLabel *name : panel.estimateCard()->numbers()->findChildren<ElidedLabel *>())
        QVERIFY2(name->property("meaning").toString().contains(u"More: docs/"_s), qPrintable(name->fullText()));
    QCOMPARE(panel.estimateCard()->numbers()->value(u"Parameters"_s),
             countText(static_cast<double>(expected.numParameters)));
    // What a GPU takes beside that for weights of each modality's own is in the sum, and named.
    panel.form()->setGiven(u"attention.num_modalities"_s, u"3"_s);
    const auto isNamed = [&panel] {
        const auto cells = panel.estimateCard()->numbers()->findChildren<QWidget *>();
        return std::any_of(cells.begin(), cells.end(),
                           [](const QWidget *cell) { return cell->toolTip().contains(u"the modalities' weights side by side"_s); });
    };
    QVERIFY(!isNamed());
    panel.form()->setGiven(u"device"_s, u"cuda"_s);
    QVERIFY(panel.estimateCard()->estimate().stackBytes > 0);
    QVERIFY(isNamed());
}

void TestNewRunPanel::estimateIsRedWhenMemoryIsShort()
{
    FakeSession session;
    session.info.memoryBytes = quint64{1} << 30;
    NewRunPanel panel(session);
    QVERIFY(!panel.estimateCard()->exceedsMemory());
    panel.form()->presets()->button(u"gpt2"_s)->click();
    QVERIFY(panel.estimateCard()->exceedsMemory());
    QVERIFY(!child<ToneLabel>(panel.estimateCard(), "estimateWarning")->isHidden());
}

void TestNewRunPanel::timeIsByTheRunsOfThisMachine()
{
    FakeSession session;
    NewRunPanel panel(session);
    EstimateCard *card = panel.estimateCard();
    const auto says = [card](const QString &words) {
        const auto labels = card->findChildren<ToneLabel *>();
        return std::any_of(labels.begin(), labels.end(),
                           [&words](const ToneLabel *label) { return label->text().contains(words); });
    };
    const TimeEstimate unknown = card->time();
    QVERIFY(says(u"nothing has trained here yet"_s));
    QCOMPARE(card->numbers()->value(u"Time"_s),
             u"%1 to %2"_s.arg(durationText(unknown.least), durationText(unknown.most)));
    QVERIFY(unknown.most / unknown.least > 5); // nobody knows

    RunStatus past = fakeRun("measured", RunState::Finished);
    past.step = 200;
    past.elapsedSeconds = 200 * 7 * unknown.secondsPerStep;
    past.threads = std::max(1, session.info.numCores - 1);
    session.specs[u"measured"_s] = QString::fromStdString(specToJson(panel.form()->builder().preview()));
    session.setRuns({past});
    QTRY_COMPARE(card->time().speed.numMeasured, 1);
    QVERIFY(std::abs(card->time().secondsPerStep / (7 * unknown.secondsPerStep) - 1) < 1e-9);
    QVERIFY(says(u"1 training"_s) && says(u"of about this size"_s));
    QVERIFY(card->time().most / card->time().least < 2);
    // One that has only begun says nothing.
    past.step = 3;
    session.setRuns({past});
    QTRY_VERIFY(says(u"nothing has trained here yet"_s));
    // One whose spec cannot be read, neither.
    RunStatus broken = fakeRun("broken", RunState::Finished);
    broken.step = 200;
    broken.elapsedSeconds = 1;
    session.specs[u"broken"_s] = u"{"_s;
    session.setRuns({broken});
    QTest::qWait(20);
    QCOMPARE(card->time().speed.numMeasured, 0);
}

void TestNewRunPanel::timeOfABranchIsOfItsOwnSteps()
{
    FakeSession session;
    NewRunPanel panel(session);
    EstimateCard *card = panel.estimateCard();
    const double unknown = card->time().secondsPerStep;
    const auto spec = QString::fromStdString(specToJson(panel.form()->builder().preview()));
    RunStatus branch = fakeRun("branch", RunState::Finished);
    branch.device = panel.form()->builder().preview().device;
    branch.parentStep = 8'000;
    branch.step = 8'200;
    branch.elapsedSeconds = 200 * 7 * unknown;
    branch.threads = std::max(1, session.info.numCores - 1);
    session.specs[u"branch"_s] = spec;
    session.setRuns({branch});
    QTRY_COMPARE(card->time().speed.numMeasured, 1);
    QVERIFY(std::abs(card->time().secondsPerStep / (7 * unknown) - 1) < 1e-9);
    branch.step = 8'003; // of its own it has only begun
    session.setRuns({branch});
    QTRY_COMPARE(card->time().speed.numMeasured, 0);
}

void TestNewRunPanel::runsOfAnotherDeviceTakeNoPlace()
{
    FakeSession session;
    NewRunPanel panel(session);
    EstimateCard *card = panel.estimateCard();
    const auto spec = QString::fromStdString(specToJson(panel.form()->builder().preview()));
    std::vector<RunStatus> runs;
    for (int i = 0; i < 9; ++i) {
        RunStatus run = fakeRun(i == 8 ? "here" : "imported-" + std::to_string(i), RunState::Finished);
        run.device = i == 8 ? panel.form()->builder().preview().device : "imported";
        run.step = 200;
        run.elapsedSeconds = 100;
        run.lastReportAt = kTestNow - 10 * i; // the one that counts is the oldest
        runs.push_back(run);
        session.specs[QString::fromStdString(run.id)] = spec;
    }
    session.setRuns(runs);
    QTRY_COMPARE(card->time().speed.numMeasured, 1);
}

void TestNewRunPanel::aSpecThatCannotBeReadIsAskedForOnceAConnection()
{
    FakeSession session;
    NewRunPanel panel(session);
    RunStatus run = fakeRun("unread", RunState::Finished);
    run.device = panel.form()->builder().preview().device;
    run.step = 200;
    run.elapsedSeconds = 100;
    session.failNext[u"getSpec"_s] = Error{ErrorCode::Unavailable, "Cannot reach the engine.", ""};
    session.setRuns({run});
    QTest::qWait(20);
    const int numAsked = session.numSpecQueries;
    QVERIFY(numAsked > 0);
    for (int i = 0; i < 5; ++i) {
        session.setRuns({run});
        QTest::qWait(5);
    }
    QCOMPARE(session.numSpecQueries, numAsked);
    session.setConnection(ConnectionState::Connected);
    QTRY_VERIFY(session.numSpecQueries > numAsked);
}

void TestNewRunPanel::commandIsThatOfTheSpec()
{
    FakeSession session;
    NewRunPanel panel(session);
    panel.form()->setGiven(u"data.path"_s, u"/my text"_s);
    panel.form()->setGiven(u"optimizer.lr"_s, u"0.002"_s);
    child<QAction>(&panel, "panelCopyCommand")->trigger();
    QCOMPARE(QGuiApplication::clipboard()->text().toStdString(), specToCommand(panel.form()->builder()));
    QCOMPARE(panel.command(), u"orrery-engine train --data '/my text' --set optimizer.lr=0.002"_s);
}

void TestNewRunPanel::describesAChosenTextOnce()
{
    FakeSession session;
    session.dataDescription = kDescription;
    NewRunPanel panel(session);
    panel.show();
    panel.form()->setGiven(u"data.path"_s, u"/text"_s);
    QTRY_COMPARE(session.describedPaths, QStringList{u"/text"_s});
    QTRY_COMPARE(panel.dataCard()->numTrainTokens(), quint64{943'718});
    QCOMPARE(panel.dataCard()->numbers()->value(u"Files"_s), u"120"_s);
    QCOMPARE(panel.dataCard()->numbers()->value(u"Format"_s), u"folder of text files"_s);
    QVERIFY(panel.estimateCard()->numbers()->value(u"Passes over the data"_s) != unknownText());
    panel.form()->setGiven(u"optimizer.lr"_s, u"0.01"_s); // no matter of the text
    QTest::qWait(500);                                    // for what must not come
    QCOMPARE(session.describedPaths.size(), 1);
    QCOMPARE(session.numCancelledDescriptions, 0);
}

void TestNewRunPanel::describesATypedTextWhenItIsCommitted_data()
{
    QTest::addColumn<bool>("byEnter");
    QTest::newRow("Enter") << true;
    QTest::newRow("focus out") << false;
}

void TestNewRunPanel::describesATypedTextWhenItIsCommitted()
{
    QFETCH(bool, byEnter);
    FakeSession session;
    NewRunPanel panel(session);
    panel.show();
    QLineEdit *line = lineOf(panel, "data.path");
    QTest::keyClicks(line, u"/no/such/text"_s); // the engine says so, when it is asked
    QVERIFY(session.describedPaths.isEmpty());
    if (byEnter) {
        QTest::keyClick(line, Qt::Key_Return);
    } else {
        QFocusEvent out(QEvent::FocusOut);
        QCoreApplication::sendEvent(line, &out);
    }
    QCOMPARE(session.describedPaths, QStringList{u"/no/such/text"_s}); // at once
    QTest::keyClick(line, Qt::Key_Return);
    QCOMPARE(session.describedPaths.size(), 1); // asked already
}

void TestNewRunPanel::leavesHalfAPathAlone()
{
    FakeSession session;
    NewRunPanel panel(session);
    panel.show();
    QLineEdit *line = lineOf(panel, "data.path");
    qint64 longestRest = 0; // between two keys, at most
    QElapsedTimer typing;
    typing.start();
    QTest::keyClicks(line, u"/"_s); // a folder, and on the way to another
    for (const QString &more : {u"tmp"_s, u"/orrery-no-such-folder"_s}) {
        QTest::qWait(600);
        QTest::keyClicks(line, more);
        longestRest = std::max(longestRest, typing.restart());
    }
    QTest::qWait(2'000);
    if (longestRest > kRestMs) QSKIP("This machine is too busy to type at an even pace.");
    QVERIFY(session.describedPaths.isEmpty());
    QVERIFY(panel.form()->shownError(u"data.path"_s).isEmpty());
}

void TestNewRunPanel::describesATypedTextThatExistsOnceItIsStill()
{
    FakeSession session;
    NewRunPanel panel(session);
    panel.show();
    QElapsedTimer typing;
    typing.start();
    QTest::keyClicks(lineOf(panel, "data.path"), u"/proc/self/status"_s);
    QTest::qWait(800);
    const bool isAsked = !session.describedPaths.isEmpty();
    if (typing.elapsed() < kRestMs) QVERIFY(!isAsked); // else the machine was too busy to look in time
    QTRY_COMPARE_WITH_TIMEOUT(session.describedPaths, QStringList{u"/proc/self/status"_s}, 60'000);
}

void TestNewRunPanel::aDialogCommits()
{
    FakeSession session;
    NewRunPanel panel(session);
    panel.setExamplePath([] { return u"example"_s; });
    panel.show();
    QTest::keyClicks(lineOf(panel, "data.path"), u"/half"_s);
    child<QToolButton>(&panel, "browse_data.path")->menu()->actions().last()->trigger();
    QCOMPARE(session.describedPaths, QStringList{u"example"_s});
}

void TestNewRunPanel::dialogsAddToAListOfPaths()
{
    FakeSession session;
    NewRunPanel panel(session);
    panel.show();
    const auto choose = [&](const QString &path) {
        child<QToolButton>(&panel, "browse_continual.stages")->menu()->actions().last()->trigger();
        auto *dialog = panel.findChild<QFileDialog *>(u"browseDialog"_s);
        QVERIFY(dialog);
        Q_EMIT dialog->fileSelected(path);
        delete dialog;
    };
    QLineEdit *line = lineOf(panel, "continual.stages");
    QCOMPARE(line->placeholderText(), u"none"_s);
    choose(u"/data/a, b.txt"_s);
    QCOMPARE(line->text(), u"[\"/data/a, b.txt\"]"_s);
    choose(u"/data/c"_s);
    QCOMPARE(line->text(), u"[\"/data/a, b.txt\",\"/data/c\"]"_s);
    line->setText(u"/typed"_s); // one path as it is
    choose(u"/data/c"_s);
    QCOMPARE(line->text(), u"[\"/typed\",\"/data/c\"]"_s);
}

void TestNewRunPanel::aNewQuestionCancelsTheOneBefore()
{
    FakeSession session;
    session.isHolding = true;
    session.dataDescription = kDescription;
    NewRunPanel panel(session);
    panel.show();
    panel.form()->setGiven(u"data.path"_s, u"/first"_s);
    QTRY_COMPARE(session.describedPaths.size(), 1);
    QTest::keyClicks(lineOf(panel, "data.path"), u"2"_s); // the first key is enough
    QCOMPARE(session.numCancelledDescriptions, 1);
    session.flush(); // the answer about /first
    QCOMPARE(panel.dataCard()->numTrainTokens(), quint64{0});
    QTest::keyClick(lineOf(panel, "data.path"), Qt::Key_Return);
    QCOMPARE(session.describedPaths.size(), 2);
    session.flush();
    QCOMPARE(panel.dataCard()->numTrainTokens(), quint64{943'718});
    QCOMPARE(session.numCancelledDescriptions, 1);
}

void TestNewRunPanel::filesOfAnotherComputerAreTyped()
{
    FakeSession session;
    session.info.isOfThisComputer = false; // though its home is called as one here
    NewRunPanel panel(session);
    panel.show();
    const auto type = [&panel](const QString &path) {
        QVERIFY(!panel.findChild<QFileDialog *>());
        auto *dialog = panel.findChild<QInputDialog *>(u"browseDialog"_s);
        QVERIFY(dialog);
        dialog->setTextValue(path);
        dialog->accept();
        delete dialog;
    };
    const auto browse = [&panel](const char *button, int action) {
        panel.findChild<QToolButton *>(QLatin1String(button))->menu()->actions().at(action)->trigger();
    };
    browse("browse_data.path", 0);
    type(u"/far/texts"_s);
    QCOMPARE(lineOf(panel, "data.path")->text(), u"/far/texts"_s);
    browse("browse_data.path", 1);
    QCOMPARE(panel.findChild<QInputDialog *>(u"browseDialog"_s)->textValue(), u"/far/texts"_s); // to be changed
    type(u"/far/text.txt"_s);
    browse("browse_continual.stages", 0);
    type(u"/far/a, b"_s);
    QCOMPARE(lineOf(panel, "continual.stages")->text(), u"[\"/far/a, b\"]"_s);
    auto *box = child<QComboBox>(&panel, "control_data.tokenizer");
    Q_EMIT box->activated(box->count() - 1);
    type(u"/far/llama/tokenizer.json"_s);
    const RunSpec spec = panel.form()->builder().preview();
    QVERIFY(spec.data.path == "/far/text.txt" && spec.data.tokenizer == "/far/llama/tokenizer.json");
    // This computer's home is not the one that is meant.
    QLineEdit *line = lineOf(panel, "data.path");
    line->clear();
    QTest::keyClicks(line, u"~/texts"_s);
    QCOMPARE(QString::fromStdString(panel.form()->builder().preview().data.path), u"~/texts"_s);
    session.info.isOfThisComputer = true;
    QTest::keyClicks(line, u"2"_s);
    QCOMPARE(QString::fromStdString(panel.form()->builder().preview().data.path), QDir::homePath() + u"/texts2"_s);
}

void TestNewRunPanel::aTokenizerFileIsChosen()
{
    FakeSession session;
    NewRunPanel panel(session);
    panel.show();
    auto *box = child<QComboBox>(&panel, "control_data.tokenizer");
    QCOMPARE(box->itemText(box->count() - 1), u"Choose file …"_s);
    const auto ask = [&] {
        box->setCurrentIndex(box->count() - 1); // as a person does
        Q_EMIT box->activated(box->count() - 1);
        return panel.findChild<QFileDialog *>(u"browseDialog"_s);
    };
    QFileDialog *dialog = ask();
    QVERIFY(dialog);
    QCOMPARE(box->currentText(), u"bytes"_s); // until a file is chosen
    QVERIFY(panel.form()->builder().preview().data.tokenizer == "bytes");
    delete dialog; // cancelled
    dialog = ask();
    Q_EMIT dialog->fileSelected(u"/models/llama/tokenizer.json"_s);
    delete dialog;
    QCOMPARE(box->currentText(), u"llama/tokenizer.json"_s);
    QCOMPARE(box->currentData(Qt::ToolTipRole).toString(), u"/models/llama/tokenizer.json"_s);
    QVERIFY(panel.form()->builder().preview().data.tokenizer == "/models/llama/tokenizer.json");
    QCOMPARE(lineOf(panel, "data.vocab_size")->placeholderText(), u"as the tokenizer"_s);
    NewRunPanel other(session); // and in a draft
    other.restoreDraft(panel.draftJson());
    QCOMPARE(child<QComboBox>(&other, "control_data.tokenizer")->currentText(), u"llama/tokenizer.json"_s);
    dialog = ask(); // another one begins where that is
    QCOMPARE(box->currentText(), u"llama/tokenizer.json"_s);
    delete dialog;
    box->setCurrentIndex(box->findData(u"bpe"_s));
    Q_EMIT box->activated(box->currentIndex());
    QVERIFY(panel.form()->builder().preview().data.tokenizer == "bpe");
}

void TestNewRunPanel::theVocabularyOfTheFileCounts()
{
    FakeSession session;
    session.dataDescription = uR"({"format":"text","files":1,"documents":1,"bytes":100,"train_tokens":900,"val_tokens":100,"vocab_size":32000})"_s;
    NewRunPanel panel(session);
    panel.show();
    panel.form()->setGiven(u"data.tokenizer"_s, u"/models/tokenizer.json"_s);
    const auto unread = panel.estimateCard()->estimate().numParameters;
    panel.form()->setGiven(u"data.path"_s, u"/text"_s);
    QTRY_COMPARE(panel.dataCard()->vocabSize(), qint64{32'000});
    QCOMPARE(panel.dataCard()->numbers()->value(u"Vocabulary"_s), u"32,000 tokens"_s);
    RunSpec spec = panel.form()->builder().preview();
    const auto expected = estimateRun(spec, 32'000, 1e9).numParameters;
    QVERIFY(expected > unread);
    QCOMPARE(panel.estimateCard()->estimate().numParameters, expected);
    panel.form()->setGiven(u"data.vocab_size"_s, u"40000"_s); // a person's own number comes first
    spec = panel.form()->builder().preview();
    QCOMPARE(panel.estimateCard()->estimate().numParameters, estimateRun(spec, 0, 1e9).numParameters);
    panel.form()->setGiven(u"data.vocab_size"_s, QString());
    panel.form()->setGiven(u"data.tokenizer"_s, u"/models/other.json"_s); // not read yet
    QCOMPARE(panel.dataCard()->vocabSize(), qint64{0});
}

void TestNewRunPanel::hiddenFormAsksNothing()
{
    FakeSession session;
    NewRunPanel panel(session);
    NewRunPanel before(session);
    before.form()->setGiven(u"data.path"_s, u"/proc/self/status"_s);
    panel.restoreDraft(before.draftJson());
    QTest::qWait(2'000);
    QVERIFY(session.describedPaths.isEmpty());
    panel.show();
    QTRY_COMPARE(session.describedPaths, QStringList{u"/proc/self/status"_s});
}

void TestNewRunPanel::descriptionErrorStandsUnderThePath()
{
    FakeSession session;
    session.failNext[u"describeData"_s] =
        Error{ErrorCode::NotFound, "Cannot read \"/nothing\": it does not exist.", ""};
    NewRunPanel panel(session);
    panel.show();
    QTest::keyClicks(lineOf(panel, "data.path"), u"/nothing"_s);
    QTest::keyClick(lineOf(panel, "data.path"), Qt::Key_Return);
    QTRY_VERIFY(panel.form()->shownError(u"data.path"_s).contains(u"does not exist"_s));
    QVERIFY(!panel.startButton()->isEnabled());
    QTest::keyClicks(lineOf(panel, "data.path"), u"2"_s);
    QCOMPARE(panel.form()->shownError(u"data.path"_s), QString());
}

void TestNewRunPanel::asksAboutTheModelThatIsMeant()
{
    FakeSession session;
    NewRunPanel panel(session);
    panel.show();
    panel.form()->setGiven(u"attention.num_modalities"_s, u"3"_s);
    panel.form()->setGiven(u"media.image_size"_s, u"64"_s);
    panel.form()->setGiven(u"media.patch_size"_s, u"16"_s);
    panel.form()->setGiven(u"media.audio_tokens"_s, u"40"_s);
    panel.form()->setGiven(u"seed"_s, u"7"_s);
    panel.form()->setGiven(u"data.path"_s, u"/m.jsonl"_s);
    QTRY_COMPARE(session.describedSpecs.size(), size_t{1});
    const RunSpec &asked = session.describedSpecs.back();
    QCOMPARE(asked.model.attention.numModalities, int64_t{3});
    QCOMPARE(asked.model.media.imageSize, int64_t{64});
    QCOMPARE(asked.model.media.patchSize, int64_t{16});
    QCOMPARE(asked.model.media.audioTokens, int64_t{40});
    QCOMPARE(asked.data.specialTokens, std::string("default"));
    QCOMPARE(asked.seed, int64_t{7});
    // A change of any of them asks anew; of others it does not.
    const auto *timer = panel.findChild<QTimer *>(u"describeTimer"_s);
    QVERIFY(timer && !timer->isActive());
    panel.form()->setGiven(u"media.image_size"_s, u"32"_s);
    QVERIFY(timer->isActive()); // at once: what follows would see it
    QTRY_COMPARE(session.describedSpecs.size(), size_t{2});
    QCOMPARE(session.describedSpecs.back().model.media.imageSize, int64_t{32});
    panel.form()->setGiven(u"train.steps"_s, u"5"_s);
    QVERIFY(!timer->isActive());
    QCOMPARE(session.describedSpecs.size(), size_t{2});
}

void TestNewRunPanel::theBuiltInWorldNeedsOnlyItsName()
{
    FakeSession session;
    NewRunPanel panel(session);
    panel.show();
    QTest::keyClicks(lineOf(panel, "data.path"), u"gen:shapes"_s);
    QTest::keyClick(lineOf(panel, "data.path"), Qt::Key_Return);
    QTRY_COMPARE(session.describedSpecs.size(), size_t{1});
    QCOMPARE(session.describedSpecs.back().model.attention.numModalities, int64_t{3});
    QCOMPARE(panel.form()->editor(u"attention.num_modalities"_s)->defaultText(), u"3"_s);
    QVERIFY(!panel.form()->builder().isExplicit("attention.num_modalities"));
    QVERIFY2(panel.form()->isValid(), qPrintable(panel.form()->firstProblem().second));
    QVERIFY(panel.startButton()->isEnabled());
    panel.startButton()->click();
    const Result<RunSpec> sent = specFromJson(session.createdSpecs.at(0).toStdString());
    QVERIFY(sent.ok());
    QCOMPARE(sent->model.attention.numModalities, int64_t{3});
    QCOMPARE(panel.command(), u"orrery-engine train --data gen:shapes"_s);
}

void TestNewRunPanel::offersTheSettingThatFits()
{
    FakeSession session;
    session.dataDescription =
        uR"({"format":"manifest","files":4,"documents":3,"train_tokens":300,"val_tokens":30,
        "images":2,"recordings":1,"longest":60,"longest_recording":40,"front_end":{"patches":16,"patch_width":192},
        "splits":{"train":{"image":32,"audio":40}},
        "mismatch":{"key":"attention.num_modalities","value":3,"message":"Cannot train on \"/m.jsonl\": it has
        recordings.","hint":"Set attention.num_modalities to 3."}})"_s.remove(u'\n');
    NewRunPanel panel(session);
    panel.show();
    panel.form()->setGiven(u"data.path"_s, u"/m.jsonl"_s);
    QPushButton *fix = panel.dataCard()->fixButton();
    QTRY_VERIFY(fix->isVisible());
    QCOMPARE(fix->text(), u"Set “Modalities” to 3"_s);
    QVERIFY(panel.form()->shownError(u"attention.num_modalities"_s).contains(u"it has"_s));
    QVERIFY(!panel.startButton()->isEnabled()); // it would be refused
    session.dataDescription.replace(u"mismatch"_s, u"settled"_s);
    fix->click();
    QCOMPARE(panel.form()->builder().preview().model.attention.numModalities, int64_t{3});
    QTRY_COMPARE(session.describedSpecs.size(), size_t{2});
    QTRY_VERIFY(panel.dataCard()->numTrainTokens() > 0);
    QVERIFY(!fix->isVisible());
    QCOMPARE(panel.form()->shownError(u"attention.num_modalities"_s), QString());
    QVERIFY(panel.startButton()->isEnabled());
}

void TestNewRunPanel::showsPicturesAndRecordings()
{
    FakeSession session;
    session.dataDescription = uR"({"format":"generated","documents":20000,"bytes":0,"files":0,
        "train_tokens":600000,"val_tokens":30000,"sampled":300,"longest":61,"longest_recording":20,
        "front_end":{"patches":16,"patch_width":192},"splits":{"train":{"image":300000,"audio":90000}},
        "checks":[{"name":"split","ok":true,"text":"Fine."},
                  {"name":"length","ok":false,"text":"The longest document is long."}],
        "preview":"[image: 16 patches] how many red shapes? two"})"_s;
    NewRunPanel panel(session);
    panel.show();
    panel.form()->setGiven(u"data.path"_s, u"gen:shapes"_s);
    const KeyValueGrid *numbers = panel.dataCard()->numbers();
    QTRY_COMPARE(numbers->value(u"Format"_s), u"made here"_s);
    QCOMPARE(numbers->value(u"A picture"_s), u"16 tokens"_s);
    QCOMPARE(numbers->value(u"Longest recording"_s), u"20 tokens"_s);
    QCOMPARE(numbers->value(u"Longest document"_s), u"61 tokens"_s);
    QCOMPARE(numbers->value(u"Files"_s), QString());
    QVERIFY(numbers->value(u"Training tokens"_s).startsWith(u"about "_s));
    QCOMPARE(child<ToneLabel>(&panel, "dataChecks")->text(), u"The longest document is long."_s);
    // Of a text there is nothing of the kind.
    session.dataDescription = kDescription;
    panel.form()->setGiven(u"data.path"_s, u"/text"_s);
    QTRY_COMPARE(numbers->value(u"Format"_s), u"folder of text files"_s);
    QCOMPARE(numbers->value(u"A picture"_s), QString());
    QVERIFY(!child<ToneLabel>(&panel, "dataChecks")->isVisible());
}

void TestNewRunPanel::usesTheExample()
{
    FakeSession session;
    NewRunPanel panel(session);
    panel.resize(900, 700);
    panel.show();
    auto *button = panel.dataCard()->exampleButton();
    QVERIFY(!button->isVisible()); // nobody offers one
    panel.setExamplePath([] { return u"/usr/include"_s; });
    QVERIFY(button->isVisible());
    button->click();
    QCOMPARE(lineOf(panel, "data.path")->text(), u"/usr/include"_s);
    QVERIFY(!button->isVisible());
}

void TestNewRunPanel::brokenSpecOfARunIsTold()
{
    FakeSession session;
    session.runList = {fakeRun("old")};
    session.specs[u"old"_s] = u"{"_s;
    NewRunPanel panel(session);
    panel.fillFromRun(u"old"_s);
    QTRY_VERIFY(panel.banner()->message().contains(u"spec.json"_s));
}

void TestNewRunPanel::escapeClosesAndKeepsTheDraft()
{
    FakeSession session;
    NewRunPanel panel(session);
    panel.show();
    QSignalSpy closed(&panel, &NewRunPanel::closeRequested);
    QTest::keyClicks(lineOf(panel, "train.steps"), u"42"_s);
    QTest::keyClick(lineOf(panel, "train.steps"), Qt::Key_Escape);
    QCOMPARE(closed.count(), 1);
    QVERIFY(panel.draftJson().contains(u"42"_s));
    NewRunPanel other(session);
    other.restoreDraft(panel.draftJson());
    QCOMPARE(lineOf(other, "train.steps")->text(), u"42"_s);
}

void TestNewRunPanel::theEstimateIsALineWhereThereIsNoRoom()
{
    FakeSession session;
    session.info.memoryBytes = quint64{16} << 30;
    NewRunPanel panel(session);
    panel.resize(900, 600);
    panel.show();
    auto *line = child<ElidedLabel>(&panel, "estimateLine");
    auto *open = child<QToolButton>(&panel, "showEstimate");
    QTRY_VERIFY(panel.estimateCard()->isVisible()); // beside the form
    QVERIFY(!open->isVisible());
    panel.resize(620, 600);
    QTRY_VERIFY(!panel.estimateCard()->isVisible());
    QVERIFY(open->isVisible() && line->isVisible());
    QVERIFY2(line->fullText().startsWith(u"888k parameters"_s) || line->fullText().startsWith(u"888 k parameters"_s), qPrintable(line->fullText()));
    panel.form()->setGiven(u"model.layers"_s, u"8"_s); // it follows
    QVERIFY(!line->fullText().startsWith(u"888"_s));
    session.info.memoryBytes = 1'000'000;
    panel.form()->setGiven(u"train.batch_size"_s, u"64"_s);
    QCOMPARE(line->tone(), Tone::Error); // too large
    open->click();
    QTRY_VERIFY(panel.estimateCard()->isVisible());
    QVERIFY(!line->isVisible()); // not twice
    panel.resize(620, 560);
    QVERIFY(panel.estimateCard()->isVisible()); // it was wanted
    NewRunPanel high(session);
    high.resize(620, 900);
    high.show();
    QTRY_VERIFY(high.estimateCard()->isVisible());
}

void TestNewRunPanel::longTextsDoNotClipTheButtons()
{
    FakeSession session;
    NewRunPanel panel(session);
    panel.resize(480, 700); // narrow: cards go below the form
    panel.show();
    panel.form()->setGiven(u"data.path"_s, u"/"_s + QString(u"very-long-folder/"_s).repeated(30));
    panel.form()->setOutsideProblem(
        u"data.path"_s, QString(u"Cannot read it because of a very long reason. "_s).repeated(10));
    QTRY_VERIFY(panel.rect().contains(
        QRect(panel.startButton()->mapTo(&panel, QPoint(0, 0)), panel.startButton()->size())));
    QVERIFY(panel.startButton()->width() >= panel.startButton()->sizeHint().width());
}

ORRERY_GUI_TEST_MAIN(TestNewRunPanel)
#include "tst_new_run_panel.moc"
