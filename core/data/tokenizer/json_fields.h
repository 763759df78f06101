// SPDX-License-Identifier: Apache-2.0
// Fields of a tokenizer file's components, with errors that name the component. Pure; any thread.
#pragma once

#include "core/data/tokenizer/tokenizer_error.h"

#include <nlohmann/json.hpp>

namespace orrery::tok {

/// How deep components may stand in components.
inline constexpr int kMaxComponentDepth = 8;
/// How many steps a part of a tokenizer may have, and how many entries a sequence of components.
inline constexpr size_t kMaxSteps = 64;

/// How long a text of that many bytes may become before it is encoded. The longest compatibility form has 11
/// times the bytes of its character.
constexpr size_t mostMade(size_t numBytes) { return 16 * numBytes + (64 << 10); }
Error grownTooFar(const std::string &rule, size_t most, const std::string &name);
/// Whether one more step may follow.  @error InvalidInput
Result<void> checkSteps(size_t numSteps, const std::string &rule, const std::string &name);

/// The "type" of a component, "" when there is none.
std::string typeOf(const nlohmann::json &component);
Result<std::string> textField(const nlohmann::json &component, const char *key, const std::string &rule,
                              const std::string &name);
Result<bool> boolField(const nlohmann::json &component, const char *key, bool fallback,
                       const std::string &rule, const std::string &name);
/// An array of components. @error InvalidInput, also when components stand too deep or are too many
Result<const nlohmann::json *> listField(const nlohmann::json &component, const char *key, int depth,
                                         const std::string &rule, const std::string &name);
/// "the pre_tokenizer is of type "X"", with what is supported.
Error unsupported(const std::string &rule, const nlohmann::json &component, const std::string &supported,
                  const std::string &name);

} // namespace orrery::tok
