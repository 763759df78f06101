// SPDX-License-Identifier: GPL-3.0-or-later
// Since when an engine does not answer, in words. Pure.
#pragma once

#include "widgets/session/engine_session.h"

namespace orrery::ui {

QString sinceText(const ConnectionLoss &loss);                ///< "since 14:02:10"; empty: not known
QString longSinceText(const ConnectionLoss &loss, double now); ///< "since 14:02:10 (3 min)"; empty: not known
/// "next try in 8 s", "trying now"; empty: not known
QString nextTryText(const ConnectionLoss &loss, double now);

} // namespace orrery::ui
