// SPDX-License-Identifier: GPL-3.0-or-later
// A prompt session as a file to take along: JSON, which reads back as it was (docs/playground.md has the format), and
// Markdown, with the versions that are shown or with all of them. Any thread.
#pragma once

#include "core/base/result.h"
#include "widgets/play/session_document.h"

#include <QByteArray>

namespace orrery::ui {

/// Tokens of answers by their keys; nobody changes them.
using AnswerTokens = std::map<qint64, std::shared_ptr<const std::vector<GeneratedToken>>>;

/// A session that the window may go on with while it is written.
struct SessionSnapshot {
    SessionEntry entry;
    QJsonObject document;
    AnswerTokens tokens;
};
/// Shares the tokens of answers that have ended. GUI thread.
SessionSnapshot sessionSnapshot(const SessionState &state);
SessionSnapshot sessionSnapshot(SessionContent content);

QByteArray sessionJson(const SessionSnapshot &session);
/// Larger files are refused before anything is read.
inline constexpr quint64 kMaxSessionFileBytes = quint64{512} << 20;
/// @param name of the file, for errors  @error InvalidInput: no session, of a newer program, or damaged
Result<SessionContent> readSessionJson(const QByteArray &json, const QString &name);
/// @error NotFound, Io, InvalidInput
Result<SessionContent> readSessionFile(const QString &path);

enum class ExportedVersions : uint8_t { Shown, All };
QString sessionMarkdown(SessionSnapshot session, ExportedVersions versions);
/// By the ending of the path: json or md. It overwrites. @error Io; InvalidInput: another ending
Result<void> saveSession(SessionSnapshot session, ExportedVersions versions, const QString &path);

} // namespace orrery::ui
