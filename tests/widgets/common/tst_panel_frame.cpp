// SPDX-License-Identifier: GPL-3.0-or-later
// The surface of all panels: what can be taken along, help, links, progress.
#include "tests/widgets/common/gui_test.h"

#include "widgets/common/action_registry.h"
#include "widgets/common/banner.h"
#include "widgets/common/engine_path.h"
#include "widgets/common/file_place.h"
#include "widgets/common/help_popover.h"
#include "widgets/common/panel_tools.h"
#include "widgets/common/progress_row.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/view_link.h"
#include "widgets/theme/contrast.h"

#include <QClipboard>
#include <QCursor>
#include <QDir>
#include <QEnterEvent>
#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QMenu>
#include <QProgressBar>
#include <QPushButton>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QToolButton>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

class TestPanelFrame : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void nothingIsThereUntilItIsSet();
    void toolsStandInOneOrder();
    void exportsAreSavedAndSaidSo();
    void failuresStandInTheBanner();
    void anotherEndingIsRefused();
    void theDialogKnowsTheEndings();
    void dialogsBeginWhereTheLastOneEnded();
    void copiesFigureAndData();
    void disabledEntriesSayWhy();
    void linksOfViewsAreCopied();
    void aLinkThatNobodyCouldOpenIsNotCopied();
    void panelsAreAskedWhereAPersonIs();
    void aCommandThatHasGoneIsSaid();
    void commandsFollowWhatIsShown();
    void toolsAreQuietButReadable_data();
    void toolsAreQuietButReadable();
    void titlesFollowTheTheme_data();
    void titlesFollowTheTheme();
    void helpOpensAndCloses();
    void theInnermostPanelHelps();
    void shortWorkIsNotShown();
    void cancelAnswersAtOnce();
    void timeLeftIsSaid();
    void narrowPanelsUseTheMenu();
    void everyToolHasAName_data();
    void everyToolHasAName();
};

namespace {

PanelExport textExport()
{
    PanelExport what{u"my/figure"_s, {u"svg"_s, u"png"_s}, {u"csv"_s}, {}};
    what.save = [](const QString &path) -> Result<void> {
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly))
            return Error{ErrorCode::Io, "Cannot write \"x\".", "Choose another."};
        file.write("figure");
        return {};
    };
    what.image = [] {
        QImage image(4, 4, QImage::Format_RGB32);
        image.fill(Qt::red);
        return image;
    };
    what.table = [] { return u"step,loss\n"_s; };
    return what;
}

QAction *action(PanelFrame &frame, const char *name) { return child<QAction>(&frame, name); }

void fillAll(PanelFrame &frame)
{
    frame.setContent(new QWidget);
    frame.setExport(textExport());
    frame.setView({u"curves"_s, [] { return QVariantMap{{u"run"_s, u"a"_s}}; }, {}});
    frame.setCommand([] { return u"orrery-engine watch a"_s; });
    frame.setHelp(u"What this panel shows."_s);
}

} // namespace

void TestPanelFrame::nothingIsThereUntilItIsSet()
{
    PanelFrame frame(u"Curves"_s);
    QVERIFY(!frame.findChild<PanelTools *>());
    QVERIFY(!frame.findChild<ProgressRow *>());
    QVERIFY(frame.viewLink().isEmpty() && frame.commandText().isEmpty());
    frame.clearProgress();
    frame.setHelp(u"A sentence."_s);
    frame.resize(600, 200);
    frame.show();
    QVERIFY(child<QToolButton>(&frame, "panelHelpButton")->isVisible());
    for (const char *name : {"panelLinkButton", "panelCommandButton", "panelExportButton"})
        QVERIFY(!child<QToolButton>(&frame, name)->isVisible());
}

void TestPanelFrame::toolsStandInOneOrder()
{
    PanelFrame frame(u"Curves"_s);
    fillAll(frame);
    QToolButton *own =
        frame.addTitleButton(u"fit"_s, u"Fit"_s); // later than the tools, left of them all the same
    frame.resize(600, 200);
    frame.show();
    int x = own->mapTo(&frame, QPoint(0, 0)).x();
    for (const char *name :
         {"panelHelpButton", "panelLinkButton", "panelCommandButton", "panelExportButton"}) {
        const int next = child<QToolButton>(&frame, name)->mapTo(&frame, QPoint(0, 0)).x();
        QVERIFY2(next > x, name);
        x = next;
    }
}

void TestPanelFrame::exportsAreSavedAndSaidSo()
{
    PanelFrame frame(u"Curves"_s);
    fillAll(frame);
    QTemporaryDir folder;
    const QString path = folder.filePath(u"figure.SVG"_s);
    PanelTools::of(frame)->saveTo(path);
    QVERIFY(QFile::exists(path));
    QVERIFY(!frame.banner()->isHidden());
    QCOMPARE(frame.banner()->kind(), BannerKind::Info);
    QVERIFY2(frame.banner()->message().contains(path), qPrintable(frame.banner()->message()));
}

void TestPanelFrame::failuresStandInTheBanner()
{
    PanelFrame frame(u"Curves"_s);
    fillAll(frame);
    PanelTools::of(frame)->saveTo(u"/nonexistent/figure.svg"_s);
    QCOMPARE(frame.banner()->kind(), BannerKind::Error);
    QCOMPARE(frame.banner()->message(), u"Cannot write \"x\"."_s);
}

void TestPanelFrame::anotherEndingIsRefused()
{
    PanelFrame frame(u"Curves"_s);
    fillAll(frame);
    QTemporaryDir folder;
    PanelTools::of(frame)->saveTo(folder.filePath(u"a.gif"_s));
    QVERIFY(!QFile::exists(folder.filePath(u"a.gif"_s)));
    QCOMPARE(frame.banner()->message(),
             u"Cannot save \"a.gif\": ending \"gif\" found, expected .svg, .png or .csv."_s);
}

void TestPanelFrame::theDialogKnowsTheEndings()
{
    PanelFrame frame(u"Curves"_s);
    fillAll(frame);
    frame.show();
    action(frame, "panelSaveFigure")->trigger();
    auto *dialog = child<QFileDialog>(&frame, "panelSaveDialog");
    QCOMPARE(dialog->nameFilters().size(), 2);
    QCOMPARE(dialog->defaultSuffix(), u"svg"_s);
    QVERIFY(dialog->selectedFiles().constFirst().endsWith(u"/my-figure.svg"_s));
    Q_EMIT dialog->filterSelected(dialog->nameFilters().at(1));
    QCOMPARE(dialog->defaultSuffix(), u"png"_s);
    dialog->close();
    QTRY_VERIFY(!frame.findChild<QFileDialog *>());
    frame.setTitle(u"Curves · run@80: a/b"_s); // the files of two runs have two names
    action(frame, "panelSaveFigure")->trigger();
    dialog = child<QFileDialog>(&frame, "panelSaveDialog");
    QVERIFY2(dialog->selectedFiles().constFirst().endsWith(u"/my-figure-run@80- a-b.svg"_s),
             qPrintable(dialog->selectedFiles().constFirst()));
    dialog->close();
    QTRY_VERIFY(!frame.findChild<QFileDialog *>());
    action(frame, "panelSaveData")->trigger();
    QCOMPARE(child<QFileDialog>(&frame, "panelSaveDialog")->defaultSuffix(), u"csv"_s);
}

void TestPanelFrame::dialogsBeginWhereTheLastOneEnded()
{
    const QTemporaryDir folder;
    QVERIFY(QDir(folder.path()).mkdir(u"figures"_s));
    const QString figures = folder.filePath(u"figures"_s);
    setFileFolder(figures);
    PanelFrame frame(u"Curves"_s);
    fillAll(frame);
    frame.show();
    action(frame, "panelSaveFigure")->trigger();
    auto *dialog = child<QFileDialog>(&frame, "panelSaveDialog");
    QCOMPARE(dialog->directory().absolutePath(), figures);
    Q_EMIT dialog->filesSelected({folder.filePath(u"elsewhere.svg"_s)});
    dialog->close();
    QTRY_VERIFY(!frame.findChild<QFileDialog *>());
    QCOMPARE(fileFolder(), folder.path());
    // All of them at one place, whatever they ask for.
    QWidget parent;
    askForPathHere(&parent, {u"Open"_s, u"openDialog"_s}, [](const QString &) {});
    QCOMPARE(child<QFileDialog>(&parent, "openDialog")->directory().absolutePath(), folder.path());
    // One that has gone, or none yet: never the folder in which the program happens to run.
    for (const QString &gone : {folder.filePath(u"gone"_s), QString()}) {
        setFileFolder(gone);
        const QString documents = QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation);
        QCOMPARE(fileFolder(), QFileInfo(documents).isDir() ? documents : QDir::homePath());
    }
}

void TestPanelFrame::copiesFigureAndData()
{
    PanelFrame frame(u"Curves"_s);
    fillAll(frame);
    action(frame, "panelCopyData")->trigger();
    QCOMPARE(QGuiApplication::clipboard()->text(), u"step,loss\n"_s);
    action(frame, "panelCopyFigure")->trigger();
    QCOMPARE(QGuiApplication::clipboard()->image().pixelColor(1, 1), QColor(Qt::red));
    PanelExport none = textExport();
    none.image = [] { return QImage(); };
    frame.setExport(none);
    action(frame, "panelCopyFigure")->trigger();
    QCOMPARE(frame.banner()->message(), u"There is no figure to copy now."_s);
}

void TestPanelFrame::disabledEntriesSayWhy()
{
    PanelFrame frame(u"Log"_s);
    PanelExport what = textExport();
    what.figures.clear();
    what.image = {};
    bool isEmpty = true;
    what.isEmpty = [&isEmpty] { return isEmpty; };
    frame.setExport(what);
    PanelTools *tools = PanelTools::of(frame);
    tools->refresh();
    QCOMPARE(disabledReason(*action(frame, "panelSaveFigure")), u"This panel has no figure."_s);
    QCOMPARE(disabledReason(*action(frame, "panelSaveData")), u"Nothing is shown yet."_s);
    QVERIFY(!child<QToolButton>(&frame, "panelExportButton")->isEnabled());
    isEmpty = false;
    tools->refresh();
    QVERIFY(child<QToolButton>(&frame, "panelExportButton")->isEnabled());
    QVERIFY(!action(frame, "panelCopyFigure")->isEnabled());
    QVERIFY(action(frame, "panelCopyData")->isEnabled());
    QVERIFY(disabledReason(*action(frame, "panelCopyData")).isEmpty());
}

void TestPanelFrame::linksOfViewsAreCopied()
{
    PanelFrame frame(u"Curves"_s);
    fillAll(frame);
    frame.resize(600, 200);
    frame.show();
    child<QToolButton>(&frame, "panelLinkButton")->click();
    QCOMPARE(QGuiApplication::clipboard()->text(), u"orrery:curves?run=a"_s);
    QCOMPARE(child<QToolButton>(&frame, "panelLinkButton")->accessibleDescription(), u"Link copied"_s);
}

void TestPanelFrame::aLinkThatNobodyCouldOpenIsNotCopied()
{
    PanelFrame frame(u"Curves"_s);
    fillAll(frame);
    QString text(kMaxLinkLength - viewLinkText({u"play"_s, {{u"text"_s, u"x"_s}}}).size() + 1, u'x');
    frame.setView({u"play"_s, [&text] { return QVariantMap{{u"text"_s, text}}; }, {}});
    action(frame, "panelCopyLink")->trigger();
    const QString longest = QGuiApplication::clipboard()->text();
    QCOMPARE(longest.size(), kMaxLinkLength);
    QVERIFY(parseViewLink(longest).ok());
    text += u'x';
    action(frame, "panelCopyLink")->trigger();
    QCOMPARE(QGuiApplication::clipboard()->text(), longest);
    QCOMPARE(frame.banner()->kind(), BannerKind::Error);
    QCOMPARE(frame.banner()->message(),
             u"Cannot copy a link to this view: 16385 characters found, expected 16384 or fewer."_s);
}

void TestPanelFrame::panelsAreAskedWhereAPersonIs()
{
    PanelFrame frame(u"Curves"_s);
    int numAsked = 0;
    frame.setContent(new QLineEdit);
    frame.setCommand([&numAsked] {
        ++numAsked;
        return u"orrery-engine watch a"_s;
    });
    frame.setGeometry(100, 100, 600, 200);
    QCursor::setPos(0, 0); // not in it
    frame.show();
    QVERIFY(QTest::qWaitForWindowActive(&frame));
    frame.content()->clearFocus();
    const auto quiet = [&numAsked] { // until nobody asks any more
        int before = -1;
        for (int i = 0; i < 10 && before != numAsked; ++i) {
            before = numAsked;
            QTest::qWait(2'500);
        }
        return before == numAsked;
    };
    QVERIFY(quiet());
    int before = numAsked;
    frame.setSummary(u"Two curves"_s); // nobody is there to see what can be had of them
    QVERIFY(quiet());
    QCOMPARE(numAsked, before);
    frame.content()->setFocus();
    QTRY_COMPARE(numAsked, before + 1);
    frame.setSummary(u"Three curves"_s);
    QTRY_COMPARE(numAsked, before + 2);
    frame.setSummary(u"Three curves"_s); // the same
    QVERIFY(quiet());
    QCOMPARE(numAsked, before + 2);
    before = numAsked;
    QEnterEvent enter(QPointF(1, 1), QPointF(1, 1), QPointF(1, 1));
    QCoreApplication::sendEvent(PanelTools::of(frame), &enter);
    QCOMPARE(numAsked, before + 1);
}

void TestPanelFrame::aCommandThatHasGoneIsSaid()
{
    PanelFrame frame(u"Curves"_s);
    QString command = u"orrery-engine watch a"_s;
    frame.setCommand([&command] { return command; });
    QGuiApplication::clipboard()->setText(u"before"_s);
    command.clear();
    action(frame, "panelCopyCommand")->trigger();
    QCOMPARE(QGuiApplication::clipboard()->text(), u"before"_s);
    QCOMPARE(frame.banner()->message(), u"There is no command for what is shown."_s);
    QVERIFY(!action(frame, "panelCopyCommand")->isEnabled());
}

void TestPanelFrame::commandsFollowWhatIsShown()
{
    PanelFrame frame(u"Curves"_s);
    QString command;
    frame.setCommand([&command] { return command; });
    frame.resize(600, 200);
    frame.show();
    auto *button = child<QToolButton>(&frame, "panelCommandButton");
    QEvent leave(QEvent::Leave);
    QCoreApplication::sendEvent(&frame, &leave);
    QVERIFY(button->isEnabled()); // nobody is near, and nobody asked
    QEnterEvent enter(QPointF(1, 1), QPointF(1, 1), QPointF(1, 1));
    QCoreApplication::sendEvent(&frame, &enter);
    QTRY_VERIFY(!button->isEnabled());
    QVERIFY(button->toolTip().contains(u"There is no command"_s));
    command = u"orrery-engine watch a"_s;
    QTRY_VERIFY(button->isEnabled()); // nobody told it: it looks while the pointer is near
    button->click();
    QCOMPARE(QGuiApplication::clipboard()->text(), command);
    command.clear();
    QTRY_VERIFY(!button->isEnabled());
    QCoreApplication::sendEvent(&frame, &leave);
    QVERIFY(button->isEnabled());
    QVERIFY(!button->toolTip().contains(u"There is no command"_s));
    PanelTools::of(frame)->refresh(); // as the palette does, from afar
    QVERIFY(!button->isEnabled());
    QTRY_VERIFY(button->isEnabled());
}

void TestPanelFrame::toolsAreQuietButReadable_data() { everyToolHasAName_data(); }

/// The colour of the line of an icon: of all pixels of the button the one that differs most from the ground.
void TestPanelFrame::toolsAreQuietButReadable()
{
    QFETCH(int, kind);
    Theme::instance().apply(*qApp, ThemeKind(kind));
    const ThemeTokens &tokens = Theme::instance().tokens();
    PanelFrame frame(u"Curves"_s);
    fillAll(frame);
    frame.resize(600, 200);
    QCursor::setPos(0, 0);
    frame.move(100, 100);
    frame.setFocusPolicy(Qt::StrongFocus);
    frame.show();
    frame.setFocus(); // of the frame, not of its first button
    for (const char *name :
         {"panelHelpButton", "panelLinkButton", "panelCommandButton", "panelExportButton"}) {
        auto *button = child<QToolButton>(&frame, name);
        button->setAttribute(Qt::WA_UnderMouse, false);
        const auto contrast = [&] {
            const QImage image = frame.grab(QRect(button->mapTo(&frame, QPoint()), button->size())).toImage();
            double most = 0;
            for (int x = 4; x < image.width() - 4; ++x)
                for (int y = 4; y < image.height() - 4; ++y)
                    most = std::max(most, contrastRatio(image.pixelColor(x, y), tokens.surface));
            return most;
        };
        const double quiet = contrast();
        QVERIFY2(quiet >= 3, qPrintable(u"%1: %2"_s.arg(QLatin1String(name)).arg(quiet)));
        button->setAttribute(Qt::WA_UnderMouse, true);
        QVERIFY2(contrast() > quiet, name);
    }
    Theme::instance().apply(*qApp, ThemeKind::Light);
}

void TestPanelFrame::titlesFollowTheTheme_data()
{
    QTest::addColumn<bool>("isShownBefore");
    QTest::newRow("shown before") << true;
    QTest::newRow("first shown after it") << false;
}

void TestPanelFrame::titlesFollowTheTheme()
{
    QFETCH(bool, isShownBefore);
    Theme::instance().apply(*qApp, ThemeKind::Light);
    PanelFrame frame(u"Curves"_s);
    frame.setContent(new QWidget);
    frame.resize(300, 120);
    if (isShownBefore) frame.show();
    for (const ThemeKind kind :
         {ThemeKind::Dark, ThemeKind::HighContrast, ThemeKind::Light, ThemeKind::Dark}) {
        Theme::instance().apply(*qApp, kind);
        frame.show();
        const QImage image = frame.grab(QRect(8, 4, 120, 32)).toImage();
        const ThemeTokens &tokens = Theme::instance().tokens();
        double most = 0;
        for (int x = 8; x < image.width(); ++x)
            for (int y = 4; y < image.height(); ++y)
                most = std::max(most, contrastRatio(image.pixelColor(x, y), tokens.surface));
        QVERIFY2(most > 0.8 * contrastRatio(tokens.text, tokens.surface), qPrintable(QString::number(most)));
        if (!isShownBefore) frame.hide();
    }
    Theme::instance().apply(*qApp, ThemeKind::Light);
}

void TestPanelFrame::helpOpensAndCloses()
{
    PanelFrame frame(u"Curves"_s);
    fillAll(frame);
    frame.resize(600, 200);
    frame.show();
    child<QToolButton>(&frame, "panelHelpButton")->click();
    QPointer<HelpPopover> popover = frame.findChild<HelpPopover *>();
    QVERIFY(popover && popover->isVisible());
    QCOMPARE(child<QLabel>(popover.data(), "helpText")->text(), u"What this panel shows."_s);
    QCOMPARE(popover->accessibleName(), u"Help: Curves"_s);
    QTest::keyClick(popover.data(), Qt::Key_Escape);
    QTRY_VERIFY(!popover);
}

void TestPanelFrame::theInnermostPanelHelps()
{
    PanelFrame outer(u"Outer"_s);
    fillAll(outer);
    auto *inner = new PanelFrame(u"Inner"_s);
    auto *line = new QLineEdit(inner);
    inner->setContent(line);
    inner->setHelp(u"Of the inner one."_s);
    outer.setContent(inner);
    outer.resize(600, 300);
    outer.show();
    QVERIFY(QTest::qWaitForWindowActive(&outer));
    line->setFocus();
    QTest::keyClick(line, Qt::Key_F1);
    QTRY_VERIFY(outer.findChild<HelpPopover *>());
    QCOMPARE(outer.findChild<HelpPopover *>()->accessibleDescription(), u"Of the inner one."_s);
    outer.findChild<HelpPopover *>()->close();
}

void TestPanelFrame::shortWorkIsNotShown()
{
    PanelFrame frame(u"Attention"_s);
    frame.setContent(new QWidget);
    frame.resize(600, 200);
    frame.show();
    frame.setProgress(u"Reading"_s, -1);
    auto *row = child<ProgressRow>(&frame, "panelProgress");
    QVERIFY(!row->isVisible() && row->isActive());
    QTRY_VERIFY(row->isVisible());
    QVERIFY(!child<QPushButton>(&frame, "panelCancel")->isVisible()); // there is no cancel
    QCOMPARE(child<QProgressBar>(&frame, "panelProgressBar")->maximum(), 0);
    QVERIFY(row->y() < frame.content()->y());
    frame.clearProgress();
    QVERIFY(!row->isVisible() && !row->isActive());
}

void TestPanelFrame::cancelAnswersAtOnce()
{
    PanelFrame frame(u"Attention"_s);
    frame.setContent(new QWidget);
    frame.show();
    int numCancelled = 0;
    const auto cancel = [&numCancelled] { ++numCancelled; };
    frame.setProgress(u"Reading 1 of 4"_s, 0.25, cancel);
    auto *button = child<QPushButton>(&frame, "panelCancel");
    QTRY_VERIFY(button->isVisible());
    button->click();
    QCOMPARE(numCancelled, 1);
    const auto *text = child<ElidedLabel>(&frame, "panelProgressText");
    QCOMPARE(text->fullText(), u"Cancelling…"_s);
    QVERIFY(!button->isEnabled());
    frame.setProgress(u"Reading 2 of 4"_s, 0.5, cancel); // still on its way when it hears of it
    QCOMPARE(text->fullText(), u"Cancelling…"_s);
    frame.setProgress(u"Reading 1 of 9"_s, 0.1, cancel); // other work
    QCOMPARE(text->fullText(), u"Reading 1 of 9"_s);
    QVERIFY(button->isEnabled());
}

void TestPanelFrame::timeLeftIsSaid()
{
    PanelFrame frame(u"Attention"_s);
    frame.setProgress(u"Reading"_s, 0.1);
    const auto *left = child<ToneLabel>(&frame, "panelProgressLeft");
    QVERIFY(left->text().isEmpty());
    setWallNowForTests(kTestNow + 10);
    frame.setProgress(u"Reading"_s, 0.25);
    QCOMPARE(left->text(), timeLeftText(30));
    setWallNowForTests(kTestNow);
}

void TestPanelFrame::narrowPanelsUseTheMenu()
{
    PanelFrame frame(u"Run"_s);
    fillAll(frame);
    frame.resize(600, 200);
    frame.show();
    const auto *menu = child<QToolButton>(&frame, "panelExportButton")->menu();
    QVERIFY(!menu->actions().contains(action(frame, "panelCopyLink")));
    frame.resize(frame.minimumSizeHint().width(), 200);
    QTRY_VERIFY(!child<QToolButton>(&frame, "panelLinkButton")->isVisible());
    QVERIFY(menu->actions().contains(action(frame, "panelCopyLink")));
    QVERIFY(menu->actions().contains(action(frame, "panelCopyCommand")));
    QVERIFY(frame.minimumSizeHint().width() < 200);
    QVERIFY(child<QToolButton>(&frame, "panelExportButton")->isVisible());
    frame.resize(600, 200);
    QTRY_VERIFY(child<QToolButton>(&frame, "panelLinkButton")->isVisible());
    QVERIFY(!menu->actions().contains(action(frame, "panelCopyLink")));
}

void TestPanelFrame::everyToolHasAName_data()
{
    QTest::addColumn<int>("kind");
    QTest::newRow("light") << int(ThemeKind::Light);
    QTest::newRow("dark") << int(ThemeKind::Dark);
    QTest::newRow("high contrast") << int(ThemeKind::HighContrast);
}

void TestPanelFrame::everyToolHasAName()
{
    QFETCH(int, kind);
    Theme::instance().apply(*qApp, ThemeKind(kind));
    PanelFrame frame(u"Curves"_s);
    fillAll(frame);
    frame.resize(600, 200);
    frame.show();
    for (const QAbstractButton *button : frame.findChildren<QAbstractButton *>()) {
        if (!button->isVisible()) continue;
        QVERIFY2(!button->accessibleName().isEmpty() || !button->text().isEmpty(),
                 qPrintable(button->objectName()));
        QVERIFY2(!button->icon().isNull() || !button->text().isEmpty(), qPrintable(button->objectName()));
        QVERIFY2(!button->toolTip().isEmpty(), qPrintable(button->objectName()));
    }
    Theme::instance().apply(*qApp, ThemeKind::Light);
}

ORRERY_GUI_TEST_MAIN(TestPanelFrame)
#include "tst_panel_frame.moc"
