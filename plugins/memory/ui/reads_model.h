// SPDX-License-Identifier: GPL-3.0-or-later
// What each head read from its memories while the model stood at one token: a row for each slot, heaviest
// first, with head and gate in the first row of a head. GUI thread only.
#pragma once

#include "core/spec/inspection.h"

#include <QAbstractTableModel>

#include <vector>

namespace orrery::memory_ui {

class ReadsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { HeadColumn, GateColumn, WhatColumn, WeightColumn, kNumColumns };
    enum Role { WeightRole = Qt::UserRole + 1 };

    using QAbstractTableModel::QAbstractTableModel;
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    void setReport(InspectReport report);
    [[nodiscard]] const InspectReport &report() const { return m_report; }
    [[nodiscard]] QString toText() const;  ///< tab-separated, every row whole
    [[nodiscard]] QString summary() const; ///< "4 heads read at token 41 “ the”: 2 episodic, 2 semantic."

private:
    struct Row {
        int read, slot;
    };
    [[nodiscard]] QString whatText(const MemoryRead::Slot &slot) const;
    [[nodiscard]] QString cellText(const Row &row, int column, bool isWhole) const;

    InspectReport m_report;
    std::vector<Row> m_rows;
};

} // namespace orrery::memory_ui
