// SPDX-License-Identifier: Apache-2.0
// Defaults that the data decide, where a person has not. Pure; any thread.
#pragma once

#include "core/spec/run_spec.h"

#include <string_view>

namespace orrery {

/// The built-in world of pictures and tones, with or without settings: "gen:shapes?n=100".
bool isPictureWorld(std::string_view path);
/// What the spec's data ask of a model without opening them: attention.num_modalities 2 for a picture world,
/// 3 when its tasks have recordings. Changes nothing for other data.
void applyDataDefaults(RunSpec &spec);

} // namespace orrery
