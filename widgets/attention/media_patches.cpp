// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/media_patches.h"

#include "widgets/attention/mel_columns.h"
#include "widgets/play/upright_picture.h"

#include <QByteArray>

#include <algorithm>
#include <cmath>
#include <map>

namespace orrery::ui {
namespace {

constexpr size_t kMaxBytes = size_t{2} << 20; ///< of a file; a larger one would hold up the window
constexpr int kPatchPixels = 32;
constexpr int64_t kMaxPatches = 4'096; ///< of a picture; what comes may name any number

/// In the order in which tokens count them.
std::vector<const PromptMedia *> mediaOf(const GenerateRequest &text)
{
    std::vector<const PromptMedia *> all;
    for (const PromptMedia &one : text.media) all.push_back(&one);
    for (const ChatMessage &message : text.messages)
        for (const PromptMedia &one : message.media) all.push_back(&one);
    return all;
}

/// Null: it cannot be read.
QImage imageOf(const PromptMedia &file)
{
    if (file.bytes.size() > kMaxBytes) return {};
    return turnedUpright(
        QImage::fromData(reinterpret_cast<const uchar *>(file.bytes.data()), int(file.bytes.size())),
        pictureOrientation(file.bytes));
}

/// Of the centred square, so many patches a side.
std::vector<QImage> patchesOf(const QImage &image, int64_t count)
{
    if (count > kMaxPatches) return {};
    const int side = int(std::lround(std::sqrt(double(count))));
    if (image.isNull() || int64_t(side) * side != count) return {};
    const int edge = std::min(image.width(), image.height());
    const QImage square =
        image.copy((image.width() - edge) / 2, (image.height() - edge) / 2, edge, edge)
            .scaled(side * kPatchPixels, side * kPatchPixels, Qt::IgnoreAspectRatio, Qt::SmoothTransformation);
    std::vector<QImage> patches;
    for (int i = 0; i < side * side; ++i)
        patches.push_back(
            square.copy(i % side * kPatchPixels, i / side * kPatchPixels, kPatchPixels, kPatchPixels));
    return patches;
}

std::vector<QImage> columnsOf(const PromptMedia &file, int64_t count)
{
    return file.bytes.size() > kMaxBytes ? std::vector<QImage>() : melColumns(file.bytes, count);
}

/// A bar for each frame, white on black as in a spectrogram.
std::vector<QImage> loudnessColumns(const QList<double> &levels, int64_t count)
{
    if (count <= 0 || levels.isEmpty() || levels.size() % count != 0) return {};
    const auto perToken = levels.size() / count;
    if (perToken > kPatchPixels) return {};
    std::vector<QImage> columns;
    for (int64_t token = 0; token < count; ++token) {
        QImage column(int(perToken), kPatchPixels, QImage::Format_RGB32);
        column.fill(Qt::black);
        for (int frame = 0; frame < perToken; ++frame) {
            const int high = int(std::lround(levels[token * perToken + frame] * kPatchPixels));
            for (int y = 0; y < high; ++y) column.setPixel(frame, kPatchPixels - 1 - y, qRgb(230, 230, 230));
        }
        columns.push_back(std::move(column));
    }
    return columns;
}

/// The part of a spectrogram that each token reads; empty: it has no whole number of frames a token.
std::vector<QImage> spectrogramColumns(const QImage &spectrogram, int64_t count)
{
    if (count <= 0 || spectrogram.isNull() || spectrogram.width() % count != 0) return {};
    const auto perToken = int(spectrogram.width() / count);
    if (perToken > kPatchPixels) return {};
    std::vector<QImage> columns;
    for (int token = 0; token < count; ++token)
        columns.push_back(
            spectrogram.copy(token * perToken, 0, perToken, spectrogram.height()).convertToFormat(QImage::Format_RGB32));
    return columns;
}

/// Of one picture or recording.
struct Parts {
    Modality modality = Modality::Text;
    int64_t count = 0;
    std::vector<QImage> pictures; ///< by place; empty: none is known
};
using Items = std::map<int64_t, Parts>; ///< by their number in the text

Items itemsOf(const std::vector<InspectedToken> &tokens)
{
    Items items;
    for (const InspectedToken &token : tokens) {
        if (token.modality == Modality::Text || token.item < 0) continue;
        Parts &item = items[token.item];
        item.modality = token.modality;
        item.count = std::max(item.count, token.place + 1);
    }
    return items;
}

std::vector<QImage> thumbnailsOf(const Items &items, const std::vector<InspectedToken> &tokens)
{
    const bool hasAny = std::any_of(items.begin(), items.end(),
                                    [](const auto &entry) { return !entry.second.pictures.empty(); });
    if (!hasAny) return {};
    std::vector<QImage> thumbnails(tokens.size());
    for (size_t i = 0; i < tokens.size(); ++i) {
        if (tokens[i].modality == Modality::Text) continue;
        const auto found = items.find(tokens[i].item);
        if (found == items.end() || tokens[i].place < 0) continue;
        if (tokens[i].place < std::ssize(found->second.pictures))
            thumbnails[i] = found->second.pictures[size_t(tokens[i].place)];
    }
    return thumbnails;
}

} // namespace

std::vector<QImage> mediaThumbnails(const GenerateRequest &text, const std::vector<InspectedToken> &tokens)
{
    const std::vector<const PromptMedia *> media = mediaOf(text);
    Items items = itemsOf(tokens);
    for (auto &[number, item] : items) {
        if (number >= std::ssize(media)) continue;
        const PromptMedia &file = *media[size_t(number)];
        item.pictures = item.modality == Modality::Image ? patchesOf(imageOf(file), item.count)
                                                         : columnsOf(file, item.count);
    }
    return thumbnailsOf(items, tokens);
}

std::vector<QImage> mediaThumbnails(const SampleMedia &sample, const std::vector<InspectedToken> &tokens)
{
    Items items = itemsOf(tokens);
    qsizetype picture = 0, recording = 0; // a sample has each kind for itself
    for (auto &[number, item] : items) {
        if (item.modality == Modality::Image) {
            if (picture < sample.pictures.size())
                item.pictures = patchesOf(sample.pictures[picture], item.count);
            ++picture;
        } else {
            if (recording < sample.spectrograms.size())
                item.pictures = spectrogramColumns(sample.spectrograms[recording], item.count);
            if (item.pictures.empty() && recording < sample.recordings.size())
                item.pictures = loudnessColumns(sample.recordings[recording], item.count);
            ++recording;
        }
    }
    return thumbnailsOf(items, tokens);
}

} // namespace orrery::ui
