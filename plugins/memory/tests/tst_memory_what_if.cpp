// SPDX-License-Identifier: Apache-2.0
// What would be said without an event or a token: what is asked, what is shown of the answer, and that only
// Apply changes anything, which can be taken back.
#include "plugins/memory/tests/memory_panel_fixture.h"
#include "plugins/memory/ui/event_details.h"
#include "plugins/memory/ui/reads_pane.h"
#include "plugins/memory/ui/slot_model.h"
#include "plugins/memory/ui/what_if_pane.h"
#include "widgets/attention/bar_list.h"
#include "widgets/common/banner.h"
#include "widgets/common/breadcrumbs.h"
#include "widgets/common/unit_line_edit.h"
#include "widgets/theme/theme_tokens.h"

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QMenu>
#include <QPushButton>
#include <QTableView>
#include <QTemporaryDir>
#include <QToolButton>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;
using namespace orrery::memory_ui;

namespace {

/// Of the questions that were asked, those with the memory.
std::vector<InspectRequest> previews(const MemorySession &session)
{
    std::vector<InspectRequest> found;
    for (const auto &asked : session.inspections)
        if (asked.request.withMemory) found.push_back(asked.request);
    return found;
}

} // namespace

class TestMemoryWhatIf : public QObject {
    Q_OBJECT

    std::unique_ptr<PanelFixture> m_test;

    void open()
    {
        m_test = std::make_unique<PanelFixture>();
        m_test->open();
        m_test->press("memoryTabs", u"whatif"_s);
    }
    void preview(int64_t event, const QString &choice, const QString &prompt = u"Where is the key"_s)
    {
        m_test->panel->selectEvent(event);
        typeText(m_test->part<UnitLineEdit>("whatIfPrompt"), prompt);
        m_test->press("whatIfChoice", choice);
        QTRY_VERIFY(m_test->part<QPushButton>("whatIfApply")->isEnabled());
    }
    MemorySession &session() { return m_test->session; }
    MemoryPanel &panel() { return *m_test->panel; }

private Q_SLOTS:
    void cleanup() { m_test.reset(); }

    void saysWhatToDoFirst()
    {
        open();
        QVERIFY(!m_test->part<QPushButton>("whatIfPreview")->isVisible()); // no event is chosen
        panel().selectEvent(9);
        QCOMPARE(m_test->text("whatIfTitle"), u"What if: event 9"_s);
        QVERIFY(m_test->text("whatIfExplanation").contains(u"twice"_s));
        QCOMPARE(m_test->part<SegmentedChoice>("whatIfChoice")->current(), u"1"_s); // as it is
        auto *button = m_test->part<QPushButton>("whatIfPreview");
        QVERIFY(!button->isEnabled()); // no text
        m_test->press("whatIfChoice", u"forget"_s);
        QVERIFY(previews(session()).empty());
        typeText(m_test->part<UnitLineEdit>("whatIfPrompt"), u"She is"_s);
        QVERIFY(button->isEnabled());
    }
    void comparesWithAndWithout()
    {
        open();
        preview(9, u"forget"_s);
        const auto asked = previews(session());
        QCOMPARE(asked.size(), size_t(1));
        QCOMPARE(asked[0].input.prompt, std::string("Where is the key"));
        QVERIFY(!asked[0].wantsOverview);
        QCOMPARE(asked[0].memoryEdits.size(), size_t(1));
        QCOMPARE(asked[0].memoryEdits[0].verb, MemoryVerb::Forget);
        QCOMPARE(asked[0].memoryEdits[0].event, int64_t(9));
        QCOMPARE(m_test->text("whatIfResult"),
                 u"It would say “␣in” in place of “␣under”; KL divergence 0.583 nats."_s);
        const auto &rows = panel().whatIf()->bars()->rows();
        QCOMPARE(rows.size(), size_t(5));
        QCOMPARE(rows[0].label, u"␣under"_s);
        QCOMPARE(rows[0].values, (std::vector<double>{0.62, 0.14}));
        QCOMPARE(rows[0].number, u"0.620 → 0.140"_s);
        QVERIFY(std::isnan(rows[4].values[0]));
        QCOMPARE(rows[4].number, u"— → 0.080"_s);
        QVERIFY(m_test->text("whatIfLegend").contains(u"event 9 forgotten"_s));
        QVERIFY(session().edits.empty()); // nothing is changed
        QGuiApplication::clipboard()->clear();
        m_test->trigger("panelCopyCommand");
        QCOMPARE(QGuiApplication::clipboard()->text(),
                 u"orrery-engine inspect memory code-7M --prompt 'Where is the key' --edit 'forget 9'"_s);
    }
    /// The strip along the text, and below it what was compared; on white paper in any theme.
    void isSavedAsAFigure()
    {
        open();
        Theme::instance().apply(*qApp, ThemeKind::Dark);
        QTemporaryDir folder;
        const auto save = [&](const QString &name) {
            const Result<void> saved = panel().saveAs(folder.filePath(name));
            if (!saved.ok()) qWarning("%s", saved.error().text().c_str());
            return saved.ok();
        };
        QVERIFY(save(u"strip.png"_s));
        preview(9, u"forget"_s);
        for (const QString &ending : {u"png"_s, u"svg"_s, u"pdf"_s}) {
            QVERIFY(save(u"whatif."_s + ending));
            const qint64 size = QFile(folder.filePath(u"whatif."_s + ending)).size();
            QVERIFY2(size > 500 && size < 300'000, qPrintable(QString::number(size)));
        }
        const QImage strip(folder.filePath(u"strip.png"_s)), both(folder.filePath(u"whatif.png"_s));
        QCOMPARE(strip.pixel(3, 3), qRgb(255, 255, 255));
        QCOMPARE(both.pixel(3, 3), qRgb(255, 255, 255));
        QVERIFY(both.width() == strip.width() && both.height() > strip.height() + 100);
        // Bars of two colours, and blocks: not one of them is of the dark theme.
        const ThemeTokens paper = themeTokens(ThemeKind::Light);
        QSet<QRgb> colors;
        for (int y = 0; y < both.height(); ++y)
            for (int x = 0; x < both.width(); ++x) colors.insert(both.pixel(x, y));
        QVERIFY(colors.contains(paper.accent.rgb()) && !colors.contains(themeTokens(ThemeKind::Dark).surface.rgb()));
        QCOMPARE(panel().figure().size(), both.size());
        m_test->press("memoryTabs", u"event"_s); // what is not in sight is not in the figure
        QCOMPARE(panel().figure().size(), strip.size());
        const Result<void> bad = panel().saveAs(folder.filePath(u"x.bmp"_s));
        QVERIFY(!bad.ok() && bad.error().code == ErrorCode::InvalidInput);
        QVERIFY(bad.error().message.find("bmp") != std::string::npos);
        Theme::instance().apply(*qApp, ThemeKind::Light);
    }
    void thePathLeadsUp()
    {
        open();
        const auto *crumbs = panel().findChild<Breadcrumbs *>();
        QVERIFY(!crumbs->isVisible()); // no event is chosen
        panel().selectEvent(9);
        QVERIFY(crumbs->isVisible());
        QCOMPARE(crumbs->path().last(), u"Event 9"_s);
        QCOMPARE(crumbs->path().size(), qsizetype(2));
        panel().selectSlot(9'003);
        QTRY_COMPARE(crumbs->path().value(2), u"“.”"_s); // its name was asked
        QTest::mouseClick(m_test->part<QToolButton>("crumb_1"), Qt::LeftButton);
        QVERIFY(panel().selectedEvent() == 9 && panel().details()->selectedSlot() == -1);
        QTest::mouseClick(m_test->part<QToolButton>("crumb_0"), Qt::LeftButton);
        QCOMPARE(panel().selectedEvent(), 0);
        QVERIFY(!crumbs->isVisible());
    }
    void asksForAStrength()
    {
        open();
        preview(7, u"0.5"_s);
        const MemoryEdit edit = previews(session()).back().memoryEdits.at(0);
        QCOMPARE(edit.verb, MemoryVerb::Scale);
        QCOMPARE(edit.factor, 0.5);
        QCOMPARE(edit.slot, int64_t(-1));
        QVERIFY(m_test->text("whatIfLegend").contains(u"event 7 with strength ½"_s));
    }
    void asksAboutOneToken()
    {
        open();
        panel().selectEvent(9);
        panel().selectSlot(9'003);
        QTRY_COMPARE(m_test->text("whatIfTitle"),
                     u"What if: token “.” of event 9"_s); // its name was asked
        preview(9, u"forget"_s);
        MemoryEdit edit = previews(session()).back().memoryEdits.at(0);
        QCOMPARE(edit.verb, MemoryVerb::ForgetSlot);
        QCOMPARE(edit.slot, int64_t(9'003));
        m_test->press("whatIfChoice", u"2"_s);
        edit = previews(session()).back().memoryEdits.at(0);
        QCOMPARE(edit.verb, MemoryVerb::Scale);
        QCOMPARE(edit.slot, int64_t(9'003));
        m_test->part<QToolButton>("whatIfWhole")->click();
        QCOMPARE(m_test->text("whatIfTitle"), u"What if: event 9"_s);
        QCOMPARE(panel().details()->selectedSlot(), -1);
    }
    void anotherQuestionDropsTheAnswer()
    {
        open();
        preview(9, u"forget"_s);
        typeText(m_test->part<UnitLineEdit>("whatIfPrompt"), u"Another"_s);
        QVERIFY(!m_test->part<QPushButton>("whatIfApply")->isVisible());
        m_test->part<QPushButton>("whatIfPreview")->click();
        QTRY_VERIFY(m_test->part<QPushButton>("whatIfApply")->isEnabled());
        panel().selectEvent(8);
        QVERIFY(!m_test->part<QPushButton>("whatIfApply")->isVisible());
        QCOMPARE(m_test->part<SegmentedChoice>("whatIfChoice")->current(), u"1"_s);
        preview(8, u"forget"_s);
        m_test->part<QPushButton>("whatIfDiscard")->click();
        QVERIFY(!m_test->part<QPushButton>("whatIfApply")->isVisible());
        QVERIFY(session().edits.empty());
    }
    void anotherTextDropsTheAnswer()
    {
        open();
        preview(9, u"forget"_s);
        panel().refresh(); // the same events are listed: the answer holds
        session().memory.events[4].meanUsage = 0.3;
        QTRY_COMPARE(session().edits.size(), size_t(1));
        QTRY_COMPARE(m_test->event(9)->meanUsage, 0.3);
        QVERIFY(m_test->part<QPushButton>("whatIfApply")->isEnabled());
        session().memory.events[4].source = "other.txt#text"; // the model has read another one
        panel().refresh();
        QTRY_COMPARE(m_test->event(9)->source, std::string("other.txt#text"));
        QVERIFY(!m_test->part<QPushButton>("whatIfApply")->isVisible());
        QVERIFY(!m_test->part<QPushButton>("whatIfApply")->isEnabled());
        QCOMPARE(m_test->part<SegmentedChoice>("whatIfChoice")->current(), u"1"_s);
        QCOMPARE(previews(session()).size(), size_t(1));
    }
    void anotherStrengthElsewhereDropsTheAnswer()
    {
        open();
        preview(9, u"forget"_s);
        session().memory.events[0].strengths[2] = 4; // by somebody else
        panel().refresh();
        QTRY_COMPARE(m_test->event(3)->strengths[2], 4.0F);
        QVERIFY(!m_test->part<QPushButton>("whatIfApply")->isEnabled());
    }
    void anotherTextEndsTheQuestion()
    {
        open();
        panel().selectEvent(9);
        QTRY_VERIFY(!session().inspections.empty()); // the names of its tokens
        QTest::qWait(10);
        session().isHolding = true;
        typeText(m_test->part<UnitLineEdit>("whatIfPrompt"), u"Where"_s);
        m_test->press("whatIfChoice", u"forget"_s);
        QCOMPARE(previews(session()).size(), size_t(1));
        session().memory.events[0].tokenIds[0] += 1;
        panel().refresh();
        QTRY_COMPARE(session().numCancelledInspections, 1);
        session().isHolding = false;
        session().flush();
        QVERIFY(!m_test->part<QPushButton>("whatIfApply")->isEnabled());
    }
    void targetsOfTwoTextsDiffer()
    {
        const WhatIfTarget one{
            .event = 9, .name = u"event 9"_s, .source = "a#text", .firstToken = 1, .lastToken = 4};
        WhatIfTarget other = one;
        other.strength = 2;
        QVERIFY(one == other);
        other.source = "b#text";
        QVERIFY(!(one == other));
        other = one;
        other.firstToken = 0;
        QVERIFY(!(one == other));
        other = one;
        other.lastToken = 5;
        QVERIFY(!(one == other));
    }
    void canBeCancelled()
    {
        open();
        panel().selectEvent(9);
        QTRY_VERIFY(!session().inspections.empty()); // the names of its tokens
        QTest::qWait(10);
        session().isHolding = true;
        typeText(m_test->part<UnitLineEdit>("whatIfPrompt"), u"Where"_s);
        m_test->press("whatIfChoice", u"forget"_s);
        auto *button = m_test->part<QPushButton>("whatIfPreview");
        QCOMPARE(button->text(), u"Cancel"_s);
        button->click();
        QCOMPARE(button->text(), u"Preview"_s);
        QCOMPARE(session().numCancelledInspections, 1);
        button->click();
        QTest::keyClick(m_test->part<UnitLineEdit>("whatIfPrompt"), Qt::Key_Escape);
        QCOMPARE(session().numCancelledInspections, 2);
        session().isHolding = false;
        session().flush();
        QVERIFY(!m_test->part<QPushButton>("whatIfApply")->isVisible());
    }
    void errorsStandUnderTheField()
    {
        open();
        panel().selectEvent(9);
        QTest::qWait(200); // the names of its tokens
        typeText(m_test->part<UnitLineEdit>("whatIfPrompt"), u"Where"_s);
        session().failNext[u"inspect"_s] =
            Error{ErrorCode::InvalidInput, "Cannot read the text: 2,000 tokens, expected 1,024 at most.",
                  "Shorten it."};
        m_test->press("whatIfChoice", u"forget"_s);
        QTRY_COMPARE(m_test->text("whatIfError"),
                     u"Cannot read the text: 2,000 tokens, expected 1,024 at most. Shorten it."_s);
        QVERIFY(m_test->part<QLabel>("whatIfError")->isVisible());
        QVERIFY(m_test->part<UnitLineEdit>("whatIfPrompt")->isInvalid());
        QVERIFY(!panel().banner()->isVisible());
        m_test->part<QPushButton>("whatIfPreview")->click();
        QTRY_VERIFY(m_test->part<QPushButton>("whatIfApply")->isEnabled());
        QVERIFY(!m_test->part<QLabel>("whatIfError")->isVisible());
    }
    void appliesAndTakesBack()
    {
        open();
        preview(9, u"forget"_s);
        m_test->part<QPushButton>("whatIfApply")->click();
        QCOMPARE(session().edits.back().second.verb, MemoryVerb::Forget);
        QTRY_VERIFY(!m_test->event(9));
        QCOMPARE(panel().banner()->message(), u"Forgot event 9: 22 slots are free again."_s);
        QCOMPARE(panel().selectedEvent(), 0);
        QCOMPARE(m_test->part<QToolButton>("undoEdit")->toolTip(),
                 u"Undo: remember event 9 again (Ctrl+Z)"_s);
        QTest::keyClick(&panel(), Qt::Key_Z, Qt::ControlModifier);
        QCOMPARE(session().edits.back().second.verb, MemoryVerb::Undo);
        QTRY_VERIFY(m_test->event(9));
        QVERIFY(!panel().canUndo());
        QTest::keyClick(&panel(), Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
        QCOMPARE(session().edits.back().second.verb, MemoryVerb::Forget);
        QTRY_VERIFY(!m_test->event(9));
    }
    void pinsAndForgettingAreTakenBackInTheirOrder()
    {
        open();
        panel().pin(8, true);
        QTRY_VERIFY(m_test->event(8)->isPinned);
        panel().apply({.verb = MemoryVerb::Scale, .event = 8, .factor = 0.5});
        QTRY_COMPARE(m_test->event(8)->strengths.front(), 0.5F);
        panel().pin(3, true);
        QTRY_VERIFY(m_test->event(3)->isPinned);
        panel().undo();
        QTRY_VERIFY(!m_test->event(3)->isPinned);
        QCOMPARE(m_test->event(8)->strengths.front(), 0.5F);
        panel().undo();
        QTRY_COMPARE(m_test->event(8)->strengths.front(), 1.0F);
        QVERIFY(m_test->event(8)->isPinned);
        panel().undo();
        QTRY_VERIFY(!m_test->event(8)->isPinned);
        QVERIFY(!panel().canUndo());
    }
    void readingOnEndsWhatCanBeTakenBack()
    {
        open();
        panel().pin(3, true);
        QTRY_VERIFY(m_test->event(3)->isPinned);
        panel().apply({.verb = MemoryVerb::Forget, .event = 9});
        QTRY_VERIFY(!m_test->event(9));
        session().readOn();
        panel().refresh();
        QTRY_COMPARE(m_test->part<QToolButton>("undoEdit")->toolTip(), u"Undo: unpin event 3 (Ctrl+Z)"_s);
        panel().undo();
        QCOMPARE(session().edits.back().second.verb, MemoryVerb::Unpin);
    }
    void somebodyElsesEditCanBeTakenBack()
    {
        m_test = std::make_unique<PanelFixture>();
        m_test->session.foreignUndo = "forgetting event 2";
        m_test->open();
        QVERIFY(panel().canUndo());
        QCOMPARE(m_test->part<QToolButton>("undoEdit")->toolTip(), u"Undo: forgetting event 2 (Ctrl+Z)"_s);
        panel().undo();
        QCOMPARE(session().edits.back().second.verb, MemoryVerb::Undo);
        QTRY_VERIFY(!panel().canUndo());
    }
    void whatIsGoneCannotBeChanged()
    {
        open();
        std::erase_if(session().memory.events, [](const MemoryEvent &one) { return one.id == 9; });
        panel().refresh();
        QTRY_VERIFY(!m_test->event(9));
        session().edits.clear();
        panel().apply({.verb = MemoryVerb::Forget, .event = 9});
        QVERIFY(session().edits.empty());
        QCOMPARE(panel().banner()->message(), u"Event 9 is no longer in the memory."_s);
        panel().apply({.verb = MemoryVerb::ForgetSlot, .event = 8, .slot = 5});
        QVERIFY(session().edits.empty());
        QCOMPARE(panel().banner()->message(), u"That token of event 8 is no longer in the memory."_s);
        panel().apply({.verb = MemoryVerb::Wipe, .source = "chat.json"}); // only after a question
        QVERIFY(session().edits.empty());
    }
    void errorsOfEditsStandInTheBanner()
    {
        open();
        session().editError = Error{ErrorCode::NotFound, "Cannot forget event 9: there is none.", ""};
        panel().apply({.verb = MemoryVerb::Forget, .event = 9});
        QTRY_COMPARE(panel().banner()->message(), u"Cannot forget event 9: there is none."_s);
        QVERIFY(!panel().canUndo());
    }
    void asksWithWhatWasTypedLast()
    {
        open();
        panel().selectEvent(9);
        panel().reads()->setPrompt(u"typed there"_s);
        QCOMPARE(panel().whatIf()->prompt(), u"typed there"_s);
        typeText(m_test->part<UnitLineEdit>("whatIfPrompt"), u"typed here"_s);
        panel().reads()->setPrompt(u"again there"_s);
        QCOMPARE(panel().whatIf()->prompt(), u"typed here"_s);
    }

    void showsTheTokensOfAnEvent()
    {
        open();
        m_test->press("memoryTabs", u"event"_s);
        session().memory.events[4].strengths[1] = 0.5F;
        session().memory.events[4].surprises[1] = 0;
        panel().refresh();
        QTRY_COMPARE(session().edits.size(), size_t(1));
        QTest::qWait(10);
        panel().selectEvent(9);
        const SlotModel *tokens = panel().details()->slotModel();
        QCOMPARE(tokens->rowCount(), 22);
        const auto cell = [&](int row, int column) { return tokens->index(row, column).data().toString(); };
        QCOMPARE(cell(1, SlotModel::StrengthColumn), u"½"_s);
        QCOMPARE(cell(1, SlotModel::SurpriseColumn), u"—"_s);
        QCOMPARE(cell(0, SlotModel::StrengthColumn), u"1"_s);
        QCOMPARE(cell(0, SlotModel::UsageColumn), u"0.91"_s);
        QVERIFY(cell(0, SlotModel::TokenColumn).startsWith(u'[')); // not asked yet
        QTRY_VERIFY(!cell(0, SlotModel::TokenColumn).startsWith(u'['));
        QCOMPARE(session().inspections.size(), size_t(1));
        QCOMPARE(session().inspections[0].request.input.promptIds.size(), size_t(22));
        auto *table = m_test->part<QTableView>("slotTable");
        table->setFocus();
        table->selectRow(2);
        QCOMPARE(panel().whatIf()->target()->slot, int64_t(9'002));
        m_test->part<QMenu>("forgetMenu")->actions()[0]->trigger();
        QCOMPARE(session().edits.back().second.verb, MemoryVerb::ForgetSlot);
        QCOMPARE(session().edits.back().second.slot, int64_t(9'002));
        QTRY_COMPARE(tokens->rowCount(), 21);
        QCOMPARE(panel().details()->selectedSlot(), -1);
        QVERIFY(panel().details()->text().contains(u"surprise"_s));
    }
    void asksForSoManyNamesAtOnce()
    {
        m_test = std::make_unique<PanelFixture>();
        m_test->session.memory.events.push_back(memoryEvent(20, "long.txt#text", 0, 399, "long", 0.5));
        for (int32_t i = 0; i < 400; ++i)
            m_test->session.memory.events.back().tokenIds[size_t(i)] = 1'000 + i;
        m_test->open();
        panel().selectEvent(20);
        QTRY_COMPARE(session().inspections.size(), size_t(1));
        QCOMPARE(session().inspections[0].request.input.promptIds.size(), size_t(256));
        const SlotModel *tokens = panel().details()->slotModel();
        QTRY_VERIFY(!tokens->tokenText(0).startsWith(u'['));
        QCOMPARE(tokens->tokenText(399), u"[1399]"_s); // its number, until it is asked for
    }
    void anOlderEngineTellsNoTokens()
    {
        m_test = std::make_unique<PanelFixture>();
        for (MemoryEvent &event : m_test->session.memory.events) event.strengths.clear();
        m_test->open();
        panel().selectEvent(9);
        QCOMPARE(panel().details()->slotModel()->rowCount(), 0);
        QVERIFY(!m_test->part<QTableView>("slotTable")->isVisible());
    }
    void forgetsByKey()
    {
        open();
        panel().selectEvent(9);
        m_test->part<QAction>("forgetEventAction")->trigger();
        QCOMPARE(session().edits.back().second.verb, MemoryVerb::Forget);
        QTRY_VERIFY(!m_test->event(9));
        QVERIFY(panel().canUndo());
    }
};

ORRERY_GUI_TEST_MAIN(TestMemoryWhatIf)
#include "tst_memory_what_if.moc"
