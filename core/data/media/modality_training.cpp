// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/modality_training.h"

#include "core/base/assert.h"
#include "core/data/media/window_sources.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace orrery {

namespace {

constexpr size_t kNumInputs = kNumWindowFeatures + 1;
constexpr size_t kNumParameters = kNumInputs * kNumHeadRows;
constexpr std::array<size_t, 5> kSizes = {64, 128, 192, 256, 512};
constexpr uint64_t kCalibrationSeed = 0x9e3779b97f4a7c15; ///< added to the seed of the training

using Inputs = std::array<double, kNumInputs>;

struct Example {
    Inputs inputs = {};
    size_t label = 0;
    double weight = 0;
};

size_t labelOf(Modality modality)
{
    return modality == Modality::Unknown ? kNumModalities : modalityIndex(modality);
}

std::vector<Example> makeExamples(uint64_t seed, size_t windowsPerKind)
{
    std::vector<Example> examples;
    std::array<double, kNumHeadRows> counts = {};
    const auto kinds = windowKinds();
    for (size_t kind = 0; kind < kinds.size(); ++kind) {
        if (kinds[kind].isHeldOut) continue;
        for (size_t i = 0; i < windowsPerKind; ++i) {
            const std::vector<uint8_t> window = makeWindow(kind, kSizes[i % kSizes.size()], seed, i);
            if (isFlatWindow(window)) continue;
            Example example;
            const WindowFeatures features = windowFeatures(window);
            std::copy(features.begin(), features.end(), example.inputs.begin());
            example.inputs.back() = 1;
            example.label = labelOf(kinds[kind].modality);
            counts[example.label] += 1;
            examples.push_back(example);
        }
    }
    for (Example &example : examples) example.weight = 1 / (counts[example.label] * kNumHeadRows);
    return examples;
}

/// Brings the features to mean 0 and deviation 1 and remembers how.
struct Scaling {
    Inputs mean = {};
    Inputs deviation = {};

    explicit Scaling(const std::vector<Example> &examples)
    {
        Inputs squares = {};
        for (const Example &example : examples)
            for (size_t i = 0; i < kNumInputs; ++i) {
                mean[i] += example.inputs[i] / static_cast<double>(examples.size());
                squares[i] += example.inputs[i] * example.inputs[i] / static_cast<double>(examples.size());
            }
        for (size_t i = 0; i < kNumInputs; ++i)
            deviation[i] = std::sqrt(std::max(squares[i] - mean[i] * mean[i], 1e-12));
        mean.back() = 0;
        deviation.back() = 1;
    }
    void apply(std::vector<Example> &examples) const
    {
        for (Example &example : examples)
            for (size_t i = 0; i < kNumInputs; ++i)
                example.inputs[i] = (example.inputs[i] - mean[i]) / deviation[i];
    }
    /// Weights for scaled features to weights for features as they are.
    void undo(HeadWeights &weights) const
    {
        for (auto &row : weights)
            for (size_t i = 0; i + 1 < kNumInputs; ++i) {
                row[i] /= deviation[i];
                row.back() -= row[i] * mean[i];
            }
    }
};

std::array<double, kNumHeadRows> softmax(const HeadWeights &weights, const Inputs &inputs, double temperature)
{
    std::array<double, kNumHeadRows> out = {};
    for (size_t row = 0; row < kNumHeadRows; ++row) {
        for (size_t i = 0; i < kNumInputs; ++i) out[row] += weights[row][i] * inputs[i];
        out[row] /= temperature;
    }
    const double largest = *std::max_element(out.begin(), out.end());
    double sum = 0;
    for (double &value : out) sum += value = std::exp(value - largest);
    for (double &value : out) value /= sum;
    return out;
}

double logLoss(const HeadWeights &weights, const std::vector<Example> &examples, double temperature)
{
    double loss = 0;
    for (const Example &example : examples)
        loss -= example.weight *
                std::log(std::max(softmax(weights, example.inputs, temperature)[example.label], 1e-300));
    return loss;
}

/// Solves a·x = b for a symmetric positive definite matrix, in place by Cholesky's method. @param a n × n
void solve(std::vector<double> &a, std::vector<double> &b)
{
    const size_t n = b.size();
    for (size_t j = 0; j < n; ++j) {
        for (size_t k = 0; k < j; ++k) a[j * n + j] -= a[j * n + k] * a[j * n + k];
        ORRERY_ASSERT(a[j * n + j] > 0);
        a[j * n + j] = std::sqrt(a[j * n + j]);
        for (size_t i = j + 1; i < n; ++i) {
            for (size_t k = 0; k < j; ++k) a[i * n + j] -= a[i * n + k] * a[j * n + k];
            a[i * n + j] /= a[j * n + j];
        }
    }
    for (size_t i = 0; i < n; ++i) {
        for (size_t k = 0; k < i; ++k) b[i] -= a[i * n + k] * b[k];
        b[i] /= a[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; ++k) b[i] -= a[k * n + i] * b[k];
        b[i] /= a[i * n + i];
    }
}

double penalty(const HeadWeights &weights, double ridge)
{
    double sum = 0;
    for (const auto &row : weights)
        for (double weight : row) sum += weight * weight;
    return 0.5 * ridge * sum;
}

/// Gradient and Hessian of the penalised loss.
void derivatives(const HeadWeights &weights, const std::vector<Example> &examples, double ridge,
                 std::vector<double> &gradient, std::vector<double> &hessian)
{
    gradient.assign(kNumParameters, 0);
    hessian.assign(kNumParameters * kNumParameters, 0);
    for (const Example &example : examples) {
        const auto p = softmax(weights, example.inputs, 1);
        for (size_t a = 0; a < kNumHeadRows; ++a) {
            const double error = example.weight * (p[a] - (a == example.label ? 1 : 0));
            for (size_t i = 0; i < kNumInputs; ++i) gradient[a * kNumInputs + i] += error * example.inputs[i];
            for (size_t b = 0; b <= a; ++b) {
                const double curvature = example.weight * p[a] * ((a == b ? 1 : 0) - p[b]);
                if (std::abs(curvature) < 1e-18) continue;
                for (size_t i = 0; i < kNumInputs; ++i) {
                    const double left = curvature * example.inputs[i];
                    double *row = &hessian[(a * kNumInputs + i) * kNumParameters + b * kNumInputs];
                    for (size_t j = 0; j < kNumInputs; ++j) row[j] += left * example.inputs[j];
                }
            }
        }
    }
    for (size_t i = 0; i < kNumParameters; ++i) {
        gradient[i] += ridge * weights[i / kNumInputs][i % kNumInputs];
        hessian[i * kNumParameters + i] += ridge;
    }
}

/// @return steps taken
size_t minimize(const std::vector<Example> &examples, double ridge, HeadWeights &weights)
{
    constexpr size_t kMaxSteps = 50;
    std::vector<double> gradient;
    std::vector<double> hessian;
    double loss = logLoss(weights, examples, 1) + penalty(weights, ridge);
    for (size_t step = 0; step < kMaxSteps; ++step) {
        derivatives(weights, examples, ridge, gradient, hessian);
        solve(hessian, gradient); // now the step
        double size = 1;
        for (int halving = 0; halving < 20; ++halving, size /= 2) {
            HeadWeights tried = weights;
            for (size_t i = 0; i < kNumParameters; ++i)
                tried[i / kNumInputs][i % kNumInputs] -= size * gradient[i];
            const double triedLoss = logLoss(tried, examples, 1) + penalty(tried, ridge);
            if (triedLoss >= loss) continue;
            const double gained = loss - triedLoss;
            weights = tried;
            loss = triedLoss;
            if (gained < 1e-10 * loss) return step + 1;
            break;
        }
    }
    return kMaxSteps;
}

/// The temperature of the least log-loss, by golden sections of its logarithm.
double calibrate(const HeadWeights &weights, const std::vector<Example> &examples)
{
    const double ratio = (std::sqrt(5.0) - 1) / 2;
    double low = std::log(0.1);
    double high = std::log(10.0);
    auto loss = [&](double logTemperature) { return logLoss(weights, examples, std::exp(logTemperature)); };
    for (int i = 0; i < 30; ++i) {
        const double a = high - ratio * (high - low);
        const double b = low + ratio * (high - low);
        if (loss(a) < loss(b))
            high = b;
        else
            low = a;
    }
    return std::exp((low + high) / 2);
}

} // namespace

TrainedHead trainModalityHead(const HeadTrainingOptions &options)
{
    std::vector<Example> examples = makeExamples(options.seed, options.windowsPerKind);
    const Scaling scaling(examples);
    scaling.apply(examples);
    TrainedHead head;
    head.numWindows = examples.size();
    head.numSteps = minimize(examples, options.ridge, head.weights);
    examples = makeExamples(options.seed + kCalibrationSeed, options.windowsPerKind / 2);
    scaling.apply(examples);
    head.temperature = calibrate(head.weights, examples);
    head.logLoss = logLoss(head.weights, examples, head.temperature);
    for (auto &row : head.weights)
        for (double &weight : row) weight /= head.temperature;
    scaling.undo(head.weights);
    return head;
}

std::string headTableSource(const TrainedHead &head, const HeadTrainingOptions &options)
{
    std::string out = "// SPDX-License-Identifier: Apache-2.0\n"
                      "// Made by `orrery-engine data detector train --seed " +
                      std::to_string(options.seed) + " --windows " + std::to_string(options.windowsPerKind) +
                      " --out core/data/media/modality_table.cpp`\n// from " +
                      std::to_string(head.numWindows) +
                      " made windows. Do not edit.\n// clang-format off\n"
                      "#include \"core/data/media/modality_head.h\"\n\nnamespace orrery {\n\n"
                      "const HeadWeights kBuiltInHeadWeights = {{\n";
    for (const auto &row : head.weights) {
        out += "    {";
        for (size_t i = 0; i < row.size(); ++i) {
            std::array<char, 32> number{};
            std::snprintf(number.data(), number.size(), "%.6g", row[i]);
            out += (i == 0 ? "" : i % 8 == 0 ? ",\n     " : ", ") + std::string(number.data());
        }
        out += "},\n";
    }
    return out + "}};\n\n} // namespace orrery\n";
}

namespace {

/// Expected calibration error: over 15 bins of confidence, how far mean confidence and share of right ones
/// are apart.
class CalibrationBins {
public:
    void add(double confidence, bool isRight)
    {
        Bin &bin =
            m_bins[std::min<size_t>(static_cast<size_t>(confidence * m_bins.size()), m_bins.size() - 1)];
        bin.count += 1;
        bin.confidence += confidence;
        bin.right += isRight;
    }
    [[nodiscard]] double error() const
    {
        double sum = 0;
        double total = 0;
        for (const Bin &bin : m_bins) {
            sum += std::abs(bin.confidence - bin.right);
            total += bin.count;
        }
        return total > 0 ? sum / total : 0;
    }

private:
    struct Bin {
        double count = 0;
        double confidence = 0;
        double right = 0;
    };
    std::array<Bin, 15> m_bins = {};
};

DetectorRow measureKind(const ModalityHead &head, size_t kind, size_t size, uint64_t seed, size_t count,
                        CalibrationBins &bins)
{
    const WindowKind &known = windowKinds()[kind];
    DetectorRow row{known.name, known.modality, known.isHeldOut, size, 0, 0, 0, 0};
    for (size_t i = 0; i < count; ++i) {
        const std::vector<uint8_t> window = makeWindow(kind, size, seed, i);
        if (isFlatWindow(window)) {
            ++row.numFlat;
            continue;
        }
        const ModalityGuess guess = head.guess(window);
        ++row.numWindows;
        row.numUnsure += guess.modality == Modality::Unknown;
        row.numRight += guess.modality == known.modality;
        if (known.modality == Modality::Unknown) continue;
        const auto best = std::max_element(guess.probabilities.begin(), guess.probabilities.end());
        bins.add(guess.confidence,
                 static_cast<size_t>(best - guess.probabilities.begin()) == modalityIndex(known.modality));
    }
    return row;
}

double share(size_t part, size_t all)
{
    return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
}

} // namespace

DetectorReport measureModalityHead(const ModalityHead &head, uint64_t seed, size_t windowsPerKind)
{
    DetectorReport report;
    CalibrationBins seenBins;
    CalibrationBins heldOutBins;
    CalibrationBins unused;
    size_t right[2] = {0, 0};
    size_t answered[2] = {0, 0};
    size_t all[2] = {0, 0};
    size_t rightAt64 = 0;
    size_t allAt64 = 0;
    report.randomUnsure = 1;
    for (size_t kind = 0; kind < windowKinds().size(); ++kind) {
        const WindowKind &known = windowKinds()[kind];
        if (known.modality == Modality::Unknown) {
            for (size_t size : {64, 192, 512}) {
                report.rows.push_back(measureKind(head, kind, size, seed, windowsPerKind, unused));
                const DetectorRow &row = report.rows.back();
                if (row.kind == "random bytes")
                    report.randomUnsure = std::min(report.randomUnsure, share(row.numUnsure, row.numWindows));
            }
            continue;
        }
        const size_t side = known.isHeldOut ? 1 : 0;
        const size_t natural = naturalWindowBytes(known.modality);
        report.rows.push_back(
            measureKind(head, kind, natural, seed, windowsPerKind, known.isHeldOut ? heldOutBins : seenBins));
        const DetectorRow row = report.rows.back();
        right[side] += row.numRight;
        answered[side] += row.numWindows - row.numUnsure;
        all[side] += row.numWindows;
        DetectorRow small = row;
        if (natural != 64)
            report.rows.push_back(small = measureKind(head, kind, 64, seed, windowsPerKind, unused));
        if (!known.isHeldOut) {
            rightAt64 += small.numRight;
            allAt64 += small.numWindows;
        }
    }
    report.accuracy = share(right[0], all[0]);
    report.answeredAccuracy = share(right[0], answered[0]);
    report.heldOutAccuracy = share(right[1], all[1]);
    report.accuracyAt64Bytes = share(rightAt64, allAt64);
    report.calibrationError = seenBins.error();
    report.heldOutCalibrationError = heldOutBins.error();
    return report;
}

} // namespace orrery
