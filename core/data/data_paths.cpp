// SPDX-License-Identifier: Apache-2.0
#include "core/data/data_paths.h"

#include "core/data/corpus_errors.h"
#include "core/data/line_reader.h"
#include "core/data/media/signature.h"
#include "core/data/multimodal/manifest.h"
#include "core/data/multimodal/shards.h"
#include "core/data/world/generator_path.h"
#include "core/data/world/shapes_render.h"
#include "core/data/world/shapes_source.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace orrery {

namespace {

constexpr uint64_t kSampledDocuments = 300; ///< of each split of a generator, to describe it
constexpr size_t kNumSamples = 5;

MultiModalDescription describeGenerated(const ShapesSource &source, const Tokenizer &tokenizer)
{
    MultiModalDescription d;
    d.format = "generated";
    d.frontEnd = source.frontEnd();
    d.numSampled = kSampledDocuments;
    d.contentDigest = source.name();
    MultiModalRecord record;
    constexpr Split kSplits[] = {Split::Train, Split::Validation, Split::Test};
    for (size_t i = 0; i < std::size(kSplits); ++i) {
        const uint64_t total = source.numRecords(kSplits[i]);
        const uint64_t count = std::min(total, kSampledDocuments);
        for (uint64_t index = 0; index < count; ++index) {
            source.readWhole(kSplits[i], index, record);
            countRecord(record, i, d);
            if (i == 0 && d.samples.size() < kNumSamples)
                d.samples.push_back(recordPreview(record, tokenizer));
        }
        MultiModalSplit &split = d.splits[i];
        const double scale = static_cast<double>(total) / static_cast<double>(count);
        auto scaled = [scale](uint64_t value) {
            return static_cast<uint64_t>(static_cast<double>(value) * scale);
        };
        split.numDocuments = total;
        split.numPositions = scaled(split.numPositions);
        split.numTargets = scaled(split.numTargets);
        for (uint64_t &positions : split.positionsOf) positions = scaled(positions);
    }
    // Of the documents that were not looked at, too.
    if (d.longestRecording > 0)
        d.longestRecording = static_cast<uint64_t>(source.frontEnd().numAudioTokens(
            source.scenes().spec().maxShapes * kToneSamples * source.frontEnd().rate / kTonesRate));
    return d;
}

constexpr const char *kModalitiesKey = "attention.num_modalities";
constexpr const char *kTextAlone = "is a manifest of text alone";

ModalityMismatch mismatchOf(const RunSpec &spec, const char *key, int64_t value, const std::string &found,
                            const std::string &expected, const std::string &hint)
{
    return {key, value,
            Error{ErrorCode::InvalidInput,
                  "Cannot train on \"" + spec.data.path + "\": " + found + ", expected " + expected + ".",
                  hint}};
}

ModalityMismatch setTo(const RunSpec &spec, const char *key, int64_t value, const std::string &found,
                       const std::string &expected)
{
    return mismatchOf(spec, key, value, found, expected,
                      std::string("Set ") + key + " to " + std::to_string(value) + ".");
}

/// The least number that a manifest needs is that of pictures, whether it has one or not.
ModalityMismatch textAlone(const RunSpec &spec)
{
    return mismatchOf(
        spec, kModalitiesKey, 2, std::string("it ") + kTextAlone + ", and attention.num_modalities is 1",
        "2, with which manifests are read",
        "Set attention.num_modalities to 2, or write its records with \"text\" or \"messages\".");
}

bool hasMedia(const MultiModalDescription &d)
{
    return std::any_of(d.splits.begin(), d.splits.end(), [](const MultiModalSplit &split) {
        return split.positionsOf[modalityIndex(Modality::Image)] > 0 ||
               split.positionsOf[modalityIndex(Modality::Audio)] > 0;
    });
}

Result<void> asResult(const std::optional<ModalityMismatch> &mismatch)
{
    return mismatch ? Result<void>(mismatch->error) : Result<void>();
}

} // namespace

DataPathKind dataPathKind(const std::string &path)
{
    if (isGeneratorPath(path)) return DataPathKind::Generator;
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) return DataPathKind::Text;
    if (isManifest(path)) return DataPathKind::Manifest;
    auto chunks = ChunkReader::open(path);
    if (!chunks) return DataPathKind::Text;
    const auto head = chunks->next();
    if (!head || head->empty()) return DataPathKind::Text;
    const std::string_view front = head->substr(0, kSignatureBytes);
    if (modalityOf(fileKindOf(front)) == Modality::Image || modalityOf(fileKindOf(front)) == Modality::Audio)
        return DataPathKind::Media;
    // Text of any encoding is read as text; a NUL makes a file binary.
    return front.find('\0') != std::string_view::npos ? DataPathKind::Media : DataPathKind::Text;
}

std::optional<ModalityMismatch> modalityMismatch(const RunSpec &spec, DataPathKind kind)
{
    const int64_t count = spec.model.attention.numModalities;
    const bool hasParts = kind == DataPathKind::Generator || kind == DataPathKind::Manifest;
    if (hasParts && count == 1) {
        const std::string found = partsText(spec.data.path, kind);
        if (found == kTextAlone) return textAlone(spec);
        return setTo(spec, kModalitiesKey, 3, "it " + found + ", and attention.num_modalities is 1",
                     "2 (pictures) or 3 (recordings too)");
    }
    if (hasParts || count == 1) return std::nullopt;
    // A picture, or nothing at all, is no text that another number would fit.
    const auto probed = probeCorpus(spec.data.path);
    if (!probed) return ModalityMismatch{kModalitiesKey, 1, probed.error()};
    // Captions beside the names of pictures are the commonest form of such data, and nobody's manifest.
    if (!probed->unreadMedia.empty())
        return mismatchOf(spec, kModalitiesKey, 1,
                          "its records have \"" + probed->unreadMedia + "\" beside their text, and no parts",
                          R"(lines like {"parts": [{"image": "a.png"}, {"text": "…"}]})",
                          "Write the records as lists of parts, or set attention.num_modalities to 1 for the text alone.");
    return mismatchOf(spec, kModalitiesKey, 1,
                      "it is text, and attention.num_modalities is " + std::to_string(count),
                      "a manifest (.jsonl with parts) or gen:shapes",
                      "Set attention.num_modalities to 1, or choose a manifest.");
}

std::string partsText(const std::string &path, DataPathKind kind)
{
    if (kind != DataPathKind::Manifest) return "has pictures or recordings";
    const auto found = namesMedia(path);
    if (!found) return "is a manifest"; // of a broken line: what is behind it nobody knows
    return *found ? "has pictures or recordings" : kTextAlone;
}

std::optional<ModalityMismatch> modalityMismatch(const RunSpec &spec,
                                                 const MultiModalDescription &description)
{
    const int64_t count = spec.model.attention.numModalities;
    const uint64_t longest = description.longestRecording;
    const int64_t needed = longest > 0 ? 3 : 2;
    if (count < needed && !hasMedia(description)) return textAlone(spec);
    if (count < needed)
        return setTo(spec, kModalitiesKey, needed,
                     std::string("it has ") + (longest > 0 ? "recordings" : "pictures") +
                         ", and attention.num_modalities is " + std::to_string(count),
                     longest > 0 ? "3" : "2, or 3 for recordings too");
    if (longest == 0) return std::nullopt;
    if (longest <= static_cast<uint64_t>(spec.model.media.audioTokens)) return std::nullopt;
    return setTo(spec, "media.audio_tokens", static_cast<int64_t>(longest),
                 "its longest recording has " + std::to_string(longest) +
                     " tokens, and media.audio_tokens is " + std::to_string(spec.model.media.audioTokens),
                 "at least as many");
}

std::string withMismatch(const std::string &json, const ModalityMismatch &mismatch)
{
    auto root = nlohmann::ordered_json::parse(json);
    root["mismatch"] = {{"key", mismatch.key},
                        {"value", mismatch.value},
                        {"message", mismatch.error.message},
                        {"hint", mismatch.error.hint}};
    return root.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Result<void> checkDataModalities(const RunSpec &spec, DataPathKind kind)
{
    return asResult(modalityMismatch(spec, kind));
}

Result<void> checkDataModalities(const RunSpec &spec, const MultiModalDescription &description)
{
    return asResult(modalityMismatch(spec, description));
}

Result<void> checkCarriesLoss(const std::string &path, const TokenShards &shards)
{
    if (shards.description().carriesLoss) return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot train on \"" + path + "\": no token of its training part carries loss, expected some to learn.",
                 shards.description().format == CorpusFormat::JsonlMessages
                     ? "Only what the assistant says is learned: add turns with the role assistant."
                     : "Give some tokens a loss_mask of 1."};
}

Result<void> checkCarriesLoss(const std::string &path, const MultiModalDescription &description)
{
    if (description.splits[0].numTargets > 0) return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot train on \"" + path + "\": no text of its training part carries loss, expected some to learn.",
                 R"(Add text parts, or take "loss": false from those that are to be learned.)"};
}

Result<void> checkStageIsText(const std::string &path)
{
    const DataPathKind kind = dataPathKind(path);
    if (kind == DataPathKind::Text) return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot set \"continual.stages\": found \"" + path + "\", which " +
                     (kind == DataPathKind::Media ? "is no text" : partsText(path, kind)) +
                     ", expected texts.",
                 "Take it out of continual.stages; data of pictures, recordings and parts are learned by a "
                 "run of their own."};
}

Result<void> checkGeneratorPath(const std::string &path)
{
    ORRERY_ASSIGN(const GeneratorPath parsed, parseGeneratorPath(path));
    const auto spec = parseShapesSpec(parsed);
    return spec.ok() ? Result<void>() : spec.error();
}

Result<OpenedMultiModal> openMultiModal(const OpenMultiModalOptions &options)
{
    OpenedMultiModal opened;
    switch (dataPathKind(options.data.path)) {
    case DataPathKind::Generator: {
        ORRERY_ASSIGN(const GeneratorPath path, parseGeneratorPath(options.data.path));
        ORRERY_ASSIGN(const ShapesSpec spec, parseShapesSpec(path));
        ORRERY_ASSIGN(auto own, Tokenizer::create(options.data));
        const std::shared_ptr<const Tokenizer> tokenizer = std::move(own);
        ORRERY_ASSIGN(ShapesSource source, ShapesSource::create(spec, options.frontEnd, tokenizer));
        opened.description = describeGenerated(source, *tokenizer);
        opened.source = std::make_unique<ShapesSource>(std::move(source));
        return opened;
    }
    case DataPathKind::Manifest: {
        PrepareManifestOptions preparing;
        preparing.data = options.data;
        preparing.frontEnd = options.frontEnd;
        preparing.seed = options.seed;
        preparing.use = options.use;
        preparing.cacheDirectory = options.cacheDirectory;
        preparing.progress = options.progress;
        preparing.cancel = options.cancel;
        ORRERY_ASSIGN(MultiModalShards shards, prepareManifest(preparing));
        opened.description = shards.description();
        opened.folder = shards.folder();
        opened.source = std::make_unique<MultiModalShards>(std::move(shards));
        return opened;
    }
    default:
        break;
    }
    return dataError(options.data.path,
                     {"it holds no documents of several modalities", "a manifest or gen:shapes"},
                     "Choose another path.");
}

Result<OpenedMultiModal> openDocuments(const RunSpec &spec, const std::filesystem::path &cacheDirectory,
                                       const ProgressFn &progress, const std::atomic<bool> *cancel)
{
    ORRERY_TRY(checkDataModalities(spec, dataPathKind(spec.data.path)));
    OpenMultiModalOptions options;
    options.data = spec.data;
    options.frontEnd = frontEndOf(spec.model.media);
    options.seed = static_cast<uint64_t>(spec.seed);
    options.cacheDirectory = cacheDirectory;
    options.progress = progress;
    options.cancel = cancel;
    ORRERY_ASSIGN(OpenedMultiModal opened, openMultiModal(options));
    ORRERY_TRY(checkDataModalities(spec, opened.description));
    ORRERY_TRY(checkCarriesLoss(spec.data.path, opened.description));
    return opened;
}

} // namespace orrery
