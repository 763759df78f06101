// SPDX-License-Identifier: Apache-2.0
#include "core/store/series_codec.h"

#include <QtTest>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

using namespace orrery::store;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<Point> somePoints()
{
    return {{std::numeric_limits<int64_t>::min(), 0, 1.5},
            {-1, std::numeric_limits<int64_t>::max(), -0.0},
            {0, std::numeric_limits<int64_t>::min(), kNaN},
            {7, 1'700'000'000'123'456, -kInfinity},
            {7, 1'700'000'000'123'457, std::numeric_limits<double>::denorm_min()},
            {std::numeric_limits<int64_t>::max(), -5, std::numeric_limits<double>::max()}};
}

bool isSame(const Point &a, const Point &b)
{
    return a.step == b.step && a.wallMicros == b.wallMicros &&
           std::memcmp(&a.value, &b.value, sizeof a.value) == 0;
}

} // namespace

class TestSeriesCodec : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void crcIsThatOfZip() { QCOMPARE(crc32("123456789"), 0xCBF43926U); }

    void keepsEveryBitOfEveryPoint()
    {
        const auto points = somePoints();
        const auto decoded = decodeChunk(encodeChunk(3, points), 3);
        QVERIFY(decoded.has_value());
        QCOMPARE(decoded->size(), points.size());
        for (size_t i = 0; i < points.size(); ++i)
            QVERIFY2(isSame((*decoded)[i], points[i]), std::to_string(i).c_str());
    }
    void isSmallForWhatTrainingsWrite()
    {
        std::vector<Point> points;
        for (int i = 0; i < 4096; ++i)
            points.push_back(
                {i, 1'700'000'000'000'000 + i * 50'000LL + i % 7, static_cast<double>(3.0F / (1 + i))});
        QVERIFY(encodeChunk(0, points).size() < points.size() * 9);
    }
    void refusesEveryFlippedBit()
    {
        const std::string good = encodeChunk(0, somePoints());
        for (size_t bit = 0; bit < good.size() * 8; ++bit) {
            std::string bad = good;
            bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
            QVERIFY2(!decodeChunk(bad, 0), std::to_string(bit).c_str());
        }
    }
    void refusesEveryTruncation()
    {
        const auto points = somePoints();
        const std::string chunk = encodeChunk(0, points);
        const std::string blocks = encodeBlocks(points, 4);
        LogRowEncoder encoder;
        encoder.add(1, 0, points);
        const std::string row = encoder.finish();
        std::vector<LogPart> parts;
        for (size_t size = 0; size < chunk.size(); ++size) QVERIFY(!decodeChunk(chunk.substr(0, size), 0));
        for (size_t size = 0; size < blocks.size(); ++size) QVERIFY(!decodeBlocks(blocks.substr(0, size)));
        for (size_t size = 0; size < row.size(); ++size)
            QVERIFY(!decodeLogRow(row.substr(0, size), std::nullopt, parts));
    }
    void staysInsideOfGarbageWithARightCrc()
    {
        std::mt19937 random(1);
        std::vector<LogPart> parts;
        for (int round = 0; round < 20'000; ++round) {
            std::string body(random() % 40, '\0');
            for (char &byte : body) byte = static_cast<char>(random());
            if (!body.empty()) body[0] = 1; // the format, so that the rest is looked at
            const uint32_t crc = crc32(body);
            body.append(reinterpret_cast<const char *>(&crc), sizeof crc);
            parts.clear();
            // Whatever comes out, nothing is read outside and nothing huge is allocated.
            const auto points = decodeChunk(body, 0);
            QVERIFY(!points || points->size() <= kChunkPoints);
            decodeLogRow(body, std::nullopt, parts);
            for (const LogPart &part : parts) QVERIFY(part.points.size() < 40);
            decodeBlocks(body);
        }
    }
    void refusesAChunkOfAnotherAttempt() { QVERIFY(!decodeChunk(encodeChunk(1, somePoints()), 2)); }

    void blocksSummariseTheirPoints()
    {
        const auto points = somePoints();
        const auto blocks = decodeBlocks(encodeBlocks(points, 4));
        QVERIFY(blocks.has_value());
        QCOMPARE(blocks->size(), size_t{2});
        const Summary &first = blocks->front();
        QCOMPARE(first.numPoints, uint64_t{4});
        QCOMPARE(first.numNonFinite, uint64_t{2});
        QCOMPARE(first.minimum, -0.0);
        QCOMPARE(first.maximum, 1.5);
        QCOMPARE(first.mean, 0.75);
        QCOMPARE(first.last, -kInfinity);
        QCOMPARE(first.lastStep, int64_t{7});
        QCOMPARE(blocks->back().firstStep, int64_t{7});
    }
    void aSummaryWithoutFinitePointsHasNoExtrema()
    {
        const std::vector<Point> points = {{1, 1, kNaN}, {2, 2, kInfinity}};
        Summary summary = summarize(points);
        QVERIFY(std::isnan(summary.minimum) && std::isnan(summary.maximum) && std::isnan(summary.mean));
        summary.add({3, 3, 4});
        QCOMPARE(summary.minimum, 4.0);
        QCOMPARE(summary.maximum, 4.0);
        QCOMPARE(summary.mean, 4.0);
        QCOMPARE(summary.numNonFinite, uint64_t{2});
    }
    void meansOfTheLargestNumbersStayFinite()
    {
        constexpr double largest = std::numeric_limits<double>::max();
        const std::vector<Point> points = {
            {1, 1, largest}, {2, 2, largest}, {3, 3, -largest}, {4, 4, -largest}};
        const Summary summary = summarize(points);
        QVERIFY(std::isfinite(summary.mean));
        QVERIFY(std::abs(summary.mean) < largest * 1e-15);
    }
    void keepsOneSeriesOfALogRow()
    {
        LogRowEncoder encoder;
        encoder.add(1, 0, std::vector<Point>{{1, 1, 1.0}});
        encoder.add(2, 5, std::vector<Point>{{1, 1, 2.0}, {2, 2, 3.0}});
        const std::string row = encoder.finish();
        std::vector<LogPart> parts;
        QVERIFY(decodeLogRow(row, 2, parts));
        QCOMPARE(parts.size(), size_t{1});
        QCOMPARE(parts[0].attempt, 5);
        QCOMPARE(parts[0].points.back().value, 3.0);
        QVERIFY(decodeLogRow(row, std::nullopt, parts));
        QCOMPARE(parts.size(), size_t{3});
    }
    void wallTimesWithoutMeaningBecomeZero()
    {
        QCOMPARE(toMicros(kNaN), int64_t{0});
        QCOMPARE(toMicros(kInfinity), int64_t{0});
        QCOMPARE(toMicros(1e300), toMicros(9e12));
        QCOMPARE(toMicros(1.0000015), int64_t{1'000'002});
    }
};

QTEST_APPLESS_MAIN(TestSeriesCodec)
#include "tst_series_codec.moc"
