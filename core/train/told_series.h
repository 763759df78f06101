// SPDX-License-Identifier: Apache-2.0
// Series that only the parts and probes of a model know, as a training has told them so far: of others one can
// say then that they will not come. Any thread.
#pragma once

#include "core/spec/run_records.h"

#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

class ToldSeries {
public:
    enum class News : uint8_t { None, Parts, Probes, Both }; ///< told for the first time
    /// A report. Parts tell with the loss, probes with the validation loss.
    News note(std::span<const MetricValue> told);
    /// Whether it is one of a part or probe, those have told what they know, and it was not among that.
    [[nodiscard]] bool isMissing(std::string_view name) const;
    /// What is known of its kind: those of parts for "part/…", else of probes.
    [[nodiscard]] std::vector<std::string> likeThis(std::string_view name) const;

private:
    mutable std::mutex m_mutex;
    std::set<std::string, std::less<>> m_names;
    bool m_haveParts = false, m_haveProbes = false;
};

} // namespace orrery
