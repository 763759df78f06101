// SPDX-License-Identifier: GPL-3.0-or-later
// The pictures and recordings of a sample, as its event shows them: small, and made by the engine. An event may
// come from another computer, so nothing is unpacked before its size was looked at. Pure; any thread.
#pragma once

#include <QImage>
#include <QList>

#include <string_view>

class QJsonObject;

namespace orrery::ui {

/// Each in its place: one that cannot be shown is null or empty.
struct SampleMedia {
    QList<QImage> pictures;          ///< as the model sees them
    QList<QList<double>> recordings; ///< loudness from frame to frame, 0 (−80 dB) to 1 (full scale)
    QList<QImage> spectrograms;      ///< of these, a pixel a frame, low tones below; none of an older program's samples
    [[nodiscard]] bool isEmpty() const { return pictures.isEmpty() && recordings.isEmpty(); }
    bool operator==(const SampleMedia &) const = default;
};

/// @param payload of an event of the kind Sample, as JSON
SampleMedia sampleMedia(const QJsonObject &payload);
SampleMedia sampleMedia(std::string_view payload);

} // namespace orrery::ui
