// SPDX-License-Identifier: GPL-3.0-or-later
// Checkpoints of a run, newest first. Takes values; rows are inserted, changed and removed one by one. GUI
// thread only.
#pragma once

#include "core/spec/run_records.h"

#include <QAbstractTableModel>

#include <vector>

namespace orrery::ui {

class CheckpointModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { StepColumn, LossColumn, SizeColumn, TimeColumn, NoteColumn, kNumColumns };
    enum Role { StepRole = Qt::UserRole + 1, DirectoryRole };

    using QAbstractTableModel::QAbstractTableModel;
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    void setCheckpoints(std::vector<CheckpointInfo> checkpoints);
    [[nodiscard]] const CheckpointInfo &checkpoint(int row) const { return m_rows[static_cast<size_t>(row)]; }

private:
    std::vector<CheckpointInfo> m_rows;
};

} // namespace orrery::ui
