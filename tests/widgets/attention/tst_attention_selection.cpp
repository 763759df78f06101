// SPDX-License-Identifier: GPL-3.0-or-later
// The panel and the window's one selection, and what is asked by tokens.
#include "core/spec/kept_prompt.h"
#include "tests/widgets/attention/attention_fixture.h"
#include "widgets/attention/probe_prompts.h"
#include "widgets/play/media_files.h"

#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>

using namespace orrery;
using namespace orrery::ui;

class TestAttentionSelection : public QObject, protected AttentionFixture {
    Q_OBJECT
private Q_SLOTS:
    void init()
    {
        setUp();
        m_selection = std::make_unique<Selection>();
        m_panel->setSelection(m_selection.get());
    }
    void cleanup()
    {
        tearDown();
        m_selection.reset();
    }
    void aPinnedRowIsWhatAllLookAt();
    void lookingAroundIsNoQuestion();
    void anOpenedHeadMovesTheSelection();
    void anotherTokenOfTheTextIsOnlyPinned();
    void anotherTextIsAskedFor();
    void otherWeightsAreNotTakenForThoseInFocus();
    void placesBeyondAnyTextAreNoRow();
    void commandNamesTheRunThatIsShown();
    void theCommandAsksWhatIsShown();
    void aHiddenPanelAsksWhenItIsShown();
    void theTextStaysWhenItsRunIsOpened();
    void backLeadsToTheKeptSteps();
    void questionsNameTokensNotLetters();
    void whatIsAskedOnceIsAskedByItsTokens();
    void picturesOfASavedStepAreAskedByTheirDocument();
    void picturesOfAnEndedRunAreAskedOfItsSavedStep();
    void anAnswerToADocumentHasACommand();
    void picturesOfTheSelectionAreAskedWithTheirFiles();
    void recordingsAreSeenAsTheirSpectrogram();
    void anotherWindowsPromptsAreNotLost();

private:
    [[nodiscard]] Focus answer(const QString &model = u"alpha@8000"_s) const
    {
        auto text = std::make_shared<GenerateRequest>();
        text->prompt = "What is this?";
        text->answerIds = {7, 8, 9};
        return {.model = model, .title = u"Answer 3"_s, .text = text, .token = 12, .head = HeadRef{2, 1}};
    }

    std::unique_ptr<Selection> m_selection;
};

/// The event of what was kept here may come before the answer, with what another window has kept behind it.
void TestAttentionSelection::anotherWindowsPromptsAreNotLost()
{
    const auto set = [](int64_t id, const char *prompts) {
        RunEvent event;
        event.id = id;
        event.kind = EventKind::Setting;
        event.payload = QJsonDocument(QJsonObject{{u"key"_s, u"probes.prompts"_s}, {u"value"_s, QString::fromLatin1(prompts)}}).toJson().toStdString();
        return event;
    };
    ProbePrompts probes(*m_session, this);
    probes.setRun(u"alpha"_s);
    probes.setFrozen({u"a"_s});
    const auto add = [&](const QString &text, const std::vector<RunEvent> &meanwhile, const QStringList &expected) {
        probes.add(text);
        QVERIFY(probes.isAsking());
        probes.takeEvents(meanwhile);
        QTRY_VERIFY(!probes.isAsking());
        QCOMPARE(probes.texts(), expected);
    };
    add(u"b"_s, {set(1, R"(["a","b"])"), set(2, R"(["a","b","theirs"])")}, {u"a"_s, u"b"_s, u"theirs"_s});
    probes.takeEvents({set(3, R"(["a","b","theirs","more"])")}); // nothing is waited for
    QCOMPARE(probes.texts().size(), 4);
    // What was set before ours, and told before the answer, is ours again until its event comes.
    add(u"c"_s, {set(4, R"(["a"])")}, {u"a"_s, u"b"_s, u"theirs"_s, u"more"_s, u"c"_s});
    probes.takeEvents({set(5, R"(["a","b","theirs","more","c"])"), set(6, R"(["a","z"])")});
    QCOMPARE(probes.texts(), (QStringList{u"a"_s, u"z"_s}));
}

void TestAttentionSelection::aPinnedRowIsWhatAllLookAt()
{
    open();
    openHead({3, 2});
    QTest::mouseClick(map(), Qt::LeftButton, {}, map()->cellRect(14, 2).center().toPoint());
    const Focus &focus = m_selection->focus();
    QCOMPARE(focus.token, 14);
    QVERIFY(focus.head == (HeadRef{3, 2}));
    QCOMPARE(focus.title, u"Probe prompt 0"_s);
    QCOMPARE(focus.model, u"alpha@live"_s); // the newest step of a run that trains
    QVERIFY(focus.text && focus.text->prompt.empty());
    const auto &tokens = m_panel->snapshot()->report.tokens;
    QCOMPARE(focus.text->promptIds.size(), tokens.size());
    QCOMPARE(focus.text->promptIds[14], tokens[14].id);
    // Another row is another place in the same text.
    const auto text = focus.text;
    QTest::mouseClick(map(), Qt::LeftButton, {}, map()->cellRect(9, 2).center().toPoint());
    QCOMPARE(m_selection->focus().token, 9);
    QVERIFY(m_selection->focus().text == text);
    QVERIFY(!m_selection->canGoBack());
    // Of an older step its weights would answer; the text stays the same one.
    m_session->checkpoints[u"alpha"_s] = {{.step = 100}, {.step = 7'000}};
    RunStatus status = m_session->statusOf(u"alpha"_s);
    status.lastCheckpointStep = 7'001;
    m_session->sendUpdate(status);
    m_panel->feed()->goToStep(200);
    QTRY_COMPARE(shownStep(), 200);
    QTRY_VERIFY(m_panel->command().contains(u" inspect frames alpha --prompt 0 --from 200 --to 200 "_s)); // as it was kept
    // The kept row goes with it, without a click.
    QTRY_COMPARE(m_selection->focus().model, u"alpha@100"_s);
    QCOMPARE(m_selection->focus().token, 9);
    QVERIFY(m_selection->focus().text == text);
    m_panel->flush();
    QTest::mouseClick(map(), Qt::LeftButton, {}, map()->cellRect(5, 2).center().toPoint());
    QCOMPARE(m_selection->focus().model, u"alpha@100"_s);
    QCOMPARE(m_selection->focus().token, 5);
    QVERIFY(m_selection->focus().text == text);
}

void TestAttentionSelection::lookingAroundIsNoQuestion()
{
    open();
    QSignalSpy changed(m_selection.get(), &Selection::changed);
    openHead({3, 2});
    QTest::keyClick(map(), Qt::Key_BracketRight);
    QCOMPARE(changed.count(), 0);
    QVERIFY(m_selection->focus().isEmpty());
}

void TestAttentionSelection::anOpenedHeadMovesTheSelection()
{
    open();
    openHead({3, 2});
    QTest::mouseClick(map(), Qt::LeftButton, {}, map()->cellRect(14, 2).center().toPoint());
    m_panel->goTo({.level = StageLevel::Head, .head = {4, 4}, .pinnedToken = 14});
    QVERIFY(m_selection->focus().head == (HeadRef{4, 4}));
    QCOMPARE(m_selection->focus().token, 14);
    QVERIFY(!m_selection->canGoBack());
}

void TestAttentionSelection::anotherTokenOfTheTextIsOnlyPinned()
{
    open();
    openHead({3, 2});
    QTest::mouseClick(map(), Qt::LeftButton, {}, map()->cellRect(14, 2).center().toPoint());
    QObject other;
    QSignalSpy changed(m_selection.get(), &Selection::changed);
    m_selection->move(20, HeadRef{1, 0}, &other);
    QCOMPARE(m_panel->place().pinnedToken, 20);
    QCOMPARE(m_panel->place().head, (HeadRef{1, 0}));
    QCOMPARE(m_session->inspections.size(), size_t(0));
    QVERIFY(m_panel->snapshot()->isKept);
    QCOMPARE(changed.count(), 1); // and no echo
}

void TestAttentionSelection::anotherTextIsAskedFor()
{
    open();
    QObject other;
    const Focus focus = answer();
    m_selection->set(focus, &other);
    QCOMPARE(m_session->inspections.size(), size_t(1));
    const FakeSession::Inspection &asked = m_session->inspections.back();
    QCOMPARE(asked.model, u"alpha@8000"_s);
    QVERIFY(asked.request.input.answerIds == focus.text->answerIds);
    QVERIFY((asked.request.heads == std::vector<HeadRef>{{2, 1}}));
    QTRY_VERIFY(m_panel->snapshot() && !m_panel->snapshot()->isKept);
    m_panel->flush();
    QCOMPARE(m_panel->promptBar()->title(), u"Answer 3"_s);
    QVERIFY(child<QComboBox>(m_panel.get(), "promptChoice")->currentText().contains(u"Answer 3"_s));
    QCOMPARE(m_panel->place().pinnedToken, 12);
    QCOMPARE(map()->pinnedRow(), 12);
    QCOMPARE(m_panel->promptBar()->model(), u"alpha@8000"_s);
    // A row of it is told with the object that was given, so that nobody asks anew.
    QTest::mouseClick(map(), Qt::LeftButton, {}, map()->cellRect(5, 1).center().toPoint());
    QVERIFY(m_selection->focus().text == focus.text);
    QCOMPARE(m_selection->focus().title, u"Answer 3"_s);
    QCOMPARE(m_session->inspections.size(), size_t(1));
    const QString command = m_panel->command(); // an answer has tokens, too
    QVERIFY2(command.startsWith(u"orrery-engine inspect attention alpha@8000 --prompt-ids 1000,1001,"_s),
             qPrintable(command));
}

void TestAttentionSelection::otherWeightsAreNotTakenForThoseInFocus()
{
    open();
    QObject other;
    m_selection->set(answer(), &other);
    QTRY_VERIFY(m_panel->snapshot() && !m_panel->snapshot()->isKept);
    m_panel->promptBar()->setModel(u"alpha@7000"_s);
    QCOMPARE(m_panel->promptBar()->model(), u"alpha@7000"_s);
    const SnapshotPtr before = m_panel->snapshot();
    m_panel->askModel();
    QCOMPARE(m_session->inspections.back().model, u"alpha@7000"_s);
    QTRY_VERIFY(m_panel->snapshot() != before);
    m_panel->flush();
    const size_t asked = m_session->inspections.size();
    m_selection->move(9, HeadRef{2, 1}, &other); // the microscope goes on with step 8000
    QCOMPARE(m_session->inspections.size(), asked + 1);
    QCOMPARE(m_session->inspections.back().model, u"alpha@8000"_s);
    QTRY_VERIFY(m_panel->snapshot());
    QCOMPARE(m_panel->place().pinnedToken, 9);
    m_selection->move(8, HeadRef{2, 1}, &other); // and of the same weights it is only another row
    QCOMPARE(m_session->inspections.size(), asked + 1);
    QCOMPARE(m_panel->place().pinnedToken, 8);
}

void TestAttentionSelection::placesBeyondAnyTextAreNoRow()
{
    open();
    QObject other;
    m_selection->set(answer(), &other);
    QTRY_VERIFY(m_panel->snapshot() && !m_panel->snapshot()->isKept);
    m_selection->move((int64_t(1) << 32) + 5, HeadRef{2, 1}, &other);
    QCOMPARE(m_panel->place().pinnedToken, -1);
}

void TestAttentionSelection::commandNamesTheRunThatIsShown()
{
    open();
    QObject other;
    m_selection->set(answer(u"beta@live"_s), &other);
    QTRY_VERIFY(m_panel->snapshot() && !m_panel->snapshot()->isKept);
    QVERIFY2(m_panel->command().startsWith(u"orrery-engine inspect attention beta --prompt-ids "_s),
             qPrintable(m_panel->command()));
}

void TestAttentionSelection::theCommandAsksWhatIsShown()
{
    open();
    m_panel->askModel(); // a kept step has the command of its frame
    QTRY_VERIFY(m_panel->snapshot() && !m_panel->snapshot()->isKept);
    m_panel->goTo({.level = StageLevel::Head, .head = {1, 2}, .overlay = {{1, 2}, {1, 4}}, .pinnedToken = 9});
    QVERIFY2(m_panel->command().endsWith(u" --layer 1 --head 2 --head 4 --token 9"_s), qPrintable(m_panel->command()));
    // Each head of each layer is what the command knows; these are not that.
    m_panel->goTo({.level = StageLevel::Head, .head = {1, 2}, .overlay = {{1, 2}, {3, 4}}});
    QVERIFY2(m_panel->command().endsWith(u" --layer 1 --head 2"_s), qPrintable(m_panel->command()));
    m_panel->ablate();
    QTRY_VERIFY2(m_panel->command().endsWith(u" --ablate 1.2 --ablate 3.4"_s), qPrintable(m_panel->command()));
}

void TestAttentionSelection::aHiddenPanelAsksWhenItIsShown()
{
    open();
    m_panel->hide();
    QObject other;
    m_selection->set(answer(), &other);
    QTest::qWait(20);
    QCOMPARE(m_session->inspections.size(), size_t(0));
    m_panel->show();
    QTRY_COMPARE(m_session->inspections.size(), size_t(1));
    QTRY_COMPARE(m_panel->place().pinnedToken, 12);
}

void TestAttentionSelection::theTextStaysWhenItsRunIsOpened()
{
    open();
    QObject other;
    m_selection->set(answer(u"beta@12000"_s), &other);
    QTRY_VERIFY(m_panel->snapshot() && !m_panel->snapshot()->isKept);
    m_panel->setRun(u"beta"_s); // as the window does
    m_panel->flush();
    QVERIFY(m_panel->snapshot());
    QCOMPARE(m_panel->promptBar()->title(), u"Answer 3"_s);
    m_panel->setRun(u"alpha"_s);
    m_panel->flush();
    QTRY_VERIFY(m_panel->snapshot() && m_panel->snapshot()->isKept);
    QCOMPARE(m_panel->promptBar()->prompt(), 0);
}

void TestAttentionSelection::backLeadsToTheKeptSteps()
{
    open();
    openHead({3, 2});
    QTest::mouseClick(map(), Qt::LeftButton, {}, map()->cellRect(14, 2).center().toPoint());
    QObject other;
    m_selection->set(answer(), &other);
    QTRY_VERIFY(m_panel->snapshot() && !m_panel->snapshot()->isKept);
    QTest::mouseClick(child<QPushButton>(m_panel.get(), "backToKept"), Qt::LeftButton);
    QTRY_VERIFY(m_panel->snapshot() && m_panel->snapshot()->isKept);
    const size_t asked = m_session->inspections.size();
    m_selection->goBack();
    QCOMPARE(m_panel->place().pinnedToken, 14);
    QCOMPARE(m_session->inspections.size(), asked); // it is shown already
    m_selection->goForward();
    QCOMPARE(m_session->inspections.size(), asked + 1);
}

void TestAttentionSelection::questionsNameTokensNotLetters()
{
    open();
    openHead({3, 2});
    m_panel->askModel();
    const InspectRequest request = m_session->inspections.back().request;
    QVERIFY(request.input.prompt.empty());
    QCOMPARE(request.input.promptIds.size(), m_panel->snapshot()->report.tokens.size());
    QCOMPARE(request.input.promptIds.front(), 1000);
    m_panel->ablate();
    QVERIFY(m_session->inspections.back().request.input.promptIds == request.input.promptIds);
}

void TestAttentionSelection::whatIsAskedOnceIsAskedByItsTokens()
{
    open();
    auto *choice = child<QComboBox>(m_panel.get(), "promptChoice");
    choice->setCurrentIndex(choice->count() - 1);
    Q_EMIT choice->activated(choice->currentIndex());
    auto *line = child<QLineEdit>(m_panel.get(), "ownText");
    QTest::keyClicks(line, u"int main"_s);
    QTest::keyClick(line, Qt::Key_Return);
    QCOMPARE(m_session->inspections.back().request.input.prompt, std::string("int main"));
    QTRY_VERIFY(m_panel->snapshot());
    openHead({1, 1});
    QTRY_COMPARE(m_session->inspections.size(), size_t(2));
    QVERIFY(m_session->inspections.back().request.input.prompt.empty());
    QCOMPARE(m_session->inspections.back().request.input.promptIds.front(), 1000);
}

void TestAttentionSelection::picturesOfASavedStepAreAskedByTheirDocument()
{
    SampleModel model;
    model.patches = 9;
    open(model);
    openHead({3, 2});
    auto *ask = child<QPushButton>(m_panel.get(), "askModel");
    child<QComboBox>(m_panel.get(), "weightsChoice")->setCurrentIndex(1); // a saved step
    m_panel->flush();
    QVERIFY(ask->isEnabled());
    const QString saved = m_panel->promptBar()->model();
    QVERIFY2(saved.startsWith(u"alpha@"_s) && saved != u"alpha@live"_s, qPrintable(saved));
    QTest::mouseClick(child<QPushButton>(m_panel.get(), "ablate"), Qt::LeftButton);
    QCOMPARE(m_session->inspections.size(), size_t(1));
    QCOMPARE(m_session->inspections.back().model, saved);
    QVERIFY(keptPromptNumber(m_session->inspections.back().request.input) == std::optional<int32_t>(0));
    QTRY_VERIFY(!m_session->isAnswering());
    QVERIFY2(m_panel->command().contains(u" --probe 0 "_s), qPrintable(m_panel->command()));
    // Followed, a row of it is a question to the weights in training.
    QTest::mouseClick(map(), Qt::LeftButton, {}, map()->cellRect(14, 2).center().toPoint());
    const Focus focus = m_selection->focus();
    QVERIFY(focus.text);
    QCOMPARE(focus.model, u"alpha@live"_s);
    QCOMPARE(focus.token, 14);
    QVERIFY(keptPromptNumber(*focus.text) == std::optional<int32_t>(0));
}

void TestAttentionSelection::picturesOfAnEndedRunAreAskedOfItsSavedStep()
{
    SampleModel model;
    model.patches = 9;
    open(model);
    RunStatus ended = m_session->statusOf(u"alpha"_s);
    ended.state = RunState::Finished;
    ended.lastCheckpointStep = 7'001;
    m_session->checkpoints[u"alpha"_s] = {{.step = 100}, {.step = 7'000}};
    m_session->sendUpdate(ended);
    openHead({3, 2});
    QTRY_COMPARE(m_panel->promptBar()->model(), u"alpha@7000"_s);
    QTest::mouseClick(map(), Qt::LeftButton, {}, map()->cellRect(14, 2).center().toPoint());
    const Focus focus = m_selection->focus();
    QVERIFY(!focus.isEmpty());
    QCOMPARE(focus.model, u"alpha@100"_s); // the newest before the kept step that is shown
    QCOMPARE(focus.token, 14);
    QVERIFY(keptPromptNumber(*focus.text) == std::optional<int32_t>(0));
    // Exact maps, the same without a head, and the difference to another saved step.
    QTRY_VERIFY(child<QPushButton>(m_panel.get(), "askModel")->isEnabled());
    m_panel->askModel();
    QTRY_VERIFY(m_panel->snapshot() && !m_panel->snapshot()->isKept);
    QVERIFY(keptPromptNumber(m_session->inspections.back().request.input) == std::optional<int32_t>(0));
    m_panel->flush();
    QVERIFY(!m_panel->baseModel().isEmpty());
    m_panel->setDifference(true);
    QTRY_COMPARE(m_session->inspections.back().model, m_panel->baseModel());
    QVERIFY(keptPromptNumber(m_session->inspections.back().request.input) == std::optional<int32_t>(0));
    QTRY_VERIFY(m_panel->base());
}

void TestAttentionSelection::anAnswerToADocumentHasACommand()
{
    SampleModel model;
    model.patches = 9;
    open(model);
    auto text = std::make_shared<GenerateRequest>(keptPrompt(1));
    text->answerIds = {51, 32};
    QObject other;
    m_selection->set({.model = u"alpha@8000"_s, .title = u"Sample of step 7,900"_s, .text = text}, &other);
    QTRY_VERIFY(m_panel->snapshot() && !m_panel->snapshot()->isKept);
    QVERIFY(m_session->inspections.back().request.input.answerIds == text->answerIds);
    QVERIFY2(m_panel->command().startsWith(
                 u"orrery-engine inspect attention alpha@8000 --probe 1 --answer-ids 51,32"_s),
             qPrintable(m_panel->command()));
}

void TestAttentionSelection::picturesOfTheSelectionAreAskedWithTheirFiles()
{
    SampleModel model;
    model.patches = 9;
    open(model);
    QImage picture(12, 12, QImage::Format_RGB32);
    picture.fill(Qt::red);
    QByteArray png;
    QBuffer buffer(&png);
    buffer.open(QIODevice::WriteOnly);
    picture.save(&buffer, "PNG");
    auto text = std::make_shared<GenerateRequest>();
    text->prompt = "See:";
    text->media = {{.bytes = png.toStdString(), .name = "red.png"}};
    text->answerIds = {51};
    QObject other;
    m_selection->set({.model = u"alpha@8000"_s, .title = u"Answer 0"_s, .text = text, .token = 3}, &other);
    QTRY_VERIFY(m_panel->snapshot() && !m_panel->snapshot()->isKept);
    QCOMPARE(m_session->inspections.back().request.input.media.size(), size_t(1));
    m_panel->flush();
    QVERIFY(child<QPushButton>(m_panel.get(), "askModel")->isEnabled());
    QCOMPARE(m_panel->command(), QString()); // it was pasted, as far as this window knows
    noteMediaFile(text->media.front().bytes, QFileInfo(u"/my pictures/red.png"_s));
    openHead({3, 1}); // another command
    QVERIFY2(m_panel->command().startsWith(u"orrery-engine inspect attention alpha@8000 --image '/my pictures/red.png' --prompt=See: "
                                           "--answer-ids 51 --layer 3 --head 1"_s),
             qPrintable(m_panel->command()));
    m_panel->ablate();
    QCOMPARE(m_session->inspections.back().request.input.media.size(), size_t(1));
    // Its patches are seen where the text stands.
    const QImage strip = m_panel->strip()->grab().toImage();
    const QPoint middle = m_panel->strip()->viewport()->mapTo(
        m_panel->strip(), m_panel->strip()->tokenRect(4).center().toPoint());
    QCOMPARE(strip.pixel(middle), QColor(Qt::red).rgb());
    // And on the axes of the map, and where a row is listed.
    openHead({3, 2});
    QCOMPARE(map()->figure().picture({4, 5}).pixel(3, 3), QColor(Qt::red).rgb());
    QVERIFY(map()->figure().picture({4, 6}).isNull()); // of several tokens
    QVERIFY(map()->figure().picture({12, 13}).isNull());
    QCOMPARE(map()->figure().rowLabel(4), u"patch 4"_s);
    const QImage axes = map()->grab().toImage();
    const QRectF cell = map()->cellRect(4, 4);
    QCOMPARE(axes.pixel(int(map()->plotRect().left()) - 12, int(cell.center().y())), QColor(Qt::red).rgb());
    QCOMPARE(axes.pixel(int(cell.center().x()), int(map()->plotRect().top()) - 12), QColor(Qt::red).rgb());
    m_panel->goTo({.level = StageLevel::Head, .head = {3, 2}, .pinnedToken = 4});
    m_panel->flush();
    const QImage list = child<BarList>(m_panel.get(), "rowBars")->grab().toImage();
    QCOMPARE(list.pixel(10, list.height() / 10), QColor(Qt::red).rgb()); // of five patches, the first
}

void TestAttentionSelection::recordingsAreSeenAsTheirSpectrogram()
{
    open();
    const auto text = std::make_shared<GenerateRequest>();
    std::string wave("RIFF\0\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1F\0\0\x80\x3E\0\0\2\0\x10\0data", 40);
    constexpr int kSamples = 16'000;
    for (int shift = 0; shift < 32; shift += 8) wave += char(2 * kSamples >> shift & 0xFF);
    for (int i = 0; i < kSamples; ++i) { // a loud square wave of 1 kHz in the first second
        wave += '\0';
        wave += i >= 8'000 ? '\0' : i / 4 % 2 == 0 ? '\x7F' : '\x80';
    }
    text->prompt = "Hear:";
    text->media = {{.bytes = wave, .name = "beep.wav"}};
    const auto whole = m_session->inspection;
    m_session->inspection = [whole](const QString &name, const InspectRequest &request) {
        InspectReport report = whole(name, request);
        for (size_t i = 0; i < 26; ++i)
            report.tokens[i] = {.modality = Modality::Audio, .item = 0, .place = int64_t(i)};
        return report;
    };
    QObject other;
    m_selection->set({.model = u"alpha@8000"_s, .title = u"Answer 0"_s, .text = text, .token = 28}, &other);
    QTRY_VERIFY(m_panel->snapshot() && !m_panel->snapshot()->isKept);
    openHead({3, 2});
    const QImage loud = map()->figure().picture({3, 4}), quiet = map()->figure().picture({24, 25});
    QVERIFY(!loud.isNull() && !quiet.isNull());
    QVERIFY(qRed(loud.pixel(1, 17)) > 200);
    QCOMPARE(qRed(quiet.pixel(1, 17)), 0);
    QCOMPARE(map()->figure().rowLabel(3), u"frame 3"_s);
    QVERIFY(map()->figure().picture({27, 28}).isNull()); // text
}

ORRERY_GUI_TEST_MAIN(TestAttentionSelection)
#include "tst_attention_selection.moc"
