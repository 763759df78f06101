// SPDX-License-Identifier: Apache-2.0
// inspect frames: the pictures of its attention that a run has kept while it trained, listed or as arrays over
// the steps. Reads the run's directory, or asks the host of another machine; no model is loaded. Main thread only.
#pragma once

#include "app/engine/commands/command.h"

namespace orrery::cli {

void addInspectFrames(CLI::App *inspect, Session &session);

} // namespace orrery::cli
