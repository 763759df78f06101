// SPDX-License-Identifier: GPL-3.0-or-later
// The table of final values with what it is grouped by and which columns it has. GUI thread only.
#pragma once

#include "widgets/compare/values_column.h"

#include <QPointer>
#include <QSet>
#include <QTimer>
#include <QVariantMap>
#include <QWidget>

#include <set>

class QComboBox;
class QTableView;
class QToolButton;

namespace orrery::ui {

class ColumnChooser;
class CompareFeed;
class CompareModel;
class ToneLabel;

class ValuesPage : public QWidget {
    Q_OBJECT
public:
    static constexpr int kMaxDiffering = 12; ///< columns that come by themselves

    explicit ValuesPage(CompareFeed &feed, QWidget *parent = nullptr);
    void setRuns(const QStringList &runs);
    /// What the columns and the grouping ask of each run.
    [[nodiscard]] std::set<FactNeed> needs() const;
    /// Marks the run that the window looks at.
    void setRun(const QString &run);
    [[nodiscard]] QStringList selectedRuns() const; ///< in the order of the rows
    [[nodiscard]] QList<int> selectedRows() const;
    [[nodiscard]] QTableView *view() const { return m_view; }
    [[nodiscard]] CompareModel *model() const { return m_model; }
    [[nodiscard]] QComboBox *groupBox() const { return m_group; }
    void chooseColumns();
    void setColumns(const std::vector<ValuesColumn> &columns, bool withDiffering);
    void setGrouping(const QString &key);
    void sortBy(const QString &column, Qt::SortOrder order);
    /// "columns", "differing", "group", "sort", "order": for links and settings.
    [[nodiscard]] QVariantMap state() const;
    void restore(const QVariantMap &state);

Q_SIGNALS:
    void needsChanged();
    void selectionChanged();
    void runChosen(const QString &run);    ///< by a person
    void runActivated(const QString &run); ///< Enter or double click

private:
    void takeFacts();
    void applyColumns();
    [[nodiscard]] const std::vector<ValuesColumn> &differing();
    [[nodiscard]] std::vector<ValuesColumn> offered() const;
    void fillGroups();
    void sizeColumns();
    void keepSelection();
    void returnSelection();
    void showSort();

    CompareFeed &m_feed;
    CompareModel *m_model;
    QTableView *m_view;
    QComboBox *m_group;
    QToolButton *m_columnsButton;
    ToneLabel *m_note;
    QPointer<ColumnChooser> m_chooser;
    std::vector<ValuesColumn> m_columns; ///< that were chosen, without those of differing settings
    bool m_withDiffering = true;
    QStringList m_runs;
    std::vector<ValuesColumn> m_differing; ///< of these runs, as far as so many of them are read
    qsizetype m_numRead = -1;
    QString m_run;
    QStringList m_kept; ///< selected before rows came anew
    QSet<QString> m_changed;
    QTimer m_timer; ///< one round of painting for many answers
    bool m_isSelecting = false, m_isSized = false;
    bool m_mustSettle = true; ///< numbers that were asked for have not all come; a run that trains on moves nothing
};

} // namespace orrery::ui
