// SPDX-License-Identifier: Apache-2.0
#include "core/kernels/philox_mask.h"

#include <QtTest>

#include <cstring>
#include <vector>

using namespace orrery;
using namespace orrery::kernels;

class TestPhiloxMask : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyVariantHasTheReferenceBits();
    void agreesWithCounterRng();
    void piecesEqualTheWhole();
    void dropsTheAskedShare();
    void thresholdIsExactAtTheEnds();
};

namespace {
const RngKey kKey{
    .seed = 0x123456789abcdef0, .step = 77, .sample = 3, .layer = 9, .purpose = RngPurpose::Dropout};
}

void TestPhiloxMask::everyVariantHasTheReferenceBits()
{
    const auto words = CounterRng(kKey).words();
    const auto variants = keepMaskVariants();
    QVERIFY(variants.size() >= 2);
    for (const size_t count : {0u, 1u, 63u, 64u, 65u, 1000u, 4096u})
        for (const uint64_t firstBlock : {uint64_t(0), uint64_t(5), uint64_t(0xfffffffa)}) {
            std::vector<float> expected(count + 1, -1.0f);
            fillKeepMaskReference(words, firstBlock, count, dropThreshold(0.3), 1.5f, expected.data());
            for (const auto &variant : variants) {
                std::vector<float> found(count + 1, -1.0f);
                variant.fill(words, firstBlock, count, dropThreshold(0.3), 1.5f, found.data());
                QVERIFY2(std::memcmp(expected.data(), found.data(), (count + 1) * sizeof(float)) == 0,
                         variant.name);
            }
        }
}

void TestPhiloxMask::agreesWithCounterRng()
{
    const CounterRng rng(kKey);
    const uint32_t threshold = dropThreshold(0.25);
    std::vector<float> mask(512);
    fillKeepMask(rng.words(), 2, mask.size(), threshold, 2.0f, mask.data());
    for (size_t i = 0; i < mask.size(); ++i) QCOMPARE(mask[i], rng.bits(8 + i) >= threshold ? 2.0f : 0.0f);
}

void TestPhiloxMask::piecesEqualTheWhole()
{
    const auto words = CounterRng(kKey).words();
    std::vector<float> whole(1000), pieces(1000);
    fillKeepMask(words, 0, 1000, dropThreshold(0.5), 1.0f, whole.data());
    fillKeepMask(words, 0, 340, dropThreshold(0.5), 1.0f, pieces.data());
    fillKeepMask(words, 85, 660, dropThreshold(0.5), 1.0f, pieces.data() + 340);
    QCOMPARE(pieces, whole);
}

void TestPhiloxMask::dropsTheAskedShare()
{
    std::vector<float> mask(1 << 20);
    fillKeepMask(CounterRng(kKey).words(), 0, mask.size(), dropThreshold(0.1), 1.0f, mask.data());
    double kept = 0;
    for (const float value : mask) kept += value;
    // One standard deviation of the share is 0.0003.
    QVERIFY(std::abs(kept / static_cast<double>(mask.size()) - 0.9) < 0.0015);
}

void TestPhiloxMask::thresholdIsExactAtTheEnds()
{
    QCOMPARE(dropThreshold(0.0), 0u);
    QCOMPARE(dropThreshold(0.5), 0x80000000u);
    QCOMPARE(dropThreshold(1.0), 0xffffffffu);
}

QTEST_GUILESS_MAIN(TestPhiloxMask)
#include "tst_philox_mask.moc"
