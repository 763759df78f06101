// SPDX-License-Identifier: Apache-2.0
// Arrays of an uncompressed .npz, by the layout of the formats; nothing of the writer is used.
#pragma once

#include <QByteArray>
#include <QFile>
#include <QMap>
#include <QString>

#include <cstring>

struct Array {
    QByteArray header, data;
    [[nodiscard]] float floatAt(qsizetype index) const
    {
        float value = 0;
        std::memcpy(&value, data.constData() + index * qsizetype(sizeof value), sizeof value);
        return value;
    }
    [[nodiscard]] qint64 wholeAt(qsizetype index) const
    {
        qint64 value = 0;
        std::memcpy(&value, data.constData() + index * qsizetype(sizeof value), sizeof value);
        return value;
    }
};

template <typename T> T numberAt(const QByteArray &bytes, qsizetype at)
{
    T value{};
    std::memcpy(&value, bytes.constData() + at, sizeof value);
    return value;
}

inline QMap<QString, Array> arraysOf(const QString &path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) qFatal("cannot read %s", qPrintable(path));
    const QByteArray zip = file.readAll();
    QMap<QString, Array> arrays;
    for (qsizetype at = 0; numberAt<quint32>(zip, at) == 0x04034b50;) {
        const auto size = numberAt<quint32>(zip, at + 18);
        const auto nameSize = numberAt<quint16>(zip, at + 26);
        const QString name = QString::fromLatin1(zip.mid(at + 30, nameSize)).chopped(4);
        const QByteArray content = zip.mid(at + 30 + nameSize, size);
        const qsizetype dataAt = 10 + numberAt<quint16>(content, 8);
        arrays[name] = {content.mid(10, dataAt - 10), content.mid(dataAt)};
        at += 30 + nameSize + size;
    }
    return arrays;
}
