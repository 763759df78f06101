// SPDX-License-Identifier: Apache-2.0
// Orrery's training against Python PyTorch (bench/train_peer.py) from the same weights on the same batches:
// do the losses agree, is the validation loss as good, is it as fast? Runs for minutes; one caller at a time,
// on the thread that may call torch.
#pragma once

#include "core/base/result.h"

#include <filesystem>
#include <functional>
#include <string>

namespace orrery::bench {

struct ParityOptions {
    std::string pythonPath;           ///< a Python with torch 2.11, see scripts/setup/python_peer.sh
    std::filesystem::path peerScript; ///< empty: train_peer.py beside the program, else that of the sources
    std::filesystem::path workDir;    ///< made; gets the files that both sides read
    bool smoke = false;               ///< a few seconds: 60 steps, 2 pairs, speed without a verdict
    int pairs = 20;                   ///< interleaved pairs of short runs for the speed
    int threads = 0;                  ///< 0: all processors
    /// "cpu" or "cuda"; there the speed is that of a GPT-2 of 12 × 768 with 8 × 1024 tokens a step, bf16
    std::string device = "cpu";
    std::function<void(const std::string &)> progress; ///< one line at a time for people
};

/// @return one line of JSON: figures, thresholds, "passed", and what they were measured on
/// @error NotFound (no Python, no C++ headers for the text), Unavailable (the peer failed), and those of
/// training
Result<std::string> runParityBench(const ParityOptions &options);

} // namespace orrery::bench
