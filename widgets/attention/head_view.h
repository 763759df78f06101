// SPDX-License-Identifier: GPL-3.0-or-later
// The large map on the screen: hover and arrows show a cell, a click or Enter pins a row, the wheel zooms, a
// drag moves, a double click shows all. It may have more cells of a part of the map, which it shows in place
// of the map wherever all that is seen lies within. GUI thread only.
#pragma once

#include "widgets/attention/head_figure.h"
#include "widgets/attention/summarized_view.h"

#include <QWidget>

namespace orrery::ui {

class HeadView : public QWidget, public SummarizedView {
    Q_OBJECT
public:
    explicit HeadView(QWidget *parent = nullptr);
    /// Cursor, pinned row and zoom stay when the map keeps its shape.   @param fine more cells of a part of it
    void setContent(HeadContent content, HeadContent fine = {});
    /// More cells of a part of this content; without heads: none.
    void setFine(HeadContent content);
    /// What is seen: the map, or more cells of a part of it.
    [[nodiscard]] const HeadFigure &figure() const { return m_isFine ? m_fine : m_whole; }
    [[nodiscard]] const HeadFigure &whole() const { return m_whole; }
    [[nodiscard]] const HeadFigure &fine() const { return m_fine; }
    [[nodiscard]] bool isFine() const { return m_isFine; }
    /// The tokens that are seen: those looked at across, those that look downwards.
    [[nodiscard]] QRectF shownTokens() const;
    void showTokens(const QRectF &tokens); ///< zooms so that all of these are seen
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
    void shownTokensChanged();
    void figureChanged(); ///< figure() is another one now: rows and columns count anew

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
    void settle(MapZoom wanted); ///< that zoom, on whichever figure has all that it shows
    void switchTo(bool isFine, const QRectF &tokens, double pixelsPerToken);
    [[nodiscard]] QRectF tokensOf(const HeadLayout &layout) const;
    [[nodiscard]] bool hasFine(const QRectF &tokens) const; ///< there are more cells of all of these
    [[nodiscard]] bool isInside(const CellPlace &place) const;
    CellPlace leaveFine(const CellPlace &place);
    void moveCursor(int rows, int columns);
    void pin(int row);
    void scrollToCursor();

    HeadFigure m_whole, m_fine;
    bool m_isFine = false;
    QImage m_picture; ///< all but the marks, as it was painted last; null: to be painted anew
    HeadLayout m_layout;
    HeadFigure::Marks m_marks;
    MapZoom m_zoom;
    QPointF m_pressedAt;
    bool m_isPressed = false, m_isDragging = false, m_isCursorOfKeys = false;
};

} // namespace orrery::ui
