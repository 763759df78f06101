// SPDX-License-Identifier: GPL-3.0-or-later
// The shell: layouts by name, settings files that cannot be used, two windows on one state folder, and what the window finds of
// this computer.
#include "app/workbench/doctor_dialog.h"
#include "app/workbench/journal.h"
#include "app/workbench/layout_name_dialog.h"
#include "app/workbench/main_window.h"
#include "app/workbench/window_settings.h"
#include "core/base/files.h"
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/common/action_registry.h"
#include "widgets/common/command_palette.h"
#include "widgets/common/palette_model.h"
#include "widgets/common/tone_label.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/play/playground_panel.h"

#include <QAction>
#include <QClipboard>
#include <QDir>
#include <QDockWidget>
#include <QElapsedTimer>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QProcess>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabBar>
#include <QTemporaryDir>

#include <algorithm>
#include <cstdlib>
#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

constexpr int kPatienceMs = 60'000;

SeriesData twoPoints()
{
    SeriesData loss{"loss", 2, {}};
    for (const int64_t step : {1, 2}) {
        SeriesBucket bucket;
        bucket.firstStep = bucket.lastStep = step;
        bucket.minimum = bucket.maximum = bucket.mean = bucket.last = 3.0 / double(step);
        bucket.numPoints = 1;
        loss.buckets.push_back(bucket);
    }
    return loss;
}

} // namespace

class TestWindowShell : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    WindowSettings m_opened;
    std::unique_ptr<FakeSession> m_session;
    std::unique_ptr<MainWindow> m_window;

    void open()
    {
        m_opened = openWindowSettings(m_folder->path().toStdString());
        m_session = std::make_unique<FakeSession>();
        m_session->setRuns({fakeRun("alpha"), fakeRun("beta")});
        m_session->seriesData[u"alpha"_s] = {twoPoints()}; // curves, and the splitters between them
        m_window = std::make_unique<MainWindow>(*m_session, *m_opened.settings);
        for (const Error &error : m_opened.told) m_window->tell(error);
        m_window->setAnimated(false);
        m_window->resize(1280, 800);
        m_window->show();
        m_window->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get(), kPatienceMs));
    }
    void close()
    {
        m_window->close();
        m_window.reset();
        m_session.reset();
        m_opened = {};
    }
    [[nodiscard]] QString path(const QString &name) const { return m_folder->filePath(name); }
    [[nodiscard]] QAction *action(const char *id) const
    {
        QAction *found = m_window->actionRegistry().action(QLatin1String(id));
        if (!found) qFatal("no action %s", id);
        return found;
    }
    [[nodiscard]] QTabBar *tabs() const { return child<QTabBar>(m_window.get(), "layoutTabs"); }
    [[nodiscard]] QStringList tabTexts() const
    {
        QStringList texts;
        for (int i = 0; i < tabs()->count(); ++i) texts << tabs()->tabText(i);
        return texts;
    }
    [[nodiscard]] QDockWidget *dock(const char *name) const { return child<QDockWidget>(m_window.get(), name); }
    [[nodiscard]] Banner *told() const { return child<Banner>(m_window.get(), "toldBanner"); }
    [[nodiscard]] LayoutNameDialog *ask(const char *id) const
    {
        action(id)->trigger();
        return child<LayoutNameDialog>(m_window.get(), "layoutNameDialog");
    }
    void saveAs(const QString &name) const
    {
        LayoutNameDialog *dialog = ask("view.layout.save");
        typeText(dialog->line(), name);
        QTest::keyClick(dialog->line(), Qt::Key_Return);
        QTRY_VERIFY_WITH_TIMEOUT(!m_window->findChild<LayoutNameDialog *>(), kPatienceMs);
        m_window->activateWindow(); // keys go to the window again
        QVERIFY(QTest::qWaitForWindowActive(m_window.get(), kPatienceMs));
    }
    static void write(const QString &path, const QByteArray &content)
    {
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size()) qFatal("no disk");
    }
    /// Files of that beginning that were kept.
    [[nodiscard]] QStringList kept(const QString &beginning) const { return QDir(m_folder->path()).entryList({beginning + u".*"_s}, QDir::AllEntries); }
    /// A program that says what the script says.
    [[nodiscard]] std::filesystem::path program(const QByteArray &script) const
    {
        write(path(u"engine"_s), "#!/bin/sh\n" + script);
        QFile::setPermissions(path(u"engine"_s), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        return path(u"engine"_s).toStdString();
    }

private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
    void cleanup()
    {
        m_window.reset();
        m_session.reset();
        m_opened = {};
    }

    void wordsThatCannotBeKeptHoldTheWindowOpen()
    {
        QVERIFY(QDir(m_folder->path()).mkpath(u"prompts.db/in the way"_s)); // no archive can be there
        open();
        action("view.play")->trigger();
        QPlainTextEdit *composer = m_window->findChild<PlaygroundPanel *>()->promptEditor();
        composer->setFocus();
        QTest::keyClicks(composer, u"many words"_s);
        QVERIFY(!m_window->close());
        QVERIFY(m_window->isVisible());
        QVERIFY(told()->message().contains(u"could not be kept"_s));
        QCOMPARE(composer->toPlainText(), u"many words"_s);
        auto *lose = child<QPushButton>(told(), "bannerRetry");
        QCOMPARE(lose->text(), u"Close and lose it"_s);
        lose->click();
        QVERIFY(!m_window->isVisible());
    }

    /// Those that were left, not those that the panels ask for.
    void docksKeepTheirWidths()
    {
        const auto widths = [this] {
            QList<int> widths;
            for (const char *name : {"runListDock", "sessionsDock", "microscopeDock", "runDock"})
                if (dock(name)->isVisible()) widths << dock(name)->width();
            return widths;
        };
        for (const char *layout : {"view.train", "view.play"}) {
            open();
            action(layout)->trigger();
            const bool isPlay = m_window->windowLayout() == WindowLayout::Play;
            m_window->resizeDocks({dock("runListDock"), dock(isPlay ? "microscopeDock" : "runDock")}, {231, 317}, Qt::Horizontal);
            QTRY_COMPARE(dock("runListDock")->width(), 231);
            const QList<int> left = widths();
            QVERIFY(left.size() >= 2);
            close();
            open();
            QCOMPARE(m_window->windowLayout(), isPlay ? WindowLayout::Play : WindowLayout::Train);
            QTRY_COMPARE(widths(), left);
            close();
        }
    }

    void layoutsAreSavedSwitchedRenamedAndDeleted()
    {
        open();
        m_window->selectRun(u"alpha"_s);
        m_window->resizeDocks({dock("runListDock")}, {340}, Qt::Horizontal);
        dock("logDock")->show();
        dock("runDock")->setFloating(true);
        QTRY_VERIFY(dock("runDock")->isFloating());
        QTRY_VERIFY(std::ranges::any_of(m_window->curves().findChildren<QSplitter *>(), [](const auto *one) { return one->isVisible(); }));
        QSplitter *splitter = nullptr; // the upright one holds three, of which one is not in sight yet
        for (auto *one : m_window->curves().findChildren<QSplitter *>())
            if (one->isVisible() && one->orientation() == Qt::Horizontal) splitter = one;
        QVERIFY(splitter);
        splitter->setSizes({500, 300});
        const QList<int> sizes = splitter->sizes();
        const int width = dock("runListDock")->width();
        saveAs(u"  Two   monitors & more "_s);
        QCOMPARE(tabTexts(), (QStringList{u"Train"_s, u"Inspect"_s, u"Play"_s, u"Compare"_s, u"Two monitors && more"_s}));
        QCOMPARE(tabs()->currentIndex(), 4);
        QVERIFY(action("view.layout.rename")->text().contains(u"Two monitors && more"_s));

        // By key, and back; the built-in one is reset without touching it.
        QTest::keyClick(m_window.get(), Qt::Key_1, Qt::ControlModifier);
        QCOMPARE(m_window->savedLayout(), QString());
        QCOMPARE(tabs()->currentIndex(), 0);
        action("view.reset")->trigger();
        QTRY_VERIFY(!dock("runDock")->isFloating() && dock("logDock")->isHidden());
        QTRY_VERIFY(splitter->sizes() != sizes);
        QTest::keyClick(m_window.get(), Qt::Key_5, Qt::ControlModifier);
        QVERIFY(!m_window->savedLayout().isEmpty());
        QCOMPARE(m_window->windowLayout(), WindowLayout::Train);
        QTRY_VERIFY(dock("runDock")->isFloating() && dock("logDock")->isVisible());
        QTRY_VERIFY(std::abs(dock("runListDock")->width() - width) <= 4);
        const auto isAsSaved = [&] { // but for what rounding leaves
            const QList<int> now = splitter->sizes();
            bool isClose = now.size() == sizes.size();
            for (qsizetype i = 0; isClose && i < now.size(); ++i) isClose = std::abs(now[i] - sizes[i]) <= 8;
            return isClose;
        };
        QTRY_VERIFY(isAsSaved());

        // What is moved since stays, is saved, or is reset to what was saved.
        dock("logDock")->hide();
        m_window->showBuiltInLayout(WindowLayout::Play);
        m_window->showSavedLayout(m_window->savedLayouts().list().front().id);
        QVERIFY(dock("logDock")->isHidden());
        action("view.reset")->trigger();
        QTRY_VERIFY(dock("logDock")->isVisible());
        dock("logDock")->hide();
        action("view.layout.update")->trigger();
        QVERIFY(told()->message().contains(u"is saved as it stands now"_s));
        action("view.reset")->trigger();
        QTest::qWait(50);
        QVERIFY(dock("logDock")->isHidden());

        LayoutNameDialog *dialog = ask("view.layout.rename");
        QCOMPARE(dialog->line()->text(), u"Two monitors & more"_s);
        typeText(dialog->line(), u"Lab"_s);
        child<QPushButton>(dialog, "layoutNameSave")->click();
        QCOMPARE(tabs()->tabText(4), u"Lab"_s);
        QCOMPARE(tabs()->currentIndex(), 4);

        action("view.layout.delete")->trigger();
        QCOMPARE(tabs()->count(), 4);
        QCOMPARE(tabs()->currentIndex(), 0);
        QCOMPARE(m_window->windowLayout(), WindowLayout::Train);
        QVERIFY(told()->message().contains(u"Deleted the layout “Lab”"_s));
        QCOMPARE(action("view.layout.undo")->text(), u"Undo: delete “Lab”"_s);
        child<QPushButton>(told(), "bannerRetry")->click();
        QCOMPARE(tabs()->tabText(4), u"Lab"_s);
        QCOMPARE(tabs()->currentIndex(), 4);
        QTRY_VERIFY(dock("runDock")->isFloating());
    }
    void builtInLayoutsAreResetButNotDeleted()
    {
        open();
        for (const WindowLayout layout : {WindowLayout::Train, WindowLayout::Inspect, WindowLayout::Play, WindowLayout::Compare}) {
            m_window->showBuiltInLayout(layout);
            for (const char *id : {"view.layout.delete", "view.layout.rename", "view.layout.update"}) {
                QVERIFY(!action(id)->isEnabled());
                QVERIFY2(disabledReason(*action(id)).contains(u"is built in: it can be reset"_s), id);
            }
            dock("runListDock")->hide();
            action("view.reset")->trigger();
            QTRY_VERIFY(dock("runListDock")->isVisible());
        }
        QVERIFY(!action("view.layout.undo")->isEnabled());
    }
    void namesAreChecked_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("problem");
        QTest::newRow("empty") << u"   "_s << u"The name is empty. Type one, such as “Two monitors”."_s;
        QTest::newRow("long") << QString(41, u'x') << u"The name has 41 characters, expected 40 at most. Make it shorter."_s;
        QTest::newRow("twice") << u"LAB"_s << u"There is a layout “Lab” already. Choose another name."_s;
        QTest::newRow("built in") << u"inspect"_s << u"“Inspect” is a built-in layout. Choose another name."_s;
        QTest::newRow("good") << QString(40, u'x') << QString();
    }
    void namesAreChecked()
    {
        QFETCH(QString, name);
        QFETCH(QString, problem);
        open();
        QVERIFY(m_window->saveLayoutAs(u"Lab"_s).ok());
        LayoutNameDialog *dialog = ask("view.layout.save");
        auto *save = child<QPushButton>(dialog, "layoutNameSave");
        QVERIFY(!save->isEnabled() && dialog->problem().isEmpty()); // nobody has done anything wrong yet
        QTest::keyClicks(dialog->line(), name);
        QCOMPARE(dialog->problem(), problem);
        QCOMPARE(save->isEnabled(), problem.isEmpty());
        QCOMPARE(child<ToneLabel>(dialog, "layoutNameProblem")->isVisible(), !problem.isEmpty());
        QTest::keyClick(dialog->line(), Qt::Key_Return);
        QTRY_COMPARE(m_window->savedLayouts().list().size(), problem.isEmpty() ? size_t(2) : size_t(1));
        // Its own name is free, in other letters, too.
        if (!problem.isEmpty()) dialog->reject();
        QTRY_VERIFY_WITH_TIMEOUT(!m_window->findChild<LayoutNameDialog *>(), kPatienceMs);
        m_window->showSavedLayout(m_window->savedLayouts().list().front().id);
        LayoutNameDialog *rename = ask("view.layout.rename");
        typeText(rename->line(), u"lab"_s);
        QCOMPARE(rename->problem(), QString());
    }
    void thereAreAsManyAsCanBeFound()
    {
        open();
        for (size_t i = 0; i < SavedLayouts::kMaxLayouts; ++i) QVERIFY(m_window->saveLayoutAs(u"Layout %1"_s.arg(i)).ok());
        LayoutNameDialog *dialog = ask("view.layout.save");
        typeText(dialog->line(), u"one more"_s);
        child<QPushButton>(dialog, "layoutNameSave")->click();
        QVERIFY2(dialog->problem().contains(u"there are 32, expected 32 at most"_s), qPrintable(dialog->problem()));
        QVERIFY(dialog->isVisible());
        dialog->reject();
        m_window->resize(1280, 800); // the tabs do not make the window wider
        QTest::qWait(50);
        QVERIFY(m_window->width() <= 1280);
    }
    void savedLayoutsAreInPaletteMenuAndNextWindow()
    {
        open();
        m_window->showBuiltInLayout(WindowLayout::Play);
        dock("logDock")->show();
        saveAs(u"Night watch"_s);
        close();
        open();
        QCOMPARE(tabs()->currentIndex(), 4);
        QCOMPARE(m_window->windowLayout(), WindowLayout::Play);
        QVERIFY(child<QStackedWidget>(m_window.get(), "pages")->currentWidget() == &m_window->playground());
        QVERIFY(dock("logDock")->isVisible());
        auto *menu = child<QMenu>(m_window.get(), "layoutMenu");
        QStringList texts;
        for (const QAction *one : menu->actions()) texts << one->text();
        QVERIFY2(texts.contains(u"Night watch"_s), qPrintable(texts.join(u'|')));
        m_window->showBuiltInLayout(WindowLayout::Train);
        m_window->palette().open(u"nightwatch"_s);
        auto *line = m_window->palette().findChild<QLineEdit *>();
        QTest::keyClick(line, Qt::Key_Return);
        QTRY_COMPARE(tabs()->currentIndex(), 4);
        // Whoever leads to its page stays in it; by its own key the built-in one comes.
        m_window->showLayout(WindowLayout::Play);
        QCOMPARE(tabs()->currentIndex(), 4);
        QTest::keyClick(m_window.get(), Qt::Key_3, Qt::ControlModifier);
        QCOMPARE(tabs()->currentIndex(), 2);
        // Undo of a delete is there after a restart, too.
        m_window->showSavedLayout(m_window->savedLayouts().list().front().id);
        action("view.layout.delete")->trigger();
        close();
        open();
        QCOMPARE(tabs()->count(), 4);
        action("view.layout.undo")->trigger();
        QCOMPARE(tabs()->tabText(4), u"Night watch"_s);
    }
    void layoutsThatCannotBeReadAreKeptAside_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("word");
        QTest::addColumn<QString>("reason");
        QTest::newRow("cut") << QByteArray("{\"format\":1,\"layouts\":[{\"id\":\"a\",\"na") << u"damaged"_s << u"are damaged ("_s;
        QTest::newRow("list") << QByteArray("[1,2]") << u"damaged"_s << u"expected a JSON object"_s;
        QTest::newRow("future") << QByteArray(R"({"format":7,"layouts":{}})") << u"newer"_s << u"written by a newer version (format 7, this one reads up to 1)"_s;
        QTest::newRow("large") << QByteArray(5 << 20, ' ') << u"too-large"_s << u"cannot be read"_s;
    }
    void layoutsThatCannotBeReadAreKeptAside()
    {
        QFETCH(QByteArray, content);
        QFETCH(QString, word);
        QFETCH(QString, reason);
        write(path(u"layouts.json"_s), content);
        open();
        QCOMPARE(tabs()->count(), 4);
        QVERIFY2(told()->isVisible() && told()->message().contains(reason), qPrintable(told()->message()));
        const QStringList aside = kept(u"layouts.json"_s);
        QCOMPARE(aside.size(), 1);
        QVERIFY2(aside.front().contains(word) && told()->message().contains(aside.front()), qPrintable(told()->message()));
        QFile file(path(aside.front()));
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(file.readAll(), content);
        QVERIFY(m_window->saveLayoutAs(u"New"_s).ok());
        // What is in it and cannot be meant is left out.
        close();
        write(path(u"layouts.json"_s), R"({"format":1,"layouts":[{"id":"a","name":"Good","base":"play","docks":"!!"},{"id":"a","name":"Twice"},{"id":"","name":"x"},7]})");
        open();
        QCOMPARE(tabTexts().mid(4), QStringList(u"Good"_s));
        m_window->showSavedLayout(u"a"_s);
        QCOMPARE(m_window->windowLayout(), WindowLayout::Play);
        QVERIFY(dock("sessionsDock")->isVisible()); // as Play stands at first
    }

    void settingsThatCannotBeUsedAreKeptAside_data()
    {
        QTest::addColumn<QString>("word");
        QTest::addColumn<QString>("reason");
        QTest::newRow("future") << u"newer"_s << u"were written by a newer version (format 9, this one reads up to 1)"_s;
        QTest::newRow("large") << u"too-large"_s << u"have 1 GiB, expected 8 MiB at most"_s;
        QTest::newRow("folder") << u"no-file"_s << u"are no file"_s;
        QTest::newRow("damaged") << u"damaged"_s << u"are damaged"_s;
    }
    void settingsThatCannotBeUsedAreKeptAside()
    {
        QFETCH(QString, word);
        QFETCH(QString, reason);
        const QString ini = path(u"workbench.ini"_s);
        if (word == u"newer") write(ini, "[General]\nformat=9\n[window]\nlayout=play\n");
        if (word == u"no-file") QDir().mkpath(ini + u"/x"_s);
        if (word == u"damaged") write(ini, "[General]\nformat=1\n\x01\x02 no line\n[window]\nlayout=play\nrun=\0x\n"_ba);
        if (word == u"too-large") {
            write(ini, "[window]\nlayout=play\n");
            QVERIFY(QFile::resize(ini, qint64(1) << 30));
        }
        QElapsedTimer clock;
        clock.start();
        open();
        QVERIFY2(clock.elapsed() < 20'000, qPrintable(QString::number(clock.elapsed())));
        QVERIFY2(told()->isVisible() && told()->message().contains(reason), qPrintable(told()->message()));
        const QStringList aside = kept(u"workbench.ini"_s);
        QVERIFY2(aside.size() == 1 && aside.front().contains(word) && told()->message().contains(aside.front()), qPrintable(aside.join(u' ')));
        if (word == u"too-large") QCOMPARE(QFileInfo(path(aside.front())).size(), qint64(1) << 30);
        // Of a damaged one all lines that can be read hold.
        QCOMPARE(m_window->windowLayout(), word == u"damaged" ? WindowLayout::Play : WindowLayout::Train);
        // The window keeps its place again.
        m_window->showBuiltInLayout(WindowLayout::Compare);
        close();
        open();
        QVERIFY(!told()->isVisible());
        QCOMPARE(m_window->windowLayout(), WindowLayout::Compare);
    }
    void aFolderThatCannotBeWrittenIsTold()
    {
        if (::geteuid() == 0) QSKIP("root writes everywhere");
        QFile::setPermissions(m_folder->path(), QFile::ReadOwner | QFile::ExeOwner);
        open();
        QTRY_VERIFY_WITH_TIMEOUT(told()->message().contains(u"the file cannot be written"_s), kPatienceMs);
        QFile::setPermissions(m_folder->path(), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    }
    void twoWindowsDoNotMix()
    {
        open();
        m_window->selectRun(u"beta"_s);
        QVERIFY(m_window->saveLayoutAs(u"Shared"_s).ok());
        m_window->journal().saveNow();
        // The second one, as another process has it.
        const WindowSettings second = openWindowSettings(m_folder->path().toStdString());
        QCOMPARE(second.number, 2);
        QVERIFY(second.settings->fileName().endsWith(u"workbench-2.ini"_s));
        QCOMPARE(second.told.size(), size_t(1));
        FakeSession session;
        session.setRuns({fakeRun("alpha"), fakeRun("beta")});
        auto other = std::make_unique<MainWindow>(session, *second.settings);
        other->tell(second.told.front());
        other->show();
        QVERIFY2(child<Banner>(other.get(), "toldBanner")->message().contains(u"this is window 2"_s), "the second window says so");
        QCOMPARE(child<Banner>(other.get(), "toldBanner")->kind(), BannerKind::Info);
        QCOMPARE(child<QTabBar>(other.get(), "layoutTabs")->count(), 5); // layouts are shared
        other->selectRun(u"alpha"_s);
        other->showBuiltInLayout(WindowLayout::Compare);
        other->journal().saveNow();
        m_window->journal().saveNow();
        QCOMPARE(m_opened.settings->value(u"window/run"_s).toString(), u"beta"_s);
        QCOMPARE(second.settings->value(u"window/run"_s).toString(), u"alpha"_s);
        // A layout that is saved here is there when the menu is opened; one that is deleted is gone.
        QVERIFY(other->saveLayoutAs(u"Second"_s).ok());
        Q_EMIT child<QMenu>(m_window.get(), "layoutMenu")->aboutToShow();
        QCOMPARE(tabTexts().mid(4), (QStringList{u"Shared"_s, u"Second"_s}));
        m_window->showSavedLayout(m_window->savedLayouts().list().front().id);
        action("view.layout.delete")->trigger();
        Q_EMIT child<QMenu>(other.get(), "layoutMenu")->aboutToShow();
        QCOMPARE(child<QTabBar>(other.get(), "layoutTabs")->tabText(4), u"Second"_s);
        // Both are found again; the number is free when its window is gone.
        other.reset();
        close();
        const WindowSettings first = openWindowSettings(m_folder->path().toStdString());
        QCOMPARE(first.number, 1);
        QCOMPARE(first.settings->value(u"window/run"_s).toString(), u"beta"_s);
    }

    void thisComputerIsChecked()
    {
        FakeSession session;
        DoctorDialog dialog(session, program("echo '{\"check\":\"worker\",\"state\":\"bad\",\"text\":\"none\",\"hint\":\"Install it.\",\"of\":2}'\n"
                                             "echo '{\"check\":\"cuda\",\"state\":\"note\",\"text\":\"no <b>device</b>\",\"hint\":\"\",\"of\":2}'\nexit 1\n"),
                            {}, nullptr);
        dialog.setAttribute(Qt::WA_DeleteOnClose, false);
        dialog.show();
        QVERIFY(!child<QPushButton>(&dialog, "doctorAgain")->isEnabled());
        QTRY_VERIFY_WITH_TIMEOUT(!dialog.checks()->isRunning(), kPatienceMs);
        QCOMPARE(dialog.verdict(), u"One thing is missing; what to do stands under it."_s);
        QCOMPARE(dialog.findChildren<QWidget *>(u"doctorRow"_s).size(), 2);
        QCOMPARE(dialog.text(), u"Missing: Worker and LibTorch: none\n    Install it.\nNote: CUDA: no <b>device</b>\n"_s);
        child<QPushButton>(&dialog, "doctorCopy")->click();
        QCOMPARE(QGuiApplication::clipboard()->text(), dialog.text());
        child<QPushButton>(&dialog, "doctorAgain")->click();
        QTRY_VERIFY_WITH_TIMEOUT(!dialog.checks()->isRunning(), kPatienceMs);
        QTRY_COMPARE(dialog.findChildren<QWidget *>(u"doctorRow"_s).size(), 2);
        QVERIFY(!dialog.findChild<QWidget *>(u"doctorHost"_s));
    }
    void checksAreCancelledAtOnce()
    {
        FakeSession session;
        DoctorDialog dialog(session, program("echo '{\"check\":\"memory\",\"state\":\"good\",\"text\":\"7 GiB\",\"hint\":\"\",\"of\":9}'\nexec sleep 600\n"),
                            u"lab"_s, nullptr);
        dialog.setAttribute(Qt::WA_DeleteOnClose, false);
        dialog.show();
        QTRY_COMPARE_WITH_TIMEOUT(dialog.findChildren<QWidget *>(u"doctorRow"_s).size(), 1, kPatienceMs);
        QPushButton *cancel = nullptr;
        QTRY_VERIFY_WITH_TIMEOUT([&] {
            for (QPushButton *button : dialog.findChildren<QPushButton *>())
                if (button->isVisible() && button->text() == u"Cancel") cancel = button;
            return cancel != nullptr;
        }(), kPatienceMs);
        QElapsedTimer clock;
        clock.start();
        cancel->click();
        QVERIFY(clock.elapsed() < 1'000);
        QVERIFY(!dialog.checks()->isRunning());
        QCOMPARE(dialog.verdict(), u"Cancelled: not everything was checked."_s);
        // Of another computer: what its engine tells, and what has to be done there.
        const QString host = child<ToneLabel>(&dialog, "doctorHost")->text();
        QVERIFY2(host.contains(u"Engine 0.1.0, connected"_s) && host.contains(u"Run on it: orrery-engine doctor"_s), qPrintable(host));
        session.setConnection(ConnectionState::Lost, u"The host does not answer."_s);
        QVERIFY(child<ToneLabel>(&dialog, "doctorHost")->text().contains(u"Not connected. The host does not answer."_s));
    }
    void checksThatFailSayWhy_data()
    {
        QTest::addColumn<QByteArray>("script");
        QTest::addColumn<QString>("reason");
        QTest::newRow("none") << QByteArray() << u"does not start"_s;
        QTest::newRow("crash") << QByteArray("kill -SEGV $$\n") << u"orrery-engine crashed behind 0 of 0"_s;
        QTest::newRow("words") << QByteArray("echo hello; exec sleep 60\n") << u"found “hello”, expected one check a line"_s;
        QTest::newRow("short") << QByteArray("echo '{\"check\":\"a\",\"state\":\"good\",\"of\":3}'; echo no disk >&2; exit 4\n")
                               << u"(exit status 4, 1 of 3). no disk"_s;
        QTest::newRow("endless") << QByteArray("head -c 200000 /dev/zero | tr '\\0' x; exec sleep 60\n") << u"a line has more than 65536 bytes"_s;
    }
    void checksThatFailSayWhy()
    {
        QFETCH(QByteArray, script);
        QFETCH(QString, reason);
        FakeSession session;
        DoctorDialog dialog(session, script.isEmpty() ? std::filesystem::path("/nonexistent/engine") : program(script), {}, nullptr);
        dialog.setAttribute(Qt::WA_DeleteOnClose, false);
        dialog.show();
        auto *banner = dialog.findChild<Banner *>();
        QTRY_VERIFY2_WITH_TIMEOUT(banner->message().contains(reason), qPrintable(banner->message()), kPatienceMs);
        QVERIFY(!dialog.checks()->isRunning());
        QCOMPARE(dialog.verdict(), u"Not everything could be checked."_s);
        QVERIFY(child<QPushButton>(&dialog, "doctorAgain")->isEnabled());
    }
#ifdef ORRERY_HAS_ENGINE
    /// Window and terminal say the same.
    void theChecksAreThoseOfTheCommand()
    {
        const QString engine = QStringLiteral(ORRERY_BIN_DIR "/orrery-engine");
        FakeSession session;
        DoctorDialog dialog(session, engine.toStdString(), {}, nullptr);
        dialog.setAttribute(Qt::WA_DeleteOnClose, false);
        dialog.show();
        QTRY_VERIFY_WITH_TIMEOUT(!dialog.checks()->isRunning(), kPatienceMs);
        QProcess command;
        command.start(engine, {u"doctor"_s, u"--json"_s});
        QVERIFY(command.waitForFinished(kPatienceMs));
        const QJsonArray checks = QJsonDocument::fromJson(command.readAllStandardOutput()).object().value("checks"_L1).toArray();
        QVERIFY(checks.size() >= 9);
        QCOMPARE(dialog.findChildren<QWidget *>(u"doctorRow"_s).size(), checks.size());
        for (const QJsonValue &check : checks)
            if (check["check"_L1].toString() != u"runs folder") // free bytes change
                QVERIFY2(dialog.text().contains(check["text"_L1].toString()), qPrintable(check["text"_L1].toString()));
    }
#endif
};

ORRERY_GUI_TEST_MAIN(TestWindowShell)
#include "tst_window_shell.moc"
