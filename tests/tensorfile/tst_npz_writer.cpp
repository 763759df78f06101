// SPDX-License-Identifier: Apache-2.0
// The file is taken apart again here, record by record, as a reader of the formats would.
#include "core/tensorfile/npz_writer.h"

#include <QtTest>

#include <cstring>
#include <map>

using namespace orrery;

namespace {

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
std::map<std::string, Npy> taken(const std::string &zip)
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

} // namespace

class TestNpzWriter : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void checksumsAreThoseOfZip()
    {
        QCOMPARE(crc32("123456789"), 0xCBF43926u); // the check value of the polynomial
        QCOMPARE(crc32(""), 0u);
    }
    void arraysComeOutAsTheyWentIn()
    {
        const std::vector<float> values = {1, -2.5f, 3e-30f, 4, 5, 6};
        const std::vector<int64_t> counts = {7, -8};
        NpzWriter npz;
        npz.add("embedding", values, {2, 3});
        npz.add("tokens", counts, {2});
        const auto files = taken(npz.bytes().value());
        QCOMPARE(files.size(), size_t(2));
        const Npy &embedding = files.at("embedding.npy"), &tokens = files.at("tokens.npy");
        QVERIFY(embedding.header.starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (2,3,), }"));
        QVERIFY(embedding.header.ends_with("\n"));
        QVERIFY(tokens.header.starts_with("{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }"));
        QCOMPARE(embedding.data, std::string(reinterpret_cast<const char *>(values.data()), 24));
        QCOMPARE(tokens.data, std::string(reinterpret_cast<const char *>(counts.data()), 16));
    }
    void textsAreAsWideAsTheLongest()
    {
        NpzWriter npz;
        npz.addTexts("tokens", std::vector<std::string>{"ab", "", "\xC3\xA9\xE2\x82\xAC\xF0\x9D\x84\x9E", "\xFFz"});
        npz.addTexts("none", {});
        npz.add("step", std::vector<int64_t>{12}, {});
        const auto files = taken(npz.bytes().value());
        const Npy &tokens = files.at("tokens.npy");
        QVERIFY(tokens.header.starts_with("{'descr': '<U3', 'fortran_order': False, 'shape': (4,), }"));
        const std::vector<uint32_t> points = {'a', 'b', 0, 0, 0, 0, 0xE9, 0x20AC, 0x1D11E, 0xFFFD, 'z', 0};
        QCOMPARE(tokens.data, std::string(reinterpret_cast<const char *>(points.data()), 4 * points.size()));
        QVERIFY(files.at("none.npy").header.starts_with("{'descr': '<U1', 'fortran_order': False, 'shape': (0,), }"));
        QVERIFY(files.at("step.npy").header.starts_with("{'descr': '<i8', 'fortran_order': False, 'shape': (), }"));
    }
    void equalArraysMakeEqualFiles()
    {
        const std::vector<float> values = {1, 2};
        NpzWriter first, second;
        first.add("a", values, {2});
        second.add("a", values, {2});
        QCOMPARE(first.bytes().value(), second.bytes().value());
        QCOMPARE(taken(NpzWriter().bytes().value()).size(), size_t(0));
    }
};

QTEST_APPLESS_MAIN(TestNpzWriter)
#include "tst_npz_writer.moc"
