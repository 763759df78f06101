// SPDX-License-Identifier: GPL-3.0-or-later
// What a PlotView draws: curves made of buckets, marks on the time line, kinds of axes. Values; any thread.
#pragma once

#include <QColor>
#include <QPointF>
#include <QString>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace orrery::ui {

/// Exact extrema of the points near x. A bucket without finite points has NaN in all three and makes a gap.
struct PlotBucket {
    double x = 0;
    double low = 0;
    double high = 0;
    double mean = 0;
};

/// A point that cannot be placed on the value axis. Drawn as a cross at the upper edge (-Inf: the lower one).
struct PlotGlyph {
    double x = 0;
    double value = std::numeric_limits<double>::quiet_NaN();
};

/// One line of the chart. Everything ascends in x.
struct PlotCurve {
    QString name; ///< direct label at the line's end; empty: none
    QColor color;
    Qt::PenStyle penStyle = Qt::SolidLine;
    std::vector<PlotBucket> raw;      ///< drawn at 25 % with its extrema; may be empty
    std::vector<QPointF> line;        ///< drawn in full; NaN is a gap
    std::vector<PlotGlyph> nonFinite; ///< never hidden
    bool hasDots = false;             ///< small dots on the points of `line`, for series with few points
    bool isLive = false;              ///< a dot at the end
    bool isDimmed = false;            ///< a tail that a later attempt wrote again
    bool isSnapped = true;            ///< the cursor snaps to its points
    bool isThin = false;              ///< one of a crowd: a fine line
    double rawOpacity = 1;            ///< share of the usual opacity of `raw`
};

enum class MarkKind : uint8_t { Checkpoint, BestCheckpoint, Setting, Resumed, Note, Warning, Error, Branch };

/// Something that happened at x: a tick in the row above the x axis, with a bar behind it where it lasted. The text is
/// for read-outs.
struct PlotMark {
    double x = 0;
    MarkKind kind = MarkKind::Note;
    QString text;
    QString key = {};                                       ///< of who made it, for its menu; empty: it has none
    double xEnd = std::numeric_limits<double>::quiet_NaN(); ///< until when; NaN: a moment
    bool isOpen = false;                                    ///< it lasts still
    /// The place nearest to x in which it is.
    [[nodiscard]] double nearest(double place) const
    {
        return xEnd > x ? std::min(std::max(place, x), xEnd) : x;
    }
};

enum class AxisFormat : uint8_t {
    Count,    ///< whole numbers with thousands commas
    Value,    ///< plain numbers; below 0.01 with a common power of ten in the axis title
    Compact,  ///< 12.4k, 3M
    Duration, ///< seconds, shown as s, min or h:mm
    Clock,    ///< Unix seconds, shown as local time or date
};

struct PlotRange {
    double from = 0;
    double to = 1;
    [[nodiscard]] double size() const { return to - from; }
    bool operator==(const PlotRange &) const = default;
};

} // namespace orrery::ui
