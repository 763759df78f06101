// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/microscope/microscope_feed.h"

#include "core/spec/run_records.h"
#include "widgets/attention/exact_text.h"
#include "widgets/common/number_text.h"

#include <algorithm>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kCoalesceMs = 15;  ///< several moves of one event are one question
constexpr int kFollowMs = 2'000; ///< between two questions to a training that is followed
constexpr int kNumAlternatives = 20;
constexpr int kMaxColumns = 2048; ///< of a row of attention: beyond, groups of tokens

/// Whether what was computed apart is of the same weights and tokens.
bool goesOn(const InspectReport &begun, const InspectReport &rest)
{
    return begun.step == rest.step && begun.model == rest.model && begun.token == rest.token &&
           std::equal(begun.tokens.begin(), begun.tokens.end(), rest.tokens.begin(), rest.tokens.end(),
                      [](const InspectedToken &a, const InspectedToken &b) { return a.id == b.id; });
}

/// What takes a pass forward, then what takes one back.
std::vector<MicroscopeWants> inTwo(const MicroscopeWants &wants)
{
    return {{.lens = wants.lens, .attribution = false}, {.lens = false, .attribution = true}};
}

/// From a state that was kept there is none: it is asked for by itself.
bool isWithoutAttribution(const InspectReport &report, const MicroscopeWants &wants)
{
    return wants.attribution && report.saidWith == SaidWith::State && report.attribution.empty();
}

/// Of "RUN@live".
QString runOf(const QString &model) { return model.chopped(5); }

} // namespace

MicroscopeFeed::MicroscopeFeed(EngineSession &session, QObject *parent)
    : QObject(parent), m_session(session), m_question(new ModelQuestion(session, this))
{
    m_timer.setSingleShot(true);
    m_timer.setInterval(kCoalesceMs);
    connect(&m_timer, &QTimer::timeout, this, &MicroscopeFeed::ask);
    m_followTimer.setSingleShot(true);
    m_followTimer.setInterval(kFollowMs);
    connect(&m_followTimer, &QTimer::timeout, this, [this] { noteStep(m_liveStep); });
    connect(m_question, &ModelQuestion::answered, this, &MicroscopeFeed::onAnswer);
    connect(m_question, &ModelQuestion::failed, this, &MicroscopeFeed::onFailure);
    connect(m_question, &ModelQuestion::stateChanged, this, &MicroscopeFeed::changed);
    connect(m_question, &ModelQuestion::amountChanged, this, &MicroscopeFeed::progressed);
    connect(&m_session, &EngineSession::updated, this, [this](const RunUpdate &update) {
        if (!m_watched.isEmpty() && update.run == m_watched && !update.status.id.empty())
            onUpdated(update.status);
    });
}

MicroscopeFeed::~MicroscopeFeed()
{
    m_question->disconnect(this);
    if (!m_watched.isEmpty()) m_session.unwatch(m_watched);
}

void MicroscopeFeed::setFocus(const Focus &focus)
{
    if (focus == m_focus) return;
    const bool isOtherModel = focus.model != m_focus.model;
    m_focus = focus;
    m_isStopped = false;
    m_mustAsk = false;
    if (isOtherModel) m_liveStep = -1;
    if (isOtherModel) m_hasEnded = false;
    if (isOtherModel && !isLive()) m_isFollowing = false;
    followRun();
    schedule();
}

void MicroscopeFeed::setWants(const MicroscopeWants &wants)
{
    if (wants == m_wants) return;
    m_wants = wants;
    schedule();
}

void MicroscopeFeed::setActive(bool isActive)
{
    if (isActive == m_isActive) return;
    m_isActive = isActive;
    followRun();
    if (isActive)
        schedule();
    else {
        m_timer.stop();
        m_followTimer.stop();
        m_question->cancel();
    }
}

void MicroscopeFeed::setFollowing(bool isFollowing)
{
    m_isFollowing = isFollowing && isLive();
    if (!m_isFollowing) m_followTimer.stop();
    noteStep(m_liveStep);
    Q_EMIT changed();
}

void MicroscopeFeed::askAgain()
{
    m_isStopped = false;
    m_mustAsk = true;
    schedule();
}

void MicroscopeFeed::cancel()
{
    m_isStopped = true;
    m_isFollowing = false;
    m_timer.stop();
    m_followTimer.stop();
    m_question->cancel();
    Q_EMIT changed();
}

bool MicroscopeFeed::isCurrent() const
{
    return m_shown && m_shown->isAbout(m_focus) && m_shown->has.covers(m_wants);
}

/// A row must be named by its number; of the last token it is known only when the text was read once.
Focus MicroscopeFeed::wanted() const
{
    Focus focus = m_focus;
    if (focus.token < 0 && focus.head) {
        const int64_t count = m_cache.numTokens(focus);
        if (count > 0)
            focus.token = count - 1;
        else
            focus.head.reset();
    }
    return focus;
}

InspectRequest MicroscopeFeed::request(const Focus &focus, const MicroscopeWants &wants, bool isRest) const
{
    InspectRequest request;
    request.input = *focus.text;
    request.input.sampling.numAlternatives = kNumAlternatives;
    request.wantsOverview = false;
    request.token = focus.token;
    request.wantsLens = wants.lens;
    request.wantsAttribution = wants.attribution;
    // What is left for a question of its own is of the text by itself: a memory has no gradient.
    request.asSaid = !isRest && (!isOfTraining() || m_hasEnded);
    if (focus.head && !isRest) {
        request.heads = {*focus.head};
        const int64_t row = std::min(focus.token, kMaxTokenPlace); // whatever is beyond, the engine refuses
        request.rows = {row, row + 1};
        request.maxEdge = kMaxColumns;
    }
    return request;
}

void MicroscopeFeed::schedule()
{
    bool mustAsk = m_isActive && !m_isStopped && !m_focus.isEmpty();
    if (mustAsk) {
        // What was answered before is there at once; weights in training are others a moment later.
        const Focus focus = wanted();
        const MicroscopeAnswerPtr known =
            m_mustAsk || focus.head != m_focus.head ? nullptr : m_cache.find(focus, m_wants);
        if (known) m_shown = known;
        mustAsk = !known || isLive();
    }
    if (mustAsk)
        m_timer.start();
    else
        m_timer.stop();
    m_question->cancel(); // the newest wins; after the timer, so that nobody sees a moment without a question
    Q_EMIT changed();
}

void MicroscopeFeed::ask()
{
    m_mustAsk = false;
    m_asked = wanted();
    m_parts = partsOf(m_asked);
    m_part = 0;
    m_sinceAsked.start();
    askPart();
}

void MicroscopeFeed::askPart()
{
    m_question->ask(isOfEnded() ? runOf(m_asked.model) + u"@latest"_s : m_asked.model,
                    request(m_asked, m_parts[m_part], m_part > 0));
}

/// Weights in training are others a moment later: all of an answer is of the same ones.
std::vector<MicroscopeWants> MicroscopeFeed::partsOf(const Focus &focus) const
{
    const bool isSlow = focus.model == m_slowModel && !isOfTraining();
    if (!isSlow || !m_wants.attribution) return {m_wants};
    return inTwo(m_wants);
}

MicroscopeProgress MicroscopeFeed::progress() const
{
    MicroscopeProgress progress{.part = m_wants, .numTokens = m_cache.numTokens(m_focus)};
    if (!m_question->isAsking() || m_parts.empty()) return progress; // it is about to be asked
    const auto numParts = int(m_parts.size());
    progress.number = int(m_part) + 1;
    progress.part = m_parts[m_part];
    if (m_question->amount()) progress.reading = m_question->amount()->reading;
    // A head whose row has no number yet is asked for when the text was read once.
    progress.count = m_asked.head != m_focus.head ? 2 * numParts : numParts;
    return progress;
}

bool MicroscopeFeed::isOfFocus() const { return m_shown && m_shown->isAbout(m_focus); }

/// Only a run that does not train answers a question to its training with a conflict (EngineClient::inspectLive). Its saved
/// step knows what it keeps for its frames, too.
void MicroscopeFeed::onFailure(const Error &error)
{
    if (error.code == ErrorCode::Conflict && isLive()) {
        m_hasEnded = true;
        m_cache = {}; // of weights that are not those of any saved step
        m_isFollowing = false;
        m_followTimer.stop();
        return ask();
    }
    m_isStopped = true;
    Q_EMIT failed(error);
}

void MicroscopeFeed::onAnswer(const InspectReport &report)
{
    const bool isRest = m_part > 0;
    if (isRest && !goesOn(m_shown->report, report)) { // a newer step answers to this name now
        m_parts = {m_wants};
        m_part = 0;
        return askPart();
    }
    if (!isRest && isWithoutAttribution(report, m_parts[0])) m_parts = inTwo(m_parts[0]);
    MicroscopeAnswer answer{
        .focus = m_asked, .has = m_parts[m_part], .head = m_asked.head, .report = report, .wallTime = wallNow()};
    answer.isAskedAsSaid = isRest ? m_shown->isAskedAsSaid : m_question->request().asSaid;
    if (isRest) {
        answer.has.lens = m_shown->has.lens;
        answer.report = m_shown->report;
        answer.report.attribution = report.attribution;
    }
    m_shown = std::make_shared<const MicroscopeAnswer>(std::move(answer));
    m_cache.insert(m_shown);
    if (m_part + 1 < m_parts.size()) {
        ++m_part;
        askPart();
        Q_EMIT answered();
        return;
    }
    if (m_sinceAsked.elapsed() > m_slowMs)
        m_slowModel = m_asked.model;
    else if (m_slowModel == m_asked.model)
        m_slowModel.clear();
    m_part = 0;
    if (m_shown->head != m_focus.head && !report.tokens.empty())
        m_timer.start(); // now the row of the head has a number
    Q_EMIT answered();
    if (m_isFollowing) m_followTimer.start();
}

void MicroscopeFeed::followRun()
{
    const QString run = m_isActive && isOfTraining() ? runOf(m_focus.model) : QString();
    if (run == m_watched) return;
    if (!m_watched.isEmpty()) m_session.unwatch(m_watched);
    m_watched = run;
    if (run.isEmpty()) return;
    m_session.watch(run);
    for (const RunStatus &status : m_session.runs())
        if (fromStd(status.id) == run) m_liveStep = status.step;
}

void MicroscopeFeed::onUpdated(const RunStatus &status)
{
    const bool isNews = status.step != m_liveStep;
    if (isLiveState(status.state) && isNews && std::exchange(m_hasEnded, false)) {
        m_cache = {};
        schedule();
    }
    noteStep(status.step);
}

void MicroscopeFeed::noteStep(qint64 step)
{
    const bool isNews = step != m_liveStep;
    m_liveStep = step;
    const bool isOld = m_shown && m_shown->report.step >= 0 && step > m_shown->report.step;
    if (m_isActive && m_isFollowing && isOld && !isAsking() && !m_followTimer.isActive()) askAgain();
    if (isNews) Q_EMIT changed();
}

} // namespace orrery::ui
