// SPDX-License-Identifier: Apache-2.0
// Every raw extremum is visible at every zoom: random series against all their points in a plain list. With
// ORRERY_SLOW=1 also of ten million points.
#include "tests/store/store_fixture.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

using namespace orrery;
using namespace orrery::test;

namespace {

struct RawPoint {
    int64_t step;
    double value;
    int32_t attempt;
    bool isSuperseded = false;
};

bool isSame(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

/// Compares one bucket with the points it claims to hold. Empty, or what differs.
std::string difference(const SeriesBucket &bucket, const RawPoint *points)
{
    double minimum = std::numeric_limits<double>::quiet_NaN();
    double maximum = minimum;
    long double sum = 0;
    uint64_t numFinite = 0;
    for (uint64_t i = 0; i < bucket.numPoints; ++i) {
        const RawPoint &point = points[i];
        if (point.attempt != bucket.attempt) return "mixes attempts";
        if (point.isSuperseded != bucket.isSuperseded) return "mixes live and superseded points";
        if (!std::isfinite(point.value)) continue;
        minimum = numFinite ? std::min(minimum, point.value) : point.value;
        maximum = numFinite ? std::max(maximum, point.value) : point.value;
        sum += point.value;
        ++numFinite;
    }
    const RawPoint &last = points[bucket.numPoints - 1];
    if (bucket.firstStep != points[0].step || bucket.lastStep != last.step) return "steps differ";
    if (std::abs(bucket.firstWallTime - (1000.0 + static_cast<double>(points[0].step))) > 1e-5)
        return "time differs";
    if (!isSame(bucket.minimum, minimum)) return "minimum differs";
    if (!isSame(bucket.maximum, maximum)) return "maximum differs";
    if (!isSame(bucket.last, last.value)) return "last differs";
    if (bucket.numNonFinite != bucket.numPoints - numFinite) return "numNonFinite differs";
    if (numFinite == 0) return std::isnan(bucket.mean) ? "" : "mean of nothing";
    const double mean = static_cast<double>(sum / numFinite);
    return std::abs(bucket.mean - mean) <= 1e-9 * std::max({1.0, std::abs(minimum), std::abs(maximum)})
               ? ""
               : "mean differs";
}

/// The buckets must hold the points one after the other, without a gap.
std::string compare(const std::vector<SeriesBucket> &buckets, const std::vector<RawPoint> &points,
                    int32_t maxBuckets)
{
    size_t next = 0;
    std::map<int32_t, std::pair<int, std::pair<bool, bool>>> perAttempt;
    for (const SeriesBucket &bucket : buckets) {
        if (bucket.numPoints == 0 || next + bucket.numPoints > points.size()) return "invents points";
        if (const std::string found = difference(bucket, points.data() + next); !found.empty())
            return found + " in the bucket at step " + std::to_string(bucket.firstStep);
        next += bucket.numPoints;
        auto &[count, kinds] = perAttempt[bucket.attempt];
        ++count;
        (bucket.isSuperseded ? kinds.second : kinds.first) = true;
    }
    if (next != points.size()) return "lost " + std::to_string(points.size() - next) + " points";
    std::map<int32_t, size_t> numRaw;
    for (const RawPoint &point : points) ++numRaw[point.attempt];
    for (const auto &[attempt, counted] : perAttempt) {
        const auto &[count, kinds] = counted;
        const int allowed = std::max(maxBuckets, kinds.first && kinds.second ? 2 : 1);
        if (count > allowed) return std::to_string(count) + " buckets in attempt " + std::to_string(attempt);
        if (numRaw[attempt] <= static_cast<size_t>(maxBuckets) &&
            static_cast<size_t>(count) != numRaw[attempt])
            return "no bucket per point";
    }
    return "";
}

/// A planted value that no bucket shows.
std::string missingSpike(const std::vector<SeriesBucket> &buckets, const std::vector<RawPoint> &points)
{
    for (const RawPoint &point : points) {
        if (!std::isfinite(point.value) || std::abs(point.value) < 1000) continue;
        const auto isSeen = [&point](const SeriesBucket &bucket) {
            // Beside a larger one in the same bucket it is under it.
            return bucket.firstStep <= point.step && point.step <= bucket.lastStep &&
                   (point.value > 0 ? bucket.maximum >= point.value : bucket.minimum <= point.value);
        };
        if (std::none_of(buckets.begin(), buckets.end(), isSeen))
            return "hides the spike at step " + std::to_string(point.step);
    }
    return "";
}

/// Writes attempts of random length and keeps all points in order of attempt and step.
class RandomRun {
public:
    RandomRun(const std::filesystem::path &folder, uint32_t seed) : m_folder(folder), m_random(seed) {}

    std::string write()
    {
        const int numAttempts = static_cast<int>(m_random() % 3) + 1;
        int64_t step = static_cast<int64_t>(m_random() % 1000) - 500;
        for (int turn = 0; turn < numAttempts; ++turn) {
            auto writer = RunWriter::open(m_folder);
            if (!writer) return writer.error().text();
            // A resume goes back to some step of the attempts before.
            if (turn > 0) step -= static_cast<int64_t>(m_random() % 9000);
            const auto attempt = (*writer)->beginAttempt(step);
            if (!attempt) return attempt.error().text();
            for (RawPoint &point : points) point.isSuperseded |= point.step > step;
            const size_t numPoints = sizeOf();
            const bool isSparse = m_random() % 2;
            for (size_t i = 0; i < numPoints; ++i) {
                step += isSparse && m_random() % 50 == 0 ? static_cast<int64_t>(m_random() % 5000) : 1;
                const double value = someValue();
                (*writer)->addReport(report(step, {{"loss", value}, {"other", 1.0}}, *attempt));
                points.push_back({step, value, *attempt});
                if (m_random() % 700 == 0 && !(*writer)->flush()) return "flush failed";
            }
            if (const auto flushed = (*writer)->flush(); !flushed) return flushed.error().text();
            // A writer that stays open leaves a tail in the log; one that closes folds it.
            if (turn + 1 == numAttempts && m_random() % 2) m_open = std::move(*writer);
        }
        return "";
    }
    /// One attempt, a point a step, with planted spikes that are each like no other value.
    std::string writeLong(size_t numPoints, int numSpikes)
    {
        auto writer = RunWriter::open(m_folder);
        if (!writer) return writer.error().text();
        const auto attempt = (*writer)->beginAttempt(0);
        if (!attempt) return attempt.error().text();
        points.reserve(numPoints);
        for (size_t i = 0; i < numPoints; ++i) {
            const uint64_t kind = m_random() % 4096;
            const double value = kind == 0   ? std::numeric_limits<double>::quiet_NaN()
                                 : kind == 1 ? std::numeric_limits<double>::infinity()
                                 : kind == 2 ? -std::numeric_limits<double>::infinity()
                                             : 3 + 1e-3 * static_cast<double>(m_random() % 1000);
            points.push_back({static_cast<int64_t>(i) + 1, value, *attempt});
        }
        for (int i = 0; i < numSpikes; ++i)
            points[m_random() % numPoints].value = (i % 2 ? -1.0 : 1.0) * (1000 + i);
        for (const RawPoint &point : points)
            (*writer)->addReport(report(point.step, {{"loss", point.value}}, *attempt));
        if (const auto flushed = (*writer)->flush(); !flushed) return flushed.error().text();
        return "";
    }
    /// A window of any width at any place.
    std::string checkZoom(RunReader &reader)
    {
        SeriesQuery query;
        query.series = "loss";
        query.maxBuckets = static_cast<int32_t>(
            std::pow(10.0, static_cast<double>(m_random() % 4301) / 1000)); // 1 … 19,998, as often each decade
        const auto count = static_cast<int64_t>(points.size());
        const double share = std::pow(10.0, -static_cast<double>(m_random() % 6000) / 1000);
        const auto width = std::max<int64_t>(1, static_cast<int64_t>(share * static_cast<double>(count)));
        query.fromStep = 1 + static_cast<int64_t>(m_random() % static_cast<uint64_t>(count - width + 1));
        query.toStep = query.fromStep + width - 1;
        const auto buckets = reader.query(query);
        if (!buckets) return buckets.error().text();
        const std::vector<RawPoint> expected(points.begin() + (query.fromStep - 1), points.begin() + query.toStep);
        std::string found = compare(*buckets, expected, query.maxBuckets);
        if (found.empty()) found = missingSpike(*buckets, expected);
        return found.empty() ? ""
                             : found + ", steps " + std::to_string(query.fromStep) + " to " +
                                   std::to_string(query.toStep) + ", max_buckets " + std::to_string(query.maxBuckets);
    }
    std::string checkQuery(RunReader &reader)
    {
        constexpr int32_t choices[] = {1, 2, 3, 5, 11, 50, 300, 2000, 100'000};
        SeriesQuery query;
        query.series = "loss";
        query.maxBuckets = choices[m_random() % std::size(choices)];
        // A later attempt may begin, and end, before the first point of an earlier one.
        const auto [lowest, highest] =
            std::minmax_element(points.begin(), points.end(),
                                [](const RawPoint &a, const RawPoint &b) { return a.step < b.step; });
        const int64_t first = lowest->step - 10;
        const int64_t span = highest->step - first + 10'000;
        if (m_random() % 3) {
            query.fromStep = first + static_cast<int64_t>(m_random() % static_cast<uint64_t>(span));
            query.toStep = query.fromStep + static_cast<int64_t>(m_random() % static_cast<uint64_t>(span));
        } else {
            query.fromStep = std::numeric_limits<int64_t>::min();
        }
        std::vector<RawPoint> expected;
        for (const RawPoint &point : points)
            if (point.step >= query.fromStep && point.step <= query.toStep) expected.push_back(point);
        // Superseded points of an attempt follow its live ones, as their steps are later.
        const auto buckets = reader.query(query);
        if (!buckets) return buckets.error().text();
        const std::string found = compare(*buckets, expected, query.maxBuckets);
        return found.empty() ? "" : found + ", max_buckets " + std::to_string(query.maxBuckets);
    }

    std::vector<RawPoint> points;

private:
    size_t sizeOf()
    {
        constexpr size_t sizes[] = {1, 3, 70, 900, 5000, 20'000, 40'000};
        return sizes[m_random() % std::size(sizes)] + m_random() % 70;
    }
    double someValue()
    {
        switch (m_random() % 200) {
        case 0:
            return std::numeric_limits<double>::quiet_NaN();
        case 1:
            return std::numeric_limits<double>::infinity();
        case 2:
            return -std::numeric_limits<double>::infinity();
        case 3:
            return 1e6;
        case 4:
            return -1e6;
        default:
            return std::normal_distribution<double>(3, 0.1)(m_random);
        }
    }

    std::filesystem::path m_folder;
    std::mt19937_64 m_random;
    std::unique_ptr<RunWriter> m_open;
};

} // namespace

class TestSeriesExtrema : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyExtremumIsVisibleAtEveryZoom_data()
    {
        QTest::addColumn<uint>("seed");
        for (uint seed = 1; seed <= 24; ++seed) QTest::addRow("seed %u", seed) << seed;
    }
    void everyExtremumIsVisibleAtEveryZoom()
    {
        QFETCH(const uint, seed);
        const TemporaryFolder folder;
        RandomRun run(folder.make("run"), seed);
        QCOMPARE(qtext(run.write()), QString());
        auto reader = RunReader::open(folder.path() / "run");
        VERIFY_OK(reader);
        for (int i = 0; i < 40; ++i) {
            const std::string found = run.checkQuery(**reader);
            QVERIFY2(found.empty(), (found + ", query " + std::to_string(i)).c_str());
        }
    }
    void plantedSpikesAreSeenAtEveryZoom_data()
    {
        QTest::addColumn<int>("numPoints");
        QTest::addColumn<int>("numZooms");
        QTest::newRow("200,000 points") << 200'000 << 60;
        if (qEnvironmentVariableIsSet("ORRERY_SLOW")) QTest::newRow("10,000,000 points") << 10'000'000 << 120;
    }
    void plantedSpikesAreSeenAtEveryZoom()
    {
        QFETCH(const int, numPoints);
        QFETCH(const int, numZooms);
        const TemporaryFolder folder;
        RandomRun run(folder.make("run"), 77);
        QCOMPARE(qtext(run.writeLong(static_cast<size_t>(numPoints), 40)), QString());
        auto reader = RunReader::open(folder.path() / "run");
        VERIFY_OK(reader);
        for (int i = 0; i < numZooms; ++i) {
            const std::string found = run.checkZoom(**reader);
            QVERIFY2(found.empty(), (found + ", zoom " + std::to_string(i)).c_str());
        }
    }
    void theCheckItselfFindsALostSpike()
    {
        const std::vector<RawPoint> points = {{1, 1.0, 0}, {2, 9.0, 0}, {3, 1.0, 0}};
        SeriesBucket bucket;
        bucket.firstStep = 1;
        bucket.lastStep = 3;
        bucket.firstWallTime = 1001;
        bucket.minimum = bucket.maximum = bucket.last = 1;
        bucket.numPoints = 3;
        QCOMPARE(qtext(compare({bucket}, points, 1)),
                 QStringLiteral("maximum differs in the bucket at step 1"));
        const std::vector<RawPoint> planted = {{1, 1.0, 0}, {2, 1000.0, 0}, {3, 1.0, 0}};
        QCOMPARE(qtext(missingSpike({bucket}, planted)), QStringLiteral("hides the spike at step 2"));
    }
};

QTEST_APPLESS_MAIN(TestSeriesExtrema)
#include "tst_series_extrema.moc"
