// SPDX-License-Identifier: Apache-2.0
// How special tokens are called by us and by others. Pure; any thread.
#pragma once

#include "core/data/tokenizer.h"

#include <span>

namespace orrery::tok {

struct SpecialName {
    SpecialToken token;
    const char *own;                      ///< "<|end_of_text|>"
    std::span<const char *const> foreign; ///< what other tokenizers call it, the likeliest first
};
std::span<const SpecialName> specialNames();
/// Of all kNumByteSpecials: "<|end_of_text|>" … "<|reserved_271|>".
std::string ownSpecialName(int32_t number);

} // namespace orrery::tok
