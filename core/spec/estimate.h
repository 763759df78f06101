// SPDX-License-Identifier: Apache-2.0
// What a spec will cost, before anything is allocated: parameters, memory, time. Any thread.
#pragma once

#include "core/spec/run_spec.h"

namespace orrery {

struct RunEstimate {
    uint64_t numParameters = 0;       ///< the same number as the built model
    uint64_t numNonEmbedding = 0;
    uint64_t weightBytes = 0;         ///< fp32 masters, plus bf16 copies
    uint64_t optimizerBytes = 0;      ///< gradients and both moments
    uint64_t activationBytes = 0;     ///< one micro-batch, an estimate within a factor of two
    uint64_t totalBytes = 0;
    double flopsPerToken = 0;         ///< training: 6N + 12·L·d·T (Chowdhery et al. 2022, App. B)
    uint64_t tokensPerStep = 0;
    uint64_t totalTokens = 0;
    double secondsPerStep = 0;        ///< by the given speed
    double totalSeconds = 0;
};
/// @param flopsPerSecond what this machine sustains (a finished run's figure; 60e9 on an unknown CPU)
RunEstimate estimateRun(const RunSpec &spec, int64_t vocabSize, double flopsPerSecond);
/// Vocabulary of a byte tokenizer under these settings.
int64_t byteVocabSize(const DataSpec &data);

} // namespace orrery
