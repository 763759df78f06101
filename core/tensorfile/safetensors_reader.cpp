// SPDX-License-Identifier: Apache-2.0
#include "core/tensorfile/safetensors_format.h"

#include "core/base/assert.h"
#include "core/base/checked.h"
#include "core/base/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_set>

namespace orrery {

static_assert(std::endian::native == std::endian::little,
              "safetensors data are used as they stand in the file");

namespace {

struct TypeRow {
    TensorType type;
    const char *name;
    size_t numBytes;
};
constexpr TypeRow kTypes[] = {
    {TensorType::F64, "F64", 8},   {TensorType::F32, "F32", 4}, {TensorType::F16, "F16", 2},
    {TensorType::BF16, "BF16", 2}, {TensorType::I64, "I64", 8}, {TensorType::I32, "I32", 4},
    {TensorType::I16, "I16", 2},   {TensorType::I8, "I8", 1},   {TensorType::U8, "U8", 1},
    {TensorType::Bool, "BOOL", 1},
};

constexpr const char *kDamagedHint =
    "The file is damaged or not a safetensors file. Take another copy of it.";

/// A broken rule of the header: what was found and what was expected.
struct Rule {
    std::string found;
    std::string expected;
};

/// Fills tensors and metadata from the parser's events and stops at the first thing that a header must not
/// hold. Working on events, not on a document, it sees duplicate names and allocates nothing for nested
/// garbage.
class HeaderHandler {
public:
    std::vector<TensorInfo> tensors;
    std::map<std::string, std::string> metadata;
    std::vector<uint64_t> ends; ///< data_offsets[1] of each tensor
    Rule broken;

    bool null() { return unexpected("null"); }
    bool boolean(bool) { return unexpected("a boolean"); }
    bool number_integer(int64_t value) { return unexpected("the number " + std::to_string(value)); }
    bool number_float(double, const std::string &text) { return unexpected("the number " + shownName(text)); }
    bool binary(std::vector<uint8_t> &) { return unexpected("binary"); }

    bool number_unsigned(uint64_t value)
    {
        if (m_place == Place::Shape) {
            if (tensors.back().shape.size() >= kMaxTensorDimensions)
                return fail("tensor \"" + shown() + "\" has more than " +
                                std::to_string(kMaxTensorDimensions) + " dimensions",
                            "at most that many");
            tensors.back().shape.push_back(value);
            return true;
        }
        if (m_place == Place::Offsets) {
            if (m_numOffsets == 0)
                tensors.back().offset = value;
            else if (m_numOffsets == 1)
                ends.back() = value;
            if (++m_numOffsets <= 2) return true;
            return fail("tensor \"" + shown() + "\" has more than two data_offsets", "begin and end");
        }
        return unexpected("the number " + std::to_string(value));
    }

    bool string(std::string &text)
    {
        if (m_place == Place::MetadataValue) {
            m_place = Place::Metadata;
            metadata[m_key] = text;
            return true;
        }
        if (m_place != Place::TypeValue) return unexpected("the text \"" + shownName(text) + "\"");
        tensors.back().type = tensorTypeFromName(text);
        if (tensors.back().type == TensorType::Unknown)
            return fail("tensor \"" + shown() + "\" has dtype \"" + shownName(text) + "\"",
                        "one of F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL");
        m_place = Place::Tensor;
        return true;
    }

    bool start_object(size_t)
    {
        switch (m_place) {
        case Place::Start:
            m_place = Place::Root;
            return true;
        case Place::RootValue:
            if (m_key == kSafetensorsMetadataKey) {
                m_place = Place::Metadata;
                return true;
            }
            tensors.push_back({});
            tensors.back().name = m_key;
            ends.push_back(0);
            m_hasType = m_hasShape = m_hasOffsets = false;
            m_place = Place::Tensor;
            return true;
        default:
            return unexpected("an object");
        }
    }

    bool key(std::string &name)
    {
        switch (m_place) {
        case Place::Root:
            if (!m_names.insert(name).second)
                return fail("the name \"" + shownName(name) + "\" stands twice", "each name once");
            m_key = name;
            m_place = Place::RootValue;
            return true;
        case Place::Metadata:
            if (metadata.count(name))
                return fail("the metadata key \"" + shownName(name) + "\" stands twice", "each key once");
            m_key = name;
            m_place = Place::MetadataValue;
            return true;
        case Place::Tensor:
            if (name == "dtype") return enter(m_hasType, name, Place::TypeValue);
            if (name == "shape") return enter(m_hasShape, name, Place::ShapeValue);
            if (name == "data_offsets") return enter(m_hasOffsets, name, Place::OffsetsValue);
            return fail("tensor \"" + shown() + "\" has a field \"" + shownName(name) + "\"",
                        "dtype, shape and data_offsets");
        default:
            return unexpected("the key \"" + shownName(name) + "\"");
        }
    }

    bool end_object()
    {
        if (m_place == Place::Tensor) {
            if (!m_hasType || !m_hasShape || !m_hasOffsets)
                return fail("tensor \"" + shown() + "\" lacks " +
                                (!m_hasType    ? "dtype"
                                 : !m_hasShape ? "shape"
                                               : "data_offsets"),
                            "dtype, shape and data_offsets");
            m_place = Place::Root;
            return true;
        }
        m_place = m_place == Place::Metadata ? Place::Root : Place::End;
        return true;
    }

    bool start_array(size_t)
    {
        if (m_place == Place::ShapeValue) {
            m_place = Place::Shape;
            return true;
        }
        if (m_place != Place::OffsetsValue) return unexpected("an array");
        m_place = Place::Offsets;
        m_numOffsets = 0;
        return true;
    }

    bool end_array()
    {
        if (m_place == Place::Offsets && m_numOffsets != 2)
            return fail("tensor \"" + shown() + "\" has " + std::to_string(m_numOffsets) + " data_offsets",
                        "begin and end");
        m_place = Place::Tensor;
        return true;
    }

    bool parse_error(size_t position, const std::string &, const nlohmann::detail::exception &)
    {
        return fail("the header is broken JSON at byte " + std::to_string(kSafetensorsPrefix + position),
                    "a JSON object");
    }

private:
    enum class Place : uint8_t {
        Start,
        Root,
        RootValue,
        Metadata,
        MetadataValue,
        Tensor,
        TypeValue,
        ShapeValue,
        Shape,
        OffsetsValue,
        Offsets,
        End,
    };

    std::string shown() const { return shownName(tensors.back().name); }

    bool fail(std::string found, std::string expected)
    {
        broken = {std::move(found), std::move(expected)};
        return false;
    }

    bool enter(bool &seen, const std::string &field, Place place)
    {
        if (std::exchange(seen, true))
            return fail("tensor \"" + shown() + "\" has " + field + " twice", "each field once");
        m_place = place;
        return true;
    }

    bool unexpected(const std::string &what)
    {
        switch (m_place) {
        case Place::Start:
            return fail("the header is " + what, "a JSON object");
        case Place::Metadata:
        case Place::MetadataValue:
            return fail("__metadata__ \"" + shownName(m_key) + "\" is " + what, "a text");
        case Place::TypeValue:
            return fail("dtype of tensor \"" + shown() + "\" is " + what, "a text");
        case Place::Shape:
        case Place::ShapeValue:
            return fail("shape of tensor \"" + shown() + "\" holds " + what,
                        "an array of whole numbers from 0");
        case Place::Offsets:
        case Place::OffsetsValue:
            return fail("data_offsets of tensor \"" + shown() + "\" hold " + what,
                        "two whole numbers from 0");
        default:
            return fail("entry \"" + shownName(m_key) + "\" is " + what,
                        "an object with dtype, shape and data_offsets");
        }
    }

    Place m_place = Place::Start;
    std::string m_key;
    std::unordered_set<std::string> m_names;
    bool m_hasType = false;
    bool m_hasShape = false;
    bool m_hasOffsets = false;
    int m_numOffsets = 0;
};

/// Sizes and places of all tensors against the data section; sorts them by offset.
std::optional<Rule> checkLayout(std::vector<TensorInfo> &tensors, const std::vector<uint64_t> &ends,
                                uint64_t dataBytes)
{
    for (size_t i = 0; i < tensors.size(); ++i) {
        TensorInfo &tensor = tensors[i];
        const std::string name = "tensor \"" + shownName(tensor.name) + "\"";
        const auto numElements = checkedProduct(tensor.shape);
        const auto numBytes =
            numElements ? checkedMul<uint64_t>(*numElements, tensorTypeBytes(tensor.type)) : std::nullopt;
        if (!numBytes) return Rule{"the dimensions of " + name + " overflow", "a size below 2^64 bytes"};
        if (ends[i] < tensor.offset)
            return Rule{name + " has data_offsets [" + std::to_string(tensor.offset) + ", " +
                            std::to_string(ends[i]) + "]",
                        "begin before end"};
        if (ends[i] > dataBytes)
            return Rule{name + " ends at byte " + std::to_string(ends[i]) + " of the data",
                        "at most " + std::to_string(dataBytes) + " (the file is truncated)"};
        if (ends[i] - tensor.offset != *numBytes)
            return Rule{name + " has " + std::to_string(ends[i] - tensor.offset) + " bytes",
                        std::to_string(*numBytes) + " by its dtype and shape"};
        tensor.numBytes = *numBytes;
    }
    // Empty tensors share their offset with the one behind them, so they come first.
    std::stable_sort(tensors.begin(), tensors.end(), [](const TensorInfo &a, const TensorInfo &b) {
        return a.offset != b.offset ? a.offset < b.offset : a.numBytes < b.numBytes;
    });
    uint64_t end = 0;
    for (const TensorInfo &tensor : tensors) {
        if (tensor.offset != end)
            return Rule{"tensor \"" + shownName(tensor.name) + "\" begins at byte " +
                            std::to_string(tensor.offset) + " of the data and " +
                            (tensor.offset < end ? "overlaps the one before" : "leaves a hole"),
                        "byte " + std::to_string(end)};
        end = tensor.offset + tensor.numBytes;
    }
    if (end != dataBytes)
        return Rule{std::to_string(dataBytes - end) + " bytes stand behind the last tensor", "none"};
    return std::nullopt;
}

} // namespace

const char *tensorTypeName(TensorType type)
{
    for (const TypeRow &row : kTypes)
        if (row.type == type) return row.name;
    return "unknown";
}

size_t tensorTypeBytes(TensorType type)
{
    for (const TypeRow &row : kTypes)
        if (row.type == type) return row.numBytes;
    return 0;
}

TensorType tensorTypeFromName(std::string_view name)
{
    for (const TypeRow &row : kTypes)
        if (name == row.name) return row.type;
    return TensorType::Unknown;
}

std::string shownName(std::string_view name)
{
    constexpr size_t kMaxShown = 120;
    std::string text = sanitizeUtf8(name.substr(0, kMaxShown));
    for (char &c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return name.size() > kMaxShown ? text + "…" : text;
}

Error fileRuleError(std::string_view action, const std::filesystem::path &path, const std::string &found,
                    const std::string &rule, std::string hint)
{
    return {ErrorCode::InvalidInput,
            "Cannot " + std::string(action) + " \"" + path.string() + "\": " + found + ", expected " + rule +
                ".",
            std::move(hint)};
}

Result<SafetensorsReader> SafetensorsReader::open(const std::filesystem::path &path)
{
    SafetensorsReader reader;
    ORRERY_ASSIGN(reader.m_file, MappedFile::open(path));
    const std::span<const std::byte> all = reader.m_file.bytes();
    auto refuse = [&path](const Rule &rule) {
        return fileRuleError("read", path, rule.found, rule.expected, kDamagedHint);
    };
    if (all.size() < kSafetensorsPrefix)
        return refuse(
            {"the file has " + std::to_string(all.size()) + " bytes", "8 bytes of header length at least"});
    uint64_t headerBytes = 0;
    std::memcpy(&headerBytes, all.data(), sizeof headerBytes);
    const uint64_t rest = all.size() - kSafetensorsPrefix;
    if (headerBytes > rest)
        return refuse({"the header length is " + std::to_string(headerBytes),
                       "at most " + std::to_string(rest) + " in a file of this size"});
    if (headerBytes > kMaxSafetensorsHeader)
        return refuse({"the header length is " + std::to_string(headerBytes),
                       "at most " + std::to_string(kMaxSafetensorsHeader)});
    const char *header = reinterpret_cast<const char *>(all.data()) + kSafetensorsPrefix;
    if (headerBytes == 0 || header[0] != '{')
        return refuse({"the header does not begin with \"{\"", "a JSON object"});

    // The parser takes a NUL for the end of its input, so anything could hide behind one.
    if (const void *nul = std::memchr(header, 0, headerBytes))
        return refuse({"the header is broken JSON at byte " +
                           std::to_string(kSafetensorsPrefix + (static_cast<const char *>(nul) - header)) +
                           " (NUL)",
                       "a JSON object"});
    HeaderHandler handler;
    if (!nlohmann::json::sax_parse(header, header + headerBytes, &handler)) return refuse(handler.broken);
    if (auto broken = checkLayout(handler.tensors, handler.ends, rest - headerBytes)) return refuse(*broken);
    reader.m_tensors = std::move(handler.tensors);
    reader.m_metadata = std::move(handler.metadata);
    reader.m_dataStart = kSafetensorsPrefix + headerBytes;
    return reader;
}

const TensorInfo *SafetensorsReader::find(const std::string &name) const
{
    for (const TensorInfo &tensor : m_tensors)
        if (tensor.name == name) return &tensor;
    return nullptr;
}

std::span<const std::byte> SafetensorsReader::bytes(const TensorInfo &info) const
{
    const std::span<const std::byte> data = m_file.bytes().subspan(m_dataStart);
    ORRERY_ASSERT(info.offset <= data.size() && info.numBytes <= data.size() - info.offset);
    return data.subspan(info.offset, info.numBytes);
}

} // namespace orrery
