// SPDX-License-Identifier: GPL-3.0-or-later
// The runs of a RunListModel as the list shows them: filtered, in order, and under heads where they are
// grouped. A small change inserts, moves and removes rows, so that selection and scroll position survive; a
// large one (another filter, order or grouping) resets, and the view finds its place again. GUI thread only.
#pragma once

#include "widgets/runs/run_arrangement.h"

#include <QAbstractItemModel>
#include <QMultiHash>
#include <QString>

#include <utility>
#include <vector>

namespace orrery::ui {

class RunListModel;

class RunTreeModel : public QAbstractItemModel {
    Q_OBJECT
public:
    enum Role {
        IsGroupRole = Qt::UserRole + 101, ///< a head; its DisplayRole is the title
        GroupKeyRole,
        NumRunsRole, ///< of a head
    };

    explicit RunTreeModel(RunListModel &runs, QObject *parent = nullptr);

    [[nodiscard]] QModelIndex index(int row, int column, const QModelIndex &parent = {}) const override;
    [[nodiscard]] QModelIndex parent(const QModelIndex &index) const override;
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] Qt::ItemFlags flags(const QModelIndex &index) const override;

    void setQuery(const QString &text);
    /// Settings that the query may ask for; must outlive it. Say when more are known.
    void setSpecs(const RunSpecs *specs) { m_specs = specs; }
    void takeSpecs() { rearrange(); }
    void setGrouping(RunGrouping grouping);
    void setOrder(RunOrder order);
    [[nodiscard]] const RunQuery &query() const { return m_query; }
    [[nodiscard]] RunGrouping grouping() const { return m_grouping; }
    [[nodiscard]] RunOrder order() const { return m_order; }

    [[nodiscard]] const RunListModel &runs() const { return m_runs; }
    [[nodiscard]] static bool isGroup(const QModelIndex &index) { return index.data(IsGroupRole).toBool(); }
    [[nodiscard]] QString runOf(const QModelIndex &index) const; ///< empty for a head
    /// Where a run stands; with several places the one near `near`, else the first.
    [[nodiscard]] QModelIndex indexOf(const QString &run, const QModelIndex &near = {}) const;
    [[nodiscard]] int numShown() const; ///< runs, each once
    /// The runs in the order in which they stand, each once.
    [[nodiscard]] QStringList shownRuns() const;

private:
    struct Group {
        quintptr serial = 0; ///< internal id of its runs; 0 is the root's
        QString key, title;
        std::vector<QString> runs;
    };
    [[nodiscard]] bool hasHeads() const { return m_grouping != RunGrouping::None; }
    [[nodiscard]] int groupRow(quintptr serial) const;
    [[nodiscard]] QModelIndex parentOf(size_t group) const;
    [[nodiscard]] std::vector<ArrangedGroup> wanted() const;
    void rearrange(); ///< in steps where they are few
    void become(std::vector<ArrangedGroup> groups);
    void step(std::vector<ArrangedGroup> groups);
    void stepRuns(size_t group, const std::vector<QString> &wanted);
    [[nodiscard]] size_t numChanges(const std::vector<ArrangedGroup> &groups) const;
    void tellChanged(const QModelIndex &first, const QModelIndex &last, const QList<int> &roles);
    /// Group and row of every place of a run.
    [[nodiscard]] const QMultiHash<QString, std::pair<quintptr, int>> &places() const;

    RunListModel &m_runs;
    RunQuery m_query;
    const RunSpecs *m_specs = nullptr;
    RunGrouping m_grouping = RunGrouping::None;
    RunOrder m_order = RunOrder::Newest;
    std::vector<Group> m_groups; ///< one without heads, when there is no grouping
    quintptr m_lastSerial = 0;
    mutable QMultiHash<QString, std::pair<quintptr, int>> m_places; ///< made when they are asked for
    mutable bool m_arePlacesKnown = false;
};

} // namespace orrery::ui
