// SPDX-License-Identifier: Apache-2.0
#include "core/store/run_labels.h"

#include "core/base/files.h"
#include "core/base/text.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>

namespace orrery {

namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

constexpr int kLabelsVersion = 1;
/// Notes of 64 KiB in which every byte is escaped (\u0001), and tags.
constexpr uint64_t kMaxFileBytes = uint64_t{1} << 20;

size_t numCharacters(const std::string &text)
{
    return static_cast<size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

bool hasControls(const std::string &text)
{
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7F; });
}

Error refusal(const std::string &run, const std::string &found, const std::string &expected,
              const std::string &hint)
{
    return Error{ErrorCode::InvalidInput,
                 "Cannot edit run \"" + sanitizeUtf8(run) + "\": " + found + ", expected " + expected + ".",
                 hint};
}

/// Start of a long text, for a message.
std::string quoted(const std::string &text)
{
    constexpr size_t kShown = 80;
    return "\"" + sanitizeUtf8(text.size() > kShown ? text.substr(0, kShown) + "…" : text) + "\"";
}

Result<void> checkTag(const std::string &tag, const std::string &run)
{
    if (!isValidUtf8(tag) || hasControls(tag))
        return refusal(run, "tag " + quoted(tag) + " is no line of UTF-8", "readable text",
                       "Choose another tag.");
    if (tag.find_first_not_of(' ') == std::string::npos)
        return refusal(run, "a tag is " + quoted(tag), "1 to 64 characters", "Leave the empty tag out.");
    if (const size_t length = numCharacters(tag); length > kMaxTagCharacters)
        return refusal(run, "tag " + quoted(tag) + " has " + std::to_string(length) + " characters",
                       "at most 64", "Make it shorter, or write it into the notes.");
    return {};
}

Error broken(const fs::path &file, const std::string &found, const std::string &expected)
{
    return Error{
        ErrorCode::InvalidInput,
        "Cannot read the labels in \"" + file.string() + "\": the file " + found + ", expected " + expected +
            ".",
        "The run itself is fine. Edit its tags or notes to write the file anew; the broken one is kept "
        "beside it."};
}

Result<StoredLabels> labelsFromJson(const fs::path &file, const std::string &text)
{
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return broken(file, "is not a JSON object", "name, tags, notes and archived");
    const auto version = json.find("labels_version");
    if (version == json.end() || !version->is_number_integer())
        return broken(file, "has no labels_version", "a number");
    if (version->get<int64_t>() > kLabelsVersion)
        return Error{ErrorCode::Conflict,
                     "Cannot read the labels in \"" + file.string() + "\": labels_version is " +
                         version->dump() + ", expected " + std::to_string(kLabelsVersion) + " or older.",
                     "They were written by a newer program: update this one."};
    StoredLabels stored;
    RunEdit all;
    for (const auto &[key, value] : json.items()) {
        if (key == "name" || key == "notes") {
            if (!value.is_string()) return broken(file, "has a \"" + key + "\" that is no text", "text");
            (key == "name" ? stored.name : stored.labels.notes) = value.get<std::string>();
        } else if (key == "archived") {
            if (!value.is_boolean())
                return broken(file, "has an \"archived\" that is neither", "true or false");
            stored.labels.isArchived = value.get<bool>();
        } else if (key == "tags") {
            const bool isList =
                value.is_array() &&
                std::all_of(value.begin(), value.end(), [](const Json &tag) { return tag.is_string(); });
            if (!isList) return broken(file, "has \"tags\" that are no list of texts", "a list of texts");
            stored.labels.tags = value.get<std::vector<std::string>>();
        }
    }
    all.name = stored.name;
    all.tags = stored.labels.tags;
    all.notes = stored.labels.notes;
    if (const auto checked = checkRunEdit(all, file.parent_path().filename().string()); !checked)
        return broken(file, "breaks a rule (" + checked.error().message + ")", "what an edit may write");
    return stored;
}

std::string labelsToJson(const StoredLabels &stored)
{
    const Json json = {{"labels_version", kLabelsVersion},
                       {"name", stored.name},
                       {"tags", stored.labels.tags},
                       {"notes", stored.labels.notes},
                       {"archived", stored.labels.isArchived}};
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// Held while one edits. On the folder itself, so that no file more stands in it.
Result<FileDescriptor> lockFolder(const fs::path &folder)
{
    FileDescriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!descriptor.isOpen()) return ioError("open", folder, errno);
    while (::flock(descriptor.get(), LOCK_EX) != 0)
        if (errno != EINTR) return ioError("lock", folder, errno);
    return descriptor;
}

/// Out of the way, under a name that is free: labels.json.broken, .broken~2 …
Result<void> keepBroken(const fs::path &file)
{
    const std::string name = file.string() + ".broken";
    fs::path free = name;
    std::error_code ignored;
    for (int number = 2; fs::exists(fs::symlink_status(free, ignored)); ++number)
        free = name + "~" + std::to_string(number);
    return renameDurably(file, free);
}

void apply(const RunEdit &edit, StoredLabels &stored)
{
    if (edit.name) stored.name = *edit.name;
    if (edit.notes) stored.labels.notes = *edit.notes;
    if (edit.isArchived) stored.labels.isArchived = *edit.isArchived;
    if (!edit.tags) return;
    stored.labels.tags.clear();
    for (const std::string &tag : *edit.tags)
        if (std::find(stored.labels.tags.begin(), stored.labels.tags.end(), tag) == stored.labels.tags.end())
            stored.labels.tags.push_back(tag);
}

} // namespace

Result<StoredLabels> readRunLabels(const fs::path &runDirectory)
{
    const fs::path file = runDirectory / kLabelsFile;
    auto text = readFile(file, kMaxFileBytes);
    if (!text) {
        if (text.error().code == ErrorCode::NotFound) return StoredLabels{};
        return std::move(text).error();
    }
    return labelsFromJson(file, *text);
}

Result<void> checkRunEdit(const RunEdit &edit, const std::string &run)
{
    if (edit.name) {
        if (!isValidUtf8(*edit.name) || hasControls(*edit.name))
            return refusal(run, "the name " + quoted(*edit.name) + " is no line of UTF-8", "readable text",
                           "Choose another name.");
        if (const size_t length = numCharacters(*edit.name); length > kMaxRunNameCharacters)
            return refusal(run, "the name has " + std::to_string(length) + " characters", "at most 200",
                           "Make it shorter, or write it into the notes.");
    }
    if (edit.tags) {
        if (edit.tags->size() > kMaxTags)
            return refusal(run, "there are " + std::to_string(edit.tags->size()) + " tags", "at most 64",
                           "Take some off.");
        for (const std::string &tag : *edit.tags) ORRERY_TRY(checkTag(tag, run));
    }
    if (edit.notes) {
        if (edit.notes->size() > kMaxNotesBytes)
            return refusal(run, "the notes have " + std::to_string(edit.notes->size()) + " bytes",
                           "at most 65536", "Shorten them, or keep them in a file beside the run.");
        if (!isValidUtf8(*edit.notes) || edit.notes->find('\0') != std::string::npos)
            return refusal(run, "the notes are no UTF-8", "text", "Save them as UTF-8.");
    }
    return {};
}

Result<StoredLabels> editRunLabels(const fs::path &runDirectory, const std::string &run,
                                   const std::function<RunEdit(const StoredLabels &)> &edit)
{
    ORRERY_ASSIGN(const FileDescriptor lock, lockFolder(runDirectory));
    StoredLabels stored;
    auto known = readRunLabels(runDirectory);
    if (!known && known.error().code != ErrorCode::InvalidInput) return known.error();
    if (known) stored = *known;
    const RunEdit wanted = edit(stored);
    ORRERY_TRY(checkRunEdit(wanted, run));
    if (!known) ORRERY_TRY(keepBroken(runDirectory / kLabelsFile));
    apply(wanted, stored);
    ORRERY_TRY(writeFileAtomically(runDirectory / kLabelsFile, labelsToJson(stored)));
    return stored;
}

} // namespace orrery
