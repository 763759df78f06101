// SPDX-License-Identifier: Apache-2.0
// Private to core/store: frames/NNNNNN.zst and the table that says what stands where in them. Bytes go into a
// file before their row is written, and a file is only ever appended to: whoever was killed leaves bytes
// without a row at worst, and a reader never sees a file change under it. Writing: the run writer's thread,
// inside its transaction.
#pragma once

#include "core/spec/frames.h"
#include "core/store/sqlite_db.h"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace orrery::store {

inline constexpr const char *kFramesFolder = "frames";
inline constexpr size_t kFramesPerFile = 64;
inline constexpr uint64_t kMaxFrameBytes = uint64_t{64} << 20;

std::filesystem::path frameFilePath(const std::filesystem::path &runDirectory, int64_t file);

class FrameWriter {
public:
    /// Removes files that no row names: what a writer that was killed had begun. @error Io
    static Result<std::unique_ptr<FrameWriter>> load(Database &database, std::filesystem::path runDirectory);
    ~FrameWriter();

    /// @param bytes are left out where the disk does not take them; the first time, a warning says so
    Result<void> add(const FrameInfo &frame, std::string_view bytes, uint64_t budgetBytes);
    void warnOfLeftOut(const std::string &why);
    /// Behind the commit of what add() did: files whose frames have moved or gone.
    [[nodiscard]] bool hasUnused() const { return !m_unused.empty(); }
    void removeUnused();
    /// Syncs and closes the file that is appended to; the next frame begins another.
    Result<void> endFile();
    [[nodiscard]] int64_t lastId() const { return m_lastId; }
    std::vector<std::string> takeWarnings() { return std::move(m_warnings); }

private:
    struct File;
    struct Kept {
        int64_t id = 0;
        int64_t file = 0;
        int64_t offset = 0;
        int64_t numBytes = 0;
    };
    FrameWriter(Database &database, std::filesystem::path runDirectory);
    Result<void> prepare();
    Result<void> findFiles();
    Result<void> append(std::string_view bytes, int64_t &offset);
    Result<void> thin(uint64_t budgetBytes);
    /// Of one kind and prompt, oldest first: those that go.
    static std::vector<Kept> chooseToGo(const std::vector<Kept> &frames);
    Result<std::vector<std::vector<Kept>>> readGroups();
    Result<void> rewrite(int64_t file);

    Database &m_database;
    std::filesystem::path m_run;
    std::unique_ptr<File> m_file; ///< that is appended to; null: a new one at the next frame
    int64_t m_nextFile = 1;
    int64_t m_lastId = 0;
    uint64_t m_totalBytes = 0;     ///< of the frames that have a row
    std::vector<int64_t> m_unused; ///< files to delete behind the commit
    std::vector<std::string> m_warnings;
    bool m_hasWarned = false;
    Statement m_add, m_remove, m_move, m_all, m_ofFile;
};

/// @error InvalidInput (kind, maxFrames out of range). Inside the caller's read transaction.
Result<std::vector<FrameInfo>> readFrames(Database &database, const FrameQuery &query);
/// Id of the newest frame; 0 where there is none.
Result<int64_t> readLastFrameId(Database &database);

/// Where the bytes of a frame stand.
struct FramePlace {
    int64_t file = 0;
    int64_t offset = 0;
    int64_t numBytes = 0;
    int64_t checksum = 0;
};
/// @error NotFound
Result<FramePlace> findFrame(Database &database, int64_t id);
/// @error NotFound (no such file: its frames may have moved since), Io, InvalidInput (cut short, damaged, a
/// size out of range)
Result<std::string> readFrameBytes(const std::filesystem::path &runDirectory, int64_t id,
                                   const FramePlace &place);

/// For copies: rows whose bytes did not come along go.
Result<void> forgetLostFrames(Database &database, const std::filesystem::path &runDirectory);

} // namespace orrery::store
