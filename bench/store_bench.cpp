// SPDX-License-Identifier: Apache-2.0
#include "bench/store_bench.h"

#include "core/base/platform.h"
#include "core/store/run_store.h"

#include <nlohmann/json.hpp>

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <functional>
#include <thread>

namespace orrery {

namespace fs = std::filesystem;

namespace {

constexpr int kNumSeries = 20;
constexpr int32_t kNumBuckets = 2000;
constexpr int64_t kHistorySteps = 20'000;

constexpr double kMaxCommitP99Ms = 5;
constexpr double kMaxWalMiB = 64;
constexpr double kMaxLongQueryMs = 20;
constexpr double kMaxHistoryMs = 2000;

class TemporaryFolder {
public:
    TemporaryFolder()
        : m_path(fs::temp_directory_path() / ("orrery-store-bench-" + std::to_string(::getpid())))
    {
        std::error_code ignored;
        fs::remove_all(m_path, ignored);
        fs::create_directories(m_path, ignored);
    }
    ~TemporaryFolder()
    {
        std::error_code ignored;
        fs::remove_all(m_path, ignored);
    }
    [[nodiscard]] fs::path make(const char *name) const
    {
        std::error_code ignored;
        fs::create_directories(m_path / name, ignored);
        return m_path / name;
    }

private:
    fs::path m_path;
};

double quantile(std::vector<double> values, double share)
{
    if (values.empty()) return 0;
    const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(values.size())));
    const size_t index = std::clamp<size_t>(rank, 1, values.size()) - 1;
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(index), values.end());
    return values[index];
}

/// Milliseconds of one call.
template <typename Work> double timed(Work work)
{
    const double begin = monotonicSeconds();
    work();
    return (monotonicSeconds() - begin) * 1e3;
}

double walMiB(const fs::path &run)
{
    std::error_code failed;
    const auto size = fs::file_size(run / "run.db-wal", failed);
    return failed ? 0 : static_cast<double>(size) / (1 << 20);
}

std::string seriesName(int index) { return "series_" + std::to_string(index); }

/// A falling loss with noise and rare spikes, as float numbers: what a training writes.
double valueAt(int64_t step, int series)
{
    uint64_t mixed =
        (static_cast<uint64_t>(step) * 31 + static_cast<uint64_t>(series)) * 0x9E3779B97F4A7C15ULL;
    mixed ^= mixed >> 29;
    const double noise = static_cast<double>(mixed >> 11) * 0x1p-53;
    const double spike = step % 99'991 == 77 ? 50 : 0;
    return static_cast<float>(1 + 4 / std::sqrt(1 + static_cast<double>(step) * 1e-3) + 0.2 * noise + spike);
}

/// Queries a run in a loop on its own connection until it is told to stop, and watches the WAL.
class BusyReader {
public:
    BusyReader(fs::path run, int numSeries)
        : m_run(std::move(run)), m_numSeries(numSeries), m_thread([this] { work(); })
    {
    }
    ~BusyReader() { stop(); }
    void stop()
    {
        m_stops = true;
        if (m_thread.joinable()) m_thread.join();
    }
    [[nodiscard]] double largestWalMiB() const { return m_largestWal; }
    [[nodiscard]] uint64_t numQueries() const { return m_numQueries; }
    [[nodiscard]] const std::string &error() const { return m_error; }

private:
    void work()
    {
        auto reader = RunReader::open(m_run);
        for (int turn = 0; !m_stops; ++turn) {
            m_largestWal = std::max(m_largestWal.load(), walMiB(m_run));
            if (!reader) {
                // The writer may not have made its tables yet.
                reader = RunReader::open(m_run);
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
                continue;
            }
            SeriesQuery query;
            query.series = seriesName(turn % m_numSeries);
            query.maxBuckets = kNumBuckets;
            const auto buckets = (*reader)->query(query);
            if (!buckets && buckets.error().code != ErrorCode::NotFound) m_error = buckets.error().text();
            m_numQueries += buckets ? 1 : 0;
        }
    }

    fs::path m_run;
    int m_numSeries;
    std::atomic<bool> m_stops{false};
    std::atomic<double> m_largestWal{0};
    std::atomic<uint64_t> m_numQueries{0};
    std::string m_error; ///< read after stop()
    std::thread m_thread;
};

struct Figures {
    nlohmann::ordered_json json;
    bool passed = true;
    bool isSmoke = false; ///< times are told, but a short run on a busy machine says nothing about them
    double largestWalMiB = 0;

    void holdTime(const char *name, double milliseconds, double limit)
    {
        note(name, milliseconds, limit);
        passed = passed && (isSmoke || milliseconds <= limit);
    }
    void holdSize(const char *name, double mebibytes, double limit)
    {
        note(name, mebibytes, limit);
        passed = passed && mebibytes <= limit;
    }

private:
    void note(const char *name, double value, double limit)
    {
        json[name] = value;
        json["limits"][name] = limit;
    }
};

StepReport reportAt(int64_t step, int numSeries)
{
    StepReport report;
    report.step = step;
    report.wallTime = 1.7e9 + static_cast<double>(step) * 0.05;
    report.values.reserve(static_cast<size_t>(numSeries));
    for (int series = 0; series < numSeries; ++series)
        report.values.push_back({seriesName(series), valueAt(step, series)});
    return report;
}

Result<void> measureCommits(const fs::path &run, int64_t numCommits, Figures &figures)
{
    ORRERY_ASSIGN(auto writer, RunWriter::open(run));
    ORRERY_ASSIGN(const int32_t attempt, writer->beginAttempt(0));
    static_cast<void>(attempt);
    BusyReader reader(run, kNumSeries);
    std::vector<double> milliseconds;
    for (int64_t step = 1; step <= numCommits; ++step) {
        const StepReport report = reportAt(step, kNumSeries);
        Result<void> flushed;
        milliseconds.push_back(timed([&] {
            writer->addReport(report);
            flushed = writer->flush();
        }));
        ORRERY_TRY(flushed);
    }
    reader.stop();
    if (!reader.error().empty()) return Error{ErrorCode::Internal, reader.error(), ""};
    figures.json["num_commits"] = numCommits;
    figures.json["num_reader_queries"] = reader.numQueries();
    figures.json["commit_p50_ms"] = quantile(milliseconds, 0.5);
    figures.holdTime("commit_p99_ms", quantile(milliseconds, 0.99), kMaxCommitP99Ms);
    figures.json["commit_max_ms"] = quantile(milliseconds, 1);
    figures.largestWalMiB = std::max(figures.largestWalMiB, reader.largestWalMiB());
    return {};
}

Result<void> measureLongSeries(const fs::path &run, int64_t numPoints, Figures &figures)
{
    {
        ORRERY_ASSIGN(auto writer, RunWriter::open(run));
        BusyReader reader(run, 1);
        Result<void> flushed;
        const double milliseconds = timed([&] {
            for (int64_t step = 1; step <= numPoints; ++step) writer->addReport(reportAt(step, 1));
            flushed = writer->flush();
        });
        ORRERY_TRY(flushed);
        reader.stop();
        if (!reader.error().empty()) return Error{ErrorCode::Internal, reader.error(), ""};
        figures.json["write_points_per_s"] =
            std::llround(static_cast<double>(numPoints) / milliseconds * 1e3);
        figures.json["queue_waits_at_full_speed"] = writer->waits().forDisk;
        figures.largestWalMiB = std::max(figures.largestWalMiB, reader.largestWalMiB());
    }
    std::error_code failed;
    figures.json["num_points"] = numPoints;
    figures.json["bytes_per_point"] =
        static_cast<double>(fs::file_size(run / "run.db", failed)) / static_cast<double>(numPoints);

    ORRERY_ASSIGN(auto reader, RunReader::open(run));
    SeriesQuery query;
    query.series = seriesName(0);
    query.maxBuckets = kNumBuckets;
    std::vector<double> whole;
    std::vector<double> zoomed;
    size_t numBuckets = 0;
    for (int repeat = 0; repeat < 60; ++repeat) {
        query.fromStep = 0;
        query.toStep = numPoints;
        Result<std::vector<SeriesBucket>> buckets = std::vector<SeriesBucket>();
        whole.push_back(timed([&] { buckets = reader->query(query); }));
        if (!buckets) return buckets.error();
        numBuckets = buckets->size();
        // Every zoom from the whole series down to some thousand points.
        const int64_t length = std::max<int64_t>(numPoints >> (repeat % 12), 1);
        query.fromStep = (numPoints - length) * repeat / 60 + 1;
        query.toStep = query.fromStep + length - 1;
        zoomed.push_back(timed([&] { buckets = reader->query(query); }));
        if (!buckets) return buckets.error();
    }
    figures.json["num_buckets"] = numBuckets;
    figures.json["long_query_median_ms"] = quantile(whole, 0.5);
    figures.holdTime("long_query_p95_ms", quantile(whole, 0.95), kMaxLongQueryMs);
    figures.json["zoom_query_p95_ms"] = quantile(zoomed, 0.95);
    return {};
}

Result<void> measureHistory(const fs::path &run, Figures &figures)
{
    {
        ORRERY_ASSIGN(auto writer, RunWriter::open(run));
        for (int64_t step = 1; step <= kHistorySteps; ++step) writer->addReport(reportAt(step, kNumSeries));
        ORRERY_TRY(writer->flush());
    }
    for (const auto &[name, maxBuckets] :
         {std::pair{"history_buckets_ms", kNumBuckets}, {"history_ms", int32_t{kHistorySteps}}}) {
        Result<void> read;
        uint64_t numRead = 0;
        const double milliseconds = timed([&] {
            read = [&]() -> Result<void> {
                ORRERY_ASSIGN(auto reader, RunReader::open(run));
                ORRERY_ASSIGN(const auto list, reader->listSeries());
                for (const SeriesInfo &info : list) {
                    SeriesQuery query;
                    query.series = info.name;
                    query.maxBuckets = maxBuckets;
                    ORRERY_ASSIGN(const auto buckets, reader->query(query));
                    for (const SeriesBucket &bucket : buckets) numRead += bucket.numPoints;
                }
                return {};
            }();
        });
        ORRERY_TRY(read);
        if (numRead != static_cast<uint64_t>(kNumSeries) * kHistorySteps)
            return Error{ErrorCode::Internal, "Points are missing: found " + std::to_string(numRead) + ".",
                         ""};
        figures.holdTime(name, milliseconds, kMaxHistoryMs);
    }
    return {};
}

} // namespace

std::string runStoreBench(bool smoke)
{
    const TemporaryFolder folder;
    Figures figures;
    figures.isSmoke = smoke;
    figures.json["bench"] = "store";
    figures.json["smoke"] = smoke;
    figures.json["cpu"] = cpuInfo().model;
    figures.json["cpu_flags"] = cpuInfo().flags();
    // Other work on the machine widens the tails: whoever reads the figures should know of it.
    double load[1] = {0};
    if (::getloadavg(load, 1) == 1) figures.json["load_average"] = load[0];
    const auto measure = [&]() -> Result<void> {
        ORRERY_TRY(measureCommits(folder.make("commits"), smoke ? 1000 : 10'000, figures));
        ORRERY_TRY(measureLongSeries(folder.make("long"), smoke ? 1'000'000 : 10'000'000, figures));
        return measureHistory(folder.make("history"), figures);
    };
    const auto measured = measure();
    figures.holdSize("largest_wal_mib", figures.largestWalMiB, kMaxWalMiB);
    if (!measured) figures.json["error"] = measured.error().text();
    figures.json["passed"] = figures.passed && measured.ok();
    return figures.json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace orrery
