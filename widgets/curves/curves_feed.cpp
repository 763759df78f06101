// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/curves_feed.h"

#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"
#include "widgets/curves/curves_model.h"

#include <algorithm>
#include <limits>

namespace orrery::ui {
namespace {

constexpr int kHistoryBuckets = 2000;

} // namespace

CurvesFeed::CurvesFeed(EngineSession &session, CurvesModel &model, QObject *parent)
    : QObject(parent), m_session(session), m_log(session), m_model(model)
{
    connect(&m_log, &EventLog::added, this, &CurvesFeed::addEvents);
    connect(&m_log, &EventLog::failed, this, &CurvesFeed::failed);
    connect(&session, &EngineSession::updated, this, &CurvesFeed::onUpdated);
    connect(&session, &EngineSession::runsChanged, this, [this] {
        readStatus();
        takeBranches();
    });
}

CurvesFeed::~CurvesFeed()
{
    if (!m_run.isEmpty()) m_session.unwatch(m_run);
}

const std::vector<std::string> &CurvesFeed::seriesNames()
{
    static const std::vector<std::string> names = {
        series::kLoss,         series::kValLoss,  series::kValLossPrefix,  series::kValLossInfill,
        series::kLearningRate, series::kGradNorm, series::kTokensPerSecond};
    return names;
}

bool CurvesFeed::isAlwaysThere(const std::string &series)
{
    const auto &names = seriesNames();
    return std::find(names.begin(), names.end(), series) != names.end();
}

std::vector<std::string> CurvesFeed::wantedSeries() const
{
    std::vector<std::string> names = seriesNames();
    if (!m_extra.empty() && !isAlwaysThere(m_extra)) names.push_back(m_extra);
    return names;
}

void CurvesFeed::setExtraSeries(const std::string &name)
{
    if (name == m_extra) return;
    m_extra = name;
    const bool isThere = isAlwaysThere(name);
    m_hasExtra = isThere && m_hasHistory;
    // What attaches reads it with all the others.
    if (!m_extra.empty() && !isThere && !m_run.isEmpty() && !m_isAttaching) readExtra();
}

void CurvesFeed::setRun(const QString &run)
{
    if (run == m_run) return;
    const QString before = std::exchange(m_run, run);
    ++m_generation;
    m_status.reset();
    m_events.clear();
    m_branches = branchMarks(toStd(run), m_session.runs());
    m_checkpoints.clear();
    m_log.setRun(run);
    m_isReading = m_mustReadAgain = m_hasHistory = m_hasExtra = false;
    m_isAttaching = !run.isEmpty();
    if (!before.isEmpty()) {
        m_session.unwatch(before);
        m_model.removeRun(before);
    }
    rebuildMarks();
    if (!run.isEmpty()) {
        m_model.setColorIndex(run, runColorIndex(run));
        m_session.watch(run);
    }
    readStatus();
}

void CurvesFeed::refresh()
{
    if (m_run.isEmpty()) return;
    readHistory();
    m_log.read();
    readCheckpoints();
}

void CurvesFeed::readStatus()
{
    for (const RunStatus &status : m_session.runs()) {
        if (fromStd(status.id) != m_run) continue;
        // The list may be older than the last update of the run itself.
        if (m_status && m_status->lastReportAt > status.lastReportAt && m_status->state == status.state)
            return;
        m_status = status;
        m_model.setColorIndex(m_run, runColorIndex(m_run));
        takeAlarms();
        Q_EMIT statusChanged();
        return;
    }
}

void CurvesFeed::takeBranches()
{
    if (m_run.isEmpty()) return;
    auto branches = branchMarks(toStd(m_run), m_session.runs());
    if (branches == m_branches) return;
    m_branches = std::move(branches);
    rebuildMarks();
}

void CurvesFeed::readHistory()
{
    if (m_isReading) {
        m_mustReadAgain = true;
        return;
    }
    m_isReading = true;
    const quint64 generation = m_generation;
    m_session.querySeries(m_run, wantedSeries(), 0, std::numeric_limits<qint64>::max(), kHistoryBuckets, this,
                          [this, generation, extra = m_extra](Result<std::vector<SeriesData>> answer) {
                              if (generation != m_generation) return;
                              m_isReading = false;
                              if (answer.ok()) {
                                  m_hasHistory = true;
                                  if (extra == m_extra || isAlwaysThere(m_extra)) m_hasExtra = true;
                                  for (SeriesData &data : answer.value())
                                      m_model.setHistory(m_run, data.name, std::move(data.buckets));
                                  Q_EMIT historyRead();
                              } else {
                                  Q_EMIT failed(answer.error());
                              }
                              if (std::exchange(m_mustReadAgain, false)) readHistory();
                          });
}

/// The others keep what they have.
void CurvesFeed::readExtra()
{
    const quint64 generation = m_generation;
    m_session.querySeries(m_run, {m_extra}, 0, std::numeric_limits<qint64>::max(), kHistoryBuckets, this,
                          [this, generation, extra = m_extra](Result<std::vector<SeriesData>> answer) {
                              // Another run, or another series was chosen meanwhile.
                              if (generation != m_generation || extra != m_extra) return;
                              if (!answer.ok()) {
                                  Q_EMIT failed(answer.error());
                                  return;
                              }
                              m_hasExtra = true;
                              for (SeriesData &data : answer.value())
                                  m_model.setHistory(m_run, data.name, std::move(data.buckets));
                              Q_EMIT extraRead();
                          });
}

void CurvesFeed::requestDetail(int64_t fromStep, int64_t toStep, int maxBuckets)
{
    if (m_run.isEmpty() || toStep < fromStep || !m_model.isCoarse(m_run, fromStep, toStep)) return;
    const quint64 generation = m_generation;
    const quint64 request = ++m_detailRequest;
    m_session.querySeries(
        m_run, wantedSeries(), fromStep, toStep, maxBuckets, this,
        [this, generation, request, fromStep, toStep](Result<std::vector<SeriesData>> answer) {
            // A later request overtook this one: its window is what the user looks at.
            if (generation != m_generation || request != m_detailRequest) return;
            if (!answer.ok()) {
                Q_EMIT failed(answer.error());
                return;
            }
            for (SeriesData &data : answer.value())
                m_model.setDetail(m_run, data.name, fromStep, toStep, std::move(data.buckets));
        });
}

void CurvesFeed::readCheckpoints()
{
    const quint64 generation = m_generation;
    m_session.listCheckpoints(m_run, this, [this, generation](Result<std::vector<CheckpointInfo>> answer) {
        if (generation != m_generation) return;
        if (!answer.ok()) {
            Q_EMIT failed(answer.error());
            return;
        }
        m_checkpoints = std::move(answer).value();
        rebuildMarks();
    });
}

void CurvesFeed::onUpdated(const RunUpdate &update)
{
    if (update.run != m_run || m_run.isEmpty()) return;
    const bool isNews = !m_status || m_status->state != update.status.state;
    if (!update.status.id.empty()) m_status = update.status;
    takeAlarms();
    const auto appended = m_model.appendReports(m_run, update.reports);
    if (update.mustReplay || update.numDropped > 0) {
        m_isAttaching = false;
        refresh();
    } else if (appended == CurvesModel::Append::NeedsHistory) {
        readHistory();
    }
    m_log.addLive(update.events);
    const bool hasCheckpointNews =
        std::any_of(update.events.begin(), update.events.end(), [](const RunEvent &event) {
            return event.kind == EventKind::Checkpoint || event.kind == EventKind::CheckpointDeleted;
        });
    if (hasCheckpointNews) readCheckpoints();
    if (isNews) Q_EMIT statusChanged();
}

void CurvesFeed::addEvents(const std::vector<RunEvent> &events)
{
    if (m_events.add(events)) rebuildMarks();
}

void CurvesFeed::takeAlarms()
{
    if (m_status && m_events.takeStatus(*m_status, wallNow())) rebuildMarks();
}

void CurvesFeed::rebuildMarks()
{
    m_marks.clear();
    for (const CheckpointInfo &checkpoint : m_checkpoints) m_marks.push_back(checkpointMark(checkpoint));
    const std::vector<RunMark> events = m_events.marks();
    m_marks.insert(m_marks.end(), events.begin(), events.end());
    m_marks.insert(m_marks.end(), m_branches.begin(), m_branches.end());
    std::stable_sort(m_marks.begin(), m_marks.end(),
                     [](const RunMark &a, const RunMark &b) { return a.step < b.step; });
    Q_EMIT marksChanged();
}

} // namespace orrery::ui
