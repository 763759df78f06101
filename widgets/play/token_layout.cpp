// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/token_layout.h"

#include <QFontMetricsF>
#include <QHash>

#include <algorithm>
#include <array>
#include <cmath>

namespace orrery::ui {

struct CellMeasures {
    QFont font;
    QFontMetricsF metrics;
    QHash<QString, float> widths;
    std::array<float, 128> asciiWidths{}; ///< 0: not measured yet
};

namespace {

std::shared_ptr<CellMeasures> measuresOf(const QFont &font)
{
    static std::weak_ptr<CellMeasures> last;
    std::shared_ptr<CellMeasures> measures = last.lock();
    if (!measures || measures->font != font) {
        measures = std::make_shared<CellMeasures>(CellMeasures{font, QFontMetricsF(font), {}, {}});
        last = measures;
    }
    return measures;
}

} // namespace

bool TokenLayout::setGeometry(const QFont &font, double width)
{
    if (font == m_font && width == m_width) return false;
    if (font != m_font || m_widths.empty()) {
        m_font = font;
        m_measures = measuresOf(font);
        const QFontMetricsF &metrics = m_measures->metrics;
        m_widths.clear();
        m_characterWidth = metrics.horizontalAdvance(QLatin1Char('0'));
        m_lineHeight = std::ceil(metrics.height() * 1.25);
        m_baseline = std::round((m_lineHeight - metrics.height()) / 2 + metrics.ascent());
    }
    m_width = width;
    return true;
}

double TokenLayout::measure(const TokenCells &cells, const Cell &cell)
{
    switch (cell.kind) {
    case CellKind::Newline:
    case CellKind::Space:
        return m_characterWidth;
    case CellKind::Tab:
        return 4 * m_characterWidth;
    default:
        break;
    }
    const QStringView shown = cells.cellText(cell);
    if (cell.kind == CellKind::Text && shown.size() == 1 && shown[0].unicode() < 128) {
        float &width = m_measures->asciiWidths[shown[0].unicode()];
        if (width == 0) width = static_cast<float>(m_measures->metrics.horizontalAdvance(shown[0]));
        return width;
    }
    const QString text = shown.toString();
    QHash<QString, float> &widths = m_measures->widths;
    auto found = widths.constFind(text);
    if (found == widths.constEnd())
        found = widths.insert(text, static_cast<float>(m_measures->metrics.horizontalAdvance(text)));
    return cell.kind == CellKind::Text ? *found : *found + 2 * chipPadding() + 2;
}

void TokenLayout::update(const TokenCells &cells, int64_t firstChanged)
{
    const std::vector<Cell> &list = cells.cells();
    const auto numCells = static_cast<int64_t>(list.size());
    firstChanged = std::clamp<int64_t>(firstChanged, 0, numCells);
    const auto numKept = std::min<size_t>(m_widths.size(), static_cast<size_t>(firstChanged));
    // The suffix moves on with every batch of tokens and keeps its widths.
    const auto numTail = static_cast<size_t>(cells.numSuffixCells());
    std::vector<float> tail;
    if (numTail > 0 && numTail == m_numTail && firstChanged > 0 && m_widths.size() >= numTail)
        tail.assign(m_widths.end() - static_cast<std::ptrdiff_t>(numTail), m_widths.end());
    m_numTail = numTail;
    m_widths.resize(list.size());
    const size_t numMeasured = list.size() - tail.size();
    for (size_t i = numKept; i < numMeasured; ++i) m_widths[i] = static_cast<float>(measure(cells, list[i]));
    std::copy(tail.begin(), tail.end(), m_widths.begin() + static_cast<std::ptrdiff_t>(numMeasured));

    // The line that holds the first change is broken again, together with the one before: a longer word may
    // move up or down.
    while (!m_lineStarts.empty() && m_lineStarts.back() > firstChanged) m_lineStarts.pop_back();
    for (int i = 0; i < 2 && !m_lineStarts.empty(); ++i) m_lineStarts.pop_back();
    int64_t start = 0;
    if (!m_lineStarts.empty()) {
        start = m_lineStarts.back();
        m_lineStarts.pop_back();
    }
    const double width = std::max(m_width, m_characterWidth);
    while (start < numCells) {
        m_lineStarts.push_back(start);
        double x = 0;
        int64_t at = start, breakAfter = -1;
        while (at < numCells) {
            const CellKind kind = list[static_cast<size_t>(at)].kind;
            if (kind == CellKind::Newline) {
                ++at;
                breakAfter = -1;
                break;
            }
            x += m_widths[static_cast<size_t>(at)];
            // A blank may hang over the edge; anything else moves to the next line.
            if (x > width && at > start && kind != CellKind::Space) {
                if (breakAfter > start) at = breakAfter;
                break;
            }
            ++at;
            if (kind == CellKind::Space || kind == CellKind::Tab) breakAfter = at;
        }
        start = at;
    }
    const bool endsInNewline = numCells > 0 && list.back().kind == CellKind::Newline;
    if (m_lineStarts.empty() || endsInNewline) m_lineStarts.push_back(numCells);
}

std::pair<int64_t, int64_t> TokenLayout::lineCells(int64_t line) const
{
    if (line < 0 || line >= numLines()) return {0, 0};
    const int64_t first = m_lineStarts[static_cast<size_t>(line)];
    const int64_t last = line + 1 < numLines() ? m_lineStarts[static_cast<size_t>(line + 1)]
                                               : static_cast<int64_t>(m_widths.size());
    return {first, last};
}

int64_t TokenLayout::lineOfCell(int64_t cell) const
{
    const auto found = std::upper_bound(m_lineStarts.begin(), m_lineStarts.end(), cell);
    return std::max<int64_t>(0, static_cast<int64_t>(found - m_lineStarts.begin()) - 1);
}

double TokenLayout::cellLeft(int64_t cell) const
{
    double x = 0;
    for (int64_t at = lineCells(lineOfCell(cell)).first; at < cell; ++at) x += cellWidth(at);
    return x;
}

int64_t TokenLayout::cellAt(int64_t line, double x) const
{
    const auto [first, last] = lineCells(line);
    if (first >= last) return -1;
    double right = 0;
    for (int64_t cell = first; cell < last; ++cell) {
        right += cellWidth(cell);
        if (x < right) return cell;
    }
    return last - 1;
}

} // namespace orrery::ui
