// SPDX-License-Identifier: Apache-2.0
#include "core/store/tfevents_proto.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace orrery::store {

namespace {

enum class Wire : uint8_t { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

struct Field {
    uint32_t number = 0;
    Wire wire = Wire::Varint;
    uint64_t value = 0;     ///< of Varint, Fixed64 and Fixed32
    std::string_view bytes; ///< of Bytes
};

/// The fields of a message, one after the other. Ends at the first thing that is none: isBroken() then.
class FieldReader {
public:
    explicit FieldReader(std::string_view message) : m_left(message) {}
    bool next(Field &field)
    {
        if (m_left.empty() || m_isBroken) return false;
        uint64_t key = 0;
        if (!varint(key) || key >> 3 == 0 || key >> 3 > 0x1FFFFFFF) return fail();
        field.number = static_cast<uint32_t>(key >> 3);
        field.wire = static_cast<Wire>(key & 7);
        switch (field.wire) {
        case Wire::Varint:
            return varint(field.value) || fail();
        case Wire::Fixed64:
            return fixed(field.value, 8) || fail();
        case Wire::Fixed32:
            return fixed(field.value, 4) || fail();
        case Wire::Bytes: {
            uint64_t length = 0;
            if (!varint(length) || length > m_left.size()) return fail();
            field.bytes = m_left.substr(0, length);
            m_left.remove_prefix(length);
            return true;
        }
        }
        return fail(); // groups are not used by anybody
    }
    bool varint(uint64_t &value)
    {
        value = 0;
        for (unsigned shift = 0; shift < 70; shift += 7) {
            if (m_left.empty()) return false;
            const auto byte = static_cast<uint8_t>(m_left.front());
            m_left.remove_prefix(1);
            if (shift < 64) value |= static_cast<uint64_t>(byte & 0x7F) << shift;
            if (!(byte & 0x80)) return true;
        }
        return false;
    }
    bool fixed(uint64_t &value, size_t numBytes)
    {
        if (m_left.size() < numBytes) return false;
        value = 0;
        std::memcpy(&value, m_left.data(), numBytes);
        m_left.remove_prefix(numBytes);
        return true;
    }
    [[nodiscard]] bool isBroken() const { return m_isBroken; }
    [[nodiscard]] bool isEmpty() const { return m_left.empty(); }

private:
    bool fail()
    {
        m_isBroken = true;
        return false;
    }
    std::string_view m_left;
    bool m_isBroken = false;
};

double halfToDouble(uint16_t bits)
{
    const int exponent = (bits >> 10) & 0x1F;
    const int mantissa = bits & 0x3FF;
    const double sign = bits & 0x8000 ? -1 : 1;
    if (exponent == 31) return mantissa ? std::numeric_limits<double>::quiet_NaN() : sign * INFINITY;
    if (exponent == 0) return sign * std::ldexp(mantissa, -24);
    return sign * std::ldexp(1024 + mantissa, exponent - 25);
}

double bfloatToDouble(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

/// How one element of a type looks in tensor_content and in its own list.
struct TypeRule {
    uint64_t type;
    uint32_t listField;
    Wire listWire; ///< of one element
    size_t numBytes;
    double (*toDouble)(uint64_t bits);
};

constexpr uint64_t kDouble = 2;
constexpr std::array<TypeRule, 14> kTypes = {{
    {1, 5, Wire::Fixed32, 4,
     [](uint64_t b) -> double { return std::bit_cast<float>(static_cast<uint32_t>(b)); }},
    {kDouble, 6, Wire::Fixed64, 8, [](uint64_t b) { return std::bit_cast<double>(b); }},
    {3, 7, Wire::Varint, 4, [](uint64_t b) -> double { return static_cast<int32_t>(b); }},
    {4, 7, Wire::Varint, 1, [](uint64_t b) -> double { return static_cast<uint8_t>(b); }},
    {5, 7, Wire::Varint, 2, [](uint64_t b) -> double { return static_cast<int16_t>(b); }},
    {6, 7, Wire::Varint, 1, [](uint64_t b) -> double { return static_cast<int8_t>(b); }},
    {9, 10, Wire::Varint, 8, [](uint64_t b) { return static_cast<double>(static_cast<int64_t>(b)); }},
    {10, 11, Wire::Varint, 1, [](uint64_t b) -> double { return (b & 0xFF) != 0; }},
    {14, 13, Wire::Varint, 2, [](uint64_t b) { return bfloatToDouble(static_cast<uint16_t>(b)); }},
    {17, 7, Wire::Varint, 2, [](uint64_t b) -> double { return static_cast<uint16_t>(b); }},
    {19, 13, Wire::Varint, 2, [](uint64_t b) { return halfToDouble(static_cast<uint16_t>(b)); }},
    {22, 16, Wire::Varint, 4, [](uint64_t b) -> double { return static_cast<uint32_t>(b); }},
    {23, 17, Wire::Varint, 8, [](uint64_t b) { return static_cast<double>(b); }},
    {0, 0, Wire::Varint, 0, nullptr},
}};

const TypeRule *ruleOf(uint64_t type)
{
    for (const TypeRule &rule : kTypes)
        if (rule.toDouble && rule.type == type) return &rule;
    return nullptr;
}

/// Number of elements of a shape, up to 2; 0 when it is broken or empty.
int numElements(std::string_view shape)
{
    int count = 1;
    FieldReader fields(shape);
    for (Field field; fields.next(field);) {
        if (field.number != 2 || field.wire != Wire::Bytes) continue;
        uint64_t size = 0; // a dimension without a size has none
        FieldReader dimension(field.bytes);
        for (Field part; dimension.next(part);)
            if (part.number == 1 && part.wire == Wire::Varint) size = part.value;
        if (dimension.isBroken() || size == 0) return 0;
        if (size > 1) count = 2;
    }
    return fields.isBroken() ? 0 : count;
}

/// Number and value of the elements in a list field, packed or one by one.
bool readList(const Field &field, const TypeRule &rule, uint64_t &bits, int &count)
{
    if (field.wire == rule.listWire) {
        bits = field.value;
        ++count;
        return true;
    }
    if (field.wire != Wire::Bytes) return false;
    FieldReader packed(field.bytes);
    while (!packed.isEmpty() && count < 2) {
        const bool isRead =
            rule.listWire == Wire::Varint ? packed.varint(bits) : packed.fixed(bits, rule.numBytes);
        if (!isRead) return false;
        ++count;
    }
    return true;
}

bool readTensor(std::string_view tensor, TfValue &value)
{
    uint64_t type = 0;
    int numOfShape = 1;
    std::string_view content;
    FieldReader fields(tensor);
    for (Field field; fields.next(field);) {
        if (field.number == 1 && field.wire == Wire::Varint) type = field.value;
        if (field.number == 2 && field.wire == Wire::Bytes) numOfShape = numElements(field.bytes);
        if (field.number == 4 && field.wire == Wire::Bytes) content = field.bytes;
    }
    if (fields.isBroken()) return false;
    const TypeRule *rule = ruleOf(type);
    if (!rule || numOfShape != 1) return true;
    uint64_t bits = 0;
    int count = 0;
    if (!content.empty()) {
        if (content.size() != rule->numBytes) return true;
        std::memcpy(&bits, content.data(), rule->numBytes);
        count = 1;
    } else {
        FieldReader again(tensor);
        for (Field field; again.next(field);)
            if (field.number == rule->listField && !readList(field, *rule, bits, count)) return false;
    }
    if (count != 1) return true;
    value.number = rule->toDouble(bits);
    value.hasNumber = true;
    constexpr double kExactIntegers = 9007199254740992.0;
    value.isRounded = rule->numBytes == 8 && type != kDouble && std::abs(value.number) > kExactIntegers;
    return true;
}

bool readMetadata(std::string_view metadata, TfValue &value)
{
    FieldReader fields(metadata);
    for (Field field; fields.next(field);) {
        if (field.number != 1 || field.wire != Wire::Bytes) continue;
        FieldReader plugin(field.bytes);
        for (Field part; plugin.next(part);)
            if (part.number == 1 && part.wire == Wire::Bytes) value.plugin = part.bytes;
        if (plugin.isBroken()) return false;
    }
    return !fields.isBroken();
}

bool readValue(std::string_view bytes, TfValue &value)
{
    FieldReader fields(bytes);
    for (Field field; fields.next(field);) {
        const bool isMessage = field.wire == Wire::Bytes;
        if (field.number == 1 && isMessage) value.tag = field.bytes;
        if (field.number == 2 && field.wire == Wire::Fixed32) {
            value.kind = TfKind::Number;
            value.number = std::bit_cast<float>(static_cast<uint32_t>(field.value));
            value.hasNumber = true;
        }
        if ((field.number == 3 || field.number == 5) && isMessage) value.kind = TfKind::Histogram;
        if (field.number == 4 && isMessage) value.kind = TfKind::Image;
        if (field.number == 6 && isMessage) value.kind = TfKind::Audio;
        if (field.number == 9 && isMessage && !readMetadata(field.bytes, value)) return false;
        if (field.number == 8 && isMessage) {
            value.kind = TfKind::Tensor;
            if (!readTensor(field.bytes, value)) return false;
        }
    }
    return !fields.isBroken();
}

void putVarint(std::string &out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
    out.push_back(static_cast<char>(value));
}
void putKey(std::string &out, uint32_t number, Wire wire)
{
    putVarint(out, (static_cast<uint64_t>(number) << 3) | static_cast<uint64_t>(wire));
}
void putNumber(std::string &out, uint32_t number, uint64_t value)
{
    putKey(out, number, Wire::Varint);
    putVarint(out, value);
}
template <typename T> void putFixed(std::string &out, uint32_t number, T value)
{
    putKey(out, number, sizeof value == 8 ? Wire::Fixed64 : Wire::Fixed32);
    out.append(reinterpret_cast<const char *>(&value), sizeof value);
}
void putBytes(std::string &out, uint32_t number, std::string_view bytes)
{
    putKey(out, number, Wire::Bytes);
    putVarint(out, bytes.size());
    out.append(bytes);
}

} // namespace

std::optional<TfEvent> parseTfEvent(std::string_view record)
{
    TfEvent event;
    FieldReader fields(record);
    for (Field field; fields.next(field);) {
        if (field.number == 1 && field.wire == Wire::Fixed64)
            event.wallTime = std::bit_cast<double>(field.value);
        if (field.number == 2 && field.wire == Wire::Varint) event.step = static_cast<int64_t>(field.value);
        if (field.number != 5 || field.wire != Wire::Bytes) continue;
        FieldReader summary(field.bytes);
        for (Field part; summary.next(part);) {
            if (part.number != 1 || part.wire != Wire::Bytes) continue;
            if (event.values.size() == kMaxEventValues) return std::nullopt;
            TfValue value;
            if (!readValue(part.bytes, value)) return std::nullopt;
            event.values.push_back(value);
        }
        if (summary.isBroken()) return std::nullopt;
    }
    if (fields.isBroken()) return std::nullopt;
    return event;
}

std::string tfVersionEvent(double wallTime)
{
    std::string event;
    putFixed(event, 1, wallTime);
    putBytes(event, 3, "brain.Event:2");
    return event;
}

std::string tfScalarEvent(double wallTime, int64_t step, std::string_view tag, double value,
                          TfPrecision precision)
{
    std::string content;
    putBytes(content, 1, tag);
    if (precision == TfPrecision::Single) {
        putFixed(content, 2, static_cast<float>(value));
    } else {
        std::string tensor;
        putNumber(tensor, 1, kDouble);
        putBytes(tensor, 2, ""); // no dimensions: a scalar
        putBytes(tensor, 4, {reinterpret_cast<const char *>(&value), sizeof value});
        putBytes(content, 8, tensor);
        std::string plugin, metadata;
        putBytes(plugin, 1, "scalars");
        putBytes(metadata, 1, plugin);
        putNumber(metadata, 4, 1); // DATA_CLASS_SCALAR
        putBytes(content, 9, metadata);
    }
    std::string summary, event;
    putBytes(summary, 1, content);
    putFixed(event, 1, wallTime);
    putNumber(event, 2, static_cast<uint64_t>(step));
    putBytes(event, 5, summary);
    return event;
}

} // namespace orrery::store
