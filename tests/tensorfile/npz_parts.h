// SPDX-License-Identifier: Apache-2.0
// Takes an .npz file apart, record by record, as a reader of the formats would.
#pragma once

#include "core/tensorfile/npz_writer.h"

#include <QtGlobal>

#include <cstring>
#include <map>
#include <string>

namespace orrery::test {

template <typename T> T numberAt(const std::string &bytes, size_t at)
{
    T value{};
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

struct Npy {
    std::string header, data;
};

/// From the end: directory, then each file by its local record.
inline std::map<std::string, Npy> npzParts(const std::string &zip)
{
    std::map<std::string, Npy> files;
    const size_t end = zip.size() - 22;
    if (numberAt<uint32_t>(zip, end) != 0x06054b50) qFatal("no end of the directory");
    size_t at = numberAt<uint32_t>(zip, end + 16);
    if (at + numberAt<uint32_t>(zip, end + 12) != end) qFatal("the directory does not end at the end record");
    for (int i = 0; i < numberAt<uint16_t>(zip, end + 10); ++i) {
        if (numberAt<uint32_t>(zip, at) != 0x02014b50) qFatal("no directory record");
        const auto numBytes = numberAt<uint32_t>(zip, at + 24), local = numberAt<uint32_t>(zip, at + 42);
        const auto nameSize = numberAt<uint16_t>(zip, at + 28);
        const std::string name = zip.substr(at + 46, nameSize);
        if (numberAt<uint32_t>(zip, local) != 0x04034b50 || zip.substr(local + 30, nameSize) != name)
            qFatal("no local record of that name");
        const std::string content = zip.substr(local + 30 + nameSize, numBytes);
        for (const size_t place : {at + 16, size_t(local) + 14})
            if (numberAt<uint32_t>(zip, place) != crc32(content)) qFatal("wrong checksum");
        if (content.substr(0, 8) != std::string("\x93NUMPY\x01\x00", 8)) qFatal("no array");
        const size_t dataAt = 10 + numberAt<uint16_t>(content, 8);
        if (dataAt % 64 != 0) qFatal("the data are not aligned");
        files[name] = {content.substr(10, dataAt - 10), content.substr(dataAt)};
        at += 46 + nameSize;
    }
    return files;
}

} // namespace orrery::test
