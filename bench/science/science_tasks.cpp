// SPDX-License-Identifier: Apache-2.0
// The list of science benchmarks.
#include "bench/science/science_task.h"
#include "bench/science/tasks.h"

namespace orrery::bench {

const std::vector<ScienceTaskEntry> &scienceTasks()
{
    static const std::vector<ScienceTaskEntry> entries = {
        {"infill", makeInfillTask},
        {"continual", makeContinualTask},
        {"facts", makeFactsTask},
        {"consolidation", makeConsolidationTask},
        {"mqar", makeMqarTask},
        {"mqar-long", makeMqarLongTask},
        {"mqar-one", makeMqarOneTask},
        {"detect", makeDetectTask},
        {"shapes", makeShapesTask},
        {"shapes-corrupt", makeShapesCorruptTask},
        {"multimodal-cost", makeMultiModalCostTask},
    };
    return entries;
}

} // namespace orrery::bench
