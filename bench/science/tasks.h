// SPDX-License-Identifier: Apache-2.0
// The makers of the tasks, one per task_*.cpp. Any thread.
#pragma once

#include <memory>

namespace orrery::bench {

class ScienceTask;

std::unique_ptr<ScienceTask> makeInfillTask();
std::unique_ptr<ScienceTask> makeContinualTask();
std::unique_ptr<ScienceTask> makeFactsTask();
std::unique_ptr<ScienceTask> makeConsolidationTask();
std::unique_ptr<ScienceTask> makeMqarTask();
std::unique_ptr<ScienceTask> makeMqarLongTask();
std::unique_ptr<ScienceTask> makeMqarOneTask();
std::unique_ptr<ScienceTask> makeDetectTask();
std::unique_ptr<ScienceTask> makeShapesTask();
std::unique_ptr<ScienceTask> makeShapesCorruptTask();
std::unique_ptr<ScienceTask> makeMultiModalCostTask();

} // namespace orrery::bench
