// SPDX-License-Identifier: Apache-2.0
#include "core/nn/plugin_states.h"

#include "core/spec/memory_origin.h"

#include <algorithm>

namespace orrery::nn {
namespace {

thread_local const OwnStates *innermost = nullptr;

/// Each function of MemoryControl stands here, those with a body there too.
class GuardedMemory : public MemoryControl {
public:
    GuardedMemory(MemoryControl &memory, const PluginGuard &guard) : m_memory(memory), m_guard(guard) {}
    [[nodiscard]] MemoryStatus status() const override
    {
        return m_guard([&] { return m_memory.status(); });
    }
    [[nodiscard]] std::vector<MemoryEvent> listEvents() const override
    {
        return m_guard([&] { return m_memory.listEvents(); });
    }
    Result<void> pin(int64_t event, bool isPinned) override
    {
        return m_guard([&] { return m_memory.pin(event, isPinned); });
    }
    int64_t wipe(const std::string &source) override
    {
        return m_guard([&] { return m_memory.wipe(source); });
    }
    [[nodiscard]] Result<void> save(const std::filesystem::path &path) const override
    {
        return m_guard([&] { return m_memory.save(path); });
    }
    Result<void> load(const std::filesystem::path &path) override
    {
        return m_guard([&] { return m_memory.load(path); });
    }
    Result<int64_t> change(const MemoryEdit &edit) override
    {
        return m_guard([&] { return m_memory.change(edit); });
    }
    [[nodiscard]] std::string undoText() const override
    {
        return m_guard([&] { return m_memory.undoText(); });
    }
    Result<std::vector<float>> similarity(int64_t maxEvents, std::vector<int64_t> &events) const override
    {
        return m_guard([&] { return m_memory.similarity(maxEvents, events); });
    }

protected:
    MemoryControl &m_memory;
    const PluginGuard &m_guard;
};

/// A class of its own, as who asks for the origin does so by dynamic_cast.
class GuardedOwnedMemory final : public GuardedMemory, public KeepsMemoryOrigin {
public:
    GuardedOwnedMemory(MemoryControl &memory, KeepsMemoryOrigin &keeper, const PluginGuard &guard)
        : GuardedMemory(memory, guard), m_keeper(keeper)
    {
    }
    [[nodiscard]] const MemoryOrigin &origin() const override
    {
        return *m_guard([&] { return &m_keeper.origin(); });
    }
    void setOrigin(const MemoryOrigin &origin) override
    {
        m_guard([&] { m_keeper.setOrigin(origin); });
    }

private:
    KeepsMemoryOrigin &m_keeper;
};

} // namespace

class GuardedState final : public PartState {
public:
    GuardedState(std::shared_ptr<PartState> state, const PluginGuard &guard)
        : m_state(std::move(state)), m_guard(guard)
    {
    }
    [[nodiscard]] const std::shared_ptr<PartState> &state() const { return m_state; }
    [[nodiscard]] const std::string &pluginId() const { return m_guard.id(); }

    /// The same one as long as the plugin's is: who asks compares them.
    MemoryControl *memory() override
    {
        MemoryControl *bare = m_guard([&] { return m_state->memory(); });
        if (bare == m_bareMemory) return m_memory.get();
        m_memory.reset();
        if (auto *keeper = dynamic_cast<KeepsMemoryOrigin *>(bare))
            m_memory = std::make_unique<GuardedOwnedMemory>(*bare, *keeper, m_guard);
        else if (bare)
            m_memory = std::make_unique<GuardedMemory>(*bare, m_guard);
        m_bareMemory = bare;
        return m_memory.get();
    }
    [[nodiscard]] std::shared_ptr<PartState> clone() const override
    {
        std::shared_ptr<PartState> copy = m_guard([&] { return m_state->clone(); });
        return copy ? std::make_shared<GuardedState>(std::move(copy), m_guard) : nullptr;
    }
    void endText(const KvCache &cache) override
    {
        KvCache shown = cache; // shares what is in it
        const OwnStates own(&shown, m_guard);
        m_guard([&] { m_state->endText(shown); });
    }
    Result<Consolidation> consolidate(Transformer &model, const std::vector<std::vector<int32_t>> &background,
                                      const ConsolidationSettings &settings,
                                      const std::atomic<bool> &cancel) override
    {
        const OwnStates own(nullptr, m_guard);
        return m_guard([&] { return m_state->consolidate(model, background, settings, cancel); });
    }

private:
    std::shared_ptr<PartState> m_state;
    PluginGuard m_guard;
    MemoryControl *m_bareMemory = nullptr;
    std::unique_ptr<MemoryControl> m_memory;
};

OwnStates::OwnStates(KvCache *cache, const PluginGuard &guard)
    : m_cache(cache), m_guard(guard), m_outer(innermost)
{
    innermost = this;
    if (!m_cache) return;
    for (auto &[name, part] : m_cache->parts) {
        auto guarded = std::dynamic_pointer_cast<GuardedState>(part);
        if (!guarded) {
            m_others.push_back(part);
        } else if (guarded->pluginId() == m_guard.id()) {
            part = guarded->state();
            m_guarded.push_back(std::move(guarded));
        }
    }
}

OwnStates::~OwnStates()
{
    innermost = m_outer;
    if (!m_cache) return;
    for (auto &[name, part] : m_cache->parts)
        if (part) part = asOthersSee(part);
}

bool OwnStates::isWithinOwn() const
{
    for (const OwnStates *outer = m_outer; outer; outer = outer->m_outer)
        if (outer->m_guard.id() == m_guard.id()) return true;
    return false;
}

std::shared_ptr<PartState> OwnStates::asOthersSee(const std::shared_ptr<PartState> &state) const
{
    if (dynamic_cast<const GuardedState *>(state.get())) return state; // another plugin's
    for (const std::shared_ptr<GuardedState> &guarded : m_guarded)
        if (guarded->state() == state) return guarded;
    const bool isTheirs = std::find(m_others.begin(), m_others.end(), state) != m_others.end();
    if (isTheirs || isWithinOwn()) return state;
    return std::make_shared<GuardedState>(state, m_guard);
}

} // namespace orrery::nn
