// SPDX-License-Identifier: GPL-3.0-or-later
// A focus written down: in a link that finds it again, and as the command that asks the same on the command
// line. Pure; any thread.
#pragma once

#include "core/base/result.h"
#include "widgets/microscope/answer_cache.h"

#include <QString>
#include <QVariantMap>

#include <optional>

namespace orrery::ui {

/// Model, text, token and head as strings and numbers. Empty: the text cannot be written down (pictures,
/// recordings, holes, a prompt that is no UTF-8), or it is too long for a link.
QVariantMap focusToMap(const Focus &focus);
/// Nothing: the map names no text.
/// @error InvalidInput where it names one that cannot be read
Result<std::optional<Focus>> focusFromMap(const QVariantMap &map);

/// "orrery-engine inspect attention …" with the tokens of the answer. Empty: a text with pictures or
/// recordings. The weights of a running training are asked for by their newest saved step.
QString microscopeCommand(const MicroscopeAnswer &answer);

} // namespace orrery::ui
