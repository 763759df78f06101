// SPDX-License-Identifier: Apache-2.0
// What a generator has read of other answers: whoever looks at one and clicks into another does not wait for
// it to be read again.
#include "core/infer/text_generator.h"
#include "core/nn/torch_guard.h"

#include <ATen/core/Tensor.h>

#include <algorithm>

namespace orrery {

namespace {

constexpr size_t kMaxOtherStreams = 3;
constexpr int64_t kMaxOtherBytes = int64_t{512} << 20; ///< of keys and values, together
constexpr int64_t kWorthKeeping = 2; ///< tokens: a copy costs less than a pass over two of them

} // namespace

void TextGenerator::chooseStream(const MixedText &text, TextStream::Start start)
{
    // What a part remembers is of one text.
    if (m_loaded.model->remembers()) return;
    (void)stream();
    const auto best = std::max_element(
        m_otherStreams.begin(), m_otherStreams.end(),
        [&](const auto &one, const auto &other) { return one->numCommon(text) < other->numCommon(text); });
    if (best != m_otherStreams.end() && (*best)->numCommon(text) > m_stream->numCommon(text)) {
        std::swap(m_stream, *best);
        std::rotate(best, best + 1, m_otherStreams.end());
    }
    if (m_stream->numBehind(m_stream->numCommon(text)) < kWorthKeeping) return;
    const auto maxStreams = std::min<size_t>(
        kMaxOtherStreams, static_cast<size_t>(kMaxOtherBytes / std::max<int64_t>(1, m_stream->numBytes())));
    if (maxStreams == 0) return;
    std::unique_ptr<TextStream> branch;
    if (m_otherStreams.size() < maxStreams) {
        auto made = nn::guardTorch("keep an answer of \"" + m_loaded.info.name + '"', [&] {
            return std::make_unique<TextStream>(*m_loaded.model, at::Device(m_loaded.device),
                                                m_loaded.info.step);
        });
        // No room: what would only have been kept makes some, and the text is read as ever.
        if (!made.ok()) return m_otherStreams.clear();
        branch = std::move(made).value();
    } else {
        branch = std::move(m_otherStreams.front());
        m_otherStreams.erase(m_otherStreams.begin());
    }
    if (start == TextStream::Start::WhereItEnded) branch->copyFrom(*m_stream);
    m_otherStreams.push_back(std::move(m_stream));
    m_stream = std::move(branch);
}

} // namespace orrery
