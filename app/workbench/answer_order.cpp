// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/answer_order.h"

#include <utility>

namespace orrery::ui {

AnswerOrder::Ticket AnswerOrder::ask(const QString &about)
{
    auto ticket = std::make_shared<Question>(Question{about, {}});
    m_open[about].push_back(ticket);
    return ticket;
}

void AnswerOrder::answer(const Ticket &ticket, std::function<void()> deliver)
{
    ticket->deliver = std::move(deliver);
    // Who hears an answer may ask again: nothing is held while it does.
    for (auto open = m_open.find(ticket->about); open != m_open.end() && open->front()->deliver; open = m_open.find(ticket->about)) {
        const Ticket first = open->front();
        open->pop_front();
        if (open->empty()) m_open.erase(open);
        first->deliver();
    }
}

} // namespace orrery::ui
