// SPDX-License-Identifier: GPL-3.0-or-later
// Deleted runs as a table: name, size, when they were deleted, where they were. Takes values. GUI thread only.
#pragma once

#include "core/spec/deleted_run.h"

#include <QAbstractTableModel>

#include <vector>

namespace orrery::ui {

class TrashModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { NameColumn, SizeColumn, DeletedColumn, PlaceColumn, kNumColumns };
    enum Role { SortRole = Qt::UserRole + 1, EntryRole };

    using QAbstractTableModel::QAbstractTableModel;
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    void setRuns(std::vector<DeletedRun> runs);
    void removeRun(const std::string &entry);
    [[nodiscard]] const std::vector<DeletedRun> &runs() const { return m_runs; }

private:
    std::vector<DeletedRun> m_runs;
};

QString deletedTitle(const DeletedRun &run); ///< name, else id

} // namespace orrery::ui
