// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/media_patches.h"

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

} // namespace

std::vector<QImage> patchThumbnails(const GenerateRequest &text, const std::vector<InspectedToken> &tokens)
{
    const std::vector<const PromptMedia *> media = mediaOf(text);
    std::map<int64_t, int64_t> numPatches;
    for (const InspectedToken &token : tokens)
        if (token.modality == Modality::Image)
            numPatches[token.item] = std::max(numPatches[token.item], token.place + 1);
    std::map<int64_t, std::pair<QImage, int>> squares;
    for (const auto &[item, count] : numPatches) {
        const int side = int(std::lround(std::sqrt(double(count))));
        if (item < 0 || item >= std::ssize(media) || int64_t(side) * side != count) continue;
        if (QImage square = squareOf(*media[size_t(item)], side); !square.isNull())
            squares[item] = {std::move(square), side};
    }
    if (squares.empty()) return {};
    std::vector<QImage> thumbnails(tokens.size());
    for (size_t i = 0; i < tokens.size(); ++i) {
        const auto found =
            tokens[i].modality == Modality::Image ? squares.find(tokens[i].item) : squares.end();
        if (found == squares.end()) continue;
        const auto &[square, side] = found->second;
        thumbnails[i] = square.copy(int(tokens[i].place % side) * kPatchPixels,
                                    int(tokens[i].place / side) * kPatchPixels, kPatchPixels, kPatchPixels);
    }
    return thumbnails;
}

} // namespace orrery::ui
