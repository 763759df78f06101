// SPDX-License-Identifier: GPL-3.0-or-later
// The large map on the screen: hover and arrows show a cell, a click or Enter pins a row, the wheel zooms, a
// drag moves, a double click shows all. GUI thread only.
#pragma once

#include "widgets/attention/head_figure.h"
#include "widgets/attention/summarized_view.h"

#include <QWidget>

namespace orrery::ui {

class HeadView : public QWidget, public SummarizedView {
    Q_OBJECT
public:
    explicit HeadView(QWidget *parent = nullptr);
    /// Cursor, pinned row and zoom stay when the map keeps its shape.
    void setContent(HeadContent content);
    [[nodiscard]] const HeadFigure &figure() const { return m_figure; }
    [[nodiscard]] CellPlace cursor() const { return m_marks.cursor; }
    void setCursorCell(const CellPlace &place);
    [[nodiscard]] int pinnedRow() const { return m_marks.pinnedRow; }
    void setPinnedRow(int row); ///< does not signal; -1: none
    /// The row whose weights are listed: under the cursor, else pinned, else the last one; -1 without a map.
    [[nodiscard]] int activeRow() const;
    [[nodiscard]] double zoom() const { return m_zoom.factor; }
    void setZoom(double factor, const QPointF &around); ///< position in the widget that stays where it is
    void fit();
    [[nodiscard]] QRectF cellRect(int row, int column) const;
    [[nodiscard]] QRectF plotRect() const { return m_layout.plot; }
    [[nodiscard]] QString summary() const override;
    [[nodiscard]] double preferredWidth(double height) const;

Q_SIGNALS:
    void cursorChanged();    ///< cursor or active row
    void rowPinned(int row); ///< by a person; -1: released

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void relayout();
    void clampOrigin();
    void moveCursor(int rows, int columns);
    void pin(int row);
    void scrollToCursor();

    HeadFigure m_figure;
    HeadLayout m_layout;
    HeadFigure::Marks m_marks;
    MapZoom m_zoom;
    QPointF m_pressedAt, m_originAtPress;
    bool m_isPressed = false, m_isDragging = false, m_isCursorOfKeys = false;
};

} // namespace orrery::ui
