// SPDX-License-Identifier: Apache-2.0
// The breakpoints of a running training; core/store/run_breakpoints.h keeps them. Trainer thread only.
#pragma once

#include "core/spec/breakpoint.h"
#include "core/spec/run_records.h"

#include <string>
#include <vector>

namespace orrery {

class Breakpoints {
public:
    struct Hit {
        Breakpoint breakpoint;
        std::string series; ///< whose value made it true
        double value = 0;
    };

    [[nodiscard]] bool isEmpty() const { return m_watched.empty(); }
    /// One that is there already is armed anew. @return false: there are too many
    bool add(const Breakpoint &breakpoint);
    /// @return false: it was not there
    bool remove(const Breakpoint &breakpoint);
    void clear() { m_watched.clear(); }
    /// Those that become true with these values. One that was true in the report before hits again only after
    /// a report in which it was false; a report without its series changes nothing.
    std::vector<Hit> check(const std::vector<MetricValue> &values);
    [[nodiscard]] std::vector<std::string> texts() const;
    [[nodiscard]] const Breakpoint *find(std::string_view series) const; ///< the first on it; null: none
    [[nodiscard]] std::string text() const; ///< "loss > 4, entropy < 0.5", or "none"

private:
    struct Watched {
        Breakpoint breakpoint;
        bool isTrue = false;
    };
    std::vector<Watched> m_watched;
};

} // namespace orrery
