// SPDX-License-Identifier: GPL-3.0-or-later
// Brings the series and marks of several runs into a model: a coarse picture of all first, then each whole, a few
// questions at a time; live reports of those that train; finer windows on request. GUI thread only; owned by who
// draws them.
#pragma once

#include "widgets/curves/curves_model.h"
#include "widgets/curves/run_marks.h"
#include "widgets/session/event_log.h"

#include <QStringList>

#include <array>
#include <deque>
#include <map>
#include <memory>

namespace orrery::ui {

class OverlayFeed : public QObject {
    Q_OBJECT
public:
    static constexpr qsizetype kMaxRuns = 50;
    static constexpr int kMaxUnderWay = 4; ///< questions for series at a time
    static constexpr int kCoarseBuckets = 100, kHistoryBuckets = 2000;

    /// @param session must outlive it
    explicit OverlayFeed(EngineSession &session, QObject *parent = nullptr);
    ~OverlayFeed() override;

    /// Takes the first kMaxRuns; what stays keeps its points.
    void setRuns(const QStringList &runs);
    [[nodiscard]] const QStringList &runs() const { return m_order; }
    [[nodiscard]] const CurvesModel &model() const { return m_model; }
    [[nodiscard]] static bool isAlwaysRead(const std::string &series);
    /// One more series than those that are always read; empty: none.
    void setExtraSeries(const std::string &name);
    /// nullptr when the engine does not list the run.
    [[nodiscard]] const RunStatus *status(const QString &run) const;
    /// By step: notes, alarms, failures and branches; checkpoints would be too many.
    [[nodiscard]] std::vector<RunMark> marks(const QString &run) const;
    [[nodiscard]] int numReading() const; ///< runs whose history is not there yet
    [[nodiscard]] int numFailed() const;  ///< runs whose history could not be read
    void refresh(); ///< asks again for all
    /// Reads events that nobody told live.
    void readEvents(const QString &run);

    struct Window {
        QString run;
        int64_t from = 0, to = 0;
    };
    /// Finer buckets of these, in place of windows that were asked for before and have not been read.
    void requestDetail(const std::vector<Window> &windows, int maxBuckets);

Q_SIGNALS:
    void changed(const QString &run); ///< its points
    void statusesChanged();           ///< names, states, branches
    void marksChanged();
    void progressed(); ///< numReading() or numFailed() may be others
    void failed(const orrery::Error &error);

private:
    enum Urgency { Detail, Coarse, Whole, kNumUrgencies };
    struct Request {
        QString run;
        quint64 generation = 0;
        std::vector<std::string> series;
        int64_t from = 0, to = 0;
        int maxBuckets = 0;
        quint64 detail = 0; ///< of requestDetail(), for a window
    };
    struct Run {
        quint64 generation = 0;
        bool isWatched = false;
        bool hasHistory = false, hasFailed = false;
        std::unique_ptr<EventLog> log;
        EventMarks marks;
    };
    void addRun(const QString &run);
    void removeRun(const QString &run);
    void watchLiveOnes();
    void takeAlarms(const RunStatus &status);
    void readHistory(const QString &run, Urgency urgency);
    void queue(Urgency urgency, Request request);
    void ask();
    void take(Urgency urgency, const Request &request, Result<std::vector<SeriesData>> answer);
    void onUpdated(const RunUpdate &update);
    [[nodiscard]] std::vector<std::string> wantedSeries() const;

    EngineSession &m_session;
    CurvesModel m_model;
    QStringList m_order;
    std::map<QString, Run> m_runs;
    std::array<std::deque<Request>, kNumUrgencies> m_waiting;
    std::string m_extra;
    int m_numUnderWay = 0;
    quint64 m_generation = 0, m_detail = 0;
};

} // namespace orrery::ui
