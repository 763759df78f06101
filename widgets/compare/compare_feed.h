// SPDX-License-Identifier: GPL-3.0-or-later
// Fills the facts of the runs that are compared: only what somebody wants to see, a few questions at a time, and again for a
// run that has trained on. Also of the runs that these were branched from, as far as settings go. GUI thread only; asks the
// engine, which outlives it.
#pragma once

#include "widgets/compare/compare_facts.h"

#include <QObject>
#include <QSet>
#include <QTimer>

#include <deque>
#include <set>

namespace orrery::ui {

class CompareFeed : public QObject {
    Q_OBJECT
public:
    static constexpr int kMaxUnderWay = 4; ///< questions
    static constexpr int kAgainMs = 2000;  ///< a run that trains is not asked oftener

    explicit CompareFeed(EngineSession &session, QObject *parent = nullptr);

    /// The runs that are compared, in any order. What was known of others is forgotten.
    void setRuns(const QStringList &runs);
    [[nodiscard]] const QStringList &runs() const { return m_runs; }
    /// What is wanted of them, or of some of them. Asks for what is not there yet; what was cancelled is asked for, too.
    void setNeeds(const std::set<FactNeed> &needs, const std::optional<QStringList> &of = std::nullopt);
    /// Names of series of one run are wanted, whatever is wanted of the others.
    void askSeriesOf(const QString &run);
    /// Nothing is asked while nobody looks.
    void setActive(bool isActive);
    /// Gives up what was not asked yet; cells then say so.
    void cancel();
    /// Asks again for what failed or was cancelled.
    void retry();

    /// Of the compared runs and their ancestors; null: not known.
    [[nodiscard]] const CompareFacts *facts(const QString &run) const;
    [[nodiscard]] FactsOf lookup() const;
    [[nodiscard]] bool isBusy() const { return m_numUnderWay > 0 || !m_queue.empty(); }
    [[nodiscard]] double progress() const; ///< 0 … 1 of what was wanted
    [[nodiscard]] int numFailed() const;   ///< runs of which something did not come
    [[nodiscard]] bool isCancelled() const { return m_isCancelled; }
    /// The first problem that is no cancelling; empty: none.
    [[nodiscard]] QString firstProblem() const;

Q_SIGNALS:
    void factsChanged(const QString &run);
    void progressed();

private:
    struct Question {
        QString run;
        FactNeed need = FactNeed::None;
        std::optional<StepRange> within; ///< of the best step: narrowed down
        bool operator==(const Question &) const = default;
    };
    void takeStatuses();
    void takeStatus(const RunStatus &status, bool mayAsk);
    void ask(const QString &run, FactNeed need);
    void askAll();
    void askAgain();
    void pump();
    void put(const Question &question);
    void end(const Question &question);
    void takeSettings(const Question &question, const Result<QString> &reply);
    void takeSeries(const Question &question, const Result<std::vector<SeriesData>> &reply);
    void takeBest(const Question &question, const Result<std::vector<SeriesData>> &reply);
    [[nodiscard]] bool isOpen(const QString &run, FactNeed need) const;
    void setProblem(const Question &question, const QString &problem);

    EngineSession &m_session;
    QStringList m_runs;
    QSet<QString> m_isRun;
    std::set<FactNeed> m_needs;
    std::optional<QStringList> m_of; ///< nothing: of all
    std::map<QString, CompareFacts> m_facts;
    std::deque<Question> m_queue;
    std::vector<Question> m_underWay;
    int m_numUnderWay = 0, m_numDone = 0, m_numAsked = 0;
    quint64 m_number = 0; ///< answers to questions from before a cancel are dropped
    bool m_isActive = false, m_isCancelled = false;
    QSet<QString> m_stale; ///< trained on since they were asked
    QTimer m_again;
};

} // namespace orrery::ui
