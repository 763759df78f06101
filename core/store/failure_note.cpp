// SPDX-License-Identifier: Apache-2.0
#include "core/store/failure_note.h"

#include "core/base/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace orrery {

namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

constexpr const char *kFailureFile = "failure.json";
constexpr size_t kBlockBytes = 4096;

Json contentOf(int64_t pid, const std::string &state, const std::string &text)
{
    return {{"pid", pid}, {"state", state}, {"text", text}};
}

/// One JSON object, padded to the size of the block.
std::string blockOf(int64_t pid, const FailureNote &note)
{
    const std::string whole = sanitizeUtf8(note.text);
    size_t length = whole.size();
    std::string block;
    for (;;) {
        const std::string shown = length == whole.size() ? whole : whole.substr(0, length) + "…";
        block = contentOf(pid, shown.empty() ? "" : runStateName(note.state), shown)
                    .dump(-1, ' ', false, Json::error_handler_t::replace);
        if (block.size() < kBlockBytes) break;
        // One byte of text is up to six of JSON, so this never cuts much too much. Before a character, not
        // within one.
        length -= std::min(length, std::max<size_t>((block.size() - kBlockBytes) / 6, 8));
        while (length > 0 && (static_cast<uint8_t>(whole[length]) & 0xC0) == 0x80) --length;
    }
    block.resize(kBlockBytes - 1, ' ');
    return block + '\n';
}

Result<void> overwrite(int file, const fs::path &path, const std::string &block)
{
    size_t done = 0;
    while (done < block.size()) {
        const ssize_t written =
            ::pwrite(file, block.data() + done, block.size() - done, static_cast<off_t>(done));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return ioError("write", path, errno);
        done += static_cast<size_t>(written);
    }
    if (::fdatasync(file) != 0) return ioError("sync", path, errno);
    return {};
}

Result<std::string> readBlock(int file, const fs::path &path)
{
    std::string block(kBlockBytes, '\0');
    const ssize_t got = ::pread(file, block.data(), block.size(), 0);
    if (got < 0) return ioError("read", path, errno);
    block.resize(static_cast<size_t>(got));
    return block;
}

std::string textOf(const Json &json, const char *key)
{
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

} // namespace

Result<FailureFile> FailureFile::reserve(const fs::path &runDirectory)
{
    FailureFile file;
    file.m_path = runDirectory / kFailureFile;
    // A new file instead of the old one: whoever writes a note about the worker before hits that one's.
    ORRERY_TRY(writeFileAtomically(file.m_path, blockOf(::getpid(), {})));
    file.m_file = FileDescriptor(::open(file.m_path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file.m_file.isOpen()) return ioError("write", file.m_path, errno);
    return file;
}

Result<void> FailureFile::write(const FailureNote &note) const
{
    if (!m_file.isOpen()) return ioError("write", m_path, EBADF);
    return overwrite(m_file.get(), m_path, blockOf(::getpid(), note));
}

Result<bool> noteEndOfWorker(const fs::path &runDirectory, int64_t pid, const FailureNote &note)
{
    const fs::path path = runDirectory / kFailureFile;
    const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!file.isOpen()) return ioError("write", path, errno);
    ORRERY_ASSIGN(const std::string block, readBlock(file.get(), path));
    const Json json = Json::parse(block, nullptr, false);
    if (!json.is_object() || !textOf(json, "text").empty()) return false;
    const auto owner = json.find("pid");
    if (owner == json.end() || !owner->is_number_integer() || owner->get<int64_t>() != pid) return false;
    ORRERY_TRY(overwrite(file.get(), path, blockOf(pid, note)));
    return true;
}

std::optional<FailureNote> readFailureNote(const fs::path &runDirectory)
{
    const fs::path path = runDirectory / kFailureFile;
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.isOpen()) return std::nullopt;
    const auto block = readBlock(file.get(), path);
    if (!block) return std::nullopt;
    const Json json = Json::parse(*block, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    FailureNote note;
    note.text = textOf(json, "text");
    if (note.text.empty()) return std::nullopt;
    note.state =
        textOf(json, "state") == runStateName(RunState::Crashed) ? RunState::Crashed : RunState::Failed;
    return note;
}

} // namespace orrery
