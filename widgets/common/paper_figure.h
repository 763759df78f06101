// SPDX-License-Identifier: GPL-3.0-or-later
// A figure on white paper: drawn once, written as SVG, PDF or PNG. GUI thread only.
#pragma once

#include "core/base/result.h"

#include <QImage>
#include <QSizeF>
#include <QString>

#include <functional>

class QPainter;

namespace orrery::ui {

struct PaperFigure {
    QString title; ///< of the document
    QSizeF size;   ///< in pixels of 1/96 inch
    std::function<void(QPainter &)> paint;
};

QImage paperImage(const PaperFigure &figure); ///< at twice the size on the screen
/// By the ending of the name: .png, .svg or .pdf.
/// @error InvalidInput for another ending; Io when it cannot be written
Result<void> savePaper(const PaperFigure &figure, const QString &path);

} // namespace orrery::ui
