// SPDX-License-Identifier: Apache-2.0
#include "core/train/text_source.h"

#include "core/spec/run_records.h"

#include <limits>

namespace orrery {
namespace {

/// No training reaches this step, so the draws of an evaluation are its own.
constexpr uint64_t kEvaluationStep = std::numeric_limits<uint64_t>::max();

} // namespace

TextBatchSource::TextBatchSource(BatchSampler sampler, const Objective &objective)
    : m_sampler(std::move(sampler)), m_objective(objective)
{
}

void TextBatchSource::fill(const BatchPlace &place, ModelBatch &out)
{
    m_sampler.fill(place.step, place.micro, place.batchSize, m_text);
    m_objective.prepare(m_text,
                        {.seed = place.seed,
                         .step = static_cast<uint64_t>(place.step),
                         .firstSample = static_cast<uint32_t>(place.firstSample())},
                        out);
}

TextValidationSource::TextValidationSource(EvalWindows windows, const Objective &objective,
                                           std::shared_ptr<const Objective> owned)
    : m_windows(windows), m_owned(std::move(owned)), m_objective(objective)
{
}

void TextValidationSource::fill(int64_t first, int64_t count, uint64_t seed, ModelBatch &out)
{
    m_windows.fill(first, count, m_text);
    m_objective.prepare(
        m_text, {.seed = seed, .step = kEvaluationStep, .firstSample = static_cast<uint32_t>(first)}, out);
}

std::vector<ValidationMeasure> textMeasures(const EvalWindows &windows, const Objective &objective)
{
    std::vector<ValidationMeasure> all;
    all.push_back({series::kValLoss, std::make_unique<TextValidationSource>(windows)});
    for (Objective::Measure &measure : objective.measures()) {
        const std::shared_ptr<const Objective> owned = std::move(measure.objective);
        all.push_back({measure.series, std::make_unique<TextValidationSource>(windows, *owned, owned)});
    }
    return all;
}

} // namespace orrery
