// SPDX-License-Identifier: GPL-3.0-or-later
// The settings of two or more runs beside each other. GUI thread only.
#pragma once

#include <QStringList>
#include <QTimer>
#include <QWidget>

class QCheckBox;
class QLineEdit;
class QTableView;

namespace orrery::ui {

class CompareFeed;
class DifferenceModel;
class DifferenceTable;
class ToneLabel;

class DifferencePage : public QWidget {
    Q_OBJECT
public:
    static constexpr int kMaxRuns = 16; ///< beside each other; more are not read by anybody

    explicit DifferencePage(CompareFeed &feed, QWidget *parent = nullptr);
    /// The first one is what the others are compared with.
    void setRuns(const QStringList &runs);
    [[nodiscard]] DifferenceModel *model() const { return m_model; }
    [[nodiscard]] QTableView *view() const { return m_view; }
    [[nodiscard]] QLineEdit *searchBox() const;
    [[nodiscard]] QCheckBox *allBox() const;
    [[nodiscard]] QList<int> selectedRows() const;
    /// `--set` arguments that make of the first run the one of the current column, else the second; of the selected
    /// settings, else of all that differ. Empty where there is nothing to set.
    [[nodiscard]] QString setArgumentsText() const;
    [[nodiscard]] QString summary() const;

Q_SIGNALS:
    void summaryChanged();

private:
    void take();
    void showState();

    CompareFeed &m_feed;
    DifferenceTable *m_table;
    DifferenceModel *m_model; ///< the table's, as the view
    QTableView *m_view;
    ToneLabel *m_note;
    QStringList m_runs;
    QTimer m_timer;
};

} // namespace orrery::ui
