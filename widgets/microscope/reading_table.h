// SPDX-License-Identifier: GPL-3.0-or-later
// A small table of what an answer says, made for a narrow column: names, bars, cells coloured by a
// probability, and one curve down its side. Values; any thread.
#pragma once

#include <QImage>
#include <QString>

#include <limits>
#include <vector>

namespace orrery::ui {

enum class ColumnKind : uint8_t {
    Number, ///< small, to the right
    Word,   ///< a token or another name, in the type of code; a third of the table at most
    Bar,    ///< from 0; of a table with negative values from the middle
    Heat,   ///< a token on the colour of its value, 0 … 1
    Curve,  ///< one curve through all rows, from 0
};

struct TableColumn {
    QString title;
    ColumnKind kind = ColumnKind::Number;
    double share = 0;      ///< of the room that is left over
    int minTableWidth = 0; ///< where the table is narrower, the column is left out
};

struct TableCell {
    QString text;                                            ///< what stands in it
    double value = std::numeric_limits<double>::quiet_NaN(); ///< of bars, heat and curve
    QString number = {};                                     ///< of heat: beside the text
    bool isOutlined = false;                                 ///< of heat: what is followed through the rows
};

struct TableRow {
    std::vector<TableCell> cells;
    bool isMarked = false; ///< what was said
    bool isHeading =
        false;      ///< of the rows below: the first cell's text, and a bar with its number at the right
    int place = -1; ///< for whoever opens it
    QString toolTip = {};
    QString spoken = {}; ///< for a screen reader
    QImage picture = {}; ///< of the patch or frame that its word names, before the word; null: it has none
};

struct ReadingTable {
    std::vector<TableColumn> columns;
    std::vector<TableRow> rows;
    double limit = 1;      ///< what the longest possible bar stands for
    double curveLimit = 1; ///< what the right edge of the curve stands for
    bool isSigned = false;

    [[nodiscard]] bool isEmpty() const { return rows.empty(); }
    /// Tab-separated, with titles.
    [[nodiscard]] QString toText() const;
};

} // namespace orrery::ui
