// SPDX-License-Identifier: Apache-2.0
#include "core/train/run_watch.h"

#include "core/base/text.h"

#include <algorithm>
#include <cmath>

namespace orrery {

namespace {

constexpr size_t kWindow = 64;         ///< reports that a loss is compared with
constexpr size_t kTypicalReports = 16; ///< of which the typical loss is the median
constexpr size_t kFewest = 16;         ///< reports before a loss can jump
constexpr double kSpikeDeviations = 8; ///< above the median, in median deviations
constexpr double kSpikeShare = 0.25;   ///< and at least this share of the median
constexpr int64_t kCalmReports = 8;    ///< after which a jump is over
constexpr double kDivergedShare = 0.3; ///< above the best typical loss …
constexpr double kDivergedNats = 0.1;  ///< … and this
constexpr int64_t kPlateauEvaluations = 10;
constexpr double kPlateauShare = 1e-3; ///< of the best loss: less is no progress
constexpr size_t kRisingEvaluations = 3;
constexpr double kRisingShare = 0.02; ///< above the best validation loss
constexpr uint64_t kCheckpointsOfRoom = 3;

double medianOf(std::vector<double> values)
{
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

double deviationOf(const std::deque<double> &values, double median)
{
    std::vector<double> distances;
    for (const double value : values) distances.push_back(std::abs(value - median));
    return medianOf(std::move(distances));
}

double typicalOf(const std::deque<double> &values)
{
    const size_t number = std::min(values.size(), kTypicalReports);
    return medianOf({values.end() - static_cast<std::ptrdiff_t>(number), values.end()});
}

std::string number(double value) { return formatSignificant(value, 4); }
std::string numberOrWord(double value)
{
    return std::isnan(value) ? "nan" : std::isinf(value) ? (value > 0 ? "inf" : "-inf") : number(value);
}
const char *whyOver(AlarmKind kind)
{
    switch (kind) {
    case AlarmKind::NonFinite:
        return "Loss, gradient norm and validation loss are finite again";
    case AlarmKind::Spike:
        return "The loss has not jumped for 8 reports";
    case AlarmKind::Divergence:
        return "The loss is near its lowest again";
    case AlarmKind::Plateau:
        return "The validation loss falls again";
    case AlarmKind::Overfitting:
        return "The validation loss is near its best again";
    case AlarmKind::DiskFull:
        return "There is room for the next checkpoints again";
    case AlarmKind::NoReport: // is found by who watches
    case AlarmKind::Unknown:
        break;
    }
    return "It does not hold any more";
}
static_assert(kCalmReports == 8); // as it is said

std::string atStep(const WatchReading &reading) { return " at step " + std::to_string(reading.step); }

} // namespace

bool RunWatch::holds(AlarmKind kind) const
{
    return std::any_of(m_alarms.begin(), m_alarms.end(),
                       [kind](const RunAlarm &alarm) { return alarm.kind == kind; });
}

void RunWatch::raise(AlarmKind kind, const WatchReading &reading, const char *series, std::string text)
{
    if (holds(kind)) return;
    RunAlarm alarm{kind, reading.step, reading.wallTime, series, std::move(text)};
    m_raised.push_back(alarm);
    m_alarms.push_back(std::move(alarm));
}

void RunWatch::clear(AlarmKind kind)
{
    std::erase_if(m_alarms, [this, kind](const RunAlarm &alarm) {
        if (alarm.kind != kind) return false;
        m_ended.push_back(alarm);
        m_ended.back().text = whyOver(kind);
        return true;
    });
}

std::vector<RunAlarm> RunWatch::read(const WatchReading &reading)
{
    m_raised.clear();
    watchNumbers(reading);
    if (reading.loss && std::isfinite(*reading.loss)) watchLoss(reading);
    if (reading.valLoss && std::isfinite(*reading.valLoss)) watchValidation(reading);
    if (reading.freeBytes) watchDisk(reading);
    return m_raised;
}

void RunWatch::beginText()
{
    RunWatch fresh;
    fresh.m_ended = std::move(m_ended);
    for (RunAlarm &alarm : m_alarms) {
        // Of the machine and of the weights, not of the text.
        const bool isKept = alarm.kind == AlarmKind::DiskFull || alarm.kind == AlarmKind::NonFinite;
        if (!isKept) alarm.text = "Another text begins, whose losses are others";
        (isKept ? fresh.m_alarms : fresh.m_ended).push_back(std::move(alarm));
    }
    fresh.m_nonFinite = std::move(m_nonFinite);
    *this = std::move(fresh);
}

void RunWatch::watchNumbers(const WatchReading &reading)
{
    const auto check = [&](const std::optional<double> &value, const char *series, const char *name) {
        if (!value) return;
        if (std::isfinite(*value))
            m_nonFinite.erase(series);
        else if (m_nonFinite.insert(series).second)
            raise(AlarmKind::NonFinite, reading, series,
                  std::string(name) + " is " + numberOrWord(*value) + atStep(reading) +
                      ", expected a finite number. Go on from a checkpoint with a lower learning rate.");
    };
    check(reading.loss, series::kLoss, "The loss");
    check(reading.gradNorm, series::kGradNorm, "The gradient norm");
    check(reading.valLoss, series::kValLoss, "The validation loss");
    if (m_nonFinite.empty()) clear(AlarmKind::NonFinite);
}

void RunWatch::watchLoss(const WatchReading &reading)
{
    const double loss = *reading.loss;
    if (m_losses.size() >= kFewest) {
        const double median = medianOf({m_losses.begin(), m_losses.end()});
        const double limit = median + std::max(kSpikeDeviations * deviationOf(m_losses, median),
                                               kSpikeShare * std::abs(median));
        m_calmReports = loss > limit ? 0 : m_calmReports + 1;
        if (loss > limit)
            raise(AlarmKind::Spike, reading, series::kLoss,
                  "The loss jumped to " + number(loss) + atStep(reading) + ", expected about " +
                      number(median) + " (at most " + number(limit) +
                      "). If it stays there, branch from a checkpoint before, with a "
                      "lower learning rate or clip.");
        else if (m_calmReports >= kCalmReports)
            clear(AlarmKind::Spike);
    }
    m_losses.push_back(loss);
    if (m_losses.size() > kWindow) m_losses.pop_front();
    if (++m_numLosses < static_cast<int64_t>(kFewest)) return;
    const double typical = typicalOf(m_losses);
    m_bestTypical = std::min(m_bestTypical, typical);
    const double room = kDivergedShare * std::abs(m_bestTypical) + kDivergedNats;
    if (typical > m_bestTypical + room)
        raise(AlarmKind::Divergence, reading, series::kLoss,
              "The loss stays at about " + number(typical) + atStep(reading) + ", expected at most " +
                  number(m_bestTypical + room) + " (it was " + number(m_bestTypical) +
                  "). Branch from an earlier checkpoint with a lower learning rate.");
    else if (typical < m_bestTypical + room / 2)
        clear(AlarmKind::Divergence);
}

void RunWatch::watchValidation(const WatchReading &reading)
{
    const double loss = *reading.valLoss;
    const double typical = m_losses.empty() ? 0 : typicalOf(m_losses);
    if (loss < m_plateauBest - kPlateauShare * std::abs(m_plateauBest) || !std::isfinite(m_plateauBest)) {
        m_plateauBest = loss;
        m_numSincePlateauBest = 0;
        clear(AlarmKind::Plateau);
    } else if (++m_numSincePlateauBest >= kPlateauEvaluations) {
        raise(AlarmKind::Plateau, reading, series::kValLoss,
              "The validation loss is " + number(loss) + atStep(reading) + " and has not fallen below " +
                  number(m_plateauBest) + " for " + std::to_string(m_numSincePlateauBest) +
                  " evaluations, expected progress. Lower the learning rate, or stop.");
    }
    if (loss < m_bestValidation) {
        m_bestValidation = loss;
        m_bestValidationStep = reading.step;
        m_typicalAtBest = typical;
        m_validations.clear();
        clear(AlarmKind::Overfitting);
        return;
    }
    m_validations.push_back(loss);
    const double limit = m_bestValidation + kRisingShare * std::abs(m_bestValidation);
    const bool isAbove = m_validations.size() >= kRisingEvaluations &&
                         std::all_of(m_validations.end() - kRisingEvaluations, m_validations.end(),
                                     [limit](double value) { return value > limit; });
    if (isAbove && !m_losses.empty() && typical < m_typicalAtBest)
        raise(
            AlarmKind::Overfitting, reading, series::kValLoss,
            "The validation loss rose to " + number(loss) + atStep(reading) + " from " +
                number(m_bestValidation) + " at step " + std::to_string(m_bestValidationStep) +
                " while the loss fell, expected both to fall. Stop, take the best checkpoint, or add data or "
                "dropout.");
    else if (loss <= limit)
        clear(AlarmKind::Overfitting);
}

void RunWatch::watchDisk(const WatchReading &reading)
{
    const uint64_t wanted = kCheckpointsOfRoom * reading.checkpointBytes;
    if (*reading.freeBytes < wanted)
        raise(AlarmKind::DiskFull, reading, "",
              "The disk has " + formatBytes(*reading.freeBytes) + " free" + atStep(reading) + ", expected " +
                  formatBytes(wanted) + " for the next checkpoints. Make room, or keep fewer checkpoints.");
    else if (*reading.freeBytes > wanted + reading.checkpointBytes)
        clear(AlarmKind::DiskFull);
}

bool Patience::isOver(double valLoss, int64_t patience, double minImprovement)
{
    if (std::isfinite(valLoss) && (!std::isfinite(best) || valLoss < best - minImprovement)) {
        best = valLoss;
        numWithoutBetter = 0;
        return false;
    }
    ++numWithoutBetter;
    if (patience <= 0 || numWithoutBetter < patience) return false;
    numWithoutBetter = 0;
    return true;
}

} // namespace orrery
