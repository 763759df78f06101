// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/model_question.h"

namespace orrery::ui {

void ModelQuestion::ask(const QString &model, const InspectRequest &request)
{
    m_handle.reset();
    m_model = model;
    m_request = request;
    m_isAsking = true;
    m_amount.reset();
    const quint64 number = ++m_number;
    const auto onAmount = [this, number](const InspectAmount &amount) {
        if (number != m_number || !m_isAsking) return;
        m_amount = amount;
        Q_EMIT amountChanged();
    };
    auto handle = m_session.inspectWatched(model, request, this, onAmount, [this, number](Result<InspectReport> answer) {
        if (number != m_number) return;
        // Kept until the answer was dealt with: it may lead to the next question.
        const std::unique_ptr<PendingRequest> answeredHandle = std::move(m_handle);
        m_isAsking = false;
        m_amount.reset();
        if (answer.ok())
            Q_EMIT answered(answer.value());
        else
            Q_EMIT failed(answer.error());
        Q_EMIT stateChanged();
    });
    if (number == m_number && m_isAsking) m_handle = std::move(handle);
    Q_EMIT stateChanged();
}

void ModelQuestion::cancel()
{
    ++m_number;
    m_handle.reset();
    m_amount.reset();
    if (!std::exchange(m_isAsking, false)) return;
    Q_EMIT stateChanged();
}

} // namespace orrery::ui
