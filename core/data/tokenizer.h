// SPDX-License-Identifier: Apache-2.0
// Text to ids and back. Ids 0-255 are bytes; specials follow at fixed ids. Immutable after creation; any
// thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/run_spec.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

/// Fixed ids of the specials behind the bytes. Append only; later tokenizers keep the names and renumber by
/// table.
enum class SpecialToken : int32_t {
    EndOfText = 256,
    System = 257,
    User = 258,
    Assistant = 259,
    EndOfTurn = 260,
    InfillPrefix = 261,
    InfillSuffix = 262,
    InfillMiddle = 263,
    ImageStart = 264,
    AudioStart = 265,
};
inline constexpr int32_t kNumByteSpecials = 16;   ///< 256 … 271, the rest reserved
const char *specialTokenName(SpecialToken token); ///< "<|end_of_text|>"

class Tokenizer {
public:
    virtual ~Tokenizer() = default;
    /// @error InvalidInput for an unknown tokenizer
    static Result<std::unique_ptr<Tokenizer>> create(const DataSpec &data);
    [[nodiscard]] virtual int64_t vocabSize() const = 0;
    [[nodiscard]] virtual bool hasSpecials() const = 0;
    virtual void encode(std::string_view text, std::vector<int32_t> &ids) const = 0; ///< appends
    /// The token's own bytes; a special's name for a special.
    [[nodiscard]] virtual std::string tokenBytes(int32_t id) const = 0;
    /// Identity in shard keys: "bytes/1".
    [[nodiscard]] virtual std::string fingerprint() const = 0;
    /// tokenizer.json for a model directory (a format of our own for bytes: {"type":"bytes",…}).
    [[nodiscard]] virtual std::string toJson() const = 0;
};

} // namespace orrery
