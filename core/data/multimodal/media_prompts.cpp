// SPDX-License-Identifier: Apache-2.0
#include "core/data/multimodal/media_prompts.h"

#include "core/data/media/image_patches.h"
#include "core/data/multimodal/description.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace orrery {
namespace {

constexpr double kLevelsPerOne = 4; // of log-mel values, which go from -2 to 2
constexpr int kGrays = 15;          // above black: an event is small, and the eye sees no more at this size

std::string shownPicture(std::span<const uint8_t> patches_PD, const FrontEnd &frontEnd)
{
    const Image image = imageFromPatches(patches_PD, frontEnd);
    const int64_t longest = std::max(image.width, image.height);
    const auto side = [&](int64_t pixels) {
        return std::max<int64_t>(1, longest > kShownPixels ? pixels * kShownPixels / longest : pixels);
    };
    const auto png = encodePng(cropAndResize(image, side(image.width), side(image.height)));
    return png ? base64(*png) : std::string(); // a build without pictures has none to show
}

std::vector<double> shownRecording(std::span<const float> frames_NF, int64_t bands)
{
    std::vector<double> levels;
    for (size_t at = 0; at + static_cast<size_t>(bands) <= frames_NF.size();
         at += static_cast<size_t>(bands)) {
        const auto frame = frames_NF.subspan(at, static_cast<size_t>(bands));
        const double loudest = *std::max_element(frame.begin(), frame.end());
        levels.push_back(std::round(100 * std::clamp((loudest + 2) / kLevelsPerOne, 0.0, 1.0)) / 100);
    }
    return levels;
}

std::string shownSpectrogram(std::span<const float> frames_NF, int64_t bands)
{
    const auto numFrames = static_cast<int64_t>(frames_NF.size()) / bands;
    if (numFrames < 1 || numFrames > kShownFrames) return {};
    Image image{.width = numFrames, .height = bands, .rgb = std::vector<uint8_t>(static_cast<size_t>(numFrames * bands * 3))};
    for (int64_t frame = 0; frame < numFrames; ++frame)
        for (int64_t band = 0; band < bands; ++band) {
            const double level = (static_cast<double>(frames_NF[static_cast<size_t>(frame * bands + band)]) + 2) / kLevelsPerOne;
            const auto gray = static_cast<uint8_t>(std::lround(std::clamp(level, 0.0, 1.0) * kGrays) * (255 / kGrays));
            const auto pixel = static_cast<size_t>((bands - 1 - band) * numFrames + frame) * 3;
            std::fill_n(image.rgb.begin() + static_cast<std::ptrdiff_t>(pixel), 3, gray);
        }
    const auto png = encodePng(image);
    return png ? base64(*png) : std::string();
}

/// Each picture and recording of a document, apart.
void addShown(const MultiModalRecord &record, const FrontEnd &frontEnd, MediaPrompt &prompt)
{
    size_t patch = 0, frame = 0;
    const auto patchWidth = static_cast<size_t>(frontEnd.patchWidth());
    const auto frameWidth = static_cast<size_t>(frontEnd.frameWidth());
    for (size_t i = 0; i < record.size();) {
        const Modality modality = record.modality_L[i];
        size_t end = i + 1;
        while (end < record.size() && record.modality_L[end] == modality) ++end;
        const size_t count = end - i;
        i = end;
        if (modality == Modality::Image) {
            prompt.pictures.push_back(shownPicture(
                std::span(record.patches_PD).subspan(patch * patchWidth, count * patchWidth), frontEnd));
            patch += count;
        } else if (modality == Modality::Audio) {
            const auto frames = std::span(record.frames_NF).subspan(frame * frameWidth, count * frameWidth);
            prompt.recordings.push_back(shownRecording(frames, frontEnd.bands));
            prompt.spectrograms.push_back(shownSpectrogram(frames, frontEnd.bands));
            frame += count;
        }
    }
}

} // namespace

std::string base64(std::string_view bytes)
{
    constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (size_t i = 0; i < bytes.size(); i += 3) {
        uint32_t bits = 0;
        for (size_t k = 0; k < 3; ++k)
            bits = bits << 8 | (i + k < bytes.size() ? static_cast<uint8_t>(bytes[i + k]) : 0U);
        for (size_t k = 0; k < 4; ++k)
            text += i + k > bytes.size() ? '=' : kDigits[bits >> (18 - 6 * k) & 63];
    }
    return text;
}

std::vector<MediaPrompt> mediaPrompts(const MultiModalSource &source, const Tokenizer &tokenizer,
                                      const ModelSpec &model, size_t count)
{
    std::vector<MediaPrompt> prompts;
    const uint64_t numDocuments = std::min(source.numRecords(Split::Validation), kMostDocumentsLookedAt);
    MultiModalRecord record;
    for (uint64_t index = 0; index < numDocuments && prompts.size() < count; ++index) {
        if (source.numPositions(Split::Validation, index) > static_cast<uint64_t>(model.context)) continue;
        source.readWhole(Split::Validation, index, record);
        const auto told = std::find(record.loss_L.begin() + 1, record.loss_L.end(), 1);
        if (told == record.loss_L.end()) continue;
        const auto length = static_cast<size_t>(told - record.loss_L.begin());
        const MultiModalRecord front = sliceRecord(record, 0, length, source.frontEnd());
        MediaPrompt prompt;
        prompt.title = "validation " + std::to_string(index) + ": " + recordPreview(front, tokenizer);
        prompt.expected =
            recordPreview(sliceRecord(record, length, record.size() - length, source.frontEnd()), tokenizer);
        prompt.ids = front.ids_L;
        prompt.modalities = modalitiesOf(front, source.frontEnd(), model.attention.numModalities);
        addShown(front, source.frontEnd(), prompt);
        prompts.push_back(std::move(prompt));
    }
    return prompts;
}

} // namespace orrery
