// SPDX-License-Identifier: GPL-3.0-or-later
// How alike the events of a memory are: a square of cells, a row and a column for each event, with the scale
// beside it. One picture of a pixel a cell is made per answer; a paint stretches it. GUI thread only.
#pragma once

#include "plugins/memory/ui/similarity_order.h"
#include "widgets/attention/figure_style.h"

#include <QImage>
#include <QStringList>
#include <QWidget>

namespace orrery::memory_ui {

class SimilarityMap : public QWidget {
    Q_OBJECT
public:
    enum class Order : uint8_t { Time, Likeness };

    explicit SimilarityMap(QWidget *parent = nullptr);
    /// @param names of the events, in the same order
    void setSimilarity(Similarity similarity, QStringList names);
    void setOrder(Order order);
    [[nodiscard]] Order order() const { return m_order; }
    [[nodiscard]] const Similarity &similarity() const { return m_similarity; }
    void setSelected(qint64 event); ///< 0: none
    /// Event of a row or column as they stand.
    [[nodiscard]] qint64 eventAt(int place) const;
    [[nodiscard]] QRectF mapArea() const;
    [[nodiscard]] QPoint current() const { return m_current; } ///< column, row; −1: none
    [[nodiscard]] QString reading() const; ///< of the cell under the cursor or of the keys
    [[nodiscard]] QString summary() const;
    [[nodiscard]] QString toText() const; ///< tab-separated, as it stands
    /// As it is shown, on a surface of this size.
    void paintOn(QPainter &painter, const QSizeF &size, const ui::FigureStyle &style) const;
    /// As a figure on white paper.
    void paintFigure(QPainter &painter, const QSizeF &size) const;
    [[nodiscard]] QSize sizeHint() const override { return {360, 320}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {160, 140}; }

Q_SIGNALS:
    void eventChosen(qint64 event); ///< by a person: that of the row
    void readingChanged(const QString &text);

protected:
    bool event(QEvent *event) override;
    void paintEvent(QPaintEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;

private:
    [[nodiscard]] QRectF areaIn(const QSizeF &size, const QFont &font) const;
    [[nodiscard]] QPoint cellAt(const QPointF &position) const;
    [[nodiscard]] int placeOf(qint64 event) const;
    [[nodiscard]] QString nameAt(int place) const;
    [[nodiscard]] QImage makeImage(const ui::ColorMap &map, QRgb unknown) const;
    void setCurrent(QPoint cell);
    void moveBy(int columns, int rows);
    void paintLabels(QPainter &painter, const QRectF &area, const ui::FigureStyle &style) const;
    void paintMarks(QPainter &painter, const QRectF &area, const ui::FigureStyle &style) const;
    static void paintScale(QPainter &painter, const QRectF &bar, const ui::FigureStyle &style);

    Similarity m_similarity;
    QStringList m_names;
    QString m_longestName;
    std::vector<int> m_places; ///< event (its number in m_similarity) of each row
    Order m_order = Order::Time;
    qint64 m_selected = 0;
    QPoint m_current{-1, -1};
    mutable QImage m_image; ///< in the colours of the theme; null: to be made
};

} // namespace orrery::memory_ui
