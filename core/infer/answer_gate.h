// SPDX-License-Identifier: Apache-2.0
// Between the draw of a token and those who wait for it: tokens that may be the beginning of a stop text are
// held back until that is decided, so that nobody is shown a part of one. One for each answer; only the
// thread that generates.
#pragma once

#include "core/data/tokenizer.h"
#include "core/infer/stop_text.h"
#include "core/spec/generation.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <string_view>
#include <vector>

namespace orrery {

class AnswerGate {
public:
    using OnToken = std::function<bool(const GeneratedToken &)>;
    /// @param onToken returns false when it wants no more; may be empty  @param tokenizer outlives the gate
    AnswerGate(const std::vector<std::string> &stop, const OnToken &onToken, const Tokenizer &tokenizer)
        : m_matcher(stop), m_onToken(onToken), m_tokenizer(tokenizer)
    {
    }
    /// Bytes that the answer was told to begin with. A stop text may begin in them; one that ends there ends
    /// nothing, as it was asked for.
    void begin(std::string_view bytes);
    enum class Next : uint8_t { GoOn, StopText, Refused };
    /// Takes a token that was drawn, and passes on what is decided. Behind another answer than GoOn no more.
    Next take(GeneratedToken token);
    /// The answer ends without a stop text: passes on what was held back. @return false: refused
    bool flush();
    [[nodiscard]] int64_t numPassed() const { return m_numPassed; }
    /// Of the tokens taken those that belong to the answer. Of a token within which a stop text begins, the
    /// bytes before it count, as tokens of their own: the first has what is known of the one that was drawn,
    /// the others are certain. Where the tokenizer has none for just these bytes they are said with the drawn
    /// one's id, which is not among these.
    [[nodiscard]] const std::vector<int32_t> &ids() const { return m_ids; }

private:
    struct Held {
        GeneratedToken token;
        int64_t end = 0; ///< in bytes of the answer
    };
    bool pass(const GeneratedToken &token);
    /// Those that end within the first `count` bytes of the answer.
    bool passUpTo(int64_t count);
    Next endAt(int64_t count);

    StopMatcher m_matcher;
    OnToken m_onToken;
    const Tokenizer &m_tokenizer;
    std::deque<Held> m_held;
    std::vector<int32_t> m_ids;
    int64_t m_numBytes = 0; ///< of the answer, with what it was told to begin with
    int64_t m_numPassed = 0;
};

} // namespace orrery
