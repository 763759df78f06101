// SPDX-License-Identifier: Apache-2.0
// What people call a model, as a reference that names the same weights for good. Any thread.
#pragma once

#include "core/base/result.h"
#include "core/store/catalogue.h"

#include <string>

namespace orrery {

/// @param model RUN, RUN@step, RUN@best, RUN@latest or the whole path of a model directory
/// @return PATH@step or the directory  @error InvalidInput (no name), NotFound (no such run; no checkpoint yet), Conflict
Result<std::string> findModel(const Catalogue &catalogue, const std::string &model);

} // namespace orrery
