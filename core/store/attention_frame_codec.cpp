// SPDX-License-Identifier: Apache-2.0
#include "core/store/attention_frame_codec.h"

#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>

namespace orrery {

namespace {

static_assert(std::endian::native == std::endian::little, "frames are written as the machine holds them");

constexpr uint32_t kMagic = 0x4D524641; // "AFRM"
constexpr uint32_t kVersion = 1, kVersionWithFlows = 2;
constexpr int kLevel = 3;

struct Problem {
    std::string found, expected;
};

Error unreadable(const Problem &problem)
{
    return Error{ErrorCode::InvalidInput,
                 "Cannot read an attention frame: " + problem.found + ", expected " + problem.expected + ".",
                 "Look at another frame; the others are not touched by it."};
}
Error unreadable(const std::string &found, const std::string &expected)
{
    return unreadable(Problem{found, expected});
}

Problem tooMany(size_t count, const char *what, size_t most)
{
    return {std::to_string(count) + " " + what, "at most " + std::to_string(most)};
}

bool isPossible(const HeadRef &head)
{
    return head.layer >= 0 && head.layer <= kMaxFrameHeadNumber && head.head >= 0 &&
           head.head <= kMaxFrameHeadNumber;
}

/// What makes the size of maps wrong, asked before edge(), which adds and divides.
std::optional<Problem> cellProblem(const AttentionFrame &frame)
{
    if (frame.tokensPerCell < 1 || frame.tokensPerCell > kMaxFrameTokens)
        return Problem{std::to_string(frame.tokensPerCell) + " tokens a cell",
                       "1 to " + std::to_string(kMaxFrameTokens)};
    if (frame.edge() > kMaxFrameEdge)
        return Problem{"maps of " + std::to_string(frame.edge()) + " cells a side",
                       "at most " + std::to_string(kMaxFrameEdge)};
    return std::nullopt;
}

uint64_t numCells(const AttentionFrame &frame)
{
    return frame.heads.size() * static_cast<uint64_t>(frame.edge()) * static_cast<uint64_t>(frame.edge());
}

std::optional<Problem> textProblem(const AttentionFrame &frame)
{
    if (frame.tokens.size() > static_cast<size_t>(kMaxFrameTokens))
        return tooMany(frame.tokens.size(), "tokens", kMaxFrameTokens);
    for (const InspectedToken &token : frame.tokens) {
        if (token.bytes.size() > kMaxFrameTokenBytes)
            return tooMany(token.bytes.size(), "bytes of a token", kMaxFrameTokenBytes);
        if (token.modality > kModalities.back())
            return Problem{"a token has an unknown modality", "a known one"};
    }
    if (frame.candidates.size() > kMaxFrameCandidates)
        return tooMany(frame.candidates.size(), "candidates", kMaxFrameCandidates);
    for (const TokenAlternative &candidate : frame.candidates)
        if (candidate.bytes.size() > kMaxFrameTokenBytes)
            return tooMany(candidate.bytes.size(), "bytes of a candidate", kMaxFrameTokenBytes);
    return std::nullopt;
}

/// Modalities that the flows are between; 0: there are none.
size_t modalitiesOfFlows(const AttentionFrame &frame)
{
    if (frame.flows.empty()) return 0;
    for (size_t side = 1; side <= kNumModalities; ++side)
        if (frame.flows.front().mass.size() == side * side) return side;
    return kNumModalities + 1;
}

std::optional<Problem> flowProblem(const AttentionFrame &frame)
{
    if (frame.flows.empty()) return std::nullopt;
    const Problem other{"flows that are not of its heads or of other sizes",
                        "one table of up to " + std::to_string(kNumModalities) + " modalities for each head"};
    if (frame.flows.size() != frame.heads.size() || modalitiesOfFlows(frame) > kNumModalities) return other;
    const ModalityFlow &first = frame.flows.front();
    const bool hasWeights = !first.weights.empty();
    for (size_t i = 0; i < frame.flows.size(); ++i) {
        const ModalityFlow &flow = frame.flows[i];
        if (flow.head != frame.heads[i] || flow.mass.size() != first.mass.size() ||
            flow.weights.size() != (hasWeights ? first.mass.size() : 0))
            return other;
    }
    return std::nullopt;
}

std::optional<Problem> headProblem(const AttentionFrame &frame)
{
    if (frame.heads.size() > static_cast<size_t>(kMaxFrameHeads))
        return tooMany(frame.heads.size(), "heads", kMaxFrameHeads);
    if (frame.summaries.size() > static_cast<size_t>(kMaxFrameHeads))
        return tooMany(frame.summaries.size(), "summaries", kMaxFrameHeads);
    const auto isOk = [](const HeadSummary &summary) { return isPossible(summary.head); };
    if (!std::all_of(frame.heads.begin(), frame.heads.end(), isPossible) ||
        !std::all_of(frame.summaries.begin(), frame.summaries.end(), isOk))
        return Problem{"a head's number is out of range", "0 to " + std::to_string(kMaxFrameHeadNumber)};
    if (frame.mean.size() != numCells(frame) ||
        (!frame.maximum.empty() && frame.maximum.size() != frame.mean.size()))
        return Problem{"maps of " + std::to_string(frame.mean.size()) + " and " +
                           std::to_string(frame.maximum.size()) + " cells",
                       std::to_string(numCells(frame))};
    return flowProblem(frame);
}

std::optional<Problem> problemOf(const AttentionFrame &frame)
{
    if (const auto problem = textProblem(frame)) return problem;
    if (const auto problem = cellProblem(frame)) return problem;
    return headProblem(frame);
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
    template <typename T> void array(const std::vector<T> &value)
    {
        static_assert(std::is_arithmetic_v<T>);
        m_bytes.append(reinterpret_cast<const char *>(value.data()), value.size() * sizeof(T));
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
    uint32_t count(uint64_t most, size_t smallest)
    {
        const auto value = number<uint32_t>();
        if (value <= most && uint64_t{value} * smallest <= m_left.size()) return value;
        m_isGood = false;
        return 0;
    }
    std::string text() { return std::string(take(count(kMaxFrameTokenBytes, 1))); }
    HeadRef head()
    {
        const auto layer = number<uint32_t>(), head = number<uint32_t>();
        if (!isPossible({layer, head})) m_isGood = false;
        return {layer, head};
    }
    template <typename T> std::vector<T> array(uint64_t count)
    {
        if (count > m_left.size() / sizeof(T)) m_isGood = false;
        const std::string_view found = m_isGood ? take(count * sizeof(T)) : std::string_view();
        std::vector<T> values(found.size() / sizeof(T));
        if (!values.empty()) std::memcpy(values.data(), found.data(), found.size());
        return values;
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
    if (size > kMaxUnpackedFrameBytes)
        return unreadable("it says that it unpacks to " + std::to_string(size) + " bytes",
                          "at most " + std::to_string(kMaxUnpackedFrameBytes));
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

void unpackTokens(Unpacker &in, std::vector<InspectedToken> &tokens)
{
    tokens.resize(in.count(kMaxFrameTokens, kTokenBytes));
    for (InspectedToken &token : tokens) {
        token.id = in.number<int32_t>();
        token.modality = static_cast<Modality>(in.number<uint8_t>());
        token.item = in.number<int64_t>();
        token.place = in.number<int64_t>();
        token.surprise = in.number<double>();
        token.bytes = in.text();
        if (!in.isGood()) return;
    }
}

void unpackHeads(Unpacker &in, AttentionFrame &frame)
{
    frame.heads.resize(in.count(kMaxFrameHeads, kHeadBytes));
    for (HeadRef &head : frame.heads) head = in.head();
    frame.summaries.resize(in.count(kMaxFrameHeads, kSummaryBytes));
    for (HeadSummary &summary : frame.summaries) {
        summary.head = in.head();
        for (double *value : {&summary.entropy, &summary.distance, &summary.firstMass, &summary.selfMass})
            *value = in.number<double>();
    }
}

void unpackCandidates(Unpacker &in, std::vector<TokenAlternative> &candidates)
{
    candidates.resize(in.count(kMaxFrameCandidates, kCandidateBytes));
    for (TokenAlternative &candidate : candidates) {
        candidate.id = in.number<int32_t>();
        candidate.probability = in.number<double>();
        candidate.bytes = in.text();
        if (!in.isGood()) return;
    }
}

/// Tables in the order of the heads, behind their side and whether there are weights.
void packFlows(const AttentionFrame &frame, Packer &out)
{
    out.size(modalitiesOfFlows(frame));
    out.number(static_cast<uint8_t>(!frame.flows.front().weights.empty()));
    for (const ModalityFlow &flow : frame.flows) {
        out.array(flow.mass);
        out.array(flow.weights);
    }
}

void unpackFlows(Unpacker &in, AttentionFrame &frame)
{
    const size_t side = in.count(kNumModalities, 0);
    const bool hasWeights = in.number<uint8_t>() != 0;
    for (const HeadRef &head : frame.heads) {
        if (!in.isGood()) return;
        ModalityFlow flow{.head = head, .mass = in.array<float>(side * side), .weights = {}};
        if (hasWeights) flow.weights = in.array<float>(side * side);
        frame.flows.push_back(std::move(flow));
    }
}

} // namespace

Result<std::string> packFrame(const AttentionFrame &frame)
{
    const auto refused = [](const Problem &problem) {
        return Error{ErrorCode::InvalidInput,
                     "Cannot keep an attention frame: " + problem.found + ", expected " + problem.expected +
                         ".",
                     "Look at fewer heads, or at a shorter text."};
    };
    if (const auto problem = problemOf(frame)) return refused(*problem);
    Packer out;
    out.number(kMagic);
    out.number(frame.flows.empty() ? kVersion : kVersionWithFlows);
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
    out.array(frame.mean);
    out.array(frame.maximum);
    if (!frame.flows.empty()) packFlows(frame, out);
    const std::string &plain = out.all();
    if (plain.size() > kMaxUnpackedFrameBytes)
        return refused(tooMany(plain.size(), "bytes", kMaxUnpackedFrameBytes));
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
    const auto version = in.number<uint32_t>();
    if (version != kVersion && version != kVersionWithFlows)
        return Error{ErrorCode::InvalidInput,
                     "Cannot read an attention frame: its version is " + std::to_string(version) +
                         ", expected " + std::to_string(kVersion) + " or " +
                         std::to_string(kVersionWithFlows) + ".",
                     "It was written by a newer program: update this one."};
    AttentionFrame frame;
    frame.step = in.number<int64_t>();
    frame.tokensPerCell = in.number<int64_t>();
    unpackTokens(in, frame.tokens);
    unpackHeads(in, frame);
    unpackCandidates(in, frame.candidates);
    const auto hasMaximum = in.number<uint8_t>();
    if (const auto problem = textProblem(frame)) return unreadable(*problem);
    if (!in.isGood()) return cutShort;
    if (const auto problem = cellProblem(frame)) return unreadable(*problem);
    frame.mean = in.array<uint8_t>(numCells(frame));
    if (hasMaximum != 0) frame.maximum = in.array<uint8_t>(numCells(frame));
    if (version == kVersionWithFlows) unpackFlows(in, frame);
    if (!in.isGood() || !in.isAtEnd()) return cutShort;
    if (const auto problem = problemOf(frame)) return unreadable(*problem);
    return frame;
}

} // namespace orrery
