// SPDX-License-Identifier: GPL-3.0-or-later
// What the microscope shows of pictures that nobody asks with and of answers that were said with a memory, and how far a long
// question is.
#include "core/spec/kept_prompt.h"
#include "tests/widgets/microscope/microscope_case.h"
#include "widgets/attention/token_strip.h"
#include "widgets/common/progress_row.h"
#include "widgets/common/tone_label.h"
#include "widgets/microscope/focus_strip.h"

#include <QBuffer>
#include <QHelpEvent>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProgressBar>
#include <QToolTip>

using namespace orrery;
using namespace orrery::ui;
using namespace Qt::StringLiterals;

class TestMicroscopeAnswers : public QObject, private MicroscopeCase {
    Q_OBJECT
private Q_SLOTS:
    void init() { setUp({400, 900}); }
    void cleanup() { tearDown(); }
    void documentsShowThePicturesOfTheirSamples();
    void aSlowModelIsAskedInParts();
    void partsOfOtherWeightsAreAskedAsOne();
    void howFarTheModelIsIsTold();
    void whatWasRememberedIsAskedFor();
    void anOlderEngineIsNamed();
};

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
    m_title = u"Document 0"_s;
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

void TestMicroscopeAnswers::howFarTheModelIsIsTold()
{
    m_session->isHolding = true;
    m_panel->show();
    m_selection->set(at(2), nullptr);
    QTRY_COMPARE(m_session->inspections.size(), size_t(1));
    const auto *text = static_cast<const ElidedLabel *>(child<QLabel>(m_panel.get(), "panelProgressText"));
    const auto *bar = m_panel->findChild<ProgressRow *>()->findChild<QProgressBar *>();
    QCOMPARE(bar->maximum(), 0); // an engine that does not tell
    m_session->tellInspectAmount({.reading = {.layer = 4, .layers = 12, .pass = 1, .passes = 2}});
    QVERIFY2(text->fullText().endsWith(u" by alpha@8000 · layer 4 of 12, pass 1 of 2"_s), qPrintable(text->fullText()));
    QCOMPARE(qRound(1000.0 * bar->value() / bar->maximum()), 125); // three of 24 are done
    m_session->tellInspectAmount({.reading = {.pass = 2, .passes = 2}}); // on the way back nobody counts layers
    QVERIFY2(text->fullText().endsWith(u" · pass 2 of 2"_s), qPrintable(text->fullText()));
    QCOMPARE(qRound(1000.0 * bar->value() / bar->maximum()), 500);
    m_panel->feed()->cancel();
    QCOMPARE(m_session->numCancelledInspections, 1);
    QVERIFY(!m_panel->findChild<ProgressRow *>()->isActive());
}

/// From a state that was kept there is no attribution: it is asked for by itself, and said what it is of.
void TestMicroscopeAnswers::whatWasRememberedIsAskedFor()
{
    const auto answer = m_session->inspection;
    m_session->inspection = [answer](const QString &model, const InspectRequest &request) {
        InspectReport report = answer(model, request);
        if (!request.asSaid) return report;
        report.saidWith = SaidWith::State;
        report.attribution.clear();
        report.note = "Read with what it remembered when this was said.";
        return report;
    };
    open(2, HeadRef{2, 1});
    QCOMPARE(numAsked(), size_t(2));
    const InspectRequest &first = m_session->inspections[0].request, &second = m_session->inspections[1].request;
    QVERIFY(first.asSaid && first.wantsLens && !first.heads.empty());
    QVERIFY(!second.asSaid && !second.wantsLens && second.wantsAttribution && second.heads.empty());
    QCOMPARE(text("modelNote"), u"Read with what it remembered when this was said."_s);
    const QString json = microscopeJson(*m_panel->feed()->shown());
    QVERIFY(json.contains(u"\"read_with\": \"kept_state\""_s) && json.contains(u"\"note\": \"Read with what"_s));
    QVERIFY(!table(MicroscopeSection::Mattered)->table().isEmpty());
    QVERIFY(m_panel->section(MicroscopeSection::Mattered)->content().sentence.endsWith(u"remembered has no gradient."_s));
    m_selection->move(4, {}, nullptr);
    settle();
    m_selection->move(2, HeadRef{2, 1}, nullptr); // all of it is known
    settle();
    QCOMPARE(numAsked(), size_t(4));
    // A training has no state of an answer.
    m_model = u"alpha@live"_s;
    m_selection->set(at(2), nullptr);
    settle();
    QVERIFY(!m_session->inspections.back().request.asSaid && m_session->inspections.back().request.wantsAttribution);
}

void TestMicroscopeAnswers::anOlderEngineIsNamed()
{
    const auto answer = m_session->inspection;
    m_session->inspection = [answer](const QString &model, const InspectRequest &request) {
        InspectReport report = answer(model, request);
        report.saidWith = SaidWith::Unknown; // it knows nothing of the question
        return report;
    };
    open(2);
    QVERIFY2(text("modelNote").startsWith(u"This engine is of an older version: it reads the text by itself"_s),
             qPrintable(text("modelNote")));
    QCOMPARE(numAsked(), size_t(1));
    answerWithSamples(*m_session, {.hasMemory = false}); // and where nothing was read there is nothing to miss
    m_selection->move(5, {}, nullptr);
    settle();
    QCOMPARE(text("modelNote"), QString());
}

ORRERY_GUI_TEST_MAIN(TestMicroscopeAnswers)
#include "tst_microscope_answers.moc"
