// SPDX-License-Identifier: GPL-3.0-or-later
// Lines of token cells for one width and font. Extends what is there when cells are appended; 400,000 cells
// are laid out anew within a few milliseconds, because widths of characters are measured once. GUI thread
// only.
#pragma once

#include "widgets/play/token_cells.h"

#include <QFont>

#include <memory>
#include <vector>

namespace orrery::ui {

struct CellMeasures;

class TokenLayout {
public:
    /// Lays out from the given cell on; 0 after a change of font or width, or of the suffix.
    void update(const TokenCells &cells, int64_t firstChanged);
    /// @return whether anything changed, and update(cells, 0) is needed
    bool setGeometry(const QFont &font, double width);

    /// 0 before the first update.
    [[nodiscard]] int64_t numLines() const { return static_cast<int64_t>(m_lineStarts.size()); }
    [[nodiscard]] double lineHeight() const { return m_lineHeight; }
    [[nodiscard]] double baseline() const { return m_baseline; }
    /// Cells [first, last) of a line.
    [[nodiscard]] std::pair<int64_t, int64_t> lineCells(int64_t line) const;
    [[nodiscard]] int64_t lineOfCell(int64_t cell) const;
    [[nodiscard]] double cellWidth(int64_t cell) const { return m_widths[static_cast<size_t>(cell)]; }
    /// Left edge of a cell within its line.
    [[nodiscard]] double cellLeft(int64_t cell) const;
    /// Cell under x in a line, the last one behind its end; -1 on an empty line.
    [[nodiscard]] int64_t cellAt(int64_t line, double x) const;
    /// How the cell is drawn: chips in their own size, newlines as a mark.
    [[nodiscard]] double characterWidth() const { return m_characterWidth; }
    [[nodiscard]] double chipPadding() const { return 3; }

private:
    double measure(const TokenCells &cells, const Cell &cell);

    QFont m_font;
    /// Of the font; layouts with the same font share it, so that a thousand turns measure each character
    /// once.
    std::shared_ptr<CellMeasures> m_measures;
    std::vector<float> m_widths;
    size_t m_numTail = 0; ///< of m_widths, of the suffix
    std::vector<int64_t> m_lineStarts;
    double m_width = 0, m_lineHeight = 1, m_baseline = 0, m_characterWidth = 1;
};

} // namespace orrery::ui
