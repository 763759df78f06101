// SPDX-License-Identifier: Apache-2.0
#include "bench/inspect_sections.h"
#include "core/base/platform.h"

namespace orrery::bench {

namespace {

constexpr double kLimitMs = 1000;
const std::atomic<bool> kNever{false};

struct Plan {
    RunSpec spec;
    int64_t numTokens, numTries;
};

Plan planOf(bool isSmoke)
{
    if (isSmoke) return {benchSpec(2, 64, 64), 48, 2};
    return {benchSpec(6, 384, 256), 256, 20};
}

/// @return seconds of each try
Result<std::vector<double>> ask(TextGenerator &generator, InspectRequest request, int64_t numTries,
                                const std::function<void(InspectRequest &, int64_t)> &change)
{
    std::vector<double> seconds;
    request.wantsOverview = false;
    for (int64_t i = 0; i < numTries; ++i) {
        change(request, i);
        const double start = monotonicSeconds();
        ORRERY_ASSIGN(const InspectReport report, generator.inspect(request, kNever));
        seconds.push_back(monotonicSeconds() - start);
        if (report.changed.empty())
            return Error{ErrorCode::Internal, "Cannot measure what if: nothing was changed.", ""};
    }
    return seconds;
}

Result<std::vector<double>> leaveOutHeads(const Plan &plan, uint64_t &numParameters)
{
    ORRERY_ASSIGN(const auto generator, randomGenerator(plan.spec));
    numParameters = generator->info().numParameters;
    InspectRequest request;
    request.input.prompt = randomText(plan.numTokens, 3);
    return ask(*generator, request, plan.numTries, [&](InspectRequest &next, int64_t i) {
        next.ablated = {{i % plan.spec.model.layers, i % plan.spec.model.heads}};
    });
}

Result<std::vector<double>> forgetEvents(const Plan &plan, const RunSpec &spec)
{
    ORRERY_ASSIGN(const auto generator, randomGenerator(spec));
    GenerateRequest told;
    told.prompt = randomText(2 * plan.numTokens, 4);
    told.sampling.maxTokens = 1;
    ORRERY_TRY(generator->generate(told, {}, kNever));
    ORRERY_ASSIGN(const MemoryReport memory, generator->editMemory({}));
    if (memory.events.empty())
        return Error{ErrorCode::Internal, "Cannot measure what if: the memory kept nothing.", ""};
    InspectRequest request;
    request.input.prompt = randomText(plan.numTokens, 3);
    request.withMemory = true;
    return ask(*generator, request, plan.numTries, [&](InspectRequest &next, int64_t i) {
        MemoryEdit edit;
        edit.verb = MemoryVerb::Forget;
        edit.event = memory.events[static_cast<size_t>(i) % memory.events.size()].id;
        next.memoryEdits = {edit};
    });
}

} // namespace

Result<InspectSection> measureWhatIf(const InspectBenchOptions &options)
{
    const Plan plan = planOf(options.isSmoke);
    uint64_t numParameters = 0;
    ORRERY_ASSIGN(const std::vector<double> heads, leaveOutHeads(plan, numParameters));
    InspectSection section;
    section.figures = {{"parameters", numParameters},
                       {"layers", plan.spec.model.layers},
                       {"width", plan.spec.model.width},
                       {"tokens", plan.numTokens},
                       {"head_ablated", timesJson(heads)}};
    section.hasPassed = options.isSmoke || 1000 * p95(heads) <= kLimitMs;
    RunSpec remembering = plan.spec;
    remembering.model.window = 32;
    remembering.plugins.use = {"memory"};
    remembering.plugins.settings["plugins.memory.episodic_size"] = int64_t{1024};
    const Result<void> prepared =
        options.preparePlugins
            ? options.preparePlugins(remembering)
            : Error{ErrorCode::Unavailable, "Cannot use plugins here: nobody said where they are.", ""};
    if (prepared.ok()) {
        ORRERY_ASSIGN(const std::vector<double> events, forgetEvents(plan, remembering));
        section.figures["memory_event_forgotten"] = timesJson(events);
        section.hasPassed = section.hasPassed && (options.isSmoke || 1000 * p95(events) <= kLimitMs);
    } else {
        section.figures["memory_left_out"] = prepared.error().message;
        section.hasPassed = section.hasPassed && options.isSmoke; // its limit was not measured
    }
    section.figures["limits"] = {{"p95_ms", kLimitMs}};
    return section;
}

} // namespace orrery::bench
