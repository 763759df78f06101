// SPDX-License-Identifier: Apache-2.0
// Series of what parts of a model and probes have to say. Trainer thread only.
#pragma once

#include "core/nn/extension_points.h"
#include "core/spec/run_records.h"

#include <span>

namespace orrery {
namespace series {
/// What a part left in nn::PassNotes in the reported step: "part/firing_rate".
inline std::string part(const std::string &name) { return "part/" + name; }
/// What a probe saw in an evaluation on the validation data: "probe/norm.layer0".
inline std::string probe(const std::string &name) { return "probe/" + name; }
} // namespace series

/// The probes that plugins brought, one of each.
class ProbeSet {
public:
    /// All that are registered for a model, in order of their names. @throw what their factories throw
    static ProbeSet ofRegistry(const ModelSpec &spec);
    [[nodiscard]] std::span<nn::Probe *const> all() const { return m_shown; }
    /// What they saw since the last call.
    [[nodiscard]] std::vector<MetricValue> take();

private:
    std::vector<std::unique_ptr<nn::Probe>> m_probes;
    std::vector<nn::Probe *> m_shown; ///< the same
};

} // namespace orrery
