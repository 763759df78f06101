// SPDX-License-Identifier: GPL-3.0-or-later
// The pages that came with the program, the list of keys, what was opened last, and that the palette has what menus have.
#include "app/workbench/help_pages.h"
#include "app/workbench/help_window.h"
#include "app/workbench/main_window.h"
#include "app/workbench/recent_things.h"
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/common/action_registry.h"
#include "widgets/common/command_palette.h"
#include "widgets/common/palette_model.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QFontInfo>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QMenuBar>
#include <QSettings>
#include <QTemporaryDir>
#include <QTextBlock>
#include <QTextBrowser>
#include <QTextFrame>
#include <QTextTable>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

const QString kDocs = QStringLiteral(ORRERY_DOCS);

/// What can be chosen in a menu and in those below it.
QStringList entriesOf(const QMenu &menu)
{
    QStringList entries;
    for (const QAction *action : menu.actions()) {
        if (action->menu())
            entries << entriesOf(*action->menu());
        else if (!action->isSeparator() && action->isVisible())
            entries << plainActionText(action->text().section(u'\t', 0, 0));
    }
    return entries;
}

} // namespace

class TestWindowHelp : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    [[nodiscard]] QString settingsFile() const { return m_folder.filePath(u"settings.ini"_s); }

private Q_SLOTS:
    void pagesHaveTitles();
    void keysAreThoseOfTheWindow();
    void linksLeadToOtherPages();
    void pagesHaveRoomAndColours();
    void pagesCanBeSearched();
    void withoutPagesThereAreTheKeys();
    void recentThingsAreKept();
    void recentThingsAreOfAHost();
    void opensWhatWasOpenedLast();
    void thePaletteHasWhatMenusHave();
};

void TestWindowHelp::pagesHaveTitles()
{
    const std::vector<HelpPage> pages = helpPages(kDocs);
    QVERIFY(pages.size() > 15);
    QVERIFY(pages.front().file.endsWith(u"/tour.md"_s));
    for (const HelpPage &page : pages) QVERIFY2(!page.title.isEmpty(), qPrintable(page.file));
    QVERIFY(std::is_sorted(pages.begin() + 1, pages.end(), [](const HelpPage &a, const HelpPage &b) {
        return QString::localeAwareCompare(a.title, b.title) < 0;
    }));
    QVERIFY(helpPages(u"/no/such/folder"_s).empty());
}

void TestWindowHelp::keysAreThoseOfTheWindow()
{
    QSettings settings(settingsFile(), QSettings::IniFormat);
    FakeSession session;
    MainWindow window(session, settings);
    const QString page = keysPage(window.actionRegistry());
    for (const ActionEntry &entry : window.actionRegistry().entries())
        if (entry.action && !entry.action->shortcut().isEmpty())
            QVERIFY2(page.contains(plainActionText(entry.action->text()).section(u'|', 0, 0).left(8)), qPrintable(entry.id));
    QVERIFY(page.contains(u"Ctrl+Shift+P"_s));
    window.actionRegistry().action(u"help.keys"_s)->trigger();
    auto *help = window.findChild<HelpWindow *>();
    QVERIFY(help && help->isVisible());
    QVERIFY(help->browser()->toPlainText().contains(u"Ctrl+Shift+P"_s));
    window.actionRegistry().action(u"help.tour"_s)->trigger();
    QCOMPARE(window.findChildren<HelpWindow *>().size(), 1); // the same one
}

void TestWindowHelp::linksLeadToOtherPages()
{
    ActionRegistry actions;
    HelpWindow help(actions, kDocs);
    help.showPage(u"tour.md"_s);
    QCOMPARE(help.list()->currentRow(), 1);
    QVERIFY(help.browser()->toPlainText().size() > 1'000);
    Q_EMIT help.browser()->anchorClicked(QUrl(u"window.md"_s));
    QVERIFY(help.browser()->source().toLocalFile().endsWith(u"/window.md"_s));
    QCOMPARE(help.list()->currentItem()->data(Qt::UserRole).toString(), help.browser()->source().toLocalFile());
    QVERIFY(child<QToolButton>(&help, "helpBack")->isEnabled());
    child<QToolButton>(&help, "helpBack")->click();
    QVERIFY(help.browser()->source().toLocalFile().endsWith(u"/tour.md"_s));
    QCOMPARE(help.list()->currentRow(), 1); // back, too, is told in the list
}

void TestWindowHelp::pagesHaveRoomAndColours()
{
    ActionRegistry actions;
    HelpWindow help(actions, kDocs);
    help.showPage(u"runs.md"_s);
    const auto firstTable = [&help] {
        for (QTextFrame *frame : help.browser()->document()->rootFrame()->childFrames())
            if (auto *table = qobject_cast<QTextTable *>(frame)) return table;
        return static_cast<QTextTable *>(nullptr);
    };
    const QTextBlock title = help.browser()->document()->begin();
    const double usual = Theme::instance().baseFont().pointSizeF();
    QVERIFY(QFontInfo(title.begin().fragment().charFormat().font()).pointSizeF() > 1.4 * usual);
    QVERIFY(!title.begin().fragment().charFormat().hasProperty(QTextFormat::FontSizeAdjustment)); // would win
    QVERIFY(firstTable());
    QVERIFY(firstTable()->format().borderCollapse());
    QVERIFY(firstTable()->format().cellPadding() >= 4);
    const auto borderIsTheThemes = [&] {
        return firstTable()->format().borderBrush().color() == Theme::instance().tokens().border;
    };
    QVERIFY(borderIsTheThemes());
    const QString words = help.browser()->toPlainText();
    Theme::instance().apply(*qApp, ThemeKind::Dark);
    QVERIFY(borderIsTheThemes());
    Theme::instance().apply(*qApp, ThemeKind::Light);
    QCOMPARE(help.browser()->toPlainText(), words); // how it looks, not what it says
    help.showKeys();
    help.showPage(u"runs.md"_s);
    QVERIFY(firstTable()->format().borderCollapse());
}

void TestWindowHelp::pagesCanBeSearched()
{
    ActionRegistry actions;
    HelpWindow help(actions, kDocs);
    help.showPage(u"tour.md"_s);
    auto *search = child<QLineEdit>(&help, "helpSearch");
    search->setText(u"attention"_s);
    QTest::keyClick(search, Qt::Key_Return);
    QVERIFY(help.browser()->textCursor().hasSelection());
    const int first = help.browser()->textCursor().position();
    QTest::keyClick(search, Qt::Key_Return);
    QVERIFY(help.browser()->textCursor().position() != first);
    search->setText(u"a word that no page has, xyzzy"_s);
    QTest::keyClick(search, Qt::Key_Return);
    QVERIFY(help.isVisible()); // nothing found, nothing lost
}

void TestWindowHelp::withoutPagesThereAreTheKeys()
{
    ActionRegistry actions;
    HelpWindow help(actions, {});
    help.showPage(u"tour.md"_s);
    QCOMPARE(help.list()->count(), 1);
    QVERIFY(help.browser()->toPlainText().contains(u"Keys"_s));
}

void TestWindowHelp::recentThingsAreKept()
{
    QSettings settings(m_folder.filePath(u"recent.ini"_s), QSettings::IniFormat);
    RecentThings recent(settings, [] { return QString(); });
    for (int i = 0; i < 12; ++i) recent.add(u"/runs/%1"_s.arg(i));
    QCOMPARE(recent.things().size(), RecentThings::kMaxThings);
    QCOMPARE(recent.things().first(), u"/runs/11"_s);
    recent.add(u"/runs/5"_s);
    QCOMPARE(recent.things().first(), u"/runs/5"_s);
    QCOMPARE(recent.things().count(u"/runs/5"_s), 1);
    settings.sync();
    QSettings again(m_folder.filePath(u"recent.ini"_s), QSettings::IniFormat);
    QCOMPARE(RecentThings(again, {}).things(), recent.things());
    QMenu menu;
    recent.fill(menu);
    Q_EMIT menu.aboutToShow();
    QCOMPARE(entriesOf(menu).size(), RecentThings::kMaxThings + 1);
    menu.actions().last()->trigger(); // clear
    QVERIFY(recent.things().isEmpty());
    Q_EMIT menu.aboutToShow();
    QVERIFY(!menu.actions().first()->isEnabled());
}

void TestWindowHelp::recentThingsAreOfAHost()
{
    QSettings settings(m_folder.filePath(u"hosts.ini"_s), QSettings::IniFormat);
    QString host;
    RecentThings recent(settings, [&host] { return host; });
    recent.add(u"/here"_s);
    host = u"lab/7 %"_s;
    QVERIFY(recent.things().isEmpty());
    recent.add(u"/there"_s);
    host.clear();
    QCOMPARE(recent.things(), QStringList{u"/here"_s});
}

void TestWindowHelp::opensWhatWasOpenedLast()
{
    QSettings settings(m_folder.filePath(u"open.ini"_s), QSettings::IniFormat);
    FakeSession session;
    MainWindow window(session, settings);
    window.openPath(u"/runs/one"_s);
    QTRY_COMPARE(window.recent().things(), QStringList{u"/runs/one"_s});
    session.failNext[u"addRun"_s] = Error{ErrorCode::NotFound, "Cannot open \"/runs/no\": nothing is there.", ""};
    window.openPath(u"/runs/no"_s);
    QTRY_VERIFY(session.failNext.empty());
    QCOMPARE(window.recent().things().size(), 1); // what could not be opened is not kept
    auto *menu = window.findChild<QMenu *>(u"recentMenu"_s);
    QVERIFY(menu);
    Q_EMIT menu->aboutToShow();
    menu->actions().first()->trigger();
    QTRY_COMPARE(session.addedPaths, (QStringList{u"/runs/one"_s, u"/runs/no"_s, u"/runs/one"_s}));
}

void TestWindowHelp::thePaletteHasWhatMenusHave()
{
    QSettings settings(m_folder.filePath(u"menus.ini"_s), QSettings::IniFormat);
    FakeSession session;
    session.runList = {fakeRun("alpha")};
    MainWindow window(session, settings);
    window.show();
    QStringList found;
    for (const PaletteItem &item : window.everything()) found << item.text;
    QStringList missing;
    for (const QAction *top : window.menuBar()->actions()) {
        if (!top->menu() || top->menu()->objectName() == u"recentMenu"_s) continue;
        for (const QString &entry : entriesOf(*top->menu()))
            if (!found.contains(entry) && entry != plainActionText(window.actionRegistry().action(u"view.palette"_s)->text()))
                missing << entry;
    }
    QVERIFY2(missing.isEmpty(), qPrintable(missing.join(u", "_s)));
    QVERIFY(found.contains(u"Rename"_s));
    QVERIFY(found.contains(u"Move to the trash"_s));
}

ORRERY_GUI_TEST_MAIN(TestWindowHelp)
#include "tst_window_help.moc"
