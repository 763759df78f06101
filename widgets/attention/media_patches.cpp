// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/media_patches.h"

#include "widgets/attention/mel_columns.h"

#include <QByteArray>

#include <algorithm>
#include <cmath>
#include <map>

namespace orrery::ui {
namespace {

constexpr size_t kMaxBytes = size_t{2} << 20; ///< of a file; a larger one would hold up the window
constexpr int kPatchPixels = 32;

/// In the order in which tokens count them.
std::vector<const PromptMedia *> mediaOf(const GenerateRequest &text)
{
    std::vector<const PromptMedia *> all;
    for (const PromptMedia &one : text.media) all.push_back(&one);
    for (const ChatMessage &message : text.messages)
        for (const PromptMedia &one : message.media) all.push_back(&one);
    return all;
}

/// The centred square, so many patches a side. Null: it cannot be read.
QImage squareOf(const PromptMedia &file, int side)
{
    if (file.bytes.size() > kMaxBytes) return {};
    const QImage image =
        QImage::fromData(reinterpret_cast<const uchar *>(file.bytes.data()), int(file.bytes.size()));
    if (image.isNull()) return {};
    const int edge = std::min(image.width(), image.height());
    return image.copy((image.width() - edge) / 2, (image.height() - edge) / 2, edge, edge)
        .scaled(side * kPatchPixels, side * kPatchPixels, Qt::IgnoreAspectRatio, Qt::SmoothTransformation);
}

std::vector<QImage> patchesOf(const PromptMedia &file, int64_t count)
{
    const int side = int(std::lround(std::sqrt(double(count))));
    if (int64_t(side) * side != count) return {};
    const QImage square = squareOf(file, side);
    std::vector<QImage> patches;
    for (int i = 0; i < side * side && !square.isNull(); ++i)
        patches.push_back(
            square.copy(i % side * kPatchPixels, i / side * kPatchPixels, kPatchPixels, kPatchPixels));
    return patches;
}

std::vector<QImage> columnsOf(const PromptMedia &file, int64_t count)
{
    return file.bytes.size() > kMaxBytes ? std::vector<QImage>() : melColumns(file.bytes, count);
}

/// Of one picture or recording.
struct Parts {
    Modality modality = Modality::Text;
    int64_t count = 0;
    std::vector<QImage> pictures; ///< by place; empty: none is known
};

} // namespace

std::vector<QImage> mediaThumbnails(const GenerateRequest &text, const std::vector<InspectedToken> &tokens)
{
    const std::vector<const PromptMedia *> media = mediaOf(text);
    std::map<int64_t, Parts> items;
    for (const InspectedToken &token : tokens) {
        if (token.modality == Modality::Text || token.item < 0 || token.item >= std::ssize(media)) continue;
        Parts &item = items[token.item];
        item.modality = token.modality;
        item.count = std::max(item.count, token.place + 1);
    }
    bool hasAny = false;
    for (auto &[number, item] : items) {
        item.pictures = item.modality == Modality::Image ? patchesOf(*media[size_t(number)], item.count)
                                                         : columnsOf(*media[size_t(number)], item.count);
        hasAny = hasAny || !item.pictures.empty();
    }
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

} // namespace orrery::ui
