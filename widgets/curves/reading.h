// SPDX-License-Identifier: GPL-3.0-or-later
// What the curves say at one place, in words and numbers: the content of the docked read-out. Pure; any
// thread.
#pragma once

#include "widgets/curves/shown_series.h"

#include <QString>

#include <vector>

namespace orrery::ui {

struct RunMark;

enum class ReadingKind : uint8_t {
    Head,   ///< a series and its main value
    Detail, ///< more about the series above
    Mark,   ///< an event or checkpoint near the cursor: one text over both columns
    Run,    ///< one of several runs and its value
};

struct ReadingRow {
    ReadingKind kind = ReadingKind::Head;
    QString label;
    QString value;
    QColor color;        ///< of the curve; invalid: none
    QString series = {}; ///< its name in the run, "loss"; empty: none
    bool operator==(const ReadingRow &) const = default;
};

struct Reading {
    QString title; ///< "At step 4,720"
    QString foot;  ///< how the numbers came about, in a sentence; empty: they are single reports
    std::vector<ReadingRow> rows;
    bool operator==(const Reading &) const = default;
    /// Title, rows and foot, tab-separated, for a table or a note.
    [[nodiscard]] QString tsv() const;
};

enum class ReadingFormat : uint8_t { Loss, Rate, Compact };

QString readingNumber(double value, ReadingFormat format);

/// A series as the read-out needs it.
struct ReadingSource {
    QString name;
    const ShownSeries *series = nullptr;
    ReadingFormat format = ReadingFormat::Loss;
    bool hasSmoothed = true;
    bool hasExtrema = true; ///< of the bucket, when it stands for several points
    QColor color;
    QString id = {}; ///< of the series in the run, "loss"
};

/// @param sources the first one decides at which points the cursor can stand
/// @param x on the axis; nothing: the newest point
/// @param reach marks within this distance of x are listed
Reading makeReading(const std::vector<ReadingSource> &sources, const XAxis &axis, std::optional<double> x,
                    const std::vector<RunMark> &marks, double reach);

} // namespace orrery::ui
