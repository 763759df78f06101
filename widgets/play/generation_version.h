// SPDX-License-Identifier: GPL-3.0-or-later
// One generation, kept to go back to, and the line that says how it went. Values; GUI thread only by use.
#pragma once

#include "widgets/session/engine_session.h"

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

    /// Bytes of the answer.
    [[nodiscard]] std::string text() const;
};

using VersionPtr = std::shared_ptr<GenerationVersion>;

/// "code-7M, step 7,000 instead of 8,000": what was loaded, as the engine tells.
QString modelText(const GenerationVersion &version);
/// "code-7M, step 8,000  ·  4 tokens  ·  100 tokens/s  ·  …"
QString generationStatus(const GenerationVersion &version);

} // namespace orrery::ui
