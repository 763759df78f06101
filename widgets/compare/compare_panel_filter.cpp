// SPDX-License-Identifier: GPL-3.0-or-later
// Which runs are compared: those of the source that the filter means, in the words of the list of runs. Settings are read
// where the filter names one, while somebody looks.
#include "widgets/compare/compare_panel.h"

#include "widgets/common/counted.h"
#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/runs/filter_settings.h"

#include <QLineEdit>
#include <QSet>

#include <list>
#include <set>

using namespace Qt::StringLiterals;

namespace orrery::ui {

void ComparePanel::takeFilter(const QString &text)
{
    m_query = RunQuery::parse(text);
    takeRuns();
    Q_EMIT stateChanged();
}

/// In the order of the engine's list, the newest first. Valid until that changes.
std::vector<const RunStatus *> ComparePanel::sourceRuns() const
{
    const QStringList &named = m_source == Source::Overlaid ? m_overlaid : m_chosen;
    const QSet<QString> wanted(named.begin(), named.end());
    std::vector<const RunStatus *> runs;
    for (const RunStatus &status : m_session.runs()) {
        const bool isHidden = status.labels.isArchived && !m_query.wantsArchived();
        if (m_source == Source::All ? !isHidden : wanted.contains(fromStd(status.id))) runs.push_back(&status);
    }
    return runs;
}

void ComparePanel::wantSettings()
{
    QStringList runs;
    if (m_query.wantsSettings() && isVisible() && m_session.connectionState() == ConnectionState::Connected)
        for (const RunStatus *status : sourceRuns()) runs << fromStd(status->id);
    // Hidden, nothing is asked for; what is known stays, and so do the runs that are compared.
    if (isVisible() || !m_query.wantsSettings()) m_settings->want(m_query, runs);
}

QStringList ComparePanel::filteredRuns() const
{
    const auto isMeant = [this](const RunStatus &status) {
        if (m_query.isEmpty()) return true;
        const RunText searched = searchedText(status);
        return m_query.matches({status, searched.text, searched.tags, m_settings->specs()});
    };
    QStringList runs;
    for (const RunStatus *status : sourceRuns())
        if (isMeant(*status)) runs << fromStd(status->id);
    return runs;
}

QStringList ComparePanel::tagsInUse() const
{
    std::set<std::string> tags;
    for (const RunStatus *status : sourceRuns()) tags.insert(status->labels.tags.begin(), status->labels.tags.end());
    QStringList texts;
    for (const std::string &tag : tags) texts << fromStd(tag);
    return texts;
}

QString ComparePanel::noMatchText() const
{
    const QString problem = m_settings->problem(m_query);
    if (!problem.isEmpty()) return problem;
    std::list<RunText> searched; // facts refer to them
    std::vector<RunFacts> facts;
    for (const RunStatus *status : sourceRuns()) {
        searched.push_back(searchedText(*status));
        facts.push_back({*status, searched.back().text, searched.back().tags, m_settings->specs()});
    }
    if (facts.empty()) return tr("There is no run that it could find: choose other runs above.");
    const QString hidden = m_settings->whatHides(m_query, facts).join(u", "_s);
    return facts.size() == 1 ? tr("The only run is hidden: %1.").arg(hidden)
                             : tr("None of %1 runs is shown: %2.").arg(integerText(qint64(facts.size())), hidden);
}

/// What of the filter is not understood or not known, and how many runs there are.
void ComparePanel::showFilter()
{
    const QString problem = m_settings->problem(m_query);
    m_problem->setText(problem);
    m_problem->setVisible(!problem.isEmpty() && !m_compared.isEmpty()); // else it stands in the middle
    m_filter->setAccessibleDescription(problem);
    QStringList count;
    if (!m_compared.isEmpty()) count << counted(m_compared.size(), tr("1 run"), tr("%1 runs"));
    if (!m_compared.isEmpty() && m_settings->isWaiting(m_query)) count << tr("reading settings …");
    m_count->setText(count.join(u" · "_s));
}

} // namespace orrery::ui
