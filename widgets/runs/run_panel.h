// SPDX-License-Identifier: GPL-3.0-or-later
// Everything about the selected run: state, progress, key numbers, live settings, and its spec, checkpoints,
// events and samples. GUI thread only.
#pragma once

#include "widgets/common/panel_frame.h"
#include "widgets/session/engine_session.h"
#include "widgets/session/selection.h"

class QLabel;
class QProgressBar;
class QStackedWidget;
class QTabWidget;
class QTimer;
class QToolButton;

namespace orrery::ui {

class AlarmList;
class BreakpointEditor;
class CheckpointView;
class EventTable;
class KeyValueGrid;
class LiveSettings;
class RunControls;
class RunFeed;
class SamplesView;
class SpecView;
class ToneLabel;

class RunPanel : public PanelFrame {
    Q_OBJECT
public:
    explicit RunPanel(EngineSession &session, QWidget *parent = nullptr);
    void setRun(const QString &run);
    [[nodiscard]] QString run() const;
    /// Errors of the controls then stand in this panel's banner, with Retry.
    void setControls(RunControls *controls);
    void showTab(const QString &name); ///< "spec", "checkpoints", "events", "samples"
    void showLiveSettings(bool isShown);
    void showBreakpoints(bool isShown);
    /// Breakpoints with this in their line, to be finished: "loss > ".
    void beginBreakpoint(const QString &text);
    /// What was written and not sent yet, of breakpoints and live settings, and the same again after a restart.
    [[nodiscard]] QVariantMap draft() const;
    void restoreDraft(const QVariantMap &draft); ///< nothing of another run
    [[nodiscard]] KeyValueGrid *numbers() const { return m_numbers; }
    [[nodiscard]] LiveSettings *liveSettings() const { return m_live; }
    [[nodiscard]] BreakpointEditor *breakpoints() const { return m_breakpoints; }
    [[nodiscard]] AlarmList *alarms() const { return m_alarms; }
    [[nodiscard]] CheckpointView *checkpoints() const { return m_checkpoints; }
    [[nodiscard]] SpecView *spec() const { return m_spec; }
    [[nodiscard]] EventTable *events() const { return m_events; }
    [[nodiscard]] SamplesView *samples() const { return m_samples; }

Q_SIGNALS:
    void openInPlayground(const QString &model); ///< "run@step"
    void newRunRequested();
    /// Where an alarm shows, to be drawn.
    void curveRequested(const QString &series, qint64 step);
    /// A sample, to be read again by the model of the nearest saved step.
    void lookInside(const orrery::ui::Focus &focus);

private:
    enum Lower { Details, Settings, Breaks }; ///< what stands under the numbers
    class StateMark;
    QWidget *makeSummary();
    QWidget *makeTabs();
    void changeRun();
    void takeEvents(const std::vector<RunEvent> &events);
    void readSpec();
    void readCheckpoints();
    void showStatus();
    void showNumbers(const RunStatus &status);
    void showProgress(const RunStatus &status);
    void showLower(Lower part);
    void adoptFrame();                                       // run_panel_frame.cpp
    void lookAtSample(const GenerateRequest &request, qint64 step); // run_panel_frame.cpp
    void updateLookReason();                                 // run_panel_frame.cpp
    [[nodiscard]] QString modelNear(qint64 step) const;      // run_panel_frame.cpp
    [[nodiscard]] QString tabName() const;                   // run_panel_frame.cpp
    [[nodiscard]] QString table() const;                     // run_panel_frame.cpp

    EngineSession &m_session;
    RunFeed *m_feed;
    QStackedWidget *m_stack, *m_lower;
    StateMark *m_mark;
    ToneLabel *m_stateLine, *m_stepLine, *m_timeLine;
    QProgressBar *m_progress;
    KeyValueGrid *m_numbers;
    AlarmList *m_alarms;
    QTabWidget *m_tabs;
    SpecView *m_spec;
    CheckpointView *m_checkpoints;
    EventTable *m_events;
    SamplesView *m_samples;
    LiveSettings *m_live;
    BreakpointEditor *m_breakpoints;
    QToolButton *m_liveButton, *m_breakButton;
    std::vector<qint64> m_savedSteps;
    RunControls *m_controls = nullptr;
    qint64 m_shownCheckpointStep = -2;
    bool m_isReadingCheckpoints = false, m_mustReadAgain = false;
};

} // namespace orrery::ui
