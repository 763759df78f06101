// SPDX-License-Identifier: Apache-2.0
#include "core/data/chat_json.h"

#include "core/base/files.h"
#include "core/base/text.h"
#include "core/data/chat_format.h"
#include "core/data/media/signature.h"
#include "core/spec/strict_json.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace orrery {
namespace {

using Json = nlohmann::json;

constexpr int kMaxDepth = 6; // object, list, turn, list of parts, part, text
const char *const kExample = R"(Write {"messages":[{"role":"user","content":"…"}]}.)";
const char *const kFilesExample = R"(Write "images":["a.png"] or "audio":["b.wav"].)";
const char *const kPartsExample = R"(Write "content":[{"text":"…"},{"image":"a.png"},{"audio":"b.wav"}].)";
const char *const kTurnKeys[] = {"role", "content", "images", "audio"};

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
    Result<void> addTurn(const Json &turn, WrittenConversation &out) const
    {
        const std::string which = "turn " + std::to_string(out.messages.size());
        if (!turn.is_object())
            return refuse(which + " is " + shownJson(turn), "an object with role and content");
        for (const auto &[key, value] : turn.items())
            if (std::find(std::begin(kTurnKeys), std::end(kTurnKeys), key) == std::end(kTurnKeys))
                return refuse(which + " has the key " + shownJson(key),
                              "role, content, images and audio only", "Remove that key.");
        out.messages.emplace_back();
        ORRERY_ASSIGN(out.messages.back().role, text(turn, "role", which));
        if (const auto content = turn.find("content"); content != turn.end() && content->is_array()) {
            ORRERY_TRY(addParts(turn, *content, which, out));
        } else {
            ORRERY_ASSIGN(out.messages.back().content, text(turn, "content", which));
            ORRERY_TRY(addFiles(turn, "images", Modality::Image, which, out));
            ORRERY_TRY(addFiles(turn, "audio", Modality::Audio, which, out));
        }
        const std::string &role = out.messages.back().role;
        if (!roleToken(role))
            return refuse("the role of " + which + " is " + shownJson(role), "system, user or assistant",
                          "Name one of these.");
        return {};
    }

private:
    static void addFile(std::string path, Modality modality, int64_t place, WrittenConversation &out)
    {
        std::vector<PromptMedia> &media = out.messages.back().media;
        out.files.push_back({out.messages.size() - 1, media.size(), modality});
        media.push_back({{}, std::move(path), place});
    }

    Result<void> addFiles(const Json &turn, const char *key, Modality modality, const std::string &which,
                          WrittenConversation &out) const
    {
        const auto found = turn.find(key);
        if (found == turn.end()) return {};
        const std::string quoted = std::string("\"") + key + "\" of " + which;
        if (!found->is_array())
            return refuse(quoted + " is " + shownJson(*found), "a list of files", kFilesExample);
        for (const Json &file : *found) {
            if (!file.is_string())
                return refuse(quoted + " has " + shownJson(file), "paths of files", kFilesExample);
            addFile(file.get<std::string>(), modality, 0, out);
        }
        return {};
    }

    Result<void> addParts(const Json &turn, const Json &parts, const std::string &which,
                          WrittenConversation &out) const
    {
        for (const char *key : {"images", "audio"})
            if (turn.contains(key))
                return refuse(which + " has a list of parts and \"" + key + "\"", "one of them",
                              "Name the file in a part.");
        for (size_t i = 0; i < parts.size(); ++i) {
            const Json &part = parts[i];
            const std::string name = "part " + std::to_string(i) + " of " + which;
            const bool isOne = part.is_object() && part.size() == 1 && part.begin()->is_string() &&
                               modalityFromName(part.begin().key()) != Modality::Unknown;
            if (!isOne)
                return refuse(name + " is " + shownJson(part),
                              "an object with \"text\", \"image\" or \"audio\" and nothing else",
                              kPartsExample);
            const Modality modality = modalityFromName(part.begin().key());
            std::string &content = out.messages.back().content;
            if (modality == Modality::Text)
                content += part.begin()->get<std::string>();
            else
                addFile(part.begin()->get<std::string>(), modality, std::ssize(content), out);
        }
        return {};
    }

    std::string m_action;
};

const char *nounOf(Modality modality)
{
    switch (modality) {
    case Modality::Text:
        return "text";
    case Modality::Image:
        return "a picture";
    case Modality::Audio:
        return "a recording";
    default:
        return "of a format that is not known here";
    }
}

/// The file that a turn names, if it is what the turn says.
class FileReader {
public:
    FileReader(std::string_view name, const std::filesystem::path &folder, uint64_t room)
        : m_reader(name), m_folder(folder), m_room(room)
    {
    }
    Result<void> read(const WrittenConversation::File &file, PromptMedia &media)
    {
        const std::filesystem::path path = m_folder / std::filesystem::path(media.name);
        const std::string which = shownJson(Json(media.name)) + " of turn " + std::to_string(file.turn);
        const std::string expected =
            file.modality == Modality::Image ? "a picture (PNG, JPEG)" : "a recording (WAV, FLAC)";
        std::error_code error;
        if (!std::filesystem::exists(path, error)) {
            Error missing = m_reader.refuse(which + " is not there", expected,
                                            "Paths are relative to the folder of the conversation's file.");
            missing.code = ErrorCode::NotFound;
            return missing;
        }
        const uint64_t size = std::filesystem::file_size(path, error);
        if (!error && size > m_room)
            return m_reader.refuse("the files up to " + which + " have more than " + std::to_string(m_limit) +
                                       " bytes",
                                   "that many at most", "Leave out the oldest ones.");
        ORRERY_ASSIGN(media.bytes, readFile(path, m_room));
        m_room -= media.bytes.size();
        const Modality found = modalityOf(fileKindOf(withoutTag(media.bytes).substr(0, kSignatureBytes)));
        if (found == file.modality) return {};
        const bool isSwapped = found == Modality::Image || found == Modality::Audio;
        return m_reader.refuse(which + (media.bytes.empty() ? " is empty" : " is ") +
                                   (media.bytes.empty() ? "" : nounOf(found)),
                               expected,
                               isSwapped ? std::string("Name it as \"") + modalityName(found) + "\"."
                                         : "Name another file, or convert it.");
    }

private:
    Reader m_reader;
    std::filesystem::path m_folder;
    uint64_t m_room, m_limit = m_room;
};

} // namespace

Result<WrittenConversation> parseConversation(std::string_view text, std::string_view name)
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
    WrittenConversation written;
    written.messages.reserve(turns->size());
    for (const Json &turn : *turns) ORRERY_TRY(reader.addTurn(turn, written));
    return written;
}

Result<std::vector<ChatMessage>> readConversationFiles(WrittenConversation written, std::string_view name,
                                                       const std::filesystem::path &folder, uint64_t maxBytes)
{
    FileReader reader(name, folder, maxBytes);
    for (const WrittenConversation::File &file : written.files)
        ORRERY_TRY(reader.read(file, written.messages[file.turn].media[file.index]));
    return std::move(written.messages);
}

} // namespace orrery
