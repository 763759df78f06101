// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/action_registry.h"

#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"

#include <QAction>
#include <QMenu>
#include <QWidget>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr auto kReason = "orreryReason";

} // namespace

QString categoryText(ActionCategory category)
{
    switch (category) {
    case ActionCategory::File:
        return ActionRegistry::tr("File");
    case ActionCategory::Go:
        return ActionRegistry::tr("Go");
    case ActionCategory::Run:
        return ActionRegistry::tr("Run");
    case ActionCategory::View:
        return ActionRegistry::tr("View");
    case ActionCategory::Theme:
        return ActionRegistry::tr("Theme");
    case ActionCategory::Panel:
        return ActionRegistry::tr("Panel");
    case ActionCategory::Plugin:
        return ActionRegistry::tr("Plugin");
    case ActionCategory::Help:
        return ActionRegistry::tr("Help");
    case ActionCategory::Unknown:
        break;
    }
    return {};
}

QString disabledReason(const QAction &action)
{
    return action.isEnabled() ? QString() : action.property(kReason).toString();
}

void setDisabledReason(QAction &action, const QString &reason)
{
    action.setProperty(kReason, reason);
    action.setEnabled(reason.isEmpty());
    action.setToolTip(reason.isEmpty() ? action.text() : action.text() + u'\n' + reason);
}

QString plainActionText(const QString &text)
{
    QString plain = text.section(u'\t', 0, 0); // a key that is only shown stands behind it
    plain.remove(u'&');
    while (plain.endsWith(u'…')) plain.chop(1);
    return plain.trimmed();
}

QAction *ActionRegistry::make(const ActionSpec &spec, QWidget *parent)
{
    auto *action = new QAction(spec.text, parent);
    action->setObjectName(spec.id);
    action->setShortcut(spec.shortcut);
    action->setCheckable(spec.isCheckable);
    if (!spec.icon.isEmpty()) bindIcon(action, spec.icon);
    parent->addAction(action); // its key works where no menu holds it
    if (const Result<void> added = add({spec.id, spec.category, action, {}}); !added)
        qFatal("%s", added.error().message.c_str()); // ours: a test opens the window with all of them
    return action;
}

const ActionEntry *ActionRegistry::ownerOfKey(const QAction &action) const
{
    // Actions of one panel (WidgetWithChildrenShortcut) have their keys to themselves.
    if (action.shortcut().isEmpty() || action.shortcutContext() != Qt::WindowShortcut) return nullptr;
    for (const ActionEntry &entry : m_entries)
        if (entry.action && entry.action != &action &&
            entry.action->shortcutContext() == Qt::WindowShortcut &&
            entry.action->shortcuts().contains(action.shortcut()))
            return &entry;
    return nullptr;
}

Result<void> ActionRegistry::add(const ActionEntry &entry)
{
    if (!entry.action) return {};
    const std::string name = toStd(plainActionText(entry.action->text()));
    if (action(entry.id))
        return Error{ErrorCode::Conflict,
                     "Cannot add action \"" + name + "\": there is one called \"" + toStd(entry.id) + "\".",
                     "Give it another name."};
    m_entries.push_back(entry);
    const ActionEntry *owner = ownerOfKey(*entry.action);
    if (!owner) return {};
    const std::string key = toStd(entry.action->shortcut().toString(QKeySequence::NativeText));
    const std::string other = toStd(plainActionText(owner->action->text()));
    entry.action->setShortcut({});
    return Error{ErrorCode::Conflict,
                 "Cannot give " + key + " to action \"" + name + "\": \"" + other + "\" has it.",
                 "It is in the menu and in the palette without a key."};
}

QAction *ActionRegistry::action(const QString &id) const
{
    const auto found = std::find_if(m_entries.begin(), m_entries.end(), [&id](const ActionEntry &entry) {
        return entry.id == id && entry.action;
    });
    return found == m_entries.end() ? nullptr : found->action.data();
}

std::vector<ActionEntry> ActionRegistry::entries() const
{
    std::vector<ActionEntry> alive;
    std::copy_if(m_entries.begin(), m_entries.end(), std::back_inserter(alive),
                 [](const ActionEntry &entry) { return !entry.action.isNull(); });
    return alive;
}

void ActionRegistry::fill(QMenu &menu, const QStringList &ids) const
{
    for (const QString &id : ids) {
        if (id.isEmpty())
            menu.addSeparator();
        else if (QAction *found = action(id))
            menu.addAction(found);
        else
            qFatal("no action %s", qPrintable(id));
    }
}

} // namespace orrery::ui
