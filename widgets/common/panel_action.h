// SPDX-License-Identifier: GPL-3.0-or-later
// What a panel does by a key: an action of the panel, so that the window's palette lists it by its name. The
// key works while the focus is in the panel. GUI thread only.
#pragma once

#include <QAction>
#include <QKeySequence>
#include <QList>
#include <QWidget>

namespace orrery::ui {

/// @param name the object's, for tests and settings  @param handler called in the panel's lifetime
template <typename Handler>
QAction *addPanelAction(QWidget &panel, const QString &text, const char *name,
                        const QList<QKeySequence> &keys, Handler handler)
{
    auto *action = new QAction(text, &panel);
    action->setObjectName(QLatin1String(name));
    action->setShortcuts(keys);
    action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    QObject::connect(action, &QAction::triggered, &panel, handler);
    panel.addAction(action);
    return action;
}

} // namespace orrery::ui
