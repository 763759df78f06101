// SPDX-License-Identifier: Apache-2.0
#include "core/data/multimodal/manifest.h"

#include "core/data/line_reader.h"
#include "core/data/multimodal/contained_folder.h"
#include "core/data/multimodal/manifest_errors.h"
#include "core/data/multimodal/manifest_line.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace orrery {

namespace {

constexpr size_t kMaxBytesPerToken = 64;
constexpr std::string_view kManifestMarks[] = {"\"parts\"", "\"image\"", "\"audio\""};
constexpr uint64_t kMaxLookedAt = 64ull << 20; ///< of a file, to tell what it is

std::string lowerExtension(const std::filesystem::path &path)
{
    std::string extension = path.extension().string();
    for (char &c : extension)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return extension;
}

bool haveMedia(const std::vector<ManifestPart> &parts)
{
    return std::any_of(parts.begin(), parts.end(), [](const ManifestPart &part) {
        return part.modality == Modality::Image || part.modality == Modality::Audio;
    });
}

char firstOf(std::string_view line) { return line[line.find_first_not_of(" \t\r")]; }
bool beginsRecord(char first) { return first == '{' || first == '['; }

bool beginsAsJson(std::string_view head)
{
    const size_t first = head.find_first_not_of(" \t\r\n\xef\xbb\xbf"); // the last three: a byte order mark
    return first != std::string_view::npos && beginsRecord(head[first]);
}

/// Without reading a long line of text to its end.
bool beginsAsJson(const std::filesystem::path &path)
{
    auto chunks = ChunkReader::open(path);
    if (!chunks) return false;
    const auto head = chunks->next();
    return head && beginsAsJson(*head);
}

/// Of a file whose name promises nothing. Texts, code and ordinary JSON begin like records, too: only a
/// picture or a recording makes a manifest of it, and more of the kind behind that.
bool isPlainlyManifest(LineReader lines)
{
    std::vector<ManifestPart> parts;
    bool isFound = false;
    for (uint64_t numBytes = 0; numBytes < kMaxLookedAt;) {
        const auto line = lines.next();
        if (!line || !*line) return isFound;
        const std::string_view text = **line;
        if (!beginsRecord(firstOf(text))) return false;
        if (isFound) return true; // if it is broken, its own reader says what is wrong
        const bool isBroken = parseManifestLine(text, parts).has_value();
        isFound = haveMedia(parts);
        // A slip behind a picture: one in "parts" is for its own reader, too; an array may be of anything.
        if (isBroken && !(isFound && firstOf(text) == '{' && nlohmann::json::accept(text))) return false;
        numBytes += text.size();
    }
    return isFound;
}

} // namespace

bool mayBeManifest(std::string_view head)
{
    if (!beginsAsJson(head)) return false;
    return std::any_of(std::begin(kManifestMarks), std::end(kManifestMarks),
                       [head](std::string_view mark) { return head.find(mark) != std::string_view::npos; });
}

bool isManifest(const std::filesystem::path &path)
{
    const std::string extension = lowerExtension(path);
    const bool isNamedSo = extension == ".jsonl" || extension == ".ndjson";
    if (!isNamedSo && !beginsAsJson(path)) return false;
    auto chunks = ChunkReader::open(path);
    if (!chunks) return false;
    LineReader lines(std::move(chunks).value(), kMaxLookedAt);
    if (!isNamedSo) return isPlainlyManifest(std::move(lines));
    const auto line = lines.next();
    if (!line || !*line) return false;
    // A broken line of a manifest is still one, so that its own reader says what is wrong.
    const std::string_view text = **line;
    const char first = firstOf(text);
    if (first == '[') return true;
    std::vector<ManifestPart> parts;
    if (first != '{' || text.find("\"parts\"") == std::string_view::npos) return false;
    const auto broken = parseManifestLine(text, parts);
    return !broken || broken->found != "the record has no \"parts\"";
}

Result<bool> namesMedia(const std::filesystem::path &path)
{
    ORRERY_ASSIGN(ChunkReader chunks, ChunkReader::open(path));
    LineReader lines(std::move(chunks), ManifestOptions().maxLineBytes);
    std::vector<ManifestPart> parts;
    while (true) {
        ORRERY_ASSIGN(const std::optional<std::string_view> line, lines.next());
        if (!line) return false;
        if (const auto broken = parseManifestLine(*line, parts))
            return dataLineError(path, lines.lineNumber(), *broken);
        if (haveMedia(parts)) return true;
    }
}

Error manifestError(const std::filesystem::path &path, uint64_t line, const ContainedProblem &problem)
{
    Error error = dataLineError(path, line, problem.rule, problem.hint);
    error.code = problem.code;
    return error;
}

Error manifestError(const std::filesystem::path &path, uint64_t line, Error error)
{
    if (!error.message.empty() && error.message.front() == 'C') error.message.front() = 'c';
    error.message =
        "Cannot read data \"" + path.string() + "\", line " + std::to_string(line) + ": " + error.message;
    return error;
}

struct ManifestReader::Impl {
    Impl(std::filesystem::path where, ManifestOptions given, ContainedFolder root, ChunkReader chunks)
        : path(std::move(where)), options(std::move(given)), folder(std::move(root)),
          lines(std::move(chunks), options.maxLineBytes)
    {
    }

    Result<void> addPart(const ManifestPart &part, RecordBuilder &builder)
    {
        if (part.modality == Modality::Text) {
            // Before it is tokenized: no tokenizer makes so few tokens of so many bytes.
            if (part.value.size() > kMaxBytesPerToken * kMaxRecordPositions) return tooLong();
            ++counts.numTexts;
            builder.addText(part.value, part.loss);
            return {};
        }
        auto read = folder.read(part.value, options.mediaLimits.maxFileBytes);
        if (const auto *problem = std::get_if<ContainedProblem>(&read))
            return manifestError(path, lines.lineNumber(), *problem);
        const std::string &bytes = std::get<std::string>(read);
        if (options.onBytes) ORRERY_TRY(options.onBytes(part.value, bytes));
        MediaFacts facts;
        if (part.modality == Modality::Image) {
            ++counts.numImages;
            auto image = decodeImage(bytes, part.value, options.mediaLimits, &facts);
            if (!image) return manifestError(path, lines.lineNumber(), std::move(image).error());
            builder.addImage(*image);
        } else {
            ++counts.numRecordings;
            auto audio = decodeAudio(bytes, part.value, options.mediaLimits, &facts);
            if (!audio) return manifestError(path, lines.lineNumber(), std::move(audio).error());
            // Before it is resampled and turned into frames, which need a multiple of its memory.
            if (options.frontEnd.numAudioTokens(std::ssize(audio->samples), audio->rate) >
                static_cast<int64_t>(kMaxRecordPositions))
                return tooLong();
            builder.addAudio(*audio);
        }
        countName(part.value, facts.kind);
        return {};
    }

    [[nodiscard]] Error tooLong() const
    {
        return dataLineError(
            path, lines.lineNumber(),
            {"the record has more than " + std::to_string(kMaxRecordPositions) + " positions",
             "at most that many"},
            "Split it into several records.");
    }

    void countName(const std::string &name, FileKind kind)
    {
        const FileKind promised = fileKindOfName(name);
        if (promised == FileKind::Unknown || promised == kind) return;
        if (counts.numMisnamed++ == 0) counts.firstMisnamed = shownText(name) + " is " + fileKindName(kind);
    }

    std::filesystem::path path;
    ManifestOptions options;
    ContainedFolder folder;
    LineReader lines;
    ManifestCounts counts;
    std::vector<ManifestPart> parts;
};

ManifestReader::ManifestReader(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
ManifestReader::ManifestReader(ManifestReader &&) noexcept = default;
ManifestReader &ManifestReader::operator=(ManifestReader &&) noexcept = default;
ManifestReader::~ManifestReader() = default;

Result<ManifestReader> ManifestReader::open(const std::filesystem::path &path, ManifestOptions options)
{
    ORRERY_TRY(checkFrontEnd(options.frontEnd));
    if (const auto mismatch = mediaTokenizerMismatch(*options.tokenizer))
        return dataError(path, {mismatch->found, mismatch->expected},
                         std::string("Set ") + mismatch->key + " to " + mismatch->value + ".");
    ORRERY_ASSIGN(ContainedFolder folder, ContainedFolder::open(path.parent_path()));
    ChunkReader::Watcher watcher;
    if (options.onBytes)
        watcher = [onBytes = options.onBytes](std::string_view chunk) { return onBytes({}, chunk); };
    ORRERY_ASSIGN(ChunkReader chunks, ChunkReader::open(path, std::move(watcher)));
    return ManifestReader(
        std::make_unique<Impl>(path, std::move(options), std::move(folder), std::move(chunks)));
}

Result<bool> ManifestReader::next(MultiModalRecord &record)
{
    Impl &impl = *m_impl;
    ORRERY_ASSIGN(const std::optional<std::string_view> line, impl.lines.next());
    if (!line) return false;
    if (const auto broken = parseManifestLine(*line, impl.parts))
        return dataLineError(impl.path, impl.lines.lineNumber(), *broken);
    record.clear();
    RecordBuilder builder(*impl.options.tokenizer, impl.options.frontEnd, record);
    for (const ManifestPart &part : impl.parts) {
        ORRERY_TRY(impl.addPart(part, builder));
        if (record.size() >= kMaxRecordPositions) return impl.tooLong();
    }
    builder.finish();
    return true;
}

uint64_t ManifestReader::lineNumber() const { return m_impl->lines.lineNumber(); }
const ManifestCounts &ManifestReader::counts() const { return m_impl->counts; }

} // namespace orrery
