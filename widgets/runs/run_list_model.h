// SPDX-License-Identifier: GPL-3.0-or-later
// The runs there are, newest first. Takes values only; rows are inserted, moved, changed and removed one by
// one, so that selection and scroll position survive every update. What is shown of them, and in which order,
// RunTreeModel says. GUI thread only.
#pragma once

#include "core/spec/run_records.h"
#include "widgets/runs/run_arrangement.h"

#include <QAbstractListModel>
#include <QHash>
#include <QSet>
#include <QStringList>

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
        FilterRole,     ///< what plain words are looked for in, case folded
        TagsRole,       ///< QStringList, as they were given
        NumAlarmsRole,  ///< int
        IsArchivedRole,
        IsOverlaidRole, ///< its curves are shown beside those of the selected run
        IsShownRole,    ///< the one that the window looks at
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
    void setOverlaid(const QStringList &runs);
    void setShownRun(const QString &run);

    [[nodiscard]] int rowOf(const QString &run) const; ///< -1 when it is not listed
    [[nodiscard]] const RunStatus &status(int row) const { return m_rows[static_cast<size_t>(row)].status; }
    [[nodiscard]] const std::vector<double> &sparkline(int row) const
    {
        return m_rows[static_cast<size_t>(row)].sparkline;
    }
    /// All runs, ready to be arranged; valid until the model changes.
    [[nodiscard]] std::vector<ArrangedRun> arranged() const;
    [[nodiscard]] QStringList tagsInUse() const; ///< in order of their letters, without repetitions
    [[nodiscard]] int numArchived() const;

Q_SIGNALS:
    /// All of an update has been taken: what depends on several rows is looked at now.
    void settled();

private:
    struct Row {
        RunStatus status;
        std::vector<double> sparkline;
        QString id;
        QString searchText;
        QStringList tags; ///< case folded
    };
    static Row makeRow(const RunStatus &status);
    static void describe(Row &row);
    void insertBlock(size_t at, const std::vector<const RunStatus *> &block);
    /// @return whether the row looks another way now
    bool replaceStatus(size_t row, const RunStatus &status);
    void tellChanged(const QString &run, int role);

    std::vector<Row> m_rows;
    mutable QHash<QString, int> m_rowOf; ///< made when it is asked for
    mutable bool m_isRowOfKnown = false;
    QSet<QString> m_overlaid;
    QString m_shown;
    bool m_isConnected = true;
};

} // namespace orrery::ui
