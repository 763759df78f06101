// SPDX-License-Identifier: Apache-2.0
// What the tests of the store share: a temporary folder, small reports, frozen specs, and SQL on run.db.
#pragma once

#include "core/store/run_directory.h"
#include "core/store/run_store.h"
#include "tests/base/check_result.h"

#include <QTemporaryDir>
#include <filesystem>
#include <fstream>
#include <sqlite3.h>
#include <string>
#include <vector>

namespace orrery::test {

class TemporaryFolder {
public:
    [[nodiscard]] std::filesystem::path path() const { return m_folder.path().toStdString(); }
    [[nodiscard]] std::filesystem::path make(const std::string &name) const
    {
        std::filesystem::create_directories(path() / name);
        return path() / name;
    }

private:
    QTemporaryDir m_folder;
};

inline StepReport report(int64_t step, std::vector<MetricValue> values, int32_t attempt = 0)
{
    return StepReport{step, 1000.0 + static_cast<double>(step), attempt, std::move(values)};
}

inline SeriesQuery query(const std::string &series, int32_t maxBuckets = 2000)
{
    SeriesQuery query;
    query.series = series;
    query.maxBuckets = maxBuckets;
    return query;
}

/// "0:1-3 1:4-4*" = attempt:firstStep-lastStep, * where superseded.
inline std::string describe(const std::vector<SeriesBucket> &buckets)
{
    std::string text;
    for (const SeriesBucket &bucket : buckets)
        text += (text.empty() ? "" : " ") + std::to_string(bucket.attempt) + ":" +
                std::to_string(bucket.firstStep) + "-" + std::to_string(bucket.lastStep) +
                (bucket.isSuperseded ? "*" : "");
    return text;
}

inline FrozenSpec frozenSpec(const std::string &id, const std::string &name = "", double createdAt = 1000)
{
    FrozenSpec frozen;
    frozen.id = id;
    frozen.spec.name = name;
    frozen.spec.data.path = "/data/text.txt";
    frozen.spec.schedule.totalSteps = frozen.spec.train.steps;
    frozen.spec.threads = 2;
    frozen.digest = "0123abcd";
    frozen.program = "orrery 0.1.0";
    frozen.cpuModel = "some processor";
    frozen.createdAt = createdAt;
    return frozen;
}

inline void writeText(const std::filesystem::path &path, const std::string &text)
{
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
}

inline std::string readText(const std::filesystem::path &path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Runs SQL on a database as another program would. Empty, or SQLite's message.
inline std::string runSql(const std::filesystem::path &path, const std::string &sql)
{
    sqlite3 *handle = nullptr;
    sqlite3_open(path.c_str(), &handle);
    char *message = nullptr;
    sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &message);
    std::string text = message ? message : "";
    sqlite3_free(message);
    sqlite3_close(handle);
    return text;
}

} // namespace orrery::test
