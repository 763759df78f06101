// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/sample_media.h"

#include <QBuffer>
#include <QImageReader>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kMaxPictureBytes = 64 << 10, kMaxPictureSide = 512;
constexpr qsizetype kMaxOfSample = 16; ///< pictures, and recordings
constexpr int kMaxLevels = 4096; ///< of a recording
constexpr int kMaxBands = 128;

/// Null when it is no picture of a thumbnail's size. A few hundred bytes each, as the engine makes them; anything
/// else is no thumbnail.
QImage thumbnailOf(const QJsonValue &base64, const QSize &largest)
{
    QByteArray png = QByteArray::fromBase64(base64.toString().left(kMaxPictureBytes).toLatin1());
    QBuffer buffer(&png);
    QImageReader reader(&buffer, "png");
    const QSize size = reader.size();
    if (!size.isValid() || size.width() > largest.width() || size.height() > largest.height()) return {};
    return reader.read();
}

} // namespace

SampleMedia sampleMedia(const QJsonObject &payload)
{
    SampleMedia media;
    for (const QJsonValue &picture : payload.value("pictures"_L1).toArray()) {
        if (media.pictures.size() >= kMaxOfSample) break;
        media.pictures.append(thumbnailOf(picture, {kMaxPictureSide, kMaxPictureSide}));
    }
    for (const QJsonValue &recording : payload.value("recordings"_L1).toArray()) {
        if (media.recordings.size() >= kMaxOfSample) break;
        QList<double> levels;
        for (const QJsonValue &level : recording.toArray()) {
            if (levels.size() >= kMaxLevels) break;
            levels.append(std::clamp(level.toDouble(), 0.0, 1.0));
        }
        media.recordings.append(levels);
    }
    for (const QJsonValue &spectrogram : payload.value("spectrograms"_L1).toArray()) {
        if (media.spectrograms.size() >= kMaxOfSample) break;
        media.spectrograms.append(thumbnailOf(spectrogram, {kMaxLevels, kMaxBands}));
    }
    return media;
}

SampleMedia sampleMedia(std::string_view payload)
{
    return sampleMedia(
        QJsonDocument::fromJson(QByteArray(payload.data(), qsizetype(payload.size()))).object());
}

} // namespace orrery::ui
