// SPDX-License-Identifier: GPL-3.0-or-later
// One generation, kept to go back to, and the line that says how it went. Values; GUI thread only by use.
#pragma once

#include "widgets/play/attachment.h"
#include "widgets/session/engine_session.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace orrery::ui {

/// A turn before an answer, as it was when that was asked for. Answers share those that they have in common.
struct SaidTurn {
    std::string role; ///< "user", as in a message
    std::string text;
    std::vector<AttachmentPtr> attachments = {};
    bool operator==(const SaidTurn &) const = default;
};
using SaidTurns = std::vector<std::shared_ptr<const SaidTurn>>;
std::vector<ChatMessage> messagesOf(const SaidTurns &turns, MediaNames names = MediaNames::Short);

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
    /// Of a conversation: what it was asked with, whatever became of those turns. Null: not known any more.
    std::shared_ptr<const SaidTurns> answered = {};
    /// Of a prompt: what its pictures and recordings were made of. Of a kept one they are read again when it is shown.
    std::vector<AttachmentPtr> attachments = {};
    /// What other panels were told that they look at: all of it, and the tokens before one, for as long as
    /// anybody looks.
    std::shared_ptr<const GenerateRequest> wholeText = {};
    std::vector<std::weak_ptr<const GenerateRequest>> prefixTexts = {};
    int64_t key = 0;       ///< in the session that is kept; 0: it has none yet
    bool isKept = false;   ///< across a restart
    bool isAnswer = false; ///< of a conversation
    bool isChosen = false; ///< token by token, by a person; as long as that goes on

    /// Bytes of the answer.
    [[nodiscard]] std::string text() const;
    /// Tokens that it was told to begin with, those of another version above all.
    [[nodiscard]] size_t numGiven() const { return std::min(request.answerIds.size(), tokens.size()); }
    /// Whether it says anything that it was not told.
    [[nodiscard]] bool hasOwnText() const { return tokens.size() > numGiven() || !keptText.empty(); }
    /// Whether the places of its tokens in all that is read are known: what it answers, and how long that is.
    [[nodiscard]] bool knowsPlaces() const
    {
        return summary && summary->promptTokens > 0 && (!isAnswer || answered);
    }
};

using VersionPtr = std::shared_ptr<GenerationVersion>;

/// The step that was loaded, as EngineSession::generate() takes it, rather than "the newest one", which moves
/// on. Until the engine has told it: what was asked.
QString loadedModel(const GenerationVersion &version);
/// "code-7M, step 7,000 instead of 8,000": what was loaded, as the engine tells.
QString modelText(const GenerationVersion &version);
/// Mean −log p of the tokens behind those of its parent, nats per token; NaN: there are none.
double surpriseOf(const GenerationVersion &version);
/// "code-7M, step 8,000  ·  4 tokens  ·  100 tokens/s  ·  …"
QString generationStatus(const GenerationVersion &version);
/// The same for several lines: short facts are not broken, and long names are cut in their middle.
QString breakableStatus(const QString &status);

} // namespace orrery::ui
