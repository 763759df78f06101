// SPDX-License-Identifier: Apache-2.0
// Text to ids and back. Of the tokenizer "bytes", ids 0-255 are bytes and specials follow at fixed ids;
// others number them as they like: ask specialId(). Immutable after creation; any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/generation.h"
#include "core/spec/run_spec.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

/// Names of the specials; the numbers are their ids with the tokenizer "bytes". Append only.
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

inline constexpr const char *kTokenizerFile = "tokenizer.json"; ///< in a run and in a model directory

class Tokenizer {
public:
    virtual ~Tokenizer() = default;
    /// data.tokenizer: bytes, or the path of a tokenizer.json ("bpe" is such a path once it is trained:
    /// core/data/prepare_tokenizer.h)
    /// @error InvalidInput for an unknown tokenizer or a broken file, NotFound, Io
    static Result<std::unique_ptr<Tokenizer>> create(const DataSpec &data);
    /// @param text of a tokenizer.json, also of one that this program wrote for "bytes"
    /// @param name of the file, for errors  @param vocabSize as data.vocab_size  @error InvalidInput
    static Result<std::unique_ptr<Tokenizer>> fromJson(std::string text, const std::string &name,
                                                       int64_t vocabSize = 0);
    [[nodiscard]] virtual int64_t vocabSize() const = 0;
    /// Whether it has all specials that a document, a conversation and a hole need.
    [[nodiscard]] virtual bool hasSpecials() const = 0;
    /// Nothing: the tokenizer has no such token.
    [[nodiscard]] virtual std::optional<int32_t> specialId(SpecialToken token) const = 0;
    [[nodiscard]] virtual bool isSpecial(int32_t id) const = 0;
    /// Appends. Never a special: their names in a text are text. Bytes that are no UTF-8 come back as they
    /// were.
    /// @error InvalidInput when a pattern of the tokenizer explodes on this text
    [[nodiscard]] virtual Result<void> encode(std::string_view text, std::vector<int32_t> &ids) const = 0;
    /// The token's own bytes; a special's name for a special.
    [[nodiscard]] virtual std::string tokenBytes(int32_t id) const = 0;
    /// Whether ids below 256 are single bytes, so that a text may be cut anywhere.
    [[nodiscard]] virtual bool isByteWise() const { return false; }
    /// Bytes of text behind a token: none behind a special.
    [[nodiscard]] virtual int64_t numTextBytes(int32_t id) const = 0;
    /// The text of ids: their bytes, without the space that some tokenizers put before a text. Specials by
    /// name.
    [[nodiscard]] virtual std::string decode(std::span<const int32_t> ids) const;
    /// Identity in shard keys: "bytes/1".
    [[nodiscard]] virtual std::string fingerprint() const = 0;
    /// tokenizer.json for a model directory (a format of our own for bytes: {"type":"bytes",…}).
    [[nodiscard]] virtual std::string toJson() const = 0;

    /// What a text becomes, token by token. @error as encode
    [[nodiscard]] Result<std::vector<TokenPiece>> tokenize(std::string_view text) const;
    /// What a text without a beginning begins with: end of text, else a line feed.
    [[nodiscard]] int32_t startId() const;
};

} // namespace orrery
