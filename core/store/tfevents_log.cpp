// SPDX-License-Identifier: Apache-2.0
#include "core/store/tfevents_log.h"

#include "core/base/text.h"
#include "core/store/tfevents_proto.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace orrery::store {

namespace fs = std::filesystem;

namespace {

constexpr size_t kMaxFolders = 10'000;
constexpr int kMaxDepth = 32;
constexpr int32_t kMaxAttempts = 10'000;
constexpr size_t kMaxSeries = 4096;   ///< as the store takes them
constexpr size_t kMaxNameBytes = 256; ///< of a series
constexpr size_t kMaxNotes = 200;
constexpr size_t kMaxTags = 65'536;
constexpr size_t kMaxKeyBytes = 256; ///< of a tag, in memory
constexpr size_t kMaxKinds = 256;    ///< that are counted each for itself
constexpr uint64_t kMaxNoEventNotes = 20;
constexpr uint64_t kProgressBytes = uint64_t{1} << 20;
constexpr const char *kScalars = "scalars";

bool isEventFile(const fs::directory_entry &entry)
{
    std::error_code failed;
    return entry.symlink_status(failed).type() == fs::file_type::regular &&
           entry.path().filename().string().find("tfevents") != std::string::npos;
}

/// When its first event was written; files that hold none come last.
double startTimeOf(const fs::path &path)
{
    auto reader = RecordReader::open(path);
    std::string_view record;
    if (reader)
        if (const auto hasRecord = reader->next(record); hasRecord && *hasRecord)
            if (const auto event = parseTfEvent(record); event && std::isfinite(event->wallTime))
                return event->wallTime;
    return std::numeric_limits<double>::max();
}

Result<void> collect(const fs::path &folder, const fs::path &root, int depth, std::vector<EventFolder> &found)
{
    if (depth > kMaxDepth) return {};
    EventFolder here{
        folder, folder == root ? folder.filename().string() : folder.lexically_relative(root).string(), {}};
    std::vector<fs::path> below;
    std::error_code failed;
    for (fs::directory_iterator next(folder, failed), end; !failed && next != end; next.increment(failed)) {
        std::error_code ignored;
        if (isEventFile(*next))
            here.files.push_back({next->path(), next->file_size(ignored), startTimeOf(next->path())});
        if (next->symlink_status(ignored).type() == fs::file_type::directory) below.push_back(next->path());
    }
    if (failed) return ioError("read", folder, failed.value());
    std::sort(here.files.begin(), here.files.end(), [](const EventFile &a, const EventFile &b) {
        return std::pair(a.startTime, a.path) < std::pair(b.startTime, b.path);
    });
    if (!here.files.empty()) found.push_back(std::move(here));
    if (found.size() > kMaxFolders)
        return Error{ErrorCode::InvalidInput,
                     "Cannot import \"" + root.string() +
                         "\": more than 10,000 folders hold events, expected fewer.",
                     "Import its folders one after the other."};
    std::sort(below.begin(), below.end());
    for (const fs::path &next : below) ORRERY_TRY(collect(next, root, depth + 1, found));
    return {};
}

const char *kindName(TfKind kind)
{
    switch (kind) {
    case TfKind::Image:
        return "images";
    case TfKind::Histogram:
        return "histograms";
    case TfKind::Audio:
        return "audio";
    case TfKind::Tensor:
        return "tensors";
    default:
        return "values of an unknown kind";
    }
}

} // namespace

Result<std::vector<EventFolder>> findEventFolders(const fs::path &directory)
{
    std::error_code failed;
    if (!fs::is_directory(directory, failed))
        return Error{ErrorCode::NotFound,
                     "Cannot import \"" + directory.string() +
                         "\": there is no such folder, expected a log "
                         "directory of TensorBoard.",
                     "Check the path; a single file is imported with its folder."};
    std::vector<EventFolder> found;
    ORRERY_TRY(collect(directory, directory, 0, found));
    if (found.empty())
        return Error{ErrorCode::NotFound,
                     "Cannot import \"" + directory.string() +
                         "\": no file in it or below has \"tfevents\" in its "
                         "name, expected event files of TensorBoard.",
                     "Give the folder that TensorBoard gets as --logdir."};
    return found;
}

void EventLog::note(const std::string &text, EventKind kind)
{
    RunEvent event;
    event.step = m_lastStep;
    event.attempt = std::max(m_attempt, 0);
    event.wallTime = m_lastWallTime;
    event.kind = kind;
    event.text = text;
    m_writer.addEvent(event);
    if (m_result.notes.size() < kMaxNotes) m_result.notes.push_back(text);
}

std::string EventLog::seriesName(std::string_view tag)
{
    std::string name = tag.empty() ? std::string("(no tag)") : sanitizeUtf8(std::string(tag));
    const std::string mark = "#" + sha256Hex(tag).substr(0, 8);
    if (name.size() > kMaxNameBytes) {
        name.resize(kMaxNameBytes - mark.size());
        while (!isValidUtf8(name)) name.pop_back(); // cut within a character
        name += mark;
    }
    if (m_series.contains(name)) name = name.substr(0, kMaxNameBytes - mark.size()) + mark;
    return name;
}

EventLog::Tag *EventLog::tagOf(std::string_view name)
{
    std::string key(name.substr(0, kMaxKeyBytes));
    if (name.size() > kMaxKeyBytes) key += "#" + sha256Hex(name);
    const auto found = m_tags.find(key);
    if (found != m_tags.end()) return &found->second;
    if (m_tags.size() >= kMaxTags) {
        ++m_result.numNotImported["values of tags beyond 65,536"];
        return nullptr;
    }
    return &m_tags.try_emplace(std::move(key)).first->second;
}

/// By the name of their plugin, which the file decides.
void EventLog::countNotImported(const std::string &plugin)
{
    auto &counts = m_result.numNotImported;
    const std::string name = sanitizeUtf8(plugin);
    ++counts[counts.size() < kMaxKinds || counts.contains(name) ? name : "values of further plugins"];
}

/// Whether the value is a scalar. A file tells the plugin of a tag with its first value only.
bool EventLog::isWanted(const TfValue &value, Tag &tag)
{
    if (!value.plugin.empty() && tag.plugin.empty()) tag.plugin = value.plugin.substr(0, kMaxNameBytes);
    const bool isScalar =
        value.kind == TfKind::Number || (value.kind == TfKind::Tensor && tag.plugin == kScalars);
    if (isScalar && value.hasNumber) {
        if (tag.series.empty() && m_series.size() < kMaxSeries) {
            tag.series = seriesName(value.tag);
            m_series.insert(tag.series);
        }
        if (!tag.series.empty()) return true;
        ++m_result.numNotImported["scalars of tags beyond 4,096"];
        return false;
    }
    const bool hasPlugin = value.kind == TfKind::Tensor && !tag.plugin.empty();
    if (isScalar)
        ++m_result.numNotImported["scalars that are no single number"];
    else if (hasPlugin)
        countNotImported(tag.plugin);
    else
        ++m_result.numNotImported[kindName(value.kind)];
    return false;
}

Result<void> EventLog::beginAttempt(const std::string &tag, int64_t from, int64_t step, const EventFile &file)
{
    if (m_attempt + 1 >= kMaxAttempts)
        return Error{ErrorCode::InvalidInput,
                     "Cannot import \"" + file.path.string() +
                         "\": steps go back more than 10,000 times (\"" + sanitizeUtf8(tag) + "\" from " +
                         std::to_string(from) + " to " + std::to_string(step) +
                         "), expected steps that grow.",
                     "Write each training into a folder of its own."};
    const bool isFirst = m_attempt < 0;
    const int64_t before = step > std::numeric_limits<int64_t>::min() ? step - 1 : step;
    ORRERY_ASSIGN(m_attempt, m_writer.beginAttempt(isFirst ? std::min<int64_t>(before, 0) : before));
    if (!isFirst)
        note("Steps go back from " + std::to_string(from) + " to " + std::to_string(step) + " (\"" +
                 sanitizeUtf8(tag) + "\" in " + file.path.filename().string() + "): a new attempt.",
             EventKind::Resumed);
    return {};
}

Result<void> EventLog::take(std::string_view record, const EventFile &file, uint64_t offset)
{
    const auto event = parseTfEvent(record);
    if (!event) {
        ++m_result.numSkipped;
        if (++m_numNoEvents <= kMaxNoEventNotes)
            note("Skipped in " + file.path.string() + " at byte " + std::to_string(offset) +
                 ": the record is no event.");
        return {};
    }
    StepReport report;
    report.step = event->step;
    report.wallTime = std::isfinite(event->wallTime) ? event->wallTime : m_lastWallTime;
    if (!std::isfinite(event->wallTime) && !std::exchange(m_hasBadTime, true))
        note("Event at byte " + std::to_string(offset) + " of " + file.path.string() +
             " has no finite time; it gets that of the one before.");
    std::vector<Tag *> tags;
    const auto goesBack = [&](const Tag *tag) {
        return tag->attempt == m_attempt && report.step < tag->lastStep;
    };
    const TfValue *back = nullptr;
    for (const TfValue &value : event->values) {
        Tag *const tag = tagOf(value.tag);
        if (!tag || !isWanted(value, *tag)) continue;
        if (value.isRounded) ++m_result.numNotImported["last digits of integers above 2^53"];
        if (!back && goesBack(tag)) back = &value;
        tag->lastValue = value.number;
        tags.push_back(tag);
        report.values.push_back({tag->series, value.number});
    }
    if (report.values.empty()) return {};
    // All values of an event are of one attempt, whichever of them goes back.
    if (m_attempt < 0 || back) {
        const std::string tag(back ? back->tag.substr(0, kMaxNameBytes) : std::string_view());
        ORRERY_TRY(beginAttempt(tag, back ? tagOf(back->tag)->lastStep : 0, report.step, file));
    }
    for (Tag *const tag : tags) {
        tag->attempt = m_attempt;
        tag->lastStep = report.step;
    }
    if (m_numPoints == 0) m_firstWallTime = report.wallTime;
    m_lastWallTime = report.wallTime;
    m_lastStep = std::max(m_lastStep, report.step);
    m_numPoints += report.values.size();
    m_progress.numPoints += report.values.size();
    report.attempt = m_attempt;
    m_writer.addReport(report);
    if (auto failure = m_writer.failure()) return *failure;
    return {};
}

Result<void> EventLog::tellProgress(uint64_t position)
{
    m_progress.numBytesRead = m_bytesBefore + position;
    if (m_progress.numBytesRead < m_nextProgress) return {};
    m_nextProgress = m_progress.numBytesRead + kProgressBytes;
    if (!m_watch || m_watch(m_progress)) return {};
    return Error{ErrorCode::Cancelled,
                 "Cannot go on importing \"" + m_progress.what +
                     "\": it was cancelled, expected to reach the end.",
                 "Runs that were complete stay; import again for the others."};
}

Result<void> EventLog::readFile(const EventFile &file)
{
    ORRERY_ASSIGN(RecordReader reader, RecordReader::open(file.path));
    m_bytesBefore = m_progress.numBytesRead;
    m_numNoEvents = 0;
    std::string_view record;
    while (true) {
        ORRERY_ASSIGN(const bool hasRecord, reader.next(record));
        if (!hasRecord) break;
        ORRERY_TRY(take(record, file, reader.offset()));
        ORRERY_TRY(tellProgress(reader.position()));
    }
    m_nextProgress = 0;
    ORRERY_TRY(tellProgress(reader.position()));
    m_result.numSkipped += reader.numFaults();
    for (const RecordFault &fault : reader.faults())
        note("Skipped in " + file.path.string() + " at byte " + std::to_string(fault.offset) + " (" +
             std::to_string(fault.numBytes) + " bytes): " + fault.text + ".");
    if (m_numNoEvents > kMaxNoEventNotes)
        note("Skipped in " + file.path.string() + ": " + std::to_string(m_numNoEvents - kMaxNoEventNotes) +
             " more records that are no events.");
    if (reader.numFaults() > reader.faults().size())
        note("Skipped in " + file.path.string() + ": " +
             std::to_string(reader.numFaults() - reader.faults().size()) + " more records.");
    return {};
}

Result<void> EventLog::read(const EventFolder &folder)
{
    m_progress.what = folder.name;
    for (const EventFile &file : folder.files) ORRERY_TRY(readFile(file));
    return {};
}

RunStatus EventLog::status() const
{
    RunStatus status;
    status.state = RunState::Finished;
    status.step = status.totalSteps = m_lastStep;
    status.attempt = std::max(m_attempt, 0);
    status.createdAt = m_firstWallTime;
    status.lastReportAt = m_lastWallTime;
    status.elapsedSeconds = std::max(0.0, m_lastWallTime - m_firstWallTime);
    status.device = kImportedDevice;
    const auto last = [this](const char *series, double &value) {
        if (const auto tag = m_tags.find(series); tag != m_tags.end() && tag->second.series == series)
            value = tag->second.lastValue;
    };
    last(series::kLoss, status.loss);
    last(series::kValLoss, status.valLoss);
    last(series::kLearningRate, status.learningRate);
    last(series::kGradNorm, status.gradNorm);
    return status;
}

} // namespace orrery::store
