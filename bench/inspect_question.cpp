// SPDX-License-Identifier: Apache-2.0
// Axes: B batch (of one), T tokens.
#include "bench/inspect_sections.h"

#include "core/base/platform.h"
#include "core/data/tokenizer.h"
#include "core/inspect/inspect.h"

#include <torch/torch.h>

namespace orrery::bench {

namespace {

struct Plan {
    RunSpec spec;
    int64_t numTokens, numTries;
};

Plan planOf(bool isSmoke)
{
    if (isSmoke) return {benchSpec(2, 128, 64), 48, 2};
    return {benchSpec(6, 384, 256), 256, 30};
}

/// Of one pass with logits, as an evaluation makes it.
double passSeconds(nn::Transformer &model, const at::Tensor &ids_BT)
{
    const at::NoGradGuard noGradients;
    const double start = monotonicSeconds();
    (void)model.logits(ids_BT, {});
    return monotonicSeconds() - start;
}

} // namespace

Result<InspectSection> measureQuestion(const InspectBenchOptions &options)
{
    const Plan plan = planOf(options.isSmoke);
    ORRERY_ASSIGN(const auto tokenizer, Tokenizer::create(plan.spec.data));
    ORRERY_ASSIGN(const auto model,
                  nn::Transformer::create(plan.spec.model, tokenizer->vocabSize(), 1, "cpu"));
    GenerateRequest text;
    text.prompt = randomText(plan.numTokens, 5);
    ORRERY_ASSIGN(std::vector<int32_t> ids, plainIds(*tokenizer, text));
    const InspectInput input = describeTokens(*tokenizer, std::move(ids), nullptr);
    const at::Tensor ids_BT =
        at::tensor(std::vector<int64_t>(input.ids.begin(), input.ids.end()), at::kLong).unsqueeze(0);
    InspectRequest four;
    four.wantsOverview = false;
    for (int64_t i = 0; i < 4; ++i)
        four.heads.push_back({i % plan.spec.model.layers, i % plan.spec.model.heads});
    InspectRequest all;
    std::vector<double> passes, questions, overviews;
    // One after the other, so that what else the machine does meets all of them.
    for (int64_t i = 0; i <= plan.numTries; ++i) {
        const double pass = passSeconds(*model, ids_BT);
        ORRERY_ASSIGN(const InspectReport maps, inspectModel(*model, *tokenizer, input, four, at::kFloat));
        ORRERY_ASSIGN(const InspectReport overview, inspectModel(*model, *tokenizer, input, all, at::kFloat));
        if (i == 0) continue; // warms up
        passes.push_back(pass);
        questions.push_back(maps.seconds);
        overviews.push_back(overview.seconds);
    }
    const auto pass = timesJson(passes), question = timesJson(questions), overview = timesJson(overviews);
    const auto ratio = [&](const nlohmann::ordered_json &times) {
        return times["median_ms"].get<double>() / pass["median_ms"].get<double>();
    };
    InspectSection section;
    section.figures = {{"parameters", model->numParameters()},
                       {"layers", plan.spec.model.layers},
                       {"width", plan.spec.model.width},
                       {"tokens", plan.numTokens},
                       {"forward_pass", pass},
                       {"four_heads", question},
                       {"overview", overview},
                       {"four_heads_per_pass", ratio(question)},
                       {"overview_per_pass", ratio(overview)}};
    return section; // no limit of its own: what a training pays for it is measured where it trains
}

} // namespace orrery::bench
