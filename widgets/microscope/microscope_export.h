// SPDX-License-Identifier: GPL-3.0-or-later
// What the microscope shows, to be taken along: numbers as CSV and JSON, and a figure of its open sections on
// white paper. GUI thread only.
#pragma once

#include "core/base/result.h"
#include "widgets/microscope/answer_cache.h"
#include "widgets/microscope/section_content.h"

#include <QImage>
#include <QString>

#include <vector>

namespace orrery::ui {

/// One line a number: section, layer, head, rank, place, token_id, text, value, unit. Tokens and layers count
/// from 0, ranks from 1; what is not known is empty.
QString microscopeCsv(const MicroscopeAnswer &answer);
QString microscopeJson(const MicroscopeAnswer &answer);

struct MicroscopeFigure {
    QString title, subtitle;
    struct Part {
        QString title;
        SectionContent content;
        bool hasScale = false; ///< probabilities are colours in it
    };
    std::vector<Part> parts;
};
QImage microscopeImage(const MicroscopeFigure &figure); ///< at twice the size on the screen
/// By the ending of the name: .csv, .json, .png, .svg, .pdf.
/// @error InvalidInput for another ending; Io when it cannot be written
Result<void> saveMicroscope(const MicroscopeAnswer &answer, const MicroscopeFigure &figure,
                            const QString &path);

} // namespace orrery::ui
