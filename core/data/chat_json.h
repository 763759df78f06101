// SPDX-License-Identifier: Apache-2.0
// A conversation as JSON, as people write it for the command line and as training data has it, and the files
// that it names. Any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/generation.h"
#include "core/spec/modality.h"

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

namespace orrery {

inline constexpr size_t kMaxConversationBytes = size_t{64} << 20;
inline constexpr uint64_t kMaxConversationMediaBytes = uint64_t{256} << 20; ///< of all files that it names

/// Turns as they were written; pictures and recordings have their names and places, and no bytes yet.
struct WrittenConversation {
    std::vector<ChatMessage> messages;
    struct File {
        size_t turn = 0, index = 0; ///< messages[turn].media[index]
        Modality modality = Modality::Unknown;
    };
    std::vector<File> files;
};

/// {"messages":[{"role":"user","content":"…","images":["a.png"],"audio":["b.wav"]}, …]}, or the list alone.
/// Files stand before the text; a content that is a list of parts, {"text":"…"}, {"image":"a.png"},
/// {"audio":"b.wav"}, has them where it names them. Turns are counted from 0 in messages.
/// @param name of the source, for messages: "chat.json"
/// @error InvalidInput: too large, broken JSON, another key, no turns, a role that is not system, user or
/// assistant, a role or content that is missing or no text, a list of files that is none, a part that is none
Result<WrittenConversation> parseConversation(std::string_view json, std::string_view name);

/// The turns with the bytes of their files.
/// @param folder that relative names stand below   @param maxBytes of all files together
/// @error NotFound, Io; InvalidInput for a picture that is none, a recording that is none, and too many bytes
Result<std::vector<ChatMessage>> readConversationFiles(WrittenConversation written, std::string_view name,
                                                       const std::filesystem::path &folder,
                                                       uint64_t maxBytes = kMaxConversationMediaBytes);

} // namespace orrery
