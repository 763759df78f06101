// SPDX-License-Identifier: GPL-3.0-or-later
// What the parts and probes of plugins told of a run ("part/…", "probe/…"): one row a series. Takes values.
// GUI thread only.
#pragma once

#include "widgets/session/engine_session.h"

#include <QAbstractTableModel>

#include <vector>

namespace orrery::ui {

class PluginValuesModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column {
        NameColumn,
        LatestColumn,
        LeastColumn,
        GreatestColumn,
        StepColumn,
        TrendColumn,
        NumColumns
    };
    enum Role {
        TrendRole = Qt::UserRole + 1
    }; ///< std::vector<double>: means over time, NaN where it was none

    using QAbstractTableModel::QAbstractTableModel;
    /// Series of other origins are left out; rows stay where they are when only their values differ.
    void setSeries(const std::vector<SeriesData> &series);
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    [[nodiscard]] QString seriesName(int row) const; ///< "part/firing_rate"
    [[nodiscard]] QString table() const;             ///< CSV with a header

private:
    struct Row {
        std::string name;
        double latest, least, greatest; ///< NaN: it was never a number
        qint64 step;
        std::vector<double> trend;
    };
    static Row rowOf(const SeriesData &series);
    std::vector<Row> m_rows;
};

} // namespace orrery::ui

Q_DECLARE_METATYPE(std::vector<double>)
