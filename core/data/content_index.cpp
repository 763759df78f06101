// SPDX-License-Identifier: Apache-2.0
#include "core/data/content_index.h"

#include "core/base/files.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/data/line_reader.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <unordered_map>

namespace orrery {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::json;

constexpr uint64_t kMaxIndexBytes = 256ull << 20;
constexpr size_t kMaxIndexedFiles = 500'000;
/// A file that changed so shortly before it was read may change again without a new time stamp.
constexpr double kSettleSeconds = 2.0;

fs::path indexPath(const fs::path &path, const fs::path &cacheDirectory)
{
    std::error_code error;
    const fs::path canonical = fs::weakly_canonical(path, error);
    return cacheDirectory / "index" /
           (sha256Hex((error ? path : canonical).string()).substr(0, 32) + ".json");
}

Json identity(const CorpusFile &file) { return {file.size, file.mtimeNs, file.ctimeNs, file.inode}; }

/// UTF-8 in pieces: a character may be cut by the end of a piece.
class Utf8Check {
public:
    void add(std::string_view piece)
    {
        if (!m_isValid) return;
        if (m_carry.empty() && isAscii(piece)) return;
        m_carry.append(piece);
        const size_t cut = m_carry.size() - incompleteUtf8Tail(m_carry);
        m_isValid = isValidUtf8(std::string_view(m_carry).substr(0, cut));
        m_carry.erase(0, cut);
    }
    bool finish() const { return m_isValid && m_carry.empty(); }

private:
    static bool isAscii(std::string_view text)
    {
        unsigned char all = 0;
        for (char c : text) all |= static_cast<unsigned char>(c);
        return all < 0x80;
    }

    std::string m_carry;
    bool m_isValid = true;
};

class LineCount {
public:
    void add(std::string_view piece)
    {
        for (char c : piece) {
            if (c == '\n')
                m_hasContent = false;
            else if (!m_hasContent && c != ' ' && c != '\t' && c != '\r') {
                m_hasContent = true;
                ++m_numLines;
            }
        }
    }
    uint64_t numLines() const { return m_numLines; }

private:
    uint64_t m_numLines = 0;
    bool m_hasContent = false;
};

Result<FileContent> readContent(const CorpusFile &file, const std::function<Result<void>(uint64_t)> &onBytes)
{
    ORRERY_ASSIGN(ChunkReader chunks, ChunkReader::open(file.path));
    Sha256 hash;
    Utf8Check utf8;
    LineCount lines;
    while (true) {
        ORRERY_ASSIGN(const std::string_view chunk, chunks.next());
        if (chunk.empty()) break;
        hash.update(chunk.data(), chunk.size());
        utf8.add(chunk);
        lines.add(chunk);
        if (onBytes) ORRERY_TRY(onBytes(chunk.size()));
    }
    return FileContent{hash.hex(), lines.numLines(), utf8.finish()};
}

void saveContentIndex(const CorpusListing &listing, const fs::path &target, const ContentIndex &index)
{
    if (listing.files.size() > kMaxIndexedFiles) return;
    const double now = wallSeconds();
    Json files = Json::array();
    for (size_t i = 0; i < listing.files.size(); ++i) {
        const CorpusFile &file = listing.files[i];
        if (now - static_cast<double>(std::max(file.mtimeNs, file.ctimeNs)) * 1e-9 < kSettleSeconds) continue;
        const FileContent &content = index.contents[i];
        files.push_back({{"name", file.relative},
                         {"id", identity(file)},
                         {"sha256", content.sha256},
                         {"lines", content.numLines},
                         {"utf8", content.isUtf8}});
    }
    std::error_code error;
    fs::create_directories(target.parent_path(), error);
    const std::string text = Json{{"version", 1}, {"files", std::move(files)}}.dump(
        -1, ' ', false, Json::error_handler_t::replace);
    // Only a cache: when it cannot be written, the next start reads the files again.
    (void)writeFileAtomically(target, text);
}

} // namespace

ContentIndex loadContentIndex(const CorpusListing &listing, const fs::path &path,
                              const fs::path &cacheDirectory)
{
    ContentIndex index;
    index.contents.resize(listing.files.size());
    std::unordered_map<std::string, Json> known;
    if (auto text = readFile(indexPath(path, cacheDirectory), kMaxIndexBytes)) {
        Json root = Json::parse(*text, nullptr, false);
        if (root.is_object() && root.value("version", Json()) == 1 && root.contains("files") &&
            root["files"].is_array())
            for (Json &entry : root["files"])
                if (entry.is_object() && entry.contains("name") && entry["name"].is_string()) {
                    std::string name = entry["name"].get<std::string>();
                    known.emplace(std::move(name), std::move(entry));
                }
    }
    for (size_t i = 0; i < listing.files.size(); ++i) {
        const CorpusFile &file = listing.files[i];
        const auto found = known.find(file.relative);
        if (found != known.end()) {
            const Json &entry = found->second;
            const Json sha = entry.value("sha256", Json());
            const Json lines = entry.value("lines", Json());
            const Json utf8 = entry.value("utf8", Json());
            if (entry.value("id", Json()) == identity(file) && sha.is_string() &&
                sha.get_ref<const std::string &>().size() == 64 && lines.is_number_unsigned() &&
                utf8.is_boolean()) {
                index.contents[i] = {sha.get<std::string>(), lines.get<uint64_t>(), utf8.get<bool>()};
                continue;
            }
        }
        index.numBytesToRead += file.size;
    }
    return index;
}

Result<void> completeContentIndex(const CorpusListing &listing, const fs::path &path,
                                  const fs::path &cacheDirectory,
                                  const std::function<Result<void>(uint64_t numBytes)> &onBytes,
                                  ContentIndex &index)
{
    bool hasRead = false;
    for (size_t i = 0; i < listing.files.size(); ++i) {
        if (!index.contents[i].sha256.empty()) continue;
        ORRERY_ASSIGN(index.contents[i], readContent(listing.files[i], onBytes));
        hasRead = true;
    }
    if (hasRead) saveContentIndex(listing, indexPath(path, cacheDirectory), index);
    return {};
}

std::string contentDigest(const CorpusListing &listing, const ContentIndex &index)
{
    Sha256 hash;
    for (size_t i = 0; i < listing.files.size(); ++i) {
        // NUL cannot stand in a path, so no two lists of files look alike.
        const std::string entry = listing.files[i].relative + '\0' + std::to_string(listing.files[i].size) +
                                  '\0' + index.contents[i].sha256 + '\0';
        hash.update(entry.data(), entry.size());
    }
    return hash.hex();
}

} // namespace orrery
