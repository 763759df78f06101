// SPDX-License-Identifier: GPL-3.0-or-later
// What is shown as arrays for numpy (NPZ), the names as in the files of `inspect attention` where they hold the
// same. Any thread.
#pragma once

#include "core/base/result.h"
#include "widgets/attention/attention_place.h"
#include "widgets/attention/flow_history.h"
#include "widgets/attention/head_figure.h"
#include "widgets/attention/snapshot.h"

#include <QString>

#include <string>
#include <vector>

namespace orrery::ui {

struct ArraysPage {
    StageLevel level = StageLevel::Overview;
    SnapshotPtr now;
    SnapshotPtr base;    ///< of all heads: what their difference is taken from; null: weights
    HeadContent content; ///< of a map
    std::vector<FlowPoint> history; ///< of modalities
};

/// The file. @error NotFound when there is nothing to be written; InvalidInput when it is 4 GiB or more
Result<std::string> attentionNpz(const ArraysPage &page);
/// @error Io; as attentionNpz()
Result<void> saveArrays(const ArraysPage &page, const QString &path);

} // namespace orrery::ui
