// SPDX-License-Identifier: GPL-3.0-or-later
// The runs there are, newest first. Takes values only; rows are inserted, moved, changed and removed one by
// one, so that selection and scroll position survive every update. GUI thread only.
#pragma once

#include "core/spec/run_records.h"

#include <QAbstractListModel>

#include <vector>

namespace orrery::ui {

class RunListModel : public QAbstractListModel {
    Q_OBJECT
public:
    enum Role {
        IdRole = Qt::UserRole + 1,
        StateRole,     ///< int of RunState
        StateLineRole, ///< "training 41 %"
        IsStaleRole,
        LossRole,       ///< double, NaN when not known
        ColorIndexRole, ///< for Theme::runColor()
        FilterRole,     ///< what the filter box searches: name, id, state line
    };

    using QAbstractListModel::QAbstractListModel;
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;

    /// Takes the newest list in any order.
    void setRuns(const std::vector<RunStatus> &runs);
    /// Takes a newer status of one run; ignored when the run is not listed.
    void updateRun(const RunStatus &status);
    /// Loss over the whole run, oldest first, for the row's small curve.
    void setSparkline(const QString &run, std::vector<double> values);
    /// Says again what depends on the clock ("no report for 2 min"); called by a timer.
    void refreshTimes();

    /// Without an engine nothing is live: live runs are then shown as stale.
    void setConnected(bool isConnected);

    [[nodiscard]] int rowOf(const QString &run) const; ///< -1 when it is not listed
    [[nodiscard]] const RunStatus &status(int row) const { return m_rows[static_cast<size_t>(row)].status; }
    [[nodiscard]] const std::vector<double> &sparkline(int row) const
    {
        return m_rows[static_cast<size_t>(row)].sparkline;
    }

private:
    struct Row {
        RunStatus status;
        std::vector<double> sparkline;
    };
    void insertBlock(size_t at, const std::vector<const RunStatus *> &block);
    void replaceStatus(size_t row, const RunStatus &status);

    std::vector<Row> m_rows;
    bool m_isConnected = true;
};

} // namespace orrery::ui
