// SPDX-License-Identifier: Apache-2.0
#include "core/store/attention_frame_codec.h"

#include <zstd.h>

#include <bit>
#include <cstring>
#include <optional>
#include <utility>

namespace orrery {

namespace {

static_assert(std::endian::native == std::endian::little, "frames are written as the machine holds them");

constexpr uint32_t kMagic = 0x4D524641; // "AFRM"
constexpr uint32_t kVersion = 1;
constexpr uint64_t kMaxUnpackedBytes = uint64_t{64} << 20;
constexpr uint32_t kMaxTokens = 1U << 20;
constexpr uint32_t kMaxTokenBytes = 1U << 16;
constexpr uint32_t kMaxCandidates = 4096;
constexpr uint32_t kMaxHeadNumber = 1U << 16; ///< of layers and of heads
constexpr int kLevel = 3;

Error unreadable(const std::string &found, const std::string &expected)
{
    return Error{ErrorCode::InvalidInput,
                 "Cannot read an attention frame: " + found + ", expected " + expected + ".",
                 "Look at another frame; the others are not touched by it."};
}

class Packer {
public:
    template <typename T> void number(T value)
    {
        static_assert(std::is_arithmetic_v<T>);
        m_bytes.append(reinterpret_cast<const char *>(&value), sizeof value);
    }
    void size(size_t value) { number(static_cast<uint32_t>(value)); }
    void text(const std::string &value)
    {
        size(value.size());
        m_bytes += value;
    }
    void head(const HeadRef &head)
    {
        number(static_cast<uint32_t>(head.layer));
        number(static_cast<uint32_t>(head.head));
    }
    void bytes(const std::vector<uint8_t> &value)
    {
        m_bytes.append(reinterpret_cast<const char *>(value.data()), value.size());
    }
    [[nodiscard]] const std::string &all() const { return m_bytes; }

private:
    std::string m_bytes;
};

/// Reads as long as there is something; behind a lack everything is 0 and isGood() is false.
class Unpacker {
public:
    explicit Unpacker(std::string_view bytes) : m_left(bytes) {}
    template <typename T> T number()
    {
        T value{};
        if (const auto bytes = take(sizeof value); bytes.size() == sizeof value)
            std::memcpy(&value, bytes.data(), sizeof value);
        return value;
    }
    /// A count of things that take at least `smallest` bytes each: more than there can be are refused here,
    /// so that nothing is allocated for them.
    uint32_t count(uint32_t most, size_t smallest)
    {
        const auto value = number<uint32_t>();
        if (value <= most && uint64_t{value} * smallest <= m_left.size()) return value;
        m_isGood = false;
        return 0;
    }
    std::string text() { return std::string(take(count(kMaxTokenBytes, 1))); }
    HeadRef head()
    {
        const auto layer = number<uint32_t>(), head = number<uint32_t>();
        if (layer > kMaxHeadNumber || head > kMaxHeadNumber) m_isGood = false;
        return {layer, head};
    }
    std::vector<uint8_t> bytes(uint64_t size)
    {
        const std::string_view found = size <= m_left.size() ? take(size) : take(m_left.size() + 1);
        return {found.begin(), found.end()};
    }
    [[nodiscard]] bool isGood() const { return m_isGood; }
    [[nodiscard]] bool isAtEnd() const { return m_left.empty(); }

private:
    std::string_view take(size_t size)
    {
        if (!m_isGood || size > m_left.size()) {
            m_isGood = false;
            return {};
        }
        const std::string_view taken = m_left.substr(0, size);
        m_left.remove_prefix(size);
        return taken;
    }

    std::string_view m_left;
    bool m_isGood = true;
};

constexpr size_t kTokenBytes = 4 + 1 + 8 + 8 + 8 + 4;
constexpr size_t kHeadBytes = 8;
constexpr size_t kSummaryBytes = kHeadBytes + 4 * 8;
constexpr size_t kCandidateBytes = 4 + 8 + 4;

Result<std::string> decompress(std::string_view bytes)
{
    const unsigned long long size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
        return unreadable(std::to_string(bytes.size()) + " bytes that do not begin as one", "a zstd frame");
    if (size > kMaxUnpackedBytes)
        return unreadable("it says that it unpacks to " + std::to_string(size) + " bytes",
                          "at most " + std::to_string(kMaxUnpackedBytes));
    // Before the memory for it is taken: whether all of it is here.
    const size_t length = ZSTD_findFrameCompressedSize(bytes.data(), bytes.size());
    if (ZSTD_isError(length) || length != bytes.size())
        return unreadable(std::to_string(bytes.size()) + " bytes that are cut short or too many",
                          "one whole zstd frame");
    std::string unpacked(size, '\0');
    const size_t got = ZSTD_decompress(unpacked.data(), unpacked.size(), bytes.data(), bytes.size());
    if (ZSTD_isError(got) || got != size)
        return unreadable(std::string("it is damaged (") +
                              (ZSTD_isError(got) ? ZSTD_getErrorName(got) : "too short") + ")",
                          "whole data");
    return unpacked;
}

void packTokens(const std::vector<InspectedToken> &tokens, Packer &out)
{
    out.size(tokens.size());
    for (const InspectedToken &token : tokens) {
        out.number(token.id);
        out.number(static_cast<uint8_t>(token.modality));
        out.number(token.item);
        out.number(token.place);
        out.number(token.surprise);
        out.text(token.bytes);
    }
}

/// False: a modality that there is not.
bool unpackTokens(Unpacker &in, std::vector<InspectedToken> &tokens)
{
    tokens.resize(in.count(kMaxTokens, kTokenBytes));
    for (InspectedToken &token : tokens) {
        token.id = in.number<int32_t>();
        const auto modality = in.number<uint8_t>();
        if (modality > static_cast<uint8_t>(kModalities.back())) return false;
        token.modality = static_cast<Modality>(modality);
        token.item = in.number<int64_t>();
        token.place = in.number<int64_t>();
        token.surprise = in.number<double>();
        token.bytes = in.text();
        if (!in.isGood()) return true;
    }
    return true;
}

void unpackHeads(Unpacker &in, AttentionFrame &frame)
{
    frame.heads.resize(in.count(static_cast<uint32_t>(kMaxFrameHeads), kHeadBytes));
    for (HeadRef &head : frame.heads) head = in.head();
    frame.summaries.resize(in.count(static_cast<uint32_t>(kMaxFrameHeads), kSummaryBytes));
    for (HeadSummary &summary : frame.summaries) {
        summary.head = in.head();
        for (double *value : {&summary.entropy, &summary.distance, &summary.firstMass, &summary.selfMass})
            *value = in.number<double>();
    }
}

} // namespace

std::string packFrame(const AttentionFrame &frame)
{
    Packer out;
    out.number(kMagic);
    out.number(kVersion);
    out.number(frame.step);
    out.number(frame.tokensPerCell);
    packTokens(frame.tokens, out);
    out.size(frame.heads.size());
    for (const HeadRef &head : frame.heads) out.head(head);
    out.size(frame.summaries.size());
    for (const HeadSummary &summary : frame.summaries) {
        out.head(summary.head);
        for (const double value : {summary.entropy, summary.distance, summary.firstMass, summary.selfMass})
            out.number(value);
    }
    out.size(frame.candidates.size());
    for (const TokenAlternative &candidate : frame.candidates) {
        out.number(candidate.id);
        out.number(candidate.probability);
        out.text(candidate.bytes);
    }
    out.number(static_cast<uint8_t>(!frame.maximum.empty()));
    out.bytes(frame.mean);
    out.bytes(frame.maximum);
    const std::string &plain = out.all();
    std::string packed(ZSTD_compressBound(plain.size()), '\0');
    const size_t size = ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), kLevel);
    packed.resize(ZSTD_isError(size) ? 0 : size); // only without memory; read back as "not a frame"
    return packed;
}

Result<AttentionFrame> unpackFrame(std::string_view bytes)
{
    ORRERY_ASSIGN(const std::string plain, decompress(bytes));
    Unpacker in(plain);
    const Error cutShort = unreadable("it is cut short or its counts do not fit", "as much as it says");
    if (in.number<uint32_t>() != kMagic)
        return unreadable("its first bytes are of something else", "a frame");
    if (const auto version = in.number<uint32_t>(); version != kVersion)
        return Error{ErrorCode::InvalidInput,
                     "Cannot read an attention frame: its version is " + std::to_string(version) +
                         ", expected " + std::to_string(kVersion) + ".",
                     "It was written by a newer program: update this one."};
    AttentionFrame frame;
    frame.step = in.number<int64_t>();
    frame.tokensPerCell = in.number<int64_t>();
    if (!unpackTokens(in, frame.tokens)) return unreadable("a token has an unknown modality", "a known one");
    unpackHeads(in, frame);
    frame.candidates.resize(in.count(kMaxCandidates, kCandidateBytes));
    for (TokenAlternative &candidate : frame.candidates) {
        candidate.id = in.number<int32_t>();
        candidate.probability = in.number<double>();
        candidate.bytes = in.text();
    }
    const auto hasMaximum = in.number<uint8_t>();
    if (!in.isGood()) return cutShort;
    // Before edge(), which adds and divides.
    if (frame.tokensPerCell < 1 || frame.tokensPerCell > kMaxTokens)
        return unreadable(std::to_string(frame.tokensPerCell) + " tokens a cell",
                          "1 to " + std::to_string(kMaxTokens));
    const int64_t edge = frame.edge();
    if (edge > kMaxFrameEdge)
        return unreadable("maps of " + std::to_string(edge) + " cells a side",
                          "at most " + std::to_string(kMaxFrameEdge));
    const uint64_t numCells = frame.heads.size() * static_cast<uint64_t>(edge) * static_cast<uint64_t>(edge);
    frame.mean = in.bytes(numCells);
    if (hasMaximum != 0) frame.maximum = in.bytes(numCells);
    if (!in.isGood() || !in.isAtEnd()) return cutShort;
    return frame;
}

} // namespace orrery
