// SPDX-License-Identifier: GPL-3.0-or-later
// Which values of a memory the tokens of a look read most, and who read them: a row for each value, most read first. For
// memories whose slots are values of the model (the semantic one). GUI thread only.
#pragma once

#include "core/spec/inspection.h"
#include "plugins/memory/ui/reads_model.h"

#include <QAbstractTableModel>

#include <vector>

namespace orrery::memory_ui {

class UsesModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { ValueColumn, ReadersColumn, ReadsColumn, ShareColumn, kNumColumns };
    /// 0 … 1, of the most read value.
    enum Role { WeightRole = ReadsModel::WeightRole };

    explicit UsesModel(QObject *parent = nullptr) : QAbstractTableModel(parent) {}
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    void setReport(const InspectReport &report);
    [[nodiscard]] QString toText() const;  ///< tab-separated, every row whole
    [[nodiscard]] QString summary() const; ///< "12 tokens read 301 different values of layer 5 with 2 heads."

private:
    struct Row {
        size_t use, value;
    };
    [[nodiscard]] const MemoryUse::Value &valueOf(const Row &row) const { return m_uses[row.use].values[row.value]; }
    [[nodiscard]] QString readersText(const MemoryUse::Value &value) const;
    [[nodiscard]] QString cellText(const Row &row, int column) const;

    std::vector<MemoryUse> m_uses;
    std::vector<InspectedToken> m_tokens; ///< of the text
    std::vector<Row> m_rows;
};

} // namespace orrery::memory_ui
