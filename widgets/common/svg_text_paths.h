// SPDX-License-Identifier: GPL-3.0-or-later
// Makes the text of an SVG part of the drawing: outlines in place of names of fonts, which whoever reads the file may
// not have. GUI thread only (fonts).
#pragma once

#include <QByteArray>
#include <QString>

namespace orrery::ui {

/// @param svg as QSvgGenerator writes it   @param title of the document
/// @return the same figure: each glyph once, as a path of 1/1000 of its font's size, and used where it stands. The words
/// stay, as label of each text and all of them in <desc>. A text with a glyph that has no outline (an emoji of pixels)
/// stays text with its font.
QByteArray withTextAsPaths(const QByteArray &svg, const QString &title);

} // namespace orrery::ui
