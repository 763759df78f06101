// SPDX-License-Identifier: GPL-3.0-or-later
// What the command palette lists: everything that can be done now, filtered and ordered by what was typed and
// by what was used last. GUI thread only; owned by the palette.
#pragma once

#include "widgets/common/action_registry.h"

#include <QAbstractListModel>
#include <QStringList>

namespace orrery::ui {

struct PaletteItem {
    QString id;       ///< by which it is remembered
    QString category; ///< "Run"
    QString text;
    QString shortcut = {}; ///< as the user reads it
    QString reason = {};   ///< why it cannot be done now; empty: it can
    std::function<void()> run = {};
    std::function<QString()> command = {}; ///< its command-line twin
};

/// Of visible actions; menus are not actions.
std::vector<PaletteItem> paletteItems(const ActionRegistry &registry);
/// @param category what the user reads before it: the title of a panel   @param prefix of the id
PaletteItem paletteItem(QAction *action, const QString &category, const QString &id);

class PaletteModel : public QAbstractListModel {
    Q_OBJECT
public:
    enum Role {
        CategoryRole = Qt::UserRole + 1,
        ShortcutRole,
        ReasonRole,
        PlacesRole, ///< QList<int> of the letters of the text that were typed
        RecentRole  ///< bool
    };
    using QAbstractListModel::QAbstractListModel;

    void setItems(std::vector<PaletteItem> items, const QStringList &recent);
    void setQuery(const QString &query);
    [[nodiscard]] const PaletteItem &item(int row) const
    {
        return m_items[size_t(m_shown[size_t(row)].index)];
    }

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;

private:
    struct Shown {
        int index;
        int score;
        QList<int> places;
    };
    void filter();

    std::vector<PaletteItem> m_items;
    QStringList m_recent; ///< newest first
    QString m_query;
    std::vector<Shown> m_shown;
};

} // namespace orrery::ui
