// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/run_controls.h"

#include "widgets/common/action_registry.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/run_text.h"

#include <QAction>
#include <QFontMetrics>
#include <QKeySequence>
#include <QMenu>
#include <QTimer>

#include <algorithm>
#include <array>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

/// After an accepted request the engine shows its effect at a step boundary; a step of a large model may take
/// long, but an action must not stay dead when nothing comes.
constexpr int kPendingMs = 10'000;
constexpr std::array<qint64, 5> kStepCounts = {1, 10, 100, 1'000, 10'000};

QString verbWord(RunVerb verb)
{
    switch (verb) {
    case RunVerb::Pause:
        return u"pause"_s;
    case RunVerb::Continue:
        return u"continue"_s;
    case RunVerb::Step:
        return u"step"_s;
    case RunVerb::Checkpoint:
        return u"checkpoint"_s;
    case RunVerb::Stop:
        return u"stop"_s;
    case RunVerb::Resume:
        return u"resume"_s;
    }
    return {};
}

/// The words that it is to become: what stands beside it in a tool bar keeps its place. While it waits it is its word and an
/// ellipsis, as another word would ask for a gap in all the time before.
void keepRoom(QAction *action, const QStringList &texts)
{
    const QFontMetrics metrics(typeFont(TypeSize::Base));
    const QString widest = *std::max_element(texts.begin(), texts.end(), [&metrics](const QString &a, const QString &b) {
        return metrics.horizontalAdvance(a) < metrics.horizontalAdvance(b);
    });
    action->setProperty("widestText", widest);
}

} // namespace

bool isVerbPossible(RunVerb verb, RunState state)
{
    switch (verb) {
    case RunVerb::Pause:
        return state == RunState::Running;
    case RunVerb::Continue:
    case RunVerb::Step:
        return state == RunState::Paused;
    case RunVerb::Checkpoint:
        return state == RunState::Running || state == RunState::Paused;
    case RunVerb::Stop:
        return state == RunState::Starting || state == RunState::Running || state == RunState::Paused;
    case RunVerb::Resume:
        return state == RunState::Created || state == RunState::Stopped || state == RunState::Failed ||
               state == RunState::Crashed;
    }
    return false;
}

RunControls::RunControls(EngineSession &session, QObject *parent)
    : QObject(parent), m_session(session), m_pause(makeAction("pauseAction", u"pause"_s, Qt::Key_F6)),
      m_step(makeAction("stepAction", u"step"_s, Qt::Key_F7)),
      m_checkpoint(makeAction("checkpointAction", u"checkpoint"_s, Qt::Key_F8)),
      m_stop(makeAction("stopAction", u"stop"_s, Qt::SHIFT | Qt::Key_F5)),
      m_resume(makeAction("resumeAction", u"resume"_s, Qt::Key_F5)),
      m_copyMenu(new QMenu(tr("Copy as command"))), m_stepMenu(new QMenu)
{
    // Menus are widgets and cannot be children of a plain object.
    connect(this, &QObject::destroyed, m_copyMenu, &QObject::deleteLater);
    connect(this, &QObject::destroyed, m_stepMenu, &QObject::deleteLater);
    bindIcon(m_copyMenu->menuAction(), u"terminal"_s);
    keepRoom(m_pause, {tr("Pause …"), tr("Continue …")});
    keepRoom(m_checkpoint, {tr("Checkpoint …")});
    keepRoom(m_stop, {tr("Stop …")});
    keepRoom(m_resume, {tr("Start …"), tr("Resume …")});
    connect(m_pause, &QAction::triggered, this, [this] {
        request(m_status && m_status->state == RunState::Paused ? RunVerb::Continue : RunVerb::Pause);
    });
    connect(m_step, &QAction::triggered, this, [this] { request(RunVerb::Step); });
    connect(m_checkpoint, &QAction::triggered, this, [this] { request(RunVerb::Checkpoint); });
    connect(m_stop, &QAction::triggered, this, [this] { request(RunVerb::Stop); });
    connect(m_resume, &QAction::triggered, this, [this] { request(RunVerb::Resume); });
    for (qint64 count : kStepCounts) {
        m_stepMenu->addAction(count == 1 ? tr("1 step") : tr("%1 steps").arg(integerText(count)), this,
                              [this, count] {
                                  setStepCount(count);
                                  request(RunVerb::Step);
                              });
    }
    m_step->setMenu(m_stepMenu);
    connect(m_copyMenu, &QMenu::aboutToShow, this, &RunControls::fillCopyMenu);
    connect(&session, &EngineSession::runsChanged, this, &RunControls::readRuns);
    connect(&session, &EngineSession::connectionChanged, this, &RunControls::updateActions);
    connect(&session, &EngineSession::updated, this,
            [this](const RunUpdate &update) { takeStatus(update.status); });
    updateActions();
}

QAction *RunControls::makeAction(const char *objectName, const QString &icon, const QKeySequence &shortcut)
{
    auto *action = new QAction(this);
    action->setObjectName(QLatin1String(objectName));
    action->setShortcut(shortcut);
    bindIcon(action, icon);
    return action;
}

QList<QAction *> RunControls::actions() const { return {m_pause, m_step, m_checkpoint, m_stop, m_resume}; }

void RunControls::setRun(const QString &run)
{
    if (run == m_run) return;
    m_run = run;
    m_status.reset();
    readRuns();
    updateActions();
}

void RunControls::setStepCount(qint64 steps)
{
    m_stepCount = std::max<qint64>(1, steps);
    updateActions();
}

void RunControls::readRuns()
{
    for (const RunStatus &status : m_session.runs()) takeStatus(status);
    const bool isListed =
        std::any_of(m_session.runs().begin(), m_session.runs().end(),
                    [id = toStd(m_run)](const RunStatus &status) { return status.id == id; });
    if (!isListed) m_status.reset();
    updateActions();
}

void RunControls::takeStatus(const RunStatus &status)
{
    const QString run = fromStd(status.id);
    if (run.isEmpty()) return; // an engine that sends no live reports tells of none
    const auto pending = m_pending.constFind(run);
    if (pending != m_pending.constEnd()) {
        const bool hasShown =
            pending->verb == RunVerb::Checkpoint
                ? status.lastCheckpointStep != pending->checkpointBefore || !isLiveState(status.state)
                : status.state != pending->stateBefore ||
                      (pending->verb == RunVerb::Step && status.step != pending->stepBefore);
        if (hasShown) m_pending.erase(pending);
    }
    if (run != m_run) return;
    // An answer overtakes what was told before it.
    const bool isOlder = m_status && isLiveState(status.state) && m_status->attempt == status.attempt &&
                         status.step < m_status->step;
    if (!isOlder) m_status = status;
    updateActions();
}

std::optional<RunVerb> RunControls::pending() const
{
    const auto found = m_pending.constFind(m_run);
    if (found == m_pending.constEnd()) return std::nullopt;
    return found->verb;
}

void RunControls::request(RunVerb verb)
{
    if (m_run.isEmpty() || !m_status) return;
    const QString run = m_run;
    const quint64 ticket = m_nextTicket++;
    m_pending.insert(run, {verb, m_status->state, m_status->step, m_status->lastCheckpointStep, ticket});
    updateActions();
    Q_EMIT requested(run, verb);
    auto reply = [this, run, ticket](Result<RunStatus> result) { answer(run, ticket, result); };
    if (verb == RunVerb::Resume)
        m_session.startRun(run, 0, this, reply);
    else
        m_session.control(run, verbWord(verb), verb == RunVerb::Step ? m_stepCount : 1, {}, this, reply);
}

void RunControls::answer(const QString &run, quint64 ticket, const Result<RunStatus> &reply)
{
    if (!reply) {
        m_pending.remove(run);
        updateActions();
        Q_EMIT failed(run, reply.error());
        return;
    }
    takeStatus(*reply);
    const auto pending = m_pending.constFind(run);
    if (pending == m_pending.constEnd() || pending->ticket != ticket) return;
    QTimer::singleShot(kPendingMs, this, [this, run, ticket] {
        const auto found = m_pending.constFind(run);
        if (found == m_pending.constEnd() || found->ticket != ticket) return;
        m_pending.erase(found);
        updateActions();
    });
}

void RunControls::setAction(QAction *action, const QString &text, const QString &toolTip, bool isEnabled)
{
    action->setText(text);
    setDisabledReason(*action, isEnabled ? QString() : toolTip.section(u'\n', 1)); // for the palette
    action->setToolTip(toolTip);
    action->setStatusTip(toolTip);
}

void RunControls::updateActions()
{
    const RunState state = m_status ? m_status->state : RunState::Unknown;
    const std::optional<RunVerb> waiting = pending();
    const bool isConnected = m_session.connectionState() == ConnectionState::Connected;
    QString reason;
    if (!isConnected)
        reason = m_session.loss().isSilent ? tr("The engine does not answer now.") : tr("The engine is not connected.");
    else if (m_run.isEmpty() || !m_status)
        reason = tr("Select a run first.");
    else if (waiting)
        reason = tr("Waiting for the next step boundary.");
    auto enabled = [&](RunVerb verb) { return reason.isEmpty() && isVerbPossible(verb, state); };
    auto tip = [&](RunVerb verb, const QAction *action, const QString &text) {
        const QString what = tr("%1 (%2)").arg(text, action->shortcut().toString(QKeySequence::NativeText));
        if (enabled(verb)) return what;
        if (!reason.isEmpty()) return QString(what + u'\n' + reason);
        return QString(what + u'\n' +
                       tr("Not possible: %1 is %2.").arg(runTitle(*m_status), runStateWord(state)));
    };

    const bool isPaused = state == RunState::Paused;
    QString pauseText = isPaused ? tr("Continue") : tr("Pause");
    if (waiting == RunVerb::Pause) pauseText = tr("Pause …");
    if (waiting == RunVerb::Continue) pauseText = tr("Continue …");
    const RunVerb pauseVerb = isPaused ? RunVerb::Continue : RunVerb::Pause;
    setAction(
        m_pause, pauseText,
        tip(pauseVerb, m_pause, isPaused ? tr("Go on training") : tr("Pause at the next step boundary")),
        enabled(pauseVerb));
    bindIcon(m_pause, isPaused ? u"play"_s : u"pause"_s);

    const QString stepText = m_stepCount == 1 ? tr("Step") : tr("Step %1").arg(integerText(m_stepCount));
    // It keeps its word while it waits, grey: with the room of a longer one its arrow would stand apart.
    keepRoom(m_step, {stepText});
    setAction(m_step, stepText,
              tip(RunVerb::Step, m_step,
                  m_stepCount == 1 ? tr("Train one step, then pause again")
                                   : tr("Train %1 steps, then pause again").arg(integerText(m_stepCount))),
              enabled(RunVerb::Step));
    setAction(m_checkpoint, waiting == RunVerb::Checkpoint ? tr("Checkpoint …") : tr("Checkpoint"),
              tip(RunVerb::Checkpoint, m_checkpoint, tr("Save a checkpoint now")),
              enabled(RunVerb::Checkpoint));
    setAction(m_stop, waiting == RunVerb::Stop ? tr("Stop …") : tr("Stop"),
              tip(RunVerb::Stop, m_stop, tr("Save a checkpoint and end; the run can be resumed")),
              enabled(RunVerb::Stop));
    QString resumeText = state == RunState::Created ? tr("Start") : tr("Resume");
    if (waiting == RunVerb::Resume)
        resumeText = state == RunState::Created ? tr("Start …") : tr("Resume …");
    setAction(m_resume, resumeText,
              tip(RunVerb::Resume, m_resume,
                  state == RunState::Created ? tr("Start training") : tr("Go on from the newest checkpoint")),
              enabled(RunVerb::Resume));
    m_stepMenu->setEnabled(m_step->isEnabled());
    m_copyMenu->setEnabled(!m_run.isEmpty());
}

QString RunControls::command(RunVerb verb) const
{
    return verb == RunVerb::Resume ? resumeCommand(m_run)
                                   : controlCommand(m_run, verbWord(verb), m_stepCount);
}

void RunControls::fillCopyMenu()
{
    m_copyMenu->clear();
    const RunState state = m_status ? m_status->state : RunState::Unknown;
    for (RunVerb verb : {RunVerb::Pause, RunVerb::Continue, RunVerb::Step, RunVerb::Checkpoint, RunVerb::Stop,
                         RunVerb::Resume}) {
        if (!isVerbPossible(verb, state)) continue;
        const QString text = command(verb);
        m_copyMenu->addAction(text, this, [text] { copyToClipboard(text); });
    }
    const QString watch = engineCommand({u"watch"_s, m_run});
    m_copyMenu->addAction(watch, this, [watch] { copyToClipboard(watch); });
}

} // namespace orrery::ui
