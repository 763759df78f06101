// SPDX-License-Identifier: GPL-3.0-or-later
// Layouts by name: the four built-in ones and those that somebody saved, as tabs, in the menu, in the palette and by key.
#include "app/workbench/main_window.h"

#include "app/workbench/layout_name_dialog.h"
#include "widgets/common/number_text.h"
#include "widgets/common/palette_model.h"

#include <QActionGroup>
#include <QDockWidget>
#include <QMenuBar>
#include <QSettings>
#include <QSignalBlocker>
#include <QTabBar>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kNumBuiltIn = 4;
constexpr int kMaxTabLetters = 20;
constexpr int kSavedTabsWidth = 320; ///< pixels

/// A name that stands in a menu or a tab as it is.
QString plain(QString name) { return name.replace(u'&', u"&&"_s); }
QString shortened(const QString &name) { return name.size() > kMaxTabLetters ? name.left(kMaxTabLetters - 1) + u'…' : name; }

} // namespace

QStringList MainWindow::builtInNames() { return {tr("Train"), tr("Inspect"), tr("Play"), tr("Compare")}; }

void MainWindow::makeLayoutActions()
{
    m_savedActions = new QActionGroup(this);
    const auto make = [this](const QString &id, const QString &text, Qt::Key key, WindowLayout layout) {
        QAction *action = m_registry.make({id, ActionCategory::View, text, QKeySequence(Qt::CTRL | key), {}, true}, this);
        m_savedActions->addAction(action);
        connect(action, &QAction::triggered, this, [this, layout] { showBuiltInLayout(layout); });
        return action;
    };
    m_trainAction = make(u"view.train"_s, tr("Train"), Qt::Key_1, WindowLayout::Train);
    m_inspectAction = make(u"view.inspect"_s, tr("Inspect"), Qt::Key_2, WindowLayout::Inspect);
    m_playAction = make(u"view.play"_s, tr("Play"), Qt::Key_3, WindowLayout::Play);
    m_compareAction = make(u"view.compare"_s, tr("Compare"), Qt::Key_4, WindowLayout::Compare);
    m_trainAction->setChecked(true);
    for (QDockWidget *dock : {m_runListDock, m_runDock, m_logDock, m_microscopeDock, m_pluginValuesDock, m_sessionsDock})
        if (const auto added = m_registry.add(
                {u"view.dock."_s + dock->objectName(), ActionCategory::View, dock->toggleViewAction(), {}});
            !added)
            qFatal("%s", added.error().message.c_str());
    const auto act = [this](const QString &id, const QString &text, const QKeySequence &key, auto handler) {
        QAction *action = m_registry.make({id, ActionCategory::View, text, key}, this);
        connect(action, &QAction::triggered, this, handler);
        return action;
    };
    act(u"view.layout.save"_s, tr("Save this layout as…"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_S), [this] { askForLayoutName(); });
    m_updateLayoutAction = act(u"view.layout.update"_s, tr("Save changes to this layout"), {}, [this] { updateSavedLayout(); });
    m_renameLayoutAction = act(u"view.layout.rename"_s, tr("Rename this layout…"), {}, [this] { askToRenameLayout(); });
    m_deleteLayoutAction = act(u"view.layout.delete"_s, tr("Delete this layout"), {}, [this] { deleteLayout(); });
    m_undoLayoutAction = act(u"view.layout.undo"_s, tr("Undo: delete a layout"), {}, [this] { bringLayoutBack(); });
    m_resetLayoutAction = act(u"view.reset"_s, tr("Reset this layout"), {}, [this] { resetLayout(); });
}

void MainWindow::makeLayoutMenu()
{
    m_layoutMenu = menuBar()->addMenu(tr("&Layout"));
    m_layoutMenu->setObjectName(u"layoutMenu"_s);
    // Another window may have saved one.
    connect(m_layoutMenu, &QMenu::aboutToShow, this, [this] {
        if (const Result<void> read = m_layouts.read(); !read) tell(read.error());
        refreshLayouts();
    });
}

void MainWindow::connectLayoutTabs()
{
    const auto choose = [this](int index) {
        if (index < kNumBuiltIn) return showBuiltInLayout(static_cast<WindowLayout>(index));
        showSavedLayout(m_tabs->tabData(index).toString());
    };
    connect(m_tabs, &QTabBar::tabBarClicked, this, [choose](int index) {
        if (index >= 0) choose(index);
    });
    connect(m_tabs, &QTabBar::currentChanged, this, [this, choose](int index) {
        const bool isOpen = m_tabs->tabData(index).toString() == m_savedLayout &&
                            (index >= kNumBuiltIn || index == static_cast<int>(m_layout));
        if (index >= 0 && !m_isRestoring && !isOpen) choose(index);
    });
    m_tabs->setUsesScrollButtons(true);
    m_tabs->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(m_tabs, &QWidget::customContextMenuRequested, this, [this, choose](const QPoint &at) {
        if (const int index = m_tabs->tabAt(at); index >= 0 && index != m_tabs->currentIndex()) choose(index);
        m_layoutMenu->popup(m_tabs->mapToGlobal(at));
    });
}

/// Tabs and menu, as the list is now.
void MainWindow::refreshLayouts()
{
    if (!m_savedLayout.isEmpty() && !m_layouts.find(m_savedLayout)) restoreLayout(m_layout); // deleted elsewhere
    {
        const QSignalBlocker blocker(m_tabs);
        while (m_tabs->count() > kNumBuiltIn) m_tabs->removeTab(kNumBuiltIn);
        // A few saved ones stand beside the built-in ones; for more the tabs scroll, so that the toolbar keeps its words.
        m_tabs->setMaximumWidth(m_tabs->sizeHint().width() + kSavedTabsWidth);
        int key = Qt::Key_5;
        for (const SavedLayout &layout : m_layouts.list()) {
            const int index = m_tabs->addTab(plain(shortened(layout.name)));
            m_tabs->setTabData(index, layout.id);
            const QString base = builtInNames().at(int(layoutFromKey(layout.base)));
            m_tabs->setTabToolTip(index, key <= Qt::Key_9
                                             ? tr("%1: saved, with the page of %2 (%3)")
                                                   .arg(layout.name.toHtmlEscaped(), base, QKeySequence(Qt::CTRL | Qt::Key(key)).toString(QKeySequence::NativeText))
                                             : tr("%1: saved, with the page of %2").arg(layout.name.toHtmlEscaped(), base));
            ++key;
        }
    }
    fillLayoutMenu();
    syncLayout();
}

void MainWindow::fillLayoutMenu()
{
    m_layoutMenu->clear();
    m_registry.fill(*m_layoutMenu, {u"view.train"_s, u"view.inspect"_s, u"view.play"_s, u"view.compare"_s, QString()});
    int key = Qt::Key_5;
    for (const SavedLayout &layout : m_layouts.list()) {
        auto *action = new QAction(plain(layout.name), m_layoutMenu);
        action->setCheckable(true);
        action->setData(layout.id);
        if (key <= Qt::Key_9) action->setShortcut(QKeySequence(Qt::CTRL | Qt::Key(key)));
        ++key;
        m_savedActions->addAction(action);
        connect(action, &QAction::triggered, this, [this, id = layout.id] { showSavedLayout(id); });
        m_layoutMenu->addAction(action);
    }
    if (!m_layouts.list().empty()) m_layoutMenu->addSeparator();
    m_registry.fill(*m_layoutMenu, {u"view.layout.save"_s, u"view.layout.update"_s, u"view.layout.rename"_s, u"view.layout.delete"_s,
                                    u"view.layout.undo"_s, QString(), u"view.reset"_s});
}

/// Which one is open: tab, check mark, and what can be done with it.
void MainWindow::syncLayout()
{
    int index = static_cast<int>(m_layout);
    for (int i = kNumBuiltIn; i < m_tabs->count(); ++i)
        if (!m_savedLayout.isEmpty() && m_tabs->tabData(i).toString() == m_savedLayout) index = i;
    {
        const QSignalBlocker blocker(m_tabs);
        m_tabs->setCurrentIndex(index);
    }
    QAction *open = actionOf(m_layout);
    for (QAction *action : m_savedActions->actions())
        if (!m_savedLayout.isEmpty() && action->data().toString() == m_savedLayout) open = action;
    open->setChecked(true);
    updateLayoutActions();
}

void MainWindow::updateLayoutActions()
{
    const SavedLayout *open = m_layouts.find(m_savedLayout);
    const QString name = open ? plain(shortened(open->name)) : QString();
    const QString builtIn = open ? QString() : tr("“%1” is built in: it can be reset, and saved under a name of its own.").arg(builtInNames().at(int(m_layout)));
    m_updateLayoutAction->setText(open ? tr("Save changes to “%1”").arg(name) : tr("Save changes to this layout"));
    m_renameLayoutAction->setText(open ? tr("Rename “%1”…").arg(name) : tr("Rename this layout…"));
    m_deleteLayoutAction->setText(open ? tr("Delete “%1”").arg(name) : tr("Delete this layout"));
    m_resetLayoutAction->setText(open ? tr("Reset “%1” to how it was saved").arg(name) : tr("Reset this layout"));
    for (QAction *action : {m_updateLayoutAction, m_renameLayoutAction, m_deleteLayoutAction}) setDisabledReason(*action, builtIn);
    const SavedLayout *deleted = m_layouts.lastDeleted();
    m_undoLayoutAction->setText(deleted ? tr("Undo: delete “%1”").arg(plain(shortened(deleted->name))) : tr("Undo: delete a layout"));
    setDisabledReason(*m_undoLayoutAction, deleted ? QString() : tr("No layout was deleted."));
}

void MainWindow::showBuiltInLayout(WindowLayout layout) { enter(layout, {}); }

void MainWindow::showSavedLayout(const QString &id)
{
    if (const SavedLayout *saved = m_layouts.find(id)) enter(layoutFromKey(saved->base), id);
}

Result<void> MainWindow::saveLayoutAs(const QString &name)
{
    const Arrangement now = arrangement();
    ORRERY_ASSIGN(const QString id, m_layouts.add(name, layoutKey(m_layout), now));
    rememberLayout(); // the one that it came from stays as it is now
    m_savedLayout = id;
    refreshLayouts();
    scheduleSave();
    return {};
}

void MainWindow::askForLayoutName()
{
    if (const Result<void> read = m_layouts.read(); !read) tell(read.error());
    LayoutNameDialog::About about;
    about.title = tr("Save this layout");
    about.sentence = tr("Where docks, floating docks and splitters stand now, with the page of %1.").arg(builtInNames().at(int(m_layout)));
    about.verb = tr("Save layout");
    about.problem = [this](const QString &name) { return m_layouts.nameProblem(name, builtInNames()); };
    auto *dialog = new LayoutNameDialog(std::move(about), this);
    connect(dialog, &LayoutNameDialog::chosen, this, [this, dialog](const QString &name) {
        if (const Result<void> saved = saveLayoutAs(name); !saved) return dialog->showProblem(errorText(saved.error()));
        dialog->accept();
    });
    dialog->open();
}

void MainWindow::askToRenameLayout()
{
    const SavedLayout *open = m_layouts.find(m_savedLayout);
    if (!open) return;
    LayoutNameDialog::About about;
    about.title = tr("Rename the layout");
    about.sentence = tr("Tabs, menu and palette call it by its name.");
    about.verb = tr("Rename");
    about.name = open->name;
    about.problem = [this, id = open->id](const QString &name) { return m_layouts.nameProblem(name, builtInNames(), id); };
    auto *dialog = new LayoutNameDialog(std::move(about), this);
    connect(dialog, &LayoutNameDialog::chosen, this, [this, dialog, id = open->id](const QString &name) {
        if (const Result<void> renamed = m_layouts.rename(id, name); !renamed) return dialog->showProblem(errorText(renamed.error()));
        refreshLayouts();
        dialog->accept();
    });
    dialog->open();
}

void MainWindow::updateSavedLayout()
{
    const SavedLayout *open = m_layouts.find(m_savedLayout);
    if (!open) return;
    const QString name = open->name;
    if (const Result<void> saved = m_layouts.update(m_savedLayout, arrangement()); !saved) return tell(saved.error());
    tell(BannerKind::Info, tr("Layout “%1” is saved as it stands now.").arg(name));
}

void MainWindow::deleteLayout()
{
    const SavedLayout *open = m_layouts.find(m_savedLayout);
    if (!open) return;
    const QString name = open->name;
    rememberLayout(); // it may come back
    if (const Result<void> removed = m_layouts.remove(m_savedLayout); !removed) return tell(removed.error());
    restoreLayout(m_layout);
    refreshLayouts();
    scheduleSave();
    tell(BannerKind::Info, tr("Deleted the layout “%1”.").arg(name), {}, tr("Undo"), [this] { bringLayoutBack(); });
}

void MainWindow::bringLayoutBack()
{
    const Result<QString> back = m_layouts.bringBack();
    if (!back) return tell(back.error());
    refreshLayouts();
    showSavedLayout(*back);
}

void MainWindow::addLayoutItems(std::vector<PaletteItem> &items)
{
    int key = Qt::Key_5;
    for (const SavedLayout &layout : m_layouts.list()) {
        PaletteItem item{u"view.layout."_s + layout.id, categoryText(ActionCategory::View), tr("Layout %1").arg(layout.name)};
        if (key <= Qt::Key_9) item.shortcut = QKeySequence(Qt::CTRL | Qt::Key(key)).toString(QKeySequence::NativeText);
        ++key;
        item.run = [this, id = layout.id] { showSavedLayout(id); };
        items.push_back(std::move(item));
    }
}

} // namespace orrery::ui
