// SPDX-License-Identifier: GPL-3.0-or-later
// The microscope as a person uses it: empty, sample, live, failing; keys, branches, copies, links; three
// themes.
#include "tests/widgets/microscope/microscope_case.h"
#include "widgets/attention/token_strip.h"
#include "widgets/common/banner.h"
#include "widgets/common/breadcrumbs.h"
#include "widgets/common/glossary.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/microscope/focus_strip.h"
#include "widgets/microscope/scale_bar.h"
#include "widgets/microscope/stat_row.h"

#include <QAccessible>
#include <QBuffer>
#include <QClipboard>
#include <QFile>
#include <QGuiApplication>
#include <QPushButton>
#include <QRegularExpression>
#include <QScrollArea>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QToolButton>

using namespace orrery;
using namespace orrery::ui;
using namespace Qt::StringLiterals;

class TestMicroscopePanel : public QObject, private MicroscopeCase {
    Q_OBJECT
private Q_SLOTS:
    void init() { setUp({420, 1400}); }
    void cleanup();
    void withoutAFocusItSaysWhatToClick();
    void sampleShowsWhyATokenWasSaid();
    void behindTheLastTokenItSaysWhatComes();
    void crumbsLeadUpAndBack();
    void theRunIsCalledByItsName();
    void followsTheSelection();
    void patchesAreShownAsPictures();
    void hiddenPanelAsksNothing();
    void liveSaysItsAgeAndFollows();
    void anEndedTrainingIsItsNewestStep();
    void staleAnswersStandBackAndSaySo();
    void quickAnswersDoNotFlicker();
    void errorsStandInTheBanner_data();
    void errorsStandInTheBanner();
    void cancelStopsTheQuestion();
    void arrowsAndClicksMoveTheFocus();
    void rowsLeadToTheirToken();
    void branchesFromACandidate();
    void branchesBehindWhateverIsLast();
    void longWordsMayBeBroken();
    void closedSectionsAreNotComputed();
    void showAllListsTheRest();
    void tintFollowsTheChoice();
    void copyIsTheWholeSection();
    void linkRestoresTheView();
    void brokenLinkIsExplained();
    void commandIsTheTwin();
    void exportsAreFiles_data();
    void exportsAreFiles();
    void exportErrorsNameWhatAndWhy();
    void everyControlHasAName();
    void everythingIsReachedByTab();
    void nothingIsClippedInAnyTheme_data();
    void nothingIsClippedInAnyTheme();

private:
    [[nodiscard]] QStringList path() const { return m_panel->findChild<Breadcrumbs *>()->path(); }
    void open(int64_t token = 2, std::optional<HeadRef> head = HeadRef{2, 1}) { MicroscopeCase::open(token, head); }

    QFont m_font = QApplication::font();
};

void TestMicroscopePanel::cleanup()
{
    tearDown();
    setWallNowForTests(kTestNow);
    QApplication::setFont(m_font);
    Theme::instance().apply(*qApp, ThemeKind::Light);
}

void TestMicroscopePanel::withoutAFocusItSaysWhatToClick()
{
    m_panel->show();
    QWidget *empty = child<QWidget>(m_panel.get(), "microscopeEmpty");
    QVERIFY(empty->isVisible());
    QVERIFY(empty->accessibleName().contains(u"No token"_s));
    QVERIFY(empty->accessibleDescription().contains(u"Click a token"_s));
    QVERIFY(!child<QPushButton>(m_panel.get(), "emptyAsk")->isVisible());
    QVERIFY(!child<QToolButton>(m_panel.get(), "askAgain")->isEnabled());
    QVERIFY(!child<QToolButton>(m_panel.get(), "follow")->isVisible());
    QTest::qWait(40);
    QCOMPARE(numAsked(), size_t(0));
    QCOMPARE(m_panel->commandText(), QString());
    QVERIFY(m_panel->accessibleDescription().contains(u"No token"_s));
}

void TestMicroscopePanel::sampleShowsWhyATokenWasSaid()
{
    open();
    QCOMPARE(text("headline"), u"“␣fox” after “The quick brown”"_s);
    const std::vector<Stat> &stats = child<StatRow>(m_panel.get(), "stats")->stats();
    QCOMPARE(stats[0].value, u"0.123"_s);
    QCOMPARE(stats[1].value, u"3"_s);
    QCOMPARE(stats[2].value, u"2.10 nats"_s);
    QCOMPARE(stats[2].remark, u"3.02 bits"_s);
    for (const Stat &stat : stats) QVERIFY2(glossaryEntry(stat.term), qPrintable(stat.name));
    QVERIFY2(text("microscopeState").startsWith(u"0.0 s ago"_s), qPrintable(text("microscopeState")));
    QCOMPARE(path(), (QStringList{u"alpha"_s, u"step 8,000"_s, u"Probe prompt 0"_s, u"“␣fox”"_s, u"Layer 2, head 1"_s}));
    for (const MicroscopeSection kind : kMicroscopeSections) {
        QVERIFY(!table(kind)->table().isEmpty());
        QVERIFY(table(kind)->isVisible());
        QVERIFY(!m_panel->section(kind)->content().sentence.isEmpty());
    }
    QVERIFY((m_panel->strip()->strip()->active() == TokenRange{3, 4})); // what was said
    QVERIFY(m_panel->accessibleDescription().contains(u"0.123"_s));
    QVERIFY(!m_panel->isDimmed());
    // A known bar: on the screen as long as the number says.
    const ReadingTableView *view = table(MicroscopeSection::Choices);
    const QRectF cell = view->figure().cellRect(0, 2);
    const QImage picture = const_cast<ReadingTableView *>(view)->grab().toImage();
    const double share = 0.312 / view->table().limit;
    const auto colorAt = [&](double part) {
        return picture.pixel(int(cell.left() + cell.width() * part), int(cell.center().y()));
    };
    const QRgb accent = Theme::instance().tokens().accent.rgb();
    QCOMPARE(colorAt(share - 0.04), accent);
    QVERIFY(colorAt(share + 0.04) != accent);
}

void TestMicroscopePanel::behindTheLastTokenItSaysWhatComes()
{
    open(-1, {});
    QVERIFY(text("headline").startsWith(u"What comes after"_s));
    const std::vector<Stat> &stats = child<StatRow>(m_panel.get(), "stats")->stats();
    QCOMPARE(stats[0].value, u"␣dog"_s);
    QCOMPARE(stats[1].value, u"0.312"_s);
    QVERIFY(stats[2].value.endsWith(u"nats"_s));
    for (const Stat &stat : stats) QVERIFY2(glossaryEntry(stat.term), qPrintable(stat.name));
    QVERIFY(child<QPushButton>(m_panel.get(), "branchHere")->isEnabled());
    QVERIFY(!table(MicroscopeSection::Attention)->isVisible());
    QVERIFY(text("sentence_attention").contains(u"Choose a head"_s));
}

/// Run › step › text › token › head: up from a head to its token, from a token to what comes behind the text.
void TestMicroscopePanel::crumbsLeadUpAndBack()
{
    m_panel->show();
    QVERIFY(!m_panel->findChild<Breadcrumbs *>()->isVisible());
    open();
    auto *crumbs = m_panel->findChild<Breadcrumbs *>();
    QVERIFY(crumbs->isVisible() && path().size() == 5);
    QVERIFY(!crumbs->findChild<QToolButton *>(u"crumb_0"_s)); // a run leads nowhere: it is a word
    QTest::mouseClick(child<QToolButton>(m_panel.get(), "crumb_3"), Qt::LeftButton);
    QVERIFY(!m_selection->focus().head && m_selection->focus().token == 2);
    settle();
    QCOMPARE(path().size(), qsizetype(4));
    QTest::mouseClick(child<QToolButton>(m_panel.get(), "crumb_2"), Qt::LeftButton);
    QCOMPARE(m_selection->focus().token, int64_t(-1));
    settle();
    QCOMPARE(path().last(), u"what comes next"_s);
    QVERIFY(!child<QToolButton>(m_panel.get(), "crumbForward")->isEnabled());
    m_text = sampleText("another");
    m_title = u"Answer 1"_s;
    m_selection->set(at(4), nullptr);
    settle();
    QTest::mouseClick(child<QToolButton>(m_panel.get(), "crumbBack"), Qt::LeftButton);
    settle();
    QCOMPARE(path().value(2), u"Probe prompt 0"_s);
    QTest::mouseClick(child<QToolButton>(m_panel.get(), "crumbForward"), Qt::LeftButton);
    settle();
    QCOMPARE(path().value(2), u"Answer 1"_s);
    // A folder is called by its last name, a step that nobody knows yet by what was asked for.
    m_session->isHolding = true;
    m_model = u"/models/a/long folder/"_s;
    m_selection->set(at(1), nullptr);
    QCOMPARE(path().value(0), u"long folder"_s);
    QCOMPARE(path().value(1), u"as saved"_s);
    QCOMPARE(path().value(3), u"token 1"_s);
    m_model = u"alpha@live"_s;
    m_selection->set(at(1), nullptr);
    QCOMPARE(path().value(1), u"in training"_s);
}

void TestMicroscopePanel::theRunIsCalledByItsName()
{
    RunStatus run = fakeRun("alpha");
    run.name = "shapes";
    m_session->setRuns({run});
    open();
    QCOMPARE(path().front(), u"shapes"_s);
    QVERIFY(m_panel->findChild<Breadcrumbs *>()->toolTip().contains(u"alpha@8000"_s));
}

void TestMicroscopePanel::followsTheSelection()
{
    open(2);
    m_selection->move(4, HeadRef{2, 1}, this);
    settle();
    QCOMPARE(text("headline"), u"“␣over” after “The quick brown fox jumps”"_s);
    m_selection->set(Focus{}, nullptr);
    QVERIFY(child<QWidget>(m_panel.get(), "microscopeEmpty")->isVisible());
    m_selection->goBack();
    QCOMPARE(text("headline"), u"“␣over” after “The quick brown fox jumps”"_s); // at once
    QCOMPARE(numAsked(), size_t(2));
}

void TestMicroscopePanel::patchesAreShownAsPictures()
{
    QImage picture(8, 8, QImage::Format_RGB32);
    picture.fill(Qt::red);
    QByteArray png;
    QBuffer buffer(&png);
    buffer.open(QIODevice::WriteOnly);
    picture.save(&buffer, "PNG");
    auto text = std::make_shared<GenerateRequest>(*m_text);
    text->media = {{.bytes = png.toStdString(), .name = "red.png"}};
    m_text = text;
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
    TokenStrip *tokens = child<FocusStrip>(m_panel.get(), "focusStrip")->strip();
    const QImage strip = tokens->grab().toImage();
    const QPoint middle = tokens->viewport()->mapTo(tokens, tokens->tokenRect(1).center().toPoint());
    QCOMPARE(strip.pixel(middle), QColor(Qt::red).rgb());
    const ReadingTableView *mattered = table(MicroscopeSection::Mattered);
    int numPictures = 0;
    for (int row = 0; row < std::ssize(mattered->table().rows); ++row) {
        const TableRow &one = mattered->table().rows[size_t(row)];
        QCOMPARE(one.picture.isNull(), one.place >= 4);
        if (one.picture.isNull()) continue;
        ++numPictures;
        const QRectF cell = mattered->figure().cellRect(row, 1);
        const QImage shown = const_cast<ReadingTableView *>(mattered)->grab().toImage();
        QCOMPARE(shown.pixel(QPointF(cell.left() + 6, cell.center().y()).toPoint()), QColor(Qt::red).rgb());
    }
    QVERIFY(numPictures > 0);
    m_selection->move(5, {}, nullptr); // the same ones, at another token
    settle();
    QVERIFY(std::any_of(mattered->table().rows.begin(), mattered->table().rows.end(),
                        [](const TableRow &one) { return !one.picture.isNull(); }));
}

void TestMicroscopePanel::hiddenPanelAsksNothing()
{
    m_selection->set(at(2), nullptr);
    QTest::qWait(40);
    QCOMPARE(numAsked(), size_t(0));
    m_panel->show();
    settle();
    QCOMPARE(numAsked(), size_t(1));
    m_panel->hide();
    m_selection->move(3, {}, nullptr);
    QTest::qWait(40);
    QCOMPARE(numAsked(), size_t(1));
}

void TestMicroscopePanel::liveSaysItsAgeAndFollows()
{
    m_model = u"alpha@live"_s;
    open();
    auto *follow = child<QToolButton>(m_panel.get(), "follow");
    QVERIFY(follow->isVisible() && !follow->isChecked());
    setWallNowForTests(kTestNow + 3);
    RunStatus status = fakeRun("alpha");
    status.step = 8'260;
    m_session->sendUpdate(status);
    QVERIFY2(text("microscopeState").contains(u"3.0 s ago · the training is at 8,260"_s),
             qPrintable(text("microscopeState")));
    const size_t before = numAsked();
    QTest::mouseClick(follow, Qt::LeftButton);
    settle();
    QCOMPARE(numAsked(), before + 1);
    QVERIFY(follow->isChecked());
    QVERIFY(text("microscopeState").contains(u"0.0 s ago"_s));
    m_model = u"alpha@8000"_s;
    m_selection->set(at(2), nullptr);
    QVERIFY(!follow->isVisible());
}

void TestMicroscopePanel::anEndedTrainingIsItsNewestStep()
{
    m_model = u"alpha@live"_s;
    m_session->failNext[u"inspect"_s] =
        Error{ErrorCode::Conflict, "Cannot look into run \"alpha\": it is finished, expected a running one.",
              "Look into its newest checkpoint: alpha@latest."};
    open();
    QCOMPARE(m_session->inspections.back().model, u"alpha@latest"_s);
    QVERIFY(!m_panel->banner()->isVisible());
    QVERIFY(!child<QToolButton>(m_panel.get(), "follow")->isVisible());
    QVERIFY2(text("microscopeState").endsWith(u"the training has ended: its newest saved step"_s),
             qPrintable(text("microscopeState")));
    QCOMPARE(path().value(1), u"step 8,000"_s); // of the saved step: the training is not what was asked
}

void TestMicroscopePanel::staleAnswersStandBackAndSaySo()
{
    open();
    setWallNowForTests(kTestNow + 3);
    m_session->isHolding = true;
    m_selection->move(4, HeadRef{2, 1}, nullptr);
    QTRY_VERIFY(m_panel->isDimmed());
    QCOMPARE(text("microscopeState"), u"Shown: another token, of step 8,000, 3.0 s ago"_s);
    QCOMPARE(text("headline"), u"“␣fox” after “The quick brown”"_s); // what is shown is called what it is
    QVERIFY(!child<QPushButton>(m_panel.get(), "branchHere")->isEnabled());
    QVERIFY((m_panel->strip()->strip()->active() == TokenRange{5, 6})); // the place moves at once
    m_session->isHolding = false;
    m_session->flush();
    settle();
    QVERIFY(!m_panel->isDimmed());
    m_session->isHolding = true;
    m_text = sampleText("another text");
    m_selection->set(at(1), nullptr);
    QTRY_VERIFY(m_panel->isDimmed());
    QVERIFY(text("microscopeState").startsWith(u"Shown: Probe prompt 0, of step 8,000"_s));
}

void TestMicroscopePanel::quickAnswersDoNotFlicker()
{
    open();
    m_selection->move(4, HeadRef{2, 1}, nullptr);
    QVERIFY(!m_panel->feed()->isCurrent());
    QVERIFY(!m_panel->isDimmed());
    settle();
    QVERIFY(!m_panel->isDimmed());
}

void TestMicroscopePanel::errorsStandInTheBanner_data()
{
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("message");
    QTest::newRow("engine lost") << int(ErrorCode::Unavailable)
                                 << u"Cannot reach the engine: connection refused."_s;
    QTest::newRow("run ended") << int(ErrorCode::NotFound)
                               << u"Cannot look into \"alpha@live\": it has ended."_s;
    QTest::newRow("text too long")
        << int(ErrorCode::InvalidInput)
        << u"Cannot look inside: the text has 2048 tokens, expected at most 512."_s;
    QTest::newRow("no memory") << int(ErrorCode::OutOfMemory) << u"Cannot look inside: out of memory."_s;
    QTest::newRow("defect") << int(ErrorCode::Internal) << u"This is a defect."_s;
}

void TestMicroscopePanel::errorsStandInTheBanner()
{
    QFETCH(int, code);
    QFETCH(QString, message);
    const Error error{ErrorCode(code), message.toStdString(), "Choose another step."};
    m_session->failNext[u"inspect"_s] = error;
    m_panel->show();
    m_selection->set(at(2), nullptr);
    settle();
    QVERIFY(m_panel->banner()->isVisible());
    QCOMPARE(m_panel->banner()->message(), message);
    QVERIFY(child<QWidget>(m_panel.get(), "microscopeEmpty")->isVisible()); // nothing was shown before
    QVERIFY(child<QPushButton>(m_panel.get(), "emptyAsk")->isVisible());
    QTest::mouseClick(child<QPushButton>(m_panel.get(), "bannerRetry"), Qt::LeftButton);
    settle();
    QVERIFY(!m_panel->banner()->isVisible());
    QCOMPARE(text("headline"), u"“␣fox” after “The quick brown”"_s);
    m_session->failNext[u"inspect"_s] = error;
    m_selection->move(5, {}, nullptr);
    settle();
    QVERIFY(m_panel->banner()->isVisible() && m_panel->isDimmed()); // what was there stands back
    m_selection->move(2, {}, nullptr);
    QVERIFY(!m_panel->banner()->isVisible() && !m_panel->isDimmed()); // and is right again
}

void TestMicroscopePanel::cancelStopsTheQuestion()
{
    open();
    m_session->isHolding = true;
    m_selection->move(4, HeadRef{2, 1}, nullptr);
    QTRY_COMPARE(numAsked(), size_t(2));
    m_panel->strip()->setFocus();
    QTest::keyClick(m_panel->strip(), Qt::Key_Escape);
    QVERIFY(!m_panel->feed()->isAsking());
    QCOMPARE(m_session->numCancelledInspections, 1);
    QVERIFY(m_panel->isDimmed());
    m_session->isHolding = false;
    QTest::keyClick(m_panel->strip(), Qt::Key_F5);
    settle();
    QVERIFY(m_panel->feed()->isCurrent());
}

void TestMicroscopePanel::arrowsAndClicksMoveTheFocus()
{
    open();
    FocusStrip *strip = m_panel->strip();
    strip->setFocus();
    QTest::keyClick(strip, Qt::Key_Right);
    QCOMPARE(m_selection->focus().token, 3);
    QVERIFY((m_selection->focus().head == HeadRef{2, 1})); // stays
    QTest::keyClick(strip, Qt::Key_Left);
    QTest::keyClick(strip, Qt::Key_Left);
    QCOMPARE(m_selection->focus().token, 1);
    QTest::keyClick(strip, Qt::Key_End);
    QCOMPARE(m_selection->focus().token, 16);
    QTest::keyClick(strip, Qt::Key_Right); // there is no further
    QCOMPARE(m_selection->focus().token, 16);
    QTest::keyClick(strip, Qt::Key_Home);
    QCOMPARE(m_selection->focus().token, 0);
    settle();
    const auto click = [strip](int token) {
        QTest::mouseClick(strip->strip()->viewport(), Qt::LeftButton, {},
                          strip->strip()->tokenRect(token).center().toPoint());
    };
    click(7); // why was it said: behind the token before it
    QCOMPARE(m_selection->focus().token, 6);
    click(0); // nothing stands before it
    QCOMPARE(m_selection->focus().token, 6);
    settle();
    QVERIFY(text("headline").startsWith(u"“␣lazy”"_s));
}

void TestMicroscopePanel::rowsLeadToTheirToken()
{
    open(5);
    ReadingTableView *view = table(MicroscopeSection::Attention);
    view->setFocus();
    QTest::keyClick(view, Qt::Key_Down);
    QCOMPARE(view->currentRow(), 1);
    QCOMPARE(view->table().rows[1].place, 4);
    QTest::keyClick(view, Qt::Key_Return);
    QCOMPARE(m_selection->focus().token, 3);
    settle();
    ReadingTableView *memory = table(MicroscopeSection::Memory);
    QCOMPARE(memory->currentRow(), 1); // over the heading
    memory->setFocus();
    QTest::keyClick(memory, Qt::Key_Up);
    QCOMPARE(memory->currentRow(), 1);
    QTest::keyClick(memory, Qt::Key_PageDown);
    QVERIFY(!memory->table().rows[size_t(memory->currentRow())].isHeading);
    QTest::keyClick(memory, Qt::Key_End);
    QCOMPARE(memory->currentRow(), int(memory->table().rows.size()) - 1);
    m_panel->resize(420, 500);
    QTest::qWait(20);
    QTest::keyClick(memory, Qt::Key_Up);
    const QRect row = memory->figure().rowRect(memory->currentRow()).toRect();
    const int y = memory->mapTo(m_panel->scrollArea()->viewport(), row.center()).y();
    QVERIFY(y >= 0 && y < m_panel->scrollArea()->viewport()->height()); // it is seen
}

void TestMicroscopePanel::branchesFromACandidate()
{
    open();
    QSignalSpy branched(m_panel.get(), &MicroscopePanel::branchRequested);
    auto *button = child<QPushButton>(m_panel.get(), "branchHere");
    ReadingTableView *view = table(MicroscopeSection::Choices);
    QCOMPARE(view->currentRow(), 2); // what was said
    QVERIFY(!button->isEnabled());
    view->setFocus();
    QTest::keyClick(view, Qt::Key_Return);
    QCOMPARE(branched.count(), 0);
    QTest::keyClick(view, Qt::Key_Up);
    QVERIFY(button->isEnabled());
    QCOMPARE(button->text(), u"Branch here with “␣cat”"_s);
    QTest::mouseClick(button, Qt::LeftButton);
    QTest::keyClick(view, Qt::Key_Home);
    QTest::keyClick(view, Qt::Key_Return);
    QCOMPARE(branched.count(), 2);
    const auto focus = branched[0][0].value<Focus>();
    QVERIFY(focus.isSameText(at(2)));
    QCOMPARE(focus.token, 2);
    QCOMPARE(branched[0][1].value<TokenAlternative>().bytes, std::string(" cat"));
    QCOMPARE(branched[1][1].value<TokenAlternative>().id, sampleId(" dog"));
}

void TestMicroscopePanel::branchesBehindWhateverIsLast()
{
    QSignalSpy branched(m_panel.get(), &MicroscopePanel::branchRequested);
    for (const std::optional<HeadRef> &head : {std::optional<HeadRef>(), std::optional(HeadRef{2, 1})}) {
        open(-1, head);
        ReadingTableView *view = table(MicroscopeSection::Choices);
        view->setFocus();
        QTest::keyClick(view, Qt::Key_Home);
        QTest::keyClick(view, Qt::Key_Return);
        QCOMPARE(branched.count(), 1);
        QCOMPARE(branched.takeFirst()[0].value<Focus>().token, -1); // and not the place that it has now
    }
}

void TestMicroscopePanel::longWordsMayBeBroken()
{
    MicroscopeSample sample;
    sample.words[3] = " Donaudampfschifffahrtsgesellschaft";
    answerWithSamples(*m_session, sample);
    m_panel->resize(300, 900);
    open();
    const auto *headline = child<QLabel>(m_panel.get(), "headline");
    QVERIFY(headline->text().contains(QChar(0x200B)));
    QCOMPARE(QString(headline->text()).remove(QChar(0x200B)),
             u"“␣Donaudampfschifffahrtsgesellschaft” after “The quick brown”"_s);
    for (const QString &part : headline->text().split(QRegularExpression(u"[\\s\u200B]"_s)))
        QVERIFY(headline->fontMetrics().horizontalAdvance(part) < headline->width());
}

void TestMicroscopePanel::closedSectionsAreNotComputed()
{
    open();
    child<SegmentedChoice>(m_panel.get(), "tint")->button(u"attention"_s)->click();
    QTest::mouseClick(child<QToolButton>(m_panel.get(), "title_layers"), Qt::LeftButton);
    QTest::keyClick(child<QToolButton>(m_panel.get(), "title_mattered"), Qt::Key_Left);
    QVERIFY(!table(MicroscopeSection::Layers)->isVisible() &&
            !table(MicroscopeSection::Mattered)->isVisible());
    m_selection->move(4, HeadRef{2, 1}, nullptr);
    settle();
    QVERIFY(!m_session->inspections.back().request.wantsLens);
    QVERIFY(!m_session->inspections.back().request.wantsAttribution);
    QTest::keyClick(child<QToolButton>(m_panel.get(), "title_layers"), Qt::Key_Return);
    settle();
    QVERIFY(m_session->inspections.back().request.wantsLens);
    QVERIFY(!table(MicroscopeSection::Layers)->table().isEmpty());
}

void TestMicroscopePanel::showAllListsTheRest()
{
    open(15);
    auto *more = child<QPushButton>(m_panel.get(), "more_mattered");
    QVERIFY(more->isVisible());
    QCOMPARE(more->text(), u"Show 4 more"_s);
    QTest::mouseClick(more, Qt::LeftButton);
    QCOMPARE(table(MicroscopeSection::Mattered)->table().rows.size(), size_t(16));
    QCOMPARE(more->text(), u"Show fewer"_s);
    QTest::mouseClick(more, Qt::LeftButton);
    QCOMPARE(table(MicroscopeSection::Mattered)->table().rows.size(), size_t(12));
}

void TestMicroscopePanel::tintFollowsTheChoice()
{
    open(5);
    const std::vector<float> mattered = m_panel->feed()->shown()->report.attribution;
    QCOMPARE(m_panel->strip()->strip()->weights(), mattered);
    const auto *scale = child<ScaleBar>(m_panel.get(), "tintScale");
    QVERIFY(scale->isVisible());
    QVERIFY2(scale->text().startsWith(u"share in nats, −"_s), qPrintable(scale->text()));
    child<SegmentedChoice>(m_panel.get(), "tint")->button(u"attention"_s)->click();
    QVERIFY(m_panel->strip()->strip()->weights() != mattered);
    QVERIFY(m_panel->strip()->strip()->weights()[5] > m_panel->strip()->strip()->weights()[4]);
    QCOMPARE(scale->text(), u"attention weight, 0 … 1, √ scale"_s);
    m_selection->move(5, {}, nullptr);
    settle();
    QVERIFY(!scale->isVisible());
    QVERIFY(text("tintNote").contains(u"Choose a head"_s));
}

void TestMicroscopePanel::copyIsTheWholeSection()
{
    open();
    QTest::keyClick(table(MicroscopeSection::Choices), Qt::Key_C, Qt::ControlModifier);
    QString copied = QGuiApplication::clipboard()->text();
    QVERIFY2(copied.startsWith(u"What could have come: 1.94 nats"_s), qPrintable(copied));
    QVERIFY(copied.contains(u"3\t␣fox\t0.123\t0.123"_s));
    QVERIFY(copied.contains(u"At temperature 1"_s));
    QTest::keyClick(child<QToolButton>(m_panel.get(), "title_memory"), Qt::Key_C, Qt::ControlModifier);
    copied = QGuiApplication::clipboard()->text();
    QVERIFY(copied.startsWith(u"Read from memory"_s));
    QVERIFY(copied.contains(u"gate 0.335"_s));
}

void TestMicroscopePanel::linkRestoresTheView()
{
    open();
    QTest::mouseClick(child<QToolButton>(m_panel.get(), "title_memory"), Qt::LeftButton);
    child<SegmentedChoice>(m_panel.get(), "tint")->button(u"attention"_s)->click();
    settle();
    const QVariantMap state = m_panel->view().state();
    QVERIFY(m_panel->viewLink().startsWith(u"orrery:microscope?"_s));
    Selection other;
    MicroscopePanel panel(*m_session, other);
    panel.view().restore(state);
    QCOMPARE(other.focus().model, u"alpha@8000"_s);
    QCOMPARE(other.focus().token, 2);
    QVERIFY((other.focus().head == HeadRef{2, 1}));
    QCOMPARE(other.focus().text->prompt, m_text->prompt);
    QVERIFY(!panel.section(MicroscopeSection::Memory)->isOpen());
    QVERIFY(panel.section(MicroscopeSection::Choices)->isOpen());
    QCOMPARE(child<SegmentedChoice>(&panel, "tint")->current(), u"attention"_s);
    for (const MicroscopeSection kind : kMicroscopeSections) m_panel->section(kind)->setOpen(false);
    panel.view().restore(m_panel->view().state());
    for (const MicroscopeSection kind : kMicroscopeSections) QVERIFY(!panel.section(kind)->isOpen());
    panel.view().restore({{u"colour"_s, u"blue"_s}}); // what it does not know it leaves alone
    QCOMPARE(other.focus().token, 2);
}

void TestMicroscopePanel::brokenLinkIsExplained()
{
    m_panel->show();
    m_panel->view().restore({{u"model"_s, u"alpha"_s}, {u"prompt_ids"_s, u"1-x"_s}});
    QVERIFY(m_panel->banner()->isVisible());
    QVERIFY(m_panel->banner()->message().contains(u"\"x\""_s));
    QVERIFY(m_selection->focus().isEmpty());
}

void TestMicroscopePanel::commandIsTheTwin()
{
    open();
    const QString command = m_panel->commandText();
    QVERIFY2(command.startsWith(u"orrery-engine inspect attention alpha@8000 --prompt-ids "_s),
             qPrintable(command));
    QVERIFY(command.endsWith(u" --token 2 --layer 2 --head 1 --lens --attribution --json"_s));
    // Asked for several times a second: written once.
    QVERIFY(m_panel->commandText().constData() == command.constData());
    m_selection->set(at(3, HeadRef{2, 1}), nullptr);
    settle();
    QVERIFY(m_panel->commandText().contains(u" --token 3 "_s));
}

void TestMicroscopePanel::exportsAreFiles_data()
{
    QTest::addColumn<QString>("ending");
    QTest::addColumn<QByteArray>("start");
    QTest::newRow("csv") << u"csv"_s << QByteArray("section,layer");
    QTest::newRow("json") << u"json"_s << QByteArray("{");
    QTest::newRow("png") << u"png"_s << QByteArray("\x89PNG");
    QTest::newRow("svg") << u"svg"_s << QByteArray("<?xml");
    QTest::newRow("pdf") << u"pdf"_s << QByteArray("%PDF");
}

void TestMicroscopePanel::exportsAreFiles()
{
    QFETCH(QString, ending);
    QFETCH(QByteArray, start);
    Theme::instance().apply(*qApp, ThemeKind::Dark);
    open();
    QTemporaryDir folder;
    const QString path = folder.filePath(u"microscope."_s + ending);
    const Result<void> saved = m_panel->save(path);
    QVERIFY2(saved.ok(), saved.ok() ? "" : saved.error().text().c_str());
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray bytes = file.readAll();
    QVERIFY(bytes.startsWith(start));
    // Vectors are for papers; pixels at twice the size of the screen take more.
    const int limit = ending == u"png"_s ? 1'000'000 : 300'000;
    QVERIFY2(bytes.size() < limit, qPrintable(QString::number(bytes.size())));
    if (ending != u"png"_s) return;
    const QImage image = QImage::fromData(bytes);
    QCOMPARE(image.pixel(0, 0), QColor(Qt::white).rgb()); // paper, whatever the theme
    QCOMPARE(image.width(), 2 * (520 + 32));
    const int whole = image.height();
    m_panel->section(MicroscopeSection::Layers)->setOpen(false);
    QVERIFY(microscopeImage(m_panel->figure()).height() < whole); // closed sections are left out
}

void TestMicroscopePanel::exportErrorsNameWhatAndWhy()
{
    Result<void> saved = m_panel->save(u"/tmp/microscope.svg"_s);
    QVERIFY(!saved.ok() && saved.error().code == ErrorCode::NotFound);
    open();
    saved = m_panel->save(u"/tmp/microscope.bmp"_s);
    QVERIFY(!saved.ok() && saved.error().code == ErrorCode::InvalidInput);
    QVERIFY(saved.error().message.find("\"bmp\"") != std::string::npos);
    for (const QString &ending : {u"svg"_s, u"pdf"_s, u"png"_s, u"csv"_s, u"json"_s}) {
        const QString path = u"/nowhere/at/all/microscope."_s + ending;
        saved = m_panel->save(path);
        QVERIFY(!saved.ok() && saved.error().code == ErrorCode::Io);
        QVERIFY(QString::fromStdString(saved.error().message).contains(u"microscope."_s + ending));
    }
}

void TestMicroscopePanel::everyControlHasAName()
{
    open();
    for (QWidget *widget : m_panel->findChildren<QWidget *>()) {
        if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisible() || widget->inherits("QScrollBar"))
            continue;
        QAccessibleInterface *interface = QAccessible::queryAccessibleInterface(widget);
        QVERIFY2(
            interface && !interface->text(QAccessible::Name).isEmpty(),
            qPrintable(QString::fromLatin1(widget->metaObject()->className()) + u' ' + widget->objectName()));
    }
    const auto said = [](QWidget *view) {
        return QAccessible::queryAccessibleInterface(view)->text(QAccessible::Description);
    };
    QVERIFY(said(m_panel->strip()).contains(u"token 3 “␣fox”"_s));
    QVERIFY(said(table(MicroscopeSection::Choices)).contains(u"Row 3: ␣fox, 0.123, this was said"_s));
    QVERIFY(said(table(MicroscopeSection::Layers)).contains(u"before layer 4"_s));
}

void TestMicroscopePanel::everythingIsReachedByTab()
{
    open(15);
    QSet<QString> wanted{u"focusStrip"_s, u"branchHere"_s};
    for (const MicroscopeSection kind : kMicroscopeSections)
        wanted << u"title_"_s + sectionId(kind) << u"table_"_s + sectionId(kind);
    wanted << u"more_mattered"_s;
    m_panel->strip()->setFocus();
    // What was said is chosen, and cannot be branched to.
    table(MicroscopeSection::Choices)->setCurrentRow(0);
    for (int i = 0; i < 60 && !wanted.isEmpty(); ++i) {
        if (QWidget *focused = QApplication::focusWidget()) wanted.remove(focused->objectName());
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
    }
    QVERIFY2(wanted.isEmpty(), qPrintable(QStringList(wanted.begin(), wanted.end()).join(u' ')));
}

void TestMicroscopePanel::nothingIsClippedInAnyTheme_data()
{
    QTest::addColumn<int>("theme");
    QTest::addColumn<int>("width");
    QTest::addColumn<double>("scale");
    for (const auto &[name, kind] : {std::pair("light", ThemeKind::Light),
                                     {"dark", ThemeKind::Dark},
                                     {"contrast", ThemeKind::HighContrast}})
        for (const int width : {300, 480, 900})
            for (const double scale : {1.0, 1.4})
                QTest::addRow("%s %d %.1f", name, width, scale) << int(kind) << width << scale;
}

void TestMicroscopePanel::nothingIsClippedInAnyTheme()
{
    QFETCH(int, theme);
    QFETCH(int, width);
    QFETCH(double, scale);
    QFont larger = m_font;
    larger.setPointSizeF(m_font.pointSizeF() * scale);
    QApplication::setFont(larger);
    Theme::instance().apply(*qApp, ThemeKind(theme));
    MicroscopeSample sample{.layers = 32};
    sample.words[3] = "a-very-long-token-that-somebody-found-in-a-file-of-base64";
    answerWithSamples(*m_session, sample);
    m_panel->resize(width, 900);
    open();
    QTRY_COMPARE(m_panel->width(), width); // it did not ask for more
    QCOMPARE(m_panel->scrollArea()->horizontalScrollBar()->maximum(), 0);
    const QWidget *column = m_panel->scrollArea()->widget();
    QVERIFY(column->width() <= m_panel->scrollArea()->viewport()->width());
    for (const MicroscopeSection kind : kMicroscopeSections) {
        const ReadingTableView *view = table(kind);
        QVERIFY(view->height() >= int(view->figure().height()));
        for (int i = 0; i < std::ssize(view->table().columns);
             ++i) // within the table, at least a character wide
            if (const QRectF cell = view->figure().cellRect(0, i); !cell.isEmpty())
                QVERIFY2(cell.right() <= view->width() + 1 && cell.width() >= 8,
                         qPrintable(u"%1 column %2: %3 … %4 of %5"_s.arg(sectionId(kind))
                                        .arg(i)
                                        .arg(cell.left())
                                        .arg(cell.right())
                                        .arg(view->width())));
    }
    for (const QWidget *widget : m_panel->findChildren<QWidget *>()) {
        const bool isControl = widget->inherits("QPushButton") || widget->inherits("QToolButton");
        if (!isControl || !widget->isVisible()) continue;
        QVERIFY2(widget->width() >= widget->minimumSizeHint().width() &&
                     widget->height() >= widget->minimumSizeHint().height(),
                 qPrintable(widget->objectName()));
    }
    const QImage picture = m_panel->grab().toImage();
    QSet<QRgb> colors;
    for (int x = 0; x < picture.width(); x += 3)
        for (int y = 0; y < picture.height(); y += 3) colors.insert(picture.pixel(x, y));
    QVERIFY2(colors.size() > 40, qPrintable(QString::number(colors.size())));
}

ORRERY_GUI_TEST_MAIN(TestMicroscopePanel)
#include "tst_microscope_panel.moc"
