// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/microscope/microscope_feed.h"

#include "core/spec/kept_prompt.h"
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

InspectRequest MicroscopeFeed::request(const Focus &focus) const
{
    InspectRequest request;
    request.input = *focus.text;
    request.input.sampling.numAlternatives = kNumAlternatives;
    request.wantsOverview = false;
    request.token = focus.token;
    request.wantsLens = m_wants.lens;
    request.wantsAttribution = m_wants.attribution;
    if (focus.head) {
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
    m_question->ask(isOfEnded() ? runOf(m_asked.model) + u"@latest"_s : m_asked.model, request(m_asked));
}

/// Only a run that does not train answers a question to its training with a conflict (EngineClient::inspectLive). What it
/// keeps for its frames is known to nobody else.
void MicroscopeFeed::onFailure(const Error &error)
{
    if (error.code == ErrorCode::Conflict && isLive() && !keptPromptNumber(*m_asked.text)) {
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
    MicroscopeAnswer answer{
        .focus = m_asked, .has = m_wants, .head = m_asked.head, .report = report, .wallTime = wallNow()};
    m_shown = std::make_shared<const MicroscopeAnswer>(std::move(answer));
    m_cache.insert(m_shown);
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
