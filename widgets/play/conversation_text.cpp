// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/conversation_text.h"

#include "widgets/common/number_text.h"
#include "widgets/play/conversation_model.h"

using namespace Qt::StringLiterals;

namespace orrery::ui {

QString conversationText(const std::vector<ChatMessage> &messages)
{
    QString text;
    for (const ChatMessage &message : messages) {
        if (!text.isEmpty()) text += u'\n';
        text += turnRoleText(turnRoleOf(fromStd(message.role))) + u":\n"_s;
        for (const PromptMedia &media : message.media) text += u'[' + fromStd(media.name) + u"]\n"_s;
        text += fromStd(message.content) + u'\n';
    }
    return text;
}

} // namespace orrery::ui
