// SPDX-License-Identifier: GPL-3.0-or-later
// How a run's state is said and drawn, the same in every panel. Pure, except for runColorIndex(), which is
// for the GUI thread only.
#pragma once

#include "core/spec/run_records.h"
#include "widgets/common/tone_label.h"

#include <QColor>
#include <QRectF>
#include <QString>

#include <vector>

class QPainter;

namespace orrery::ui {

/// A live run that has not reported for this long is called stale, in seconds.
inline constexpr double kStaleAfterSeconds = 15;

QString runStateWord(RunState state); ///< "training", "paused", "crashed"
QChar runStateGlyph(RunState state);  ///< ● ‖ ✓ ✕ ○, for texts that are copied
Tone runStateTone(RunState state);
/// "training 41 %", "paused at 6,400", "stopped: loss is NaN", "crashed, can be resumed", "no report for 2
/// min".
QString runStateLine(const RunStatus &status, double now);
/// A live run whose last report is older than kStaleAfterSeconds.
bool isStale(const RunStatus &status, double now);
/// The shape of the state: disc with a halo (live; without one when it is stale), bars (paused), check mark
/// (finished), cross (failed), ring (never ran).
void paintRunState(QPainter &painter, const QRectF &area, RunState state, const QColor &color,
                   bool isStale = false);
QString runTitle(const RunStatus &status); ///< name, else id

/// Colour index of a run for Theme::runColor(). Runs get the lowest free index in the order in which they
/// were made and keep it while the program runs, so that a run has one colour in every panel.
int runColorIndex(const QString &run);
/// Tells all runs there are, so that indices follow their age and those of deleted runs become free.
void assignRunColors(const std::vector<RunStatus> &runs);

} // namespace orrery::ui
