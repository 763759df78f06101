// SPDX-License-Identifier: Apache-2.0
#include "core/data/corpus.h"

#include "core/base/checked.h"
#include "core/base/files.h"
#include "core/base/text.h"
#include "core/data/corpus_errors.h"
#include "core/data/corpus_listing.h"
#include "core/data/jsonl_record.h"
#include "core/data/line_reader.h"
#include "core/data/media_noun.h"
#include "core/data/multimodal/manifest.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

namespace orrery {

namespace fs = std::filesystem;

namespace {

constexpr size_t kHeadBytes = 8192; ///< where a NUL makes a file binary
constexpr size_t kPreviewBytes = 400;
constexpr uint64_t kMaxSkippedKept = 100;

CorpusFile describeFile(const fs::path &path, std::string relative, const struct stat &status)
{
    CorpusFile file;
    file.path = path;
    file.relative = std::move(relative);
    file.size = static_cast<uint64_t>(status.st_size);
    file.mtimeNs = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
    file.ctimeNs = status.st_ctim.tv_sec * 1'000'000'000 + status.st_ctim.tv_nsec;
    file.inode = status.st_ino;
    return file;
}

/// The first bytes of a file. @error Io and friends
Result<std::string> readHead(const fs::path &path)
{
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.isOpen()) return ioError("read", path, errno);
    std::string head(kHeadBytes, '\0');
    size_t filled = 0;
    while (filled < head.size()) {
        const ssize_t numRead = ::read(file.get(), head.data() + filled, head.size() - filled);
        if (numRead < 0 && errno == EINTR) continue;
        if (numRead < 0) return ioError("read", path, errno);
        if (numRead == 0) break;
        filled += static_cast<size_t>(numRead);
    }
    head.resize(filled);
    return head;
}

std::string binaryReason(const std::string &head)
{
    const size_t nul = head.find('\0');
    return nul == std::string::npos ? std::string() : "binary (NUL at byte " + std::to_string(nul) + ")";
}

bool looksLikeUtf16(const std::string &head)
{
    return head.starts_with("\xff\xfe") || head.starts_with("\xfe\xff");
}

std::string lowerExtension(const fs::path &path)
{
    std::string extension = path.extension().string();
    for (char &c : extension)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return extension;
}

bool hasJsonlEnding(const fs::path &path)
{
    const std::string extension = lowerExtension(path);
    return extension == ".jsonl" || extension == ".ndjson";
}

void addSkipped(CorpusDescription &description, const std::string &path, std::string reason)
{
    ++description.numSkipped;
    if (description.skipped.size() < kMaxSkippedKept)
        description.skipped.push_back({sanitizeUtf8(path), std::move(reason)});
}

/// Collects the regular files below a folder. Links are not followed: they could leave the folder, run in
/// circles, or put one document into both splits under two names.
class FolderWalk {
public:
    FolderWalk(const fs::path &root, const CorpusLimits &limits, const std::function<Result<void>()> &onEntry,
               CorpusListing &listing)
        : m_root(root), m_limits(limits), m_onEntry(onEntry), m_listing(listing)
    {
    }

    Result<void> run()
    {
        std::vector<std::string> pending = {""};
        while (!pending.empty()) {
            const std::string folder = std::move(pending.back());
            pending.pop_back();
            std::error_code error;
            fs::directory_iterator it(folder.empty() ? m_root : m_root / folder, error);
            if (error && folder.empty()) return ioError("read folder", m_root, error.value());
            if (error) {
                addSkipped(m_listing.description, folder + "/", "not readable");
                continue;
            }
            for (; it != fs::directory_iterator(); it.increment(error)) {
                if (error) break;
                ORRERY_TRY(visit(folder, it->path().filename().string(), pending));
            }
            if (error) return ioError("read folder", m_root / folder, error.value());
        }
        return {};
    }

private:
    Result<void> visit(const std::string &folder, const std::string &name, std::vector<std::string> &pending)
    {
        if (++m_numEntries > m_limits.maxFiles)
            return dataError(m_root,
                             {"the folder holds more than " + std::to_string(m_limits.maxFiles) + " entries",
                              "at most that many"},
                             "Choose a smaller folder, or join small files into larger ones.");
        if (m_onEntry) ORRERY_TRY(m_onEntry());
        const std::string relative = folder.empty() ? name : folder + "/" + name;
        const fs::path path = m_root / relative;
        CorpusDescription &description = m_listing.description;
        struct stat status = {};
        if (::lstat(path.c_str(), &status) != 0)
            addSkipped(description, relative, "not readable");
        else if (name[0] == '.')
            addSkipped(description, relative, "hidden");
        else if (S_ISLNK(status.st_mode))
            addSkipped(description, relative, "symbolic link");
        else if (S_ISDIR(status.st_mode))
            pending.push_back(relative);
        else if (!S_ISREG(status.st_mode))
            addSkipped(description, relative, "not a regular file");
        else if (status.st_size == 0)
            addSkipped(description, relative, "empty");
        else
            m_listing.files.push_back(describeFile(path, relative, status));
        return {};
    }

    const fs::path &m_root;
    const CorpusLimits &m_limits;
    const std::function<Result<void>()> &m_onEntry;
    CorpusListing &m_listing;
    uint64_t m_numEntries = 0;
};

/// What stands in a folder beside its texts, or among them, and is for a manifest to list.
struct FolderMedia {
    uint64_t numPictures = 0;
    uint64_t numRecordings = 0;
    uint64_t numManifestBytes = 0;
    std::string firstManifest;
};

/// Why a file of a folder is passed over; empty: it is text.
std::string skipReason(const Result<std::string> &head, FolderMedia &media)
{
    if (!head) return "not readable";
    if (head->empty()) return "empty";
    const auto noun = mediaNounOf(*head);
    if (!noun) return binaryReason(*head);
    ++(noun->modality == Modality::Image ? media.numPictures : media.numRecordings);
    return noun->text;
}

/// Looks into the head of each file of a folder and keeps the text.
Result<FolderMedia> keepTextFiles(const std::function<Result<void>()> &onEntry, CorpusListing &listing)
{
    FolderMedia media;
    std::sort(listing.files.begin(), listing.files.end(),
              [](const CorpusFile &a, const CorpusFile &b) { return a.relative < b.relative; });
    std::vector<CorpusFile> kept;
    for (CorpusFile &file : listing.files) {
        if (onEntry) ORRERY_TRY(onEntry());
        const Result<std::string> head = readHead(file.path);
        if (std::string reason = skipReason(head, media); !reason.empty()) {
            addSkipped(listing.description, file.relative, std::move(reason));
            continue;
        }
        if (mayBeManifest(*head) && isManifest(file.path)) {
            if (media.numManifestBytes == 0) media.firstManifest = file.relative;
            media.numManifestBytes += file.size;
        }
        kept.push_back(std::move(file));
    }
    listing.files = std::move(kept);
    return media;
}

std::string counted(uint64_t count, const std::string &noun)
{
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

Error noTextIn(const fs::path &folder, const CorpusDescription &description, const FolderMedia &media)
{
    const std::string expected = "one file of text or JSONL at least";
    std::string found = "the folder holds no text file";
    if (media.numPictures + media.numRecordings > 0) {
        std::vector<std::string> holds;
        if (media.numPictures > 0) holds.push_back(counted(media.numPictures, "picture"));
        if (media.numRecordings > 0) holds.push_back(counted(media.numRecordings, "recording"));
        return dataError(
            folder, {found + ", but " + joinText(holds, " and "), expected},
            "A manifest lists pictures and recordings with their texts: choose one (docs/data.md).");
    }
    if (description.numSkipped > 0)
        found += " (" + std::to_string(description.numSkipped) + " skipped, for example \"" +
                 shownText(description.skipped.front().path) + "\": " + description.skipped.front().reason +
                 ")";
    return dataError(folder, {found, expected},
                     "Choose a folder with text. Hidden files and symbolic links are not read.");
}

/// As text, a manifest is the names of its files. In a folder of other texts it is one among them.
Result<void> checkIsNoManifest(const fs::path &folder, const CorpusListing &listing, const FolderMedia &media)
{
    uint64_t total = 0;
    for (const CorpusFile &file : listing.files) total += file.size;
    if (media.numManifestBytes <= total / 2) return {};
    return dataError(folder,
                     {"most of its text is the manifest \"" + shownText(media.firstManifest) + "\"",
                      "texts, or the manifest itself"},
                     "Choose that file: a folder is read as text.");
}

/// The first record of a JSONL file; nothing when the file has none.
Result<std::optional<JsonlRecord>> firstRecord(const fs::path &path, const CorpusLimits &limits)
{
    ORRERY_ASSIGN(ChunkReader chunks, ChunkReader::open(path));
    LineReader lines(std::move(chunks), limits.maxLineBytes);
    ORRERY_ASSIGN(const std::optional<std::string_view> line, lines.next());
    if (!line) return std::optional<JsonlRecord>();
    JsonlRecord record;
    if (auto broken = parseJsonlRecord(*line, std::numeric_limits<int32_t>::max(), record))
        return dataLineError(path, lines.lineNumber(), *broken);
    return std::optional<JsonlRecord>(std::move(record));
}

void describeBy(const JsonlRecord &first, CorpusDescription &description)
{
    description.format = first.format;
    description.unreadMedia = first.unreadMedia;
}

Result<void> findJsonlFormat(const fs::path &path, const CorpusLimits &limits, CorpusListing &listing)
{
    for (const CorpusFile &file : listing.files) {
        ORRERY_ASSIGN(const std::optional<JsonlRecord> first, firstRecord(file.path, limits));
        if (!first) continue;
        describeBy(*first, listing.description);
        return {};
    }
    return dataError(path, {"there is no record in it", "one JSON object per line"},
                     "Choose a file with records.");
}

/// Sums and limits, once the usable files are known.
Result<void> finishListing(const fs::path &path, const CorpusLimits &limits, CorpusListing &listing)
{
    CorpusDescription &description = listing.description;
    uint64_t total = 0;
    for (const CorpusFile &file : listing.files) {
        if (!isJsonl(description.format) && file.size > limits.maxFileBytes)
            return dataError(file.path,
                             {"the file has " + std::to_string(file.size) + " bytes",
                              "at most " + formatBytes(limits.maxFileBytes) + " in one text file"},
                             "Split it into several files in a folder.");
        total = checkedAdd(total, file.size).value_or(std::numeric_limits<uint64_t>::max());
        if (total > limits.maxTotalBytes)
            return dataError(path,
                             {"the data have more than " + std::to_string(limits.maxTotalBytes) + " bytes",
                              "at most " + formatBytes(limits.maxTotalBytes)},
                             "Choose a part of them.");
    }
    description.numFiles = listing.files.size();
    description.numBytes = total;
    if (!isJsonl(description.format)) description.numDocuments = listing.files.size();
    ORRERY_ASSIGN(const std::string head, readHead(listing.files.front().path));
    description.firstText = previewText(std::string_view(head).substr(0, kPreviewBytes));
    return {};
}

Result<CorpusListing> listFile(const fs::path &path, const struct stat &status, const CorpusLimits &limits)
{
    if (!S_ISREG(status.st_mode))
        return dataError(
            path, {"it is neither a file nor a folder", "a file of text or JSONL, or a folder of them"},
            "Choose another path.");
    ORRERY_ASSIGN(const std::string head, readHead(path));
    if (head.empty())
        return dataError(path, {"the file is empty", "text or JSONL"}, "Choose a file with text in it.");
    if (const auto media = mediaNounOf(head))
        return dataError(
            path, {"it is a " + media->text, "text, JSONL, or a manifest that names it"},
            std::string(media->isReadable                    ? "Name"
                        : media->modality == Modality::Image ? "Save it as PNG or JPEG and name"
                                                             : "Save it as WAV or FLAC and name") +
                " it in a manifest: {\"" + modalityName(media->modality) + "\": \"…\"} (docs/data.md).");
    if (const std::string reason = binaryReason(head); !reason.empty())
        return dataError(path, {"the file is " + reason, "text or JSONL"},
                         looksLikeUtf16(head)
                             ? "It seems to be UTF-16: convert it with iconv -f UTF-16 -t UTF-8."
                             : "Choose a text file; convert other formats to text first.");
    CorpusListing listing;
    listing.files.push_back(describeFile(path, "", status));
    listing.description.format = CorpusFormat::Text;
    if (hasJsonlEnding(path)) {
        ORRERY_TRY(findJsonlFormat(path, limits, listing));
    } else if (lowerExtension(path) == ".json") {
        if (const auto first = firstRecord(path, limits); first.ok() && *first)
            describeBy(**first, listing.description);
    }
    ORRERY_TRY(finishListing(path, limits, listing));
    return listing;
}

Result<CorpusListing> listFolder(const fs::path &path, const CorpusLimits &limits,
                                 const std::function<Result<void>()> &onEntry)
{
    CorpusListing listing;
    listing.description.format = CorpusFormat::Folder;
    ORRERY_TRY(FolderWalk(path, limits, onEntry, listing).run());
    ORRERY_ASSIGN(const FolderMedia media, keepTextFiles(onEntry, listing));
    if (listing.files.empty()) return noTextIn(path, listing.description, media);
    ORRERY_TRY(checkIsNoManifest(path, listing, media));
    if (std::all_of(listing.files.begin(), listing.files.end(),
                    [](const CorpusFile &f) { return hasJsonlEnding(f.path); }))
        ORRERY_TRY(findJsonlFormat(path, limits, listing));
    ORRERY_TRY(finishListing(path, limits, listing));
    return listing;
}

} // namespace

const char *corpusFormatName(CorpusFormat format)
{
    switch (format) {
    case CorpusFormat::Text:
        return "text";
    case CorpusFormat::Folder:
        return "folder";
    case CorpusFormat::JsonlText:
        return "jsonl_text";
    case CorpusFormat::JsonlMessages:
        return "jsonl_messages";
    case CorpusFormat::JsonlTokens:
        return "jsonl_tokens";
    case CorpusFormat::Unknown:
        break;
    }
    return "unknown";
}

bool isJsonl(CorpusFormat format)
{
    return format == CorpusFormat::JsonlText || format == CorpusFormat::JsonlMessages ||
           format == CorpusFormat::JsonlTokens;
}

size_t incompleteUtf8Tail(std::string_view text)
{
    for (size_t back = 1; back <= 3 && back <= text.size(); ++back) {
        const auto byte = static_cast<unsigned char>(text[text.size() - back]);
        if (byte < 0x80) return 0;
        if (byte < 0xc0) continue;
        const size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
        return length > back ? back : 0;
    }
    return 0;
}

std::string previewText(std::string_view text)
{
    return sanitizeUtf8(text.substr(0, text.size() - incompleteUtf8Tail(text)));
}

Result<CorpusListing> listCorpus(const fs::path &path, const CorpusLimits &limits,
                                 const std::function<Result<void>()> &onEntry)
{
    if (path.empty())
        return Error{ErrorCode::InvalidInput,
                     "Cannot read data: data.path is empty, expected a file or a folder.",
                     "Set data.path to a text file, a JSONL file or a folder of them."};
    struct stat status = {};
    if (::stat(path.c_str(), &status) != 0) {
        if (errno != ENOENT && errno != ENOTDIR) return ioError("read", path, errno);
        return Error{ErrorCode::NotFound,
                     "Cannot read data \"" + path.string() + "\": there is no such file or folder.",
                     "Check the path of the data."};
    }
    return S_ISDIR(status.st_mode) ? listFolder(path, limits, onEntry) : listFile(path, status, limits);
}

Result<CorpusDescription> probeCorpus(const fs::path &path, const CorpusLimits &limits)
{
    ORRERY_ASSIGN(CorpusListing listing, listCorpus(path, limits));
    return std::move(listing.description);
}

} // namespace orrery
