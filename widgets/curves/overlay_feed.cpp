// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/overlay_feed.h"

#include "widgets/common/number_text.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace orrery::ui {
namespace {

bool isExact(const std::vector<SeriesData> &answer)
{
    return std::all_of(answer.begin(), answer.end(), [](const SeriesData &data) {
        return std::all_of(data.buckets.begin(), data.buckets.end(),
                           [](const SeriesBucket &bucket) { return bucket.numPoints == 1; });
    });
}

const std::vector<std::string> &alwaysRead()
{
    static const std::vector<std::string> names = {series::kLoss, series::kValLoss, series::kLearningRate,
                                                   series::kGradNorm, series::kTokensPerSecond};
    return names;
}

} // namespace

OverlayFeed::OverlayFeed(EngineSession &session, QObject *parent) : QObject(parent), m_session(session)
{
    connect(&m_model, &CurvesModel::changed, this, &OverlayFeed::changed);
    connect(&session, &EngineSession::updated, this, &OverlayFeed::onUpdated);
    connect(&session, &EngineSession::runsChanged, this, [this] {
        if (m_order.isEmpty()) return;
        watchLiveOnes();
        for (const RunStatus &status : m_session.runs()) takeAlarms(status);
        Q_EMIT statusesChanged();
    });
}

OverlayFeed::~OverlayFeed()
{
    for (const auto &[id, run] : m_runs)
        if (run.isWatched) m_session.unwatch(id);
}

std::vector<std::string> OverlayFeed::wantedSeries() const
{
    std::vector<std::string> names = alwaysRead();
    if (!m_extra.empty() && !isAlwaysRead(m_extra)) names.push_back(m_extra);
    return names;
}

bool OverlayFeed::isAlwaysRead(const std::string &series)
{
    const auto &names = alwaysRead();
    return std::find(names.begin(), names.end(), series) != names.end();
}

void OverlayFeed::setRuns(const QStringList &runs)
{
    QStringList wanted;
    for (const QString &run : runs)
        if (!run.isEmpty() && !wanted.contains(run) && wanted.size() < kMaxRuns) wanted << run;
    if (wanted == m_order) return;
    const QStringList before = std::exchange(m_order, wanted);
    for (const QString &run : before)
        if (!wanted.contains(run)) removeRun(run);
    for (const QString &run : std::as_const(wanted))
        if (!m_runs.contains(run)) addRun(run);
    watchLiveOnes();
    ask();
    Q_EMIT progressed();
}

void OverlayFeed::addRun(const QString &run)
{
    Run &added = m_runs[run];
    added.generation = ++m_generation;
    added.log = std::make_unique<EventLog>(m_session);
    added.log->setRun(run);
    if (const RunStatus *now = status(run)) added.marks.takeStatus(*now, wallNow());
    connect(added.log.get(), &EventLog::added, this, [this, run](const std::vector<RunEvent> &events) {
        const auto found = m_runs.find(run);
        if (found == m_runs.end()) return;
        if (found->second.marks.add(events)) Q_EMIT marksChanged();
    });
    readHistory(run, Coarse);
}

void OverlayFeed::removeRun(const QString &run)
{
    const auto found = m_runs.find(run);
    if (found == m_runs.end()) return;
    if (found->second.isWatched) m_session.unwatch(run);
    found->second.log->disconnect(this);
    found->second.log.release()->deleteLater(); // it may be what is telling us
    m_runs.erase(found);
    for (std::deque<Request> &waiting : m_waiting)
        std::erase_if(waiting, [&run](const Request &one) { return one.run == run; });
    m_model.removeRun(run);
}

void OverlayFeed::watchLiveOnes()
{
    for (const QString &run : std::as_const(m_order)) {
        Run &one = m_runs[run];
        const RunStatus *now = status(run);
        if (one.isWatched || now == nullptr || !isLiveState(now->state)) continue;
        one.isWatched = true;
        m_session.watch(run); // what was reported before it began is read when it says so
    }
}

void OverlayFeed::takeAlarms(const RunStatus &status)
{
    const auto found = m_runs.find(fromStd(status.id));
    if (found != m_runs.end() && found->second.marks.takeStatus(status, wallNow())) Q_EMIT marksChanged();
}

void OverlayFeed::readEvents(const QString &run)
{
    const auto found = m_runs.find(run);
    if (found != m_runs.end() && found->second.hasHistory) found->second.log->read();
}

const RunStatus *OverlayFeed::status(const QString &run) const
{
    const std::string id = toStd(run);
    for (const RunStatus &one : m_session.runs())
        if (one.id == id) return &one;
    return nullptr;
}

std::vector<RunMark> OverlayFeed::marks(const QString &run) const
{
    const auto found = m_runs.find(run);
    if (found == m_runs.end()) return {};
    std::vector<RunMark> marks = found->second.marks.marks();
    for (RunMark &mark : branchMarks(toStd(run), m_session.runs())) marks.push_back(std::move(mark));
    std::stable_sort(marks.begin(), marks.end(),
                     [](const RunMark &a, const RunMark &b) { return a.step < b.step; });
    return marks;
}

int OverlayFeed::numReading() const
{
    return int(std::count_if(m_runs.begin(), m_runs.end(), [](const auto &one) {
        return !one.second.hasHistory && !one.second.hasFailed;
    }));
}

int OverlayFeed::numFailed() const
{
    return int(std::count_if(m_runs.begin(), m_runs.end(), [](const auto &one) { return one.second.hasFailed; }));
}

void OverlayFeed::refresh()
{
    for (auto &[id, run] : m_runs) {
        run.hasFailed = false;
        readHistory(id, run.hasHistory ? Whole : Coarse);
    }
    ask();
    Q_EMIT progressed();
}

void OverlayFeed::setExtraSeries(const std::string &name)
{
    if (name == m_extra) return;
    m_extra = name;
    if (name.empty() || isAlwaysRead(name)) return;
    for (const QString &run : std::as_const(m_order))
        queue(Whole, {run, m_runs[run].generation, {name}, 0, std::numeric_limits<int64_t>::max(), kHistoryBuckets});
    ask();
}

void OverlayFeed::readHistory(const QString &run, Urgency urgency)
{
    queue(urgency, {run, m_runs[run].generation, wantedSeries(), 0, std::numeric_limits<int64_t>::max(),
                    urgency == Coarse ? kCoarseBuckets : kHistoryBuckets});
}

void OverlayFeed::requestDetail(const std::vector<Window> &windows, int maxBuckets)
{
    ++m_detail;
    m_waiting[Detail].clear();
    for (const Window &window : windows) {
        const auto found = m_runs.find(window.run);
        if (found == m_runs.end() || window.to < window.from ||
            !m_model.isCoarse(window.run, window.from, window.to))
            continue;
        queue(Detail, {window.run, found->second.generation, wantedSeries(), window.from, window.to, maxBuckets,
                       m_detail});
    }
    ask();
}

/// A question that waits already is the same one: its answer will be newer.
void OverlayFeed::queue(Urgency urgency, Request request)
{
    std::deque<Request> &waiting = m_waiting[urgency];
    const bool isWaiting = std::any_of(waiting.begin(), waiting.end(), [&](const Request &one) {
        return one.run == request.run && one.series == request.series && one.from == request.from &&
               one.to == request.to;
    });
    if (!isWaiting) waiting.push_back(std::move(request));
}

void OverlayFeed::ask()
{
    while (m_numUnderWay < kMaxUnderWay) {
        const auto urgent = std::find_if(m_waiting.begin(), m_waiting.end(),
                                         [](const std::deque<Request> &waiting) { return !waiting.empty(); });
        if (urgent == m_waiting.end()) return;
        const Request request = std::move(urgent->front());
        urgent->pop_front();
        const auto urgency = static_cast<Urgency>(urgent - m_waiting.begin());
        ++m_numUnderWay;
        m_session.querySeries(request.run, request.series, request.from, request.to, request.maxBuckets, this,
                              [this, urgency, request](Result<std::vector<SeriesData>> answer) {
                                  --m_numUnderWay;
                                  take(urgency, request, std::move(answer));
                                  ask();
                              });
    }
}

void OverlayFeed::take(Urgency urgency, const Request &request, Result<std::vector<SeriesData>> answer)
{
    const auto found = m_runs.find(request.run);
    if (found == m_runs.end() || found->second.generation != request.generation) return;
    Run &run = found->second;
    if (!answer.ok()) {
        if (urgency != Detail) run.hasFailed = true;
        Q_EMIT failed(answer.error());
        Q_EMIT progressed();
        return;
    }
    if (urgency == Detail) {
        if (request.detail != m_detail) return; // another window is looked at now
        for (SeriesData &data : *answer)
            m_model.setDetail(request.run, data.name, request.from, request.to, std::move(data.buckets));
        return;
    }
    run.hasFailed = false;
    const bool isFirst = !std::exchange(run.hasHistory, true);
    const bool isComplete = urgency == Whole || isExact(*answer);
    for (SeriesData &data : *answer)
        m_model.setHistory(request.run, data.name, std::move(data.buckets));
    if (!isComplete) readHistory(request.run, Whole);
    if (isFirst) run.log->read();
    Q_EMIT progressed();
}

void OverlayFeed::onUpdated(const RunUpdate &update)
{
    const auto found = m_runs.find(update.run);
    if (found == m_runs.end()) return;
    if (!update.status.id.empty()) takeAlarms(update.status);
    const auto appended = m_model.appendReports(update.run, update.reports);
    if (update.mustReplay || update.numDropped > 0) {
        readHistory(update.run, found->second.hasHistory ? Whole : Coarse);
        if (found->second.hasHistory) found->second.log->read();
        ask();
    } else if (appended == CurvesModel::Append::NeedsHistory) {
        readHistory(update.run, Whole);
        ask();
    }
    found->second.log->addLive(update.events);
}

} // namespace orrery::ui
