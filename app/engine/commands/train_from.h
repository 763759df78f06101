// SPDX-License-Identifier: Apache-2.0
// A training that begins with the weights of a model instead of random ones: the worker knows models, this
// program starts it and reads what it says. Command line only.
#pragma once

#include "core/base/result.h"
#include "core/spec/field_table.h"
#include "core/store/run_directory.h"

#include <string>

namespace orrery::cli {

/// Model, tokenizer and plugins of a model into a spec that is being built; set before anything that the user
/// says.
/// @param model as resolveModel() gives it @error what the worker says, Unavailable
Result<void> setModelSettings(SpecBuilder &builder, const std::string &model);

/// Checkpoint 0 of a run that was just made; without it the run is removed again. @error as above
Result<void> beginWithModel(const RunDirectory &run, const std::string &model);

} // namespace orrery::cli
