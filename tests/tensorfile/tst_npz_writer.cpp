// SPDX-License-Identifier: Apache-2.0
#include "tests/tensorfile/npz_parts.h"

#include <QtTest>

using namespace orrery;
using namespace orrery::test;

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
        const auto files = npzParts(npz.bytes().value());
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
        const auto files = npzParts(npz.bytes().value());
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
        QCOMPARE(npzParts(NpzWriter().bytes().value()).size(), size_t(0));
    }
};

QTEST_APPLESS_MAIN(TestNpzWriter)
#include "tst_npz_writer.moc"
