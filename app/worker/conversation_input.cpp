// SPDX-License-Identifier: Apache-2.0
#include "app/worker/conversation_input.h"

#include "core/base/files.h"
#include "core/data/chat_json.h"

#include <cstdio>
#include <filesystem>
#include <utility>

namespace orrery::worker {

namespace {

Result<std::string> readStdin(uint64_t maxBytes)
{
    std::string text, block(64u << 10, '\0');
    while (const size_t got = std::fread(block.data(), 1, block.size(), stdin)) {
        text.append(block, 0, got);
        if (text.size() > maxBytes)
            return Error{ErrorCode::InvalidInput,
                         "Cannot read standard input: it has more than " + std::to_string(maxBytes) +
                             " bytes, expected that many at most.",
                         "Leave out the oldest turns."};
    }
    return text;
}

} // namespace

Result<std::vector<ChatMessage>> readMessages(const std::string &file)
{
    const bool isStdin = file == "-";
    ORRERY_ASSIGN(const std::string text,
                  isStdin ? readStdin(kMaxConversationBytes) : readFile(file, kMaxConversationBytes));
    const std::string name = isStdin ? "standard input" : file;
    ORRERY_ASSIGN(WrittenConversation written, parseConversation(text, name));
    const std::filesystem::path folder = isStdin ? "." : std::filesystem::path(file).parent_path();
    return readConversationFiles(std::move(written), name, folder);
}

} // namespace orrery::worker
