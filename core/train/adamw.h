// SPDX-License-Identifier: Apache-2.0
// AdamW in one fused operation for all parameters, and the slow reference that it is tested against. Trainer
// thread only. Source: Loshchilov & Hutter (2019), "Decoupled weight decay regularization", algorithm 2, with
// lr as the schedule.
#pragma once

#include "core/train/optimizer.h"

namespace orrery {

class AdamW final : public Optimizer {
public:
    AdamW(std::vector<nn::Parameter> &parameters, const OptimizerSpec &spec);
    void update(const UpdateSettings &settings) override;
    [[nodiscard]] int64_t numUpdates() const override { return m_numUpdates; }
    void setNumUpdates(int64_t numUpdates) override { m_numUpdates = numUpdates; }
    /// "<parameter>.exp_avg", "<parameter>.exp_avg_sq"
    std::vector<NamedTensor> state() override;

private:
    /// Parameters that share a weight decay, as the fused operation wants them.
    struct Group {
        bool decays = false;
        std::vector<std::string> names;
        std::vector<at::Tensor> masters;   ///< detached views of the masters
        std::vector<at::Tensor> owners;    ///< the leaves that carry the gradients
        std::vector<at::Tensor> gradients; ///< scratch
        std::vector<at::Tensor> firstMoments;
        std::vector<at::Tensor> secondMoments;
        std::vector<at::Tensor> steps; ///< the same scalar for all
    };

    Group m_groups[2];
    at::Tensor m_step; ///< fp32 scalar on the device: number of the update, for the bias correction
    int64_t m_numUpdates = 0;
    double m_beta1 = 0.9;
    double m_beta2 = 0.95;
    double m_epsilon = 1e-8;
};

/// One parameter, one update, element by element in double.
/// @param numUpdate from 1
void referenceAdamW(std::vector<float> &weights, const std::vector<float> &gradients,
                    std::vector<float> &firstMoments, std::vector<float> &secondMoments, int64_t numUpdate,
                    double learningRate, double beta1, double beta2, double weightDecay, double epsilon);

} // namespace orrery
