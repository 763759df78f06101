// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/microscope/focus_media.h"

#include "core/spec/kept_prompt.h"
#include "widgets/attention/exact_text.h"

#include <utility>

namespace orrery::ui {

FocusMedia::FocusMedia(EngineSession &session, QObject *parent) : QObject(parent), m_session(session), m_log(session)
{
    connect(&m_log, &EventLog::added, this, [this](const std::vector<RunEvent> &events) {
        if (m_documents.take(events)) Q_EMIT changed();
    });
    connect(&m_log, &EventLog::failed, this, [this] { m_hasFailed = true; }); // names stand there instead
    connect(&session, &EngineSession::updated, this, [this](const RunUpdate &update) {
        if (m_run.isEmpty() || update.run != m_run) return;
        if (update.mustReplay) m_log.read();
        m_log.addLive(update.events);
    });
    connect(&session, &EngineSession::connectionChanged, this, [this] {
        const bool isBack = m_session.connectionState() == ConnectionState::Connected;
        if (isBack && !m_run.isEmpty() && std::exchange(m_hasFailed, false)) m_log.read();
    });
    connect(&session, &EngineSession::runsChanged, this, [this] {
        if (!m_session.runs().empty() || m_session.connectionState() != ConnectionState::Connecting) return;
        m_run.clear(); // another engine: a run of this name is another one there
        m_log.setRun({});
        m_documents.clear();
        Q_EMIT changed();
    });
}

void FocusMedia::setFocus(const Focus &focus, bool isSeen)
{
    const QString run = focus.text && keptPromptNumber(*focus.text) ? runOfModel(focus.model) : QString();
    if (run.isEmpty() || !isSeen) return;
    if (run != m_run) {
        m_run = run;
        m_hasFailed = false;
        m_documents.clear();
        m_log.setRun(run);
        m_log.read();
    } else if (std::exchange(m_hasFailed, false)) {
        m_log.read();
    }
}

SampleMediaPtr FocusMedia::find(const Focus &focus) const
{
    const auto document = focus.text ? keptPromptNumber(*focus.text) : std::nullopt;
    return document && runOfModel(focus.model) == m_run ? m_documents.find(*document) : nullptr;
}

} // namespace orrery::ui
