// SPDX-License-Identifier: Apache-2.0
// What a checkpoint holds of a continual training, and back.
#include "core/train/continual/continual.h"

#include "core/base/text.h"

#include <torch/types.h>

#include <algorithm>

namespace orrery {
namespace {

Error refusal(const std::string &found, const std::string &expected)
{
    return {ErrorCode::InvalidInput,
            "Cannot resume with what was kept of earlier stages: " + found + ", expected " + expected + ".",
            "Resume from another checkpoint of this run."};
}

} // namespace

std::vector<NamedTensor> Continual::state() const
{
    std::vector<NamedTensor> all;
    for (const auto &[name, tensor] : m_kept) all.push_back({name, tensor});
    if (m_teacher && m_numEnded > 0)
        for (const nn::Parameter &parameter : m_teacher->parameters())
            all.push_back({"teacher." + parameter.name, parameter.master});
    if (m_owesLook) all.push_back({kOwedLook, at::ones({1})});
    return all;
}

/// Its weights are those that were looked at only where the stage has just ended.
bool Continual::mayOweLook(int64_t step) const
{
    const bool looks =
        m_strategy == Strategy::Derpp || m_strategy == Strategy::Ewc || m_strategy == Strategy::SparseMemory;
    return looks && m_plan.isEnd(step) && m_plan.numEnded(step) < m_plan.numStages;
}

Continual::Shapes Continual::expectedState(int64_t step, const StateKind &kind, nn::Transformer &model) const
{
    Shapes shapes;
    int64_t numEnded = std::min(m_plan.numEnded(step), m_plan.numStages - 1);
    if (kind.owesLook && mayOweLook(step)) {
        shapes[kOwedLook] = {1};
        --numEnded;
    }
    const auto addParameters = [&](const char *what) {
        for (const nn::Parameter &parameter : model.parameters())
            shapes[what + parameter.name] = parameter.master.sizes().vec();
    };
    if (m_strategy == Strategy::Rehearsal && step > 0 && kind.hasAverage) {
        const int64_t stage = m_plan.stageAt(step - 1);
        if (step > averageBegin(stage) && step < m_plan.end(stage)) {
            addParameters("average.");
            shapes[kNumAveraged] = {1};
        }
    }
    if (numEnded == 0) return shapes;
    if (m_strategy == Strategy::Rehearsal) addParameters("teacher.");
    if (m_strategy == Strategy::Ewc) {
        addParameters("fisher.");
        addParameters("anchor.");
    }
    for (int64_t stage = 0; m_strategy == Strategy::Derpp && stage < numEnded; ++stage)
        for (const char *what : {"logits.values.", "logits.index."})
            shapes[what + std::to_string(stage + 1)] = {m_source.numChunks(stage), model.spec().context,
                                                        std::min(kKeptLogits, model.vocabSize())};
    for (const nn::Parameter &parameter : model.parameters())
        if (m_strategy == Strategy::SparseMemory && isSemanticMemory(parameter))
            shapes["slots." + parameter.name] = {parameter.master.numel() / parameter.master.size(-1)};
    return shapes;
}

Result<void> Continual::setState(std::vector<NamedTensor> state, int64_t step, nn::Transformer &model)
{
    const auto has = [&](const char *begin) {
        return std::any_of(state.begin(), state.end(),
                           [&](const NamedTensor &entry) { return entry.name.starts_with(begin); });
    };
    const StateKind kind{.hasAverage = has("average."), .owesLook = has(kOwedLook)};
    if (kind.hasAverage && !has(kNumAveraged)) // as it was written when every step counted
        state.push_back(
            {kNumAveraged, at::full({1}, static_cast<double>(step - averageBegin(m_plan.stageAt(
                                                                        std::max<int64_t>(step, 1) - 1))))});
    ORRERY_TRY(readState(std::move(state), step, kind, model));
    m_numEnded = std::min(m_plan.numEnded(step), m_plan.numStages - 1) - (kind.owesLook ? 1 : 0);
    if (m_teacher && m_numEnded > 0) dream(m_numEnded - 1);
    m_owesLook = false;
    if (kind.owesLook) keepStage(model, m_numEnded);
    return {};
}

Result<void> Continual::readState(std::vector<NamedTensor> state, int64_t step, const StateKind &kind,
                                  nn::Transformer &model)
{
    Shapes expected = expectedState(step, kind, model);
    const at::NoGradGuard noGrad;
    std::map<std::string, at::Tensor> teacher;
    m_kept.clear();
    for (NamedTensor &entry : state) {
        const auto shape = expected.find(entry.name);
        if (shape == expected.end())
            return refusal("there is \"" + entry.name + "\"", "no such part at this step");
        if (entry.tensor.sizes() != at::IntArrayRef(shape->second))
            return refusal("\"" + entry.name + "\" has another shape", "that of this run");
        expected.erase(shape);
        if (entry.name == kOwedLook) continue;
        const at::Device device = model.parameters().front().master.device();
        if (entry.name.starts_with("teacher."))
            teacher[entry.name.substr(std::string("teacher.").size())] = entry.tensor;
        else if (entry.name.starts_with("logits.values."))
            m_kept[entry.name] = entry.tensor.to(at::kHalf);
        else if (entry.name.starts_with("logits.index."))
            m_kept[entry.name] = entry.tensor.to(at::kInt);
        else if (entry.name == kNumAveraged) {
            const auto count = entry.tensor.item<double>();
            const auto most = static_cast<double>(step - averageBegin(m_plan.stageAt(step - 1)));
            if (!(count >= 1 && count <= most))
                return refusal("an average of " + formatSignificant(count, 3) + " updates",
                               "1 to " + formatSignificant(most, 3));
            m_kept[entry.name] = entry.tensor.to(at::kCPU, at::kFloat);
        } else
            m_kept[entry.name] = entry.tensor.to(device);
    }
    if (!expected.empty())
        return refusal("\"" + expected.begin()->first + "\" is missing", "it at this step");
    if (m_teacher && !teacher.empty()) {
        for (nn::Parameter &parameter : m_teacher->parameters())
            parameter.master.copy_(teacher.at(parameter.name));
        m_teacher->mastersChanged();
    }
    return {};
}

} // namespace orrery
