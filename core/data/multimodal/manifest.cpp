// SPDX-License-Identifier: Apache-2.0
#include "core/data/multimodal/manifest.h"

#include "core/data/line_reader.h"
#include "core/data/multimodal/contained_folder.h"
#include "core/data/multimodal/manifest_errors.h"
#include "core/data/multimodal/manifest_line.h"

#include <algorithm>

namespace orrery {

namespace {

constexpr size_t kMaxBytesPerToken = 64;

std::string lowerExtension(const std::filesystem::path &path)
{
    std::string extension = path.extension().string();
    for (char &c : extension)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return extension;
}

} // namespace

bool isManifest(const std::filesystem::path &path)
{
    constexpr uint64_t kMaxFirstLine = 64ull << 20;
    if (const std::string extension = lowerExtension(path); extension != ".jsonl" && extension != ".ndjson")
        return false;
    auto chunks = ChunkReader::open(path);
    if (!chunks) return false;
    LineReader lines(std::move(chunks).value(), kMaxFirstLine);
    const auto line = lines.next();
    if (!line || !*line) return false;
    // A broken line of a manifest is still one, so that its own reader says what is wrong.
    const std::string_view text = **line;
    const size_t first = text.find_first_not_of(" \t\r");
    if (text[first] == '[') return true;
    std::vector<ManifestPart> parts;
    if (text[first] != '{' || text.find("\"parts\"") == std::string_view::npos) return false;
    const auto broken = parseManifestLine(text, parts);
    return !broken || broken->found != "the record has no \"parts\"";
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
