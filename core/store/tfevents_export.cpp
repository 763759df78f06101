// SPDX-License-Identifier: Apache-2.0
// A run as event files. A series is written in single precision, as TensorBoard's own programs do it, unless
// that would change one of its numbers.
#include "core/base/files.h"
#include "core/store/point_scan.h"
#include "core/store/run_store.h"
#include "core/store/schema.h"
#include "core/store/tfevents.h"
#include "core/store/tfevents_proto.h"
#include "core/store/tfevents_record.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>

namespace orrery {

namespace fs = std::filesystem;

namespace {

using store::Database;
using store::Point;
using store::TfPrecision;

bool isSingle(double value)
{
    if (!std::isfinite(value)) return true;
    if (std::abs(value) > std::numeric_limits<float>::max()) return false;
    return static_cast<double>(static_cast<float>(value)) == value;
}

/// Small writes gathered: a record of a scalar has some 50 bytes. Open only while it is written, as a run may
/// have more attempts than a process may have files.
class EventFile {
public:
    EventFile(fs::path path, double startTime) : m_path(std::move(path))
    {
        store::appendRecord(m_waiting, store::tfVersionEvent(startTime));
    }
    /// @return bytes that wait more than before
    size_t add(std::string_view event)
    {
        const size_t before = m_waiting.size();
        store::appendRecord(m_waiting, event);
        return m_waiting.size() - before;
    }
    enum class Sync : uint8_t { No, Yes };
    Result<void> write(Sync sync)
    {
        if (m_waiting.empty() && sync == Sync::No) return {};
        const FileDescriptor file(::open(m_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
        if (!file.isOpen()) return ioError("write", m_path, errno);
        for (std::string_view left = m_waiting; !left.empty();) {
            const ssize_t count = ::write(file.get(), left.data(), left.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return ioError("write", m_path, errno);
            left.remove_prefix(static_cast<size_t>(count));
        }
        std::string().swap(m_waiting);
        if (sync == Sync::Yes && ::fsync(file.get()) != 0) return ioError("sync", m_path, errno);
        return {};
    }

private:
    fs::path m_path;
    std::string m_waiting;
};

class Exporter {
public:
    Exporter(const RunDirectory &run, fs::path directory, bool isFolderNew, const TransferWatch &watch)
        : m_run(run), m_directory(std::move(directory)), m_isFolderNew(isFolderNew), m_watch(watch)
    {
    }
    Result<uint64_t> write();
    /// What was written, when it is of no use. A folder that was there before stays.
    void remove() const
    {
        std::error_code ignored;
        for (const fs::path &path : m_paths) fs::remove(path, ignored);
        if (m_isFolderNew) fs::remove(m_directory, ignored);
    }

private:
    Result<void> writeSeries(const std::string &series);
    Result<TfPrecision> precisionOf(Database &database, const std::string &series);
    EventFile &fileOf(int32_t attempt, double startTime);
    Result<void> writeFiles(EventFile::Sync sync);
    Result<bool> goesOn();

    const RunDirectory &m_run;
    const fs::path m_directory;
    const bool m_isFolderNew;
    const TransferWatch &m_watch;
    TransferProgress m_progress;
    static constexpr size_t kWaitingBytes = size_t{8} << 20; ///< of all files
    std::map<int32_t, EventFile> m_files;
    size_t m_numWaiting = 0;
    std::vector<fs::path> m_paths;
};

Result<bool> Exporter::goesOn()
{
    if (!m_watch || m_watch(m_progress)) return true;
    return Error{ErrorCode::Cancelled,
                 "Cannot go on exporting run \"" + m_run.frozen().id + "\": it was cancelled at series \"" +
                     m_progress.what + "\", expected to reach the end.",
                 "What was written is deleted; export again for all of it."};
}

Result<TfPrecision> Exporter::precisionOf(Database &database, const std::string &series)
{
    TfPrecision precision = TfPrecision::Single;
    ORRERY_TRY(
        store::scanPoints(database, series, [&](int32_t, std::span<const Point> points) -> Result<bool> {
            for (const Point &point : points)
                if (!isSingle(point.value)) precision = TfPrecision::Double;
            return precision == TfPrecision::Single;
        }));
    return precision;
}

Result<void> Exporter::writeFiles(EventFile::Sync sync)
{
    for (auto &[attempt, file] : m_files) ORRERY_TRY(file.write(sync));
    m_numWaiting = 0;
    return {};
}

EventFile &Exporter::fileOf(int32_t attempt, double startTime)
{
    const auto found = m_files.find(attempt);
    if (found != m_files.end()) return found->second;
    // TensorBoard takes the files of a folder in order of their names.
    char name[96];
    std::snprintf(name, sizeof name, "events.out.tfevents.%010lld.orrery.%04d",
                  static_cast<long long>(std::max(0.0, startTime)), attempt);
    const fs::path path = m_directory / name;
    m_paths.push_back(path);
    return m_files.emplace(attempt, EventFile(path, startTime)).first->second;
}

/// In a transaction of its own: a live run's log can be folded back between two series.
Result<void> Exporter::writeSeries(const std::string &series)
{
    m_progress.what = series;
    ORRERY_ASSIGN(const auto database, store::openForReading(m_run.path() / store::kDatabaseName));
    ORRERY_ASSIGN(store::Transaction transaction,
                  store::Transaction::begin(*database, store::Transaction::Kind::Read));
    ORRERY_ASSIGN(const TfPrecision precision, precisionOf(*database, series));
    ORRERY_TRY(store::scanPoints(
        *database, series, [&](int32_t attempt, std::span<const Point> points) -> Result<bool> {
            if (points.empty()) return true;
            EventFile &file = fileOf(attempt, store::toSeconds(points.front().wallMicros));
            for (const Point &point : points)
                m_numWaiting += file.add(store::tfScalarEvent(store::toSeconds(point.wallMicros), point.step,
                                                              series, point.value, precision));
            if (m_numWaiting >= kWaitingBytes) ORRERY_TRY(writeFiles(EventFile::Sync::No));
            m_progress.numPoints += points.size();
            return goesOn();
        }));
    return transaction.commit();
}

Result<uint64_t> Exporter::write()
{
    ORRERY_ASSIGN(const auto reader, RunReader::open(m_run.path()));
    ORRERY_ASSIGN(const std::vector<SeriesInfo> all, reader->listSeries());
    for (const SeriesInfo &info : all) ORRERY_TRY(writeSeries(info.name));
    if (m_progress.numPoints == 0)
        return Error{ErrorCode::NotFound,
                     "Cannot export run \"" + m_run.frozen().id +
                         "\": it has no points yet, expected at least one.",
                     "Train it first."};
    ORRERY_TRY(writeFiles(EventFile::Sync::Yes));
    ORRERY_TRY(syncDirectory(m_directory));
    return m_progress.numPoints;
}

} // namespace

Result<uint64_t> exportTfevents(const RunDirectory &run, const fs::path &directory,
                                const TransferWatch &watch)
{
    std::error_code failed;
    const fs::path target = fs::absolute(directory, failed).lexically_normal();
    const bool isFolderNew = fs::create_directories(target, failed);
    if (failed) return ioError("make", target, failed.value());
    if (!fs::is_empty(target, failed) || failed)
        return Error{ErrorCode::Conflict,
                     "Cannot export run \"" + run.frozen().id + "\" to \"" + target.string() +
                         "\": the folder holds something, expected a new or empty one.",
                     "TensorBoard shows all files of a folder as one run: choose another."};
    Exporter exporter(run, target, isFolderNew, watch);
    auto numPoints = exporter.write();
    if (!numPoints) exporter.remove();
    return numPoints;
}

} // namespace orrery
