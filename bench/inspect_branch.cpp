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

} // namespace

Result<InspectSection> measureBranches(const InspectBenchOptions &options)
{
    const Plan plan = planOf(options.isSmoke);
    ORRERY_ASSIGN(const auto generator, randomGenerator(plan.spec));
    GenerateRequest request;
    request.prompt = randomText(plan.numPrompt, 1);
    request.sampling.maxTokens = plan.numAnswer;
    request.sampling.seed = 1;
    std::vector<GeneratedToken> answer;
    const double start = monotonicSeconds();
    ORRERY_TRY(generator->generate(
        request,
        [&](const GeneratedToken &token) {
            answer.push_back(token);
            return true;
        },
        kNever));
    const double answerSeconds = monotonicSeconds() - start;

    // As somebody does who tries what else could have been said: here and there in the first answer, one
    // after the other.
    const CounterRng rng(RngKey{.seed = 2, .purpose = RngPurpose::Sampling});
    std::vector<double> seconds;
    request.sampling.maxTokens = 1;
    for (int64_t i = 0; i < plan.numBranches; ++i) {
        const auto place = static_cast<size_t>(rng.uniformDouble(static_cast<uint64_t>(i)) *
                                               static_cast<double>(answer.size()));
        request.answerIds.clear();
        for (size_t t = 0; t < place; ++t) request.answerIds.push_back(answer[t].id);
        const std::vector<TokenAlternative> &others = answer[place].alternatives;
        request.answerIds.push_back(others[others[0].id == answer[place].id ? 1 : 0].id);
        ORRERY_ASSIGN(const Branch branch, takeBranch(*generator, request));
        seconds.push_back(branch.firstToken);
    }
    InspectSection section;
    section.figures = {{"parameters", generator->info().numParameters},
                       {"layers", plan.spec.model.layers},
                       {"width", plan.spec.model.width},
                       {"prompt_tokens", plan.numPrompt},
                       {"answer_tokens", answer.size()},
                       {"answer_ms_per_token", 1000 * answerSeconds / static_cast<double>(answer.size())},
                       {"first_token", timesJson(seconds)},
                       {"limits", {{"first_token_p95_ms", kLimitMs}}}};
    section.hasPassed = options.isSmoke || 1000 * p95(seconds) <= kLimitMs;
    return section;
}

} // namespace orrery::bench
