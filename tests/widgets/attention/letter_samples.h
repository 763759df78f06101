// SPDX-License-Identifier: GPL-3.0-or-later
// A map over a picture in patches and a text in letters, as models on bytes have it. For tests and pictures.
#pragma once

#include "tests/widgets/attention/attention_samples.h"
#include "widgets/attention/head_figure.h"

namespace orrery::ui {

/// A special token, 16 patches and one token a letter.
inline HeadContent letterContent(const std::string &text = "caption: blue circle")
{
    HeadContent content;
    content.tokens.push_back({.id = 260, .bytes = "<|image_start|>"});
    for (int place = 0; place < 16; ++place)
        content.tokens.push_back({.modality = Modality::Image, .item = 0, .place = place});
    for (char letter : text) content.tokens.push_back({.id = 3 + letter, .bytes = std::string(1, letter)});
    const auto count = int64_t(content.tokens.size());
    AttentionMap map{.numRows = count, .numColumns = count};
    for (int64_t row = 0; row < count; ++row)
        for (int64_t column = 0; column < count; ++column)
            map.mean.push_back(
                column > row ? 0
                             : float(sampleNoise(1, 2, uint64_t(row), uint64_t(column)) / double(row + 1)));
    content.heads.push_back(toMatrix(map));
    for (int64_t i = 0; i < count; ++i) {
        QImage part;
        if (content.tokens[size_t(i)].modality == Modality::Image) {
            part = QImage(8, 8, QImage::Format_RGB32);
            part.fill(QColor(255, int(i) * 8, 0));
        }
        content.pictures.push_back(part);
    }
    return content;
}

} // namespace orrery::ui
