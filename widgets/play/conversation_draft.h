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
/// Turns, and the versions of the last answer; the tokens and their probabilities are not kept. Older turns
/// that go beyond the limit are counted as "dropped"; the system text stays.
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
