// SPDX-License-Identifier: GPL-3.0-or-later
// The window half of the plugin: one panel, and an action that opens it.
#include "plugins/memory/ui/memory_panel.h"
#include "widgets/plugins/ui_plugin.h"

#include <QAction>
#include <QDockWidget>
#include <QPointer>

using namespace Qt::StringLiterals;

namespace orrery::memory_ui {
namespace {

class MemoryUi : public ui::UiPlugin {
public:
    Result<void> configure(ui::UiContext &context) override
    {
        auto *panel = new MemoryPanel(context.session());
        panel->follow(context.selection());
        panel->restoreState(context.setting(u"panel"_s, QVariantMap()).toMap());
        if (Result<void> added = context.addPanel(u"memory"_s, MemoryPanel::tr("Memory"), panel);
            !added.ok()) {
            delete panel;
            return added;
        }
        // Kept as it changes, so that it survives a kill.
        QObject::connect(panel, &MemoryPanel::stateChanged, panel,
                         [panel, &context] { context.setSetting(u"panel"_s, panel->saveState()); });
        QObject::connect(panel, &MemoryPanel::talkRequested, panel,
                         [&context](const QString &model) { context.talkTo(model); });
        auto *show = new QAction(MemoryPanel::tr("Show what a model remembers"));
        QObject::connect(show, &QAction::triggered, panel, [panel] {
            QWidget *dock = panel->parentWidget();
            while (dock && !qobject_cast<QDockWidget *>(dock)) dock = dock->parentWidget();
            if (!dock) return;
            dock->show();
            dock->raise();
            panel->setFocus();
        });
        context.addAction(show);
        return {};
    }
};

} // namespace
} // namespace orrery::memory_ui

ORRERY_UI_PLUGIN(orrery::memory_ui::MemoryUi, "memory")
