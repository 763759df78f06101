// SPDX-License-Identifier: GPL-3.0-or-later
// Versions with their tokens as they outlive the window: so that what was generated can be branched after a
// restart. GUI thread only by use.
#pragma once

#include "widgets/play/generation_version.h"

#include <QJsonArray>
#include <QJsonObject>

#include <vector>

namespace orrery::ui {

/// Bytes that the tokens of a draft take at most; the prompts' and the answers' each have as much.
inline constexpr qint64 kMaxTokenDraftBytes = 256 << 10;

/// One entry for each version, newest ones first while there is room: null for what is not kept. Candidates
/// go first where the room is narrow, then tokens. What a file was read for is not kept: a draft has no
/// files.
/// @param room bytes; less when it returns
QJsonArray versionDrafts(const std::vector<VersionPtr> &versions, qint64 &room);
/// Takes anything; null where there is no version. Parents are found again.
std::vector<VersionPtr> restoredVersions(const QJsonArray &drafts);

} // namespace orrery::ui
