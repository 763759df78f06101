// SPDX-License-Identifier: Apache-2.0
#include "core/data/jsonl_record.h"

#include <nlohmann/json.hpp>

#include <cstring>

namespace orrery {

namespace {

constexpr size_t kMaxDepth = 64;
constexpr const char *kMediaFields[] = {"image", "images", "audio"};

class RecordHandler {
public:
    BrokenRule broken;
    bool hasText = false;
    bool hasMessages = false;
    bool hasTokens = false;
    bool hasLossMask = false;

    RecordHandler(int64_t vocabSize, JsonlRecord &record) : m_vocabSize(vocabSize), m_record(record) {}

    bool null() { return scalar("null"); }
    bool number_float(double, const std::string &text) { return scalar("the number " + shownText(text)); }
    bool number_integer(int64_t value) { return scalar("the number " + std::to_string(value)); }
    bool binary(std::vector<uint8_t> &) { return scalar("binary"); }

    bool boolean(bool value)
    {
        if (m_field != Field::LossMask || m_depth != 2) return scalar(value ? "true" : "false");
        m_record.lossMask.push_back(value ? 1 : 0);
        return true;
    }

    bool number_unsigned(uint64_t value)
    {
        if (m_depth == 2 && m_field == Field::Tokens) {
            if (value >= static_cast<uint64_t>(m_vocabSize))
                return fail("token " + std::to_string(m_record.tokens.size()) + " is " +
                                std::to_string(value),
                            "an id from 0 to " + std::to_string(m_vocabSize - 1));
            m_record.tokens.push_back(static_cast<int32_t>(value));
            return true;
        }
        if (m_depth == 2 && m_field == Field::LossMask && value <= 1) {
            m_record.lossMask.push_back(static_cast<uint8_t>(value));
            return true;
        }
        return scalar("the number " + std::to_string(value));
    }

    bool string(std::string &text)
    {
        if (m_field == Field::Text && m_depth == 1) {
            m_record.text = std::move(text);
            return true;
        }
        if (m_field == Field::Messages && m_depth == 3) {
            if (m_messageField == MessageField::Role) {
                if (text != "system" && text != "user" && text != "assistant")
                    return fail("the role of message " + messageIndex() + " is \"" + shownText(text) + "\"",
                                "system, user or assistant");
                m_record.messages.back().role = std::move(text);
            } else if (m_messageField == MessageField::Content) {
                m_record.messages.back().content = std::move(text);
            }
            return true;
        }
        return scalar("the text \"" + shownText(text) + "\"");
    }

    bool start_object(size_t)
    {
        if (m_depth == 0) return enter();
        if (m_field == Field::Messages && m_depth == 2) {
            m_record.messages.emplace_back();
            m_hasRole = m_hasContent = false;
            m_messageField = MessageField::Other;
            return enter();
        }
        return isIgnored() ? enter() : scalar("an object");
    }

    bool end_object()
    {
        --m_depth;
        if (m_field == Field::Messages && m_depth == 2 && (!m_hasRole || !m_hasContent))
            return fail("message " + messageIndex() + " lacks " + (m_hasRole ? "content" : "role"),
                        "role and content");
        return true;
    }

    bool start_array(size_t)
    {
        if (m_depth == 0) return scalar("a list");
        const bool isList =
            m_field == Field::Messages || m_field == Field::Tokens || m_field == Field::LossMask;
        if ((m_depth == 1 && isList) || isIgnored()) return enter();
        return scalar("a list");
    }

    bool end_array()
    {
        --m_depth;
        return true;
    }

    bool key(std::string &name)
    {
        if (m_depth == 1) {
            m_field = Field::Other;
            if (name == "text") return begin(Field::Text, hasText, name);
            if (name == "messages") return begin(Field::Messages, hasMessages, name);
            if (name == "tokens") return begin(Field::Tokens, hasTokens, name);
            if (name == "loss_mask") return begin(Field::LossMask, hasLossMask, name);
            for (const char *media : kMediaFields)
                if (name == media) m_record.unreadMedia = name;
        } else if (m_field == Field::Messages && m_depth == 3) {
            m_messageField = name == "role"      ? MessageField::Role
                             : name == "content" ? MessageField::Content
                                                 : MessageField::Other;
            bool ignored = false;
            bool &seen = name == "role" ? m_hasRole : name == "content" ? m_hasContent : ignored;
            if (std::exchange(seen, true))
                return fail("message " + messageIndex() + " has " + name + " twice", "each field once");
        }
        return true;
    }

    bool parse_error(size_t position, const std::string &, const nlohmann::detail::exception &)
    {
        return fail("broken JSON at byte " + std::to_string(position), "one JSON object per line");
    }

private:
    enum class Field : uint8_t { None, Text, Messages, Tokens, LossMask, Other };
    enum class MessageField : uint8_t { Role, Content, Other };

    bool fail(std::string found, std::string expected)
    {
        broken = {std::move(found), std::move(expected)};
        return false;
    }
    std::string messageIndex() const { return std::to_string(m_record.messages.size() - 1); }

    bool enter()
    {
        if (++m_depth <= kMaxDepth) return true;
        return fail("the record is nested more than " + std::to_string(kMaxDepth) + " levels deep",
                    "a flat record");
    }
    bool begin(Field field, bool &seen, const std::string &name)
    {
        m_field = field;
        return !std::exchange(seen, true) || fail("the record has " + name + " twice", "each field once");
    }
    /// Whether the parser stands inside something that nobody reads.
    bool isIgnored() const
    {
        return m_field == Field::Other ||
               (m_field == Field::Messages && m_depth >= 3 && m_messageField == MessageField::Other);
    }

    bool scalar(const std::string &what)
    {
        if (m_depth == 0) return fail("the line is " + what, "a JSON object");
        if (isIgnored()) return true;
        switch (m_field) {
        case Field::Text:
            return fail("\"text\" is " + what, "a text");
        case Field::Tokens:
            if (m_depth == 1) return fail("\"tokens\" is " + what, "a list of ids");
            return fail("token " + std::to_string(m_record.tokens.size()) + " is " + what,
                        "an id from 0 to " + std::to_string(m_vocabSize - 1));
        case Field::LossMask:
            if (m_depth == 1) return fail("\"loss_mask\" is " + what, "a list of 0 and 1");
            return fail("loss_mask " + std::to_string(m_record.lossMask.size()) + " is " + what, "0 or 1");
        default:
            break;
        }
        if (m_depth == 1) return fail("\"messages\" is " + what, "a list of objects with role and content");
        if (m_depth == 2)
            return fail("message " + std::to_string(m_record.messages.size()) + " is " + what,
                        "an object with role and content");
        return fail(std::string(m_messageField == MessageField::Role ? "the role" : "the content") +
                        " of message " + messageIndex() + " is " + what,
                    "a text");
    }

    int64_t m_vocabSize;
    JsonlRecord &m_record;
    size_t m_depth = 0; ///< 1 in the record, 2 in a list of it, 3 in a message
    Field m_field = Field::None;
    MessageField m_messageField = MessageField::Other;
    bool m_hasRole = false;
    bool m_hasContent = false;
};

} // namespace

std::optional<BrokenRule> parseJsonlRecord(std::string_view line, int64_t vocabSize, JsonlRecord &record)
{
    record.format = CorpusFormat::Unknown;
    record.text.clear();
    record.messages.clear();
    record.tokens.clear();
    record.lossMask.clear();
    record.unreadMedia.clear();
    // The parser takes a NUL for the end of its input, so anything could hide behind one.
    if (const void *nul = std::memchr(line.data(), 0, line.size()))
        return BrokenRule{"NUL at byte " + std::to_string(static_cast<const char *>(nul) - line.data() + 1),
                          "one JSON object per line"};
    RecordHandler handler(vocabSize, record);
    if (!nlohmann::json::sax_parse(line.begin(), line.end(), &handler)) return handler.broken;

    const int numKinds =
        (handler.hasText ? 1 : 0) + (handler.hasMessages ? 1 : 0) + (handler.hasTokens ? 1 : 0);
    if (numKinds == 0 && !record.unreadMedia.empty())
        return BrokenRule{"the record has \"" + record.unreadMedia + "\" and neither \"text\", \"messages\" nor \"tokens\"",
                          R"(a list of parts, {"parts": [{"image": "a.png"}, {"text": "…"}]})"};
    if (numKinds != 1)
        return BrokenRule{numKinds == 0
                              ? "the record has neither \"text\", \"messages\" nor \"tokens\""
                              : "the record has more than one of \"text\", \"messages\" and \"tokens\"",
                          "one of them"};
    if (handler.hasLossMask && !handler.hasTokens)
        return BrokenRule{"\"loss_mask\" stands without \"tokens\"", "both"};
    if (handler.hasLossMask && record.lossMask.size() != record.tokens.size())
        return BrokenRule{"\"loss_mask\" has " + std::to_string(record.lossMask.size()) + " entries",
                          std::to_string(record.tokens.size()) + ", as many as \"tokens\""};
    if (handler.hasMessages && record.messages.empty())
        return BrokenRule{"\"messages\" is empty", "one message at least"};
    record.format = handler.hasText       ? CorpusFormat::JsonlText
                    : handler.hasMessages ? CorpusFormat::JsonlMessages
                                          : CorpusFormat::JsonlTokens;
    return std::nullopt;
}

} // namespace orrery
