// SPDX-License-Identifier: Apache-2.0
// A training that begins with the weights of a model instead of random ones: the worker knows models, this side starts it and
// reads what it says. Needs no gRPC. Any thread; the calling one waits.
#pragma once

#include "core/base/result.h"
#include "core/store/run_directory.h"

#include <functional>
#include <string>

namespace orrery {

/// Model, tokenizer and plugins that a run with a model's weights must have, as JSON of a spec. To be set before anything
/// that the user says. @param model RUN as a path, RUN@step or a model directory @error what the worker says, Unavailable
Result<std::string> settingsOfModelJson(const std::string &model, const std::function<bool()> &isCancelled = {});

/// Checkpoint 0 of a run that was just made; without it the run is removed again. @error as above
Result<void> beginWithModel(const RunDirectory &run, const std::string &model,
                            const std::function<bool()> &isCancelled = {});

} // namespace orrery
