// SPDX-License-Identifier: Apache-2.0
#include "core/infer/text_stream.h"

#include "core/nn/modality_input.h"

#include <ATen/ops/from_blob.h>

#include <algorithm>

namespace orrery {

namespace {

MemoryControl *memoryIn(const nn::KvCache &cache)
{
    for (const auto &[name, part] : cache.parts)
        if (MemoryControl *memory = part ? part->memory() : nullptr) return memory;
    return nullptr;
}

Error noMemory(const std::string &action)
{
    return Error{ErrorCode::NotFound, "Cannot " + action + ": the model has no episodic memory.",
                 "Train it with plugins.memory.episodic_size above 0."};
}

} // namespace

TextStream::TextStream(nn::Transformer &model, at::Device device, int64_t step)
    : m_model(model), m_device(device), m_context(model.spec().context), m_step(std::max<int64_t>(step, 0)),
      m_remembers(model.remembers()), m_cache(model.makeCache(1, m_context))
{
}

void TextStream::restart()
{
    if (!m_isUnread) {
        m_isWhole = false; // until it is done
        m_model.beginText(m_cache);
        fillParts();
        m_isUnread = true;
    }
    m_cache.sources = m_sources;
    m_text.clear();
    m_media.reset();
    m_numSeen = 0;
    m_isWhole = true;
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
    m_name = name;
    m_sources = std::move(sources);
    m_cache.sources = m_sources;
    if (!m_remembers || !isAnother) return;
    if (!m_isUnread || hadName) {
        m_isUnread = false; // what the name before was left without is not what this one is
        return restart();
    }
    for (const auto &[part, loaded] : m_loaded) m_cache.parts[part]->memory()->wipe(name);
}

const MemoryControl *TextStream::memory() const { return memoryIn(m_cache); }

int64_t TextStream::wipe(const std::string &source)
{
    for (const auto &[name, part] : m_loaded) part->memory()->wipe(source);
    MemoryControl *memory = memoryIn(m_cache);
    return memory ? memory->wipe(source) : 0;
}

Result<void> TextStream::pin(int64_t event, bool isPinned)
{
    MemoryControl *memory = memoryIn(m_cache);
    if (!memory) return noMemory("pin event " + std::to_string(event));
    ORRERY_TRY(memory->pin(event, isPinned));
    // Events that came with this text are in it alone.
    for (const auto &[name, part] : m_loaded) (void)part->memory()->pin(event, isPinned);
    return {};
}

Result<void> TextStream::loadMemory(const std::filesystem::path &path)
{
    nn::KvCache fresh = m_model.makeCache(1, 1);
    MemoryControl *memory = memoryIn(fresh);
    if (!memory) return noMemory("load \"" + path.string() + "\"");
    for (const auto &[name, part] : fresh.parts)
        if (part && part->memory() == memory && !part->clone())
            return Error{
                ErrorCode::NotFound,
                "Cannot load \"" + path.string() +
                    "\": the model's memory is of one text only, expected one that texts begin with.",
                "Use a model with the plugin memory."};
    ORRERY_TRY(memory->load(path));
    // Tokens are shown and read again: the file must not name others than the model has.
    for (const MemoryEvent &event : memory->listEvents())
        for (const int32_t id : event.tokenIds)
            if (id < 0 || id >= m_model.vocabSize())
                return Error{ErrorCode::InvalidInput,
                             "Cannot load the memory \"" + path.string() + "\": token " + std::to_string(id) +
                                 " in event " + std::to_string(event.id) + ", expected tokens below " +
                                 std::to_string(m_model.vocabSize()) + ".",
                             "Use a file that the same model wrote."};
    m_loaded.clear();
    for (const auto &[name, part] : fresh.parts)
        if (part && part->memory() == memory) m_loaded[name] = part;
    m_isUnread = false;
    restart();
    return {};
}

void TextStream::dropMemory()
{
    if (m_loaded.empty()) return restart();
    m_loaded.clear();
    m_isUnread = false;
    restart();
}

Result<void> TextStream::saveMemory(const std::filesystem::path &path)
{
    for (const auto &[name, part] : m_cache.parts) {
        if (!part || !part->memory()) continue;
        const std::shared_ptr<nn::PartState> ended = part->clone();
        if (!ended) continue;
        ended->endText(m_cache);
        return ended->memory()->save(path);
    }
    return noMemory("save \"" + path.string() + "\"");
}

Result<Consolidation> TextStream::consolidate(const std::vector<std::vector<int32_t>> &background,
                                              const ConsolidationSettings &settings,
                                              const std::atomic<bool> &cancel)
{
    for (const auto &[name, part] : m_cache.parts)
        if (part && part->memory()) return part->consolidate(m_model, background, settings, cancel);
    return noMemory("consolidate");
}

std::vector<MemoryEvent> TextStream::loadedEvents() const
{
    std::vector<MemoryEvent> events;
    for (const auto &[name, part] : m_loaded) {
        const std::vector<MemoryEvent> more = part->memory()->listEvents();
        events.insert(events.end(), more.begin(), more.end());
    }
    return events;
}

void TextStream::moveStartTo(int64_t origin, const MixedText &text)
{
    m_isUnread = false;
    m_cache.origin = origin;
    m_cache.length = 0;
    m_text.assign(text.ids.begin(), text.ids.begin() + origin);
}

void TextStream::keepCommonStart(const MixedText &text)
{
    // A text that fits into the context is seen from its start, whatever came before it.
    const bool isCutForNothing = !m_remembers && m_cache.origin > 0 && text.size() <= m_context;
    if (!m_isWhole || isCutForNothing) return restart();
    int64_t common = commonStart({m_text, m_media}, text);
    // Nothing to take back; the logits are those of the last token read.
    if (common == std::ssize(m_text) && m_cache.length > 0) return;
    // The pass that gives the logits has one token at least.
    common = text.wholeTo(std::min(common, text.size() - 1));
    // What a part remembers cannot be taken out of it again.
    if (m_remembers || common <= m_cache.origin) return restart();
    m_text.resize(static_cast<size_t>(common));
    m_cache.length = common - m_cache.origin;
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
            // Of what stands before as much as leaves room for the next token, or for the picture that comes.
            const int64_t kept =
                std::min(keptAfterOverflow(m_context) - 1, m_context - std::max<int64_t>(1, count));
            moveStartTo(text.wholeFrom(begin - kept), text);
            continue;
        }
        const auto chunk = text.ids.subspan(static_cast<size_t>(begin), static_cast<size_t>(count));
        readMixed(chunk, begin);
        m_text.insert(m_text.end(), chunk.begin(), chunk.end());
        m_numSeen = std::max(m_numSeen, std::ssize(m_text));
    }
    return true;
}

bool TextStream::readTogether(std::span<const int32_t> tokens, const std::atomic<bool> &cancel)
{
    restart();
    if (cancel.load(std::memory_order_relaxed)) return false;
    readChunk(tokens, "causal");
    // No other text may go on from here: these tokens are no text but a hole and its sides.
    m_isWhole = false;
    return true;
}

void TextStream::readMixed(std::span<const int32_t> tokens, int64_t begin)
{
    const auto count = std::ssize(tokens);
    if (!m_media || m_media->isAllText(begin, count)) return readChunk(tokens, "causal");
    const nn::ModalityInput input = nn::makeModalityInput(m_media->slice(begin, count), 1, m_device);
    readChunk(tokens, "causal", &input);
}

bool TextStream::append(int32_t token, const std::atomic<bool> &cancel)
{
    if (cancel.load(std::memory_order_relaxed)) return false;
    readChunk(std::span(&token, 1), "causal");
    m_isWhole = false;
    return true;
}

void TextStream::readChunk(std::span<const int32_t> tokens, const char *mask,
                           const nn::ModalityInput *modalities)
{
    std::vector<int64_t> ids(tokens.begin(), tokens.end());
    const auto numTokens = static_cast<int64_t>(ids.size());
    const at::Tensor ids_BT =
        at::from_blob(ids.data(), {1, numTokens}, at::kLong).to(m_device, at::kLong, false, true);
    nn::ForwardContext context;
    context.cache = &m_cache;
    context.maskPolicy = mask;
    context.step = static_cast<uint64_t>(m_step);
    context.modalities = modalities;
    m_isWhole = m_isUnread = false;
    const at::Tensor logits_BTV = m_model.logits(ids_BT, context);
    m_logits_V = logits_BTV.select(0, 0).select(0, -1).to(at::kCPU, at::kFloat).contiguous();
    m_isWhole = true;
}

} // namespace orrery
