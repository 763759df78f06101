// SPDX-License-Identifier: GPL-3.0-or-later
// Brings one run's series, events and checkpoints from an engine session into a CurvesModel: the history each
// time that the live tail begins or ends, live reports in between, the history again when some were dropped
// or a new attempt began, and finer windows on request. GUI thread only; owned by the panel.
#pragma once

#include "widgets/curves/run_marks.h"
#include "widgets/session/event_log.h"

#include <QObject>

#include <optional>
#include <vector>

namespace orrery::ui {

class CurvesModel;

class CurvesFeed : public QObject {
    Q_OBJECT
public:
    CurvesFeed(EngineSession &session, CurvesModel &model, QObject *parent = nullptr);
    ~CurvesFeed() override;

    /// An empty id follows nothing. Watches the run as long as it is set.
    void setRun(const QString &run);
    [[nodiscard]] const QString &run() const { return m_run; }
    [[nodiscard]] const std::optional<RunStatus> &status() const { return m_status; }
    /// By step. Checkpoints that still exist, branches, and what happened to the run.
    [[nodiscard]] const std::vector<RunMark> &marks() const { return m_marks; }
    /// Whether the first history is still on its way.
    [[nodiscard]] bool isReading() const { return (m_isAttaching || m_isReading) && !m_hasHistory; }
    void requestDetail(int64_t fromStep, int64_t toStep, int maxBuckets);
    /// Asks for everything again (Retry).
    void refresh();
    /// Reads events that nobody told live: a note on a run that rests.
    void readEvents() { m_log.read(); }

    /// Of every run, always there.
    static const std::vector<std::string> &seriesNames();
    [[nodiscard]] static bool isAlwaysThere(const std::string &series);
    /// One more, that somebody chose; empty: none. Its history is asked for, unless all are on their way.
    void setExtraSeries(const std::string &name);
    /// Whether the history of the extra series is still to come.
    [[nodiscard]] bool isReadingExtra() const { return !m_run.isEmpty() && !m_extra.empty() && !m_hasExtra; }

Q_SIGNALS:
    void statusChanged();
    void marksChanged();
    void historyRead();
    void extraRead(); ///< the history of the extra series alone
    void failed(const orrery::Error &error);

private:
    void readHistory();
    void readExtra();
    [[nodiscard]] std::vector<std::string> wantedSeries() const;
    void readCheckpoints();
    void readStatus();
    void takeBranches();
    void onUpdated(const RunUpdate &update);
    void addEvents(const std::vector<RunEvent> &events);
    void takeAlarms();
    void rebuildMarks();

    EngineSession &m_session;
    EventLog m_log;
    CurvesModel &m_model;
    QString m_run;
    std::string m_extra;
    std::optional<RunStatus> m_status;
    EventMarks m_events;
    std::vector<RunMark> m_branches;
    std::vector<CheckpointInfo> m_checkpoints;
    std::vector<RunMark> m_marks;
    quint64 m_generation = 0; ///< of setRun; answers for an earlier one are dropped
    quint64 m_detailRequest = 0;
    bool m_isAttaching =
        false; ///< until the live tail begins; to ask before that could miss what comes between
    bool m_isReading = false;
    bool m_mustReadAgain = false;
    bool m_hasHistory = false;
    bool m_hasExtra = false;
};

} // namespace orrery::ui
