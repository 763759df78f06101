// SPDX-License-Identifier: GPL-3.0-or-later
// Maps of an answer are read with what the model remembered when it said it; where that is gone the panel says so and what to
// do. What nobody has said is asked for as any text.
#include "tests/widgets/attention/attention_fixture.h"

#include <QClipboard>

using namespace orrery;
using namespace orrery::ui;

class TestAttentionSaid : public QObject, protected AttentionFixture {
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
    void anAnswerIsReadAsItWasSaid();
    void whatIsComparedWithIsReadByItself();
    void onlyWhoSaidItIsAskedSo();
    void aMemoryThatIsNotKeptIsTold_data();
    void aMemoryThatIsNotKeptIsTold();
    void anOlderEngineIsAskedForTheText();

private:
    [[nodiscard]] static Focus answer(const QString &model = u"alpha@8000"_s)
    {
        auto text = std::make_shared<GenerateRequest>();
        text->prompt = "What is this?";
        text->answerIds = {7, 8, 9};
        return {.model = model, .title = u"Answer 3"_s, .text = text, .token = 12, .head = HeadRef{2, 1}};
    }
    /// What is asked as it was said is answered so.
    void answerAsSaid(SaidWith saidWith, const std::string &note = {})
    {
        const auto byItself = m_session->inspection;
        m_session->inspection = [byItself, saidWith, note](const QString &model, const InspectRequest &request) {
            InspectReport report = byItself(model, request);
            report.reads = {{.head = {1, 0}, .memory = "episodic", .gate = 0.5, .slots = {{4, 2, -1, 1.0}}}};
            if (!request.asSaid) return report;
            report.saidWith = saidWith;
            report.note = note;
            return report;
        };
    }
    void select(const Focus &focus)
    {
        m_selection->set(focus, &m_other);
        QTRY_VERIFY(m_panel->snapshot() && !m_panel->snapshot()->isKept);
        m_panel->flush();
    }
    [[nodiscard]] QString note() const { return child<QLabel>(m_panel.get(), "saidNote")->text(); }
    [[nodiscard]] const InspectRequest &newest() const { return m_session->inspections.back().request; }

    QObject m_other;
    std::unique_ptr<Selection> m_selection;
};

void TestAttentionSaid::anAnswerIsReadAsItWasSaid()
{
    open();
    answerAsSaid(SaidWith::State, "Read with what it remembered when this was said.");
    select(answer());
    QVERIFY(newest().asSaid && newest().wantsOverview);
    QCOMPARE(note(), u"Read with what it remembered when this was said."_s); // whole, however long
    QVERIFY(child<QWidget>(m_panel.get(), "saidNote")->isVisible());
    QVERIFY(m_panel->banner()->message().isEmpty());
    QVERIFY(m_panel->command().isEmpty()); // the command line has said nothing
    // Each look reads all of it again: another head brings all those that there is room for.
    const size_t before = m_session->inspections.size();
    openHead({3, 4});
    QCOMPARE(m_session->inspections.size(), before + 1);
    QVERIFY(newest().asSaid);
    QVERIFY(newest().heads.front() == (HeadRef{3, 4}) && newest().heads[1] == (HeadRef{3, 0}));
    QCOMPARE(newest().heads.size(), size_t(36));
    QTRY_VERIFY(m_panel->snapshot()->report.maps.size() == 36);
    openHead({0, 5});
    QTest::qWait(30);
    QCOMPARE(m_session->inspections.size(), before + 1);
    QVERIFY(!map()->whole().isEmpty());
    // What comes behind another row, too.
    m_panel->goTo({.level = StageLevel::Head, .head = {0, 5}, .pinnedToken = 9});
    QTRY_COMPARE(m_session->inspections.size(), before + 2);
    QVERIFY(newest().asSaid && newest().token == 9 && !newest().wantsOverview);
    // A head is left out of the text by itself: with another one the memory would have been another.
    m_panel->ablate();
    QVERIFY(!newest().asSaid && !newest().ablated.empty());
    QTRY_VERIFY([this] {
        for (const ToneLabel *label : m_panel->findChildren<ToneLabel *>())
            if (label->text().contains(u"which reads the text by itself for this"_s)) return true;
        return false;
    }());
}

void TestAttentionSaid::whatIsComparedWithIsReadByItself()
{
    open();
    answerAsSaid(SaidWith::State);
    select(answer());
    QTest::keyClick(map(), Qt::Key_D);
    QTRY_COMPARE(m_session->inspections.back().model, u"alpha@7000"_s);
    QVERIFY(!newest().asSaid && newest().wantsOverview);
    QTRY_VERIFY(map()->figure().legend().scale.isDifference);
    m_panel->flush();
    QVERIFY2(note().contains(u"The other step reads the text by itself"_s), qPrintable(note()));
}

void TestAttentionSaid::onlyWhoSaidItIsAskedSo()
{
    open();
    select(answer());
    m_panel->promptBar()->setModel(u"alpha@7000"_s); // other weights
    m_panel->askModel();
    QCOMPARE(m_session->inspections.back().model, u"alpha@7000"_s);
    QVERIFY(!newest().asSaid);
    select(answer(u"alpha@live"_s)); // a training says nothing to anybody
    QVERIFY(!newest().asSaid);
    m_panel->choosePrompt(0); // a text of the run's own
    m_panel->askModel();
    QVERIFY(!newest().asSaid);
}

void TestAttentionSaid::aMemoryThatIsNotKeptIsTold_data()
{
    QTest::addColumn<int>("saidWith");
    QTest::addColumn<QString>("remedy");
    QTest::newRow("it is not kept") << int(SaidWith::NotKept) << u"Generate the answer again to see what it read then."_s;
    QTest::newRow("an older engine") << int(SaidWith::Unknown) << u"of an older version and does not know that question. Update it"_s;
}

void TestAttentionSaid::aMemoryThatIsNotKeptIsTold()
{
    QFETCH(const int, saidWith);
    QFETCH(const QString, remedy);
    open();
    answerAsSaid(SaidWith(saidWith));
    select(answer());
    const auto message = [this] { return m_panel->banner()->message(); };
    QVERIFY2(message().startsWith(u"These maps are of the text by itself, without what the model remembered"_s), qPrintable(message()));
    QCOMPARE(m_panel->banner()->kind(), BannerKind::Info);
    QTest::mouseClick(child<QToolButton>(m_panel->banner(), "bannerCopy"), Qt::LeftButton);
    QVERIFY2(QGuiApplication::clipboard()->text().contains(remedy), qPrintable(QGuiApplication::clipboard()->text()));
    QVERIFY(!m_panel->command().isEmpty()); // these the command line gives, too
    QTest::mouseClick(child<QToolButton>(m_panel->banner(), "bannerClose"), Qt::LeftButton);
    const size_t before = m_session->inspections.size();
    openHead({3, 3});
    QTRY_VERIFY(m_session->inspections.size() == before + 1 && mapOf(*m_panel->snapshot(), {3, 3}));
    QTest::qWait(10);
    QVERIFY2(message().isEmpty(), qPrintable(message())); // once is enough
    m_panel->askModel();
    QTRY_VERIFY(!message().isEmpty()); // who asks again is told again
}

void TestAttentionSaid::anOlderEngineIsAskedForTheText()
{
    open();
    const auto byItself = m_session->inspection;
    m_session->inspection = [byItself](const QString &model, const InspectRequest &request) {
        InspectReport report = byItself(model, request);
        if (!request.asSaid) return report;
        report.saidWith = SaidWith::State;
        report.overview.clear();
        return report;
    };
    select(answer());
    QTRY_VERIFY(!m_panel->snapshot()->report.overview.empty());
    QCOMPARE(m_session->inspections.size(), size_t(2));
    QVERIFY(m_session->inspections[0].request.asSaid && !m_session->inspections[1].request.asSaid);
}

ORRERY_GUI_TEST_MAIN(TestAttentionSaid)
#include "tst_attention_said.moc"
