// SPDX-License-Identifier: Apache-2.0
#include "bench/inspect_sections.h"
#include "core/base/counter_rng.h"
#include "core/base/platform.h"

namespace orrery::bench {

namespace {

constexpr double kLimitMs = 100;
const std::atomic<bool> kNever{false};

struct Plan {
    RunSpec spec;
    int64_t numPrompt, numAnswer, numBranches;
};

Plan planOf(bool isSmoke)
{
    if (isSmoke) return {benchSpec(2, 64, 128), 16, 40, 4};
    return {benchSpec(10, 512, 512), 64, 200, 20};
}

struct Branch {
    double firstToken = 0; ///< seconds from the request on
    GenerateSummary summary;
};

Result<Branch> takeBranch(TextGenerator &generator, const GenerateRequest &request)
{
    Branch branch;
    const double start = monotonicSeconds();
    ORRERY_ASSIGN(branch.summary, generator.generate(
                                      request,
                                      [&](const GeneratedToken &) {
                                          branch.firstToken = monotonicSeconds() - start;
                                          return true;
                                      },
                                      kNever));
    return branch;
}

enum class Kept : uint8_t { All, Nothing };

struct Branches {
    std::vector<double> seconds; ///< to the first new token
    double answerSeconds = 0;    ///< of the answer that is branched
    size_t numAnswered = 0;
};

/// As somebody does who tries what else could have been said: here and there in the first answer, one after
/// the other. @param kept Nothing: as if the answer had been given by another program
Result<Branches> branchHereAndThere(TextGenerator &generator, const Plan &plan, Kept kept)
{
    GenerateRequest request;
    request.prompt = randomText(plan.numPrompt, 1);
    request.sampling.maxTokens = plan.numAnswer;
    request.sampling.seed = 1;
    std::vector<GeneratedToken> answer;
    const double start = monotonicSeconds();
    ORRERY_TRY(generator.generate(
        request,
        [&](const GeneratedToken &token) {
            answer.push_back(token);
            return true;
        },
        kNever));
    Branches branches{
        .seconds = {}, .answerSeconds = monotonicSeconds() - start, .numAnswered = answer.size()};
    const CounterRng rng(RngKey{.seed = 2, .purpose = RngPurpose::Sampling});
    request.sampling.maxTokens = 1;
    for (int64_t i = 0; i < plan.numBranches; ++i) {
        const auto place = static_cast<size_t>(rng.uniformDouble(static_cast<uint64_t>(i)) *
                                               static_cast<double>(answer.size()));
        request.answerIds.clear();
        for (size_t t = 0; t < place; ++t) request.answerIds.push_back(answer[t].id);
        const std::vector<TokenAlternative> &others = answer[place].alternatives;
        request.answerIds.push_back(others[others[0].id == answer[place].id ? 1 : 0].id);
        // Nothing is kept of a text with another name.
        if (kept == Kept::Nothing) request.source = "again " + std::to_string(i);
        ORRERY_ASSIGN(const Branch branch, takeBranch(generator, request));
        branches.seconds.push_back(branch.firstToken);
    }
    return branches;
}

nlohmann::ordered_json figuresOf(const Branches &branches)
{
    return {
        {"answer_tokens", branches.numAnswered},
        {"answer_ms_per_token", 1000 * branches.answerSeconds / static_cast<double>(branches.numAnswered)},
        {"first_token", timesJson(branches.seconds)}};
}

/// The same of a model that remembers, beside reading all of it anew.
Result<void> addMemory(const InspectBenchOptions &options, const Plan &plan, InspectSection &section)
{
    RunSpec remembering = plan.spec;
    remembering.model.window = 64;
    remembering.plugins.use = {"memory"};
    remembering.plugins.settings["plugins.memory.episodic_size"] = int64_t{4096};
    remembering.plugins.settings["plugins.memory.registers"] = int64_t{8};
    const Result<void> prepared =
        options.preparePlugins
            ? options.preparePlugins(remembering)
            : Error{ErrorCode::Unavailable, "Cannot use plugins here: nobody said where they are.", ""};
    if (!prepared.ok()) {
        section.figures["memory_left_out"] = prepared.error().message;
        section.hasPassed = section.hasPassed && options.isSmoke; // its limit was not measured
        return {};
    }
    ORRERY_ASSIGN(const auto generator, randomGenerator(remembering));
    ORRERY_ASSIGN(const Branches kept, branchHereAndThere(*generator, plan, Kept::All));
    ORRERY_ASSIGN(const Branches anew, branchHereAndThere(*generator, plan, Kept::Nothing));
    section.figures["memory"] = figuresOf(kept);
    section.figures["memory"]["parameters"] = generator->info().numParameters;
    section.figures["memory"]["first_token_anew"] = timesJson(anew.seconds);
    section.hasPassed = section.hasPassed && (options.isSmoke || 1000 * p95(kept.seconds) <= kLimitMs);
    return {};
}

} // namespace

Result<InspectSection> measureBranches(const InspectBenchOptions &options)
{
    const Plan plan = planOf(options.isSmoke);
    ORRERY_ASSIGN(const auto generator, randomGenerator(plan.spec));
    ORRERY_ASSIGN(const Branches branches, branchHereAndThere(*generator, plan, Kept::All));
    InspectSection section;
    section.figures = {{"parameters", generator->info().numParameters},
                       {"layers", plan.spec.model.layers},
                       {"width", plan.spec.model.width},
                       {"prompt_tokens", plan.numPrompt}};
    section.figures.update(figuresOf(branches));
    section.hasPassed = options.isSmoke || 1000 * p95(branches.seconds) <= kLimitMs;
    ORRERY_TRY(addMemory(options, plan, section));
    section.figures["limits"] = {{"first_token_p95_ms", kLimitMs}};
    return section;
}

} // namespace orrery::bench
