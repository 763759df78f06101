// SPDX-License-Identifier: GPL-3.0-or-later
// The foot of the window: which engine, how many runs, how fresh the numbers are, what looking costs. GUI thread only.
#pragma once

#include "widgets/session/engine_session.h"

#include <QStatusBar>
#include <QTimer>

#include <optional>

class QLabel;

namespace orrery::ui {

class ToneLabel;

class StatusLine : public QStatusBar {
    Q_OBJECT
public:
    explicit StatusLine(EngineSession &session, QWidget *parent = nullptr);
    void setRun(const QString &run);
    /// Where the engine is. @param place what the user calls it; empty: this computer
    void setPlace(const QString &place);

private:
    void readRuns();
    void takeUpdate(const RunUpdate &update);
    void refresh();
    void showRun();
    [[nodiscard]] QString lossLine() const;

    EngineSession &m_session;
    QString m_run;
    QString m_place;
    std::optional<RunStatus> m_status; ///< of the run; the newest of its stream and the list, as in the Run panel
    QLabel *m_dot;
    QLabel *m_engine;
    ToneLabel *m_fresh; ///< of what is live, and quiet while nothing is
    ToneLabel *m_cost;
    QTimer m_timer; ///< ages of numbers grow without any event
};

} // namespace orrery::ui
