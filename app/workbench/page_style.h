// SPDX-License-Identifier: GPL-3.0-or-later
// How a page of help looks: Qt's own rendering of Markdown has no room around tables, code and headings. GUI thread only.
#pragma once

class QTextDocument;

namespace orrery::ui {

/// Sizes, distances and colours of the theme for headings, paragraphs, lists, tables and code of a document that was read
/// from Markdown. Its words stay; called again after a change of theme, it takes the new colours.
/// @param firstColumn width of the first column of all tables, in pixels, so that they stand alike; 0: as wide as its words
void stylePage(QTextDocument &page, int firstColumn = 0);

} // namespace orrery::ui
