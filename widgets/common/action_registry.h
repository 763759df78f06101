// SPDX-License-Identifier: GPL-3.0-or-later
// Every action of the window once, by a name that stays: menus, toolbar and command palette take them from
// here, so that none is forgotten and no key is given twice. Owned by the window. GUI thread only.
#pragma once

#include "core/base/result.h"

#include <QKeySequence>
#include <QObject>
#include <QPointer>
#include <QString>

#include <functional>
#include <vector>

class QAction;
class QMenu;

namespace orrery::ui {

enum class ActionCategory : uint8_t { Unknown, File, Go, Run, View, Theme, Panel, Plugin, Help };
QString categoryText(ActionCategory category);

/// Why an action is disabled, for tool tips and the palette; empty: it is not, or nobody knows.
QString disabledReason(const QAction &action);
/// @param reason empty: it is enabled
void setDisabledReason(QAction &action, const QString &reason);
/// Text without "&" and "…", as it is searched and told.
QString plainActionText(const QString &text);

struct ActionSpec {
    QString id; ///< "view.train"
    ActionCategory category = ActionCategory::Unknown;
    QString text;
    QKeySequence shortcut = {};
    QString icon = {};
    bool isCheckable = false;
};

struct ActionEntry {
    QString id;
    ActionCategory category = ActionCategory::Unknown;
    QPointer<QAction> action;
    std::function<QString()> command = {}; ///< what does the same in a terminal; empty: nothing does
};

class ActionRegistry : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    /// A new action, owned by the parent and of its window. Its object name is the id.
    QAction *make(const ActionSpec &spec, QWidget *parent);
    /// One that somebody else owns. A key that another action has is taken from it.
    /// @error Conflict: the id is taken (it is not added), or its key is (it is added without)
    Result<void> add(const ActionEntry &entry);
    [[nodiscard]] QAction *action(const QString &id) const; ///< null: there is none
    /// Those that still live, in the order in which they came.
    [[nodiscard]] std::vector<ActionEntry> entries() const;
    /// Adds them; an empty id is a separator.
    void fill(QMenu &menu, const QStringList &ids) const;

private:
    [[nodiscard]] const ActionEntry *ownerOfKey(const QAction &action) const;

    std::vector<ActionEntry> m_entries;
};

} // namespace orrery::ui
