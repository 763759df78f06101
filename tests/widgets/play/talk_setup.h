// SPDX-License-Identifier: GPL-3.0-or-later
// A playground that converses, shared by the tests of that.
#pragma once

#include "play_setup.h"

#include "widgets/play/conversation_pane.h"
#include "widgets/play/conversation_view.h"

namespace orrery::ui {

struct Talk : Setup {
    Talk()
    {
        panel->setMode(PlayMode::Converse);
        view = panel->conversation()->view();
        model = panel->conversation()->model();
    }
    void send(const QString &text)
    {
        panel->messageEditor()->setPlainText(text);
        panel->generate();
    }
    void answer(const std::string &text, FinishReason reason = FinishReason::EndOfTurn)
    {
        Q_EMIT generation().tokens(tokensOf(text));
        Q_EMIT generation().finished(summaryOf(reason));
    }
    void exchange(const QString &said, const std::string &text)
    {
        send(said);
        answer(text);
    }
    [[nodiscard]] const GenerateRequest &request() const { return session.generations.back().request; }
    [[nodiscard]] QString said() const
    {
        QStringList parts;
        for (const ChatMessage &message : panel->conversation()->messages())
            parts << QString::fromStdString(message.role.substr(0, 1) + ':' + message.content);
        return parts.join(u' ');
    }
    template <typename Widget> Widget *find(const char *name) { return child<Widget>(panel.get(), name); }

    ConversationView *view;
    ConversationModel *model;
};

} // namespace orrery::ui
