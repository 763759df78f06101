// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/detect.h"

#include "core/base/text.h"
#include "core/data/corpus_errors.h"
#include "core/data/describe.h"
#include "core/data/line_reader.h"
#include "core/data/media/image_patches.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace orrery {

namespace {

std::string lowerName(FileKind kind)
{
    std::string name = fileKindName(kind);
    for (char &c : name)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return name;
}

/// Of a share that is never the whole, whatever it is rounded to.
std::string percentText(double share) { return formatSignificant(100 * std::min(share, 0.99), 2) + " %"; }

/// FLAC behind a tag that is longer than what was looked at, as tags with pictures of a cover are.
Result<bool> hasFlacBehind(uint64_t tag, const std::filesystem::path &path)
{
    constexpr size_t kMarkBytes = 4;
    ORRERY_ASSIGN(ChunkReader chunks, ChunkReader::open(path));
    std::string mark; // it may lie across two chunks
    for (uint64_t at = 0; mark.size() < kMarkBytes;) {
        ORRERY_ASSIGN(const std::string_view chunk, chunks.next());
        if (chunk.empty()) break;
        const uint64_t begin = tag > at ? tag - at : 0;
        if (begin < chunk.size()) mark += chunk.substr(static_cast<size_t>(begin), kMarkBytes - mark.size());
        at += chunk.size();
    }
    return fileKindOf(mark) == FileKind::Flac;
}

/// Collects the lines of both reports.
class ReportWriter {
public:
    nlohmann::ordered_json json;
    std::string text;

    void line(const char *name, const std::string &value) { text += name + value + "\n"; }
    void check(const char *name, bool isFine, const std::string &sentence)
    {
        json["checks"].push_back({{"name", name}, {"ok", isFine}, {"text", sentence}});
        text += (isFine ? "ok          " : "look        ") + sentence + "\n";
    }
};

Result<void> describePicture(const std::filesystem::path &path, const FrontEnd &frontEnd,
                             ReportWriter &report)
{
    MediaFacts facts;
    ORRERY_ASSIGN(const Image image, readImage(path, {}, &facts));
    report.json["width"] = image.width;
    report.json["height"] = image.height;
    report.json["bits"] = facts.bitsPerSample;
    report.json["alpha"] = facts.hasAlpha;
    report.json["tokens"] = 1 + frontEnd.numPatches();
    report.line("size        ", std::to_string(image.width) + " × " + std::to_string(image.height) +
                                    " pixels, " + std::to_string(facts.bitsPerSample) + " bits" +
                                    (facts.hasAlpha ? ", transparent parts show white" : ""));
    report.line("tokens      ", std::to_string(1 + frontEnd.numPatches()) + ": a start and " +
                                    std::to_string(frontEnd.numPatches()) +
                                    " patches of the middle, scaled to " +
                                    std::to_string(frontEnd.gridWidth * frontEnd.patch) + " × " +
                                    std::to_string(frontEnd.gridHeight * frontEnd.patch));
    if (frontEnd.numPatches() < 1) return {};
    const double lost = croppedShare(image.width, image.height, frontEnd.gridWidth, frontEnd.gridHeight);
    if (lost > kMuchCropped)
        report.check("crop", false,
                     percentText(lost) + " of the picture is cut away: a model sees the middle of it alone.");
    return {};
}

Result<void> describeRecording(const std::filesystem::path &path, const FrontEnd &frontEnd,
                               ReportWriter &report)
{
    MediaFacts facts;
    ORRERY_ASSIGN(const Audio audio, readAudio(path, {}, &facts));
    const double seconds = static_cast<double>(audio.samples.size()) / static_cast<double>(audio.rate);
    const auto numOwn = static_cast<int64_t>(audio.samples.size());
    const int64_t numSamples = (numOwn * frontEnd.rate + audio.rate - 1) / audio.rate;
    const int64_t numTokens = 1 + frontEnd.numAudioTokens(numSamples);
    report.json["rate"] = audio.rate;
    report.json["channels"] = facts.numChannels;
    report.json["bits"] = facts.bitsPerSample;
    report.json["seconds"] = seconds;
    report.json["tokens"] = numTokens;
    report.line("length      ", formatSignificant(seconds, 4) + " s, " + std::to_string(audio.rate) +
                                    " samples per second, " + std::to_string(facts.numChannels) +
                                    (facts.numChannels == 1 ? " channel, " : " channels, ") +
                                    std::to_string(facts.bitsPerSample) + " bits");
    report.line("tokens      ", std::to_string(numTokens) + ": a start and " + std::to_string(numTokens - 1) +
                                    " of " + std::to_string(frontEnd.framesPerToken) + " log-mel frames at " +
                                    std::to_string(frontEnd.rate) + " Hz");
    if (facts.numBeyondScale > 0)
        report.check("scale", false,
                     "It goes beyond full scale and was cut: peak " + formatSignificant(facts.peak, 3) + ".");
    return {};
}

} // namespace

Result<FileDetection> detectFile(const std::filesystem::path &path)
{
    ORRERY_ASSIGN(ChunkReader chunks, ChunkReader::open(path));
    ORRERY_ASSIGN(const std::string_view head, chunks.next());
    if (head.empty())
        return dataError(path, {"the file is empty", "text, a picture or a recording"},
                         "Choose another file.");
    FileDetection found;
    std::error_code error;
    found.numBytes = std::filesystem::file_size(path, error);
    if (error) return ioError("read", path, error.value());
    found.kind = fileKindOf(withoutTag(head).substr(0, kSignatureBytes));
    if (const uint64_t tag = tagBytes(head); found.kind == FileKind::Unknown && tag > 0) {
        // The chunk does not outlive the reader's next one, and this is another reader.
        ORRERY_ASSIGN(const bool isFlac, hasFlacBehind(tag, path));
        if (isFlac) found.kind = FileKind::Flac;
    }
    found.promised = fileKindOfName(path.string());
    found.modality = modalityOf(found.kind);
    found.confidence = 1;
    if (found.kind != FileKind::Unknown) return found;
    if (const auto foreign = foreignFormatOf(head)) {
        found.foreign = foreign->name;
        found.modality = foreign->modality;
        return found;
    }
    found.guess =
        ModalityHead::builtIn().guessContent({reinterpret_cast<const uint8_t *>(head.data()), head.size()});
    found.modality = found.guess.modality;
    found.confidence = found.guess.confidence;
    return found;
}

Result<MediaReport> describeMediaFile(const std::filesystem::path &path, const FrontEnd &frontEnd)
{
    ORRERY_ASSIGN(const FileDetection found, detectFile(path));
    const bool isKnown = found.kind != FileKind::Unknown;
    const std::string modality =
        found.modality == Modality::Unknown ? "unsure" : modalityName(found.modality);
    ReportWriter report;
    report.json = {{"format", lowerName(found.kind)},
                   {"modality", modality},
                   {"confidence", found.confidence},
                   {"by", isKnown || found.foreign ? "signature" : "head"},
                   {"bytes", found.numBytes}};
    report.json["checks"] = nlohmann::ordered_json::array();
    report.line("format      ", lowerName(found.kind));
    report.line("modality    ", modality + (isKnown || found.foreign ? ", by its signature"
                                                    : ", by its bytes: confidence " +
                                                          formatSignificant(found.confidence, 3)));
    report.line("bytes       ", formatBytes(found.numBytes));
    if (modalityOf(found.kind) == Modality::Image) ORRERY_TRY(describePicture(path, frontEnd, report));
    if (modalityOf(found.kind) == Modality::Audio) ORRERY_TRY(describeRecording(path, frontEnd, report));
    if (!isKnown)
        report.check(
            "format", false,
            found.foreign ? std::string("It is ") + found.foreign + ", which nothing here reads; save it as " +
                                (found.modality == Modality::Image ? "PNG" : "WAV") + " to train on it."
            : found.modality == Modality::Image   ? "It looks like raw pixels; save it as PNG to train on it."
            : found.modality == Modality::Audio ? "It looks like raw samples; save it as WAV to train on it."
            : found.modality == Modality::Text
                ? "It looks like text with broken characters; convert it to UTF-8 to train on it."
                : "Nothing here knows this format; convert it to text, PNG, JPEG, WAV or FLAC.");
    else if (found.promised != FileKind::Unknown && found.promised != found.kind)
        report.check("names", false,
                     std::string("The name says ") + fileKindName(found.promised) + ", the content is " +
                         fileKindName(found.kind) + "; the content counts.");
    if (isKnown && modalityOf(found.kind) != Modality::Text)
        report.check("manifest", true,
                     "To train on it, name it in a manifest: {\"" + modality + "\": \"…\"}.");
    return MediaReport{report.json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace),
                       report.text, isKnown};
}

} // namespace orrery
