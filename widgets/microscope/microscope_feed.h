// SPDX-License-Identifier: GPL-3.0-or-later
// Asks a model about the token in focus: only while somebody looks, several moves at once as one question,
// the newest question only, and not again what was answered before. A model that answers slowly is asked in two parts: what
// takes a pass forward stands there before what takes one back. GUI thread only.
#pragma once

#include "widgets/attention/model_question.h"
#include "widgets/microscope/answer_cache.h"

#include <QElapsedTimer>
#include <QTimer>

namespace orrery::ui {

/// Which of the questions about a place is being answered.
struct MicroscopeProgress {
    int number = 1, count = 1;
    MicroscopeWants part;    ///< what is computed for it besides probabilities and reads
    int64_t numTokens = -1;  ///< of the text; −1: not known before its first answer
    InspectPassAmount reading; ///< how far the model is with it, where the engine tells
};

class MicroscopeFeed : public QObject {
    Q_OBJECT
public:
    /// @param session must outlive it
    MicroscopeFeed(EngineSession &session, QObject *parent);
    ~MicroscopeFeed() override;

    void setFocus(const Focus &focus);
    [[nodiscard]] const Focus &focus() const { return m_focus; }
    void setWants(const MicroscopeWants &wants);
    void setActive(bool isActive); ///< somebody looks
    /// Asks again each time that the training has gone on; of "RUN@live" only.
    void setFollowing(bool isFollowing);
    [[nodiscard]] bool isFollowing() const { return m_isFollowing; }
    void askAgain(); ///< whatever was answered before
    void cancel();

    /// The last answer; null: none yet. It may be about another place than the focus: isCurrent().
    [[nodiscard]] const MicroscopeAnswerPtr &shown() const { return m_shown; }
    [[nodiscard]] bool isCurrent() const;
    [[nodiscard]] bool isAsking() const { return m_question->isAsking() || m_timer.isActive(); }
    [[nodiscard]] MicroscopeProgress progress() const;
    /// The answer is about the focus, though a part of it may be missing.
    [[nodiscard]] bool isOfFocus() const;
    static constexpr int kSlowMs = 1'000; ///< a whole answer that took longer is asked in parts the next time
    void setSlowAfter(int ms) { m_slowMs = ms; }
    /// It is asked while it trains.
    [[nodiscard]] bool isLive() const { return isOfTraining() && !m_hasEnded; }
    /// The focus is on a training that has ended: its newest saved step is asked in its place, until it trains again.
    [[nodiscard]] bool isOfEnded() const { return isOfTraining() && m_hasEnded; }
    /// Step of the training that "RUN@live" is read from; −1: not known.
    [[nodiscard]] qint64 liveStep() const { return m_liveStep; }
    [[nodiscard]] AnswerCache &cache() { return m_cache; }

Q_SIGNALS:
    void changed(); ///< shown(), isCurrent(), isAsking() or liveStep()
    void answered();
    void progressed(); ///< progress().reading
    void failed(const orrery::Error &error);

private:
    void schedule();
    void ask();
    void askPart();
    [[nodiscard]] std::vector<MicroscopeWants> partsOf(const Focus &focus) const;
    void onAnswer(const InspectReport &report);
    void onFailure(const Error &error);
    void followRun();
    void onUpdated(const RunStatus &status);
    void noteStep(qint64 step);
    [[nodiscard]] bool isOfTraining() const { return m_focus.model.endsWith(QLatin1String("@live")); }
    [[nodiscard]] Focus wanted() const; ///< without the head where its row cannot be named yet
    [[nodiscard]] InspectRequest request(const Focus &focus, const MicroscopeWants &wants, bool isRest) const;

    EngineSession &m_session;
    ModelQuestion *m_question;
    AnswerCache m_cache;
    Focus m_focus, m_asked;
    MicroscopeWants m_wants;
    std::vector<MicroscopeWants> m_parts; ///< of the question that is asked
    size_t m_part = 0;
    QElapsedTimer m_sinceAsked;
    int m_slowMs = kSlowMs;
    QString m_slowModel; ///< its last answer took long
    MicroscopeAnswerPtr m_shown;
    QTimer m_timer, m_followTimer;
    QString m_watched; ///< run
    qint64 m_liveStep = -1;
    bool m_isActive = false, m_isFollowing = false;
    bool m_isStopped = false; ///< cancelled or failed: not asked again by itself
    bool m_mustAsk = false;   ///< whatever is in the cache
    bool m_hasEnded = false;  ///< the training that is in focus
};

} // namespace orrery::ui
