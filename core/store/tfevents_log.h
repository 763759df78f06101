// SPDX-License-Identifier: Apache-2.0
// Private to core/store: one folder of TensorBoard's event files into the store of one run. One thread.
#pragma once

#include "core/store/run_store.h"
#include "core/store/tfevents.h"
#include "core/store/tfevents_record.h"

#include <map>
#include <set>
#include <string>
#include <unordered_map>

namespace orrery::store {

struct EventFile {
    std::filesystem::path path;
    uint64_t numBytes = 0;
    double startTime = 0; ///< of its first record that can be read
};
struct EventFolder {
    std::filesystem::path path;
    std::string name; ///< relative to the log directory, as TensorBoard calls the run
    std::vector<EventFile> files;
};

/// Folders below (and with) a directory that hold event files, in order of their names; links are not
/// followed.
/// @error as importTfevents
Result<std::vector<EventFolder>> findEventFolders(const std::filesystem::path &directory);

/// Reads the files of one folder and writes what they say.
class EventLog {
public:
    EventLog(RunWriter &writer, ImportedLog &result, const TransferWatch &watch, TransferProgress &progress)
        : m_writer(writer), m_result(result), m_watch(watch), m_progress(progress)
    {
    }
    /// @error InvalidInput (steps go back too often), Io, Cancelled
    Result<void> read(const EventFolder &folder);
    [[nodiscard]] uint64_t numPoints() const { return m_numPoints; }
    [[nodiscard]] double firstWallTime() const { return m_firstWallTime; }
    /// As of a run that has finished.
    [[nodiscard]] RunStatus status() const;

private:
    struct Tag {
        std::string series; ///< empty: there are too many
        std::string plugin;
        int32_t attempt = -1;
        int64_t lastStep = 0;
        double lastValue = 0;
    };
    Result<void> readFile(const EventFile &file);
    Result<void> take(std::string_view record, const EventFile &file, uint64_t offset);
    Result<void> beginAttempt(const std::string &tag, int64_t from, int64_t step, const EventFile &file);
    /// Nothing when there are too many.
    Tag *tagOf(std::string_view name);
    void countNotImported(const std::string &plugin);
    std::string seriesName(std::string_view tag);
    void note(const std::string &text, EventKind kind = EventKind::Warning);
    bool isWanted(const struct TfValue &value, Tag &tag);
    Result<void> tellProgress(uint64_t position);

    RunWriter &m_writer;
    ImportedLog &m_result;
    const TransferWatch &m_watch;
    TransferProgress &m_progress;
    std::unordered_map<std::string, Tag> m_tags;
    std::set<std::string> m_series;
    uint64_t m_numPoints = 0;
    uint64_t m_numNoEvents = 0; ///< records of this file
    uint64_t m_bytesBefore = 0;
    uint64_t m_nextProgress = 0;
    int32_t m_attempt = -1;
    int64_t m_lastStep = 0;
    double m_firstWallTime = 0;
    double m_lastWallTime = 0;
    bool m_hasBadTime = false;
};

} // namespace orrery::store
