// SPDX-License-Identifier: Apache-2.0
// What a plugin's part throws while it is built when the run's settings do not go together. The run is
// refused as for any other wrong setting, not as for a plugin that failed. Any thread.
#pragma once

#include <stdexcept>

namespace orrery::nn {

class SettingError : public std::invalid_argument {
public:
    /// @param what "plugins.id.key is 3, expected …", without a full stop at its end
    using std::invalid_argument::invalid_argument;
};

} // namespace orrery::nn
