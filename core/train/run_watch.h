// SPDX-License-Identifier: Apache-2.0
// Looks at what a training reports and says what a person should look at: a loss that is no number, jumps,
// runs away or stands still, a validation loss that rises while the loss falls, a disk that is nearly full;
// and when patience is over. Pure: numbers in, alarms out; nothing that decides a weight. One thread.
#pragma once

#include "core/spec/run_records.h"

#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace orrery {

/// One report of a training. What was not measured is not set.
struct WatchReading {
    int64_t step = 0;
    double wallTime = 0;
    std::optional<double> loss;
    std::optional<double> gradNorm;
    std::optional<double> valLoss;
    std::optional<uint64_t> freeBytes; ///< of the run's disk
    uint64_t checkpointBytes = 0;      ///< that the next checkpoint takes
};

class RunWatch {
public:
    /// @return alarms that were raised by this reading: each once, until it is over
    std::vector<RunAlarm> read(const WatchReading &reading);
    /// The training goes on with another text: what its losses were is no measure of what follows.
    void beginText();
    /// That hold now, the newest last.
    [[nodiscard]] const std::vector<RunAlarm> &alarms() const { return m_alarms; }
    /// Alarms that were over since this was asked last, with the reason as their texts.
    std::vector<RunAlarm> takeEnded() { return std::exchange(m_ended, {}); }

private:
    void watchNumbers(const WatchReading &reading);
    void watchLoss(const WatchReading &reading);
    void watchValidation(const WatchReading &reading);
    void watchDisk(const WatchReading &reading);
    void raise(AlarmKind kind, const WatchReading &reading, const char *series, std::string text);
    void clear(AlarmKind kind);
    [[nodiscard]] bool holds(AlarmKind kind) const;

    std::vector<RunAlarm> m_alarms;
    std::vector<RunAlarm> m_raised;    ///< by this reading
    std::vector<RunAlarm> m_ended;     ///< not taken yet
    std::set<std::string> m_nonFinite; ///< series whose newest number is none
    std::deque<double> m_losses;       ///< the newest, at most kWindow
    int64_t m_numLosses = 0;
    int64_t m_calmReports = 0;                                      ///< since the last jump
    double m_bestTypical = std::numeric_limits<double>::infinity(); ///< lowest typical loss so far
    std::vector<double> m_validations;                              ///< since the best one, without it
    double m_bestValidation = std::numeric_limits<double>::infinity();
    int64_t m_bestValidationStep = -1;
    double m_typicalAtBest = 0; ///< typical loss when the best validation loss was measured
    double m_plateauBest = std::numeric_limits<double>::infinity();
    int64_t m_numSincePlateauBest = 0;
};

/// How long a training goes on without a better validation loss. A part of the loop's state: a resume counts
/// on.
struct Patience {
    double best = std::numeric_limits<double>::quiet_NaN();
    int64_t numWithoutBetter = 0; ///< evaluations

    /// @param valLoss one that is no number is no better   @param patience evaluations; 0: without end @param
    /// minImprovement by which a better one is lower
    /// @return whether it is over; the count then begins anew, for a resume
    bool isOver(double valLoss, int64_t patience, double minImprovement);
};

} // namespace orrery
