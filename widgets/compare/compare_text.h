// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of the comparison as texts: tab-separated and CSV for programs, with all digits; Markdown for a note, as it is shown.
// Pure; GUI thread only, as they ask models.
#pragma once

#include <QList>
#include <QString>

class QAbstractItemModel;

namespace orrery::ui {

/// @param rows of the model; empty: all   @param exactRole what a cell holds for programs; −1: what is shown
QString tableAsTsv(const QAbstractItemModel &model, const QList<int> &rows, int exactRole);
QString tableAsCsv(const QAbstractItemModel &model, const QList<int> &rows, int exactRole);
/// @param bestRole true for what is printed in bold; −1: nothing is
QString tableAsMarkdown(const QAbstractItemModel &model, const QList<int> &rows, int bestRole);

} // namespace orrery::ui
