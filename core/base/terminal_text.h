// SPDX-License-Identifier: Apache-2.0
// Text of a file or of another machine, for a terminal or a message. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace orrery {

/// In one line and without an escape sequence: broken bytes are U+FFFD, each control character is `instead`
/// (C0, DEL and C1, U+0080 to U+009F: terminals take U+009B for ESC [).
std::string terminalText(std::string_view text, char instead = ' ');

} // namespace orrery
