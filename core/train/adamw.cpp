// SPDX-License-Identifier: Apache-2.0
#include "core/train/adamw.h"

#include <torch/types.h>

#include <cmath>

namespace orrery {

AdamW::AdamW(std::vector<nn::Parameter> &parameters, const OptimizerSpec &spec)
    : m_beta1(spec.betas.at(0)), m_beta2(spec.betas.at(1)), m_epsilon(spec.eps)
{
    const at::NoGradGuard noGrad;
    m_groups[1].decays = true;
    m_step = at::zeros({}, parameters.front().master.options().requires_grad(false));
    for (nn::Parameter &parameter : parameters) {
        Group &group = m_groups[parameter.decays ? 1 : 0];
        group.names.push_back(parameter.name);
        group.owners.push_back(parameter.master);
        group.masters.push_back(parameter.master.detach());
        group.firstMoments.push_back(at::zeros_like(group.masters.back()));
        group.secondMoments.push_back(at::zeros_like(group.masters.back()));
        group.steps.push_back(m_step);
    }
}

void AdamW::update(const UpdateSettings &settings)
{
    const at::NoGradGuard noGrad;
    m_step.fill_(static_cast<double>(++m_numUpdates));
    for (Group &group : m_groups) {
        if (group.masters.empty()) continue;
        group.gradients.clear();
        for (const at::Tensor &owner : group.owners)
            group.gradients.push_back(owner.grad().defined() ? owner.grad() : at::zeros_like(owner));
        // Private operator, pinned to 2.11; tst_adamw compares it with the reference below.
        at::_fused_adamw_(group.masters, group.gradients, group.firstMoments, group.secondMoments, {},
                          group.steps, settings.learningRate, m_beta1, m_beta2,
                          group.decays ? settings.weightDecay : 0.0, m_epsilon, false, false);
    }
}

std::vector<NamedTensor> AdamW::state()
{
    std::vector<NamedTensor> all;
    for (Group &group : m_groups)
        for (size_t i = 0; i < group.names.size(); ++i) {
            all.push_back({group.names[i] + ".exp_avg", group.firstMoments[i]});
            all.push_back({group.names[i] + ".exp_avg_sq", group.secondMoments[i]});
        }
    return all;
}

void referenceAdamW(std::vector<float> &weights, const std::vector<float> &gradients,
                    std::vector<float> &firstMoments, std::vector<float> &secondMoments, int64_t numUpdate,
                    double learningRate, double beta1, double beta2, double weightDecay, double epsilon)
{
    const double correction1 = 1 - std::pow(beta1, static_cast<double>(numUpdate));
    const double correction2 = 1 - std::pow(beta2, static_cast<double>(numUpdate));
    for (size_t i = 0; i < weights.size(); ++i) {
        const double gradient = gradients[i];
        const double first = beta1 * firstMoments[i] + (1 - beta1) * gradient;
        const double second = beta2 * secondMoments[i] + (1 - beta2) * gradient * gradient;
        const double decayed = weights[i] * (1 - learningRate * weightDecay);
        weights[i] = static_cast<float>(decayed - learningRate * (first / correction1) /
                                                      (std::sqrt(second / correction2) + epsilon));
        firstMoments[i] = static_cast<float>(first);
        secondMoments[i] = static_cast<float>(second);
    }
}

} // namespace orrery
