// SPDX-License-Identifier: Apache-2.0
#include "core/infer/text_stream.h"

#include "core/nn/modality_input.h"

#include <ATen/ops/from_blob.h>

#include <algorithm>

namespace orrery {

TextStream::TextStream(nn::Transformer &model, at::Device device, int64_t step)
    : m_model(model), m_device(device), m_context(model.spec().context), m_step(std::max<int64_t>(step, 0)),
      m_remembers(model.remembers()), m_cache(model.makeCache(1, m_context))
{
}

void TextStream::restart()
{
    leaveText();
    if (!m_isUnread) {
        m_isWhole = false; // until it is done
        (void)keepRows(0);
        m_model.beginText(m_cache);
        fillParts();
        m_isUnread = true;
    }
    m_cache.sources = m_sources;
    m_text.clear();
    m_passEnds.clear();
    m_isLeft = false;
    m_media.reset();
    m_windows.clear();
    m_numSeen = m_keptAt = 0;
    m_isFromStart = true;
    m_isWhole = true;
    m_isHole = false;
    m_numPrefix = 0;
}

void TextStream::fillParts()
{
    for (const auto &[part, loaded] : m_loaded) {
        std::shared_ptr<nn::PartState> own = loaded->clone(); // loadMemory() has seen that it can
        if (!m_name.empty()) own->memory()->wipe(m_name);
        m_cache.parts[part] = std::move(own);
    }
}

void TextStream::setSources(const std::string &name, std::vector<TextSource> sources)
{
    const bool isAnother = name != m_name, hadName = !m_name.empty();
    if (sources != m_sources) leaveText(); // it was read under those before
    m_name = name;
    m_sources = std::move(sources);
    m_cache.sources = m_sources;
    if (!m_remembers || !isAnother) return;
    dropStates();
    if (!m_isUnread || hadName) {
        m_isUnread = false; // what the name before was left without is not what this one is
        restart();
        return m_left.clear();
    }
    for (const auto &[part, loaded] : m_loaded) m_cache.parts[part]->memory()->wipe(name);
}

void TextStream::moveStartTo(int64_t origin, const MixedText &text)
{
    m_windows.push_back({std::ssize(m_text), origin});
    m_isUnread = false;
    (void)keepRows(0);
    m_cache.origin = origin;
    m_cache.length = 0;
    m_text.assign(text.ids.begin(), text.ids.begin() + origin);
}

int64_t TextStream::originBehind(int64_t count) const
{
    const auto behind =
        std::partition_point(m_windows.begin(), m_windows.end(),
                             [count](const StreamWindow &window) { return window.numBefore < count; });
    return behind == m_windows.begin() ? 0 : (behind - 1)->origin;
}

void TextStream::keepCommonStart(const MixedText &text)
{
    // A text that fits into the context is seen from its start, whatever came before it.
    const bool isCutForNothing = !m_remembers && m_cache.origin > 0 && text.size() <= m_context;
    if (!m_isWhole || m_isHole || isCutForNothing) {
        if (m_isUnread || !goBack(text)) restart();
        return;
    }
    int64_t common = commonStart({m_text, m_media}, text);
    // Nothing to take back; the logits are those of the last token read.
    if (common == std::ssize(m_text) && m_cache.length > 0) return;
    // The pass that gives the logits has one token at least.
    common = text.wholeTo(std::min(common, text.size() - 1));
    // What a part remembers cannot be taken out of it again.
    if (m_remembers && !m_isUnread && goBack(text)) return;
    if (m_remembers || common <= m_cache.origin) return restart();
    m_text.resize(static_cast<size_t>(common));
    m_cache.length = common - m_cache.origin;
    std::erase_if(m_windows, [common](const StreamWindow &window) { return window.numBefore >= common; });
    // What comes now is read in the context that the cache holds, wherever that began.
    if (originBehind(common + 1) != m_cache.origin) m_windows.push_back({common, m_cache.origin});
}

int64_t TextStream::numKept(const MixedText &text) const
{
    // A later turn leaves room for the answer; a text by itself is read as far as the context reaches.
    if (m_text.empty()) return m_context;
    const int64_t kept = std::max(text.size() - std::ssize(m_text), keptAfterOverflow(m_context));
    const int64_t asked = text.size() - text.keptFrom;
    return std::min(m_context, text.keptFrom > 0 && asked <= m_context ? std::max(kept, asked) : kept);
}

bool TextStream::advanceTo(const MixedText &text, const std::atomic<bool> &cancel)
{
    keepCommonStart(text);
    m_media = text.media;
    m_numReused = std::ssize(m_text);
    const int64_t numTokens = text.size(), numPending = numTokens - m_numReused;
    if (!m_remembers && numPending > m_context - m_cache.length) {
        moveStartTo(text.wholeFrom(std::max<int64_t>(0, numTokens - numKept(text))), text);
        m_numReused = 0;
    }
    return readRest(text, cancel);
}

int64_t TextStream::numCommon(const MixedText &text) const
{
    return m_isWhole && !m_isHole ? commonStart({m_text, m_media}, text) : 0;
}

bool TextStream::endsWithin(const MixedText &text) const
{
    return m_cache.length > 0 && numCommon(text) == std::ssize(m_text);
}

int64_t TextStream::numKnown(const MixedText &text, int64_t numGiven, Start start) const
{
    int64_t common = numCommon(text);
    // What a part remembers cannot be taken out of it again.
    if (m_remembers) return common == std::ssize(m_text) && common >= numGiven ? common : 0;
    common = text.wholeTo(std::min(common, text.size() - 1));
    // A last token that nothing stands behind is read again, for its logits.
    if (common < std::min(numGiven, text.size() - 1)) return 0;
    const int64_t originAnew = text.wholeFrom(std::max<int64_t>(0, numGiven - m_context));
    const bool isAsAnew = start == Start::WhereItEnded || originBehind(numGiven) == originAnew;
    return isAsAnew && originBehind(common) < common ? common : 0;
}

void TextStream::takeBackTo(const MixedText &text, int64_t common)
{
    if (m_remembers) return;
    const int64_t origin = originBehind(common);
    // Else back to a context that was left: its tokens have other positions in this one.
    const bool isStillThere = origin == m_cache.origin && common <= std::ssize(m_text);
    std::erase_if(m_windows, [common](const StreamWindow &window) { return window.numBefore >= common; });
    m_cache.origin = origin;
    m_cache.length = isStillThere ? common - origin : 0;
    m_text.assign(text.ids.begin(), text.ids.begin() + (isStillThere ? common : origin));
}

void TextStream::copyFrom(const TextStream &other)
{
    m_text = other.m_text;
    m_media = other.m_media;
    m_windows = other.m_windows;
    m_cache.origin = other.m_cache.origin;
    m_cache.length = other.m_cache.length;
    m_numSeen = other.m_numSeen;
    m_logits_V = other.m_logits_V;
    m_isWhole = other.m_isWhole;
    m_isHole = other.m_isHole;
    m_numPrefix = other.m_numPrefix;
    m_isUnread = false;
    const auto copy = [this](const std::vector<at::Tensor> &from, std::vector<at::Tensor> &to) {
        for (size_t layer = 0; layer < to.size(); ++layer)
            to[layer].narrow(2, 0, m_cache.length).copy_(from[layer].narrow(2, 0, m_cache.length));
    };
    copy(other.m_cache.keys, m_cache.keys);
    copy(other.m_cache.values, m_cache.values);
}

bool TextStream::goOn(const MixedText &text, int64_t numGiven, Start start, const std::atomic<bool> &cancel)
{
    const auto upTo = [&text](int64_t count) {
        return MixedText{text.ids.first(static_cast<size_t>(count)), text.media, text.keptFrom};
    };
    int64_t numReused = 0;
    if (const int64_t common = numKnown(text, numGiven, start); common > 0) {
        takeBackTo(text, common);
        if (std::ssize(m_text) == common) numReused = common;
        m_media = text.media;
        if (!readRest(upTo(common), cancel)) return false;
    } else if (!(start == Start::WhereItEnded && endsWithin(text)) && goBack(text)) {
        numReused = std::ssize(m_text);
        if (numReused < numGiven && !advanceTo(upTo(numGiven), cancel)) return false;
        // As they were read before. Many would take too long.
        while (std::ssize(m_text) < text.size() && text.size() - std::ssize(m_text) <= kFewTokens)
            if (!advanceTo(upTo(std::ssize(m_text) + 1), cancel)) return false;
    } else {
        if (start == Start::Anew) restart();
        if (!advanceTo(upTo(numGiven), cancel)) return false;
        numReused = m_numReused;
    }
    // As far as the context reaches, then one that overflows it.
    while (std::ssize(m_text) < text.size()) {
        const int64_t room = std::max<int64_t>(1, m_context - m_cache.length);
        if (!advanceTo(upTo(std::min(std::ssize(m_text) + room, text.size())), cancel)) return false;
    }
    m_numReused = numReused;
    return true;
}

int64_t TextStream::numBytes() const
{
    int64_t sum = 0;
    for (const auto *all : {&m_cache.keys, &m_cache.values})
        for (const at::Tensor &one : *all) sum += static_cast<int64_t>(one.nbytes());
    return sum;
}

bool TextStream::readRest(const MixedText &text, const std::atomic<bool> &cancel)
{
    const int64_t numTokens = text.size();
    while (std::ssize(m_text) < numTokens) {
        if (cancel.load(std::memory_order_relaxed)) {
            // Parts have more of this text than the cache: another text must not go on from here.
            if (m_remembers && std::ssize(m_text) < m_numSeen) m_isWhole = false;
            return false;
        }
        const int64_t begin = std::ssize(m_text);
        const int64_t room = m_context - m_cache.length;
        const int64_t count = text.wholeCount(begin, std::min({kPrefillChunk, room, numTokens - begin}));
        if (isFull() || count > room) {
            makeRoom(text, count);
            continue;
        }
        const auto chunk = text.ids.subspan(static_cast<size_t>(begin), static_cast<size_t>(count));
        readMixed(chunk, begin);
        m_text.insert(m_text.end(), chunk.begin(), chunk.end());
        if (m_remembers && std::ssize(m_text) > m_numSeen) m_passEnds.push_back(std::ssize(m_text));
        m_numSeen = std::max(m_numSeen, std::ssize(m_text));
        keepState(count > 1 && std::ssize(m_text) == numTokens);
    }
    return true;
}

void TextStream::makeRoom(const MixedText &text, int64_t count)
{
    // Of what stands before as much as leaves room for the next token, or for the picture that comes.
    const int64_t kept = std::min(keptAfterOverflow(m_context) - 1, m_context - std::max<int64_t>(1, count));
    moveStartTo(text.wholeFrom(std::ssize(m_text) - kept), text);
}

bool TextStream::readTogether(std::span<const int32_t> tokens, Start start, const std::atomic<bool> &cancel,
                              int64_t numPrefix)
{
    int64_t common = 0;
    if (start == Start::WhereItEnded && m_isWhole && m_isHole && !m_remembers && m_numPrefix == numPrefix)
        common = std::min(commonStart({m_text}, {tokens}), std::ssize(tokens) - 1);
    // Keys and values of a prefix are those of all of it; its last token sees as much when it comes alone.
    if (common < numPrefix - 1) common = 0;
    if (common > 0) {
        m_text.resize(static_cast<size_t>(common));
        m_cache.length = common;
    } else {
        restart();
    }
    m_numReused = common;
    if (cancel.load(std::memory_order_relaxed)) return false;
    // No other text may go on from here: these tokens are no text but a hole and its sides, or saw others.
    m_isHole = true;
    m_numPrefix = numPrefix;
    const auto rest = tokens.subspan(static_cast<size_t>(common));
    readChunk(rest, nullptr, numPrefix);
    m_text.insert(m_text.end(), rest.begin(), rest.end());
    return true;
}

void TextStream::readMixed(std::span<const int32_t> tokens, int64_t begin)
{
    const auto count = std::ssize(tokens);
    if (!m_media || m_media->isAllText(begin, count)) return readChunk(tokens);
    const nn::ModalityInput input = nn::makeModalityInput(m_media->slice(begin, count), 1, m_device);
    readChunk(tokens, &input);
}

bool TextStream::append(int32_t token, const std::atomic<bool> &cancel)
{
    if (cancel.load(std::memory_order_relaxed)) return false;
    readChunk(std::span(&token, 1));
    m_text.push_back(token);
    return true;
}

void TextStream::readChunk(std::span<const int32_t> tokens, const nn::ModalityInput *modalities,
                           int64_t numPrefix)
{
    std::vector<int64_t> ids(tokens.begin(), tokens.end());
    const auto numTokens = static_cast<int64_t>(ids.size());
    const at::Tensor ids_BT =
        at::from_blob(ids.data(), {1, numTokens}, at::kLong).to(m_device, at::kLong, false, true);
    nn::ForwardContext context;
    context.cache = &m_cache;
    context.maskPolicy = numPrefix > 0 ? "prefix" : "causal";
    if (numPrefix > 0) context.prefixLengths = {numPrefix};
    context.step = static_cast<uint64_t>(m_step);
    context.modalities = modalities;
    m_isWhole = m_isUnread = m_isLeft = false;
    m_hasChangedLoaded.clear();
    const at::Tensor logits_BTV = m_model.logits(ids_BT, context);
    m_logits_V = logits_BTV.select(0, 0).select(0, -1).to(at::kCPU, at::kFloat).contiguous();
    m_isWhole = true;
}

} // namespace orrery
