// SPDX-License-Identifier: Apache-2.0
// Fields of a tokenizer file's components, with errors that name the component. Pure; any thread.
#pragma once

#include "core/data/tokenizer/tokenizer_error.h"

#include <nlohmann/json.hpp>

namespace orrery::tok {

/// How deep components may stand in components.
inline constexpr int kMaxComponentDepth = 8;

/// The "type" of a component, "" when there is none.
std::string typeOf(const nlohmann::json &component);
Result<std::string> textField(const nlohmann::json &component, const char *key, const std::string &rule,
                              const std::string &name);
Result<bool> boolField(const nlohmann::json &component, const char *key, bool fallback,
                       const std::string &rule, const std::string &name);
/// An array of components. @error InvalidInput, also when components stand too deep
Result<const nlohmann::json *> listField(const nlohmann::json &component, const char *key, int depth,
                                         const std::string &rule, const std::string &name);
/// "the pre_tokenizer is of type "X"", with what is supported.
Error unsupported(const std::string &rule, const nlohmann::json &component, const std::string &supported,
                  const std::string &name);

} // namespace orrery::tok
