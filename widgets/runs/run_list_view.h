// SPDX-License-Identifier: GPL-3.0-or-later
// The list of runs as a tree of at most two levels: heads open and close with a click, Enter or the arrows
// and stay so over every update; the mark in a row and Space show a run beside the selected one. Finds
// selection, heads and scroll position again when the model resets. GUI thread only.
#pragma once

#include <QSet>
#include <QStringList>
#include <QTreeView>

namespace orrery::ui {

class RunListDelegate;
class RunTreeModel;

class RunListView : public QTreeView {
    Q_OBJECT
public:
    explicit RunListView(RunTreeModel &model, QWidget *parent = nullptr);
    [[nodiscard]] QStringList selectedRuns() const; ///< in the order in which they stand, each once
    void selectRuns(const QStringList &runs);
    /// Makes it the current and only selected one. A head that hides it stays closed.
    void setCurrentRun(const QString &run);
    [[nodiscard]] RunListDelegate *runDelegate() const { return m_delegate; }
    /// Heads that are closed, "grouping/key".
    [[nodiscard]] QStringList closedHeads() const;
    void setClosedHeads(const QStringList &heads);
    void setAllOpen(bool isOpen);
    /// While the model moves rows by itself, nobody chooses.
    [[nodiscard]] bool isMoving() const { return m_isMoving; }

Q_SIGNALS:
    void selectedRunsChanged();
    void overlayToggled(const QStringList &runs);

protected:
    void mousePressEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void drawBranches(QPainter *, const QRect &, const QModelIndex &) const override {
    } // heads paint their own
    void selectionChanged(const QItemSelection &selected, const QItemSelection &deselected) override;

private:
    [[nodiscard]] QString headName(const QModelIndex &index) const;
    void openHeads(int first, int last);
    void beginReset();
    void endReset();

    RunTreeModel &m_model;
    RunListDelegate *m_delegate;
    QSet<QString> m_closed;
    QStringList m_keptSelection;
    QString m_keptCurrent;
    int m_keptScroll = 0;
    bool m_isMoving = false;
};

} // namespace orrery::ui
