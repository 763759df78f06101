// SPDX-License-Identifier: GPL-3.0-or-later
// Breakpoints and what they stopped at, in words. Pure; any thread.
#pragma once

#include "core/spec/run_records.h"

#include <QString>
#include <QStringList>

namespace orrery::ui {

/// "loss", "entropy of head 2.1", "learning rate"; what has no words is said by its name.
QString seriesWords(const QString &series);
/// "code-7M paused at step 812: entropy of head 2.1 is 0.41 (entropy < 0.5)"; by hand: without a reason.
QString pauseSentence(const RunStatus &status);
/// The condition that paused it ("entropy < 0.5"), as RunStatus::breakpoints has it; empty: none did.
QString pauseCondition(const RunStatus &status);
/// Names that every run has, for completion.
QStringList commonSeries();

} // namespace orrery::ui
