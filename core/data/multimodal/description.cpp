// SPDX-License-Identifier: Apache-2.0
#include "core/data/multimodal/description.h"

#include "core/base/text.h"
#include "core/data/corpus_errors.h"
#include "core/data/media/image_patches.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>

namespace orrery {

namespace {

constexpr const char *kSplits[] = {"train", "val", "test"};
constexpr const char *kSplitTexts[] = {"training    ", "validation  ", "test        "};
constexpr uint64_t kSmallTargets = 20'000;
constexpr size_t kMaxPreviewBytes = 300;

std::string counted(uint64_t count, const char *one, const char *many)
{
    return std::to_string(count) + " " + (count == 1 ? one : many);
}

uint64_t sum(const MultiModalDescription &d, uint64_t MultiModalSplit::*member)
{
    uint64_t total = 0;
    for (const MultiModalSplit &split : d.splits) total += split.*member;
    return total;
}

/// For showing: no escape sequence and no line feed of a text reaches a terminal.
std::string oneLine(std::string_view text)
{
    std::string shown = sanitizeUtf8(text);
    for (char &c : shown) {
        if (c == '\n' || c == '\t') c = ' ';
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
    return shown;
}

} // namespace

std::string recordPreview(const MultiModalRecord &record, const Tokenizer &tokenizer)
{
    std::string text;
    for (size_t i = 0; i < record.size() && text.size() < kMaxPreviewBytes;) {
        const Modality modality = record.modality_L[i];
        if (modality == Modality::Text) {
            if (!tokenizer.isSpecial(record.ids_L[i])) text += tokenizer.tokenBytes(record.ids_L[i]);
            ++i;
            continue;
        }
        size_t end = i;
        while (end < record.size() && record.modality_L[end] == modality) ++end;
        text += std::string("[") + modalityName(modality) + ": " + std::to_string(end - i) +
                (modality == Modality::Image ? " patches] " : " tokens] ");
        i = end;
    }
    return oneLine(text);
}

void countRecord(const MultiModalRecord &record, size_t split, MultiModalDescription &description)
{
    MultiModalSplit &counts = description.splits[split];
    ++counts.numDocuments;
    counts.numPositions += record.size();
    for (size_t i = 0; i < record.size(); ++i) {
        ++counts.positionsOf[modalityIndex(record.modality_L[i])];
        counts.numTargets += i > 0 && record.loss_L[i] != 0;
        if (record.modality_L[i] == Modality::Audio)
            description.longestRecording = std::max<uint64_t>(description.longestRecording,
                                                              static_cast<uint64_t>(record.places_L[i]) + 1);
    }
    description.longest = std::max<uint64_t>(description.longest, record.size());
    const auto bucket = static_cast<size_t>(std::bit_width(std::max<size_t>(record.size(), 1)) - 1);
    if (description.lengthHistogram.size() <= bucket) description.lengthHistogram.resize(bucket + 1, 0);
    ++description.lengthHistogram[bucket];
}

void MediaCutCounter::add(std::string_view name, const MediaFacts &facts, const FrontEnd &frontEnd)
{
    MultiModalDescription &d = m_description;
    if (modalityOf(facts.kind) == Modality::Image) {
        const double lost = croppedShare(facts.width, facts.height, frontEnd.gridWidth, frontEnd.gridHeight);
        d.numCropped += lost > kMuchCropped;
        if (lost > std::max(m_mostLost, kMuchCropped)) {
            m_mostLost = lost;
            d.mostCropped = shownText(name) + ", " + formatSignificant(100 * std::min(lost, 0.99), 2) + " %";
        }
    } else if (facts.numBeyondScale > 0) {
        ++d.numBeyondScale;
        if (facts.peak > m_highestPeak) {
            m_highestPeak = facts.peak;
            d.loudest = shownText(name) + ", peak " + formatSignificant(facts.peak, 3);
        }
    }
}

namespace {

/// Of a manifest alone: what is made here fits.
std::vector<DataCheck> checkFiles(const MultiModalDescription &d)
{
    std::vector<DataCheck> checks;
    if (d.format != "manifest") return checks;
    checks.push_back({"names", d.numMisnamed == 0,
                      d.numMisnamed == 0
                          ? "All files are what their names say."
                          : counted(d.numMisnamed, "file is", "files are") +
                                " of another kind than the name says: " + d.firstMisnamed + "."});
    if (d.numImages > 0)
        checks.push_back(
            {"crop", d.numCropped == 0,
             d.numCropped == 0
                 ? "Every picture keeps 80 % of its area or more, as the middle square is cut out."
                 : counted(d.numCropped, "picture loses", "pictures lose") +
                       " more than 20 % of the area, as the middle square is cut out; the most: " +
                       d.mostCropped + "."});
    if (d.numRecordings > 0)
        checks.push_back({"scale", d.numBeyondScale == 0,
                          d.numBeyondScale == 0
                              ? "No recording goes beyond full scale."
                              : counted(d.numBeyondScale, "recording goes", "recordings go") +
                                    " beyond full scale, where samples are cut; the loudest: " + d.loudest +
                                    "."});
    return checks;
}

/// "pictures", "recordings" or both: what training has and validation has none of.
std::string unmeasuredKinds(const MultiModalDescription &d)
{
    std::string kinds;
    for (const auto &[modality, name] :
         {std::pair(Modality::Image, "pictures"), std::pair(Modality::Audio, "recordings")}) {
        const size_t index = modalityIndex(modality);
        if (d.splits[0].positionsOf[index] == 0 || d.splits[1].positionsOf[index] > 0) continue;
        kinds += (kinds.empty() ? "" : " and ") + std::string(name);
    }
    return kinds;
}

} // namespace

std::vector<DataCheck> checkMultiModal(const MultiModalDescription &d, int64_t context)
{
    std::vector<DataCheck> checks = checkFiles(d);
    const uint64_t documents = d.splits[0].numDocuments + d.splits[1].numDocuments;
    const double share = documents == 0 ? 0
                                        : 100.0 * static_cast<double>(d.splits[1].numDocuments) /
                                              static_cast<double>(documents);
    const std::string unmeasured = unmeasuredKinds(d);
    checks.push_back({"split", !d.sharesFiles && d.splits[1].numTargets > 0 && unmeasured.empty(),
                      d.sharesFiles ? "One file stands in most documents, so validation has seen it."
                      : d.splits[1].numTargets == 0
                          ? "No position of the validation carries loss."
                      : !unmeasured.empty()
                          ? "Training has " + unmeasured + ", validation has not: what is learned of it is not measured."
                          : "Validation is " + formatSignificant(share, 3) +
                                " % of the documents and shares no file with training."});
    const bool isLarge = d.splits[0].numTargets >= kSmallTargets;
    checks.push_back({"size", isLarge,
                      d.splits[0].numTargets == 0 ? "No position of the training carries loss: there is nothing to learn."
                      : isLarge ? "There is enough to learn for a first training."
                              : "Fewer than 20,000 training positions carry loss: a model will learn them by "
                                "heart."});
    if (context > 0) {
        const bool fits = d.longest <= static_cast<uint64_t>(context) + 1;
        checks.push_back({"length", fits,
                          fits ? "Every document fits into the context."
                               : "The longest document has " + std::to_string(d.longest) +
                                     " positions; of those above the context of " + std::to_string(context) +
                                     " a stretch is taken at a time."});
    }
    return checks;
}

std::vector<std::string> fileWarnings(const MultiModalDescription &description)
{
    std::vector<std::string> warnings;
    for (DataCheck &check : checkFiles(description))
        if (!check.isFine) warnings.push_back(std::move(check.text));
    return warnings;
}

std::string describeMultiModalJson(const MultiModalDescription &d, int64_t context)
{
    nlohmann::ordered_json root = {{"format", d.format},
                                   {"files", d.numFiles},
                                   {"documents", sum(d, &MultiModalSplit::numDocuments)},
                                   {"bytes", d.numBytes},
                                   {"tokens", sum(d, &MultiModalSplit::numPositions)},
                                   {"train_tokens", d.splits[0].numPositions},
                                   {"val_tokens", d.splits[1].numPositions},
                                   {"invalid_utf8_files", 0},
                                   {"num_skipped", 0},
                                   {"content_digest", d.contentDigest},
                                   {"skipped", nlohmann::ordered_json::array()}};
    root["texts"] = d.numTexts;
    root["images"] = d.numImages;
    root["recordings"] = d.numRecordings;
    root["sampled"] = d.numSampled;
    root["longest"] = d.longest;
    root["longest_recording"] = d.longestRecording;
    root["front_end"] = {{"patches", d.frontEnd.numPatches()},
                         {"patch_width", d.frontEnd.patchWidth()},
                         {"rate", d.frontEnd.rate},
                         {"frame_width", d.frontEnd.frameWidth()}};
    for (size_t i = 0; i < d.splits.size(); ++i) {
        const MultiModalSplit &split = d.splits[i];
        nlohmann::ordered_json entry = {
            {"documents", split.numDocuments}, {"tokens", split.numPositions}, {"targets", split.numTargets}};
        for (Modality modality : kModalities)
            entry[modalityName(modality)] = split.positionsOf[modalityIndex(modality)];
        root["splits"][kSplits[i]] = std::move(entry);
    }
    root["length_histogram"] = nlohmann::ordered_json::array();
    for (size_t i = 0; i < d.lengthHistogram.size() && i < 63; ++i)
        if (d.lengthHistogram[i] > 0)
            root["length_histogram"].push_back(
                {{"from", 1ull << i}, {"to", (2ull << i) - 1}, {"documents", d.lengthHistogram[i]}});
    root["samples"] = d.samples;
    root["preview"] = d.samples.empty() ? "" : d.samples.front();
    root["checks"] = nlohmann::ordered_json::array();
    for (const DataCheck &check : checkMultiModal(d, context))
        root["checks"].push_back({{"name", check.name}, {"ok", check.isFine}, {"text", check.text}});
    return root.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string describeMultiModalText(const MultiModalDescription &d, int64_t context)
{
    std::string out = "format      " + d.format + "\n";
    auto line = [&out](const char *name, const std::string &value) { out += name + value + "\n"; };
    if (d.numFiles > 0) line("files       ", std::to_string(d.numFiles) + ", " + formatBytes(d.numBytes));
    if (d.format == "manifest")
        line("parts       ", counted(d.numTexts, "text", "texts") + ", " +
                                 counted(d.numImages, "picture", "pictures") + ", " +
                                 counted(d.numRecordings, "recording", "recordings"));
    line("a picture   ", std::to_string(d.frontEnd.numPatches()) + " patches of " +
                             std::to_string(d.frontEnd.patchWidth()) + " numbers");
    const double tokensPerSecond = static_cast<double>(d.frontEnd.rate) /
                                   static_cast<double>(d.frontEnd.hop * d.frontEnd.framesPerToken);
    line("a recording ", formatSignificant(tokensPerSecond, 3) + " tokens a second of " +
                             std::to_string(d.frontEnd.frameWidth()) + " numbers");
    const std::string about = d.numSampled > 0 ? "about " : "";
    for (size_t i = 0; i < d.splits.size(); ++i) {
        const MultiModalSplit &split = d.splits[i];
        if (split.numDocuments == 0) continue;
        line(kSplitTexts[i], counted(split.numDocuments, "document", "documents") + ", " + about +
                                 std::to_string(split.numPositions) + " tokens (" +
                                 std::to_string(split.positionsOf[0]) + " text, " +
                                 std::to_string(split.positionsOf[1]) + " image, " +
                                 std::to_string(split.positionsOf[2]) + " audio), loss on " +
                                 std::to_string(split.numTargets));
    }
    line("longest     ", about + counted(d.longest, "token", "tokens"));
    for (const DataCheck &check : checkMultiModal(d, context))
        out += (check.isFine ? "ok          " : "look        ") + check.text + "\n";
    if (!d.samples.empty()) out += "begins with\n";
    for (const std::string &sample : d.samples) out += "  " + oneLine(sample) + "\n";
    return out;
}

} // namespace orrery
