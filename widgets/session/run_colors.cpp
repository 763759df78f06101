// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/session/run_colors.h"

#include <QSettings>
#include <QStringList>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr auto kKey = "runs/colors"_L1;
constexpr qsizetype kMaxRemembered =
    4096;                            ///< runs that are gone are forgotten above it, the longest gone first
constexpr int kMaxIndex = 1'000'000; ///< of a settings file: more is nonsense

} // namespace

RunColors &RunColors::instance()
{
    static RunColors colors;
    return colors;
}

void RunColors::setSettings(QSettings *settings)
{
    m_settings = settings;
    if (!m_settings) return;
    // "3=code-7m": the index first, as an id may hold anything.
    const QStringList lines = m_settings->value(kKey).toStringList();
    for (const QString &line : lines) {
        const qsizetype end = line.indexOf(u'=');
        bool isNumber = false;
        const int index = QStringView(line).first(std::max<qsizetype>(end, 0)).toInt(&isNumber);
        const QString run = line.mid(end + 1);
        if (!isNumber || index < 0 || index > kMaxIndex || run.isEmpty() || m_listed.contains(run)) continue;
        m_entries[run] = {index, 0};
    }
    forgetOldest();
}

int RunColors::takeLowest()
{
    while (m_used.contains(m_lowest)) ++m_lowest;
    return m_lowest;
}

void RunColors::list(const QString &run)
{
    const auto known = m_entries.constFind(run);
    const bool wasKnown = known != m_entries.constEnd();
    const int before = wasKnown ? known->index : -1;
    const int index = wasKnown && !m_used.contains(before) ? before : takeLowest();
    m_entries[run] = {index, m_numLists};
    m_listed.insert(run);
    m_used.insert(index);
    if (index == before) return;
    m_isChanged = true;
    if (wasKnown) Q_EMIT indexChanged(run);
}

int RunColors::indexOf(const QString &run)
{
    if (!m_listed.contains(run)) {
        list(run);
        remember();
    }
    return m_entries.value(run).index;
}

void RunColors::setRuns(const std::vector<RunStatus> &runs)
{
    m_numLists += 1;
    std::vector<std::pair<double, QString>> arrived; // when made, id
    QSet<QString> listed;
    listed.reserve(static_cast<qsizetype>(runs.size()));
    for (const RunStatus &run : runs) {
        const QString id = QString::fromStdString(run.id);
        listed.insert(id);
        if (m_listed.contains(id))
            m_entries[id].seen = m_numLists;
        else
            arrived.emplace_back(run.createdAt, id);
    }
    if (arrived.empty() && listed.size() == m_listed.size()) return;
    m_listed.intersect(listed);
    m_used.clear();
    m_lowest = 0;
    for (const QString &run : std::as_const(m_listed)) m_used.insert(m_entries.value(run).index);
    // Those that come back first: a new run must not take what is theirs.
    std::stable_sort(arrived.begin(), arrived.end(), [this](const auto &a, const auto &b) {
        const bool isOldA = m_entries.contains(a.second), isOldB = m_entries.contains(b.second);
        return isOldA != isOldB ? isOldA : a.first < b.first;
    });
    for (const auto &[createdAt, run] : arrived)
        if (!m_listed.contains(run)) list(run);
    forgetOldest();
    remember();
}

void RunColors::forgetOldest()
{
    if (m_entries.size() <= std::max(kMaxRemembered, m_listed.size())) return;
    std::vector<std::pair<qint64, QString>> gone;
    for (auto it = m_entries.cbegin(); it != m_entries.cend(); ++it)
        if (!m_listed.contains(it.key())) gone.emplace_back(it->seen, it.key());
    std::sort(gone.begin(), gone.end());
    for (const auto &[seen, run] : gone) {
        if (m_entries.size() <= std::max(kMaxRemembered, m_listed.size())) return;
        m_entries.remove(run);
    }
}

void RunColors::remember()
{
    if (!m_settings || !m_isChanged) return;
    m_isChanged = false;
    QStringList lines;
    lines.reserve(m_entries.size());
    for (auto it = m_entries.cbegin(); it != m_entries.cend(); ++it)
        lines << QString::number(it->index) + u'=' + it.key();
    lines.sort(); // the file changes only where the runs do
    m_settings->setValue(kKey, lines);
}

} // namespace orrery::ui
