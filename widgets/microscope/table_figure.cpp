// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/microscope/table_figure.h"

#include "widgets/theme/contrast.h"

#include <QFontMetricsF>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr double kGap = 8, kSide = 6, kMinBar = 32, kMinHeat = 44, kCurve = 40;
constexpr double kMinWord = 44, kLeastBar = 16, kLeastHeat = 30,
                 kWordShare = 0.34; ///< where there is very little room
constexpr double kMark = 3;         ///< the bar at the left of a marked row

QFont wordFont(const FigureStyle &style, bool isMarked)
{
    QFont font = style.mono;
    if (isMarked) font.setWeight(QFont::Bold);
    return font;
}

void paintText(QPainter &painter, const QFont &font, const QColor &color, const QRectF &room,
               Qt::Alignment alignment, const QString &text)
{
    painter.setFont(font);
    painter.setPen(color);
    // A pixel of the gap: rounding must not cut a number that fits.
    painter.drawText(room.adjusted(-1, 0, 1, 0), alignment | Qt::AlignVCenter,
                     QFontMetricsF(font).elidedText(text, Qt::ElideRight, room.width() + 1));
}

QColor signColor(const FigureStyle &style, double value)
{
    return QColor::fromRgb(style.diverging().at(value < 0 ? 0.08 : 0.92));
}

} // namespace

TableFigure::TableFigure(ReadingTable table, double width, const FigureStyle &style)
    : m_table(std::move(table)), m_width(width)
{
    m_rowHeight =
        std::ceil(std::max(QFontMetricsF(style.base).height(), QFontMetricsF(style.mono).height())) + 4;
    const bool hasTitles = std::any_of(m_table.columns.begin(), m_table.columns.end(),
                                       [](const TableColumn &one) { return !one.title.isEmpty(); });
    m_titleHeight = hasTitles ? std::ceil(QFontMetricsF(style.small).height()) + 4 : 0;
    m_hasPictures = std::any_of(m_table.rows.begin(), m_table.rows.end(),
                                [](const TableRow &one) { return !one.picture.isNull(); });
    place(style);
}

/// Without its title.
double TableFigure::contentWidth(const TableColumn &column, size_t index, const FigureStyle &style) const
{
    if (column.kind == ColumnKind::Bar) return kMinBar;
    if (column.kind == ColumnKind::Heat) return kMinHeat;
    if (column.kind == ColumnKind::Curve) return kCurve;
    const bool isWord = column.kind == ColumnKind::Word;
    const QFontMetricsF metrics(isWord ? wordFont(style, true) : style.base);
    double widest = 0;
    for (const TableRow &row : m_table.rows)
        if (!row.isHeading && index < row.cells.size())
            widest = std::max(widest, metrics.horizontalAdvance(row.cells[index].text) +
                                          (isWord && m_hasPictures ? m_rowHeight : 0));
    if (isWord) widest = std::min(widest, std::max(kMinWord, m_width * kWordShare));
    return std::ceil(widest) + 1;
}

void TableFigure::place(const FigureStyle &style)
{
    m_spans.assign(m_table.columns.size(), {});
    double used = 2 * kSide - kGap, shares = 0;
    const QFontMetricsF titles(style.small);
    for (size_t i = 0; i < m_spans.size(); ++i) {
        const TableColumn &column = m_table.columns[i];
        if (m_width < column.minTableWidth) continue;
        const bool isElided = column.kind == ColumnKind::Heat; // a title there may be cut
        const double title = isElided ? 0 : std::ceil(titles.horizontalAdvance(column.title)) + 1;
        m_spans[i] = {0, std::max(title, contentWidth(column, i, style)), true};
        used += m_spans[i].width + kGap;
        shares += column.share;
    }
    if (used > m_width) shrink(style, used);
    const double spare = std::max(0.0, m_width - used);
    double x = kSide;
    for (size_t i = 0; i < m_spans.size(); ++i) {
        if (!m_spans[i].isShown) continue;
        if (shares > 0) m_spans[i].width += spare * m_table.columns[i].share / shares;
        m_spans[i].left = x;
        x += m_spans[i].width + kGap;
    }
}

/// What is too wide is taken from long words first, then from titles, then from bars and colours; numbers
/// stay whole.
void TableFigure::shrink(const FigureStyle &style, double used)
{
    const auto least = [&](size_t i, ColumnKind kind) {
        const double content = contentWidth(m_table.columns[i], i, style);
        if (kind == ColumnKind::Word) return std::min(content, kMinWord);
        if (kind == ColumnKind::Number) return content;
        return kind == ColumnKind::Heat ? kLeastHeat : kLeastBar;
    };
    for (const ColumnKind kind :
         {ColumnKind::Word, ColumnKind::Number, ColumnKind::Curve, ColumnKind::Bar, ColumnKind::Heat}) {
        double room = 0;
        for (size_t i = 0; i < m_spans.size(); ++i)
            if (m_spans[i].isShown && m_table.columns[i].kind == kind)
                room += std::max(0.0, m_spans[i].width - least(i, kind));
        const double part = room > 0 ? std::clamp((used - m_width) / room, 0.0, 1.0) : 0;
        for (size_t i = 0; i < m_spans.size() && part > 0; ++i)
            if (m_spans[i].isShown && m_table.columns[i].kind == kind)
                m_spans[i].width -= part * std::max(0.0, m_spans[i].width - least(i, kind));
        used -= part * room;
    }
}

double TableFigure::height() const { return m_titleHeight + double(m_table.rows.size()) * m_rowHeight; }

QRectF TableFigure::rowRect(int row) const
{
    return {0, m_titleHeight + row * m_rowHeight, m_width, m_rowHeight};
}

int TableFigure::rowAt(double y) const
{
    const double row = std::floor((y - m_titleHeight) / m_rowHeight);
    return row < 0 || row >= double(m_table.rows.size()) ? -1 : int(row);
}

QRectF TableFigure::cellRect(int row, int column) const
{
    if (column < 0 || column >= std::ssize(m_spans) || !m_spans[size_t(column)].isShown) return {};
    const Span &span = m_spans[size_t(column)];
    return {span.left, rowRect(row).top(), span.width, m_rowHeight};
}

void TableFigure::paint(QPainter &painter, const FigureStyle &style, int current, double firstY,
                        double lastY) const
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    if (m_titleHeight > 0) paintTitles(painter, style);
    for (int row = 0; row < std::ssize(m_table.rows); ++row) {
        const QRectF area = rowRect(row);
        if (area.bottom() < firstY || area.top() > lastY) continue;
        if (row == current || m_table.rows[size_t(row)].isMarked) {
            painter.setPen(row == current ? QPen(style.tokens.accent, 1) : QPen(Qt::NoPen));
            painter.setBrush(style.tokens.selection);
            painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
        }
        if (m_table.rows[size_t(row)].isHeading)
            paintHeading(painter, style, row);
        else
            paintRow(painter, style, row);
    }
    for (size_t i = 0; i < m_table.columns.size(); ++i)
        if (m_table.columns[i].kind == ColumnKind::Curve && m_spans[i].isShown) paintCurve(painter, style, i);
    painter.restore();
}

void TableFigure::paintTitles(QPainter &painter, const FigureStyle &style) const
{
    const QFontMetricsF metrics(style.small);
    painter.setFont(style.small);
    painter.setPen(style.tokens.secondary);
    for (size_t i = 0; i < m_spans.size(); ++i) {
        const TableColumn &column = m_table.columns[i];
        if (!m_spans[i].isShown || column.title.isEmpty()) continue;
        const bool isRight = column.kind == ColumnKind::Number;
        const QRectF area(m_spans[i].left, 0, m_spans[i].width, m_titleHeight - 2);
        painter.drawText(area, (isRight ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter,
                         metrics.elidedText(column.title, Qt::ElideRight, area.width() + 1));
    }
    painter.setPen(QPen(style.tokens.grid, 1));
    painter.drawLine(QPointF(0, m_titleHeight - 1.5), QPointF(m_width, m_titleHeight - 1.5));
}

void TableFigure::paintRow(QPainter &painter, const FigureStyle &style, int row) const
{
    const TableRow &content = m_table.rows[size_t(row)];
    if (content.isMarked) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(style.tokens.accent);
        painter.drawRoundedRect(QRectF(0, rowRect(row).top() + 2, kMark, m_rowHeight - 4), 1.5, 1.5);
    }
    for (size_t i = 0; i < std::min(content.cells.size(), m_spans.size()); ++i) {
        if (!m_spans[i].isShown) continue;
        const TableCell &cell = content.cells[i];
        const QRectF area = cellRect(row, int(i));
        const ColumnKind kind = m_table.columns[i].kind;
        if (kind == ColumnKind::Bar) {
            paintBar(painter, style, area, cell.value, content.isMarked);
        } else if (kind == ColumnKind::Heat) {
            paintHeat(painter, style, area, cell);
        } else if (kind == ColumnKind::Word) {
            paintWord(painter, style, area, content, cell.text);
        } else if (kind == ColumnKind::Number) {
            paintText(painter, style.base, style.tokens.text, area, Qt::AlignRight, cell.text);
        }
    }
}

void TableFigure::paintWord(QPainter &painter, const FigureStyle &style, QRectF room, const TableRow &row,
                            const QString &text) const
{
    if (!row.picture.isNull()) {
        const double side = m_rowHeight - 4;
        painter.setRenderHint(QPainter::SmoothPixmapTransform);
        painter.drawImage(QRectF(room.left(), room.top() + 2, side, side), row.picture);
    }
    if (m_hasPictures) room.setLeft(room.left() + m_rowHeight);
    paintText(painter, wordFont(style, row.isMarked),
              row.isMarked ? readableOn(style.tokens.accent, style.tokens.selection) : style.tokens.text,
              room, Qt::AlignLeft, text);
}

void TableFigure::paintHeading(QPainter &painter, const FigureStyle &style, int row) const
{
    const TableRow &content = m_table.rows[size_t(row)];
    const QRectF area = rowRect(row).adjusted(kSide, 0, -kSide, 0);
    QFont font = style.base;
    font.setWeight(QFont::DemiBold);
    const QFontMetricsF metrics(font), numbers(style.base);
    const QString number = content.cells.size() > 1 ? content.cells.back().text : QString();
    const double room = area.width() - numbers.horizontalAdvance(number) - kGap;
    painter.setFont(font);
    painter.setPen(style.tokens.text);
    painter.drawText(area, Qt::AlignLeft | Qt::AlignVCenter,
                     metrics.elidedText(content.cells.front().text, Qt::ElideRight, room));
    painter.setFont(style.base);
    painter.setPen(style.tokens.secondary);
    painter.drawText(area, Qt::AlignRight | Qt::AlignVCenter, number);
}

void TableFigure::paintBar(QPainter &painter, const FigureStyle &style, const QRectF &area, double value,
                           bool isMarked) const
{
    constexpr double kThick = 9;
    const QRectF bar(area.left(), std::round(area.center().y() - kThick / 2), area.width(), kThick);
    painter.setPen(Qt::NoPen);
    painter.setBrush(isMarked ? mixed(style.tokens.grid, style.tokens.surface, 0.5) : style.tokens.grid);
    painter.drawRoundedRect(bar, 2, 2);
    const double zero = m_table.isSigned ? bar.center().x() : bar.left();
    if (std::isfinite(value) && value != 0) {
        const double full = m_table.isSigned ? bar.width() / 2 : bar.width();
        const double length = std::max(1.0, full * std::min(1.0, std::abs(value) / m_table.limit));
        painter.setBrush(m_table.isSigned ? signColor(style, value) : style.tokens.accent);
        painter.drawRoundedRect(QRectF(value < 0 ? zero - length : zero, bar.top(), length, kThick), 2, 2);
    }
    if (!m_table.isSigned) return;
    painter.setPen(QPen(style.tokens.secondary, 1));
    painter.drawLine(QPointF(zero, bar.top() - 2), QPointF(zero, bar.bottom() + 2));
}

void TableFigure::paintHeat(QPainter &painter, const FigureStyle &style, const QRectF &area,
                            const TableCell &cell) const
{
    if (cell.text.isEmpty() && !std::isfinite(cell.value)) return;
    const QColor ground = QColor::fromRgb(style.sequential().at(cell.value));
    const QRectF field = area.adjusted(-3, 1, 3, -1);
    painter.setBrush(ground);
    painter.setPen(Qt::NoPen);
    painter.drawRoundedRect(field, 3, 3);
    if (cell.isOutlined) { // a line of the surface parts it from whatever colour the cell has
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(style.tokens.surface, 1));
        painter.drawRoundedRect(field.adjusted(2.5, 2.5, -2.5, -2.5), 1.5, 1.5);
        painter.setPen(QPen(style.tokens.accent, 2));
        painter.drawRoundedRect(field.adjusted(1, 1, -1, -1), 3, 3);
    }
    const bool isDarkReadable = contrastRatio(Qt::black, ground) > contrastRatio(Qt::white, ground);
    painter.setPen(contrastRatio(style.tokens.text, ground) >= kMinTextContrast
                       ? style.tokens.text
                       : QColor(isDarkReadable ? Qt::black : Qt::white));
    const QFontMetricsF numbers(style.small), words(style.mono);
    const double numberWidth = numbers.horizontalAdvance(cell.number);
    const QRectF room = cell.isOutlined ? area.adjusted(1, 0, -1, 0) : area;
    painter.setFont(style.small);
    painter.drawText(room, Qt::AlignRight | Qt::AlignVCenter, cell.number);
    painter.setFont(style.mono);
    painter.drawText(room, Qt::AlignLeft | Qt::AlignVCenter,
                     words.elidedText(cell.text, Qt::ElideRight, room.width() - numberWidth - 3));
}

void TableFigure::paintCurve(QPainter &painter, const FigureStyle &style, size_t column) const
{
    QPainterPath path;
    bool isDrawing = false;
    QPointF last;
    const QRectF room = cellRect(0, int(column));
    painter.setPen(QPen(style.tokens.grid, 1));
    painter.drawLine(QPointF(room.left(), room.top()),
                     QPointF(room.left(), room.top() + double(m_table.rows.size()) * m_rowHeight));
    for (int row = 0; row < std::ssize(m_table.rows); ++row) {
        const TableRow &content = m_table.rows[size_t(row)];
        const double value = column < content.cells.size() ? content.cells[column].value : std::nan("");
        if (!std::isfinite(value)) {
            isDrawing = false; // a gap stays a gap
            continue;
        }
        const QRectF area = cellRect(row, int(column));
        last = {area.left() + (area.width() - 3) * std::clamp(value / m_table.curveLimit, 0.0, 1.0),
                area.center().y()};
        if (isDrawing)
            path.lineTo(last);
        else
            path.moveTo(last);
        isDrawing = true;
    }
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(style.tokens.secondary, 1.4, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.drawPath(path);
    if (!isDrawing) return;
    painter.setPen(Qt::NoPen);
    painter.setBrush(style.tokens.secondary);
    painter.drawEllipse(last, 2.2, 2.2);
}

} // namespace orrery::ui
