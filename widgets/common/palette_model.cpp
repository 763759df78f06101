// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/palette_model.h"

#include "widgets/common/action_command.h"
#include "widgets/common/fuzzy_match.h"

#include <QAction>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kRecentBonus = 6;
constexpr int kDisabledCost = 12; ///< what can be done comes first, unless the other fits far better

} // namespace

PaletteItem paletteItem(QAction *action, const QString &category, const QString &id)
{
    PaletteItem item{id, category, plainActionText(action->text())};
    item.shortcut = action->shortcut().toString(QKeySequence::NativeText);
    if (!action->isEnabled()) {
        item.reason = disabledReason(*action);
        if (item.reason.isEmpty()) item.reason = ActionRegistry::tr("Not possible now.");
    }
    item.run = [action = QPointer<QAction>(action)] {
        if (action) action->trigger();
    };
    item.command = actionCommand(*action);
    return item;
}

std::vector<PaletteItem> paletteItems(const ActionRegistry &registry)
{
    std::vector<PaletteItem> items;
    for (const ActionEntry &entry : registry.entries()) {
        if (!entry.action->isVisible() || entry.action->text().isEmpty()) continue;
        items.push_back(paletteItem(entry.action, categoryText(entry.category), entry.id));
        if (entry.command) items.back().command = entry.command;
    }
    return items;
}

void PaletteModel::setItems(std::vector<PaletteItem> items, const QStringList &recent)
{
    m_items = std::move(items);
    m_recent = recent;
    filter();
}

void PaletteModel::setQuery(const QString &query)
{
    m_query = query;
    filter();
}

void PaletteModel::filter()
{
    beginResetModel(); // a list that is made anew with each letter; nobody keeps a place in it
    m_shown.clear();
    const bool isAsking = !QStringView(m_query).trimmed().isEmpty();
    for (int i = 0; i < int(m_items.size()); ++i) {
        const PaletteItem &item = m_items[size_t(i)];
        // Words of the category count, too: "theme dark".
        const auto match = fuzzyMatch(m_query, QString(item.text + u' ' + item.category));
        if (!match) continue;
        const auto used = m_recent.indexOf(item.id);
        int score = match->score - (item.reason.isEmpty() ? 0 : kDisabledCost);
        if (used >= 0) score += isAsking ? kRecentBonus : int(1'000 - used);
        QList<int> places = match->places;
        places.removeIf([&item](int place) { return place >= item.text.size(); });
        m_shown.push_back({i, score, places});
    }
    std::stable_sort(m_shown.begin(), m_shown.end(),
                     [](const Shown &left, const Shown &right) { return left.score > right.score; });
    endResetModel();
}

int PaletteModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_shown.size());
}

QVariant PaletteModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const PaletteItem &item = this->item(index.row());
    switch (role) {
    case Qt::DisplayRole:
        return item.text;
    case CategoryRole:
        return item.category;
    case ShortcutRole:
        return item.shortcut;
    case ReasonRole:
        return item.reason;
    case PlacesRole:
        return QVariant::fromValue(m_shown[size_t(index.row())].places);
    case RecentRole:
        return m_recent.contains(item.id);
    case Qt::AccessibleTextRole: {
        QString text = item.category + u": "_s + item.text;
        if (!item.shortcut.isEmpty()) text += u", "_s + item.shortcut;
        return item.reason.isEmpty() ? text : text + u". "_s + item.reason;
    }
    default:
        return {};
    }
}

} // namespace orrery::ui
