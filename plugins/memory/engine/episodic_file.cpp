// SPDX-License-Identifier: Apache-2.0
#include "plugins/memory/engine/episodic_file.h"

#include "core/base/replace_file.h"
#include "core/base/terminal_text.h"
#include "core/base/text.h"
#include "core/tensorfile/memory_file.h"
#include "core/tensorfile/safetensors.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace orrery::memory {

namespace {

constexpr const char *kVersion = "2", *kFirstVersion = "1";
constexpr float kLongestKey = 1.01F; ///< of length 1, rounded to any type that a model has
constexpr float kLargestValue =
    65'504; ///< what fp16 holds; of larger ones sums overflow later, far from here

Error badFile(const std::filesystem::path &path, const std::string &found, const std::string &expected)
{
    return Error{ErrorCode::InvalidInput,
                 "Cannot read the episodic memory \"" + sanitizeUtf8(path.string()) + "\": " + found +
                     ", expected " + expected + ".",
                 "Use a file that the same model wrote."};
}

template <typename T> std::span<const std::byte> bytesOf(const std::vector<T> &values)
{
    return std::as_bytes(std::span(values));
}

constexpr const char *kTokensKey = "model.tokens", *kRunKey = "model.run", *kStepKey = "model.step";
constexpr const char *kEvictedKey = "evicted", *kSkippedKey = "skipped", *kRefusedKey = "refused";
constexpr size_t kLongestOrigin = 256; ///< bytes of a name or digest
constexpr size_t kShownBytes = 40;

std::string shownText(std::string_view text) { return terminalText(text, '?'); }

/// What cannot be read is not known, nor what no run is called.
MemoryOrigin originIn(const SafetensorsReader &reader)
{
    const auto textOf = [&](const char *key) {
        const auto found = reader.metadata().find(key);
        const bool isKnown = found != reader.metadata().end() && found->second.size() <= kLongestOrigin &&
                             shownText(found->second) == found->second;
        return isKnown ? found->second : std::string();
    };
    MemoryOrigin origin{textOf(kTokensKey), textOf(kRunKey)};
    const std::string step = textOf(kStepKey);
    int64_t value = -1;
    const auto [end, code] = std::from_chars(step.data(), step.data() + step.size(), value);
    if (code == std::errc() && end == step.data() + step.size() && value >= 0) origin.step = value;
    return origin;
}

/// A column of a table of records.
template <typename T, typename Rows, typename Get> std::vector<T> column(const Rows &rows, Get get)
{
    std::vector<T> values;
    values.reserve(rows.size());
    for (const auto &row : rows) values.push_back(static_cast<T>(get(row)));
    return values;
}

/// Reads named columns of a file and keeps the first thing that is wrong.
class Columns {
public:
    Columns(const SafetensorsReader &reader, const std::filesystem::path &path)
        : m_reader(reader), m_path(path)
    {
    }
    [[nodiscard]] Result<const TensorInfo *> find(const std::string &name, TensorType type,
                                                  const std::vector<uint64_t> &shape) const
    {
        const TensorInfo *info = m_reader.find(name);
        if (!info) return badFile(m_path, "tensor \"" + name + "\" is missing", "all tensors of a memory");
        if (info->type != type)
            return badFile(m_path, "tensor \"" + name + "\" is " + tensorTypeName(info->type),
                           tensorTypeName(type));
        if (info->shape != shape)
            return badFile(m_path, "tensor \"" + name + "\" has shape " + text(info->shape), text(shape));
        return info;
    }
    template <typename T>
    Result<std::vector<T>> read(const std::string &name, TensorType type,
                                const std::vector<uint64_t> &shape) const
    {
        ORRERY_ASSIGN(const TensorInfo *const info, find(name, type, shape));
        const auto bytes = m_reader.bytes(*info);
        std::vector<T> values(bytes.size() / sizeof(T));
        if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
        return values;
    }

    /// One number for each slot; where the file has no such tensor, all are `usual`.
    [[nodiscard]] Result<std::vector<float>> readOr(const std::string &name,
                                                    const std::vector<uint64_t> &shape, float usual) const
    {
        if (!m_reader.find(name)) return std::vector<float>(shape.front(), usual);
        return read<float>(name, TensorType::F32, shape);
    }

private:
    static std::string text(const std::vector<uint64_t> &shape)
    {
        std::string shown = "[";
        for (const uint64_t size : shape) shown += (shown.size() > 1 ? ", " : "") + std::to_string(size);
        return shown + "]";
    }
    const SafetensorsReader &m_reader;
    const std::filesystem::path &m_path;
};

Result<int64_t> countIn(const SafetensorsReader &reader, const std::string &key,
                        const std::filesystem::path &path)
{
    const auto found = reader.metadata().find(key);
    const std::string text = found == reader.metadata().end() ? std::string() : found->second;
    int64_t value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || end != text.data() + text.size() || value < 0)
        return badFile(path, "\"" + key + "\" is \"" + shownText(text.substr(0, kShownBytes)) + "\"",
                       "a whole number from 0");
    return value;
}

/// Files of before these were kept have none.
Result<int64_t> countOrUnknown(const SafetensorsReader &reader, const std::string &key,
                               const std::filesystem::path &path)
{
    if (!reader.metadata().contains(key)) return kUnknownCount;
    return countIn(reader, key, path);
}

Result<void> checkVectors(const std::filesystem::path &path, const EpisodicShape &shape,
                          const EpisodicImage &image)
{
    for (const float value : image.values_HSD)
        if (!(std::abs(value) <= kLargestValue)) // not even a number
            return badFile(path, "a value is " + std::to_string(value),
                           "numbers up to " + std::to_string(static_cast<int>(kLargestValue)));
    const auto width = static_cast<size_t>(shape.headWidth);
    for (size_t row = 0; row + width <= image.keys_HSD.size(); row += width) {
        double square = 0;
        for (size_t i = row; i < row + width; ++i) square += double(image.keys_HSD[i]) * image.keys_HSD[i];
        if (!(square <= double(kLongestKey) * kLongestKey))
            return badFile(path, "a key of length " + std::to_string(std::sqrt(square)),
                           "1, or 0 of a free slot");
    }
    return {};
}

/// Each event and each slot has names of its own in memory: a long one would stand there 100,000 times.
class NamedBytes {
public:
    explicit NamedBytes(const std::filesystem::path &path) : m_path(path) {}
    Result<void> add(const std::string &name)
    {
        m_numBytes += name.size();
        if (m_numBytes <= kMost) return {};
        return badFile(m_path, "the names of its sources take more than " + formatBytes(kMost),
                       "shorter names of slots and events");
    }

private:
    static constexpr uint64_t kMost = uint64_t{128} << 20;
    const std::filesystem::path &m_path;
    uint64_t m_numBytes = 0;
};

/// Who read what last, and what is no text.
Result<void> readReads(const Columns &columns, const SafetensorsReader &reader,
                       const std::filesystem::path &path, const EpisodicShape &own,
                       EpisodicStore::Image &image)
{
    const auto numSlots = static_cast<uint64_t>(image.slots.size());
    const std::vector<uint64_t> shape = {numSlots};
    ORRERY_ASSIGN(const auto kinds, columns.read<uint8_t>("slots.modality", TensorType::U8, shape));
    ORRERY_ASSIGN(const auto at, columns.read<int64_t>("slots.read_at", TensorType::I64, shape));
    ORRERY_ASSIGN(const auto place, columns.read<int64_t>("slots.read_place", TensorType::I64, shape));
    ORRERY_ASSIGN(const auto token, columns.read<int32_t>("slots.read_token", TensorType::I32, shape));
    ORRERY_ASSIGN(const auto number, columns.read<int32_t>("slots.reader", TensorType::I32, shape));
    ORRERY_ASSIGN(const auto head, columns.read<int32_t>("slots.read_head", TensorType::I32, shape));
    ORRERY_ASSIGN(const auto weight, columns.read<float>("slots.read_weight", TensorType::F32, shape));
    ORRERY_ASSIGN(const auto by, columns.read<uint8_t>("slots.read_modality", TensorType::U8, shape));
    for (int64_t i = 0; i < kMaxSlots; ++i) {
        const auto name = reader.metadata().find("reader." + std::to_string(i));
        if (name == reader.metadata().end()) break;
        image.readers.push_back(name->second);
    }
    NamedBytes named(path);
    for (size_t i = 0; i < numSlots; ++i) {
        if (number[i] < -1 || number[i] >= std::ssize(image.readers))
            return badFile(path,
                           "slot " + std::to_string(i) + " was read by source " + std::to_string(number[i]),
                           "−1 (none) or one of the " + std::to_string(image.readers.size()) +
                               " that are named, from 0");
        if (number[i] >= 0) ORRERY_TRY(named.add(image.readers[static_cast<size_t>(number[i])]));
        if (head[i] < -1 || head[i] >= own.numHeads)
            return badFile(path, "slot " + std::to_string(i) + " was read by head " + std::to_string(head[i]),
                           "−1 (not known) to " + std::to_string(own.numHeads - 1));
        image.slots[i].modality = static_cast<Modality>(kinds[i]);
        image.slots[i].read = {
            at[i], place[i], token[i], number[i], head[i], weight[i], static_cast<Modality>(by[i])};
    }
    return {};
}

Result<void> readSlots(const Columns &columns, uint64_t numSlots, std::vector<Slot> &slots)
{
    const std::vector<uint64_t> shape = {numSlots};
    ORRERY_ASSIGN(const auto event, columns.read<int64_t>("slots.event", TensorType::I64, shape));
    ORRERY_ASSIGN(const auto serial, columns.read<int64_t>("slots.serial", TensorType::I64, shape));
    ORRERY_ASSIGN(const auto position, columns.read<int64_t>("slots.position", TensorType::I64, shape));
    ORRERY_ASSIGN(const auto step, columns.read<int64_t>("slots.step", TensorType::I64, shape));
    ORRERY_ASSIGN(const auto token, columns.read<int32_t>("slots.token", TensorType::I32, shape));
    ORRERY_ASSIGN(const auto usage, columns.read<double>("slots.usage", TensorType::F64, shape));
    // Files of before these were kept have neither.
    ORRERY_ASSIGN(const auto surprise, columns.readOr("slots.surprise", shape, 0));
    ORRERY_ASSIGN(const auto strength, columns.readOr("slots.strength", shape, 1));
    slots.resize(numSlots);
    for (size_t i = 0; i < slots.size(); ++i)
        slots[i] = {event[i], serial[i],   position[i], step[i],           token[i],
                    usage[i], surprise[i], strength[i], Modality::Unknown, false, {.at = LastRead::kNotKnown}};
    return {};
}

Result<void> readEvents(const Columns &columns, const SafetensorsReader &reader,
                        const std::filesystem::path &path, uint64_t numSlots,
                        std::vector<EpisodicStore::Image::EventRow> &events)
{
    const TensorInfo *ids = reader.find("events.id");
    const uint64_t numEvents = ids && ids->shape.size() == 1 ? ids->shape[0] : 0;
    if (numEvents > numSlots)
        return badFile(path, std::to_string(numEvents) + " events of " + std::to_string(numSlots) + " slots",
                       "a slot of each event at least");
    const std::vector<uint64_t> shape = {numEvents};
    ORRERY_ASSIGN(const auto id, columns.read<int64_t>("events.id", TensorType::I64, shape));
    ORRERY_ASSIGN(const auto first, columns.read<int64_t>("events.first", TensorType::I64, shape));
    ORRERY_ASSIGN(const auto last, columns.read<int64_t>("events.last", TensorType::I64, shape));
    ORRERY_ASSIGN(const auto begun, columns.read<int64_t>("events.begun", TensorType::I64, shape));
    ORRERY_ASSIGN(const auto source, columns.read<int64_t>("events.source", TensorType::I64, shape));
    ORRERY_ASSIGN(const auto pinned, columns.read<uint8_t>("events.pinned", TensorType::U8, shape));
    NamedBytes named(path);
    for (size_t i = 0; i < id.size(); ++i) {
        const auto name = reader.metadata().find("source." + std::to_string(source[i]));
        if (name == reader.metadata().end())
            return badFile(path,
                           "event " + std::to_string(id[i]) + " is of source " + std::to_string(source[i]),
                           "a source that the file names");
        ORRERY_TRY(named.add(name->second));
        events.push_back({id[i], first[i], last[i], begun[i], pinned[i] != 0, name->second});
    }
    return {};
}

} // namespace

Result<void> writeEpisodicFile(const std::filesystem::path &path, const EpisodicShape &shape,
                               const EpisodicStore::Image &store, std::span<const float> keys_HSD,
                               std::span<const float> values_HSD, const MemoryOrigin &origin)
{
    std::map<std::string, std::string> metadata = {{"format", kMemoryFileFormat},
                                                   {"version", kVersion},
                                                   {"serial", std::to_string(store.serial)},
                                                   {"read", std::to_string(store.numRead)},
                                                   {"clock", std::to_string(store.clock)}};
    for (const auto &[key, count] : {std::pair{kEvictedKey, store.numEvicted},
                                     {kSkippedKey, store.numSkipped},
                                     {kRefusedKey, store.numRefused}})
        if (isKnownCount(count)) metadata[key] = std::to_string(count);
    if (!origin.tokens.empty()) metadata[kTokensKey] = origin.tokens;
    if (!origin.run.empty()) metadata[kRunKey] = sanitizeUtf8(origin.run);
    if (origin.step >= 0) metadata[kStepKey] = std::to_string(origin.step);
    for (size_t i = 0; i < store.readers.size(); ++i)
        metadata["reader." + std::to_string(i)] = sanitizeUtf8(store.readers[i]);
    std::vector<std::string> sources;
    std::vector<int64_t> sourceOfEvent;
    for (const auto &event : store.events) {
        const auto found = std::find(sources.begin(), sources.end(), event.source);
        sourceOfEvent.push_back(found - sources.begin());
        if (found != sources.end()) continue;
        metadata["source." + std::to_string(sources.size())] = sanitizeUtf8(event.source);
        sources.push_back(event.source);
    }
    const auto event = column<int64_t>(store.slots, [](const Slot &slot) { return slot.event; });
    const auto serial = column<int64_t>(store.slots, [](const Slot &slot) { return slot.serial; });
    const auto position = column<int64_t>(store.slots, [](const Slot &slot) { return slot.position; });
    const auto step = column<int64_t>(store.slots, [](const Slot &slot) { return slot.step; });
    const auto token = column<int32_t>(store.slots, [](const Slot &slot) { return slot.tokenId; });
    const auto usage = column<double>(store.slots, [](const Slot &slot) { return slot.usage; });
    const auto surprise = column<float>(store.slots, [](const Slot &slot) { return slot.surprise; });
    const auto strength = column<float>(store.slots, [](const Slot &slot) { return slot.strength; });
    const auto kind = column<uint8_t>(store.slots, [](const Slot &slot) { return slot.modality; });
    const auto readAt = column<int64_t>(store.slots, [](const Slot &slot) { return slot.read.at; });
    const auto readPlace = column<int64_t>(store.slots, [](const Slot &slot) { return slot.read.place; });
    const auto readToken = column<int32_t>(store.slots, [](const Slot &slot) { return slot.read.tokenId; });
    const auto reader = column<int32_t>(store.slots, [](const Slot &slot) { return slot.read.reader; });
    const auto readHead = column<int32_t>(store.slots, [](const Slot &slot) { return slot.read.head; });
    const auto readWeight = column<float>(store.slots, [](const Slot &slot) { return slot.read.weight; });
    const auto readKind = column<uint8_t>(store.slots, [](const Slot &slot) { return slot.read.modality; });
    const auto id = column<int64_t>(store.events, [](const auto &row) { return row.id; });
    const auto first = column<int64_t>(store.events, [](const auto &row) { return row.first; });
    const auto last = column<int64_t>(store.events, [](const auto &row) { return row.last; });
    const auto begun = column<int64_t>(store.events, [](const auto &row) { return row.begun; });
    const auto pinned = column<uint8_t>(store.events, [](const auto &row) { return row.isPinned; });
    const std::vector<uint64_t> slots = {store.slots.size()}, events = {store.events.size()};
    const std::vector<uint64_t> heads = {static_cast<uint64_t>(shape.numHeads), store.slots.size(),
                                         static_cast<uint64_t>(shape.headWidth)};
    const std::vector<TensorSource> tensors = {
        {"keys", TensorType::F32, heads, std::as_bytes(keys_HSD)},
        {"values", TensorType::F32, heads, std::as_bytes(values_HSD)},
        {"slots.event", TensorType::I64, slots, bytesOf(event)},
        {"slots.serial", TensorType::I64, slots, bytesOf(serial)},
        {"slots.position", TensorType::I64, slots, bytesOf(position)},
        {"slots.step", TensorType::I64, slots, bytesOf(step)},
        {"slots.token", TensorType::I32, slots, bytesOf(token)},
        {"slots.usage", TensorType::F64, slots, bytesOf(usage)},
        {"slots.surprise", TensorType::F32, slots, bytesOf(surprise)},
        {"slots.strength", TensorType::F32, slots, bytesOf(strength)},
        {"slots.modality", TensorType::U8, slots, bytesOf(kind)},
        {"slots.read_at", TensorType::I64, slots, bytesOf(readAt)},
        {"slots.read_place", TensorType::I64, slots, bytesOf(readPlace)},
        {"slots.read_token", TensorType::I32, slots, bytesOf(readToken)},
        {"slots.reader", TensorType::I32, slots, bytesOf(reader)},
        {"slots.read_head", TensorType::I32, slots, bytesOf(readHead)},
        {"slots.read_weight", TensorType::F32, slots, bytesOf(readWeight)},
        {"slots.read_modality", TensorType::U8, slots, bytesOf(readKind)},
        {"events.id", TensorType::I64, events, bytesOf(id)},
        {"events.first", TensorType::I64, events, bytesOf(first)},
        {"events.last", TensorType::I64, events, bytesOf(last)},
        {"events.begun", TensorType::I64, events, bytesOf(begun)},
        {"events.source", TensorType::I64, events, bytesOf(sourceOfEvent)},
        {"events.pinned", TensorType::U8, events, bytesOf(pinned)}};
    // Beside its place and then renamed: the file that is there is whole until then, and may be mapped.
    return replaceFile(path, [&](const std::filesystem::path &temporary) -> Result<void> {
        const auto written = writeSafetensors(temporary, tensors, metadata);
        return written.ok() ? Result<void>() : written.error();
    });
}

Result<EpisodicImage> readEpisodicFile(const std::filesystem::path &path, const EpisodicShape &shape,
                                       int64_t capacity)
{
    ORRERY_ASSIGN(const SafetensorsReader reader, SafetensorsReader::open(path));
    const auto format = reader.metadata().find("format"), version = reader.metadata().find("version");
    if (format == reader.metadata().end() || format->second != kMemoryFileFormat)
        return badFile(path, "it is not marked as one", std::string("format \"") + kMemoryFileFormat + "\"");
    const bool isFirst = version != reader.metadata().end() && version->second == kFirstVersion;
    if (version == reader.metadata().end() || (!isFirst && version->second != kVersion))
        return badFile(path, "its version is another one",
                       std::string("version ") + kFirstVersion + " or " + kVersion);
    const TensorInfo *keys = reader.find("keys");
    const uint64_t numSlots = keys && keys->shape.size() == 3 ? keys->shape[1] : 0;
    if (numSlots > static_cast<uint64_t>(capacity))
        return badFile(path, std::to_string(numSlots) + " slots",
                       "at most " + std::to_string(capacity) + " (plugins.memory.episodic_size)");
    const Columns columns(reader, path);
    const std::vector<uint64_t> heads = {static_cast<uint64_t>(shape.numHeads), numSlots,
                                         static_cast<uint64_t>(shape.headWidth)};
    EpisodicImage image;
    image.origin = originIn(reader);
    ORRERY_ASSIGN(image.keys_HSD, columns.read<float>("keys", TensorType::F32, heads));
    ORRERY_ASSIGN(image.values_HSD, columns.read<float>("values", TensorType::F32, heads));
    ORRERY_TRY(checkVectors(path, shape, image));
    ORRERY_TRY(readSlots(columns, numSlots, image.store.slots));
    ORRERY_TRY(readEvents(columns, reader, path, numSlots, image.store.events));
    ORRERY_ASSIGN(image.store.serial, countIn(reader, "serial", path));
    ORRERY_ASSIGN(image.store.numRead, countIn(reader, "read", path));
    ORRERY_ASSIGN(image.store.numEvicted, countOrUnknown(reader, kEvictedKey, path));
    ORRERY_ASSIGN(image.store.numSkipped, countOrUnknown(reader, kSkippedKey, path));
    ORRERY_ASSIGN(image.store.numRefused, countOrUnknown(reader, kRefusedKey, path));
    image.store.clock = image.store.numRead;
    if (isFirst) return image;
    ORRERY_ASSIGN(image.store.clock, countIn(reader, "clock", path));
    ORRERY_TRY(readReads(columns, reader, path, shape, image.store));
    return image;
}

} // namespace orrery::memory
