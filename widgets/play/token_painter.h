// SPDX-License-Identifier: GPL-3.0-or-later
// Draws tokens that are laid out, and finds them under a point: what the transcript of a prompt and every
// turn of a conversation have in common. No widgets of its own; GUI thread only.
#pragma once

#include "widgets/play/token_cells.h"
#include "widgets/play/token_layout.h"

#include <QColor>
#include <QRectF>

class QPainter;

namespace orrery::ui {

/// A text with its lines and where it stands; refers to what its owner keeps.
struct TokenScene {
    const TokenCells &cells;
    const TokenLayout &layout;
    const std::vector<float> &probabilities;    ///< one per token
    QPointF origin;                             ///< top left corner of the first line
    QColor givenColor;                          ///< of text that no token stands behind
    bool isColored = false;                     ///< by probability
    int64_t selectedFrom = -1, selectedTo = -1; ///< cells [from, to)
    int numShared = 0;                          ///< tokens at the beginning that other answers say, too
    int firstOwn = -1;                          ///< the first token that they do not say; -1: none
};

/// Lines that touch [top, bottom].
void paintTokenLines(QPainter &painter, const TokenScene &scene, double top, double bottom);
/// An outline around a token, one per line.
void paintTokenOutline(QPainter &painter, const TokenScene &scene, int token, bool isLocked);
/// A small fork at the upper left corner of a token: the version parts from another one here.
void paintForkMark(QPainter &painter, const TokenScene &scene, int token);
/// Of its first cell; null while its bytes wait.
QRectF tokenRect(const TokenScene &scene, int token);
/// @param isExact -1 beside the text; else the nearest cell
int64_t cellAt(const TokenScene &scene, const QPointF &position, bool isExact);
/// -1 for none.
int tokenAt(const TokenScene &scene, const QPointF &position);

} // namespace orrery::ui
