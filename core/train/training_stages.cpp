// SPDX-License-Identifier: Apache-2.0
// What a training loop does and tells where one of several data ends.
#include "core/train/training_loop.h"

#include "core/base/text.h"
#include "core/train/continual/stage_series.h"

#include <algorithm>
#include <limits>

namespace orrery {

void TrainingLoop::endStage()
{
    Continual &continual = *m_parts.continual;
    const auto stage = continual.plan().numEnded(m_state.step) - 1;
    continual.finishStage(m_model);
    std::vector<double> losses;
    for (const ValidationMeasure &measure : m_parts.sources.stages)
        losses.push_back(evaluate(*measure.source).value_or(std::numeric_limits<double>::quiet_NaN()));
    continual.keepStage(m_model, stage);
    if (continual.isCutShort()) m_isStopRequested = true;
    m_state.stageLosses.resize(static_cast<size_t>(stage));
    m_state.stageLosses.push_back(losses);
    m_state.patience = {}; // the next text has other losses
    tell(m_state.step, stageSeries(), false);
    std::vector<std::string> texts;
    for (const double loss : losses) texts.push_back(formatSignificant(loss, 4));
    m_outputs.event(EventKind::Note, m_state.step,
                    "Stage " + std::to_string(stage + 1) + " of " +
                        std::to_string(continual.plan().numStages) +
                        " ended; validation losses of all stages: " + joinText(texts, ", ") + ".");
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
