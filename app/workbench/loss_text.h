// SPDX-License-Identifier: GPL-3.0-or-later
// That an engine is lost or does not answer, and since when, in words. Pure.
#pragma once

#include "widgets/session/engine_session.h"

namespace orrery::ui {

QString sinceText(const ConnectionLoss &loss);                ///< "since 14:02:10"; empty: not known
QString longSinceText(const ConnectionLoss &loss, double now); ///< "since 14:02:10 (3 min)"; empty: not known
/// "next try in 8 s", "trying now"; empty: not known, or it is only waited for
QString nextTryText(const ConnectionLoss &loss, double now);
/// What a banner says of one that is there and silent. @param place what the user calls the host; empty: this computer
QString silenceText(const ConnectionLoss &loss, const QString &place);

} // namespace orrery::ui
