// SPDX-License-Identifier: GPL-3.0-or-later
// How the maps of a text are asked for, where it is longer than the context and where it is not.
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/attention/maps_question.h"

#include <QSignalSpy>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

constexpr int64_t kContext = 40;

/// As an engine answers: of a long text the last tokens that fit, up to the one that is asked about.
InspectReport answerOf(const InspectRequest &request, int64_t numTokens)
{
    InspectReport report;
    report.layers = 1;
    report.heads = 2;
    report.tokens.resize(size_t(numTokens));
    for (size_t i = 0; i < report.tokens.size(); ++i) report.tokens[i].id = int32_t(i);
    report.token = request.token < 0 ? numTokens - 1 : request.token;
    const int64_t first = std::max<int64_t>(0, report.token + 1 - kContext), count = std::min(kContext, numTokens);
    const auto map = [&](int64_t head) {
        return AttentionMap{.head = {0, head},
                            .firstRow = first,
                            .numRows = count,
                            .firstColumn = first,
                            .numColumns = count,
                            .mean = std::vector<float>(size_t(count * count), 0.01F)};
    };
    if (request.wantsOverview) report.overview = {map(0), map(1)};
    for (const HeadRef &head : request.heads) report.maps.push_back(map(head.head));
    return report;
}

} // namespace

class TestMapsQuestion : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void aShortTextIsAskedForOnce();
    void aLongTextIsAskedForOnceAtItsEnd();
    void aLongTextIsAskedForAgainAtAToken();
    void anotherHeadOfTheWindowKeepsItsOverview();
    void whoRefusesLongTextsIsAskedForTheWindow();

private:
    void ask(const InspectRequest &request, int64_t token)
    {
        QSignalSpy answered(m_question.get(), &MapsQuestion::answered);
        m_question->ask(u"alpha@8000"_s, request, token);
        QTRY_COMPARE(answered.count(), 1);
        m_report = answered.last()[0].value<InspectReport>();
    }
    [[nodiscard]] const InspectRequest &asked(size_t number) const
    {
        return m_session->inspections[number].request;
    }

    std::unique_ptr<FakeSession> m_session;
    std::unique_ptr<MapsQuestion> m_question;
    InspectReport m_report;
    int64_t m_numTokens = 0;
};

void TestMapsQuestion::init()
{
    m_question.reset();
    m_session = std::make_unique<FakeSession>();
    m_session->inspection = [this](const QString &, const InspectRequest &request) {
        return answerOf(request, m_numTokens);
    };
    m_question = std::make_unique<MapsQuestion>(*m_session, nullptr);
}

void TestMapsQuestion::aShortTextIsAskedForOnce()
{
    m_numTokens = 30;
    ask({.heads = {{0, 1}}}, 12);
    QCOMPARE(m_session->inspections.size(), size_t(1));
    QCOMPARE(asked(0).token, int64_t(-1)); // a token of another text would be refused
    QVERIFY(!m_question->isWindow());
    QVERIFY(m_question->request().wantsOverview);
}

void TestMapsQuestion::aLongTextIsAskedForOnceAtItsEnd()
{
    m_numTokens = 100;
    ask({.heads = {{0, 1}}}, -1);
    QCOMPARE(m_session->inspections.size(), size_t(1));
    QVERIFY(m_question->isWindow());
    QCOMPARE(m_report.overview.front().firstRow, int64_t(60));
}

void TestMapsQuestion::aLongTextIsAskedForAgainAtAToken()
{
    m_numTokens = 100;
    ask({.heads = {{0, 1}}}, 70);
    QCOMPARE(m_session->inspections.size(), size_t(2));
    QVERIFY(asked(1).wantsOverview);
    QCOMPARE(asked(1).token, int64_t(70));
    QVERIFY(m_question->isWindow());
    QCOMPARE(m_report.token, int64_t(70));
    QCOMPARE(m_report.overview.front().firstRow, int64_t(31));
}

void TestMapsQuestion::anotherHeadOfTheWindowKeepsItsOverview()
{
    m_numTokens = 100;
    ask({.heads = {{0, 1}}}, 70);
    InspectRequest other = m_question->request();
    other.heads = {{0, 0}};
    ask(other, 70);
    QCOMPARE(m_session->inspections.size(), size_t(3));
    QVERIFY(!asked(2).wantsOverview);
    QCOMPARE(asked(2).token, int64_t(70));
    QCOMPARE(m_report.overview.size(), size_t(2));
    QCOMPARE(m_report.overview.front().firstRow, int64_t(31));
}

void TestMapsQuestion::whoRefusesLongTextsIsAskedForTheWindow()
{
    m_numTokens = 100;
    m_session->failNext[u"inspect"_s] = Error{ErrorCode::InvalidInput, "too long", ""};
    ask({.heads = {{0, 1}}}, 70);
    QCOMPARE(m_session->inspections.size(), size_t(3)); // the whole, the window, and its other heads
    QVERIFY(m_question->isWindow());
    QCOMPARE(m_report.overview.size(), size_t(2));
}

QTEST_MAIN(TestMapsQuestion)
#include "tst_maps_question.moc"
