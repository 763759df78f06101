// SPDX-License-Identifier: Apache-2.0
// What a training loop does and tells where one of several data ends.
#include "core/train/training_loop.h"

#include "core/base/text.h"
#include "core/train/continual/stage_series.h"

#include <algorithm>
#include <limits>

namespace orrery {

bool TrainingLoop::endStage()
{
    if (!m_parts.continual) return false;
    Continual &continual = *m_parts.continual;
    const StagePlan &plan = continual.plan();
    const int64_t step = m_state.step, stage = plan.stageAt(step - 1);
    const bool isEnd = stage + 1 < plan.numStages ? plan.isEnd(step) : step == m_parts.totalSteps;
    // The mean of a stage's weights is of the steps that the run was made with, also where it has been given more.
    if (isEnd || plan.isEnd(step)) continual.finishStage(m_model);
    if (!isEnd) return false;
    std::vector<double> losses;
    for (const std::optional<double> &loss : measureStages([this] { holdWhilePaused(); }))
        losses.push_back(loss.value_or(std::numeric_limits<double>::quiet_NaN()));
    continual.keepStage(m_model, stage);
    if (continual.isCutShort()) m_isStopRequested = true;
    m_state.stageLosses.resize(static_cast<size_t>(stage),
                               std::vector<double>(losses.size(), std::numeric_limits<double>::quiet_NaN()));
    m_state.stageLosses.push_back(std::move(losses));
    m_state.patience = {}; // the next text has other losses
    return true;
}

/// Behind the step's own report, which it would else be taken for.
void TrainingLoop::tellStage()
{
    const size_t stage = m_state.stageLosses.size(); // from 1
    const StagePlan &plan = m_parts.continual->plan();
    tell(m_state.step, stageSeries(), false);
    std::vector<std::string> texts;
    for (const double loss : m_state.stageLosses.back()) texts.push_back(formatSignificant(loss, 4));
    m_outputs.event(EventKind::Note, m_state.step,
                    "Stage " + std::to_string(stage) + " of " + std::to_string(plan.numStages) +
                        " ended; validation losses of all stages: " + joinText(texts, ", ") + ".");
    m_watch.beginText();
    if (stage == 1) noteSlowMemory();
}

/// Rates that are usual for all weights leave the few that sparse_memory opens where they are.
void TrainingLoop::noteSlowMemory()
{
    constexpr double kUsualRate = 0.1, kSlowRate = 0.03;
    const double rate = spec().optimizer.lr * m_parts.settings.learningRateFactor();
    if (spec().continual.strategy != "sparse_memory" || rate >= kSlowRate) return;
    m_outputs.event(EventKind::Note, m_state.step,
                    "From here on sparse_memory changes only some slots of the semantic memory, which hardly learn at a "
                    "learning rate of " +
                        formatSignificant(rate, 2) + ", expected about " + formatSignificant(kUsualRate, 1) +
                        ". Raise it for this text: orrery-engine control " + m_parts.run.frozen().id +
                        " set lr_factor=" + formatSignificant(std::min(100.0, kUsualRate / spec().optimizer.lr), 2) +
                        ".");
}

// R[t][i] is the loss of stage i at the end of stage t; losses, so lower is better. Forgetting of a stage is
// its newest loss minus its lowest one before (Chaudhry et al. 2018, "Riemannian walk for incremental
// learning", section 4.2); backward transfer is what a stage gained since its own end (Lopez-Paz and Ranzato
// 2017, "Gradient episodic memory", eq. 3). Means over the earlier stages.
std::vector<MetricValue> TrainingLoop::stageSeries() const
{
    const auto &rows = m_state.stageLosses;
    std::vector<MetricValue> values;
    for (size_t i = 0; i < rows.back().size(); ++i)
        values.push_back({series::stageLoss(i + 1), rows.back()[i]});
    const size_t last = rows.size() - 1;
    if (last == 0) return values;
    double forgetting = 0, transfer = 0;
    for (size_t i = 0; i < last; ++i) {
        double lowest = rows[i][i];
        for (size_t t = i; t < last; ++t) lowest = std::min(lowest, rows[t][i]);
        forgetting += (rows[last][i] - lowest) / static_cast<double>(last);
        transfer += (rows[i][i] - rows[last][i]) / static_cast<double>(last);
    }
    values.push_back({series::kForgetting, forgetting});
    values.push_back({series::kBackwardTransfer, transfer});
    return values;
}

} // namespace orrery
