// SPDX-License-Identifier: Apache-2.0
#include "bench/inspect_live.h"
#include "bench/inspect_sections.h"

#include <ATen/Parallel.h>
#include <unistd.h>

namespace orrery::bench {

Result<InspectSection> measureLive(const InspectBenchOptions &options)
{
    LiveOptions live;
    live.smoke = options.isSmoke;
    live.progress = options.progress;
    live.workDir = std::filesystem::temp_directory_path() / ("orrery-live-" + std::to_string(getpid()));
    const int threads = at::get_num_threads();
    const auto result = runLiveBench(live);
    at::set_num_threads(threads); // a training has its own number
    std::error_code ignored;
    std::filesystem::remove_all(live.workDir, ignored);
    if (!result) return result.error();
    return InspectSection{nlohmann::ordered_json::parse(liveJson(*result)),
                          options.isSmoke || result->hasPassed()};
}

} // namespace orrery::bench
