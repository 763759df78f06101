// SPDX-License-Identifier: Apache-2.0
// Where a model runs when nobody says so: on the device that its run trains on, where this machine has it.
// Any thread.
#pragma once

#include "core/base/result.h"

#include <functional>
#include <string>

namespace orrery {

struct DeviceChoice {
    std::string device; ///< "cpu" or "cuda"
    std::string note;   ///< for the user, when it is not the run's device
};

/// @param asked what the user wants; it is taken as it is, and fails later where it is not there. Empty: any
/// @param trained the device of the run's spec  @param open makes that one ready, or says why it cannot
DeviceChoice chooseDevice(const std::string &asked, const std::string &trained,
                          const std::function<Result<void>(const std::string &)> &open);

} // namespace orrery
