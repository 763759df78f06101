// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/curves_model.h"

#include <algorithm>

namespace orrery::ui {

const CurvesModel::Run *CurvesModel::find(const QString &run) const
{
    const auto found = m_runs.find(run);
    return found == m_runs.end() ? nullptr : &found->second;
}

void CurvesModel::setHistory(const QString &run, const std::string &series, std::vector<SeriesBucket> buckets)
{
    m_runs[run].series[series].setHistory(std::move(buckets));
    Q_EMIT changed(run);
}

CurvesModel::Append CurvesModel::appendReports(const QString &run, const std::vector<StepReport> &reports)
{
    bool hasNewAttempt = false, hasAdded = false;
    Run &known = m_runs[run];
    for (const StepReport &report : reports) {
        for (const MetricValue &metric : report.values) {
            const auto result = known.series[metric.series].append(report.step, report.wallTime,
                                                                   report.attempt, metric.value);
            hasNewAttempt = hasNewAttempt || result == SeriesBuffer::Append::NewAttempt;
            hasAdded = hasAdded || result != SeriesBuffer::Append::Known;
        }
    }
    if (hasAdded) Q_EMIT changed(run);
    return hasNewAttempt ? Append::NeedsHistory : Append::Complete;
}

void CurvesModel::setDetail(const QString &run, const std::string &series, int64_t from, int64_t to,
                            std::vector<SeriesBucket> buckets)
{
    const auto found = m_runs.find(run);
    if (found == m_runs.end()) return; // the run was left while the answer was on its way
    found->second.series[series].setDetail(from, to, std::move(buckets));
    Q_EMIT changed(run);
}

void CurvesModel::removeRun(const QString &run)
{
    if (m_runs.erase(run) > 0) Q_EMIT changed(run);
}

std::vector<SeriesBucket> CurvesModel::buckets(const QString &run, const std::string &series) const
{
    const Run *known = find(run);
    if (known == nullptr) return {};
    const auto found = known->series.find(series);
    return found == known->series.end() ? std::vector<SeriesBucket>() : found->second.buckets();
}

bool CurvesModel::hasPoints(const QString &run) const { return lastStep(run) >= 0; }

uint64_t CurvesModel::numPoints(const QString &run, const std::string &series) const
{
    const Run *known = find(run);
    if (known == nullptr) return 0;
    const auto found = known->series.find(series);
    return found == known->series.end() ? 0 : found->second.numPoints();
}

bool CurvesModel::isCoarse(const QString &run, int64_t from, int64_t to) const
{
    const Run *known = find(run);
    return known && std::any_of(known->series.begin(), known->series.end(),
                                [&](const auto &entry) { return entry.second.isCoarse(from, to); });
}

int64_t CurvesModel::lastStep(const QString &run) const
{
    int64_t step = -1;
    if (const Run *known = find(run))
        for (const auto &[name, series] : known->series)
            if (!series.isEmpty()) step = std::max(step, series.last().lastStep);
    return step;
}

double CurvesModel::lastWallTime(const QString &run) const
{
    double time = 0;
    if (const Run *known = find(run))
        for (const auto &[name, series] : known->series)
            if (!series.isEmpty()) time = std::max(time, series.last().lastWallTime);
    return time;
}

double CurvesModel::startWallTime(const QString &run) const
{
    double time = 0;
    if (const Run *known = find(run)) {
        for (const auto &[name, series] : known->series) {
            if (series.isEmpty()) continue;
            const double first = series.first().firstWallTime;
            time = time == 0 ? first : std::min(time, first);
        }
    }
    return time;
}

void CurvesModel::setColorIndex(const QString &run, int index)
{
    m_runs[run].colorIndex = index;
    Q_EMIT changed(run);
}

int CurvesModel::colorIndex(const QString &run) const
{
    const Run *known = find(run);
    return known ? known->colorIndex : 0;
}

} // namespace orrery::ui
