// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/next_words.h"

#include "widgets/common/number_text.h"

#include <utility>

namespace orrery::ui {
namespace {

constexpr int kStayMs = 120; ///< the arrows go through rows without a question for each

} // namespace

NextWords::NextWords(EngineSession &session, QObject *parent)
    : QObject(parent), m_question(new ModelQuestion(session, this))
{
    connect(&session, &EngineSession::connectionChanged, this, &NextWords::forgetRefusals);
    m_timer.setSingleShot(true);
    m_timer.setInterval(kStayMs);
    connect(&m_timer, &QTimer::timeout, this, &NextWords::ask);
    connect(m_question, &ModelQuestion::answered, this, [this](const InspectReport &report) {
        m_known[m_token] = report;
        Q_EMIT changed();
    });
    connect(m_question, &ModelQuestion::failed, this, [this](const Error &error) {
        m_refused[m_token] = errorText(error);
        Q_EMIT changed();
    });
}

void NextWords::want(const SnapshotPtr &of, const QString &model, std::function<GenerateRequest()> text,
                     int64_t token)
{
    if (of != m_of || model != m_model) {
        cancel();
        m_known.clear();
        m_refused.clear();
    }
    const bool isUnderWay =
        of == m_of && model == m_model && token == m_token && (m_timer.isActive() || m_question->isAsking());
    m_of = of;
    if (isUnderWay) return;
    cancel();
    m_token = token;
    m_model = model;
    m_text = std::move(text);
    if (!m_known.contains(token) && !m_refused.contains(token)) m_timer.start();
}

void NextWords::cancel()
{
    m_timer.stop();
    m_question->cancel();
}

void NextWords::forgetRefusals()
{
    if (m_refused.empty()) return;
    m_refused.clear();
    Q_EMIT changed();
}

void NextWords::ask()
{
    InspectRequest request;
    request.input = m_text();
    request.wantsOverview = false;
    request.token = m_token;
    request.asSaid = m_of && m_of->report.saidWith != SaidWith::Unknown; // as the maps were asked for
    m_question->ask(m_model, request);
}

const InspectReport *NextWords::known(const SnapshotPtr &of, int64_t token) const
{
    const auto found = m_known.find(token);
    return of != m_of || found == m_known.end() ? nullptr : &found->second;
}

QString NextWords::whyNot(int64_t token) const
{
    const auto found = m_refused.find(token);
    return found == m_refused.end() ? QString() : found->second;
}

} // namespace orrery::ui
