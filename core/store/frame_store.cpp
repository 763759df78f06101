// SPDX-License-Identifier: Apache-2.0
#include "core/store/frame_store.h"

#include "core/base/files.h"
#include "core/base/text.h"
#include "core/store/series_codec.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <map>
#include <optional>
#include <set>

namespace orrery::store {

namespace fs = std::filesystem;

namespace {

constexpr int64_t kMaxFileNumber = 1'000'000'000'000'000; ///< far beyond what one run can fill

constexpr const char *kFileEnding = ".zst";
constexpr int64_t kFrameTableSince = 2; ///< version of the store
constexpr int32_t kMaxFrames = 100'000;

/// The number in "000012.zst"; nothing for other names.
std::optional<int64_t> numberOfFile(const fs::path &path)
{
    const std::string stem = path.stem().string();
    if (path.extension() != kFileEnding || stem.size() < 6 || stem.size() > 15) return std::nullopt;
    int64_t number = 0;
    for (const char c : stem) {
        if (c < '0' || c > '9') return std::nullopt;
        number = number * 10 + (c - '0');
    }
    return number;
}

Error damagedFrame(const fs::path &path, int64_t id, const std::string &found, const std::string &expected)
{
    return Error{ErrorCode::InvalidInput,
                 "Cannot read frame " + std::to_string(id) + " in \"" + path.string() + "\": " + found +
                     ", expected " + expected + ".",
                 "Other frames can still be read; restore the file from a copy."};
}

/// Readers open older stores as they are.
Result<bool> hasFrames(Database &database)
{
    ORRERY_ASSIGN(const int64_t version, database.queryInteger("PRAGMA user_version"));
    return version >= kFrameTableSince;
}

Result<void> readExactly(const fs::path &path, int fd, int64_t offset, std::string &bytes)
{
    size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t got =
            ::pread(fd, bytes.data() + done, bytes.size() - done, offset + static_cast<int64_t>(done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return ioError("read", path, got < 0 ? errno : EIO);
        done += static_cast<size_t>(got);
    }
    return {};
}

} // namespace

fs::path frameFilePath(const fs::path &runDirectory, int64_t file)
{
    char name[32];
    std::snprintf(name, sizeof name, "%06lld%s", static_cast<long long>(file), kFileEnding);
    return runDirectory / kFramesFolder / name;
}

struct FrameWriter::File {
    FileWriter writer;
    int64_t number = 0;
    size_t numFrames = 0;
};

FrameWriter::FrameWriter(Database &database, fs::path runDirectory)
    : m_database(database), m_run(std::move(runDirectory))
{
}

FrameWriter::~FrameWriter() = default;

Result<std::unique_ptr<FrameWriter>> FrameWriter::load(Database &database, fs::path runDirectory)
{
    std::unique_ptr<FrameWriter> writer(new FrameWriter(database, std::move(runDirectory)));
    ORRERY_TRY(writer->prepare());
    ORRERY_TRY(writer->findFiles());
    ORRERY_ASSIGN(writer->m_lastId, readLastFrameId(database));
    ORRERY_ASSIGN(const int64_t total, database.queryInteger("SELECT total(num_bytes) FROM frame"));
    writer->m_totalBytes = static_cast<uint64_t>(std::max<int64_t>(0, total));
    return writer;
}

Result<void> FrameWriter::prepare()
{
    const auto prepare = [this](Statement &statement, const char *sql) -> Result<void> {
        ORRERY_ASSIGN(statement, m_database.prepare(sql));
        return {};
    };
    ORRERY_TRY(prepare(m_add,
                       "INSERT INTO frame(step, wall_us, attempt, kind, prompt, file, offset, num_bytes, "
                       "checksum) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING id"));
    ORRERY_TRY(prepare(m_remove, "DELETE FROM frame WHERE id = ?1"));
    ORRERY_TRY(prepare(m_move, "UPDATE frame SET file = ?2, offset = ?3 WHERE id = ?1"));
    ORRERY_TRY(prepare(
        m_all, "SELECT id, file, offset, num_bytes, kind, prompt FROM frame ORDER BY kind, prompt, id"));
    return prepare(m_ofFile, "SELECT id, offset, num_bytes, checksum FROM frame WHERE file = ?1 ORDER BY id");
}

Result<void> FrameWriter::findFiles()
{
    std::set<int64_t> used;
    ORRERY_ASSIGN(Statement rows, m_database.prepare("SELECT DISTINCT file FROM frame"));
    while (true) {
        ORRERY_ASSIGN(const bool hasRow, rows.step());
        if (!hasRow) break;
        // A number that no file can have is of a damaged store; its frames are not there.
        if (rows.integer(0) > 0 && rows.integer(0) < kMaxFileNumber) used.insert(rows.integer(0));
    }
    if (!used.empty()) m_nextFile = std::max<int64_t>(0, *used.rbegin()) + 1;
    std::error_code failed;
    fs::directory_iterator next(m_run / kFramesFolder, failed);
    for (; !failed && next != fs::directory_iterator(); next.increment(failed)) {
        const auto number = numberOfFile(next->path());
        if (!number) continue;
        m_nextFile = std::max(m_nextFile, *number + 1);
        if (!used.contains(*number)) m_unused.push_back(*number);
    }
    // What cannot be listed or deleted costs room at worst.
    removeUnused();
    return {};
}

void FrameWriter::warnOfLeftOut(const std::string &why)
{
    if (std::exchange(m_hasWarned, true)) return;
    m_warnings.push_back("A frame was left out, and more may follow: " + why);
}

Result<void> FrameWriter::add(const FrameInfo &frame, std::string_view bytes, uint64_t budgetBytes)
{
    if (bytes.empty() || bytes.size() > kMaxFrameBytes) {
        warnOfLeftOut("it has " + std::to_string(bytes.size()) + " bytes, expected 1 to " +
                      std::to_string(kMaxFrameBytes) + ".");
        return {};
    }
    int64_t offset = 0;
    if (const auto written = append(bytes, offset); !written) {
        warnOfLeftOut(written.error().text());
        return {};
    }
    m_add.bind(1, frame.step).bind(2, toMicros(frame.wallTime)).bind(3, frame.attempt);
    m_add.bindText(4, frameKindName(frame.kind))
        .bind(5, frame.prompt)
        .bind(6, m_file->number)
        .bind(7, offset);
    m_add.bind(8, static_cast<int64_t>(bytes.size())).bind(9, crc32(bytes));
    ORRERY_ASSIGN(const bool hasRow, m_add.step());
    if (hasRow) m_lastId = m_add.integer(0);
    ORRERY_TRY(m_add.step()); // to its end: the row is only written then
    m_add.reset();
    m_totalBytes += bytes.size();
    return m_totalBytes > budgetBytes ? thin(budgetBytes) : Result<void>();
}

/// Behind an error the file is left: what stands at its end is not known.
Result<void> FrameWriter::append(std::string_view bytes, int64_t &offset)
{
    if (m_file && m_file->numFrames >= kFramesPerFile) {
        const auto ended = endFile();
        if (!ended) return ended;
    }
    if (!m_file) {
        std::error_code failed;
        fs::create_directories(m_run / kFramesFolder, failed);
        if (failed) return ioError("make", m_run / kFramesFolder, failed.value());
        const int64_t number = m_nextFile++;
        ORRERY_ASSIGN(FileWriter writer, FileWriter::create(frameFilePath(m_run, number)));
        m_file = std::make_unique<File>(File{std::move(writer), number, 0});
    }
    offset = static_cast<int64_t>(m_file->writer.numBytes());
    if (auto written = m_file->writer.write(bytes); !written) {
        m_file.reset();
        m_unused.clear(); // what has moved there may not be on the disk: the next writer deletes the old places
        return written;
    }
    ++m_file->numFrames;
    return {};
}

Result<void> FrameWriter::endFile()
{
    if (!m_file) return {};
    const std::unique_ptr<File> ended = std::move(m_file);
    ORRERY_TRY(ended->writer.sync());
    ORRERY_TRY(ended->writer.close());
    return syncDirectory(m_run / kFramesFolder);
}

Result<std::vector<std::vector<FrameWriter::Kept>>> FrameWriter::readGroups()
{
    std::vector<std::vector<Kept>> groups;
    std::pair<std::string, int64_t> newest;
    while (true) {
        ORRERY_ASSIGN(const bool hasRow, m_all.step());
        if (!hasRow) break;
        std::pair<std::string, int64_t> group(m_all.text(4), m_all.integer(5));
        if (groups.empty() || group != newest) groups.emplace_back();
        newest = std::move(group);
        groups.back().push_back({m_all.integer(0), m_all.integer(1), m_all.integer(2), m_all.integer(3)});
    }
    m_all.reset();
    return groups;
}

/// Every second of the older half; the first and the newest stay as long as there are others.
std::vector<FrameWriter::Kept> FrameWriter::chooseToGo(const std::vector<Kept> &frames)
{
    std::vector<Kept> chosen;
    const size_t half = frames.size() / 2;
    if (half == 1) chosen.push_back(frames.front());
    for (size_t i = 1; i < half; i += 2) chosen.push_back(frames[i]);
    return chosen;
}

Result<void> FrameWriter::thin(uint64_t budgetBytes)
{
    std::set<int64_t> touched;
    while (m_totalBytes > budgetBytes) {
        ORRERY_ASSIGN(const auto groups, readGroups());
        bool hasGone = false;
        for (const auto &group : groups)
            for (const Kept &frame : chooseToGo(group)) {
                ORRERY_TRY(m_remove.bind(1, frame.id).run());
                m_totalBytes -= std::min(m_totalBytes, static_cast<uint64_t>(frame.numBytes));
                touched.insert(frame.file);
                hasGone = true;
            }
        if (!hasGone) break; // one of each kind and prompt is left
    }
    // What stays moves to new files: no file has dead bytes for long, and none changes under a reader.
    if (m_file && touched.contains(m_file->number))
        if (const auto ended = endFile(); !ended) warnOfLeftOut(ended.error().text());
    for (const int64_t file : touched) ORRERY_TRY(rewrite(file));
    return {};
}

Result<void> FrameWriter::rewrite(int64_t file)
{
    std::vector<std::pair<int64_t, FramePlace>> frames;
    m_ofFile.bind(1, file);
    while (true) {
        ORRERY_ASSIGN(const bool hasRow, m_ofFile.step());
        if (!hasRow) break;
        frames.emplace_back(m_ofFile.integer(0),
                            FramePlace{file, m_ofFile.integer(1), m_ofFile.integer(2), m_ofFile.integer(3)});
    }
    m_ofFile.reset();
    for (const auto &[id, place] : frames) {
        const auto bytes = readFrameBytes(m_run, id, place);
        if (!bytes) {
            warnOfLeftOut(bytes.error().text());
            m_totalBytes -=
                std::min(m_totalBytes, static_cast<uint64_t>(std::max<int64_t>(0, place.numBytes)));
            ORRERY_TRY(m_remove.bind(1, id).run());
            continue;
        }
        int64_t offset = 0;
        if (const auto moved = append(*bytes, offset); !moved) {
            warnOfLeftOut(moved.error().text()); // those that have not moved stay where they are
            return {};
        }
        ORRERY_TRY(m_move.bind(1, id).bind(2, m_file->number).bind(3, offset).run());
    }
    m_unused.push_back(file);
    return {};
}

void FrameWriter::removeUnused()
{
    // What has moved must be on the disk before the place it came from goes.
    if (m_file && !m_file->writer.sync()) {
        m_file.reset();
        m_unused.clear(); // the next writer deletes them
        return;
    }
    for (const int64_t file : m_unused) {
        std::error_code failed;
        fs::remove(frameFilePath(m_run, file), failed);
    }
    m_unused.clear();
}

Result<std::vector<FrameInfo>> readFrames(Database &database, const FrameQuery &query)
{
    if (query.maxFrames < 1)
        return Error{ErrorCode::InvalidInput,
                     "Cannot list frames: max_frames is " + std::to_string(query.maxFrames) +
                         ", expected 1 or more.",
                     ""};
    if (query.kind == FrameKind::Unknown)
        return Error{ErrorCode::InvalidInput,
                     "Cannot list frames: their kind is unknown, expected overview or heads.", ""};
    std::vector<FrameInfo> frames;
    ORRERY_ASSIGN(const bool isThere, hasFrames(database));
    if (!isThere) return frames;
    // A frame is superseded where a later attempt began before its step.
    ORRERY_ASSIGN(
        Statement rows,
        database.prepare("SELECT id, step, wall_us, attempt, num_bytes, EXISTS(SELECT 1 FROM attempt "
                         "WHERE number > frame.attempt AND from_step < frame.step) FROM frame "
                         "WHERE kind = ?1 AND prompt = ?2 AND id > ?3 ORDER BY id LIMIT ?4"));
    rows.bindText(1, frameKindName(query.kind)).bind(2, query.prompt).bind(3, query.afterId);
    rows.bind(4, std::min(query.maxFrames, kMaxFrames));
    while (true) {
        ORRERY_ASSIGN(const bool hasRow, rows.step());
        if (!hasRow) return frames;
        FrameInfo frame;
        frame.id = rows.integer(0);
        frame.step = rows.integer(1);
        frame.wallTime = toSeconds(rows.integer(2));
        frame.attempt = static_cast<int32_t>(rows.integer(3));
        frame.kind = query.kind;
        frame.prompt = query.prompt;
        frame.numBytes = static_cast<uint64_t>(rows.integer(4));
        frame.isSuperseded = rows.integer(5) != 0;
        frames.push_back(frame);
    }
}

Result<int64_t> readLastFrameId(Database &database)
{
    ORRERY_ASSIGN(const bool isThere, hasFrames(database));
    if (!isThere) return int64_t{0};
    return database.queryInteger("SELECT max(id) FROM frame");
}

Result<FramePlace> findFrame(Database &database, int64_t id)
{
    ORRERY_ASSIGN(const bool isThere, hasFrames(database));
    if (isThere) {
        ORRERY_ASSIGN(Statement find,
                      database.prepare("SELECT file, offset, num_bytes, checksum FROM frame WHERE id = ?1"));
        ORRERY_ASSIGN(const bool hasRow, find.bind(1, id).step());
        if (hasRow) return FramePlace{find.integer(0), find.integer(1), find.integer(2), find.integer(3)};
    }
    return Error{ErrorCode::NotFound,
                 "Cannot read frame " + std::to_string(id) +
                     ": it is not kept, expected one of the run's frames.",
                 "Older frames are thinned out when their room is full: list the frames anew."};
}

Result<std::string> readFrameBytes(const fs::path &runDirectory, int64_t id, const FramePlace &place)
{
    const fs::path path = frameFilePath(runDirectory, place.file);
    constexpr int64_t kMost = static_cast<int64_t>(kMaxFrameBytes);
    if (place.numBytes < 1 || place.numBytes > kMost || place.offset < 0 ||
        place.offset > std::numeric_limits<int64_t>::max() - kMost)
        return damagedFrame(path, id,
                            "run.db says that it has " + std::to_string(place.numBytes) +
                                " bytes from byte " + std::to_string(place.offset),
                            "1 to " + std::to_string(kMost) + " bytes within the file");
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!file.isOpen()) return ioError("read", path, errno);
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) return ioError("read", path, errno);
    if (!S_ISREG(info.st_mode)) return damagedFrame(path, id, "it is not a plain file", "a file");
    if (info.st_size < place.offset + place.numBytes)
        return damagedFrame(path, id, "the file is cut short at byte " + std::to_string(info.st_size),
                            std::to_string(place.offset + place.numBytes) + " bytes or more");
    std::string bytes(static_cast<size_t>(place.numBytes), '\0');
    ORRERY_TRY(readExactly(path, file.get(), place.offset, bytes));
    if (crc32(bytes) != place.checksum)
        return damagedFrame(path, id, "its bytes are damaged (wrong checksum)", "whole data");
    return bytes;
}

Result<void> forgetLostFrames(Database &database, const fs::path &runDirectory)
{
    ORRERY_ASSIGN(const bool isThere, hasFrames(database));
    if (!isThere) return {};
    std::map<int64_t, int64_t> sizes;
    std::vector<int64_t> lost;
    ORRERY_ASSIGN(Statement rows, database.prepare("SELECT id, file, offset + num_bytes FROM frame"));
    while (true) {
        ORRERY_ASSIGN(const bool hasRow, rows.step());
        if (!hasRow) break;
        auto size = sizes.find(rows.integer(1));
        if (size == sizes.end()) {
            std::error_code failed;
            const auto found = fs::file_size(frameFilePath(runDirectory, rows.integer(1)), failed);
            size = sizes.emplace(rows.integer(1), failed ? 0 : static_cast<int64_t>(found)).first;
        }
        if (rows.integer(2) > size->second) lost.push_back(rows.integer(0));
    }
    for (const int64_t id : lost) {
        ORRERY_ASSIGN(Statement erase, database.prepare("DELETE FROM frame WHERE id = ?1"));
        ORRERY_TRY(erase.bind(1, id).run());
    }
    return {};
}

} // namespace orrery::store
