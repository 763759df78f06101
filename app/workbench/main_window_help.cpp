// SPDX-License-Identifier: GPL-3.0-or-later
// The pages that came with the program and the keys; what was opened last.
#include "app/workbench/main_window.h"

#include "app/workbench/help_pages.h"
#include "app/workbench/help_window.h"
#include "app/workbench/recent_things.h"
#include "widgets/common/command_palette.h"
#include "widgets/common/view_link.h"

#include <QMenu>

using namespace Qt::StringLiterals;

namespace orrery::ui {

void MainWindow::makeHelpActions()
{
    const auto make = [this](const ActionSpec &spec, auto show) {
        connect(m_registry.make(spec, this), &QAction::triggered, this, [this, show] { show(help()); });
    };
    make({u"help.tour"_s, ActionCategory::Help, tr("Tour: ten minutes"), {}, u"help"_s},
         [](HelpWindow &help) { help.showPage(u"tour.md"_s); });
    make({u"help.pages"_s, ActionCategory::Help, tr("All pages…")}, [](HelpWindow &help) { help.showPage({}); });
    make({u"help.keys"_s, ActionCategory::Help, tr("Keys"), QKeySequence(Qt::CTRL | Qt::Key_Slash)},
         [](HelpWindow &help) { help.showKeys(); });
}

HelpWindow &MainWindow::help()
{
    if (!m_help) m_help = new HelpWindow(m_registry, helpFolder(), this);
    return *m_help;
}

void MainWindow::makeRecent()
{
    m_recent = new RecentThings(m_settings, [this] { return m_host; }, this);
    m_recentMenu = new QMenu(tr("Open recent"), this);
    m_recentMenu->setObjectName(u"recentMenu"_s);
    m_recentMenu->setToolTipsVisible(true);
    m_recent->fill(*m_recentMenu);
    connect(m_recent, &RecentThings::chosen, this, [this](const QString &thing) {
        if (isViewLink(thing))
            openLink(thing);
        else
            openPath(thing);
    });
}

void MainWindow::addRecentItems(std::vector<PaletteItem> &items)
{
    for (const QString &thing : m_recent->things()) {
        PaletteItem item{u"file.recent."_s + thing, categoryText(ActionCategory::File), tr("Open %1").arg(thing)};
        item.run = [this, thing] { Q_EMIT m_recent->chosen(thing); };
        items.push_back(std::move(item));
    }
}

} // namespace orrery::ui
