// SPDX-License-Identifier: Apache-2.0
// The one form of what is wrong with a tokenizer file. Pure; any thread.
#pragma once

#include "core/base/result.h"

#include <string>

namespace orrery::tok {

/// Cannot read tokenizer "NAME": found, expected expected.
Error tokenizerError(const std::string &name, const std::string &found, const std::string &expected,
                     const std::string &hint);
/// A text of a file, short enough to stand in a message.
std::string shownText(const std::string &text);

} // namespace orrery::tok
