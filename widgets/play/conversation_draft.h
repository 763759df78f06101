// SPDX-License-Identifier: GPL-3.0-or-later
// A conversation as text, and the draft of it that outlives the window. GUI thread only by use.
#pragma once

#include "widgets/play/conversation_model.h"

#include <QJsonObject>

#include <vector>

namespace orrery::ui {

/// "User:\n[a.png]\n…\n\nAssistant:\n…\n"
QString conversationText(const std::vector<ChatMessage> &messages);
/// Text that a draft keeps at most, in UTF-8 bytes: settings are written while people type.
inline constexpr qint64 kMaxDraftBytes = 1 << 20;
/// The turns that are shown, and as far as there is room the versions of answers with the turns that follow
/// those that are not; of the last answer also the tokens as far as these are small (version_draft.h). Older
/// turns that go beyond the limit are counted as "dropped"; the system text stays.
QJsonObject conversationDraft(const ConversationModel &model);

struct RestoredConversation {
    /// Files that they had stand there unread (Attachment::isBeingRead); what was pasted is gone but its
    /// name.
    std::vector<TurnPtr> turns;
    int numDropped = 0;
};
/// Takes anything: what is no turn is left out.
RestoredConversation restoredConversation(const QJsonObject &draft);

} // namespace orrery::ui
