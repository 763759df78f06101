// SPDX-License-Identifier: Apache-2.0
#include "core/data/chat_json.h"

#include "core/base/text.h"
#include "core/data/chat_format.h"
#include "core/spec/strict_json.h"

#include <nlohmann/json.hpp>

namespace orrery {
namespace {

using Json = nlohmann::json;

constexpr int kMaxDepth = 4; // object, list, turn, text
const char *const kExample = R"(Write {"messages":[{"role":"user","content":"…"}]}.)";

class Reader {
public:
    explicit Reader(std::string_view name)
        : m_action("Cannot read the conversation \"" + sanitizeUtf8(std::string(name)) + "\"")
    {
    }
    [[nodiscard]] JsonLimits limits() const
    {
        return {.action = m_action,
                .advice = "Check that this is a conversation.",
                .deepExpected = "turns with a role and a content",
                .maxBytes = kMaxConversationBytes,
                .maxDepth = kMaxDepth,
                .isListAllowed = true};
    }
    [[nodiscard]] Error refuse(const std::string &found, const std::string &expected,
                               const std::string &hint = kExample) const
    {
        return {ErrorCode::InvalidInput, m_action + ": " + found + ", expected " + expected + ".", hint};
    }
    [[nodiscard]] Result<std::string> text(const Json &turn, const char *key, const std::string &which) const
    {
        const auto found = turn.find(key);
        const std::string quoted = std::string("\"") + key + "\"";
        if (found == turn.end()) return refuse(which + " has no " + quoted, "a role and a content");
        if (!found->is_string())
            return refuse(quoted + " of " + which + " is " + shownJson(*found), "a text");
        return found->get<std::string>();
    }
    [[nodiscard]] Result<ChatMessage> turn(const Json &turn, size_t index) const
    {
        const std::string which = "turn " + std::to_string(index);
        if (!turn.is_object())
            return refuse(which + " is " + shownJson(turn), "an object with role and content");
        for (const auto &[key, value] : turn.items())
            if (key != "role" && key != "content")
                return refuse(which + " has the key " + shownJson(key), "role and content only",
                              "Remove that key.");
        ChatMessage message;
        ORRERY_ASSIGN(message.role, text(turn, "role", which));
        ORRERY_ASSIGN(message.content, text(turn, "content", which));
        if (!roleToken(message.role))
            return refuse("the role of " + which + " is " + shownJson(message.role),
                          "system, user or assistant", "Name one of these.");
        return message;
    }

private:
    std::string m_action;
};

} // namespace

Result<std::vector<ChatMessage>> parseConversation(std::string_view text, std::string_view name)
{
    const Reader reader(name);
    // The parser takes a NUL for the end of its input, so anything could hide behind one.
    if (const size_t nul = text.find('\0'); nul != std::string_view::npos)
        return reader.refuse("byte " + std::to_string(nul) + " is NUL", "JSON");
    ORRERY_ASSIGN(const Json json, parseStrictJson(text, reader.limits()));
    const Json *turns = &json;
    if (json.is_object()) {
        for (const auto &[key, value] : json.items())
            if (key != "messages")
                return reader.refuse("it has the key " + shownJson(key), "\"messages\" only",
                                     "Remove that key.");
        if (!json.contains("messages")) return reader.refuse("it has no \"messages\"", "a list of turns");
        turns = &json["messages"];
    }
    if (!turns->is_array()) return reader.refuse("\"messages\" is " + shownJson(*turns), "a list of turns");
    if (turns->empty()) return reader.refuse("it has no turns", "a turn of the user");
    std::vector<ChatMessage> messages;
    messages.reserve(turns->size());
    for (size_t i = 0; i < turns->size(); ++i) {
        ORRERY_ASSIGN(ChatMessage message, reader.turn((*turns)[i], i));
        messages.push_back(std::move(message));
    }
    return messages;
}

} // namespace orrery
