// SPDX-License-Identifier: GPL-3.0-or-later
// A reading table on the screen: as high as its rows, with a row that arrow keys move, Enter or a double
// click opens and Ctrl+C copies the whole of. GUI thread only.
#pragma once

#include "widgets/attention/summarized_view.h"
#include "widgets/microscope/table_figure.h"

#include <QWidget>

namespace orrery::ui {

class ReadingTableView : public QWidget, public SummarizedView {
    Q_OBJECT
public:
    explicit ReadingTableView(const QString &name, QWidget *parent = nullptr);
    void setTable(ReadingTable table);
    [[nodiscard]] const ReadingTable &table() const { return m_figure.table(); }
    [[nodiscard]] const TableFigure &figure() const { return m_figure; }
    [[nodiscard]] int currentRow() const { return m_current; } ///< −1: there are no rows
    void setCurrentRow(int row);
    [[nodiscard]] QString summary() const override;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

Q_SIGNALS:
    void currentRowChanged(int row);
    void opened(int row);
    void copyRequested();

protected:
    bool event(QEvent *event) override;
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;

private:
    void relayout();
    void moveTo(int row, int direction);

    TableFigure m_figure;
    int m_current = -1;
};

} // namespace orrery::ui
