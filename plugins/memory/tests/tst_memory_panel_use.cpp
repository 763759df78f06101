// SPDX-License-Identifier: Apache-2.0
// The memory panel in use: models by name, the filter, keys, exports, what it remembers, and how it looks.
#include "plugins/memory/tests/memory_panel_case.h"
#include "plugins/memory/ui/memory_strip.h"
#include "plugins/memory/ui/memory_table.h"
#include "plugins/memory/ui/reads_pane.h"
#include "widgets/common/banner.h"
#include "widgets/common/panel_tools.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/unit_line_edit.h"

#include <QAction>
#include <QClipboard>
#include <QFileDialog>
#include <QGuiApplication>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QToolButton>

using namespace orrery;
using namespace orrery::ui;
using namespace orrery::memory_ui;

class TestMemoryPanelUse : public QObject, protected MemoryPanelCase {
    Q_OBJECT

private Q_SLOTS:
    void cleanup() { tearDown(); }

    void opensATypedModel()
    {
        openSample();
        RunStatus named = fakeRun("a1b2", RunState::Finished, 500);
        named.name = "second run";
        m_session->setRuns({m_session->runList[0], named});
        part<QToolButton>("typeModel")->click();
        auto *line = part<UnitLineEdit>("typedModel");
        QVERIFY(line->isVisible() && line->hasFocus());
        typeText(line, u"nowhere@5"_s);
        QTest::keyClick(line, Qt::Key_Return);
        QVERIFY(line->isInvalid());
        QCOMPARE(text("typedModelError"), u"Cannot open model “nowhere@5”: found no run of that name with a "
                                          u"saved step. Type RUN, RUN@step, "
                                          "or the path of a model directory on the engine's computer."_s);
        QCOMPARE(m_panel->model(), u"code-7M"_s);
        typeText(line, u"second run@400"_s);
        QTest::keyClick(line, Qt::Key_Return);
        QVERIFY(!line->isVisible() && !part<QLabel>("typedModelError")->isVisible());
        QTRY_COMPARE(m_panel->model(), u"a1b2@400"_s);
        part<QToolButton>("typeModel")->click();
        typeText(line, u"/models/base"_s);
        QTest::keyClick(line, Qt::Key_Return);
        QCOMPARE(m_panel->model(), u"/models/base"_s);
        QTRY_VERIFY(!m_session->edits.empty() && m_session->edits.back().first == u"/models/base");
        QCOMPARE(text("tierWorkingValue"), u"—"_s); // a directory has no spec to ask for
    }
    void filtersFromItsField()
    {
        openSample();
        m_panel->selectEvent(7);
        typeText(part<QLineEdit>("memoryFilter"), u"name"_s);
        QCOMPARE(m_panel->events()->rowCount(), 2);
        QCOMPARE(text("shownCount"), u"2 of 6 events"_s);
        QCOMPARE(m_panel->table()->currentEvent(), m_panel->events()->indexOfId(7));
        typeText(part<QLineEdit>("memoryFilter"), u"pot"_s);
        QCOMPARE(m_panel->selectedEvent(), 7); // still read at the right
        QTest::keyClick(m_panel->table(), Qt::Key_Escape);
        QCOMPARE(m_panel->events()->rowCount(), 6);
        QCOMPARE(m_panel->table()->currentEvent(), m_panel->events()->indexOfId(7));
    }
    void isWorkedByKeys()
    {
        openSample();
        m_panel->table()->setFocus();
        m_panel->selectEvent(3);
        QTest::keyClick(m_panel->table(), Qt::Key_Down);
        QCOMPARE(m_panel->selectedEvent(), 4);
        QCOMPARE(m_panel->strip()->selected(), m_panel->events()->indexOfId(4));
        QTest::keyClick(m_panel->table(), Qt::Key_P);
        QTRY_VERIFY(memoryOf(4).isPinned);
        m_panel->strip()->setFocus();
        QTest::keyClick(m_panel->strip(), Qt::Key_Right);
        QCOMPARE(m_panel->selectedEvent(), 7);
        QCOMPARE(m_panel->table()->currentEvent(), m_panel->events()->indexOfId(7));
        QTest::keyClick(m_panel->strip(), Qt::Key_P);
        QTRY_VERIFY(!memoryOf(7).isPinned);
        QTest::keyClick(m_panel->strip(), Qt::Key_Return);
        QVERIFY(part<QPlainTextEdit>("eventText")->hasFocus());
        m_session->edits.clear();
        QTest::keyClick(m_panel->table(), Qt::Key_F5);
        QCOMPARE(m_session->edits.size(), size_t(1));
        // Every control that takes part can be reached by Tab.
        QSet<QWidget *> reached;
        for (QWidget *at = m_panel->nextInFocusChain(); !reached.contains(at); at = at->nextInFocusChain())
            reached.insert(at);
        for (const char *name :
             {"modelRun", "typeModel", "memoryStrip", "memoryFilter", "memoryTable", "eventText", "pinEvent",
              "forgetSource", "memoryFile", "panelExportButton", "refreshMemory", "undoEdit"}) {
            auto *control = part<QWidget>(name);
            QVERIFY2(reached.contains(control), name);
            QVERIFY2(qobject_cast<QToolButton *>(control) || control->focusPolicy() & Qt::TabFocus, name);
            const auto *button = qobject_cast<QAbstractButton *>(control);
            QVERIFY2(!control->accessibleName().isEmpty() || (button && !button->text().isEmpty()), name);
        }
    }
    void copiesAndExports()
    {
        openSample();
        m_panel->selectEvent(9);
        QClipboard *clipboard = QGuiApplication::clipboard();
        const auto trigger = [&](const char *name) { part<QAction>(name)->trigger(); };
        clipboard->clear();
        QTRY_VERIFY(part<QAction>("panelCopyData")->isEnabled()); // it looks now and then
        trigger("panelCopyData");
        QVERIFY(clipboard->text().startsWith(u"id,source,"_s));
        QCOMPARE(clipboard->text().count(u"\n3,"_s), 1);
        typeText(part<QLineEdit>("memoryFilter"), u"Ottilie"_s);
        trigger("panelCopyData");
        QVERIFY(clipboard->text().contains(u"Ottilie"_s) && !clipboard->text().contains(u"third pot"_s));
        trigger("panelCopyCommand");
        QCOMPARE(clipboard->text(), u"orrery-engine memory list code-7M"_s);
        trigger("copyPinCommand");
        QCOMPARE(clipboard->text(), u"orrery-engine memory pin code-7M --event 9"_s);
        trigger("copyForgetCommand");
        QCOMPARE(clipboard->text(), u"orrery-engine memory wipe code-7M --source 'chat.json#2:user'"_s);
        trigger("copyLearnCommand");
        QCOMPARE(clipboard->text(), u"orrery-engine memory consolidate code-7M --out code-7M-learned"_s);
        QVERIFY(part<QAction>("copyLearnCommand")->toolTip().contains(u"a new model beside this one"_s));
        QTemporaryDir folder;
        trigger("panelSaveData");
        auto *dialog = part<QFileDialog>("panelSaveDialog");
        Q_EMIT dialog->fileSelected(folder.filePath(u"x.json"_s));
        QVERIFY(QFile(folder.filePath(u"x.json"_s)).size() > 50);
        Q_EMIT dialog->fileSelected(folder.filePath(u"none/x.csv"_s));
        QVERIFY(m_panel->banner()->message().startsWith(u"Cannot write"_s));
        QCOMPARE(m_panel->banner()->kind(), BannerKind::Error);
        dialog->close();
    }
    /// Where the model has nothing to learn with, the command is off and says why.
    void learnsWithASemanticMemoryAlone()
    {
        open();
        m_session->specs[u"code-7M"_s].replace(u"\"semantic_size\":16384"_s, u"\"semantic_size\":0"_s);
        show();
        QTRY_COMPARE(m_panel->events()->rowCount(), 6);
        const auto *learn = part<QAction>("copyLearnCommand");
        QTRY_VERIFY2(learn->toolTip().contains(u"no semantic memory"_s), qPrintable(learn->toolTip()));
        QVERIFY(!learn->isEnabled());
    }
    void remembersItsPlace()
    {
        openSample();
        QSignalSpy changed(m_panel.get(), &MemoryPanel::stateChanged);
        m_panel->reads()->setPrompt(u"a text"_s);
        typeText(part<QLineEdit>("memoryFilter"), u"pot"_s);
        part<SegmentedChoice>("memoryTabs")->button(u"reads"_s)->click();
        QVERIFY(changed.count() >= 3);
        m_panel->setModel(u"code-7M@8000"_s);
        QTRY_COMPARE(m_panel->model(), u"code-7M@8000"_s);
        const QVariantMap state = m_panel->saveState();
        MemoryPanel later(*m_session);
        later.restoreState(state);
        QCOMPARE(later.saveState(), state);
        QCOMPARE(later.model(), u"code-7M@8000"_s);
    }
    void comesBackWithTheEngine()
    {
        openSample();
        m_session->setConnection(ConnectionState::Lost);
        QVERIFY(m_session->edits.empty());
        QCOMPARE(m_panel->events()->rowCount(), 6);
        QVERIFY(!part<QToolButton>("refreshMemory")->isEnabled());
        m_session->setConnection(ConnectionState::Connected);
        QCOMPARE(m_session->edits.size(), size_t(1));
    }
    void nothingIsCutInLongTexts()
    {
        // A narrow dock with letters as much larger as texts may be longer.
        const QFont before = QApplication::font();
        QFont larger = before;
        larger.setPointSizeF(before.pointSizeF() * 1.4);
        QApplication::setFont(larger);
        Theme::instance().apply(*qApp, ThemeKind::Dark);
        openSample();
        m_panel->resize(380, 800);
        m_panel->selectEvent(7);
        QTest::qWait(20);
        QVERIFY2(m_panel->minimumSizeHint().width() <= 380,
                 qPrintable(QString::number(m_panel->minimumSizeHint().width())));
        const auto *scroll = part<QScrollArea>("memoryScroll");
        QCOMPARE(scroll->widget()->width(), scroll->viewport()->width()); // down, and never to the side
        const auto labels = m_panel->findChildren<QLabel *>();
        for (const QLabel *label : labels) {
            if (!label->isVisible() || qobject_cast<const ElidedLabel *>(label)) continue;
            const int needed =
                label->wordWrap() ? label->heightForWidth(label->width()) : label->sizeHint().height();
            QVERIFY2(label->height() >= needed, qPrintable(label->objectName() + u": "_s + label->text()));
            QVERIFY2(label->wordWrap() || label->width() >= label->sizeHint().width(),
                     qPrintable(label->text()));
        }
        const auto buttons = m_panel->findChildren<QAbstractButton *>();
        for (const QAbstractButton *button : buttons)
            if (button->isVisible())
                QVERIFY2(button->width() >= button->minimumSizeHint().width(), qPrintable(button->text()));
        QApplication::setFont(before);
        Theme::instance().apply(*qApp, ThemeKind::Light);
    }
    void whatIsTooLowScrolls_data()
    {
        QTest::addColumn<QSize>("size");
        QTest::addColumn<bool>("isChooserInTitle");
        QTest::newRow("wide") << QSize(980, 192) << true;
        QTest::newRow("narrow") << QSize(340, 400) << false;
        QTest::newRow("as small as can be") << QSize(330, 164) << false;
    }
    void whatIsTooLowScrolls()
    {
        QFETCH(QSize, size);
        QFETCH(bool, isChooserInTitle);
        openSample();
        QVERIFY(size.expandedTo(m_panel->minimumSize()) == size);
        m_panel->resize(size);
        QTRY_COMPARE(m_panel->size(), size);
        QTest::qWait(20);
        const auto *scroll = part<QScrollArea>("memoryScroll");
        QVERIFY(scroll->verticalScrollBar()->maximum() > 0);
        QVERIFY(scroll->viewport()->height() >= 90);
        QCOMPARE(scroll->isAncestorOf(part<QWidget>("modelChooser")), !isChooserInTitle);
        const auto *chooser = part<QWidget>("modelChooser");
        QVERIFY(chooser->isVisible());
        QVERIFY2(chooser->width() >= chooser->minimumSizeHint().width(),
                 qPrintable(u"%1 of %2"_s.arg(chooser->width()).arg(chooser->minimumSizeHint().width())));
        // Nothing stands on something else: each has the height that it needs.
        for (const char *name : {"tierCards", "occupancyBar", "memoryStrip", "memoryFilter", "memoryTable"}) {
            const auto *widget = part<QWidget>(name);
            const int needed = std::max(widget->minimumSizeHint().height(), widget->minimumHeight());
            QVERIFY2(widget->height() >= needed - 2, name);
        }
        // Where the keyboard goes is scrolled to.
        part<QWidget>("memoryFilter")->setFocus(Qt::TabFocusReason);
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
        auto *focus = QApplication::focusWidget();
        QVERIFY(focus && scroll->isAncestorOf(focus));
        const int y = focus->mapTo(scroll->viewport(), QPoint()).y();
        QVERIFY2(y < scroll->viewport()->height() && y + focus->height() > 0,
                 qPrintable(focus->objectName()));
    }
    void aTallPanelShowsAllAtOnce()
    {
        openSample();
        m_panel->resize(980, 400);
        QTRY_COMPARE(part<QScrollArea>("memoryScroll")->verticalScrollBar()->maximum(), 0);
        m_session->memory.events.clear(); // an empty one needs less
        m_panel->refresh();
        QTRY_VERIFY(isEmptyShown());
        m_panel->resize(980, 280);
        QTRY_COMPARE(part<QScrollArea>("memoryScroll")->verticalScrollBar()->maximum(), 0);
    }
    void isPaintedInEachTheme()
    {
        openSample();
        m_panel->selectEvent(7);
        QSet<QRgb> grounds;
        for (const ThemeKind kind : {ThemeKind::Light, ThemeKind::Dark, ThemeKind::HighContrast}) {
            Theme::instance().apply(*qApp, kind);
            QTest::qWait(20);
            const QImage image = m_panel->grab().toImage();
            const ThemeTokens &tokens = Theme::instance().tokens();
            QCOMPARE(image.pixelColor(image.width() / 2, 4), tokens.surface);
            grounds.insert(tokens.surface.rgb());
            const QRectF bar = m_panel->strip()->blockRect(m_panel->events()->indexOfId(7));
            QCOMPARE(image.pixelColor(m_panel->strip()->mapTo(m_panel.get(), bar.center().toPoint())),
                     tokens.accent);
        }
        QCOMPARE(grounds.size(), 3);
        Theme::instance().apply(*qApp, ThemeKind::Light);
    }
};

ORRERY_GUI_TEST_MAIN(TestMemoryPanelUse)
#include "tst_memory_panel_use.moc"
