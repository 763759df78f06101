// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/status_line.h"

#include "app/workbench/loss_text.h"
#include "widgets/common/counted.h"
#include "widgets/common/glossary.h"
#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/runs/run_feed.h"
#include "widgets/runs/viewer_cost.h"
#include "widgets/theme/theme.h"

#include <QLabel>

#include <algorithm>
#include <cmath>

namespace orrery::ui {

StatusLine::StatusLine(EngineSession &session, QWidget *parent) : QStatusBar(parent), m_session(session)
{
    setSizeGripEnabled(false);
    setContentsMargins(space::kOne, 0, space::kOne, 0);
    m_dot = new QLabel(this);
    m_engine = new QLabel(this);
    m_engine->setObjectName(QStringLiteral("engineStatus"));
    m_fresh = new ToneLabel(QString(), Tone::Text, TypeSize::Base, this);
    m_fresh->setObjectName(QStringLiteral("lastReport"));
    m_cost = new ToneLabel(QString(), Tone::Text, TypeSize::Base, this);
    m_cost->setObjectName(QStringLiteral("viewerCost"));
    m_cost->setToolTip(viewerCostHelp());
    m_engine->setToolTip(glossaryHover(QStringLiteral("status/engine")));
    m_fresh->setToolTip(glossaryHover(QStringLiteral("status/report")));
    for (QLabel *label : std::initializer_list<QLabel *>{m_engine, m_fresh, m_cost}) label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    addWidget(m_dot);
    addWidget(m_engine);
    addWidget(m_fresh, 1);
    addPermanentWidget(m_cost);
    connect(&session, &EngineSession::connectionChanged, this, &StatusLine::refresh);
    connect(&session, &EngineSession::runsChanged, this, &StatusLine::readRuns);
    connect(&session, &EngineSession::updated, this, &StatusLine::takeUpdate);
    connect(&Theme::instance(), &Theme::changed, this, &StatusLine::refresh);
    connect(&m_timer, &QTimer::timeout, this, &StatusLine::refresh);
    m_timer.start(500);
    refresh();
}

void StatusLine::setRun(const QString &run)
{
    m_run = run;
    m_status.reset();
    readRuns();
}

void StatusLine::setPlace(const QString &place)
{
    m_place = place;
    refresh();
}

void StatusLine::readRuns()
{
    const auto &runs = m_session.runs();
    const auto found = std::find_if(runs.begin(), runs.end(), [this](const RunStatus &run) { return fromStd(run.id) == m_run; });
    if (found == runs.end())
        m_status.reset();
    else if (!m_status || isNewsOfList(*found, *m_status))
        m_status = *found;
    refresh();
}

void StatusLine::takeUpdate(const RunUpdate &update)
{
    if (m_run.isEmpty() || update.run != m_run) return;
    m_status = update.status;
    showRun();
}

void StatusLine::refresh()
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    QColor colour = tokens.good;
    QString engine;
    const EngineInfo info = m_session.engine();
    switch (m_session.connectionState()) {
    case ConnectionState::Connected:
        engine = tr("%1 · %2 · %3")
                     .arg(m_place.isEmpty() ? tr("This computer") : m_place, info.cpuModel,
                          counted(info.numCores, tr("1 core"), tr("%1 cores")));
        if (info.numCudaDevices > 0) engine += QStringLiteral(" · ") + counted(info.numCudaDevices, tr("1 GPU"), tr("%1 GPUs"));
        engine += QStringLiteral(" · ") + counted(static_cast<int>(m_session.runs().size()), tr("1 run"), tr("%1 runs"));
        break;
    case ConnectionState::Lost:
        colour = m_session.loss().isSilent ? tokens.warning : tokens.error;
        engine = lossLine();
        break;
    default:
        colour = tokens.warning;
        engine = m_place.isEmpty() ? tr("Connecting to the engine…") : tr("Connecting to %1…").arg(m_place);
    }
    m_dot->setText(QStringLiteral("<span style='color:%1'>●</span>").arg(colour.name()));
    m_dot->setAccessibleName(m_session.connectionState() == ConnectionState::Connected ? tr("Connected")
                             : m_session.loss().isSilent                               ? tr("The engine does not answer")
                                                                                       : tr("Not connected"));
    m_engine->setText(engine);

    showRun();
}

/// "lab lost since 14:02:10 (3 min), next try in 8 s; trainings go on there without the window", or "This computer does not
/// answer since 14:02:10 (35 s); …"
QString StatusLine::lossLine() const
{
    const ConnectionLoss loss = m_session.loss();
    const double now = wallNow();
    QString line = loss.isSilent        ? tr("%1 does not answer").arg(m_place.isEmpty() ? tr("This computer") : m_place)
                   : m_place.isEmpty() ? tr("Engine lost")
                                       : tr("%1 lost").arg(m_place);
    if (const QString since = longSinceText(loss, now); !since.isEmpty()) line += u' ' + since;
    if (const QString next = nextTryText(loss, now); !next.isEmpty()) line += QStringLiteral(", ") + next;
    return m_place.isEmpty() ? tr("%1; trainings go on without the window").arg(line)
                             : tr("%1; trainings go on there without the window").arg(line);
}

void StatusLine::showRun()
{
    const bool isLive = m_status && isLiveState(m_status->state);
    // What was live when it was heard last says so by being quiet.
    const Tone tone = m_session.connectionState() == ConnectionState::Connected ? Tone::Text : Tone::Secondary;
    m_fresh->setTone(tone);
    m_cost->setTone(tone);
    m_fresh->setText(isLive && m_status->lastReportAt > 0
                         ? tr("· last report %1").arg(relativeTimeText(std::max(0.0, wallNow() - m_status->lastReportAt)))
                         : QString());
    m_cost->setText(isLive && std::isfinite(m_status->viewerPercent) ? tr("viewer cost %1").arg(viewerCostText(*m_status))
                                                                     : QString());
}

} // namespace orrery::ui
