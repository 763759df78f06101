// SPDX-License-Identifier: Apache-2.0
#include "core/train/muon.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace orrery {
namespace {

constexpr double kMomentum = 0.95;
/// x ← a·x + (b·xxᵀ + c·(xxᵀ)²)·x, five times: Jordan et al., chosen so that small singular values grow fast.
constexpr double kFirst = 3.4445, kThird = -4.7750, kFifth = 2.0315;
constexpr int kNumIterations = 5;
constexpr double kLeastNorm = 1e-7; ///< what a matrix of zeros is divided by
/// The root mean square of AdamW's updates is mostly 0.2 to 0.4 of the rate; that of an orthogonal matrix is
/// 1/√max(R, C): Liu et al., section 2.2.
constexpr double kAdamWSize = 0.2;

double updateSize(int64_t numRows, int64_t numColumns)
{
    return kAdamWSize * std::sqrt(static_cast<double>(std::max(numRows, numColumns)));
}

} // namespace

bool isHiddenMatrix(const nn::Parameter &parameter)
{
    const std::string &name = parameter.name;
    return parameter.decays && parameter.master.dim() == 2 && name.starts_with("blocks.") &&
           (name.find(".attention.") != std::string::npos || name.find(".ffn.") != std::string::npos);
}

at::Tensor orthogonalised(const at::Tensor &x_BRC)
{
    const bool isTall = x_BRC.size(1) > x_BRC.size(2); // products of the short side are the smaller ones
    at::Tensor x = isTall ? x_BRC.transpose(1, 2) : x_BRC;
    x = x / (at::linalg_vector_norm(x, 2, at::IntArrayRef({1, 2}), true) + kLeastNorm);
    for (int i = 0; i < kNumIterations; ++i) {
        const at::Tensor square = at::bmm(x, x.transpose(1, 2));
        const at::Tensor polynomial = at::baddbmm(square, square, square, kThird, kFifth);
        x = at::baddbmm(x, polynomial, x, kFirst, 1);
    }
    return isTall ? x.transpose(1, 2) : x;
}

Muon::Muon(const std::vector<nn::Parameter> &parameters, const OptimizerSpec &spec)
{
    const at::NoGradGuard noGrad;
    std::vector<nn::Parameter> others;
    std::map<std::pair<int64_t, int64_t>, std::vector<Matrix>> byShape;
    for (const nn::Parameter &parameter : parameters) {
        if (!isHiddenMatrix(parameter)) {
            others.push_back(parameter);
            continue;
        }
        const at::Tensor master = parameter.master.detach();
        byShape[{master.size(0), master.size(1)}].push_back(
            {parameter.name, parameter.master, master, at::zeros_like(master)});
    }
    for (auto &[shape, group] : byShape) m_groups.push_back(std::move(group));
    if (!others.empty()) m_adamw.emplace(others, spec);
}

void Muon::update(const UpdateSettings &settings)
{
    updateMatrices(settings);
    if (m_adamw) m_adamw->update(settings);
    ++m_numUpdates;
}

void Muon::updateMatrices(const UpdateSettings &settings)
{
    const at::NoGradGuard noGrad;
    for (std::vector<Matrix> &group : m_groups) {
        std::vector<at::Tensor> directions;
        directions.reserve(group.size());
        for (Matrix &matrix : group) {
            const at::Tensor gradient = matrix.owner.grad();
            matrix.momentum.mul_(kMomentum);
            if (gradient.defined()) matrix.momentum.add_(gradient);
            // As Nesterov's: where the momentum will be behind one more such gradient.
            at::Tensor direction = matrix.momentum * kMomentum;
            if (gradient.defined()) direction.add_(gradient);
            directions.push_back(std::move(direction));
        }
        const at::Tensor turned_BRC = orthogonalised(at::stack(directions));
        const double step = settings.learningRate * updateSize(turned_BRC.size(1), turned_BRC.size(2));
        for (size_t i = 0; i < group.size(); ++i)
            group[i]
                .master.mul_(1 - settings.learningRate * settings.weightDecay)
                .sub_(turned_BRC.select(0, static_cast<int64_t>(i)), step);
    }
}

void Muon::setNumUpdates(int64_t numUpdates)
{
    m_numUpdates = numUpdates;
    if (m_adamw) m_adamw->setNumUpdates(numUpdates);
}

std::vector<NamedTensor> Muon::state()
{
    std::vector<NamedTensor> all;
    for (std::vector<Matrix> &group : m_groups)
        for (Matrix &matrix : group) all.push_back({matrix.name + ".momentum", matrix.momentum});
    if (m_adamw)
        for (NamedTensor &entry : m_adamw->state()) all.push_back(std::move(entry));
    return all;
}

void referenceMuon(std::vector<float> &weights, const std::vector<float> &gradients,
                   std::vector<float> &momentum, int64_t numRows, int64_t numColumns,
                   const UpdateSettings &settings)
{
    const auto rows = static_cast<size_t>(numRows), columns = static_cast<size_t>(numColumns);
    std::vector<double> x(weights.size());
    double squares = 0;
    for (size_t i = 0; i < x.size(); ++i) {
        momentum[i] = static_cast<float>(kMomentum * double(momentum[i]) + double(gradients[i]));
        x[i] = kMomentum * double(momentum[i]) + double(gradients[i]);
        squares += x[i] * x[i];
    }
    for (double &value : x) value /= std::sqrt(squares) + kLeastNorm;
    // Always by the rows, also where they are the long side: the singular values are the same.
    for (int iteration = 0; iteration < kNumIterations; ++iteration) {
        std::vector<double> square(rows * rows), polynomial(rows * rows), next(x.size());
        for (size_t i = 0; i < rows; ++i)
            for (size_t j = 0; j < rows; ++j)
                for (size_t k = 0; k < columns; ++k)
                    square[i * rows + j] += x[i * columns + k] * x[j * columns + k];
        for (size_t i = 0; i < rows; ++i)
            for (size_t j = 0; j < rows; ++j) {
                double fourth = 0;
                for (size_t k = 0; k < rows; ++k) fourth += square[i * rows + k] * square[k * rows + j];
                polynomial[i * rows + j] = kThird * square[i * rows + j] + kFifth * fourth;
            }
        for (size_t i = 0; i < rows; ++i)
            for (size_t j = 0; j < columns; ++j) {
                double product = kFirst * x[i * columns + j];
                for (size_t k = 0; k < rows; ++k) product += polynomial[i * rows + k] * x[k * columns + j];
                next[i * columns + j] = product;
            }
        x = std::move(next);
    }
    const double step = settings.learningRate * updateSize(numRows, numColumns);
    for (size_t i = 0; i < x.size(); ++i)
        weights[i] = static_cast<float>(
            double(weights[i]) * (1 - settings.learningRate * settings.weightDecay) - step * x[i]);
}

} // namespace orrery
