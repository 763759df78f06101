// SPDX-License-Identifier: GPL-3.0-or-later
// What the command palette of the window lists: actions, what can be taken along of the panels in sight,
// runs, links.
#include "app/workbench/main_window.h"

#include "widgets/common/command_palette.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_tools.h"
#include "widgets/common/run_text.h"
#include "widgets/common/view_link.h"

#include <QAction>
#include <QClipboard>
#include <QDockWidget>
#include <QGuiApplication>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QSet>
#include <QSettings>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

const auto kRecentKey = u"palette/recent"_s;

/// "Run" of a dock whatever its panel shows, else the panel's title without what it shows: "Loss · code-7M".
QString panelName(const PanelFrame &panel)
{
    for (const QWidget *widget = panel.parentWidget(); widget; widget = widget->parentWidget())
        if (const auto *dock = qobject_cast<const QDockWidget *>(widget)) return dock->windowTitle();
    return panel.accessibleName().section(u" · "_s, 0, 0);
}

} // namespace

void MainWindow::makePalette()
{
    m_palette = new CommandPalette(this);
    m_palette->setRecent(m_settings.value(kRecentKey).toStringList());
    m_palette->setSource([this] { return everything(); });
    m_palette->setAnswer([this](const QString &text) -> std::vector<PaletteItem> {
        if (!isViewLink(text)) return {};
        PaletteItem item{u"file.openThisLink"_s, categoryText(ActionCategory::File), tr("Open this link")};
        item.run = [this, text] { openLink(text); };
        return {item};
    });
    connect(m_palette, &CommandPalette::recentChanged, this,
            [this] { m_settings.setValue(kRecentKey, m_palette->recent()); });
}

std::vector<PaletteItem> MainWindow::everything()
{
    std::vector<PaletteItem> items = paletteItems(m_registry);
    std::erase_if(items, [](const PaletteItem &item) { return item.id == u"view.palette"; }); // it is open
    addLayoutItems(items);
    addPanelItems(items);
    addMenuItems(items);
    addRunItems(items);
    addRecentItems(items);
    return items;
}

void MainWindow::addPanelItems(std::vector<PaletteItem> &items)
{
    for (const PanelFrame *panel : findChildren<PanelFrame *>()) {
        PanelTools *tools = PanelTools::of(*panel);
        if (!tools || !panel->isVisible()) continue;
        tools->refresh();
        const QString name = panelName(*panel);
        for (QAction *action : panel->actions())
            if (action->isVisible())
                items.push_back(paletteItem(action, name,
                                            u"panel."_s + panel->view().panel + u'.' + action->objectName()));
    }
}

/// What menus list that is no action of the registry: what can be done with the chosen runs, numbers of steps, hosts.
void MainWindow::addMenuItems(std::vector<PaletteItem> &items)
{
    const QStringList keptOut = {u"recentMenu"_s, u"pluginMenu"_s}; // those add theirs
    QSet<const QAction *> known;
    for (const ActionEntry &entry : m_registry.entries()) known << entry.action.data();
    const std::function<void(const QMenu &, const QString &)> add = [&](const QMenu &menu, const QString &name) {
        if (keptOut.contains(menu.objectName())) return;
        for (QAction *action : menu.actions()) {
            if (action->menu()) {
                add(*action->menu(), plainActionText(action->text()));
            } else if (!action->isSeparator() && action->isVisible() && !known.contains(action)) {
                known << action;
                items.push_back(paletteItem(action, name, u"menu."_s + name + u'.' + action->objectName() + plainActionText(action->text())));
            }
        }
    };
    for (const QAction *action : menuBar()->actions())
        if (action->menu()) add(*action->menu(), plainActionText(action->text()));
}

void MainWindow::addRunItems(std::vector<PaletteItem> &items)
{
    for (const RunStatus &status : m_session.runs()) {
        const QString run = fromStd(status.id);
        PaletteItem item{u"go.run."_s + run, categoryText(ActionCategory::Go),
                         tr("Go to run %1").arg(runTitle(status))};
        item.run = [this, run] {
            selectRun(run);
            if (m_layout == WindowLayout::Train) showLayout(WindowLayout::Train); // not a form before it
        };
        items.push_back(std::move(item));
    }
}

/// The palette takes a link, too: this begins it with the one in the clipboard.
void MainWindow::askForLink()
{
    const QString clipboard = QGuiApplication::clipboard()->text().left(kMaxLinkLength);
    m_palette->open(isViewLink(clipboard) ? clipboard.trimmed() : QString(), tr("Paste a link: orrery:…"));
}

} // namespace orrery::ui
