// SPDX-License-Identifier: Apache-2.0
#include "core/data/tokenizer/json_fields.h"

namespace orrery::tok {

using Json = nlohmann::json;

std::string typeOf(const Json &component)
{
    if (!component.is_object()) return {};
    const auto type = component.find("type");
    return type != component.end() && type->is_string() ? type->get<std::string>() : std::string();
}

Result<std::string> textField(const Json &component, const char *key, const std::string &rule,
                              const std::string &name)
{
    const auto field = component.find(key);
    if (field == component.end() || !field->is_string())
        return tokenizerError(name, "\"" + std::string(key) + "\" of its " + rule + " is missing or no text",
                              "a text", "Use a tokenizer.json as the library tokenizers writes it.");
    return field->get<std::string>();
}

Result<bool> boolField(const Json &component, const char *key, bool fallback, const std::string &rule,
                       const std::string &name)
{
    const auto field = component.find(key);
    if (field == component.end() || field->is_null()) return fallback;
    if (!field->is_boolean())
        return tokenizerError(name,
                              "\"" + std::string(key) + "\" of its " + rule + " is neither true nor false",
                              "one of them", "Use a tokenizer.json as the library tokenizers writes it.");
    return field->get<bool>();
}

Result<const Json *> listField(const Json &component, const char *key, int depth, const std::string &rule,
                               const std::string &name)
{
    if (depth >= kMaxComponentDepth)
        return tokenizerError(name,
                              "its " + rule + " has sequences within sequences, more than " +
                                  std::to_string(kMaxComponentDepth) + " deep",
                              "a plain sequence", "Use another tokenizer.");
    const auto field = component.find(key);
    if (field == component.end() || !field->is_array())
        return tokenizerError(name, "\"" + std::string(key) + "\" of its " + rule + " is missing or no list",
                              "a list", "Use a tokenizer.json as the library tokenizers writes it.");
    if (field->size() > kMaxSteps)
        return tokenizerError(name,
                              "\"" + std::string(key) + "\" of its " + rule + " has " +
                                  std::to_string(field->size()) + " entries",
                              "at most " + std::to_string(kMaxSteps), "Use another tokenizer.");
    return &*field;
}

Result<void> checkSteps(size_t numSteps, const std::string &rule, const std::string &name)
{
    if (numSteps < kMaxSteps) return {};
    return tokenizerError(name, "its " + rule + " has more than " + std::to_string(kMaxSteps) + " steps",
                          "that many at most", "Use another tokenizer.");
}

Error grownTooFar(const std::string &rule, size_t most, const std::string &name)
{
    return tokenizerError(name,
                          "its " + rule + " makes more than " + std::to_string(most) + " bytes of a text",
                          "at most 16 times the text and 64 KiB",
                          "Use another tokenizer, or train one with data.tokenizer=bpe.");
}

Error unsupported(const std::string &rule, const Json &component, const std::string &supported,
                  const std::string &name)
{
    const std::string type = typeOf(component);
    return tokenizerError(
        name,
        type.empty() ? "its " + rule + " has no type" : "its " + rule + " is of type " + shownText(type),
        supported, "Use a tokenizer of one of these kinds, or train one with data.tokenizer=bpe.");
}

} // namespace orrery::tok
