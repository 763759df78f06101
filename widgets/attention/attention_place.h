// SPDX-License-Identifier: GPL-3.0-or-later
// Where a person looks in the attention panel, and how it is shown there. Values; any thread.
#pragma once

#include "core/spec/inspection.h"
#include "widgets/attention/head_matrix.h"
#include "widgets/attention/heat_image.h"
#include "widgets/attention/token_groups.h"

#include <vector>

namespace orrery::ui {

enum class StageLevel : uint8_t {
    Overview,
    Head,
    Modalities, ///< of all heads, with one of them over the training
};

/// Back and forward go through these.
struct AttentionPlace {
    StageLevel level = StageLevel::Overview;
    HeadRef head;
    std::vector<HeadRef> overlay; ///< more than one: these over each other
    int pinnedToken = -1;
    bool operator==(const AttentionPlace &) const = default;
};

struct AttentionLook {
    Granularity granularity = Granularity::Token;
    ScaleKind scale = ScaleKind::SquareRoot;
    CellValue value = CellValue::Maximum;
    bool operator==(const AttentionLook &) const = default;
};

/// Where the colours of differences end; 0: no difference is shown.
struct DifferenceLimits {
    double map = 0, overview = 0;
    bool operator==(const DifferenceLimits &) const = default;
};

} // namespace orrery::ui
