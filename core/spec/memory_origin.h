// SPDX-License-Identifier: Apache-2.0
// Whose a memory is: its keys are what the weights of one training make of tokens of one tokenizer, and noise
// to all others. Any thread.
#pragma once

#include <cstdint>
#include <string>

namespace orrery {

/// Each field may be empty or −1: not known, as in files of before it was kept.
struct MemoryOrigin {
    std::string tokens; ///< digest of what each token id stands for
    std::string run;    ///< id of the run whose training made the weights
    int64_t step = -1;  ///< of that training
};

/// A memory that says whose it is, and keeps that in its files. Whoever has a MemoryControl asks for it by
/// dynamic_cast: a plugin's memory need not be one.
class KeepsMemoryOrigin {
public:
    virtual ~KeepsMemoryOrigin() = default;
    /// Of what was last loaded, unless another one was set since.
    [[nodiscard]] virtual const MemoryOrigin &origin() const = 0;
    virtual void setOrigin(const MemoryOrigin &origin) = 0;
};

} // namespace orrery
