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
    live.device = options.device;
    if (options.device != "cpu") live.threads = at::get_num_threads();
    live.workDir = std::filesystem::temp_directory_path() / ("orrery-live-" + std::to_string(getpid()));
    const int threads = at::get_num_threads();
    auto result = runLiveBench(live);
    nlohmann::ordered_json figures;
    bool hasPassed = true;
    const auto add = [&](const char *name) {
        if (!result) return;
        figures[name] = nlohmann::ordered_json::parse(liveJson(*result));
        hasPassed = hasPassed && result->hasPassed();
    };
    add("four_heads");
    if (options.device != "cpu" && result.ok()) {
        live.wantsOverview = true;
        result = runLiveBench(live);
        add("all_heads");
    }
    at::set_num_threads(threads); // a training has its own number
    std::error_code ignored;
    std::filesystem::remove_all(live.workDir, ignored);
    if (!result) return result.error();
    return InspectSection{figures, options.isSmoke || hasPassed};
}

} // namespace orrery::bench
