// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/run_panel.h"

#include "widgets/common/banner.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/key_value_grid.h"
#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/runs/alarm_list.h"
#include "widgets/runs/breakpoint_editor.h"
#include "widgets/runs/checkpoint_view.h"
#include "widgets/runs/event_table.h"
#include "widgets/runs/live_settings.h"
#include "widgets/runs/run_controls.h"
#include "widgets/runs/run_feed.h"
#include "widgets/runs/samples_view.h"
#include "widgets/runs/spec_view.h"
#include "widgets/runs/viewer_cost.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QProgressBar>
#include <QPushButton>
#include <QStackedWidget>
#include <QTabBar>
#include <QTabWidget>
#include <QTimer>
#include <QToolButton>

#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {

/// The state's shape in the run's colour, as in the list.
class RunPanel::StateMark : public QWidget {
public:
    explicit StateMark(QWidget *parent) : QWidget(parent)
    {
        setFixedSize(12, QFontMetrics(typeFont(TypeSize::Base)).height());
    }
    void setState(RunState state, int colorIndex)
    {
        m_state = state;
        m_colorIndex = colorIndex;
        update();
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        paintRunState(painter, rect(), m_state, Theme::instance().runColor(m_colorIndex));
    }

private:
    RunState m_state = RunState::Unknown;
    int m_colorIndex = 0;
};

namespace {

/// Takes the room that is left: what it would like to have, by its wrapped texts, must not squeeze the numbers above it.
class LowerStack : public QStackedWidget {
public:
    using QStackedWidget::QStackedWidget;
    [[nodiscard]] bool hasHeightForWidth() const override { return false; }
};

} // namespace

RunPanel::RunPanel(EngineSession &session, QWidget *parent)
    : PanelFrame(tr("Run"), parent), m_session(session), m_feed(new RunFeed(session, this)),
      m_stack(new QStackedWidget(this)), m_lower(new LowerStack(this))
{
    setObjectName(u"runPanel"_s);
    m_liveButton = addTitleButton(u"gear"_s, tr("Change settings while it runs"));
    m_liveButton->setObjectName(u"liveSettingsButton"_s);
    m_liveButton->setCheckable(true);
    connect(m_liveButton, &QToolButton::toggled, this, &RunPanel::showLiveSettings);
    m_breakButton = addTitleButton(u"breakpoint"_s, tr("Breakpoints: pause when a number crosses a value"));
    m_breakButton->setObjectName(u"breakpointsButton"_s);
    m_breakButton->setCheckable(true);
    connect(m_breakButton, &QToolButton::toggled, this, &RunPanel::showBreakpoints);

    auto *page = new QWidget(m_stack);
    auto *layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    layout->addWidget(makeSummary());
    m_lower->addWidget(makeTabs());
    m_live = new LiveSettings(session, *m_feed, m_lower);
    m_lower->addWidget(m_live);
    m_breakpoints = new BreakpointEditor(session, *m_feed, m_lower);
    m_lower->addWidget(m_breakpoints);
    m_lower->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Ignored); // gives way before the numbers do
    m_lower->setMinimumHeight(120);
    layout->addWidget(m_lower, 1);

    auto *empty = new EmptyState(
        tr("No run selected"),
        tr("State, numbers, settings, checkpoints and samples of the selected run stand here."), m_stack);
    connect(empty->addPlainButton(tr("New run")), &QPushButton::clicked, this, &RunPanel::newRunRequested);
    m_stack->addWidget(page);
    m_stack->addWidget(empty);
    setContent(m_stack);
    setSummary(tr("No run is chosen."));

    connect(m_feed, &RunFeed::runChanged, this, &RunPanel::changeRun);
    connect(m_feed, &RunFeed::statusChanged, this, &RunPanel::showStatus);
    connect(m_feed, &RunFeed::eventsAdded, this, &RunPanel::takeEvents);
    connect(m_feed, &RunFeed::failed, this, [this](const Error &error) { banner()->showError(error); });
    connect(m_checkpoints, &CheckpointView::openInPlayground, this, &RunPanel::openInPlayground);
    connect(m_samples, &SamplesView::lookInside, this, &RunPanel::lookAtSample);
    connect(&session, &EngineSession::connectionChanged, this, [this] {
        showStatus();
        if (m_session.connectionState() == ConnectionState::Connected && !run().isEmpty()) {
            readSpec();
            readCheckpoints();
        }
    });
    auto *clock = new QTimer(this); // "last report 3 s ago" goes on although nothing comes
    clock->setInterval(1000);
    connect(clock, &QTimer::timeout, this, [this] {
        if (isVisible()) showStatus();
    });
    clock->start();
    adoptFrame();
    changeRun();
}

QWidget *RunPanel::makeSummary()
{
    auto *summary = new QWidget(this);
    m_mark = new StateMark(summary);
    m_stateLine = new ToneLabel(QString(), Tone::Secondary, TypeSize::Base, summary);
    m_stateLine->setWordWrap(true);
    m_stateLine->setMinimumWidth(60);
    m_stateLine->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_stateLine->setObjectName(u"runState"_s);
    m_stepLine = new ToneLabel(QString(), Tone::Text, TypeSize::Base, summary);
    m_stepLine->setObjectName(u"runStep"_s);
    m_timeLine = new ToneLabel(QString(), Tone::Secondary, TypeSize::Small, summary);
    m_timeLine->setObjectName(u"runTime"_s);
    m_progress = new QProgressBar(summary);
    m_progress->setTextVisible(false);
    m_progress->setAccessibleName(tr("Progress"));
    m_progress->setObjectName(u"runProgress"_s);
    m_numbers = new KeyValueGrid(summary);
    m_numbers->setObjectName(u"runNumbers"_s);
    const std::pair<QString, QString> terms[] = {
        {tr("Loss"), u"loss"_s}, {tr("Validation loss"), u"val_loss"_s}, {tr("Best checkpoint"), u"run/best_val_loss"_s},
        {tr("Learning rate"), u"lr"_s}, {tr("Gradient norm"), u"grad_norm"_s}, {tr("Speed"), u"tokens_per_s"_s},
        {tr("Memory"), u"memory_mib"_s}, {tr("Parameters"), u"run/parameters"_s}, {tr("Device"), u"run/device"_s},
        {tr("Last checkpoint"), u"run/checkpoint"_s}, {tr("Viewer cost"), u"viewer_percent"_s}, {tr("Waits"), u"run/waits"_s}};
    for (const auto &[name, term] : terms) m_numbers->explain(name, term);

    auto *stateRow = new QHBoxLayout;
    stateRow->setSpacing(space::kHalf + 2);
    stateRow->addWidget(m_mark, 0, Qt::AlignTop);
    stateRow->addWidget(m_stateLine, 1);
    auto *layout = new QVBoxLayout(summary);
    layout->setContentsMargins(0, 0, 0, space::kHalf);
    layout->setSpacing(space::kHalf);
    layout->addLayout(stateRow);
    layout->addWidget(m_stepLine);
    layout->addWidget(m_progress);
    layout->addWidget(m_timeLine);
    m_alarms = new AlarmList(summary);
    connect(m_alarms, &AlarmList::curveRequested, this, &RunPanel::curveRequested);
    layout->addSpacing(space::kHalf);
    layout->addWidget(m_alarms);
    layout->addWidget(m_numbers);
    return summary;
}

QWidget *RunPanel::makeTabs()
{
    m_tabs = new QTabWidget(m_lower);
    m_tabs->setDocumentMode(true);
    m_tabs->tabBar()->setExpanding(false);
    m_tabs->tabBar()->setDrawBase(false);
    m_tabs->tabBar()->setStyleSheet(u"QTabBar::tab { padding: 6px 7px; }"_s); // four tabs fit a dock of 270
    m_tabs->tabBar()->setAccessibleName(tr("Details of the run"));
    m_spec = new SpecView(m_tabs);
    m_checkpoints = new CheckpointView(m_tabs);
    m_events = new EventTable(m_tabs);
    m_events->layout()->setContentsMargins(0, space::kHalf, 0, 0);
    m_samples = new SamplesView(m_tabs);
    m_spec->setProperty("tab", u"spec"_s);
    m_checkpoints->setProperty("tab", u"checkpoints"_s);
    m_events->setProperty("tab", u"events"_s);
    m_samples->setProperty("tab", u"samples"_s);
    m_tabs->addTab(m_samples, tr("Samples"));
    m_tabs->addTab(m_checkpoints, tr("Checkpoints"));
    m_tabs->addTab(m_events, tr("Events"));
    m_tabs->addTab(m_spec, tr("Spec"));
    return m_tabs;
}

void RunPanel::setRun(const QString &run) { m_feed->setRun(run); }

QString RunPanel::run() const { return m_feed->run(); }

void RunPanel::setControls(RunControls *controls)
{
    m_controls = controls;
    connect(controls, &RunControls::requested, this, [this](const QString &run) {
        if (run == this->run()) banner()->clear();
    });
    connect(controls, &RunControls::failed, this, [this](const QString &run, const Error &error) {
        if (run == this->run()) banner()->showError(error);
    });
}

void RunPanel::showTab(const QString &name)
{
    for (int i = 0; i < m_tabs->count(); ++i)
        if (m_tabs->widget(i)->property("tab").toString() == name) m_tabs->setCurrentIndex(i);
    showLower(Details);
}

void RunPanel::showLower(Lower part)
{
    m_lower->setCurrentIndex(part);
    m_liveButton->setChecked(part == Settings);
    m_breakButton->setChecked(part == Breaks);
    m_numbers->setVisible(part == Details); // the others need the room
}

void RunPanel::showLiveSettings(bool isShown)
{
    // The buttons tell of each other's change, too.
    if (isShown) showLower(Settings);
    else if (m_lower->currentIndex() == Settings) showLower(Details);
}

void RunPanel::showBreakpoints(bool isShown)
{
    if (isShown) showLower(Breaks);
    else if (m_lower->currentIndex() == Breaks) showLower(Details);
}

void RunPanel::beginBreakpoint(const QString &text)
{
    showBreakpoints(true);
    m_breakpoints->begin(text);
}

void RunPanel::changeRun()
{
    banner()->clear();
    m_events->clear();
    m_samples->clear();
    m_spec->setSpec(QString());
    m_shownCheckpointStep = -2;
    m_checkpoints->setRun(run(), QString());
    m_stack->setCurrentIndex(run().isEmpty() ? 1 : 0);
    m_liveButton->setVisible(!run().isEmpty());
    m_breakButton->setVisible(!run().isEmpty());
    m_savedSteps.clear();
    m_alarms->setAlarms({});
    updateLookReason();
    setTitle(run().isEmpty() ? tr("Run") : run());
    setSummary(run().isEmpty() ? tr("No run is chosen.") : QString());
    if (run().isEmpty()) return;
    readSpec();
    readCheckpoints();
}

void RunPanel::readSpec()
{
    m_session.getSpec(run(), this, [this, run = this->run()](Result<QString> reply) {
        if (run != this->run()) return;
        if (reply)
            m_spec->setSpec(*reply);
        else
            banner()->showError(reply.error());
    });
}

void RunPanel::readCheckpoints()
{
    if (m_isReadingCheckpoints) { // answers come in order; one more question is enough for all that happened
                                  // meanwhile
        m_mustReadAgain = true;
        return;
    }
    m_isReadingCheckpoints = true;
    m_session.listCheckpoints(
        run(), this, [this, run = this->run()](Result<std::vector<CheckpointInfo>> reply) {
            m_isReadingCheckpoints = false;
            if (run == this->run()) {
                if (reply) {
                    m_checkpoints->setCheckpoints(*reply);
                    m_savedSteps.clear();
                    for (const CheckpointInfo &checkpoint : *reply) m_savedSteps.push_back(checkpoint.step);
                    updateLookReason();
                } else
                    banner()->showError(reply.error());
            }
            if ((std::exchange(m_mustReadAgain, false) || run != this->run()) && !this->run().isEmpty())
                readCheckpoints();
        });
}

void RunPanel::takeEvents(const std::vector<RunEvent> &events)
{
    m_events->appendEvents(events);
    m_samples->appendEvents(events);
    const bool hasCheckpoint = std::any_of(events.begin(), events.end(), [](const RunEvent &event) {
        return event.kind == EventKind::Checkpoint || event.kind == EventKind::CheckpointDeleted;
    });
    if (hasCheckpoint) readCheckpoints();
}

void RunPanel::showStatus()
{
    if (!m_feed->status()) return;
    const RunStatus &status = *m_feed->status();
    setTitle(runTitle(status));
    m_mark->setState(status.state, runColorIndex(run()));
    m_checkpoints->setRun(run(), fromStd(status.directory));
    if (status.lastCheckpointStep != m_shownCheckpointStep) {
        if (m_shownCheckpointStep != -2) readCheckpoints();
        m_shownCheckpointStep = status.lastCheckpointStep;
    }
    showProgress(status);
    m_alarms->setAlarms(status.alarms);
    showNumbers(status);
    setSummary(m_stateLine->text() + u". "_s + m_stepLine->text() + u'.');
    updateLookReason();
}

void RunPanel::showProgress(const RunStatus &status)
{
    const bool hasFailed = status.state == RunState::Failed || status.state == RunState::Crashed ||
                           status.state == RunState::Unreadable;
    const bool isHeld = status.state == RunState::Paused && !status.error.empty(); // the disk is full
    QString line = runStateLine(status, wallNow());
    if ((hasFailed || isHeld) && !status.error.empty())
        line = runStateWord(status.state) + u": "_s + fromStd(status.error);
    const bool isLost = m_session.connectionState() != ConnectionState::Connected;
    if (isLost && isLiveState(status.state))
        line = tr("%1, as last heard %2").arg(line, relativeTimeText(wallNow() - status.lastReportAt));
    m_stateLine->setText(line);
    m_stateLine->setTone(isStale(status, wallNow()) || isLost || isHeld ? Tone::Warning
                                                                        : runStateTone(status.state));
    m_stepLine->setTone(isLost && isLiveState(status.state) ? Tone::Secondary : Tone::Text);
    m_stepLine->setText(tr("Step %1 of %2").arg(integerText(status.step), integerText(status.totalSteps)));
    // The bar has a range of its own: steps may exceed what an int holds.
    m_progress->setRange(0, 1000);
    m_progress->setValue(status.totalSteps > 0
                             ? static_cast<int>(std::clamp<double>(1000.0 * static_cast<double>(status.step) /
                                                                       static_cast<double>(status.totalSteps),
                                                                   0, 1000))
                             : 0);
    QStringList times;
    if (status.state == RunState::Running) {
        const QString left = timeLeftText(secondsLeft(status.step, status.totalSteps, status.elapsedSeconds,
                                                      std::max<qint64>(0, status.parentStep)));
        if (left != unknownText()) times << left;
        if (status.lastReportAt > 0)
            times << tr("last report %1").arg(relativeTimeText(wallNow() - status.lastReportAt));
    } else if (status.elapsedSeconds > 0) {
        times << tr("%1 of training").arg(durationText(status.elapsedSeconds));
        if (status.lastReportAt > 0)
            times << tr("last report %1").arg(relativeTimeText(wallNow() - status.lastReportAt));
    }
    m_timeLine->setText(times.join(u" · "_s));
    m_timeLine->setVisible(!times.isEmpty());
}

void RunPanel::showNumbers(const RunStatus &status)
{
    const QString perToken = tr("nats per token");
    // What would move if somebody told: quiet while nobody does.
    const bool isLost = m_session.connectionState() != ConnectionState::Connected;
    const Tone live = isLost && isLiveState(status.state) ? Tone::Secondary : Tone::Text;
    m_numbers->setValue(tr("Loss"), lossText(status.loss), live, perToken);
    QString validation = lossText(status.valLoss);
    m_numbers->setValue(tr("Validation loss"), validation, live, perToken);
    m_numbers->setValue(tr("Best checkpoint"), lossText(status.bestValLoss), perToken);
    m_numbers->setValue(tr("Learning rate"), rateText(status.learningRate), live);
    m_numbers->setValue(tr("Gradient norm"),
                        std::isnan(status.gradNorm) ? unknownText() : significantText(status.gradNorm, 3), live);
    m_numbers->setValue(tr("Speed"), speedText(status.tokensPerSecond), live);
    m_numbers->setValue(tr("Memory"), status.memoryBytes > 0 ? bytesText(status.memoryBytes) : unknownText(), live);
    m_numbers->setValue(tr("Parameters"),
                        status.numParameters > 0 ? countText(static_cast<double>(status.numParameters))
                                                 : unknownText(),
                        integerText(static_cast<qint64>(status.numParameters)));
    QString device = fromStd(status.device);
    if (status.threads > 0)
        device += status.threads == 1 ? tr(", 1 thread") : tr(", %1 threads").arg(status.threads);
    m_numbers->setValue(tr("Device"), device.isEmpty() ? unknownText() : device);
    m_numbers->setValue(tr("Last checkpoint"), status.lastCheckpointStep >= 0
                                                   ? tr("step %1").arg(integerText(status.lastCheckpointStep))
                                                   : tr("none"));
    m_numbers->setValue(tr("Viewer cost"), viewerCostText(status), live, viewerCostHelp());
    m_numbers->setValue(
        tr("Waits"),
        tr("viewers %1 · disk %2")
            .arg(integerText(static_cast<qint64>(status.trainerWaits)),
                 integerText(static_cast<qint64>(status.diskWaits))),
        status.trainerWaits > 0 ? Tone::Error : Tone::Text,
        tr("How often the training waited for a window, which must stay 0, and how often because "
           "its own disk was slower than its reports"));
}

} // namespace orrery::ui
