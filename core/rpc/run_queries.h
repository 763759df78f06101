// SPDX-License-Identifier: Apache-2.0
// Answers questions about one run from its files, live or not, for a worker's server and for the host. Keeps
// one reader open and opens it again when run.db was replaced. Any thread; calls on one object take turns.
#pragma once

#include "core/base/result.h"
#include "core/rpc/values.h"
#include "core/store/run_store.h"

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <sys/types.h>
#include <vector>

namespace orrery {

class RunQueries {
public:
    explicit RunQueries(std::filesystem::path runDirectory) : m_directory(std::move(runDirectory)) {}

    /// A run that never started has no run.db yet: nothing, and no error. A series that is not there (yet)
    /// comes back empty. @error as RunReader::query, but for NotFound
    Result<std::vector<SeriesReply>> series(const SeriesRequest &request);
    /// @param maxEvents 0: 10,000
    Result<std::vector<RunEvent>> events(int64_t afterId, int32_t maxEvents);
    Result<std::vector<CheckpointInfo>> checkpoints();
    Result<std::vector<FrameInfo>> frames(const FrameQuery &query);
    Result<std::string> frameBytes(int64_t id);
    Result<std::string> specJson() const;

private:
    /// nullptr when there is no run.db. Under m_mutex.
    Result<RunReader *> reader();

    std::filesystem::path m_directory;
    std::mutex m_mutex;
    std::unique_ptr<RunReader> m_reader;
    dev_t m_device = 0;
    ino_t m_inode = 0;
};

} // namespace orrery
