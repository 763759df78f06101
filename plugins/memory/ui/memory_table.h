// SPDX-License-Identifier: GPL-3.0-or-later
// The events as a table: what is not in sight costs nothing. Narrow docks keep the columns that matter most.
// GUI thread only.
#pragma once

#include <QTableView>

namespace orrery::memory_ui {

class MemoryModel;

class MemoryTable : public QTableView {
    Q_OBJECT
public:
    explicit MemoryTable(MemoryModel *model, QWidget *parent = nullptr);
    [[nodiscard]] int currentEvent() const; ///< index in MemoryModel::events(); −1: none
    void selectEvent(int index);            ///< also scrolls to it; −1: none
    /// Qt would read all rows for each letter.
    void keyboardSearch(const QString &) override {}

Q_SIGNALS:
    void eventChosen(int index); ///< by a person

protected:
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;
    void currentChanged(const QModelIndex &current, const QModelIndex &previous) override;

private:
    void fitColumns();

    MemoryModel *m_model;
    bool m_isSelecting = false;
};

} // namespace orrery::memory_ui
