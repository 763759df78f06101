// SPDX-License-Identifier: Apache-2.0
// States of a stream whose model remembers, to go back to: what a part remembers cannot be taken out of it
// again, so a branch goes on from the nearest state that was kept. Keys and values that the stream's cache
// still has are not copied before they are written over. Only the thread that owns the model.
#pragma once

#include "core/inspect/mixed_text.h"
#include "core/nn/transformer.h"

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace orrery {

/// A part of the text that was read with the same start of the context.
struct StreamWindow {
    int64_t numBefore = 0; ///< tokens of the text when it began
    int64_t origin = 0;
};

/// Keys and values of a context, by layer [B, H, T, D].
struct ContextRows {
    std::vector<at::Tensor> keys, values;
    [[nodiscard]] int64_t numBytes() const;
};

struct StreamSnapshot {
    std::vector<int32_t> text; ///< that was read
    std::shared_ptr<const MediaPositions> media;
    std::vector<TextSource> sources;
    std::vector<StreamWindow> windows;
    int64_t origin = 0, length = 0; ///< of the context
    int64_t numSeen = 0;
    std::map<std::string, std::shared_ptr<nn::PartState>> parts; ///< of its own
    at::Tensor logits_V, surprise_BT, lastLogits_BV;
    int64_t numPartBytes = 0;
    std::shared_ptr<const ContextRows> rows = nullptr; ///< null: the stream's cache has them
    /// Whether a text read anew from what texts begin with comes to it; false: something was edited on the way.
    bool isFromStart = true;
    std::vector<int64_t> passEnds = {}; ///< tokens of the text behind each pass that read new ones
};

/// A text that a stream has read, and left for another one.
struct LeftText {
    std::vector<int32_t> text;
    std::shared_ptr<const MediaPositions> media;
    std::vector<TextSource> sources;
    bool isFromStart = true;       ///< as StreamSnapshot has it
    std::vector<int64_t> passEnds; ///< likewise
};

/// Whether the first `count` tokens are of the same sources.
bool areAlike(const std::vector<TextSource> &some, const std::vector<TextSource> &others, int64_t count);

class StreamSnapshots {
public:
    explicit StreamSnapshots(int64_t maxBytes = int64_t{256} << 20, size_t maxCount = 64)
        : m_maxBytes(maxBytes), m_maxCount(maxCount)
    {
    }
    /// The longest that `text` begins with, read under the same sources; null: none.
    [[nodiscard]] const StreamSnapshot *nearest(const MixedText &text,
                                                const std::vector<TextSource> &sources) const;
    /// Likewise, the shortest.
    [[nodiscard]] const StreamSnapshot *shortest(const MixedText &text, const std::vector<TextSource> &sources) const;
    /// Of the text that the stream reads now. Where there is no room, those of other texts go first, the
    /// oldest before others; then of this text those that stand nearest to one before.
    void add(StreamSnapshot snapshot);
    /// The cache's rows behind the first `length` are going to be written over: who needs them gets a copy.
    void keepRows(const nn::KvCache &cache, int64_t length = 0);
    void clear() { m_all.clear(); }
    [[nodiscard]] size_t count() const { return m_all.size(); }
    [[nodiscard]] int64_t numBytes() const;

private:
    [[nodiscard]] static bool isStartOf(const StreamSnapshot &one, const MixedText &text,
                                        const std::vector<TextSource> &sources);
    void dropOne();

    int64_t m_maxBytes;
    size_t m_maxCount;
    std::vector<StreamSnapshot> m_all; ///< in the order in which they were made
};

} // namespace orrery
