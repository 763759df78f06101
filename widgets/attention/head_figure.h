// SPDX-License-Identifier: GPL-3.0-or-later
// One large map of a head (or of several over each other) with tokens on both axes and its colour scale:
// where things stand and how they are painted, on the screen and in an export alike. GUI thread only.
#pragma once

#include "widgets/attention/color_scale.h"
#include "widgets/attention/token_groups.h"

#include <QFont>
#include <QImage>
#include <QPointF>

#include <map>
#include <vector>

class QPainter;

namespace orrery::ui {

struct HeadContent {
    std::vector<HeadMatrix> heads; ///< one, or up to four of the same shape for an overlay
    std::vector<InspectedToken> tokens;
    /// Parts of pictures and recordings, in place of their labels: one a token, null where there is none; or
    /// empty.
    std::vector<QImage> pictures;
    ScaleKind scale = ScaleKind::SquareRoot;
    CellValue value = CellValue::Maximum;
    bool isGrouped = false; ///< cells are words or lines: they show the sum of their weights, whatever `value` is
    int64_t baseStep = -1;
    /// Of a difference: its colours end there at least, so that two maps can have one scale.
    double leastLimit = 0;
    /// Of a difference of weights that were kept in eight bits: what each cell may be off by; empty: exact.
    std::vector<float> rounding;
};

/// What part of the map is seen.
struct MapZoom {
    double factor = 1; ///< of the size at which all fits
    QPointF origin;    ///< cells that are scrolled out at the left and at the top
};

struct HeadLayout {
    QRectF plot; ///< where cells are painted; the map may be larger
    QRectF legend;
    double cell = 0; ///< edge in pixels
    QPointF origin;  ///< of the map's first cell, in pixels
    /// Cells are too small for a label each: words are named, with a line along what belongs to them. Single
    /// letters with others left out between them would read as a text that nobody wrote.
    bool hasWords = false;
    [[nodiscard]] QRectF cellRect(int row, int column) const
    {
        return {origin.x() + column * cell, origin.y() + row * cell, cell, cell};
    }
};

/// A cell; -1, -1: none.
struct CellPlace {
    int row = -1, column = -1;
    bool operator==(const CellPlace &) const = default;
};

class HeadFigure {
public:
    void setContent(HeadContent content);
    [[nodiscard]] const HeadContent &content() const { return m_content; }
    [[nodiscard]] bool isEmpty() const
    {
        return m_content.heads.empty() || m_content.heads.front().isEmpty();
    }
    [[nodiscard]] int numRows() const { return isEmpty() ? 0 : m_content.heads.front().height(); }
    [[nodiscard]] int numColumns() const { return isEmpty() ? 0 : m_content.heads.front().width(); }
    [[nodiscard]] const ScaleLegend &legend() const { return m_legend; }
    [[nodiscard]] const QString &rowLabel(int row) const { return m_rowLabels[size_t(row)]; }
    [[nodiscard]] const QString &columnLabel(int column) const { return m_columnLabels[size_t(column)]; }
    /// Of one token that is a part of a picture or recording; null: it is none.
    [[nodiscard]] QImage picture(const TokenRange &tokens) const;

    [[nodiscard]] HeadLayout layout(const QSizeF &space, const MapZoom &zoom, const FigureStyle &style) const;
    /// Width at which nothing is left over when all is shown in this height.
    [[nodiscard]] double widthForHeight(double height, const FigureStyle &style) const;
    [[nodiscard]] CellPlace cellAt(const HeadLayout &layout, const QPointF &position) const;
    /// The colour that a cell is painted in.
    [[nodiscard]] QRgb cellColor(int row, int column, const FigureStyle &style) const;
    /// "token 12 “the” looks at token 3 “cat”: 0.213 (max 0.41 in cell)".
    [[nodiscard]] QString reading(const CellPlace &place) const;

    struct Marks {
        CellPlace cursor;
        int pinnedRow = -1;
        bool hasFocus = false;
    };
    void paint(QPainter &painter, const HeadLayout &layout, const Marks &marks,
               const FigureStyle &style) const;
    /// The same in two parts: what stays while a pointer moves, and what is drawn over it.
    void paintBase(QPainter &painter, const HeadLayout &layout, const FigureStyle &style) const;
    void paintOver(QPainter &painter, const HeadLayout &layout, const Marks &marks,
                   const FigureStyle &style) const;
    /// Largest value that rounding alone can make of a difference; 0: it is exact.
    [[nodiscard]] double rounding() const { return m_rounding; }
    /// Where the colours would end without leastLimit.
    [[nodiscard]] double ownLimit() const { return m_ownLimit; }
    enum class Axis : uint8_t { Rows, Columns };
    /// What the axis names, in order: each row or column, or each word that there is room for. Of parts of
    /// pictures too, which are painted in place of their labels.
    [[nodiscard]] std::vector<QString> namesShown(const HeadLayout &layout, Axis axis,
                                                  const FigureStyle &style) const;
    /// Where the picture of a part stands beside the map; empty: there is none.
    [[nodiscard]] QRectF pictureRect(const HeadLayout &layout, Axis axis, int index,
                                     const FigureStyle &style) const;
    /// Tokens that the map is of, from the first row and column to the last.
    [[nodiscard]] QRectF tokenArea() const;

private:
    static constexpr double kGapFrom = 7;  ///< edge in pixels from which a line of the ground parts the cells
    static constexpr double kLabelGap = 6; ///< from labels to the map
    /// With room for the lines along words; turned text stands on them with one corner alone.
    [[nodiscard]] static double labelGap(Axis axis, bool hasWords)
    {
        return kLabelGap + (hasWords ? (axis == Axis::Rows ? 3 : 1) : 0);
    }
    struct Margins {
        double left, top, right;
    };
    /// Rows or columns of one word, from `begins` to the next one's; a last number is behind the end.
    struct Words {
        std::vector<int> begins;
        std::vector<QString> labels;
    };
    /// One label on an axis; what it names, in pixels along the axis, as far as it is seen.
    struct AxisName {
        int first, last; ///< last is behind the end
        QString text;
        double from, to;
        bool isShown; ///< there is room for it behind the one before
        bool isPicture;
        [[nodiscard]] double middle() const { return (from + to) / 2; }
    };
    /// @param height of all: turned labels never take most of it  @param cell its edge, about
    [[nodiscard]] Margins margins(double height, double cell, const FigureStyle &style) const;
    [[nodiscard]] double longestLabel(const std::vector<QString> &labels, const FigureStyle &style) const;
    [[nodiscard]] bool needsWords(double cell, const FigureStyle &style) const;
    /// Labels over the columns of a letter or two: they need not be turned.
    [[nodiscard]] bool areColumnsUpright(bool hasWords, const FigureStyle &style) const;
    [[nodiscard]] Words wordsOf(const std::vector<TokenRange> &ranges,
                                const std::vector<QString> &labels) const;
    [[nodiscard]] const std::vector<TokenRange> &rangesOf(Axis axis) const;
    [[nodiscard]] std::vector<AxisName> names(const HeadLayout &layout, Axis axis,
                                              const FigureStyle &style) const;
    [[nodiscard]] static double pictureEdge(double cell, bool isMarked, const FigureStyle &style);
    [[nodiscard]] QRectF pictureArea(const HeadLayout &layout, Axis axis, int index, bool isMarked,
                                     const FigureStyle &style) const;
    /// The most that text is kept off the map by pictures.
    [[nodiscard]] double pictureRoom(Axis axis, double cell, const FigureStyle &style) const;
    /// Pixels that the text at a place keeps off the map, because pictures stand there.
    [[nodiscard]] double pushedBy(const HeadLayout &layout, Axis axis, double middle,
                                  const FigureStyle &style) const;
    /// A pixel for `perCell` × `perCell` cells; made once for a content.
    [[nodiscard]] const QImage &cells(int perCell, const FigureStyle &style) const;
    void paintPixels(QPainter &painter, const HeadLayout &layout, const FigureStyle &style) const;
    void paintVector(QPainter &painter, const HeadLayout &layout, const FigureStyle &style) const;
    void paintNumbers(QPainter &painter, const HeadLayout &layout, const FigureStyle &style) const;
    void paintMarks(QPainter &painter, const HeadLayout &layout, const Marks &marks,
                    const FigureStyle &style) const;
    // head_figure_labels.cpp
    void paintLabels(QPainter &painter, const HeadLayout &layout, Axis axis, const FigureStyle &style) const;
    /// Of the row or column under the cursor, or of the one that is kept: in place of what the axis says
    /// there.
    void paintMarkedLabel(QPainter &painter, const HeadLayout &layout, Axis axis, int index,
                          const QColor &color, const FigureStyle &style) const;
    enum class Look : uint8_t { Plain, Marked, Erased }; ///< erased: the ground alone, where it stood
    void paintText(QPainter &painter, const HeadLayout &layout, Axis axis, double middle,
                   const QString &whole, const QColor &color, Look look, const FigureStyle &style) const;

    HeadContent m_content;
    ScaleLegend m_legend;
    std::vector<QString> m_rowLabels, m_columnLabels;
    Words m_rowWords, m_columnWords;
    bool m_hasPictures = false;
    double m_rounding = 0, m_ownLimit = 1;
    mutable std::map<int, QImage> m_cells; ///< by cells a pixel
    mutable MapGround m_cellsGround = MapGround::Light;
    mutable std::map<const void *, double> m_longest; ///< by the list of labels, in m_longestFont
    mutable QFont m_longestFont;
};

} // namespace orrery::ui
