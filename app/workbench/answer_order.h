// SPDX-License-Identifier: GPL-3.0-or-later
// Answers about one thing in the order in which they were asked for, however they come: several questions travel at a
// time, and none of them waits for those about other things. GUI thread only; owned by the session.
#pragma once

#include <QHash>
#include <QString>

#include <deque>
#include <functional>
#include <memory>

namespace orrery::ui {

class AnswerOrder {
public:
    struct Question {
        QString about;
        std::function<void()> deliver; ///< empty until its answer has come
    };
    using Ticket = std::shared_ptr<Question>;

    [[nodiscard]] Ticket ask(const QString &about);
    /// Delivers at once, or when all that was asked about the same before has been delivered. Each question must be
    /// answered once, if only by something that does nothing.
    void answer(const Ticket &ticket, std::function<void()> deliver);

private:
    QHash<QString, std::deque<Ticket>> m_open;
};

} // namespace orrery::ui
