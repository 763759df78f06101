// SPDX-License-Identifier: Apache-2.0
#include "bench/inspect_bench.h"

#include "bench/bench_statistics.h"
#include "bench/inspect_sections.h"
#include "core/base/counter_rng.h"
#include "core/spec/estimate.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace orrery::bench {

namespace {

struct Entry {
    const char *name;
    Result<InspectSection> (*measure)(const InspectBenchOptions &);
};
constexpr std::array kSections = {Entry{"branch", measureBranches}, Entry{"what_if", measureWhatIf},
                                  Entry{"question", measureQuestion}, Entry{"live", measureLive}};

} // namespace

RunSpec benchSpec(int64_t layers, int64_t width, int64_t context)
{
    RunSpec spec;
    spec.name = "bench";
    spec.model.layers = layers;
    spec.model.width = width;
    spec.model.heads = std::max<int64_t>(1, width / 64);
    spec.model.context = context;
    spec.model.dropout = 0;
    spec.data.specialTokens = "none";
    return spec;
}

Result<std::unique_ptr<TextGenerator>> randomGenerator(const RunSpec &spec)
{
    LoadedModel loaded;
    ORRERY_ASSIGN(loaded.model, nn::Transformer::create(spec.model, byteVocabSize(spec.data), 1, "cpu"));
    ORRERY_ASSIGN(loaded.tokenizer, Tokenizer::create(spec.data));
    loaded.data = spec.data;
    loaded.objective = spec.objective;
    loaded.plugins = spec.plugins;
    loaded.info.name = "random weights";
    loaded.info.numParameters = loaded.model->numParameters();
    loaded.info.context = spec.model.context;
    loaded.info.vocabSize = loaded.model->vocabSize();
    return std::make_unique<TextGenerator>(std::move(loaded));
}

std::string randomText(int64_t numBytes, uint64_t seed)
{
    const CounterRng rng(RngKey{.seed = seed, .purpose = RngPurpose::Sampling});
    std::string text;
    for (int64_t i = 0; i < numBytes; ++i) {
        const auto letter = static_cast<int>(rng.uniformDouble(static_cast<uint64_t>(i)) * 32);
        text += letter < 26 ? static_cast<char>('a' + letter) : ' ';
    }
    return text;
}

double p95(std::vector<double> seconds)
{
    std::sort(seconds.begin(), seconds.end());
    const auto rank = static_cast<size_t>(std::ceil(0.95 * static_cast<double>(seconds.size())));
    return seconds[std::max<size_t>(rank, 1) - 1];
}

nlohmann::ordered_json timesJson(std::vector<double> seconds)
{
    return {{"median_ms", 1000 * medianInterval(seconds).median},
            {"p95_ms", 1000 * p95(seconds)},
            {"largest_ms", 1000 * *std::max_element(seconds.begin(), seconds.end())},
            {"count", seconds.size()}};
}

Result<std::string> runInspectBench(const InspectBenchOptions &options)
{
    nlohmann::ordered_json report;
    report["bench"] = "inspect";
    report["smoke"] = options.isSmoke;
    report["threads"] = at::get_num_threads();
    report["device"] = options.device;
    bool hasPassed = true;
    const bool isOnGpu = options.device != "cpu"; // there only what is asked of a training
    for (const Entry &entry : kSections) {
        if (isOnGpu && entry.measure != measureLive) continue;
        if (options.preparePlugins) ORRERY_TRY(options.preparePlugins({})); // also out of the section before
        ORRERY_ASSIGN(const InspectSection section, entry.measure(options));
        report[entry.name] = section.figures;
        report[entry.name]["passed"] = section.hasPassed;
        hasPassed = hasPassed && section.hasPassed;
        if (options.progress) options.progress(std::string(entry.name) + " " + report[entry.name].dump());
    }
    report["passed"] = hasPassed;
    return report.dump();
}

} // namespace orrery::bench
