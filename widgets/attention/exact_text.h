// SPDX-License-Identifier: GPL-3.0-or-later
// Texts by their tokens: what was read once can be read again just so. Pure; any thread.
#pragma once

#include "core/spec/inspection.h"
#include "core/spec/run_records.h"

#include <QString>

#include <limits>
#include <optional>
#include <vector>

namespace orrery::ui {

/// The last place that a token can have: one more is still an int32. What a link or another panel names is
/// held against it before anybody counts on from it.
inline constexpr int64_t kMaxTokenPlace = std::numeric_limits<int32_t>::max() - 1;

/// The ids of these tokens; nothing where one of them is no text (a patch of a picture has none), or none is.
std::optional<std::vector<int32_t>> exactIds(const std::vector<InspectedToken> &tokens);
/// What the tokens were made of, as far as it is text.
QString textOfTokens(const std::vector<InspectedToken> &tokens);
/// The prompt of a request, or its turns behind each other, for a line that shows what is read.
QString textOfRequest(const GenerateRequest &request);
/// "RUN" of "RUN@8000", "RUN@live", "RUN"; a directory stays as it is.
QString runOfModel(const QString &model);
/// The same with the run's name in place of its id: "NAME@8000"; as it is where the run is not listed.
QString modelTitle(const QString &model, const std::vector<RunStatus> &runs);

} // namespace orrery::ui
