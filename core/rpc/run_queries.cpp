// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/run_queries.h"

#include "core/base/files.h"

#include <algorithm>
#include <map>
#include <sys/stat.h>

namespace orrery {

namespace {

constexpr uint64_t kMaxSpecBytes = 4 << 20;
constexpr int32_t kDefaultEvents = 10'000;
constexpr int32_t kMaxEvents = 100'000;
constexpr int32_t kMaxFrames = 100'000;

} // namespace

Result<RunReader *> RunQueries::reader()
{
    struct stat info {};
    if (::stat((m_directory / "run.db").c_str(), &info) != 0) {
        m_reader.reset();
        return static_cast<RunReader *>(nullptr);
    }
    if (!m_reader || info.st_dev != m_device || info.st_ino != m_inode) {
        m_reader.reset();
        ORRERY_ASSIGN(m_reader, RunReader::open(m_directory));
        m_device = info.st_dev;
        m_inode = info.st_ino;
    }
    return m_reader.get();
}

Result<std::vector<SeriesReply>> RunQueries::series(const SeriesRequest &request)
{
    const std::lock_guard lock(m_mutex);
    std::vector<SeriesReply> replies;
    ORRERY_ASSIGN(RunReader *const store, reader());
    if (!store) return replies;

    ORRERY_ASSIGN(const std::vector<SeriesInfo> infos, store->listSeries());
    std::map<std::string, uint64_t> totals;
    for (const SeriesInfo &info : infos) totals[info.name] = info.numPoints;
    std::vector<std::string> names = request.series;
    if (names.empty())
        for (const SeriesInfo &info : infos) names.push_back(info.name);

    for (const std::string &name : names) {
        SeriesReply reply;
        reply.name = name;
        // Who asks for validation before the first evaluation gets none, and all the others.
        if (const auto it = totals.find(name); it != totals.end()) {
            SeriesQuery query;
            query.series = name;
            query.fromStep = request.fromStep;
            if (request.toStep > 0) query.toStep = request.toStep;
            query.maxBuckets = request.maxBuckets;
            reply.totalPoints = it->second;
            ORRERY_ASSIGN(reply.buckets, store->query(query));
        }
        replies.push_back(std::move(reply));
    }
    return replies;
}

Result<std::vector<RunEvent>> RunQueries::events(int64_t afterId, int32_t maxEvents)
{
    const std::lock_guard lock(m_mutex);
    ORRERY_ASSIGN(RunReader *const store, reader());
    if (!store) return std::vector<RunEvent>{};
    return store->events(afterId, maxEvents <= 0 ? kDefaultEvents : std::min(maxEvents, kMaxEvents));
}

Result<std::vector<CheckpointInfo>> RunQueries::checkpoints()
{
    const std::lock_guard lock(m_mutex);
    ORRERY_ASSIGN(RunReader *const store, reader());
    if (!store) return std::vector<CheckpointInfo>{};
    return store->checkpoints();
}

Result<std::vector<FrameInfo>> RunQueries::frames(const FrameQuery &query)
{
    const std::lock_guard lock(m_mutex);
    ORRERY_ASSIGN(RunReader *const store, reader());
    if (!store) return std::vector<FrameInfo>{};
    FrameQuery bounded = query;
    bounded.maxFrames = query.maxFrames <= 0 ? kMaxFrames : std::min(query.maxFrames, kMaxFrames);
    return store->frames(bounded);
}

Result<std::string> RunQueries::frameBytes(int64_t id)
{
    const std::lock_guard lock(m_mutex);
    ORRERY_ASSIGN(RunReader *const store, reader());
    if (!store)
        return Error{ErrorCode::NotFound,
                     "Cannot read frame " + std::to_string(id) + ": the run has never started.",
                     "Start it, and look again when it has trained some steps."};
    return store->frameBytes(id);
}

Result<std::string> RunQueries::specJson() const
{
    return readFile(m_directory / "spec.json", kMaxSpecBytes);
}

} // namespace orrery
