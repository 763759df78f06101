// SPDX-License-Identifier: Apache-2.0
// Consolidation from the panel: what is asked first, what the engine is asked for, how far it is, and what is offered then.
#include "plugins/memory/tests/memory_panel_samples.h"
#include "plugins/memory/ui/consolidate_dialog.h"
#include "plugins/memory/ui/consolidation_text.h"
#include "plugins/memory/ui/memory_learning.h"
#include "plugins/memory/ui/memory_model.h"
#include "plugins/memory/ui/memory_panel.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/common/banner.h"
#include "widgets/common/number_text.h"
#include "widgets/common/progress_row.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/unit_line_edit.h"

#include <QAction>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QToolButton>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;
using namespace orrery::memory_ui;

namespace {

/// Tells and answers when the test says so.
class LearningSession : public MemorySession {
public:
    std::vector<ModelConsolidationRequest> requests;
    std::function<void(const ConsolidationAmount &)> tell;
    Reply<ModelConsolidationSummary> answer;
    int numCancelled = 0;

    std::unique_ptr<PendingRequest> consolidate(const ModelConsolidationRequest &request, QObject *,
                                                std::function<void(const ConsolidationAmount &)> onAmount,
                                                Reply<ModelConsolidationSummary> reply) override
    {
        requests.push_back(request);
        tell = std::move(onAmount);
        answer = std::move(reply);
        return std::make_unique<FakeRequest>(std::make_shared<bool>(true), numCancelled);
    }
};

ModelConsolidationSummary summaryOf(const std::string &directory)
{
    ModelConsolidationSummary summary;
    summary.directory = directory;
    summary.learned = {"chat.json#1:user", "notes.txt#text"};
    summary.numTexts = 3;
    summary.numSlots = 812;
    summary.lossBefore = 2.5141;
    summary.lossAfter = 0.4102;
    summary.numProtected = 256;
    summary.protectedBefore = 2.4421;
    summary.protectedAfter = 2.4812;
    summary.protectedFrom = {"/texts/corpus.txt"};
    return summary;
}

} // namespace

class TestMemoryLearning : public QObject {
    Q_OBJECT
    std::unique_ptr<LearningSession> m_session;
    std::unique_ptr<MemoryPanel> m_panel;

    void open(bool isShown = true)
    {
        m_session = std::make_unique<LearningSession>();
        fillMemory(*m_session);
        m_session->runList[0].numParameters = 7'000'000;
        m_session->runList[0].tokensPerSecond = 2'000;
        m_session->info.home = u"/home/ada/orrery"_s;
        m_panel = std::make_unique<MemoryPanel>(*m_session);
        m_panel->resize(1'100, 800);
        if (isShown) show();
    }
    void show()
    {
        m_panel->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_panel.get()));
        QTRY_COMPARE(m_panel->events()->rowCount(), int(m_session->memory.events.size()));
        QTRY_VERIFY(part<ElidedLabel>("tierSemanticValue")->fullText() != unknownText());
    }
    template <typename Widget> Widget *part(const char *name) const { return child<Widget>(m_panel.get(), name); }
    QAction *action() const { return part<QAction>("consolidateMemory"); }
    ConsolidateDialog *ask()
    {
        action()->trigger();
        return m_panel->findChild<ConsolidateDialog *>();
    }
    void start()
    {
        ConsolidateDialog *dialog = ask();
        QVERIFY(dialog);
        child<QPushButton>(dialog, "consolidateConfirm")->click();
        QCOMPARE(m_session->requests.size(), size_t(1));
    }
    QString progressText() const { return part<ElidedLabel>("learningText")->fullText(); }

private Q_SLOTS:
    void initTestCase() { Theme::instance().apply(*qApp, ThemeKind::Light); }
    void cleanup()
    {
        m_panel.reset();
        m_session.reset();
    }
    void textsAloneAreLearned()
    {
        MemoryReport memory = sampleMemory();
        memory.events.push_back(pictureEvent(15, 300)); // 3 tokens, 4 patches, 1 token
        const Learnable learnable = learnableOf(memory.events);
        QCOMPARE(learnable.sources.size(), size_t(6)); // the two notes are one, the picture is of another turn
        QCOMPARE(learnable.sources[0].numTokens, qint64(100));
        QCOMPARE(learnable.numMediaTokens, qint64(4));
        // The notes touch, and the two turns do not; one token alone is no text.
        QCOMPARE(learnable.textLengths, (std::vector<qint64>{100, 40, 80, 22, 140, 3}));
        QCOMPARE(learnable.numTokens, qint64(386));
        const LearningCost cost = costOf({.sources = {}, .textLengths = {100, 65, 66}, .numTokens = 231},
                                         10, {.context = 64, .tokensPerSecond = 1'000, .numParameters = 1'000});
        QCOMPARE(cost.numRead, qint64(10 * (231 + (2 + 1 + 2) * 64) + 256 * 64));
        QCOMPARE(cost.seconds, double(cost.numRead) / 1'000);
        QCOMPARE(cost.numBytes, quint64(4'000));
        QVERIFY(std::isnan(costOf(learnable, 1, {}).seconds));
        QCOMPARE(learnedName(u"../my run: 7M"_s, 300), u"my-run-7M-step-300-learned"_s);
        QCOMPARE(learnedName(u""_s, -1), u"model-learned"_s);
    }
    void showsWhatIsLearnedAndAsksTheEngine()
    {
        open();
        QVERIFY2(action()->isEnabled(), qPrintable(action()->toolTip()));
        part<QToolButton>("tierSemanticAction")->click(); // in sight, in its card
        auto *dialog = m_panel->findChild<ConsolidateDialog *>();
        QVERIFY(dialog);
        QVERIFY(child<QLabel>(dialog, "consolidateSentence")->text().startsWith(u"A copy of code-7M learns these texts for good"));
        const auto *sources = child<QListWidget>(dialog, "consolidateSources");
        QCOMPARE(sources->count(), 5);
        QVERIFY2(sources->item(0)->text().contains(u"notes.txt") && sources->item(0)->text().endsWith(u": 100 tokens"),
                 qPrintable(sources->item(0)->text()));
        QCOMPARE(dialog->folder(), u"/home/ada/orrery/models/code-7M-step-8000-learned"_s);
        auto *passes = child<QSpinBox>(dialog, "consolidatePasses");
        QCOMPARE(passes->value(), int(ConsolidationSettings{}.numPasses));
        const auto *cost = child<QLabel>(dialog, "consolidateCost");
        QVERIFY2(cost->text().contains(u"40 passes over 382 remembered tokens"), qPrintable(cost->text()));
        QVERIFY2(cost->text().contains(u"tokens/s"), qPrintable(cost->text()));
        QVERIFY2(cost->text().contains(u"The new model takes 26.7 MiB") || cost->text().contains(u"The new model takes 27 MiB"),
                 qPrintable(cost->text()));
        passes->setValue(7);
        QVERIFY(cost->text().contains(u"7 passes over"));
        auto *confirm = child<QPushButton>(dialog, "consolidateConfirm");
        QCOMPARE(confirm->text(), u"Learn 5 sources, 382 tokens"_s);
        QVERIFY(!child<QLabel>(dialog, "consolidateSentence")->text().isEmpty());
        child<QLineEdit>(dialog, "consolidateData")->setText(u" /texts "_s);
        confirm->click();
        QCOMPARE(m_session->requests.size(), size_t(1));
        const ModelConsolidationRequest &request = m_session->requests[0];
        QCOMPARE(request.model, std::string("code-7M"));
        QVERIFY(request.isLoaded && request.memoryFile.empty());
        QCOMPARE(request.directory, std::string("/home/ada/orrery/models/code-7M-step-8000-learned"));
        QCOMPARE(request.data, std::string("/texts"));
        QCOMPARE(request.numPasses, int64_t(7));
        QCOMPARE(request.numSlots, ConsolidationSettings{}.numSlots);
    }
    void tellsHowFarItIsAndOffersTheNewModel()
    {
        open();
        start();
        QVERIFY(m_panel->learning()->isBusy() && !action()->isEnabled());
        QVERIFY2(action()->toolTip().contains(u"is being consolidated"), qPrintable(action()->toolTip()));
        QTRY_VERIFY(m_panel->learning()->progress()->isVisible());
        QVERIFY(progressText().contains(u"loading the model"));
        m_session->tell({ConsolidationPhase::Reading, 0, 1});
        QVERIFY(progressText().contains(u"reading texts of all kinds"));
        m_session->tell({ConsolidationPhase::Comparing, 11, 256});
        QVERIFY(progressText().contains(u"text 12 of 256"));
        m_session->tell({ConsolidationPhase::Learning, 3, 40});
        QVERIFY2(progressText().endsWith(u"code-7M: learning, pass 4 of 40"), qPrintable(progressText()));
        // Another model is shown, and it goes on.
        m_panel->setModel(u"/models/other"_s);
        m_session->tell({ConsolidationPhase::Writing, 0, 0});
        QVERIFY(progressText().contains(u"code-7M: writing the new model"));
        m_session->answer(summaryOf("/home/ada/orrery/models/x"));
        QVERIFY(!m_panel->learning()->isBusy());
        QVERIFY(m_panel->learning()->isVisible());
        const QString message = m_panel->learning()->banner()->message();
        for (const QString &words : {u"chat.json#1:user, notes.txt#text"_s, u"from 2.514 to 0.4102 nats a token"_s})
            QVERIFY2(message.contains(words), qPrintable(message));
        QString hint;
        for (const auto *label : m_panel->learning()->banner()->findChildren<ToneLabel *>()) hint += label->text();
        for (const QString &words : {u"256 texts of /texts/corpus.txt"_s, u"from 2.442 to 2.481"_s, u"812 semantic slots"_s,
                                     u"/home/ada/orrery/models/x"_s})
            QVERIFY2(hint.contains(words), qPrintable(hint));
        QSignalSpy talk(m_panel.get(), &MemoryPanel::talkRequested);
        auto *button = part<QPushButton>("learningTalk");
        QVERIFY(button->isVisible());
        button->click();
        QCOMPARE(talk.count(), 1);
        QCOMPARE(talk[0][0].toString(), u"/home/ada/orrery/models/x"_s);
    }
    void cancelAnswersAtOnce()
    {
        open();
        start();
        m_session->tell({ConsolidationPhase::Learning, 3, 40});
        QTRY_VERIFY(m_panel->learning()->progress()->isVisible());
        part<QPushButton>("learningCancel")->click();
        QVERIFY(!m_panel->learning()->isBusy());
        QCOMPARE(m_session->numCancelled, 1);
        QVERIFY(m_panel->learning()->banner()->message().contains(u"cancelled"));
        QVERIFY(!part<QPushButton>("learningTalk")->isVisible());
        QVERIFY(action()->isEnabled());
        child<QToolButton>(m_panel->learning()->banner(), "bannerClose")->click();
        QVERIFY(!m_panel->learning()->isVisible()); // and takes no room
    }
    void errorsAreShown()
    {
        open();
        start();
        m_session->answer(Error{ErrorCode::Conflict, "Cannot consolidate: something is there, expected a free name.", "Choose another directory."});
        QCOMPARE(m_panel->learning()->banner()->kind(), BannerKind::Error);
        QVERIFY(m_panel->learning()->banner()->message().contains(u"something is there"));
        QVERIFY(!part<QPushButton>("learningTalk")->isVisible());
    }
    void saysWhyNothingIsLearned_data()
    {
        QTest::addColumn<QString>("state");
        QTest::addColumn<QString>("reason");
        QTest::newRow("no semantic memory") << u"weights"_s << u"no semantic memory"_s;
        QTest::newRow("nothing remembered") << u"empty"_s << u"Nothing is remembered yet"_s;
        QTest::newRow("pictures alone") << u"pictures"_s << u"they have no words"_s;
        QTest::newRow("no memory") << u"none"_s << u"has no episodic memory"_s;
        QTest::newRow("no engine") << u"lost"_s << u"The engine is not connected"_s;
    }
    void saysWhyNothingIsLearned()
    {
        QFETCH(QString, state);
        QFETCH(QString, reason);
        open(false);
        if (state == u"weights") m_session->specs[u"code-7M"_s].replace(u"\"semantic_size\":16384"_s, u"\"semantic_size\":0"_s);
        if (state == u"empty") m_session->memory.events.clear();
        if (state == u"pictures") {
            m_session->memory.events = {pictureEvent(15, 300)};
            for (Modality &modality : m_session->memory.events[0].modalities) modality = Modality::Image;
        }
        if (state == u"none")
            m_session->editError = Error{ErrorCode::NotFound, "Cannot use a memory: the model has no episodic memory.", "Train it with one."};
        if (state == u"none")
            m_panel->show();
        else
            show();
        if (state == u"lost") m_session->setConnection(ConnectionState::Lost);
        QTRY_VERIFY2(action()->toolTip().contains(reason), qPrintable(action()->toolTip()));
        QVERIFY(!action()->isEnabled());
        QCOMPARE(part<QToolButton>("tierSemanticAction")->toolTip(), action()->toolTip());
        m_panel->askToConsolidate();
        QVERIFY(!m_panel->findChild<ConsolidateDialog *>());
    }
    void wrongPathsAreToldUnderTheirFields()
    {
        open();
        m_panel->setModel(u"/models/other"_s); // a folder does not say what it was trained on
        QTRY_VERIFY2(action()->isEnabled(), qPrintable(action()->toolTip()));
        ConsolidateDialog *dialog = ask();
        QVERIFY(dialog);
        QCOMPARE(dialog->folder(), u"/home/ada/orrery/models/other-learned"_s);
        QTRY_VERIFY(dialog->isVisible());
        auto *folder = child<UnitLineEdit>(dialog, "consolidateFolder");
        auto *data = child<UnitLineEdit>(dialog, "consolidateData");
        folder->setText(u"here"_s);
        auto *confirm = child<QPushButton>(dialog, "consolidateConfirm");
        confirm->click();
        QVERIFY(m_session->requests.empty() && dialog->isVisible());
        QVERIFY(folder->isInvalid() && data->isInvalid());
        QVERIFY(child<QLabel>(dialog, "consolidateFolderError")->text().contains(u"“here”: it is not a whole path, expected one that begins with /"));
        QVERIFY(child<QLabel>(dialog, "consolidateDataError")->text().contains(u"does not say what it was trained on"));
        folder->setText(u"/here"_s);
        data->setText(u"texts"_s);
        QVERIFY(!folder->isInvalid() && !child<QLabel>(dialog, "consolidateFolderError")->isVisible());
        confirm->click();
        QVERIFY(child<QLabel>(dialog, "consolidateDataError")->text().contains(u"“texts”: it is not a whole path"));
        data->setText(u"/texts"_s);
        confirm->click();
        QCOMPARE(m_session->requests.size(), size_t(1));
        QCOMPARE(m_session->requests[0].model, std::string("/models/other"));
    }
    void everyControlHasAName()
    {
        open();
        ConsolidateDialog *dialog = ask();
        QVERIFY(dialog);
        for (const char *name : {"consolidateSources", "consolidateFolder", "consolidateChoose", "consolidateData", "consolidatePasses",
                                 "consolidateSlots", "consolidateConfirm"}) {
            auto *control = child<QWidget>(dialog, name);
            const auto *button = qobject_cast<QAbstractButton *>(control);
            QVERIFY2(!control->accessibleName().isEmpty() || (button && !button->text().isEmpty()), name);
            QVERIFY2(control->focusPolicy() & Qt::TabFocus, name);
        }
        QTest::keyClick(dialog, Qt::Key_Escape);
        QVERIFY(m_session->requests.empty());
        QTRY_VERIFY(!m_panel->findChild<ConsolidateDialog *>());
    }
};

ORRERY_GUI_TEST_MAIN(TestMemoryLearning)
#include "tst_memory_learning.moc"
