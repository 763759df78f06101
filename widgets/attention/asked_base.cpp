// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/asked_base.h"

#include "widgets/attention/maps_question.h"

namespace orrery::ui {

AskedBase::AskedBase(EngineSession &session, QObject *parent)
    : QObject(parent), m_question(new MapsQuestion(session, this))
{
    connect(m_question, &MapsQuestion::stateChanged, this, &AskedBase::changed);
    connect(m_question, &MapsQuestion::amountChanged, this, &AskedBase::amountChanged);
    connect(m_question, &MapsQuestion::answered, this, [this](const InspectReport &report) {
        m_base = snapshotOfReport(report);
        Q_EMIT changed();
    });
    connect(m_question, &MapsQuestion::failed, this, [this](const Error &error) {
        m_isRefused = true;
        Q_EMIT failed(error);
    });
}

void AskedBase::want(const SnapshotPtr &of, const QString &model, const InspectRequest &request)
{
    if (of == m_of && model == m_model && (m_base || m_isRefused || isAsking())) return;
    m_of = of;
    m_model = model;
    m_base = nullptr;
    m_isRefused = false;
    m_question->ask(model, request, request.token);
}

void AskedBase::drop()
{
    m_isRefused = false;
    m_question->cancel();
}

void AskedBase::cancel()
{
    m_isRefused = true;
    m_question->cancel();
}

void AskedBase::retry()
{
    if (!m_isRefused) return;
    m_isRefused = false;
    m_question->retry();
}

std::optional<InspectAmount> AskedBase::amount() const { return m_question->amount(); }

bool AskedBase::isAsking() const { return m_question->isAsking(); }

} // namespace orrery::ui
