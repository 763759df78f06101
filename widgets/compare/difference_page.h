// SPDX-License-Identifier: GPL-3.0-or-later
// The settings of two or more runs beside each other. GUI thread only.
#pragma once

#include <QStringList>
#include <QTimer>
#include <QWidget>

class QCheckBox;
class QLineEdit;
class QStackedWidget;
class QTableView;

namespace orrery::ui {

class CompareFeed;
class DifferenceModel;
class EmptyState;
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
    [[nodiscard]] QLineEdit *searchBox() const { return m_search; }
    [[nodiscard]] QCheckBox *allBox() const { return m_all; }
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
    void layOut();

    CompareFeed &m_feed;
    DifferenceModel *m_model;
    QTableView *m_view;
    QLineEdit *m_search;
    QCheckBox *m_all;
    QStackedWidget *m_stack;
    EmptyState *m_empty;
    ToneLabel *m_note;
    QStringList m_runs;
    QTimer m_timer;
};

} // namespace orrery::ui
