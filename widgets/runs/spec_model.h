// SPDX-License-Identifier: GPL-3.0-or-later
// Settings of a frozen spec as a table of label and value. Takes values. GUI thread only.
#pragma once

#include "widgets/common/run_spec_json.h"

#include <QAbstractTableModel>

namespace orrery::ui {

class SpecModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { NameColumn, ValueColumn, kNumColumns };
    enum Role { KeyRole = Qt::UserRole + 1, FilterRole };

    using QAbstractTableModel::QAbstractTableModel;
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    void setEntries(const QList<SpecEntry> &entries);

private:
    QList<SpecEntry> m_entries;
};

} // namespace orrery::ui
