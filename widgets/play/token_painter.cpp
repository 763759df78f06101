// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/token_painter.h"

#include "widgets/common/tone_label.h"
#include "widgets/play/probability_color.h"
#include "widgets/theme/contrast.h"
#include "widgets/theme/theme.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

void paintGround(QPainter &painter, const TokenScene &scene, const Cell &cell, const QRectF &area)
{
    // A character made of several tokens shows the colour of each, side by side.
    painter.setRenderHint(QPainter::Antialiasing, false);
    const double width = area.width() / cell.numTokens;
    for (int i = 0; i < cell.numTokens; ++i) {
        const auto token = static_cast<size_t>(cell.firstToken + i);
        const QRectF band(area.left() + i * width, area.top() + 1, width, area.height() - 2);
        painter.fillRect(band, probabilityColor(scene.probabilities[token]));
    }
    painter.setRenderHint(QPainter::Antialiasing);
}

void paintChip(QPainter &painter, const TokenScene &scene, const Cell &cell, const QRectF &area)
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    const bool isWarning = cell.kind == CellKind::InvalidByte;
    painter.setPen(QPen(isWarning ? tokens.warning : tokens.border, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(area.adjusted(1.5, 1.5, -1.5, -1.5), 3, 3);
    painter.setPen(isWarning ? tokens.warning : tokens.secondary);
    painter.drawText(
        QPointF(area.left() + 1 + scene.layout.chipPadding(), area.top() + scene.layout.baseline()),
        scene.cells.cellText(cell).toString());
}

/// Behind the first token that other answers do not have; text on it stays readable in each theme.
QColor differenceGround()
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    constexpr double kAmount = 0.3;
    return mixed(tokens.warning, tokens.surface, kAmount);
}

/// Colours and selection behind the text of a line.
void paintLineGround(QPainter &painter, const TokenScene &scene, int64_t line, double y)
{
    const auto [first, last] = scene.layout.lineCells(line);
    double x = scene.origin.x();
    for (int64_t index = first; index < last; ++index) {
        const Cell &cell = scene.cells.cells()[static_cast<size_t>(index)];
        const QRectF area(x, y, scene.layout.cellWidth(index), scene.layout.lineHeight());
        x += area.width();
        if (scene.isColored && cell.firstToken >= 0 && cell.numTokens > 0)
            paintGround(painter, scene, cell, area);
        if (scene.firstOwn >= 0 && cell.firstToken >= 0 && cell.firstToken <= scene.firstOwn &&
            scene.firstOwn < cell.firstToken + std::max(1, cell.numTokens))
            painter.fillRect(area.adjusted(0, 1, 0, -1), differenceGround());
        if (index >= scene.selectedFrom && index < scene.selectedTo)
            painter.fillRect(area, Theme::instance().tokens().selection);
    }
}

void paintLineText(QPainter &painter, const TokenScene &scene, int64_t line, double y)
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    const auto [first, last] = scene.layout.lineCells(line);
    double x = scene.origin.x();
    // Plain neighbours of one style are drawn in one call; a line has hundreds of cells.
    QString run;
    double runLeft = 0;
    QColor runColor;
    const double baseline = y + scene.layout.baseline();
    const auto flush = [&] {
        if (run.isEmpty()) return;
        painter.setPen(runColor);
        painter.drawText(QPointF(runLeft, baseline), run);
        run.clear();
    };
    for (int64_t index = first; index < last; ++index) {
        const Cell &cell = scene.cells.cells()[static_cast<size_t>(index)];
        const QRectF area(x, y, scene.layout.cellWidth(index), scene.layout.lineHeight());
        x += area.width();
        // On the colours of probabilities only the strong colour of the text can be read.
        const bool standsBack = cell.firstToken < scene.numShared && !scene.isColored;
        const QColor color = cell.firstToken < 0 ? scene.givenColor : standsBack ? tokens.secondary : tokens.text;
        if (cell.kind == CellKind::Space) {
            if (!run.isEmpty()) run += u' ';
            continue;
        }
        const QStringView text = scene.cells.cellText(cell);
        const bool isPlain = cell.kind == CellKind::Text && text.size() == 1 && text[0].unicode() < 0x7F;
        if (!isPlain || color != runColor) flush();
        if (isPlain) {
            if (run.isEmpty()) {
                runLeft = area.left();
                runColor = color;
            }
            run += text;
        } else if (cell.kind == CellKind::Text) {
            painter.setPen(color);
            painter.drawText(QPointF(area.left(), baseline), text.toString());
        } else if (cell.kind == CellKind::Newline) {
            if (!scene.isColored || cell.firstToken < 0) continue;
            painter.setPen(tokens.secondary);
            painter.drawText(QPointF(area.left(), baseline), u"↵"_s);
        } else if (cell.kind != CellKind::Tab) {
            paintChip(painter, scene, cell, area);
        }
    }
    flush();
}

double lineTop(const TokenScene &scene, int64_t line)
{
    return scene.origin.y() + static_cast<double>(line) * scene.layout.lineHeight();
}

} // namespace

void paintTokenLines(QPainter &painter, const TokenScene &scene, double top, double bottom)
{
    const auto first = static_cast<int64_t>(std::floor((top - scene.origin.y()) / scene.layout.lineHeight()));
    for (int64_t line = std::max<int64_t>(0, first); line < scene.layout.numLines(); ++line) {
        const double y = lineTop(scene, line);
        if (y > bottom) break;
        paintLineGround(painter, scene, line, y);
        paintLineText(painter, scene, line, y);
    }
}

void paintTokenOutline(QPainter &painter, const TokenScene &scene, int token, bool isLocked)
{
    const auto [first, last] = scene.cells.cellsOfToken(token);
    if (first < 0) return;
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(Theme::instance().tokens().accent, isLocked ? 2 : 1.2));
    for (int64_t cell = first; cell <= last;) {
        const int64_t line = scene.layout.lineOfCell(cell);
        const int64_t end = std::min(last + 1, scene.layout.lineCells(line).second);
        double width = 0;
        for (int64_t i = cell; i < end; ++i) width += scene.layout.cellWidth(i);
        painter.drawRoundedRect(QRectF(scene.origin.x() + scene.layout.cellLeft(cell), lineTop(scene, line),
                                       width, scene.layout.lineHeight())
                                    .adjusted(-0.5, 0.5, 0.5, -0.5),
                                1.5, 1.5);
        cell = std::max(end, cell + 1);
    }
}

void paintForkMark(QPainter &painter, const TokenScene &scene, int token)
{
    const QRectF area = tokenRect(scene, token);
    if (area.isNull()) return;
    painter.setPen(QPen(Theme::instance().tokens().accent, 1.4, Qt::SolidLine, Qt::RoundCap));
    painter.setBrush(Qt::NoBrush);
    // A stem along the left edge of the token, and a branch from it to the right, over its first letter.
    const double x = area.left() - 0.5, top = area.top() - 1, bottom = area.bottom() - 1;
    painter.drawLine(QPointF(x, bottom), QPointF(x, top));
    painter.drawLine(QPointF(x, top + 4), QPointF(x + 4.5, top - 0.5));
    painter.drawLine(QPointF(x + 4.5, top - 0.5), QPointF(x + 4.5, top + 2.5));
    painter.drawLine(QPointF(x + 4.5, top - 0.5), QPointF(x + 1.5, top - 0.5));
}

QRectF tokenRect(const TokenScene &scene, int token)
{
    const int64_t cell = scene.cells.cellsOfToken(token).first;
    if (cell < 0) return {};
    const Cell &found = scene.cells.cells()[static_cast<size_t>(cell)];
    const double width = scene.layout.cellWidth(cell) / std::max(1, found.numTokens);
    return {scene.origin.x() + scene.layout.cellLeft(cell) + (token - found.firstToken) * width,
            lineTop(scene, scene.layout.lineOfCell(cell)), width, scene.layout.lineHeight()};
}

int64_t cellAt(const TokenScene &scene, const QPointF &position, bool isExact)
{
    const TokenLayout &layout = scene.layout;
    auto line = static_cast<int64_t>(std::floor((position.y() - scene.origin.y()) / layout.lineHeight()));
    if (isExact && (line < 0 || line >= layout.numLines())) return -1;
    line = std::clamp<int64_t>(line, 0, layout.numLines() - 1);
    const double x = position.x() - scene.origin.x();
    const int64_t cell = layout.cellAt(line, x);
    if (!isExact) return cell < 0 ? layout.lineCells(line).first : cell;
    if (cell < 0 || x < 0 || x > layout.cellLeft(cell) + layout.cellWidth(cell)) return -1;
    return cell;
}

int tokenAt(const TokenScene &scene, const QPointF &position)
{
    const int64_t index = cellAt(scene, position, true);
    if (index < 0) return -1;
    const Cell &cell = scene.cells.cells()[static_cast<size_t>(index)];
    if (cell.firstToken < 0) return -1;
    const double share = (position.x() - scene.origin.x() - scene.layout.cellLeft(index)) /
                         std::max(1.0, scene.layout.cellWidth(index));
    return cell.firstToken +
           std::clamp(static_cast<int>(share * cell.numTokens), 0, std::max(0, cell.numTokens - 1));
}

} // namespace orrery::ui
