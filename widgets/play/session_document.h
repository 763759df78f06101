// SPDX-License-Identifier: GPL-3.0-or-later
// A prompt session as a document: all of it but the tokens of its answers, which have keys in it (docs/playground.md has the
// format). The archive keeps it, a session file has it with the tokens. Pure; any thread.
#pragma once

#include "widgets/play/prompt_archive.h"
#include "widgets/play/session_state.h"

#include <QJsonArray>

#include <functional>

namespace orrery::ui {

inline constexpr auto kSessionFormat = "orrery-prompt-session";
inline constexpr int kSessionVersion = 1;

/// Any bytes: as text, or, where they are none, as {"hex": "c3"}.
QJsonValue bytesJson(const std::string &bytes);
std::string bytesOf(const QJsonValue &value);

/// Each once, in the order in which they are met: a version stands before those that began as it did.
std::vector<VersionPtr> versionsOf(const SessionState &state);

using KeyOf = std::function<qint64(const VersionPtr &)>;
/// An answer without its tokens and what it was asked.
QJsonObject answerJson(const GenerationVersion &version, const KeyOf &keyOf);
/// @param jsonOf what answerJson() gives for it
QJsonObject sessionDocument(const SessionState &state, const std::vector<VersionPtr> &versions, const KeyOf &keyOf,
                            const std::function<QJsonObject(const VersionPtr &)> &jsonOf);

/// Takes anything: what it cannot read is left out, with what hangs on it. Versions have their keys.
SessionState sessionState(SessionContent content);
/// What is searched: titles of models aside, all that was written or said, but for the tokens.
QString sessionWords(const QJsonObject &document);

/// Its first words; empty for a session without any.
QString sessionTitle(const SessionState &state);
/// What was said last, in one line.
QString sessionPreview(const SessionState &state);
/// Who answered; of a comparison all, each once. Nobody yet: who will be asked.
QString sessionModel(const SessionState &state);

} // namespace orrery::ui
