// SPDX-License-Identifier: GPL-3.0-or-later
// What the microscope shows of pictures that nobody asks with, and how far a long question is.
#include "core/spec/kept_prompt.h"
#include "tests/widgets/common/gui_test.h"
#include "tests/widgets/microscope/microscope_samples.h"
#include "widgets/attention/token_strip.h"
#include "widgets/common/progress_row.h"
#include "widgets/common/tone_label.h"
#include "widgets/microscope/focus_strip.h"
#include "widgets/microscope/microscope_feed.h"
#include "widgets/microscope/microscope_panel.h"
#include "widgets/microscope/section.h"
#include "widgets/microscope/table_view.h"

#include <QBuffer>
#include <QHelpEvent>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QToolTip>

using namespace orrery;
using namespace orrery::ui;
using namespace Qt::StringLiterals;

class TestMicroscopeAnswers : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void documentsShowThePicturesOfTheirSamples();
    void aSlowModelIsAskedInParts();
    void partsOfOtherWeightsAreAskedAsOne();

private:
    [[nodiscard]] Focus at(int64_t token, std::optional<HeadRef> head = {}) const
    {
        return {.model = m_model, .title = u"Document 0"_s, .text = m_text, .token = token, .head = head};
    }
    void open(int64_t token)
    {
        m_panel->show();
        m_panel->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(m_panel.get()));
        m_selection->set(at(token), nullptr);
        settle();
        QVERIFY(m_panel->feed()->isCurrent());
    }
    void settle()
    {
        QTRY_VERIFY(!m_panel->feed()->isAsking());
        QTest::qWait(30);
        QTRY_VERIFY(!m_panel->feed()->isAsking());
    }
    [[nodiscard]] ReadingTableView *table(MicroscopeSection kind) const { return m_panel->section(kind)->view(); }

    QString m_model;
    std::shared_ptr<const GenerateRequest> m_text;
    std::unique_ptr<FakeSession> m_session;
    std::unique_ptr<Selection> m_selection;
    std::unique_ptr<MicroscopePanel> m_panel;
};

void TestMicroscopeAnswers::init()
{
    m_model = u"alpha@8000"_s;
    m_text = sampleText();
    m_session = std::make_unique<FakeSession>();
    m_session->setRuns({fakeRun("alpha")});
    answerWithSamples(*m_session, {});
    m_selection = std::make_unique<Selection>();
    m_panel = std::make_unique<MicroscopePanel>(*m_session, *m_selection);
    m_panel->resize(400, 900);
}

void TestMicroscopeAnswers::cleanup()
{
    m_panel.reset();
    m_selection.reset();
    m_session.reset();
}

/// Nobody asks with the pictures of a kept document: the samples of its run have them.
void TestMicroscopeAnswers::documentsShowThePicturesOfTheirSamples()
{
    QImage picture(8, 8, QImage::Format_RGB32);
    picture.fill(Qt::green);
    QByteArray png;
    QBuffer buffer(&png);
    buffer.open(QIODevice::WriteOnly);
    picture.save(&buffer, "PNG");
    const QJsonObject payload{{u"prompt"_s, u"[image: 4 patches] "_s},
                              {u"text"_s, u"a star"_s},
                              {u"pictures"_s, QJsonArray{QString::fromLatin1(png.toBase64())}}};
    const RunEvent sample{.id = 1,
                          .step = 100,
                          .wallTime = 1,
                          .kind = EventKind::Sample,
                          .text = "a star",
                          .payload = QJsonDocument(payload).toJson(QJsonDocument::Compact).toStdString()};
    m_text = std::make_shared<const GenerateRequest>(keptPrompt(0));
    const auto answer = m_session->inspection;
    m_session->inspection = [answer](const QString &model, const InspectRequest &request) {
        InspectReport report = answer(model, request);
        for (int64_t i = 0; i < 4; ++i) {
            InspectedToken &token = report.tokens[size_t(i)];
            token.modality = Modality::Image;
            token.item = 0;
            token.place = i;
        }
        return report;
    };
    open(6);
    const auto *strip = child<FocusStrip>(m_panel.get(), "focusStrip");
    TokenStrip *tokens = strip->strip();
    const auto colorAt = [tokens](int token) {
        const QPoint middle = tokens->viewport()->mapTo(tokens, tokens->tokenRect(token).center().toPoint());
        return tokens->grab().toImage().pixel(middle);
    };
    QVERIFY(colorAt(1) != QColor(Qt::green).rgb()); // names, until the run has drawn a sample
    m_session->sendUpdate(fakeRun("alpha"), {sample});
    QTRY_COMPARE(colorAt(1), QColor(Qt::green).rgb());
    const ReadingTableView *mattered = table(MicroscopeSection::Mattered);
    QVERIFY(std::any_of(mattered->table().rows.begin(), mattered->table().rows.end(),
                        [](const TableRow &one) { return !one.picture.isNull(); }));
    // Its name is not lost.
    const QPoint place = tokens->tokenRect(1).center().toPoint();
    QHelpEvent help(QEvent::ToolTip, place, tokens->viewport()->mapToGlobal(place));
    QCoreApplication::sendEvent(tokens->viewport(), &help);
    QVERIFY2(QToolTip::text().contains(u"patch 1 of image 0, row 0, column 1"_s), qPrintable(QToolTip::text()));
    QToolTip::hideText();
    m_selection->move(1, {}, nullptr);
    settle();
    QVERIFY2(strip->summary().contains(u"patch 2 of image 0"_s), qPrintable(strip->summary()));
    // Another text has none of them.
    m_text = sampleText();
    m_selection->set(at(2), nullptr);
    settle();
    QVERIFY(colorAt(1) != QColor(Qt::green).rgb());
}

/// What takes a pass forward is there before what takes one back, and it is said which of them is asked.
void TestMicroscopeAnswers::aSlowModelIsAskedInParts()
{
    MicroscopeFeed *feed = m_panel->feed();
    m_session->isHolding = true;
    m_panel->show();
    m_selection->set(at(2), nullptr);
    QTRY_COMPARE(m_session->inspections.size(), size_t(1));
    const auto *progress = child<QLabel>(m_panel.get(), "panelProgressText");
    const auto said = [progress] { return static_cast<const ElidedLabel *>(progress)->fullText(); };
    QCOMPARE(said(), u"Question 1 of 1: probabilities, layers, what mattered of a text by alpha@8000"_s);
    feed->setSlowAfter(-1); // any answer is a slow one
    m_session->flush();
    settle();
    m_selection->move(5, {}, nullptr);
    QTRY_COMPARE(m_session->inspections.size(), size_t(2));
    QCOMPARE(said(), u"Question 1 of 2: probabilities, layers of 17 tokens by alpha@8000"_s);
    QVERIFY(m_session->inspections[1].request.wantsLens && !m_session->inspections[1].request.wantsAttribution);
    m_session->flush();
    QTRY_COMPARE(m_session->inspections.size(), size_t(3));
    QCOMPARE(said(), u"Question 2 of 2: what mattered of 17 tokens by alpha@8000"_s);
    QVERIFY(!m_session->inspections[2].request.wantsLens && m_session->inspections[2].request.wantsAttribution);
    // What is there is looked at meanwhile: it is of the right token, and only the rest is missing.
    QVERIFY(feed->isOfFocus() && !feed->isCurrent() && !m_panel->isDimmed());
    QVERIFY(!table(MicroscopeSection::Choices)->table().isEmpty() && !table(MicroscopeSection::Layers)->table().isEmpty());
    QVERIFY(table(MicroscopeSection::Mattered)->table().isEmpty());
    QCOMPARE(m_panel->section(MicroscopeSection::Mattered)->content().sentence, u"Not computed yet."_s);
    m_session->flush();
    settle();
    QVERIFY(feed->isCurrent());
    QVERIFY(!table(MicroscopeSection::Mattered)->table().isEmpty() && !table(MicroscopeSection::Layers)->table().isEmpty());
    m_selection->move(2, {}, nullptr); // all of it is known
    settle();
    m_selection->move(5, {}, nullptr);
    settle();
    QCOMPARE(m_session->inspections.size(), size_t(3));
    // Quick again: one question.
    feed->setSlowAfter(60'000);
    m_selection->move(6, {}, nullptr);
    for (int i = 0; i < 2; ++i) {
        QTRY_VERIFY(m_session->isAnswering());
        m_session->flush();
    }
    settle();
    m_selection->move(7, {}, nullptr);
    QTRY_COMPARE(m_session->inspections.size(), size_t(6));
    QVERIFY(m_session->inspections[5].request.wantsLens && m_session->inspections[5].request.wantsAttribution);
    m_session->flush();
    settle();
    QCOMPARE(m_session->inspections.size(), size_t(6));
    // Cancelled in between: the first part stays.
    feed->setSlowAfter(-1);
    m_selection->move(8, {}, nullptr);
    QTRY_VERIFY(m_session->isAnswering());
    m_session->flush();
    settle();
    m_selection->move(9, {}, nullptr);
    QTRY_COMPARE(m_session->inspections.size(), size_t(8));
    m_session->flush();
    QTRY_COMPARE(m_session->inspections.size(), size_t(9));
    feed->cancel();
    QVERIFY(!feed->isAsking() && feed->isOfFocus() && !m_panel->isDimmed());
}

/// "RUN" is its newest saved step: another one may have been saved between the two.
void TestMicroscopeAnswers::partsOfOtherWeightsAreAskedAsOne()
{
    m_model = u"alpha"_s;
    m_panel->feed()->setSlowAfter(-1);
    open(2);
    int64_t step = 8'000;
    const auto answer = m_session->inspection;
    m_session->inspection = [&step, answer](const QString &model, const InspectRequest &request) {
        InspectReport report = answer(model, request);
        report.step = step;
        step = 9'000;
        return report;
    };
    m_selection->move(5, {}, nullptr);
    settle();
    QCOMPARE(m_session->inspections.size(), size_t(4));
    QVERIFY(m_session->inspections[3].request.wantsLens && m_session->inspections[3].request.wantsAttribution);
    QCOMPARE(m_panel->feed()->shown()->report.step, int64_t(9'000));
    QVERIFY(m_panel->feed()->isCurrent());
}

ORRERY_GUI_TEST_MAIN(TestMicroscopeAnswers)
#include "tst_microscope_answers.moc"
