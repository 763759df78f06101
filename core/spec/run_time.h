// SPDX-License-Identifier: Apache-2.0
// How long a training takes with all that it does beside its updates, and how sure that is. Measured by the
// trainings that this machine has done; without any, by what an unknown processor may be like. Pure; any
// thread.
#pragma once

#include "core/spec/estimate.h"

#include <cstdint>
#include <span>

namespace orrery {

/// Seconds of the parts of a training.
struct RunTime {
    double start = 0; ///< the worker, data, model
    double updates = 0;
    double evaluation = 0; ///< every eval_every steps, for checkpoints with keep_best, and at the end
    double looking = 0;    ///< samples and frames, as far as probes.budget_percent allows
    double checkpoints = 0;
    double stages = 0; ///< what a strategy of several texts does at their ends, and teachers beside updates
    [[nodiscard]] double total() const
    {
        return start + updates + evaluation + looking + checkpoints + stages;
    }
};

/// A training that has measured its speed on this machine.
struct PastSpeed {
    RunSpec spec;
    RunEstimate estimate;      ///< of that spec
    double secondsPerStep = 0; ///< mean of its updates
};

/// How many times slower than the reference processor the machine is for a spec.
struct MachineSpeed {
    double slowness = 1;
    double spread = 3;      ///< the time lies between 1/spread and spread times that, mostly
    int numMeasured = 0;    ///< trainings that say so; 0: it is assumed
    bool isSimilar = false; ///< one of them had about the same size
};

struct TimeEstimate {
    RunTime parts;
    double secondsPerStep = 0;
    double seconds = 0;         ///< the most likely
    double least = 0, most = 0; ///< mostly between these
    MachineSpeed speed;
};

/// One update on the reference processor: FLOPs at kReferenceFlops, what is read and written of activations,
/// and the calls of operations, which weigh more the smaller the model is.
double referenceSecondsPerStep(const RunSpec &spec, const RunEstimate &estimate);
/// By the first eight trainings on the same device, the more similar ones counting more: of the same size of
/// a step, with plugins and modalities as it has them.
/// @param past the newest first
MachineSpeed machineSpeed(const RunSpec &spec, const RunEstimate &estimate, std::span<const PastSpeed> past);
/// @param valTokens of the validation text, 0 when not known  @param trainTokens of a text, likewise
TimeEstimate estimateTime(const RunSpec &spec, const RunEstimate &estimate, const MachineSpeed &speed,
                          uint64_t valTokens, uint64_t trainTokens = 0);
/// How often the validation loss is measured, and a checkpoint written.
int64_t numEvaluations(const TrainSpec &train);
int64_t numCheckpoints(const TrainSpec &train);

inline constexpr double kReferenceFlops = 60e9; ///< two cores of a few years ago

} // namespace orrery
