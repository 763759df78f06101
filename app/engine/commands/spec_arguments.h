// SPDX-License-Identifier: Apache-2.0
// Settings as they are typed behind `train` and `branch`, into a spec that is being built: of this machine, or of another one
// whose plugins the builder knows. Main thread only.
#pragma once

#include "core/base/result.h"
#include "core/spec/field_table.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace orrery::cli {

struct TrainArguments {
    std::string specFile;
    std::string data;
    std::string name;
    std::string out;
    std::string device;
    std::vector<std::string> settings;
    std::vector<std::string> breakpoints;
    std::optional<int64_t> steps;
    std::optional<int64_t> seed;
    bool isQuiet = false;
    std::string run;  ///< resume
    std::string from; ///< model whose weights it begins with
};

struct BranchArguments {
    std::string run;
    int64_t step = 0;
    std::vector<std::string> settings;
    std::string name;
    std::string out;
    bool isStarting = false;
    bool isQuiet = false;
};

/// --set key=value, one after the other. @param example for the hint @error InvalidInput
Result<void> applySettings(SpecBuilder &builder, const std::vector<std::string> &settings, const std::string &example);
/// The spec file, then the options, then --set. @error InvalidInput, NotFound and Io (the file)
Result<void> applyArguments(SpecBuilder &builder, const TrainArguments &arguments);
/// Before there is a run: whether it has such a series, it says when it starts. @error InvalidInput
Result<void> checkBreakpoints(const std::vector<std::string> &conditions);
/// What was given and nothing else, with dotted keys, as a host takes it.
std::string givenJson(const SpecBuilder &builder);

} // namespace orrery::cli
