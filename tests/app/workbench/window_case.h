// SPDX-License-Identifier: GPL-3.0-or-later
// The real window with the memory plugin in it, without runs, with finished ones or with one that goes on meanwhile; and
// the way to each of its places and dialogs. GUI thread only.
#pragma once

#include "app/workbench/connections_dialog.h"
#include "app/workbench/doctor_dialog.h"
#include "app/workbench/main_window.h"
#include "app/workbench/ui_plugins.h"
#include "plugins/memory/ui/memory_panel.h"
#include "tests/app/workbench/window_samples.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/attention/attention_pair.h"
#include "widgets/common/command_palette.h"
#include "widgets/common/help_popover.h"
#include "widgets/common/panel_tools.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/compare/compare_panel.h"
#include "widgets/compare/transfer_bar.h"
#include "widgets/compare/values_page.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/play/playground_panel.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/side_by_side.h"

#include <QAbstractItemView>
#include <QDialog>
#include <QDockWidget>
#include <QFile>
#include <QFileDialog>
#include <QPlainTextEdit>
#include <QPointer>
#include <QPushButton>
#include <QSet>
#include <QSettings>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QToolButton>

namespace orrery::ui {

using namespace Qt::StringLiterals;

inline const QSize kWindowSize(1280, 800);

class WindowCase {
public:
    /// @param data "empty", "sample" or "live"
    explicit WindowCase(const QString &data) : m_data(data) {}
    void open();
    /// The training and the answer, while somebody looks.
    void goOn();
    void goTo(const QString &place);
    [[nodiscard]] static QStringList places();
    /// What opens before the window. @return null: there is none of it without runs
    QWidget *openDialog(const QString &name);
    [[nodiscard]] static QStringList dialogs();
    /// Goes through all pages and choices of what is in sight, those that come with another one, too.
    template <typename Look> void explore(QWidget &root, Look look);
    void settle(int milliseconds = 60);

    [[nodiscard]] const QString &data() const { return m_data; }
    [[nodiscard]] MainWindow &window() { return *m_window; }
    [[nodiscard]] MemorySession &session() { return *m_session; }

private:
    void fill();
    void play();
    [[nodiscard]] QDialog *dialogOfWindow();
    QWidget *openDoctor();
    QWidget *openTransferNotes();
    QWidget *openColumnSettings();
    void openFileDialog(const QString &name);
    template <typename Look> void visit(QWidget &root, QSet<const QObject *> &seen, const QString &way, Look &look);

    QString m_data;
    QTemporaryDir m_folder;
    std::unique_ptr<QSettings> m_settings = std::make_unique<QSettings>(m_folder.filePath(u"settings.ini"_s), QSettings::IniFormat);
    std::unique_ptr<MemorySession> m_session = std::make_unique<MemorySession>();
    std::unique_ptr<MainWindow> m_window;
    std::unique_ptr<UiPlugins> m_plugins;
};

inline void WindowCase::open()
{
    QCoreApplication::setAttribute(Qt::AA_DontUseNativeDialogs); // those of the desktop are walked by its own people
    m_window = std::make_unique<MainWindow>(*m_session, *m_settings);
    m_window->resize(kWindowSize);
    m_window->setAnimated(false); // docks slide: nothing is in its place meanwhile
    m_plugins = std::make_unique<UiPlugins>(*m_window, *m_session, *m_settings);
    m_plugins->load(PluginCatalogue::scan({{ORRERY_PLUGIN_DIR, DirectoryNeed::Named}}));
    QCOMPARE(m_plugins->problems().at("memory"), QString());
    m_window->show();
    m_window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
    fill();
}

inline void WindowCase::fill()
{
    if (m_data == u"empty") return;
    m_session->plugins.plugins = PluginCatalogue::scan({{ORRERY_PLUGIN_DIR, DirectoryNeed::Named}}).infos();
    fillWindow(*m_session, m_data == u"live" ? RunState::Running : RunState::Finished);
    m_window->curves().showSeries(u"head/0.0/entropy"_s);
    play();
    // A text that somebody looks at, with an answer.
    auto text = std::make_shared<GenerateRequest>();
    text->prompt = "The quick brown fox";
    text->answerIds = {300, 301};
    m_window->selection().set({u"alpha@8000"_s, u"Answer 1"_s, text, 3, HeadRef{0, 1}}, nullptr);
}

/// Something was said; of a live one more comes.
inline void WindowCase::play()
{
    m_window->showLayout(WindowLayout::Play);
    PlaygroundPanel &panel = m_window->playground();
    panel.setModel(u"alpha@8000"_s);
    panel.promptEditor()->setPlainText(u"Hello"_s);
    panel.generate();
    QCOMPARE(m_session->generations.size(), size_t(1));
    FakeGeneration &generation = *m_session->generations.back().handle;
    Q_EMIT generation.tokens(saidTokens("abcd"));
    if (m_data == u"live") return;
    GenerateSummary summary;
    summary.reason = FinishReason::MaxTokens;
    summary.promptTokens = 12;
    summary.generatedTokens = 4;
    Q_EMIT generation.finished(summary);
}

inline void WindowCase::goOn()
{
    if (m_data != u"live") return;
    trainOn(*m_session);
    if (FakeGeneration *generation = m_session->generations.back().handle) Q_EMIT generation->tokens(saidTokens("e"));
    QTest::qWait(20);
}

inline QStringList WindowCase::places()
{
    return {u"train"_s,       u"inspect"_s,  u"head"_s, u"beside"_s,      u"play"_s,   u"new run"_s, u"plugins"_s,
            u"all settings"_s, u"more sampling"_s,
            u"breakpoints"_s, u"settings"_s, u"log"_s,  u"plugin data"_s, u"memory"_s, u"note"_s,    u"compare"_s,
            u"several runs"_s, u"several compared"_s, u"paused run"_s, u"failed run"_s};
}

inline void WindowCase::goTo(const QString &place)
{
    goOn();
    const auto dock = [this](const char *name) { return child<QDockWidget>(m_window.get(), name); };
    if (place == u"train") m_window->showLayout(WindowLayout::Train);
    if (place == u"inspect" || place == u"head" || place == u"beside") m_window->showLayout(WindowLayout::Inspect);
    if (place == u"head") {
        AttentionPlace head;
        head.level = StageLevel::Head;
        head.head = {1, 0};
        m_window->attention().primary()->goTo(head);
    }
    if (place == u"beside") m_window->attention().openBeside({}, 4'000);
    else if (m_window->attention().isOpen()) m_window->attention().closeBeside();
    if (place == u"play") m_window->showLayout(WindowLayout::Play);
    if (place == u"compare") m_window->showLayout(WindowLayout::Compare);
    if (place == u"new run") m_window->showNewRun();
    if (place == u"plugins") m_window->showPlugins();
    if (place == u"all settings") { // unfolded, with what the form says of something that replaced it
        m_window->showNewRun();
        m_window->newRunPanel().takeValues({{u"train.steps"_s, u"9"_s}}, u"alpha"_s);
        m_window->newRunPanel().takeValues({{u"train.steps"_s, u"8"_s}}, u"alpha"_s);
        for (QToolButton *more : m_window->newRunPanel().findChildren<QToolButton *>())
            if (more->objectName().startsWith("more_"_L1) && more->isVisible()) more->click();
    }
    if (place == u"more sampling") {
        m_window->showLayout(WindowLayout::Play);
        m_window->playground().sampling()->setShowsMore(true);
    }
    if (place == u"breakpoints") m_window->actionRegistry().action(u"run.breakpoints"_s)->trigger();
    if (place == u"settings") m_window->actionRegistry().action(u"run.liveSettings"_s)->trigger();
    if (place == u"log" || place == u"plugin data" || place == u"note") {
        m_window->showLayout(WindowLayout::Train);
        dock("logDock")->setVisible(place == u"log");
        dock("pluginValuesDock")->setVisible(place == u"plugin data");
    }
    if (place == u"note") m_window->curves().addNote();
    if (place == u"memory") {
        m_window->showLayout(WindowLayout::Inspect);
        m_window->openLink(u"orrery:memory"_s);
    }
    const bool isOfSeveral = place.startsWith("several"_L1) || place.endsWith(" run"_L1);
    if (isOfSeveral && place != u"new run" && m_data != u"empty") {
        if (m_session->runList.size() == 1) addMoreRuns(*m_session);
        m_window->selectRun(place == u"paused run" ? u"beta"_s : place == u"failed run" ? u"gamma"_s : u"alpha"_s);
        m_window->showLayout(place == u"several compared" ? WindowLayout::Compare : WindowLayout::Train);
        m_window->openLink(place == u"several compared" ? u"orrery:compare?runs=alpha&runs=beta&runs=gamma"_s
                           : place == u"several runs"   ? u"orrery:curves?run=alpha&overlay=beta&overlay=gamma"_s
                                                        : u"orrery:run"_s);
    }
    settle();
}

inline void WindowCase::settle(int milliseconds)
{
    QTRY_VERIFY(!m_session->isAnswering());
    QTest::qWait(milliseconds);
    QTRY_VERIFY(!m_session->isAnswering());
}

inline QStringList WindowCase::dialogs()
{
    return {u"palette"_s, u"help"_s,   u"hosts"_s,  u"tags and notes"_s, u"branch"_s,
            u"columns"_s, u"about"_s,  u"save memory"_s, u"load memory"_s,    u"forget a source"_s,
            u"doctor"_s,  u"layout name"_s, u"transfer notes"_s, u"column settings"_s, u"form difference"_s,
            u"open a folder"_s, u"save a figure"_s, u"attach files"_s,
            u"trash"_s};
}

/// A program that finds one thing of each kind, in place of the engine's own.
inline QWidget *WindowCase::openDoctor()
{
    QFile program(m_folder.filePath(u"doctor"_s));
    if (program.open(QFile::WriteOnly)) {
        program.write("#!/bin/sh\n"
                      "echo '{\"check\":\"processor\",\"state\":\"good\",\"text\":\"Cannot be better: 2 threads\",\"of\":3}'\n"
                      "echo '{\"check\":\"cuda\",\"state\":\"note\",\"text\":\"Cannot be used: none\",\"hint\":\"Cannot be bought here.\",\"of\":3}'\n"
                      "echo '{\"check\":\"worker\",\"state\":\"bad\",\"text\":\"Cannot start\",\"hint\":\"Cannot be mended.\",\"of\":3}'\n");
        program.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        program.close();
    }
    auto *doctor = new DoctorDialog(*m_session, program.fileName().toStdString(), u"lab"_s, m_window.get());
    doctor->open();
    QTest::qWaitFor([doctor] { return child<QPushButton>(doctor, "doctorAgain")->isEnabled(); }, 10'000);
    return doctor;
}

/// The engine of the tests exports nothing, and says so of each run.
inline QWidget *WindowCase::openTransferNotes()
{
    m_window->transfers().exportRuns(QStringList(6, u"alpha"_s), m_folder.path());
    auto *notes = child<QPushButton>(m_window.get(), "transferNotes");
    QTest::qWaitFor([notes] { return !notes->isHidden(); }, 5'000);
    notes->click();
    return m_window->findChild<QDialog *>(u"transferNotesDialog"_s);
}

inline QWidget *WindowCase::openColumnSettings()
{
    goTo(u"play"_s);
    m_window->playground().setMode(PlayMode::Compare);
    settle();
    SideColumn *column = m_window->playground().comparison()->parts().front();
    column->ownSettings()->setShowsMore(true);
    child<QToolButton>(column, "columnSettings")->click();
    return column->findChild<QWidget *>(u"columnSettingsPopup"_s);
}

inline void WindowCase::openFileDialog(const QString &name)
{
    if (name == u"open a folder") m_window->actionRegistry().action(u"file.open"_s)->trigger();
    if (name == u"attach files") {
        goTo(u"play"_s);
        m_window->playground().setMode(PlayMode::Continue);
        child<QAction>(&m_window->playground(), "playAttach")->trigger();
    }
    if (name == u"save a figure") {
        goTo(u"train"_s);
        child<QAction>(&m_window->curves(), "panelSaveFigure")->trigger();
    }
}

inline QDialog *WindowCase::dialogOfWindow()
{
    for (QDialog *dialog : m_window->findChildren<QDialog *>())
        if (dialog->isVisible()) return dialog;
    return nullptr;
}

inline QWidget *WindowCase::openDialog(const QString &name)
{
    QWidget *opened = nullptr;
    const auto trigger = [this](const char *action) { child<QAction>(m_window.get(), action)->trigger(); };
    if (name == u"palette") {
        m_window->palette().open();
        opened = &m_window->palette();
    }
    if (name == u"help") {
        goTo(u"train"_s);
        for (const PanelFrame *frame : m_window->findChildren<PanelFrame *>())
            if (frame->view().panel == u"curves") PanelTools::of(*frame)->showHelp();
        opened = m_window->findChild<HelpPopover *>();
    }
    if (name == u"hosts") {
        auto *hosts = new ConnectionsDialog(ConnectionBook(m_folder.filePath(u"hosts.json"_s).toStdString()), {}, m_window.get());
        hosts->setAttribute(Qt::WA_DeleteOnClose);
        hosts->open();
        hosts->beginNew();
        opened = hosts;
    }
    if (name == u"doctor") opened = openDoctor();
    if (name == u"layout name") m_window->actionRegistry().action(u"view.layout.save"_s)->trigger();
    if (m_data != u"empty" && name == u"transfer notes") opened = openTransferNotes();
    if (m_data != u"empty" && name == u"column settings") opened = openColumnSettings();
    if (m_data != u"empty" && name == u"form difference") m_window->showFormDifference(u"alpha"_s);
    if (m_data != u"empty" || name == u"open a folder") openFileDialog(name);
    if (name == u"trash") trigger("openTrash"); // the engine of the tests has none, and says so
    if (name == u"about") m_window->actionRegistry().action(u"help.about"_s)->trigger();
    if (name == u"columns") {
        goTo(u"compare"_s);
        m_window->compare().values()->chooseColumns();
    }
    if (m_data != u"empty" && name == u"branch") m_window->branchFrom(u"alpha"_s, 4'000);
    if (m_data != u"empty" && name == u"tags and notes") {
        goTo(u"train"_s);
        trigger("editRunLabels");
    }
    if (m_data != u"empty" && name.endsWith("memory"_L1)) {
        goTo(u"memory"_s);
        trigger(name.startsWith("save"_L1) ? "saveMemory" : "loadMemory");
    }
    if (m_data != u"empty" && name == u"forget a source") {
        goTo(u"memory"_s);
        auto *events = child<QAbstractItemView>(m_window.get(), "memoryTable");
        events->setCurrentIndex(events->model()->index(0, 0));
        trigger("forgetAction");
    }
    settle();
    if (!opened) opened = dialogOfWindow();
    // On the small screen of the tests Qt gives dialogs two thirds of it.
    if (opened && opened->isWindow()) opened->resize(opened->size().expandedTo(opened->sizeHint()));
    settle();
    return opened;
}

template <typename Look> void WindowCase::explore(QWidget &root, Look look)
{
    QSet<const QObject *> seen;
    look(QString());
    visit(root, seen, {}, look);
}

/// What is clicked makes rows and paths anew: some of these are gone when their turn comes.
template <typename Child> QList<QPointer<Child>> guarded(const QWidget &root)
{
    QList<QPointer<Child>> all;
    for (Child *child : root.findChildren<Child *>()) all << child;
    return all;
}

template <typename Look> void WindowCase::visit(QWidget &root, QSet<const QObject *> &seen, const QString &way, Look &look)
{
    const auto go = [&](const QString &step, auto choose) {
        choose();
        settle(20);
        const QString now = way + u" ▸ "_s + step;
        look(now);
        visit(root, seen, now, look);
    };
    for (const QPointer<QTabWidget> &tabs : guarded<QTabWidget>(root)) {
        if (!tabs || !tabs->isVisible() || seen.contains(tabs.data())) continue;
        seen.insert(tabs.data());
        const int before = tabs->currentIndex();
        for (int i = 0; i < tabs->count(); ++i)
            if (i != before) go(tabs->tabText(i), [&] { tabs->setCurrentIndex(i); });
        tabs->setCurrentIndex(before);
    }
    for (const QPointer<SegmentedChoice> &choice : guarded<SegmentedChoice>(root)) {
        if (!choice || !choice->isVisible() || seen.contains(choice.data())) continue;
        seen.insert(choice.data());
        const QString before = choice->current();
        for (QAbstractButton *button : choice->findChildren<QAbstractButton *>())
            if (button->isVisible() && button->isEnabled() && !button->isChecked())
                go(button->text(), [&] { button->click(); });
        if (QAbstractButton *first = choice->button(before)) first->click();
        settle(20);
    }
    for (const QPointer<QToolButton> &button : guarded<QToolButton>(root)) {
        if (!button || !button->isVisible() || !button->isEnabled() || !button->isCheckable() || seen.contains(button.data())) continue;
        seen.insert(button.data());
        if (button->defaultAction() || button->isChecked()) continue; // that of a place
        go(button->accessibleName(), [&] { button->click(); });
        if (button && button->isVisible()) button->click();
        settle(20);
    }
}

} // namespace orrery::ui
