// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/model_question.h"

#include <algorithm>

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

QString ModelQuestion::readingText(const InspectPassAmount &amount)
{
    const QString layer = amount.layers > 0 ? tr("layer %1 of %2").arg(amount.layer).arg(amount.layers) : QString();
    if (amount.passes < 2) return layer;
    const QString pass = tr("pass %1 of %2").arg(amount.pass).arg(amount.passes);
    return layer.isEmpty() ? pass : tr("%1, %2", "layer, pass").arg(layer, pass);
}

double ModelQuestion::readingShare(const InspectPassAmount &amount)
{
    if (amount.layers <= 0 && amount.passes < 2) return -1;
    // The layer that is told is the one that is under way.
    const double inPass = amount.layers > 0 ? double(amount.layer - 1) / double(amount.layers) : 0;
    return (double(amount.pass - 1) + std::max(0.0, inPass)) / double(amount.passes);
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
