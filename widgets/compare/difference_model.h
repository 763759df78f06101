// SPDX-License-Identifier: GPL-3.0-or-later
// Settings of several runs beside each other, with a row above each group; only those that differ, or all; only those that a
// search finds. Tells compare_role. Takes values. GUI thread only.
#pragma once

#include "widgets/compare/settings_difference.h"

#include <QAbstractTableModel>

namespace orrery::ui {

class DifferenceModel : public QAbstractTableModel {
    Q_OBJECT
public:
    using QAbstractTableModel::QAbstractTableModel;
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    void setRuns(std::vector<ComparedRun> runs);
    void setShowsAll(bool showsAll);
    void setFilter(const QString &text);
    [[nodiscard]] const std::vector<ComparedRun> &runs() const { return m_runs; }
    [[nodiscard]] const std::vector<DifferenceRow> &rows() const { return m_rows; }
    [[nodiscard]] int numDifferent() const;
    [[nodiscard]] bool isHeading(int row) const { return m_shown[size_t(row)].row < 0; }

private:
    struct Shown {
        int row = -1; ///< place in m_rows; −1: heading
        QString heading;
    };
    void arrange();
    [[nodiscard]] QVariant cellData(const DifferenceRow &row, size_t run, int role) const;

    std::vector<ComparedRun> m_runs;
    std::vector<DifferenceRow> m_rows;
    std::vector<Shown> m_shown;
    QString m_filter;
    bool m_showsAll = false;
};

} // namespace orrery::ui
