// SPDX-License-Identifier: GPL-3.0-or-later
// One generation, kept to go back to, and the line that says how it went. Values; GUI thread only by use.
#pragma once

#include "widgets/session/engine_session.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace orrery::ui {

struct GenerationVersion {
    QString model, modelTitle;
    /// Without the turns of a conversation: those stand in its model, once.
    GenerateRequest request;
    std::optional<ModelInfoValue> info;
    std::vector<GeneratedToken> tokens;
    std::optional<GenerateSummary> summary;
    std::optional<Error> error;
    bool isRunning = false;
    double secondsToFirst = -1, seconds = 0; ///< by this window's clock
    /// Of an answer that was kept across a restart: its tokens are gone. Else empty.
    std::string keptText = {};
    /// What it began as, while that is kept, and its first token that is not the other's.
    std::weak_ptr<GenerationVersion> parent = {};
    int partsAt = 0;
    /// What other panels were told that they look at: all of it, and the tokens before one.
    std::shared_ptr<const GenerateRequest> wholeText = {}, prefixText = {};
    bool isKept = false;   ///< across a restart
    bool isAnswer = false; ///< of a conversation
    bool isChosen = false; ///< token by token, by a person; as long as that goes on

    /// Bytes of the answer.
    [[nodiscard]] std::string text() const;
    /// Tokens that it was told to begin with, those of another version above all.
    [[nodiscard]] size_t numGiven() const { return std::min(request.answerIds.size(), tokens.size()); }
    /// Whether it says anything that it was not told.
    [[nodiscard]] bool hasOwnText() const { return tokens.size() > numGiven() || !keptText.empty(); }
};

using VersionPtr = std::shared_ptr<GenerationVersion>;

/// "code-7M, step 7,000 instead of 8,000": what was loaded, as the engine tells.
QString modelText(const GenerationVersion &version);
/// Mean −log p of the tokens behind those of its parent, nats per token; NaN: there are none.
double surpriseOf(const GenerationVersion &version);
/// "code-7M, step 8,000  ·  4 tokens  ·  100 tokens/s  ·  …"
QString generationStatus(const GenerationVersion &version);

} // namespace orrery::ui
