// SPDX-License-Identifier: Apache-2.0
#include "core/tensorfile/checkpoint_files.h"

#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/tensorfile/checkpoint_manifest.h"
#include "core/tensorfile/safetensors_format.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <set>
#include <system_error>

namespace orrery {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kStepPrefix = "step-";
constexpr std::string_view kPartialSuffix = ".partial";
constexpr std::string_view kDeletedSuffix = ".deleted";
constexpr size_t kStepDigits = 8;
constexpr const char *kDamagedHint = "This checkpoint is damaged. Use the one before it.";

std::string stepName(int64_t step)
{
    std::string digits = std::to_string(step);
    if (digits.size() < kStepDigits) digits.insert(0, kStepDigits - digits.size(), '0');
    return std::string(kStepPrefix) + digits;
}

std::optional<int64_t> stepFromName(std::string_view name)
{
    if (!name.starts_with(kStepPrefix)) return std::nullopt;
    const std::string_view digits = name.substr(kStepPrefix.size());
    int64_t step = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), step);
    if (error != std::errc() || end != digits.data() + digits.size() || step < 0 || stepName(step) != name)
        return std::nullopt;
    return step;
}

Error differs(const fs::path &checkpoint, const std::string &found, const std::string &rule)
{
    return fileRuleError("verify checkpoint", checkpoint, found, rule, kDamagedHint);
}

/// Forgets the pages of a synced file, so that verification reads what the disk has. Only advice: a failure
/// is harmless.
void dropFromPageCache(const fs::path &path)
{
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.isOpen()) ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
}

Result<void> checkContent(const fs::path &directory, const CheckpointContent &content)
{
    auto refuse = [&](const std::string &found, const std::string &rule) {
        return fileRuleError("write checkpoint", directory, found, rule,
                             "This is a mistake of the calling program.");
    };
    if (content.step < 0) return refuse("step is " + std::to_string(content.step), "0 or more");
    std::set<std::string> names;
    for (const CheckpointFile &file : content.files) {
        if (!isCheckpointFileName(file.name))
            return refuse("\"" + shownName(file.name) + "\" names a file", "a plain file name");
        if (!names.insert(file.name).second)
            return refuse("\"" + file.name + "\" stands twice", "each file once");
    }
    return {};
}

/// Everything of the protocol up to the point where only the rename is missing.
Result<uint64_t> writePartial(const fs::path &partial, const CheckpointContent &content)
{
    FullManifest manifest;
    manifest.shown.step = content.step;
    manifest.shown.specDigest = content.specDigest;
    manifest.shown.valLoss = content.valLoss;
    manifest.shown.wallTime = wallSeconds();
    uint64_t total = 0;
    for (const CheckpointFile &file : content.files) {
        ORRERY_ASSIGN(WrittenSafetensors written,
                      writeSafetensorsFile(partial / file.name, file.tensors, file.metadata));
        manifest.files[file.name] = {written.numBytes, written.headerSha256};
        manifest.shown.files[file.name] = std::move(written.tensors);
        total += written.numBytes;
    }
    auto writeText = [&partial, &total](const char *name, const std::string &text) -> Result<void> {
        ORRERY_ASSIGN(FileWriter file, FileWriter::create(partial / name));
        ORRERY_TRY(file.write(text));
        ORRERY_TRY(file.sync());
        ORRERY_TRY(file.close());
        total += text.size();
        return {};
    };
    ORRERY_TRY(writeText(kStateFile, content.stateJson));
    manifest.stateBytes = content.stateJson.size();
    manifest.shown.stateSha256 = sha256Hex(content.stateJson);
    ORRERY_TRY(writeText(kManifestFile, manifestToText(manifest)));
    ORRERY_TRY(syncDirectory(partial));
    for (const CheckpointFile &file : content.files) dropFromPageCache(partial / file.name);
    dropFromPageCache(partial / kStateFile);
    dropFromPageCache(partial / kManifestFile);
    return total;
}

/// Gives the finished folder its name. A checkpoint of this step that is already there (a resume from before
/// it, or a second request at the same step) changes places with it in one step, so a kill never leaves
/// neither.
Result<void> publish(const fs::path &partial, const fs::path &target)
{
    std::error_code error;
    if (!fs::exists(target, error)) return renameDurably(partial, target);
    if (::renameat2(AT_FDCWD, partial.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0) {
        ORRERY_TRY(syncDirectory(target.parent_path()));
        fs::remove_all(partial, error); // what was there before; cleanCheckpoints gets it otherwise
        return {};
    }
    if (errno != EINVAL && errno != ENOSYS) return ioError("rename", partial, errno);
    const fs::path old = target.string() + std::string(kDeletedSuffix);
    fs::remove_all(old, error);
    ORRERY_TRY(renameDurably(target, old));
    if (auto renamed = renameDurably(partial, target); !renamed) {
        if (!fs::exists(target, error)) fs::rename(old, target, error);
        return renamed;
    }
    fs::remove_all(old, error);
    return {};
}

Result<std::string> readPart(const fs::path &checkpoint, const char *name, uint64_t maxBytes)
{
    auto text = readFile(checkpoint / name, maxBytes);
    if (!text && text.error().code == ErrorCode::NotFound)
        return differs(checkpoint, std::string(name) + " is missing", "a whole checkpoint");
    return text;
}

Result<FullManifest> loadManifest(const fs::path &checkpoint)
{
    std::error_code error;
    if (!fs::is_directory(checkpoint, error))
        return Error{ErrorCode::NotFound,
                     "Cannot read checkpoint \"" + checkpoint.string() + "\": there is no such folder.",
                     "Choose another step."};
    ORRERY_ASSIGN(const std::string text, readPart(checkpoint, kManifestFile, kMaxManifestBytes));
    ORRERY_ASSIGN(FullManifest manifest, manifestFromText(checkpoint / kManifestFile, text));
    const auto step = stepFromName(checkpoint.filename().string());
    if (step && *step != manifest.shown.step)
        return differs(checkpoint, "manifest.json is of step " + std::to_string(manifest.shown.step),
                       std::to_string(*step));
    auto checkSize = [&](const std::string &name, uint64_t expected) -> Result<void> {
        std::error_code sizeError;
        const uint64_t found = fs::file_size(checkpoint / name, sizeError);
        if (sizeError) return differs(checkpoint, name + " is missing", "a whole checkpoint");
        if (found != expected)
            return differs(checkpoint, name + " has " + std::to_string(found) + " bytes",
                           std::to_string(expected));
        return {};
    };
    for (const auto &[name, record] : manifest.files) ORRERY_TRY(checkSize(name, record.numBytes));
    ORRERY_TRY(checkSize(kStateFile, manifest.stateBytes));
    return manifest;
}

Result<void> verifyFile(const fs::path &checkpoint, const std::string &name,
                        const FullManifest::FileRecord &record, const std::vector<TensorDigest> &expected)
{
    {
        ORRERY_ASSIGN(const MappedFile file, MappedFile::open(checkpoint / name));
        uint64_t headerBytes = 0;
        if (file.bytes().size() >= kSafetensorsPrefix)
            std::memcpy(&headerBytes, file.bytes().data(), sizeof headerBytes);
        // A damaged length may point anywhere; what it covers is hashed as far as the file goes and cannot
        // match.
        const uint64_t limit =
            file.bytes().size() - std::min<uint64_t>(file.bytes().size(), kSafetensorsPrefix);
        const uint64_t covered =
            std::min<uint64_t>(file.bytes().size(), kSafetensorsPrefix + std::min(headerBytes, limit));
        const std::string found =
            sha256Hex({reinterpret_cast<const char *>(file.bytes().data()), static_cast<size_t>(covered)});
        if (found != record.headerSha256)
            return differs(checkpoint, "the header of " + name + " has the SHA-256 " + found,
                           record.headerSha256);
    }
    ORRERY_ASSIGN(const SafetensorsReader reader, SafetensorsReader::open(checkpoint / name));
    if (reader.tensors().size() != expected.size())
        return differs(checkpoint, name + " holds " + std::to_string(reader.tensors().size()) + " tensors",
                       std::to_string(expected.size()));
    for (const TensorDigest &digest : expected) {
        const TensorInfo *tensor = reader.find(digest.name);
        if (!tensor)
            return differs(checkpoint, "tensor \"" + shownName(digest.name) + "\" is missing in " + name,
                           "all of the manifest");
        const auto bytes = reader.bytes(*tensor);
        const std::string found = sha256Hex({reinterpret_cast<const char *>(bytes.data()), bytes.size()});
        if (found != digest.sha256 || bytes.size() != digest.numBytes)
            return differs(checkpoint,
                           "tensor \"" + shownName(digest.name) + "\" in " + name + " has the SHA-256 " +
                               found,
                           digest.sha256);
    }
    return {};
}

} // namespace

Result<uint64_t> writeCheckpoint(const fs::path &checkpointsDirectory, const CheckpointContent &content)
{
    ORRERY_TRY(checkContent(checkpointsDirectory, content));
    const fs::path target = checkpointPath(checkpointsDirectory, content.step);
    const fs::path partial = target.string() + std::string(kPartialSuffix);
    std::error_code error;
    fs::create_directories(checkpointsDirectory, error);
    if (error) return ioError("create folder", checkpointsDirectory, error.value());
    fs::remove_all(partial, error);
    if (error) return ioError("remove", partial, error.value());
    fs::create_directory(partial, error);
    if (error) return ioError("create folder", partial, error.value());

    auto finish = [&]() -> Result<uint64_t> {
        ORRERY_ASSIGN(const uint64_t numBytes, writePartial(partial, content));
        // Read back under the partial name: what has its final name has been verified, at any kill.
        if (auto verified = verifyCheckpoint(partial); !verified)
            return Error{ErrorCode::Io, verified.error().message,
                         "The disk did not keep what was written to it. Check it before training goes on."};
        ORRERY_TRY(publish(partial, target));
        return numBytes;
    };
    Result<uint64_t> written = finish();
    if (!written) fs::remove_all(partial, error);
    return written;
}

Result<CheckpointManifest> verifyCheckpoint(const fs::path &checkpoint)
{
    ORRERY_ASSIGN(FullManifest manifest, loadManifest(checkpoint));
    ORRERY_ASSIGN(const std::string state, readPart(checkpoint, kStateFile, manifest.stateBytes));
    if (const std::string found = sha256Hex(state); found != manifest.shown.stateSha256)
        return differs(checkpoint, "state.json has the SHA-256 " + found, manifest.shown.stateSha256);
    for (const auto &[name, record] : manifest.files)
        ORRERY_TRY(verifyFile(checkpoint, name, record, manifest.shown.files[name]));
    return std::move(manifest.shown);
}

Result<CheckpointManifest> readManifest(const fs::path &checkpoint)
{
    ORRERY_ASSIGN(FullManifest manifest, loadManifest(checkpoint));
    return std::move(manifest.shown);
}

std::vector<int64_t> listCheckpoints(const fs::path &checkpointsDirectory)
{
    std::vector<int64_t> steps;
    std::error_code error;
    for (fs::directory_iterator it(checkpointsDirectory, error), end; !error && it != end;
         it.increment(error)) {
        const auto step = stepFromName(it->path().filename().string());
        std::error_code typeError;
        if (step && it->is_directory(typeError)) steps.push_back(*step);
    }
    std::sort(steps.begin(), steps.end());
    return steps;
}

fs::path checkpointPath(const fs::path &checkpointsDirectory, int64_t step)
{
    return checkpointsDirectory / stepName(step);
}

Result<FoundCheckpoint> findCheckpoint(const fs::path &checkpointsDirectory, std::optional<int64_t> maxStep)
{
    FoundCheckpoint found;
    const std::vector<int64_t> steps = listCheckpoints(checkpointsDirectory);
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
        if (maxStep && *step > *maxStep) continue;
        const fs::path path = checkpointPath(checkpointsDirectory, *step);
        Result<CheckpointManifest> manifest = verifyCheckpoint(path);
        if (manifest) {
            found.path = path;
            found.manifest = std::move(manifest).value();
            return found;
        }
        found.skipped.push_back(std::move(manifest).error());
    }
    const std::string range = maxStep ? " at or before step " + std::to_string(*maxStep) : std::string();
    std::string hint;
    for (const Error &error : found.skipped) hint += (hint.empty() ? "" : " ") + error.message;
    if (hint.empty())
        hint = steps.empty() ? "No checkpoint was written yet. Let the training reach its first one."
                             : "The earliest one is of step " + std::to_string(steps.front()) + ".";
    return Error{ErrorCode::NotFound,
                 "Cannot find a checkpoint in \"" + checkpointsDirectory.string() +
                     "\": " + (found.skipped.empty() ? "there is none" : "none verifies") + range +
                     ", expected one whole checkpoint.",
                 hint};
}

Result<void> removeCheckpoint(const fs::path &checkpointsDirectory, int64_t step)
{
    const fs::path path = checkpointPath(checkpointsDirectory, step);
    const fs::path deleted = path.string() + std::string(kDeletedSuffix);
    std::error_code error;
    if (!fs::is_directory(path, error))
        return Error{ErrorCode::NotFound,
                     "Cannot remove checkpoint \"" + path.string() + "\": there is no such folder.",
                     "List the run's checkpoints."};
    fs::remove_all(deleted, error);
    if (error) return ioError("remove", deleted, error.value());
    ORRERY_TRY(renameDurably(path, deleted));
    fs::remove_all(deleted, error);
    if (error) return ioError("remove", deleted, error.value());
    return {};
}

Result<void> cleanCheckpoints(const fs::path &checkpointsDirectory)
{
    std::vector<fs::path> leftovers;
    std::error_code error;
    if (!fs::exists(checkpointsDirectory, error)) return {};
    for (fs::directory_iterator it(checkpointsDirectory, error), end; !error && it != end;
         it.increment(error)) {
        const std::string name = it->path().filename().string();
        for (std::string_view suffix : {kPartialSuffix, kDeletedSuffix})
            if (name.ends_with(suffix) &&
                stepFromName(std::string_view(name).substr(0, name.size() - suffix.size())))
                leftovers.push_back(it->path());
    }
    if (error) return ioError("read folder", checkpointsDirectory, error.value());
    for (const fs::path &path : leftovers) {
        fs::remove_all(path, error);
        if (error) return ioError("remove", path, error.value());
    }
    return {};
}

} // namespace orrery
