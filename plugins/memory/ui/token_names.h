// SPDX-License-Identifier: GPL-3.0-or-later
// What the tokens of a model are called, as far as its answers have told: an event says numbers only. GUI
// thread only.
#pragma once

#include "core/spec/inspection.h"

#include <QString>

#include <unordered_map>
#include <vector>

namespace orrery::memory_ui {

class TokenNames {
public:
    void learn(const InspectReport &report);
    void clear() { m_bytes.clear(); } ///< another model
    [[nodiscard]] bool knows(int32_t id) const { return id < kNumBytes || m_bytes.contains(id); }
    /// Of these, each once, those whose name is not known.
    [[nodiscard]] std::vector<int32_t> unknownOf(const std::vector<int32_t> &ids) const;
    /// With its white space to be seen; a number in brackets where the name is not known.
    [[nodiscard]] QString nameOf(int32_t id) const;

private:
    static constexpr int32_t kNumBytes = 256; ///< of any tokenizer, the first ones are the bytes
    std::unordered_map<int32_t, std::string> m_bytes;
};

} // namespace orrery::memory_ui
