// SPDX-License-Identifier: Apache-2.0
// What the parts of plugins keep in a cache (PartState), as everybody else sees it: their exceptions name the
// plugin. Only the thread that owns the model.
#pragma once

#include "core/nn/plugin_failure.h"
#include "core/nn/transformer.h"

#include <memory>
#include <vector>

namespace orrery::nn {

class GuardedState;

/// While it lives, the plugin's own code runs: it finds its states in the cache as it made them, and may cast
/// them. Behind it they are guarded, and so are those that it added. Where one stands within another of the
/// same plugin, the outer one does that.
class OwnStates {
public:
    /// @param cache null: the code is handed none   @param guard must outlive it
    OwnStates(KvCache *cache, const PluginGuard &guard);
    ~OwnStates();
    OwnStates(const OwnStates &) = delete;
    OwnStates &operator=(const OwnStates &) = delete;

private:
    [[nodiscard]] bool isWithinOwn() const;
    [[nodiscard]] std::shared_ptr<PartState> asOthersSee(const std::shared_ptr<PartState> &state) const;

    KvCache *m_cache;
    const PluginGuard &m_guard;
    std::vector<std::shared_ptr<GuardedState>> m_guarded; ///< taken out of the cache
    std::vector<std::shared_ptr<PartState>> m_others;     ///< that no plugin made, or the outer one guards
    const OwnStates *m_outer;
};

} // namespace orrery::nn
