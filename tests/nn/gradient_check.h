// SPDX-License-Identifier: Apache-2.0
// Gradients against central differences, in double. The masters are floats: the difference is taken between
// the numbers that they can hold.
#pragma once

#include "core/nn/transformer.h"

#include <ATen/core/grad_mode.h>

#include <QString>

#include <cmath>
#include <functional>

namespace orrery::nn::test {

struct GradientCheck {
    float step = 1e-3f;                               ///< to either side
    double tolerance = 2e-4;                          ///< relative, beside 1e-6
    int64_t perParameter = 5;                         ///< entries looked at, at least
    std::function<bool(const std::string &)> chooses; ///< by name; empty: all parameters
};

struct GradientAnswer {
    int numChecked = 0;
    QString problem; ///< of the first entry that differs; empty: none
};

/// @param loss of the model as it stands, without a graph; backward() must have run for the same loss
inline GradientAnswer compareGradients(Transformer &model, const std::function<at::Tensor()> &loss,
                                       const GradientCheck &check = {})
{
    GradientAnswer answer;
    const auto lossNow = [&] {
        model.mastersChanged();
        const at::NoGradGuard noGrad;
        return loss().item<double>();
    };
    for (Parameter &parameter : model.parameters()) {
        if (check.chooses && !check.chooses(parameter.name)) continue;
        const QString name = QString::fromStdString(parameter.name);
        if (!parameter.master.grad().defined()) {
            answer.problem = name + QStringLiteral(" has no gradient");
            return answer;
        }
        float *data = parameter.master.data_ptr<float>();
        const float *gradient = parameter.master.grad().data_ptr<float>();
        const int64_t count = parameter.master.numel();
        const int64_t stride = std::max<int64_t>(1, count / check.perParameter);
        for (int64_t i = 0; i < count; i += stride, ++answer.numChecked) {
            const float before = data[i];
            data[i] = before + check.step;
            const double high = lossNow(), top = data[i];
            data[i] = before - check.step;
            const double low = lossNow(), bottom = data[i];
            data[i] = before;
            const double expected = (high - low) / (top - bottom);
            if (std::abs(gradient[i] - expected) < 1e-6 + check.tolerance * std::abs(expected)) continue;
            answer.problem =
                QStringLiteral("%1[%2]: %3 against %4").arg(name).arg(i).arg(gradient[i]).arg(expected);
            return answer;
        }
    }
    return answer;
}

} // namespace orrery::nn::test
