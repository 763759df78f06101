// SPDX-License-Identifier: GPL-3.0-or-later
// Which runs the list shows, in which order and under which heads. Pure; any thread.
#pragma once

#include "widgets/runs/run_query.h"

#include <QString>

#include <vector>

namespace orrery::ui {

enum class RunGrouping : uint8_t { None, State, Tag, Day, Parent, Directory };
enum class RunOrder : uint8_t { Newest, Name, BestValLoss, LastReport };

struct ArrangedRun {
    const RunStatus *status = nullptr;
    const QString *id = nullptr;
    const QString *text = nullptr;     ///< as RunFacts::text
    const QStringList *tags = nullptr; ///< case folded
};

struct ArrangedGroup {
    QString key; ///< the same at every update; empty where there are no groups
    QString title;
    std::vector<QString> runs;
};

struct ArrangeWishes {
    RunQuery query;
    RunGrouping grouping = RunGrouping::None;
    RunOrder order = RunOrder::Newest;
    double now = 0; ///< Unix seconds, for "Today"
    const RunSpecs *specs = nullptr; ///< as RunFacts::specs
};

/// One group without a key where there is no grouping, also when it is empty. With tags a run stands under
/// each of its own.
std::vector<ArrangedGroup> arrangeRuns(const std::vector<ArrangedRun> &runs, const ArrangeWishes &wishes);

/// Letters without case, numbers by value: "run-2" before "run-10". @return below, equal to or above 0
int compareNatural(const QString &a, const QString &b);

} // namespace orrery::ui
