// SPDX-License-Identifier: GPL-3.0-or-later
// The panel over time and on the model: steps, live, questions, ablation, errors, exports, hidden.
#include "core/spec/kept_prompt.h"
#include "tests/widgets/attention/attention_fixture.h"
#include "widgets/common/panel_tools.h"
#include "widgets/common/view_link.h"

#include <QAction>
#include <QClipboard>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

using namespace orrery;
using namespace orrery::ui;

class TestAttentionLive : public QObject, protected AttentionFixture {
    Q_OBJECT
private Q_SLOTS:
    void init() { setUp(); }
    void cleanup() { tearDown(); }
    void scrubberMovesByKeysAndSlider();
    void liveFollowsTheTraining();
    void askingShowsExactMapsAndTheWayBack();
    void keptPicturesAreAskedOfTheTraining();
    void anotherHeadIsAskedForWithTheSameText();
    void answerForAnotherRunIsIgnored();
    void ownTextIsAskedByEnter();
    void whatIsCutFromALongTextIsSaid();
    void ablationStandsBesideWhatWasThere();
    void ablationIsDroppedWithItsHead();
    void errorsStandInThePanelAndAreRetried();
    void thinnedOutStepIsNoted();
    void hiddenPanelDoesNothing();
    void theValidationTextIsOpenedFirst();
    void aChosenPromptStays();
    void aLinkAsksWithoutTheHeadAgain();
    void aTextIsKeptFromWhereItIsRead();
    void whatCannotBeKeptSaysWhy();
    void changedPromptsHaveTheirNumbers();
    void whatOfAKeptTextIsReadIsSaid();
    void commandIsTheTwinOfWhatIsShown();
    void exportsAreFiles_data();
    void exportsAreFiles();
    void tablesAreSavedBesideTheWindow();
    void exportErrorsNameWhatAndWhy();
    void theListIsReadByKeys();
};

void TestAttentionLive::scrubberMovesByKeysAndSlider()
{
    open();
    QTest::keyClick(overview(), Qt::Key_Comma);
    QTRY_COMPARE(shownStep(), 390);
    QTest::keyClick(overview(), Qt::Key_Period);
    QTRY_COMPARE(shownStep(), 400);
    FrameSlider *slider = m_panel->scrubber()->slider();
    QTest::keyClick(slider, Qt::Key_Home);
    QTRY_COMPARE(shownStep(), 10);
    QTest::mouseClick(slider, Qt::LeftButton, {}, QPoint(int(slider->xOf(20)), 11));
    QTRY_COMPARE(shownStep(), 210);
    QCOMPARE(slider->value(), 20);
    QTest::mouseClick(slider, Qt::LeftButton, Qt::ShiftModifier, QPoint(int(slider->xOf(7)), 11));
    QCOMPARE(m_panel->feed()->baseIndex(), 7);
    QCOMPARE(slider->value(), 20);
}

void TestAttentionLive::liveFollowsTheTraining()
{
    open();
    const auto addFrame = [this](int64_t id, int64_t step) {
        m_session->frameInfos[u"alpha"_s].push_back(
            {.id = id, .step = step, .wallTime = 10'000, .kind = FrameKind::Overview});
        RunStatus status = m_session->statusOf(u"alpha"_s);
        status.lastFrameId = id;
        m_session->sendUpdate(status);
    };
    auto *live = child<QToolButton>(m_panel.get(), "live");
    QVERIFY(live->isVisible() && live->isChecked());
    addFrame(41, 410);
    QTRY_COMPARE(shownStep(), 410);
    QTest::keyClick(overview(), Qt::Key_Comma);
    QTRY_COMPARE(shownStep(), 400);
    QVERIFY(!live->isChecked());
    addFrame(42, 420);
    QTRY_COMPARE(m_panel->feed()->list().frames().size(), size_t(42));
    QTRY_VERIFY(!m_session->isAnswering());
    QCOMPARE(shownStep(), 400);
    QTest::mouseClick(live, Qt::LeftButton);
    QTRY_COMPARE(shownStep(), 420);
    QVERIFY(live->isChecked());
}

void TestAttentionLive::askingShowsExactMapsAndTheWayBack()
{
    SampleModel model;
    model.tokensPerCell = 2;
    open(model);
    openHead({3, 2});
    QVERIFY(map()->figure().numRows() == 15);
    QTest::mouseClick(child<QPushButton>(m_panel.get(), "askModel"), Qt::LeftButton);
    QTRY_COMPARE(map()->figure().numRows(), 30);
    QVERIFY((m_session->inspections.back().request.heads == std::vector<HeadRef>{{3, 2}}));
    QVERIFY(
        child<ElidedLabel>(m_panel.get(), "attentionState")->fullText().contains(u"alpha@live · exact"_s));
    RunStatus named = fakeRun("alpha");
    named.name = "shapes";
    m_session->setRuns({named});
    m_panel->flush();
    const auto *state = child<ElidedLabel>(m_panel.get(), "attentionState");
    QTRY_VERIFY2(state->fullText().startsWith(u"shapes@live · exact"_s), qPrintable(state->fullText()));
    QVERIFY(state->toolTip().contains(u"alpha@live"_s));
    auto *back = child<QPushButton>(m_panel.get(), "backToKept");
    QVERIFY(back->isVisible());
    QTest::mouseClick(back, Qt::LeftButton);
    QTRY_COMPARE(map()->figure().numRows(), 15);
}

/// Frames have no files, but the training that took them has: it is asked by the prompt's number.
void TestAttentionLive::keptPicturesAreAskedOfTheTraining()
{
    SampleModel model;
    model.patches = 4;
    open(model);
    auto *ask = child<QPushButton>(m_panel.get(), "askModel");
    auto *weights = child<QComboBox>(m_panel.get(), "weightsChoice");
    QTRY_VERIFY(ask->isEnabled());
    QTest::mouseClick(ask, Qt::LeftButton);
    QTRY_VERIFY(!m_session->inspections.empty());
    const GenerateRequest asked = m_session->inspections.back().request.input;
    QCOMPARE(keptPromptNumber(asked), std::optional<int32_t>(m_panel->feed()->prompt()));
    QTRY_VERIFY(!m_session->isAnswering());
    QTest::mouseClick(child<QPushButton>(m_panel.get(), "backToKept"), Qt::LeftButton);
    weights->setCurrentIndex(1); // a saved step finds them in the run's data
    m_panel->flush();
    QTRY_VERIFY(ask->isEnabled());
    QTest::mouseClick(ask, Qt::LeftButton);
    QCOMPARE(m_session->inspections.back().model, m_panel->promptBar()->model());
    QVERIFY(!m_session->inspections.back().model.endsWith(u"@live"_s));
    QCOMPARE(keptPromptNumber(m_session->inspections.back().request.input),
             std::optional<int32_t>(m_panel->feed()->prompt()));
}

void TestAttentionLive::anotherHeadIsAskedForWithTheSameText()
{
    open();
    openHead({3, 2});
    m_panel->askModel();
    QTRY_VERIFY(m_panel->snapshot() && !m_panel->snapshot()->isKept);
    const size_t before = m_session->inspections.size();
    openHead({1, 1});
    QTRY_COMPARE(m_session->inspections.size(), before + 1);
    QVERIFY((m_session->inspections.back().request.heads == std::vector<HeadRef>{{1, 1}}));
    QTRY_VERIFY(!m_session->isAnswering());
    QTest::qWait(40);
    QCOMPARE(m_session->inspections.size(), before + 1); // and not once more
}

void TestAttentionLive::answerForAnotherRunIsIgnored()
{
    open();
    m_session->isHolding = true;
    m_panel->askModel();
    QCOMPARE(m_session->inspections.size(), size_t(1));
    m_panel->setRun(u"beta"_s);
    QCOMPARE(m_session->numCancelledInspections, 1);
    m_session->isHolding = false;
    m_session->flush();
    QTest::qWait(40);
    QVERIFY(!m_panel->snapshot());
}

void TestAttentionLive::ownTextIsAskedByEnter()
{
    open();
    auto *choice = child<QComboBox>(m_panel.get(), "promptChoice");
    choice->setCurrentIndex(choice->count() - 1);
    Q_EMIT choice->activated(choice->currentIndex());
    auto *line = child<QLineEdit>(m_panel.get(), "ownText");
    QVERIFY(line->isVisible());
    QVERIFY(!m_panel->snapshot()); // what is kept is of another text
    QVERIFY(!child<QPushButton>(m_panel.get(), "askModel")->isEnabled());
    QTest::keyClicks(line, u"def p.,["_s); // the keys of the panel are letters here
    QCOMPARE(line->text(), u"def p.,["_s);
    QTest::keyClick(line, Qt::Key_Return);
    QCOMPARE(m_session->inspections.size(), size_t(1));
    QCOMPARE(m_session->inspections.back().request.input.prompt, std::string("def p.,["));
    QTRY_VERIFY(m_panel->snapshot());
    QTest::mouseClick(child<QToolButton>(m_panel.get(), "stepBack"),
                      Qt::LeftButton); // a kept step is of its prompt
    QTRY_COMPARE(shownStep(), 390);
    QCOMPARE(m_panel->promptBar()->prompt(), 0);
}

void TestAttentionLive::whatIsCutFromALongTextIsSaid()
{
    open();
    PromptBar *prompts = m_panel->promptBar();
    prompts->setOwnText(QString(PromptBar::kMaxOwnText - 2, u'x'));
    auto *text = child<QLineEdit>(m_panel.get(), "ownText");
    text->setFocus();
    QGuiApplication::clipboard()->setText(u"ab"_s);
    text->end(false);
    text->paste();
    QCOMPARE(prompts->text().size(), qsizetype{262'144});
    QVERIFY(m_panel->banner()->isHidden());
    text->paste();
    QCOMPARE(prompts->text().size(), qsizetype{262'144});
    QCOMPARE(m_panel->banner()->message(), u"The text was cut: at most 262,144 letters stand here."_s);
}

void TestAttentionLive::ablationStandsBesideWhatWasThere()
{
    open();
    openHead({3, 2});
    auto *button = child<QPushButton>(m_panel.get(), "ablate");
    QVERIFY(button->isEnabled());
    QTest::mouseClick(button, Qt::LeftButton);
    QCOMPARE(m_session->inspections.size(), size_t(1));
    const InspectRequest &request = m_session->inspections.back().request;
    QVERIFY((request.ablated == std::vector<HeadRef>{{3, 2}}));
    QVERIFY(!request.wantsOverview);
    const BarList *bars = m_panel->stage()->side()->candidateBars();
    QTRY_COMPARE(bars->rows().front().values.size(), size_t(2));
    QCOMPARE(bars->rows().front().values[0], 0.6);
    QCOMPARE(bars->rows().front().values[1], 0.375);
    QCOMPARE(bars->rows().front().number, u"0.600 → 0.375"_s);
    const QString note = child<ToneLabel>(m_panel.get(), "nextNote")->text();
    QVERIFY2(note.contains(u"0.132 nats"_s) && note.contains(u"layer 3, head 2"_s) &&
                 note.contains(u"alpha@live"_s),
             qPrintable(note));
}

void TestAttentionLive::ablationIsDroppedWithItsHead()
{
    open();
    openHead({3, 2});
    m_panel->ablate();
    const BarList *bars = m_panel->stage()->side()->candidateBars();
    QTRY_COMPARE(bars->rows().front().values.size(), size_t(2));
    openHead({3, 3});
    QCOMPARE(bars->rows().front().values.size(), size_t(1));
}

void TestAttentionLive::errorsStandInThePanelAndAreRetried()
{
    open();
    m_session->failNext[u"inspect"_s] =
        Error{ErrorCode::Unavailable, "Cannot look into \"alpha@live\".", "Ask a saved step."};
    m_panel->askModel();
    QTRY_VERIFY(m_panel->banner()->isVisible());
    QVERIFY(m_panel->banner()->message().contains(u"alpha@live"_s));
    QVERIFY(m_panel->snapshot()->isKept); // what was seen stays
    Q_EMIT m_panel->banner()->retryRequested();
    QTRY_VERIFY(!m_panel->snapshot()->isKept);
    QVERIFY(!m_panel->banner()->isVisible());
}

void TestAttentionLive::thinnedOutStepIsNoted()
{
    open();
    const auto content = m_session->frameContent;
    m_session->frameContent = [content](const QString &run,
                                        const FrameInfo &info) -> std::optional<AttentionFrame> {
        return info.step == 50 ? std::nullopt : content(run, info);
    };
    m_panel->feed()->goToStep(50);
    QTRY_VERIFY(m_panel->banner()->isVisible());
    QCOMPARE(m_panel->banner()->kind(), BannerKind::Info);
    QVERIFY(m_panel->banner()->message().contains(u"50"_s));
    QTRY_COMPARE(shownStep(), 60);
}

void TestAttentionLive::hiddenPanelDoesNothing()
{
    open();
    m_panel->hide();
    const size_t asked = m_session->frameQueries.size() + m_session->fetchedFrames.size();
    m_session->frameInfos[u"alpha"_s].push_back({.id = 41, .step = 410, .kind = FrameKind::Overview});
    RunStatus status = m_session->statusOf(u"alpha"_s);
    status.lastFrameId = 41;
    m_session->sendUpdate(status);
    m_panel->setRun(u"beta"_s);
    m_panel->setRun(u"alpha"_s);
    QTest::qWait(40);
    QCOMPARE(m_session->frameQueries.size() + m_session->fetchedFrames.size(), asked);
    QCOMPARE(m_session->watchCounts[u"alpha"_s], 0);
    m_panel->show();
    QTRY_COMPARE(shownStep(), 410);
}

void TestAttentionLive::theValidationTextIsOpenedFirst()
{
    addSampleFrames(*m_session, u"alpha"_s, {}, 10, 10, 100);
    for (int i = 0; i < 3; ++i)
        m_session->frameInfos[u"alpha"_s].push_back(
            {.id = 20 + i, .step = 10 + i, .kind = FrameKind::Overview, .prompt = 2});
    m_panel->show();
    m_panel->setRun(u"alpha"_s);
    QTRY_COMPARE(m_panel->promptBar()->prompt(), 2); // two prompts: its number is theirs plus one
    QTRY_COMPARE(shownStep(), 12);
    m_panel->flush();
    QString text; // what was found in the kept step is what is asked for
    for (const InspectedToken &token : m_panel->snapshot()->report.tokens)
        text += QString::fromStdString(token.bytes);
    QVERIFY(!text.isEmpty());
    QCOMPARE(m_panel->promptBar()->text(), text);
    m_panel->setRun(u"beta"_s); // has no kept steps
    QTRY_VERIFY(!m_panel->promptBar()->isValidationKept());
}

void TestAttentionLive::aChosenPromptStays()
{
    open();
    QVERIFY(!m_panel->promptBar()->isValidationKept());
    Q_EMIT m_panel->promptBar()->promptChosen(1);
    m_session->frameInfos[u"alpha"_s].push_back(
        {.id = 50, .step = 500, .kind = FrameKind::Overview, .prompt = 2});
    RunStatus status = m_session->statusOf(u"alpha"_s);
    status.lastCheckpointStep = 9'000; // the run is read again
    m_session->sendUpdate(status);
    QTRY_VERIFY(m_panel->promptBar()->isValidationKept());
    QCOMPARE(m_panel->feed()->prompt(), 1);
}

void TestAttentionLive::aLinkAsksWithoutTheHeadAgain()
{
    open();
    openHead({3, 2});
    child<QComboBox>(m_panel.get(), "weightsChoice")->setCurrentIndex(2); // alpha@7000
    m_panel->ablate();
    QTRY_VERIFY(m_panel->view().state().contains(u"without"_s));
    const Result<ViewLink> link = parseViewLink(m_panel->viewLink());
    QVERIFY(link.ok());
    QCOMPARE(link->state.value(u"without"_s).toString(), u"3.2"_s);
    m_session->inspections.clear();
    AttentionPanel other(*m_session);
    other.resize(1264, 784);
    other.show();
    other.view().restore(link->state);
    const auto asked = [this]() -> const InspectRequest * {
        for (const auto &one : m_session->inspections)
            if (!one.request.ablated.empty() && one.model == u"alpha@7000") return &one.request;
        return nullptr;
    };
    QTRY_VERIFY(asked());
    QVERIFY((asked()->ablated == std::vector<HeadRef>{{3, 2}}));
    QTRY_VERIFY(other.view().state().contains(u"without"_s));
    // Who goes to another text meanwhile is not asked for it.
    m_session->inspections.clear();
    AttentionPanel third(*m_session);
    third.view().restore(link->state);
    Q_EMIT third.promptBar()->promptChosen(1);
    third.show();
    QTest::qWait(60);
    QTRY_VERIFY(!m_session->isAnswering());
    QVERIFY(m_session->inspections.empty());
}

/// What was typed becomes a probe prompt of the run that trains: the whole list is set, with it at the end.
void TestAttentionLive::aTextIsKeptFromWhereItIsRead()
{
    open();
    auto *choice = child<QComboBox>(m_panel.get(), "promptChoice");
    auto *keep = child<QToolButton>(m_panel.get(), "keepText");
    QVERIFY(!keep->isVisible()); // steps of what is shown are kept already
    m_panel->promptBar()->setOwnText(u"def f(\"x\")"_s);
    Q_EMIT m_panel->promptBar()->promptChosen(PromptBar::kOwnText);
    m_panel->flush();
    QTRY_VERIFY(keep->isVisible() && keep->isEnabled());
    QTest::mouseClick(keep, Qt::LeftButton);
    QTRY_VERIFY(!m_session->controls.empty());
    QCOMPARE(m_session->controls.back().verb, u"set"_s);
    QCOMPARE(m_session->controls.back().setting.key, std::string("probes.prompts"));
    QCOMPARE(m_session->controls.back().setting.value, std::string("[\"int main(int argc\",\"template <\",\"def f(\\\"x\\\")\"]"));
    QTRY_VERIFY(m_panel->banner()->message().contains(u"as probe prompt 3"_s)); // 2 is the validation text
    QVERIFY(choice->findData(3) >= 0);
    QCOMPARE(choice->itemText(choice->findData(3)), u"Prompt 3: def f(\"x\")"_s);
    m_panel->flush();
    QVERIFY(!keep->isEnabled());
    QVERIFY2(keep->toolTip().contains(u"keeps it already, as probe prompt 3"_s), qPrintable(keep->toolTip()));
    // Taken back: the list as it was.
    child<QPushButton>(m_panel->banner(), "bannerRetry")->click();
    QTRY_COMPARE(m_session->controls.back().setting.value, std::string("[\"int main(int argc\",\"template <\"]"));
    QTRY_VERIFY(choice->findData(3) < 0);
    QTRY_VERIFY(keep->isEnabled());
    // Refused: it is not there, and the reason is.
    m_session->failNext[u"control"_s] = Error{ErrorCode::InvalidInput, "Cannot set \"probes.prompts\": too long.", ""};
    child<QAction>(m_panel.get(), "attentionKeep")->trigger();
    QTRY_VERIFY(m_panel->banner()->message().contains(u"too long"_s));
    QVERIFY(choice->findData(3) < 0);
}

void TestAttentionLive::whatCannotBeKeptSaysWhy()
{
    open();
    auto *keep = child<QToolButton>(m_panel.get(), "keepText");
    const auto type = [this](const QString &text) {
        m_panel->promptBar()->setOwnText(text);
        Q_EMIT m_panel->promptBar()->promptChosen(PromptBar::kOwnText);
        m_panel->flush();
    };
    type({});
    QTRY_VERIFY(!keep->isEnabled() && keep->toolTip().contains(u"Type a text first"_s));
    type(u"template <"_s);
    QTRY_VERIFY(!keep->isEnabled() && keep->toolTip().contains(u"already, as probe prompt 1"_s));
    type(u"another"_s);
    QTRY_VERIFY(keep->isEnabled());
    RunStatus ended = m_session->statusOf(u"alpha"_s);
    ended.state = RunState::Finished;
    m_session->sendUpdate(ended);
    m_panel->flush();
    QTRY_VERIFY(!keep->isEnabled() && keep->toolTip().contains(u"does not train"_s));
    child<QAction>(m_panel.get(), "attentionKeep")->trigger();
    QVERIFY(m_session->controls.empty());
}

void TestAttentionLive::changedPromptsHaveTheirNumbers()
{
    RunEvent changed;
    changed.id = 1;
    changed.step = 5;
    changed.kind = EventKind::Setting;
    changed.payload = R"({"key":"probes.prompts","value":"[\"int main(\",\"template <\",\"third\",\"fourth\"]"})";
    m_session->events[u"alpha"_s] = {changed};
    open();
    auto *choice = child<QComboBox>(m_panel.get(), "promptChoice");
    QTRY_VERIFY(choice->findData(4) >= 0);
    QCOMPARE(choice->itemText(choice->findData(0)), u"Prompt 0: int main("_s);
    QCOMPARE(choice->itemText(choice->findData(3)), u"Prompt 3: third"_s);
    QCOMPARE(choice->itemText(choice->findData(4)), u"Prompt 4: fourth"_s);
    QCOMPARE(m_panel->promptBar()->validationPrompt(), 2);
    m_panel->choosePrompt(3);
    QCOMPARE(m_panel->promptBar()->text(), u"third"_s);
    QCOMPARE(m_panel->promptBar()->title(), u"Probe prompt 3"_s);
    QCOMPARE(m_panel->feed()->prompt(), 3);
}

void TestAttentionLive::whatOfAKeptTextIsReadIsSaid()
{
    QString text;
    for (const std::string &word : SampleModel{}.words) text += QString::fromStdString(word);
    const QJsonArray prompts{text + u" and what no longer fits"_s, u"template <"_s};
    m_session->specs[u"alpha"_s] =
        QString::fromUtf8(QJsonDocument(QJsonObject{{u"probes"_s, QJsonObject{{u"prompts"_s, prompts}}}}).toJson());
    addSampleFrames(*m_session, u"alpha"_s, {}, 10, 10, 100);
    m_session->frameInfos[u"alpha"_s].push_back({.id = 20, .step = 12, .kind = FrameKind::Overview, .prompt = 2});
    m_panel->show();
    m_panel->setRun(u"alpha"_s);
    const auto *note = child<ElidedLabel>(m_panel.get(), "mediaNote");
    QTRY_COMPARE(m_panel->promptBar()->prompt(), 2);
    QTRY_COMPARE(note->fullText(), u"Kept of the validation text: its first 30 tokens."_s);
    m_panel->choosePrompt(0);
    QTRY_COMPARE(note->fullText(), u"Kept of this prompt: its first 30 tokens, as many as the model reads at once."_s);
    QVERIFY(note->isVisible());
    m_panel->askModel(); // it is read as it is
    QTRY_VERIFY(m_panel->snapshot() && !m_panel->snapshot()->isKept);
    m_panel->flush();
    QVERIFY(!note->isVisible());
}

void TestAttentionLive::commandIsTheTwinOfWhatIsShown()
{
    open();
    openHead({3, 2});
    // A kept step as it was kept: what a checkpoint near it would say is something else.
    QCOMPARE(m_panel->command(), u"orrery-engine inspect frames alpha --prompt 0 --from 400 --to 400 --out step-400.npz"_s);
    m_session->frameInfos[u"alpha"_s].push_back({.id = 100, .step = 400, .kind = FrameKind::Heads}); // with more cells
    RunStatus status = m_session->statusOf(u"alpha"_s);
    status.lastFrameId = 100;
    m_session->sendUpdate(status);
    QTRY_COMPARE(m_panel->command(), u"orrery-engine inspect frames alpha --prompt 0 --from 400 --to 400 --starred --out step-400.npz"_s);
    // An answer by its tokens, which are known, and not by letters.
    m_panel->askModel();
    QTRY_VERIFY(m_panel->snapshot() && !m_panel->snapshot()->isKept);
    m_panel->flush();
    QStringList ids;
    for (const InspectedToken &token : m_panel->snapshot()->report.tokens) ids << QString::number(token.id);
    QCOMPARE(ids.size(), 30);
    QCOMPARE(
        m_panel->command(),
        u"orrery-engine inspect attention alpha@8000 --prompt-ids %1 --layer 3 --head 2"_s.arg(ids.join(u',')));
    m_session->checkpoints[u"alpha"_s] = {{.step = 100}, {.step = 300}, {.step = 7'000}};
    status.lastCheckpointStep = 7'001;
    m_session->sendUpdate(status);
    QTRY_VERIFY(m_panel->command().contains(u"alpha@7000 "_s)); // the newest before what is shown
    QCOMPARE(m_panel->commandText(), m_panel->command());      // what the button copies
    // Asked for several times a second: written once.
    const QString once = m_panel->commandText();
    QVERIFY(m_panel->commandText().constData() == once.constData());
    openHead({1, 0});
    QVERIFY(m_panel->commandText().endsWith(u" --layer 1 --head 0"_s));
    QVERIFY(m_panel->table().count(u'\n') > 10);
}

void TestAttentionLive::exportsAreFiles_data()
{
    QTest::addColumn<QString>("ending");
    QTest::addColumn<QByteArray>("start");
    QTest::addColumn<bool>("isHead");
    for (const bool isHead : {false, true}) {
        QTest::addRow("png %d", isHead) << u"png"_s << QByteArray("\x89PNG") << isHead;
        QTest::addRow("svg %d", isHead) << u"svg"_s << QByteArray("<?xml") << isHead;
        QTest::addRow("pdf %d", isHead) << u"pdf"_s << QByteArray("%PDF") << isHead;
        QTest::addRow("csv %d", isHead)
            << u"csv"_s << QByteArray(isHead ? "row,row_text" : "layer,head,entropy") << isHead;
    }
}

void TestAttentionLive::exportsAreFiles()
{
    QFETCH(QString, ending);
    QFETCH(QByteArray, start);
    QFETCH(bool, isHead);
    open();
    if (isHead) openHead({3, 2});
    QTemporaryDir folder;
    const QString path = folder.filePath(u"figure."_s + ending);
    const Result<void> saved = m_panel->save(path);
    QVERIFY2(saved.ok(), saved.ok() ? "" : saved.error().text().c_str());
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray bytes = file.readAll();
    QVERIFY(bytes.startsWith(start));
    QVERIFY2(bytes.size() < 300'000, qPrintable(QString::number(bytes.size())));
    if (ending == u"png"_s) {
        const QImage image = QImage::fromData(bytes);
        QCOMPARE(image.pixel(0, 0), QColor(Qt::white).rgb()); // paper, whatever the theme
    }
    if (ending == u"csv"_s) QCOMPARE(bytes.count('\n'), isHead ? 1 + 30 * 30 : 1 + 36);
}

/// The table of a map is written by a worker; the banner says when it is there.
void TestAttentionLive::tablesAreSavedBesideTheWindow()
{
    open();
    openHead({3, 2});
    QTemporaryDir folder;
    const QString path = folder.filePath(u"head.csv"_s);
    PanelTools::of(*m_panel)->saveTo(path);
    QTRY_VERIFY(m_panel->banner()->message().startsWith(u"Saved to "_s));
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(QString::fromUtf8(file.readAll()), m_panel->table());
    PanelTools::of(*m_panel)->saveTo(u"/nowhere/at/all/head.csv"_s);
    QTRY_VERIFY(m_panel->banner()->message().startsWith(u"Cannot save"_s));
    PanelTools::of(*m_panel)->saveTo(folder.filePath(u"head.svg"_s)); // a figure is there at once
    QVERIFY(m_panel->banner()->message().startsWith(u"Saved to "_s));
}

void TestAttentionLive::exportErrorsNameWhatAndWhy()
{
    open();
    const Result<void> ending = m_panel->save(u"/tmp/figure.bmp"_s);
    QVERIFY(!ending.ok() && ending.error().code == ErrorCode::InvalidInput);
    QVERIFY(QString::fromStdString(ending.error().message).contains(u"bmp"_s));
    const Result<void> place = m_panel->save(u"/nowhere/at/all/figure.svg"_s);
    QVERIFY(!place.ok() && place.error().code == ErrorCode::Io);
    QVERIFY(QString::fromStdString(place.error().message).startsWith(u"Cannot save \"figure.svg\": "_s));
    const Result<void> table = m_panel->save(u"/nowhere/at/all/figure.csv"_s);
    QVERIFY(!table.ok() && table.error().code == ErrorCode::Io);
    AttentionPanel nothing(*m_session);
    QVERIFY(!nothing.save(u"/tmp/figure.svg"_s).ok());
    QCOMPARE(nothing.save(u"/tmp/figure.svg"_s).error().code, ErrorCode::NotFound);
}

void TestAttentionLive::theListIsReadByKeys()
{
    open();
    m_panel->goTo({.level = StageLevel::Head, .head = {3, 2}, .pinnedToken = 24});
    m_panel->flush();
    auto *bars = child<BarList>(m_panel.get(), "rowBars");
    bars->setFocus();
    QTest::keyClick(bars, Qt::Key_Down);
    QTest::keyClick(bars, Qt::Key_Return);
    const CellPlace second = map()->cursor();
    QCOMPARE(second.row, 24);
    QVERIFY(second.column >= 0);
    QTest::keyClick(bars, Qt::Key_Up);
    QTest::keyClick(bars, Qt::Key_Return);
    const HeadMatrix &head = map()->figure().content().heads.front();
    QVERIFY(map()->cursor().column != second.column);
    QVERIFY(head.meanAt(24, map()->cursor().column) >= head.meanAt(24, second.column));
    QGuiApplication::clipboard()->clear();
    QTest::keySequence(bars, QKeySequence::Copy);
    QVERIFY(QGuiApplication::clipboard()->text().startsWith(u"Name\t3.2\n"_s));
}

ORRERY_GUI_TEST_MAIN(TestAttentionLive)
#include "tst_attention_live.moc"
