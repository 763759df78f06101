// SPDX-License-Identifier: GPL-3.0-or-later
// Where the parts of a reading table stand, and how they are painted: on the screen and on paper alike. GUI
// thread only.
#pragma once

#include "widgets/attention/figure_style.h"
#include "widgets/microscope/reading_table.h"

#include <QRectF>

#include <vector>

class QPainter;

namespace orrery::ui {

class TableFigure {
public:
    TableFigure() = default;
    TableFigure(ReadingTable table, double width, const FigureStyle &style);

    [[nodiscard]] const ReadingTable &table() const { return m_table; }
    [[nodiscard]] double height() const;
    [[nodiscard]] QRectF rowRect(int row) const;
    [[nodiscard]] int rowAt(double y) const; ///< −1: none
    /// Empty where the column is left out.
    [[nodiscard]] QRectF cellRect(int row, int column) const;
    /// @param current row with the cursor; −1: none   @param firstY, lastY what has to be painted
    void paint(QPainter &painter, const FigureStyle &style, int current, double firstY, double lastY) const;

private:
    struct Span {
        double left = 0, width = 0;
        bool isShown = false;
    };
    [[nodiscard]] double contentWidth(const TableColumn &column, size_t index,
                                      const FigureStyle &style) const;
    void shrink(const FigureStyle &style, double used);
    void place(const FigureStyle &style);
    void paintTitles(QPainter &painter, const FigureStyle &style) const;
    void paintRow(QPainter &painter, const FigureStyle &style, int row) const;
    void paintWord(QPainter &painter, const FigureStyle &style, QRectF room, const TableRow &row,
                   const QString &text) const;
    void paintHeading(QPainter &painter, const FigureStyle &style, int row) const;
    void paintBar(QPainter &painter, const FigureStyle &style, const QRectF &area, double value,
                  bool isMarked) const;
    void paintHeat(QPainter &painter, const FigureStyle &style, const QRectF &area,
                   const TableCell &cell) const;
    void paintCurve(QPainter &painter, const FigureStyle &style, size_t column) const;

    ReadingTable m_table;
    std::vector<Span> m_spans;
    double m_width = 0, m_rowHeight = 20, m_titleHeight = 0;
    bool m_hasPictures = false; ///< then words without one stand where the others do
};

} // namespace orrery::ui
