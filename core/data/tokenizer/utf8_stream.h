// SPDX-License-Identifier: Apache-2.0
// Text from tokens that come one after the other: a token may end within a character, whose bytes wait here
// until the rest comes. Not thread safe.
#pragma once

#include <string>
#include <string_view>

namespace orrery {

class Utf8Stream {
public:
    /// @return what can be shown now: whole characters, and broken bytes as they are
    std::string append(std::string_view bytes);
    /// What still waits, whole or not; nothing waits afterwards.
    std::string flush();

private:
    std::string m_waiting; ///< the beginning of a character, at most three bytes
};

} // namespace orrery
