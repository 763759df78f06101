// SPDX-License-Identifier: GPL-3.0-or-later
// Two runs or steps beside each other: linked places, own steps, one colour scale.
#include "tests/widgets/attention/attention_fixture.h"

#include "widgets/attention/attention_pair.h"
#include "widgets/common/view_link.h"

#include <QScrollArea>
#include <QScrollBar>
#include <QSplitter>

using namespace orrery;
using namespace orrery::ui;

class TestAttentionPair : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void opensBesideTheBeginningAndCloses();
    void placesAreKeptInStep();
    void stepsAreTheirOwn();
    void unlinkedEachGoesItsWay();
    void rowsOfAnotherTextAreNotTaken();
    void differencesHaveOneScale();
    void theStepThatIsComparedWithIsSeen();
    void lowWindowsScrollWithinThePanel();
    void anotherRunIsChosen();
    void narrowOneStandsBelowTheOther();
    void everyControlHasAName();
    void aLinkHoldsBoth();
    void aLinkOfOnePanelClosesTheOther();
    void aLinkOfTwoLongTextsIsNotTooLong();

private:
    [[nodiscard]] static qint64 stepOf(const AttentionPanel *panel)
    {
        return panel->snapshot() ? panel->snapshot()->report.step : -1;
    }
    void openBeside()
    {
        child<QToolButton>(m_pair->primary(), "showBeside")->click();
        QVERIFY(m_pair->isOpen());
        QTRY_VERIFY(m_pair->secondary()->snapshot() && !m_pair->secondary()->feed()->isLoading());
        m_pair->secondary()->flush();
    }

    std::unique_ptr<FakeSession> m_session;
    std::unique_ptr<AttentionPair> m_pair;
};

void TestAttentionPair::init()
{
    m_session = std::make_unique<FakeSession>();
    m_session->setRuns({fakeRun("alpha"), fakeRun("beta", RunState::Finished)});
    m_session->specs[u"alpha"_s] = m_session->specs[u"beta"_s] =
        uR"({"probes":{"prompts":["int main(int argc","template <"]}})"_s;
    addSampleFrames(*m_session, u"alpha"_s, {}, 40, 10, 400);
    m_session->frameInfos[u"beta"_s] = m_session->frameInfos[u"alpha"_s];
    m_pair = std::make_unique<AttentionPair>(*m_session);
    m_pair->resize(1600, 800);
    m_pair->show();
    m_pair->setRun(u"alpha"_s);
    QTRY_COMPARE(stepOf(m_pair->primary()), 400);
    m_pair->primary()->flush();
}

void TestAttentionPair::cleanup()
{
    m_pair.reset();
    m_session.reset();
}

void TestAttentionPair::opensBesideTheBeginningAndCloses()
{
    QVERIFY(!m_pair->isOpen());
    openBeside();
    QCOMPARE(m_pair->secondary()->run(), u"alpha"_s);
    QTRY_COMPARE(stepOf(m_pair->secondary()), 10);
    QCOMPARE(stepOf(m_pair->primary()), 400);
    child<QToolButton>(m_pair.get(), "besideClose")->click();
    QVERIFY(!m_pair->isOpen());
    QVERIFY(!child<QToolButton>(m_pair->primary(), "showBeside")->isChecked());
    m_pair->openBeside(u"beta"_s, 200);
    QTRY_COMPARE(stepOf(m_pair->secondary()), 200);
    QCOMPARE(m_pair->secondary()->run(), u"beta"_s);
    m_pair->openBeside({}, -1);
    QTRY_COMPARE(stepOf(m_pair->secondary()), 400);
    QCOMPARE(m_pair->secondary()->run(), u"alpha"_s);
}

void TestAttentionPair::placesAreKeptInStep()
{
    openBeside();
    m_pair->primary()->goTo({.level = StageLevel::Head, .head = {3, 2}, .pinnedToken = 11});
    QCOMPARE(m_pair->secondary()->place(), m_pair->primary()->place());
    m_pair->secondary()->goTo({.level = StageLevel::Head, .head = {1, 4}, .pinnedToken = 5});
    QCOMPARE(m_pair->primary()->place(), m_pair->secondary()->place());
    m_pair->primary()->flush();
    child<SegmentedChoice>(m_pair->primary(), "scaleChoice")->button(u"linear"_s)->click();
    QVERIFY(m_pair->secondary()->look().scale == ScaleKind::Linear);
    m_pair->primary()->choosePrompt(1);
    m_pair->primary()->flush();
    QTRY_COMPARE(m_pair->secondary()->promptBar()->prompt(), 1);
}

void TestAttentionPair::stepsAreTheirOwn()
{
    openBeside();
    m_pair->secondary()->feed()->goToStep(150);
    QTRY_COMPARE(stepOf(m_pair->secondary()), 150);
    QCOMPARE(stepOf(m_pair->primary()), 400);
}

void TestAttentionPair::unlinkedEachGoesItsWay()
{
    openBeside();
    child<QToolButton>(m_pair.get(), "besideLink")->click();
    QVERIFY(!m_pair->isLinked());
    m_pair->primary()->goTo({.level = StageLevel::Head, .head = {3, 2}, .pinnedToken = 11});
    QVERIFY(m_pair->secondary()->place() != m_pair->primary()->place());
    m_pair->setLinked(true); // and together again
    QCOMPARE(m_pair->secondary()->place(), m_pair->primary()->place());
}

void TestAttentionPair::rowsOfAnotherTextAreNotTaken()
{
    SampleModel shorter;
    shorter.words.resize(12);
    const auto content = m_session->frameContent;
    m_session->frameContent = [content, shorter](const QString &run, const FrameInfo &info) {
        return run == u"beta"_s ? std::optional(sampleFrame(shorter, info.step, 0.5)) : content(run, info);
    };
    m_pair->openBeside(u"beta"_s, 200);
    QTRY_COMPARE(stepOf(m_pair->secondary()), 200);
    m_pair->primary()->goTo({.level = StageLevel::Head, .head = {3, 2}, .pinnedToken = 11});
    QCOMPARE(m_pair->secondary()->place().head, (HeadRef{3, 2}));
    QCOMPARE(m_pair->secondary()->place().pinnedToken, -1);
}

void TestAttentionPair::differencesHaveOneScale()
{
    openBeside();
    m_pair->primary()->goTo({.level = StageLevel::Head, .head = {3, 2}});
    m_pair->secondary()->feed()->goToStep(20); // hardly anything changed by then
    QTRY_COMPARE(stepOf(m_pair->secondary()), 20);
    m_pair->primary()->setDifference(true);
    QVERIFY(m_pair->secondary()->isDifference());
    const auto legendOf = [](const AttentionPanel *panel) {
        return panel->stage()->head()->view()->whole().legend();
    };
    QTRY_VERIFY(legendOf(m_pair->primary()).scale.isDifference &&
                legendOf(m_pair->secondary()).scale.isDifference);
    QTRY_COMPARE(legendOf(m_pair->secondary()).scale.limit, legendOf(m_pair->primary()).scale.limit);
    QVERIFY(m_pair->secondary()->limits().map <
            m_pair->primary()->limits().map); // it would end sooner by itself
    m_pair->setLinked(false);
    QTRY_VERIFY(legendOf(m_pair->secondary()).scale.limit < legendOf(m_pair->primary()).scale.limit);
}

/// A step does not differ from itself: beside each other both show weights, and a difference says why it is empty.
void TestAttentionPair::theStepThatIsComparedWithIsSeen()
{
    m_pair->primary()->goTo({.level = StageLevel::Head, .head = {3, 2}});
    m_pair->primary()->setDifference(true);
    m_pair->primary()->feed()->setBaseStep(200);
    openBeside();
    QVERIFY(!m_pair->primary()->isDifference() && !m_pair->secondary()->isDifference());
    QTRY_COMPARE(stepOf(m_pair->secondary()), 200);
    m_pair->secondary()->feed()->setBaseStep(200);
    m_pair->secondary()->setDifference(true);
    auto *below = child<QLabel>(m_pair->secondary(), "headSummary");
    QTRY_VERIFY2(below->text().contains(u"This is the step"_s), qPrintable(below->text()));
}

/// In a low window the steps stay in sight, and what is opened comes into it.
void TestAttentionPair::lowWindowsScrollWithinThePanel()
{
    AttentionPanel *panel = m_pair->primary();
    m_pair->resize(1000, 420);
    panel->goTo({});
    panel->flush();
    const auto *scroll = child<QScrollArea>(panel, "attentionScroll");
    const auto isInSight = [&](const QWidget *one) {
        const QRect place(one->mapTo(m_pair.get(), QPoint()), one->size());
        return m_pair->rect().contains(place);
    };
    QTRY_VERIFY(scroll->verticalScrollBar()->maximum() > 0);
    QVERIFY(isInSight(panel->scrubber()) && isInSight(panel->promptBar()));
    QCOMPARE(scroll->verticalScrollBar()->value(), 0);
    QTest::keyClick(panel->stage()->overview()->view(), Qt::Key_Return);
    QCOMPARE(panel->place().level, StageLevel::Head);
    QVERIFY(scroll->verticalScrollBar()->value() > 0);
    // Two below each other are as high as their maps need; one alone fits again.
    openBeside();
    QTRY_VERIFY(panel->height() >= 560 && m_pair->secondary()->height() >= 560);
    m_pair->closeBeside();
    QTRY_VERIFY(panel->height() < 560);
}

void TestAttentionPair::anotherRunIsChosen()
{
    openBeside();
    auto *runs = child<QComboBox>(m_pair.get(), "besideRun");
    QCOMPARE(runs->count(), 2);
    runs->setCurrentIndex(runs->findData(u"beta"_s));
    Q_EMIT runs->activated(runs->currentIndex());
    QCOMPARE(m_pair->secondary()->run(), u"beta"_s);
    QTRY_COMPARE(stepOf(m_pair->secondary()), 400);
    // The archive is left out, but for what is shown.
    std::vector<RunStatus> listed = m_session->runList;
    for (RunStatus &run : listed) run.labels.isArchived = true;
    m_session->setRuns(listed);
    QCOMPARE(runs->count(), 1);
    QCOMPARE(runs->currentData().toString(), u"beta"_s);
    QCOMPARE(m_pair->secondary()->run(), u"beta"_s);
}

void TestAttentionPair::narrowOneStandsBelowTheOther()
{
    openBeside();
    auto *splitter = m_pair->findChild<QSplitter *>();
    QCOMPARE(splitter->orientation(), Qt::Horizontal);
    m_pair->resize(900, 1200);
    QCOMPARE(splitter->orientation(), Qt::Vertical);
}

void TestAttentionPair::everyControlHasAName()
{
    openBeside();
    for (QWidget *widget : m_pair->findChildren<QWidget *>()) {
        if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisible() || widget->inherits("QScrollBar"))
            continue;
        QAccessibleInterface *interface = QAccessible::queryAccessibleInterface(widget);
        QVERIFY2(
            interface && !interface->text(QAccessible::Name).isEmpty(),
            qPrintable(QString::fromLatin1(widget->metaObject()->className()) + u' ' + widget->objectName()));
    }
}

void TestAttentionPair::aLinkHoldsBoth()
{
    openBeside();
    m_pair->setLinked(false);
    m_pair->primary()->goTo({.level = StageLevel::Head, .head = {3, 2}, .pinnedToken = 11});
    m_pair->openBeside(u"beta"_s, 200);
    QTRY_COMPARE(stepOf(m_pair->secondary()), 200);
    m_pair->secondary()->goTo({.level = StageLevel::Head, .head = {1, 4}, .pinnedToken = 5});
    const Result<ViewLink> link = parseViewLink(m_pair->primary()->viewLink());
    QVERIFY(link.ok());
    QCOMPARE(link->panel, u"attention"_s);

    AttentionPair other(*m_session);
    other.resize(1600, 800);
    other.show();
    other.primary()->view().restore(link->state);
    QVERIFY(other.isOpen());
    QVERIFY(!other.isLinked());
    QCOMPARE(other.primary()->run(), u"alpha"_s);
    QCOMPARE(other.secondary()->run(), u"beta"_s);
    QCOMPARE(child<QComboBox>(&other, "besideRun")->currentData().toString(), u"beta"_s);
    QTRY_COMPARE(stepOf(other.primary()), 400);
    QTRY_COMPARE(stepOf(other.secondary()), 200);
    QCOMPARE(other.primary()->place(), m_pair->primary()->place());
    QCOMPARE(other.secondary()->place(), m_pair->secondary()->place());
    QCOMPARE(parseViewLink(other.primary()->viewLink())->state, link->state);

    m_pair->setLinked(true);
    other.primary()->view().restore(parseViewLink(m_pair->primary()->viewLink())->state);
    QVERIFY(other.isLinked());
    QCOMPARE(other.secondary()->place(), m_pair->secondary()->place());
}

void TestAttentionPair::aLinkOfOnePanelClosesTheOther()
{
    const QVariantMap one = parseViewLink(m_pair->primary()->viewLink())->state;
    QVERIFY(!one.contains(u"linked"_s));
    openBeside();
    QVERIFY(parseViewLink(m_pair->primary()->viewLink())->state.contains(u"beside_run"_s));
    m_pair->primary()->view().restore(one);
    QVERIFY(!m_pair->isOpen());
    m_pair->primary()->view().restore({{u"beside_"_s, u"x"_s}, {u"linked"_s, u"nonsense"_s}});
    QCOMPARE(m_pair->secondary()->run(), u"alpha"_s); // that of the first
}

void TestAttentionPair::aLinkOfTwoLongTextsIsNotTooLong()
{
    openBeside();
    m_pair->setLinked(false);
    m_session->isHolding = true; // their tokens are not known
    const QString text(kMaxLinkLength / 9 - 200, u'\u2192');
    for (AttentionPanel *panel : {m_pair->primary(), m_pair->secondary()}) {
        panel->promptBar()->setOwnText(text);
        Q_EMIT panel->promptBar()->promptChosen(PromptBar::kOwnText);
    }
    const QString link = m_pair->primary()->viewLink();
    QVERIFY(link.size() <= kMaxLinkLength);
    const QVariantMap state = parseViewLink(link)->state;
    QCOMPARE(state[u"text"_s].toString(), text);
    QVERIFY(!state.contains(u"beside_text"_s));
    QCOMPARE(state[u"beside_run"_s].toString(), u"alpha"_s);
}

ORRERY_GUI_TEST_MAIN(TestAttentionPair)
#include "tst_attention_pair.moc"
