// SPDX-License-Identifier: GPL-3.0-or-later
// The actions on one run: pause and continue, step, checkpoint, stop, resume. They know in which state they
// make sense, show at once that they were taken, and have a command-line twin each. Their shortcuts are
// function keys, which no field of text takes. GUI thread only.
#pragma once

#include "widgets/session/engine_session.h"

#include <QHash>
#include <QObject>

#include <optional>

class QAction;
class QMenu;
class QTimer;

namespace orrery::ui {

enum class RunVerb : uint8_t { Pause, Continue, Step, Checkpoint, Stop, Resume };

/// Whether a verb makes sense for a run in this state.
bool isVerbPossible(RunVerb verb, RunState state);

class RunControls : public QObject {
    Q_OBJECT
public:
    explicit RunControls(EngineSession &session, QObject *parent = nullptr);
    void setRun(const QString &run);
    [[nodiscard]] const QString &run() const { return m_run; }

    /// Reads "Pause" or "Continue" by state.
    [[nodiscard]] QAction *pauseAction() const { return m_pause; }
    /// Steps stepCount() updates, then pauses again; its menu offers other counts.
    [[nodiscard]] QAction *stepAction() const { return m_step; }
    [[nodiscard]] QAction *checkpointAction() const { return m_checkpoint; }
    [[nodiscard]] QAction *stopAction() const { return m_stop; }
    /// Starts a run that was never started, or resumes one.
    [[nodiscard]] QAction *resumeAction() const { return m_resume; }
    /// "Copy as command" of all verbs that are possible now.
    [[nodiscard]] QMenu *copyCommandMenu() const { return m_copyMenu; }
    [[nodiscard]] QList<QAction *> actions() const;

    [[nodiscard]] qint64 stepCount() const { return m_stepCount; }
    void setStepCount(qint64 steps);
    [[nodiscard]] QString command(RunVerb verb) const;
    /// Asks for it, whether or not an action stands for it. Errors come through failed().
    void request(RunVerb verb);
    /// What was asked for and has not shown yet.
    [[nodiscard]] std::optional<RunVerb> pending() const;

Q_SIGNALS:
    void failed(const QString &run, const orrery::Error &error);
    void requested(const QString &run, orrery::ui::RunVerb verb);

private:
    struct Pending {
        RunVerb verb;
        RunState stateBefore;
        int64_t stepBefore, checkpointBefore;
        quint64 ticket;
    };
    QAction *makeAction(const char *objectName, const QString &icon, const QKeySequence &shortcut);
    void takeStatus(const RunStatus &status);
    void readRuns();
    void answer(const QString &run, quint64 ticket, const Result<RunStatus> &reply);
    void updateActions();
    void setAction(QAction *action, const QString &text, const QString &toolTip, bool isEnabled);
    void fillCopyMenu();

    EngineSession &m_session;
    QString m_run;
    std::optional<RunStatus> m_status;
    QHash<QString, Pending> m_pending;
    quint64 m_nextTicket = 1;
    qint64 m_stepCount = 1;
    QAction *m_pause, *m_step, *m_checkpoint, *m_stop, *m_resume;
    QMenu *m_copyMenu, *m_stepMenu;
};

} // namespace orrery::ui
