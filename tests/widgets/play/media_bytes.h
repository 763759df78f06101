// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures and recordings as bytes, made in the test.
#pragma once

#include <QBuffer>
#include <QColor>
#include <QImage>

namespace orrery::ui {

inline QByteArray pngOf(QSize size, const QColor &color = Qt::red)
{
    QImage image(size, QImage::Format_RGB32);
    image.fill(color);
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    image.save(&buffer, "PNG");
    return bytes;
}

inline QByteArray little(quint32 value, int count)
{
    QByteArray bytes;
    for (int i = 0; i < count; ++i) bytes += static_cast<char>(value >> (8 * i));
    return bytes;
}

/// @param code 1: whole numbers, 3: floats
inline QByteArray wavOf(const QByteArray &samples, int bits, int channels = 1, int code = 1,
                        quint32 rate = 1000)
{
    const QByteArray format = little(quint32(code), 2) + little(quint32(channels), 2) + little(rate, 4) +
                              little(rate * quint32(channels * bits / 8), 4) +
                              little(quint32(channels * bits / 8), 2) + little(quint32(bits), 2);
    const QByteArray body =
        "WAVEfmt " + little(16, 4) + format + "data" + little(quint32(samples.size()), 4) + samples;
    return "RIFF" + little(quint32(body.size()), 4) + body;
}

/// Loud in its first half, silent in the second.
inline QByteArray halfLoud(int numSamples = 1000)
{
    QByteArray samples;
    for (int i = 0; i < numSamples; ++i) samples += little(i < numSamples / 2 ? 16384 : 0, 2);
    return wavOf(samples, 16);
}

} // namespace orrery::ui
