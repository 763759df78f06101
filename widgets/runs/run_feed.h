// SPDX-License-Identifier: GPL-3.0-or-later
// Follows one run for a panel: its newest status and all its events, replayed when the live tail begins and
// then live. Watches the run while it is set. GUI thread only; owned by its panel.
#pragma once

#include "widgets/session/event_log.h"

#include <QObject>

#include <optional>
#include <vector>

namespace orrery::ui {

/// Whether what the list of runs says takes the place of what the stream of the run said last. The list is
/// read from the disk of the run, a moment behind its worker; only that this attempt of the run has ended,
/// the list may know first.
bool isNewsOfList(const RunStatus &listed, const RunStatus &streamed);

class RunFeed : public QObject {
    Q_OBJECT
public:
    explicit RunFeed(EngineSession &session, QObject *parent = nullptr);
    ~RunFeed() override;
    /// An empty id follows nothing.
    void setRun(const QString &run);
    [[nodiscard]] const QString &run() const { return m_run; }
    /// Nothing while the engine has not told about the run.
    [[nodiscard]] const std::optional<RunStatus> &status() const { return m_status; }
    [[nodiscard]] const std::vector<RunEvent> &events() const { return m_events; }
    /// A status that came as an answer, newer than the last update.
    void takeStatus(const RunStatus &status);

Q_SIGNALS:
    void runChanged(); ///< another run: drop everything
    void statusChanged();
    void eventsAdded(const std::vector<orrery::RunEvent> &events);
    void failed(const orrery::Error &error); ///< the history could not be read

private:
    void readRuns();

    EngineSession &m_session;
    EventLog m_log;
    QString m_run;
    std::optional<RunStatus> m_status;
    std::vector<RunEvent> m_events;
};

} // namespace orrery::ui
