// SPDX-License-Identifier: GPL-3.0-or-later
// The table of final values: a row a run, and, grouped by a setting, a row above each group with mean, deviation and number.
// Sorts itself, so that groups stay together and what is missing stands last. Rows keep their places when a number changes,
// until somebody sorts. Tells compare_role. Takes facts; GUI thread only.
#pragma once

#include "widgets/compare/values_column.h"

#include <QAbstractTableModel>
#include <QSet>
#include <QStringList>

#include <vector>

namespace orrery::ui {

class CompareModel : public QAbstractTableModel {
    Q_OBJECT
public:
    using QAbstractTableModel::QAbstractTableModel;
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    void sort(int column, Qt::SortOrder order) override;

    void setFacts(FactsOf facts) { m_facts = std::move(facts); }
    /// The first column is always the name.
    void setColumns(std::vector<ValuesColumn> columns);
    [[nodiscard]] const std::vector<ValuesColumn> &columns() const { return m_columns; }
    void setRuns(const QStringList &runs);
    [[nodiscard]] QStringList runs() const; ///< in the order of the rows
    /// @param key of a setting; empty: no groups
    void setGrouping(const QString &key);
    [[nodiscard]] const QString &grouping() const { return m_grouping; }
    /// Some of their facts are others now.
    void updateRuns(const QSet<QString> &runs);
    /// Sorts again by what is known now, where waiting numbers have come or a run has overtaken another one.
    void settle();
    /// Colours of runs are others.
    void repaintColors();

    [[nodiscard]] int rowOf(const QString &run) const; ///< −1: none
    [[nodiscard]] QString runAt(int row) const;        ///< empty: a group, or none
    [[nodiscard]] int sortColumn() const { return m_sortColumn; }
    [[nodiscard]] Qt::SortOrder sortOrder() const { return m_sortOrder; }

private:
    struct Run {
        QString id;
        std::vector<CompareCell> cells;
    };
    struct Row {
        int run = -1;   ///< place in m_runs; −1: of a group
        int group = -1; ///< place in m_groups
        bool operator==(const Row &) const = default;
    };
    struct Group {
        QString value; ///< of the setting
        std::vector<int> runs;
        std::vector<MeanCell> means; ///< by column
    };
    void fill(Run &run) const;
    void rebuild();
    void findBest();
    [[nodiscard]] std::vector<Row> arranged();
    void makeGroups();
    void findMeans();
    [[nodiscard]] bool areGroupsRight() const;
    [[nodiscard]] bool isBefore(int a, int b) const;
    [[nodiscard]] bool isGroupBefore(const Group &a, const Group &b) const;
    [[nodiscard]] QString groupValue(const QString &run) const;
    [[nodiscard]] QVariant commonSetting(const Group &group, int column, int role) const;
    [[nodiscard]] QVariant groupData(const Group &group, int column, int role) const;
    [[nodiscard]] QVariant runData(const Run &run, int column, int role) const;

    FactsOf m_facts = [](const QString &) { return nullptr; };
    std::vector<ValuesColumn> m_columns{ValuesColumn{}};
    std::vector<Run> m_runs;
    std::vector<Group> m_groups;
    std::vector<Row> m_rows;
    std::vector<double> m_best; ///< by column; NaN: no one is better than another
    QString m_grouping;
    int m_sortColumn = -1; ///< −1: in the order in which the runs came
    Qt::SortOrder m_sortOrder = Qt::AscendingOrder;
};

} // namespace orrery::ui
