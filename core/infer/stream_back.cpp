// SPDX-License-Identifier: Apache-2.0
// How a stream whose model remembers goes back: states that are kept while it reads, the nearest of them, and
// another stream that reads on from there for somebody who looks.
#include "core/infer/text_stream.h"
#include "core/nn/torch_guard.h"
#include "core/spec/model_shape.h"

#include <algorithm>

namespace orrery {

namespace {

constexpr int64_t kLeastBetween = 4, kMostBetween = 256;
/// A token costs as much as moving all weights and so many bytes beside them.
constexpr int64_t kBytesBesideWeights = int64_t{8} << 20;
constexpr int64_t kCopyShare = 20; ///< a copy is at most one in so many parts of what is read meanwhile
constexpr size_t kMaxLeft = 16;
constexpr int64_t kMaxLeftTokens = int64_t{1} << 20; ///< of all texts that were left

void copyRows(const std::vector<at::Tensor> &from, std::vector<at::Tensor> &to, int64_t length)
{
    for (size_t layer = 0; layer < to.size(); ++layer)
        to[layer].narrow(2, 0, length).copy_(from[layer].narrow(2, 0, length));
}

} // namespace

int64_t TextStream::numPartBytes() const
{
    const ModelSpec &spec = m_model.spec();
    int64_t numBytes = 0;
    for (const auto &[name, part] : m_cache.parts) {
        MemoryControl *memory = part ? part->memory() : nullptr;
        // A key and a value for each slot, and as much room for more.
        if (memory) numBytes += memory->status().numUsed * 4 * spec.heads * headWidth(spec) * 4;
    }
    return numBytes;
}

void TextStream::keepState(bool isEnd)
{
    const auto size = std::ssize(m_text);
    // While tokens are read again the parts know more than was read.
    if (!m_remembers || !m_canGoBack || size < m_numSeen) return;
    if (size - m_keptAt < (isEnd ? kLeastBetween : std::max(kLeastBetween, m_keepEvery))) return;
    StreamSnapshot state{.text = m_text,
                         .media = m_media,
                         .sources = m_sources,
                         .windows = m_windows,
                         .origin = m_cache.origin,
                         .length = m_cache.length,
                         .numSeen = m_numSeen,
                         .parts = {},
                         .logits_V = m_logits_V,
                         .surprise_BT = m_cache.surprise_BT,
                         .lastLogits_BV = m_cache.lastLogits_BV,
                         .numPartBytes = numPartBytes(),
                         .isFromStart = m_isFromStart,
                         .passEnds = m_passEnds};
    const Result<bool> copied = nn::guardTorch("keep a state of a text", [&] {
        for (const auto &[name, part] : m_cache.parts)
            if (part && !(state.parts[name] = part->clone())) return false;
        return true;
    });
    if (!copied.ok()) return m_snapshots.clear(); // no room: what would only have been kept makes some
    m_canGoBack = *copied;
    if (!m_canGoBack) return m_snapshots.clear();
    m_keptAt = size;
    const int64_t moved = 2 * state.numPartBytes; // read and written
    const auto numWeightBytes = static_cast<int64_t>(m_model.numParameters()) * 4;
    m_keepEvery =
        std::clamp(kCopyShare * moved / (numWeightBytes + kBytesBesideWeights), kLeastBetween, kMostBetween);
    m_snapshots.add(std::move(state));
}

bool TextStream::keepRows(int64_t length)
{
    const Result<void> kept =
        nn::guardTorch("keep a state of a text", [&] { m_snapshots.keepRows(m_cache, length); });
    if (!kept.ok()) m_snapshots.clear();
    return kept.ok();
}

bool TextStream::goBack(const MixedText &text)
{
    if (!m_remembers) return false;
    const StreamSnapshot *found = m_snapshots.nearest(text, m_sources);
    if (!found) return false;
    const StreamSnapshot &state = *found;
    leaveText();
    if (!keepRows(state.rows ? 0 : state.length)) return false;
    m_isWhole = m_isUnread = false;
    if (state.rows) {
        copyRows(state.rows->keys, m_cache.keys, state.length);
        copyRows(state.rows->values, m_cache.values, state.length);
    }
    takeState(state);
    return true;
}

void TextStream::takeState(const StreamSnapshot &state)
{
    m_isUnread = false;
    m_cache.origin = state.origin;
    m_cache.length = state.length;
    m_cache.surprise_BT = state.surprise_BT;
    m_cache.lastLogits_BV = state.lastLogits_BV;
    m_cache.parts.clear();
    for (const auto &[name, part] : state.parts) m_cache.parts[name] = part->clone();
    m_text = state.text;
    m_isLeft = false;
    m_media = state.media;
    m_windows = state.windows;
    m_numSeen = state.numSeen;
    m_logits_V = state.logits_V;
    m_keptAt = std::ssize(m_text);
    m_isFromStart = state.isFromStart;
    m_passEnds = state.passEnds;
    m_hasChangedLoaded.clear();
    m_numPrefix = 0;
    m_isHole = false;
    m_isWhole = true;
}

void TextStream::leaveText()
{
    if (!m_remembers || m_isLeft || m_text.empty() || m_isHole || !m_isWhole) return;
    m_isLeft = true;
    const MixedText now{m_text, m_media};
    // What another one begins with is in that.
    std::erase_if(m_left, [&](const LeftText &one) {
        const auto size = std::ssize(one.text);
        return commonStart({one.text, one.media}, now) == size && areAlike(one.sources, m_sources, size);
    });
    m_left.push_back({m_text, m_media, m_sources, m_isFromStart, m_passEnds});
    const auto numTokens = [this] {
        int64_t sum = 0;
        for (const LeftText &one : m_left) sum += std::ssize(one.text);
        return sum;
    };
    while (m_left.size() > kMaxLeft || numTokens() > kMaxLeftTokens) m_left.erase(m_left.begin());
}

void TextStream::dropStates()
{
    m_snapshots.clear();
    m_left.clear();
    m_isFromStart = m_text.empty();
}

bool TextStream::wasRead(const MixedText &text, int64_t begin, LeftText &how) const
{
    const auto isIn = [&](const std::vector<int32_t> &read, const std::shared_ptr<const MediaPositions> &media) {
        const int64_t common = commonStart({read, media}, text);
        return common == text.size() || (common == begin && common == std::ssize(read));
    };
    if (m_isWhole && !m_isHole && isIn(m_text, m_media)) {
        how = {{}, nullptr, m_sources, m_isFromStart, m_passEnds};
        return true;
    }
    for (const LeftText &one : m_left)
        if (isIn(one.text, one.media)) {
            how = {{}, nullptr, one.sources, one.isFromStart, one.passEnds};
            return true;
        }
    return false;
}

TextStream::Passes TextStream::passesOf(const MixedText &text, const MediaPositions::Range &tokens, int64_t token,
                                        const std::atomic<bool> &cancel) const
{
    const int64_t last = tokens.end - 1;
    int64_t end = text.isText(last) ? tokens.end : text.media->segmentAt(last).end;
    const auto upTo = [&text](int64_t count) {
        return MixedText{text.ids.first(static_cast<size_t>(count)), text.media, text.keptFrom};
    };
    LeftText how;
    if (!m_remembers || !wasRead(upTo(end), text.wholeTo(last), how)) return {};
    const std::vector<int64_t> &ends = how.passEnds; // what is still to come would be one pass more
    const auto passOf = [&ends](int64_t at) { return std::upper_bound(ends.begin(), ends.end(), at) - ends.begin(); };
    const auto beginOf = [&ends](int64_t pass) { return pass == 0 ? 0 : ends[static_cast<size_t>(pass) - 1]; };
    Passes passes;
    int64_t firstPass = passOf(tokens.begin), lastPass = passOf(last);
    if (lastPass - firstPass >= kMaxPasses) {
        passes.areAll = false;
        firstPass = std::clamp(passOf(token) - kMaxPasses / 2, firstPass, lastPass - kMaxPasses + 1);
        lastPass = firstPass + kMaxPasses - 1;
        if (lastPass < std::ssize(ends)) end = std::min(end, ends[static_cast<size_t>(lastPass)]);
    }
    int64_t begin = beginOf(firstPass);
    const StreamSnapshot *state = m_snapshots.nearest(upTo(begin), how.sources);
    if (!state && !how.isFromStart) {
        state = m_snapshots.shortest(upTo(beginOf(lastPass)), how.sources);
        if (!state) return {};
        passes.areKept = false;
        begin = std::ssize(state->text);
    }
    for (const int64_t passEnd : ends)
        if (passEnd > begin && passEnd < end) passes.ends.push_back(passEnd);
    passes.ends.push_back(end);
    std::unique_ptr<TextStream> reader = readerFrom(state, how);
    const auto size = [&reader] { return std::ssize(reader->m_text); };
    for (const int64_t passEnd : ends)
        if (passEnd > size() && passEnd <= begin && !reader->advanceTo(upTo(passEnd), cancel)) return {};
    const int64_t firstEnd = passes.ends.front();
    if (reader->m_cache.length + firstEnd - begin > m_context) {
        reader->makeRoom(upTo(firstEnd), firstEnd - begin);
        // What the context has still is read again together with it, as far as that is one pass.
        while (firstEnd - size() > kPrefillChunk) {
            const int64_t next = size() + text.wholeCount(size(), kPrefillChunk);
            if (next >= firstEnd) break; // a picture
            if (!reader->readRest(upTo(next), cancel)) return {};
        }
    }
    while (passes.ends.size() > 1 && passes.ends.back() - reader->origin() > m_context) passes.ends.pop_back();
    passes.before = std::move(reader);
    return passes;
}

std::unique_ptr<TextStream> TextStream::readerFrom(const StreamSnapshot *state, const LeftText &how) const
{
    auto reader = std::make_unique<TextStream>(m_model, m_device, m_step);
    reader->m_canGoBack = false; // it keeps no states of its own
    reader->m_loaded = m_loaded;
    reader->m_name = m_name;
    reader->m_sources = reader->m_cache.sources = how.sources;
    if (state) {
        copyRows(state->rows ? state->rows->keys : m_cache.keys, reader->m_cache.keys, state->length);
        copyRows(state->rows ? state->rows->values : m_cache.values, reader->m_cache.values, state->length);
        reader->takeState(*state);
    } else {
        reader->fillParts();
    }
    return reader;
}

} // namespace orrery
