// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/compare_feed.h"

#include "widgets/common/number_text.h"

#include <algorithm>
#include <cmath>

namespace orrery::ui {
namespace {

constexpr int kBestBuckets = 2000;
constexpr qint64 kToTheEnd = 0; ///< as querySeries() takes it

StepRange anywhere() { return {0, kToTheEnd}; }

/// As far as a comparison shows it: the list of runs comes anew whenever one of them reports.
bool saysTheSame(const RunStatus &a, const RunStatus &b)
{
    const auto same = [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); };
    return a.state == b.state && a.step == b.step && a.totalSteps == b.totalSteps && a.name == b.name &&
           a.error == b.error && a.numParameters == b.numParameters && same(a.loss, b.loss) &&
           same(a.valLoss, b.valLoss) && same(a.bestValLoss, b.bestValLoss) &&
           same(a.elapsedSeconds, b.elapsedSeconds) && same(a.tokensPerSecond, b.tokensPerSecond) &&
           a.labels == b.labels;
}

} // namespace

CompareFeed::CompareFeed(EngineSession &session, QObject *parent) : QObject(parent), m_session(session)
{
    m_again.setSingleShot(true);
    m_again.setInterval(kAgainMs);
    connect(&m_again, &QTimer::timeout, this, &CompareFeed::askAgain);
    connect(&session, &EngineSession::runsChanged, this, &CompareFeed::takeStatuses);
    connect(&session, &EngineSession::updated, this, [this](const RunUpdate &update) {
        if (m_facts.contains(update.run)) takeStatus(update.status, true);
    });
    connect(&session, &EngineSession::connectionChanged, this, &CompareFeed::pump);
}

void CompareFeed::setRuns(const QStringList &runs)
{
    if (runs == m_runs) return;
    m_runs = runs;
    m_isRun = QSet<QString>(runs.begin(), runs.end());
    std::erase_if(m_queue, [this](const Question &question) {
        return question.need != FactNeed::Settings && !m_isRun.contains(question.run);
    });
    takeStatuses();
    askAll();
}

void CompareFeed::setNeeds(const std::set<FactNeed> &needs, const std::optional<QStringList> &of)
{
    if (needs == m_needs && of == m_of) return;
    m_needs = needs;
    m_of = of;
    m_isCancelled = false;
    std::erase_if(m_queue, [this](const Question &question) { return !m_needs.contains(question.need); });
    askAll();
}

void CompareFeed::setActive(bool isActive)
{
    if (isActive == m_isActive) return;
    m_isActive = isActive;
    if (!isActive) return;
    takeStatuses();
    askAll();
    askAgain();
}

void CompareFeed::askSeriesOf(const QString &run)
{
    if (m_facts.contains(run)) ask(run, FactNeed::Series);
    pump();
}

const CompareFacts *CompareFeed::facts(const QString &run) const
{
    const auto found = m_facts.find(run);
    return found == m_facts.end() ? nullptr : &found->second;
}

FactsOf CompareFeed::lookup() const
{
    return [this](const QString &run) { return facts(run); };
}

double CompareFeed::progress() const { return m_numAsked == 0 ? 1 : double(m_numDone) / m_numAsked; }

int CompareFeed::numFailed() const
{
    return int(std::count_if(m_runs.begin(), m_runs.end(), [this](const QString &run) {
        const CompareFacts *known = facts(run);
        return known && (!known->settings.problem.isEmpty() || !known->series.problem.isEmpty() ||
                         !known->bestStep.problem.isEmpty());
    }));
}

QString CompareFeed::firstProblem() const
{
    for (const QString &run : m_runs)
        if (const CompareFacts *known = facts(run))
            for (const QString &problem :
                 {known->settings.problem, known->series.problem, known->bestStep.problem})
                if (!problem.isEmpty()) return problem;
    return {};
}

/// Facts of the compared runs and of all that they come from; others go.
void CompareFeed::takeStatuses()
{
    std::map<QString, const RunStatus *> listed;
    for (const RunStatus &status : m_session.runs()) listed.emplace(fromStd(status.id), &status);
    QSet<QString> wanted;
    for (const QString &run : std::as_const(m_runs)) {
        QString one = run;
        while (!one.isEmpty() && !wanted.contains(one)) {
            const auto found = listed.find(one);
            if (found == listed.end()) break;
            wanted.insert(one);
            one = fromStd(found->second->parent);
        }
    }
    std::erase_if(m_facts, [&wanted](const auto &entry) { return !wanted.contains(entry.first); });
    for (const QString &run : std::as_const(wanted)) takeStatus(*listed.at(run), true);
}

void CompareFeed::takeStatus(const RunStatus &status, bool mayAsk)
{
    const QString run = fromStd(status.id);
    const auto [found, isNew] = m_facts.try_emplace(run);
    CompareFacts &facts = found->second;
    const bool isSame = !isNew && saysTheSame(facts.status, status);
    facts.status = status;
    if (!isNew && mayAsk && facts.seriesStep >= 0 && facts.seriesStep != status.step) {
        m_stale.insert(run);
        if (m_isActive && !m_again.isActive()) m_again.start();
    }
    if (!isSame) Q_EMIT factsChanged(run);
}

bool CompareFeed::isOpen(const QString &run, FactNeed need) const
{
    const CompareFacts *known = facts(run);
    if (!known) return false;
    const auto isAsked = [&](const Question &question) { return question.run == run && question.need == need; };
    if (std::any_of(m_queue.begin(), m_queue.end(), isAsked) ||
        std::any_of(m_underWay.begin(), m_underWay.end(), isAsked))
        return false;
    switch (need) {
    case FactNeed::None:
        return false;
    case FactNeed::Settings:
        return known->settings.isWaiting();
    case FactNeed::Series:
        return known->series.isWaiting();
    case FactNeed::BestStep:
        return known->bestStep.isWaiting();
    }
    return false;
}

void CompareFeed::ask(const QString &run, FactNeed need)
{
    if (isOpen(run, need)) put({run, need, need == FactNeed::BestStep ? std::optional(anywhere()) : std::nullopt});
}

void CompareFeed::put(const Question &question)
{
    if (!isBusy()) m_numDone = m_numAsked = 0;
    ++m_numAsked;
    m_queue.push_back(question);
}

void CompareFeed::askAll()
{
    if (!m_isActive || m_isCancelled) return;
    for (const QString &one : m_of ? *m_of : m_runs) {
        for (const FactNeed need : {FactNeed::Settings, FactNeed::Series, FactNeed::BestStep})
            if (m_needs.contains(need)) ask(one, need);
        if (!m_needs.contains(FactNeed::Settings)) continue;
        // Of those that it was branched from, too, for what changed and for tokens. A circle ends: it is asked once.
        const CompareFacts *known = facts(one);
        while (known && !known->status.parent.empty()) {
            const QString parent = fromStd(known->status.parent);
            if (!isOpen(parent, FactNeed::Settings)) break;
            ask(parent, FactNeed::Settings);
            known = facts(parent);
        }
    }
    pump();
    Q_EMIT progressed();
}

/// Runs that have trained on: their numbers stay until the new ones come.
void CompareFeed::askAgain()
{
    if (!m_isActive || m_isCancelled) return;
    const QSet<QString> stale = std::exchange(m_stale, {});
    for (const QString &run : stale) {
        const CompareFacts *known = facts(run);
        if (!known || !m_isRun.contains(run)) continue;
        for (const FactNeed need : {FactNeed::Series, FactNeed::BestStep}) {
            const Question question{run, need, need == FactNeed::BestStep ? std::optional(anywhere()) : std::nullopt};
            const bool isThere = std::find(m_queue.begin(), m_queue.end(), question) != m_queue.end();
            if (m_needs.contains(need) && !isThere) put(question);
        }
    }
    pump();
}

void CompareFeed::cancel()
{
    const auto open = std::exchange(m_queue, {});
    m_isCancelled = true;
    ++m_number;
    std::vector<Question> given(open.begin(), open.end());
    given.insert(given.end(), m_underWay.begin(), m_underWay.end());
    m_underWay.clear();
    m_numUnderWay = 0;
    for (const Question &question : given) setProblem(question, tr("It was not asked for: cancelled."));
    Q_EMIT progressed();
}

void CompareFeed::retry()
{
    m_isCancelled = false;
    for (auto &[run, known] : m_facts) {
        known.settings.problem.clear();
        known.series.problem.clear();
        known.bestStep.problem.clear();
        Q_EMIT factsChanged(run);
    }
    askAll();
}

void CompareFeed::pump()
{
    while (m_isActive && m_session.connectionState() == ConnectionState::Connected && m_numUnderWay < kMaxUnderWay &&
           !m_queue.empty()) {
        const Question question = m_queue.front();
        m_queue.pop_front();
        CompareFacts *known = m_facts.contains(question.run) ? &m_facts[question.run] : nullptr;
        if (!known) {
            ++m_numDone;
            continue;
        }
        m_underWay.push_back(question);
        ++m_numUnderWay;
        const quint64 number = m_number;
        if (question.need == FactNeed::Settings) {
            m_session.getSpec(question.run, this, [this, question, number](Result<QString> reply) {
                if (number == m_number) takeSettings(question, reply);
            });
            continue;
        }
        known->seriesStep = known->status.step;
        const bool isBest = question.need == FactNeed::BestStep;
        const StepRange range = question.within.value_or(anywhere());
        m_session.querySeries(question.run,
                              isBest ? std::vector<std::string>{series::kValLoss} : std::vector<std::string>{},
                              range.first, range.last, isBest ? kBestBuckets : 1, this,
                              [this, question, number](Result<std::vector<SeriesData>> reply) {
                                  if (number != m_number) return;
                                  if (question.need == FactNeed::BestStep)
                                      takeBest(question, reply);
                                  else
                                      takeSeries(question, reply);
                              });
    }
}

void CompareFeed::end(const Question &question)
{
    const auto found = std::find(m_underWay.begin(), m_underWay.end(), question);
    if (found != m_underWay.end()) m_underWay.erase(found);
    --m_numUnderWay;
    ++m_numDone;
    if (m_facts.contains(question.run)) Q_EMIT factsChanged(question.run);
    pump();
    Q_EMIT progressed();
}

void CompareFeed::setProblem(const Question &question, const QString &problem)
{
    const auto found = m_facts.find(question.run);
    if (found == m_facts.end()) return;
    CompareFacts &known = found->second;
    // What was known before stays; it is only not newer.
    if (question.need == FactNeed::Settings && !known.settings.value) known.settings.problem = problem;
    if (question.need == FactNeed::Series && !known.series.value) known.series.problem = problem;
    if (question.need == FactNeed::BestStep && !known.bestStep.value) known.bestStep.problem = problem;
    Q_EMIT factsChanged(question.run);
}

void CompareFeed::takeSettings(const Question &question, const Result<QString> &reply)
{
    if (!reply)
        setProblem(question, errorText(reply.error()));
    else if (const auto found = m_facts.find(question.run); found != m_facts.end())
        found->second.settings = {readRunSettings(*reply), {}};
    end(question);
}

void CompareFeed::takeSeries(const Question &question, const Result<std::vector<SeriesData>> &reply)
{
    if (!reply) {
        setProblem(question, errorText(reply.error()));
    } else if (const auto found = m_facts.find(question.run); found != m_facts.end()) {
        std::map<std::string, SeriesEnds> ends;
        for (const SeriesData &one : *reply) ends.emplace(one.name, seriesEnds(one));
        found->second.series = {std::move(ends), {}};
    }
    end(question);
}

/// A bucket of several points does not tell the step: asks again within it.
void CompareFeed::takeBest(const Question &question, const Result<std::vector<SeriesData>> &reply)
{
    const auto found = m_facts.find(question.run);
    if (!reply) {
        setProblem(question, errorText(reply.error()));
    } else if (found != m_facts.end()) {
        std::optional<StepRange> range;
        for (const SeriesData &one : *reply)
            if (one.name == series::kValLoss) range = smallestAt(one);
        const bool isNarrower = range && !range->isExact() && range != question.within;
        const bool isFirst = question.within == anywhere();
        if (isNarrower && (isFirst || range->last - range->first < question.within->last - question.within->first)) {
            m_queue.push_front({question.run, FactNeed::BestStep, range});
            ++m_numAsked;
        } else {
            found->second.bestStep = {range ? std::optional(range->first) : std::nullopt, {}};
        }
    }
    end(question);
}

} // namespace orrery::ui
