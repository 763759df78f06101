// SPDX-License-Identifier: GPL-3.0-or-later
// What is shown as a figure on white paper (PNG, SVG, PDF), as a table (CSV) and as a command. GUI thread
// only.
#pragma once

#include "core/base/result.h"
#include "widgets/attention/head_figure.h"
#include "widgets/attention/modality_grid.h"
#include "widgets/attention/overview_scene.h"

#include <QImage>
#include <QString>

namespace orrery::ui {

/// The overview, a map or the modalities, under a title that says what it is of.
struct FigurePage {
    QString title;    ///< "code-7M, step 8,210: layer 3, head 5"
    QString subtitle; ///< the prompt
    const OverviewContent *overview = nullptr;
    const HeadContent *head = nullptr;
    int pinnedRow = -1;
    SnapshotPtr modalities;
};

QImage figureImage(const FigurePage &page); ///< at twice the size on the screen
/// By the ending of the name: .png, .svg or .pdf.
/// @error InvalidInput for another ending; Io when it cannot be written
Result<void> saveFigure(const FigurePage &page, const QString &path);
/// One line a cell: row, row_text, column, column_text, and for each head mean and max. Tokens count from 0.
QString headCsv(const HeadContent &content);
/// One line a head: layer, head, entropy_nats, distance_tokens, first_mass, self_mass, difference.
QString overviewCsv(const OverviewScene &scene);
} // namespace orrery::ui
