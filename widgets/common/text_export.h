// SPDX-License-Identifier: GPL-3.0-or-later
// Tables as CSV, and texts into files, for the exports of panels. Any thread.
#pragma once

#include "core/base/result.h"

#include <QString>
#include <QStringList>

namespace orrery::ui {

/// One line with its end; fields with commas, quotes or breaks in quotes (RFC 4180).
QString csvLine(const QStringList &fields);
/// A number as programs read it: a point, no grouping, all digits; NaN and infinity as nothing.
QString csvNumber(double value);
/// UTF-8, replaced as a whole or not at all.   @error Io
Result<void> saveTextFile(const QString &text, const QString &path);

} // namespace orrery::ui
