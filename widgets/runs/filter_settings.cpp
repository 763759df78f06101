// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/filter_settings.h"

#include "widgets/common/number_text.h"
#include "widgets/curves/run_specs.h"
#include "widgets/session/engine_session.h"

#include <algorithm>

namespace orrery::ui {
namespace {

constexpr int kGatherMs = 50;

} // namespace

FilterSettings::FilterSettings(EngineSession &session, QObject *parent)
    : QObject(parent), m_specs(new RunSpecs(session, this))
{
    m_timer.setSingleShot(true);
    m_timer.setInterval(kGatherMs);
    connect(m_specs, &RunSpecs::changed, this, [this] {
        if (!m_wanted.isEmpty() && !m_timer.isActive()) m_timer.start();
    });
    connect(&m_timer, &QTimer::timeout, this, &FilterSettings::changed);
}

void FilterSettings::want(const RunQuery &query, const QStringList &runs)
{
    const QStringList wanted = query.wantsSettings() ? runs : QStringList();
    if (wanted == m_wanted) return;
    m_wanted = wanted;
    m_specs->want(wanted);
}

bool FilterSettings::isWaiting(const RunQuery &query) const { return query.wantsSettings() && m_specs->isReading(); }

QString FilterSettings::problem(const RunQuery &query) const
{
    const bool hasUnread = query.wantsSettings() && !m_specs->isReading() && m_specs->error();
    return hasUnread && query.problem().isEmpty()
               ? tr("Runs whose settings could not be read are hidden. %1").arg(errorText(*m_specs->error()))
               : query.problem();
}

QStringList FilterSettings::whatHides(const RunQuery &query, const std::vector<RunFacts> &runs) const
{
    QStringList parts;
    for (const RunQuery::Term &term : query.terms()) {
        const auto numHidden = std::count_if(runs.begin(), runs.end(),
                                             [&term](const RunFacts &run) { return !RunQuery::holds(term, run); });
        if (numHidden == 0) continue;
        parts << (term.kind == RunQuery::Kind::Setting && m_specs->isReading()
                      ? tr("“%1” waits for settings").arg(term.text)
                      : tr("“%1” hides %2").arg(term.text, integerText(qint64(numHidden))));
    }
    const auto numArchived = std::count_if(runs.begin(), runs.end(), [](const RunFacts &run) { return run.status.labels.isArchived; });
    if (numArchived > 0 && !query.wantsArchived()) parts << tr("the archive hides %1").arg(integerText(qint64(numArchived)));
    return parts;
}

} // namespace orrery::ui
