// SPDX-License-Identifier: GPL-3.0-or-later
// Drafts that programs before the archive of prompt sessions kept in their settings: read once, to become a session. Takes
// anything: what cannot be read is left out. GUI thread only by use.
#pragma once

#include "widgets/play/session_state.h"

#include <QJsonArray>
#include <QJsonObject>

#include <vector>

namespace orrery::ui {

SessionState oldDraftState(const QJsonObject &draft);
/// Null where there is no version. Parents are found again.
std::vector<VersionPtr> oldDraftVersions(const QJsonArray &drafts);
/// Files stand there unread (Attachment::isBeingRead); what was pasted is gone but its name.
std::vector<TurnPtr> oldDraftTurns(const QJsonObject &conversation);

} // namespace orrery::ui
