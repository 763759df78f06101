// SPDX-License-Identifier: Apache-2.0
// How a stream whose model remembers goes back: states that are kept while it reads, and the nearest of them.
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
                         .numPartBytes = numPartBytes()};
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
    if (!keepRows(state.rows ? 0 : state.length)) return false;
    m_isWhole = m_isUnread = false;
    if (state.rows)
        for (size_t layer = 0; layer < m_cache.keys.size(); ++layer) {
            const auto copy = [&](const at::Tensor &from, at::Tensor &to) {
                to.narrow(2, 0, state.length).copy_(from.narrow(2, 0, state.length));
            };
            copy(state.rows->keys[layer], m_cache.keys[layer]);
            copy(state.rows->values[layer], m_cache.values[layer]);
        }
    m_cache.origin = state.origin;
    m_cache.length = state.length;
    m_cache.surprise_BT = state.surprise_BT;
    m_cache.lastLogits_BV = state.lastLogits_BV;
    m_cache.parts.clear();
    for (const auto &[name, part] : state.parts) m_cache.parts[name] = part->clone();
    m_text = state.text;
    m_media = state.media;
    m_windows = state.windows;
    m_numSeen = state.numSeen;
    m_logits_V = state.logits_V;
    m_keptAt = std::ssize(m_text);
    m_hasChangedLoaded.clear();
    m_numPrefix = 0;
    m_isHole = false;
    m_isWhole = true;
    return true;
}

} // namespace orrery
