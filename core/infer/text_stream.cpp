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
    m_model.beginText(m_cache);
    fillParts();
    m_cache.sources = m_sources;
    m_text.clear();
    m_numSeen = 0;
    m_isWhole = true;
}

void TextStream::fillParts()
{
    for (const auto &[part, loaded] : m_loaded) {
        m_cache.parts[part] = loaded->clone();
        if (!m_name.empty()) m_cache.parts[part]->memory()->wipe(m_name);
    }
}

void TextStream::setSources(const std::string &name, std::vector<TextSource> sources)
{
    const bool isAnother = name != m_name;
    m_name = name;
    m_sources = std::move(sources);
    m_cache.sources = m_sources;
    if (m_remembers && isAnother) restart();
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
    restart();
    return {};
}

void TextStream::dropMemory()
{
    m_loaded.clear();
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

void TextStream::moveStartTo(int64_t origin, std::span<const int32_t> text)
{
    m_cache.origin = origin;
    m_cache.length = 0;
    m_text.assign(text.begin(), text.begin() + origin);
}

void TextStream::keepCommonStart(std::span<const int32_t> text)
{
    // A text that fits into the context is seen from its start, whatever came before it.
    const bool isCutForNothing = !m_remembers && m_cache.origin > 0 && std::ssize(text) <= m_context;
    if (!m_isWhole || isCutForNothing) return restart();
    const auto [here, there] = std::mismatch(m_text.begin(), m_text.end(), text.begin(), text.end());
    auto common = here - m_text.begin();
    // Nothing to take back; the logits are those of the last token read.
    if (common == std::ssize(m_text) && m_cache.length > 0) return;
    // The pass that gives the logits has one token at least.
    common = std::min(common, std::ssize(text) - 1);
    // What a part remembers cannot be taken out of it again.
    if (m_remembers || common <= m_cache.origin) return restart();
    m_text.resize(static_cast<size_t>(common));
    m_cache.length = common - m_cache.origin;
}

bool TextStream::advanceTo(std::span<const int32_t> text, const std::atomic<bool> &cancel)
{
    keepCommonStart(text);
    m_numReused = std::ssize(m_text);
    const int64_t numTokens = std::ssize(text), numPending = numTokens - m_numReused;
    if (!m_remembers && numPending > m_context - m_cache.length) {
        // A later turn leaves room for the answer; a text by itself is read as far as the context reaches.
        const int64_t kept = m_text.empty() ? m_context : std::max(numPending, keptAfterOverflow(m_context));
        moveStartTo(std::max<int64_t>(0, numTokens - std::min(m_context, kept)), text);
        m_numReused = 0;
    }
    while (std::ssize(m_text) < numTokens) {
        if (cancel.load(std::memory_order_relaxed)) {
            // Parts have more of this text than the cache: another text must not go on from here.
            if (m_remembers && std::ssize(m_text) < m_numSeen) m_isWhole = false;
            return false;
        }
        const int64_t begin = std::ssize(m_text);
        if (isFull()) {
            moveStartTo(begin + 1 - keptAfterOverflow(m_context), text);
            continue;
        }
        const int64_t count = std::min({kPrefillChunk, m_context - m_cache.length, numTokens - begin});
        const auto chunk = text.subspan(static_cast<size_t>(begin), static_cast<size_t>(count));
        readChunk(chunk, "causal");
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

bool TextStream::readMedia(std::span<const int32_t> tokens, const ModalityBatch &modalities,
                           const std::atomic<bool> &cancel)
{
    restart();
    if (cancel.load(std::memory_order_relaxed)) return false;
    // A picture is pooled as a whole (its reliability), so it is not read in pieces.
    const nn::ModalityInput input = nn::makeModalityInput(modalities, 1, m_device);
    readChunk(tokens, "causal", &input);
    // The same tokens may stand for another picture.
    m_isWhole = false;
    return true;
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
    m_isWhole = false;
    const at::Tensor logits_BTV = m_model.logits(ids_BT, context);
    m_logits_V = logits_BTV.select(0, 0).select(0, -1).to(at::kCPU, at::kFloat).contiguous();
    m_isWhole = true;
}

} // namespace orrery
