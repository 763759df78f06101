// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/run_list_panel.h"

#include "widgets/common/banner.h"
#include "widgets/common/counted.h"
#include "widgets/common/current_stack.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/engine_path.h"
#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/runs/filter_settings.h"
#include "widgets/runs/labels_dialog.h"
#include "widgets/runs/run_edits.h"
#include "widgets/runs/run_filter_bar.h"
#include "widgets/runs/run_list_delegate.h"
#include "widgets/runs/run_list_model.h"
#include "widgets/runs/run_list_view.h"
#include "widgets/runs/run_tree_model.h"
#include "widgets/theme/theme.h"

#include <QLineEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QStackedWidget>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <limits>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kSparkPoints = 60, kSparkEveryMs = 1500, kMaxSparkQueries = 4;
constexpr int kNoticeMs = 30'000; ///< then Ctrl+Z still does what it offered

} // namespace

RunListPanel::RunListPanel(EngineSession &session, QWidget *parent)
    : PanelFrame(tr("Runs"), parent), m_session(session), m_model(new RunListModel(this)),
      m_tree(new RunTreeModel(*m_model, this)), m_view(new RunListView(*m_tree, this)),
      m_bar(new RunFilterBar([this] { return m_model->tagsInUse(); }, this)),
      m_edits(new RunEdits(session, this)), m_settings(new FilterSettings(session, this)), m_notice(new Banner(this)),
      m_head(new ElidedLabel(QString(), Tone::Text, TypeSize::Heading, this)),
      m_note(new ToneLabel(QString(), Tone::Warning, TypeSize::Small, this)),
      m_foot(new ToneLabel(QString(), Tone::Secondary, TypeSize::Small, this)),
      m_stack(new CurrentStack(this)), m_sparkTimer(new QTimer(this)), m_noticeTimer(new QTimer(this))
{
    setObjectName(u"runListPanel"_s);
    setTitleVisible(false); // the dock has it; here stands what is listed
    m_head->setObjectName(u"runListHead"_s);
    m_head->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    m_head->setMinimumWidth(1); // the dock may be as narrow as without it; what is cut then, its hover says
    addTitleWidget(m_head);
    m_openButton = addTitleButton(u"folder"_s, tr("Open a run directory"));
    m_openButton->setObjectName(u"openRun"_s);
    m_newButton = addTitleButton(u"plus"_s, tr("New run"));
    m_newButton->setObjectName(u"newRun"_s);
    connect(m_openButton, &QToolButton::clicked, this, &RunListPanel::openRunDirectory);
    connect(m_newButton, &QToolButton::clicked, this, &RunListPanel::newRunRequested);
    makeContent();
    makeActions();
    adoptFrame();

    connect(m_bar, &RunFilterBar::filterChanged, this, &RunListPanel::takeFilter);
    connect(m_bar, &RunFilterBar::groupingChosen, this, &RunListPanel::setGrouping);
    connect(m_bar, &RunFilterBar::orderChosen, this, &RunListPanel::setOrder);
    connect(m_bar, &RunFilterBar::openAllChosen, m_view, &RunListView::setAllOpen);
    connect(m_view, &RunListView::selectedRunsChanged, this, &RunListPanel::takeSelection);
    connect(m_view, &RunListView::overlayToggled, this, &RunListPanel::toggleOverlay);
    connect(m_view, &QTreeView::activated, this, [this](const QModelIndex &index) {
        if (const QString run = m_tree->runOf(index); !run.isEmpty()) Q_EMIT runActivated(run);
    });
    for (const auto signal : {&QTreeView::expanded, &QTreeView::collapsed})
        connect(m_view, signal, this, [this] {
            Q_EMIT placeChanged();
            m_sparkTimer->start(60);
        });
    connect(m_view->runDelegate(), &RunListDelegate::renamed, m_edits, &RunEdits::rename);
    connect(m_view->verticalScrollBar(), &QScrollBar::valueChanged, m_sparkTimer,
            [this] { m_sparkTimer->start(60); });
    connect(m_edits, &RunEdits::done, this, [this](const QString &text, bool canUndo) {
        banner()->clear();
        m_notice->showMessage(BannerKind::Info, text, {}, canUndo ? tr("Undo") : QString());
        m_noticeTimer->start(kNoticeMs);
        updateActions();
    });
    connect(m_edits, &RunEdits::failed, this, [this](const Error &error) {
        banner()->showError(error);
        updateActions();
    });
    connect(m_edits, &RunEdits::runChanged, m_model, &RunListModel::updateRun);
    connect(m_notice, &Banner::retryRequested, this, &RunListPanel::undo);
    m_noticeTimer->setSingleShot(true);
    connect(m_noticeTimer, &QTimer::timeout, m_notice, &Banner::clear);
    connect(&session, &EngineSession::runsChanged, this, &RunListPanel::takeRuns);
    connect(&session, &EngineSession::connectionChanged, this, &RunListPanel::takeConnection);
    connect(&session, &EngineSession::updated, this, [this](const RunUpdate &update) {
        m_model->updateRun(update.status);
        updateActions();
    });
    m_tree->setSpecs(m_settings->specs());
    connect(m_settings, &FilterSettings::changed, this, &RunListPanel::takeSpecs);
    m_sparkTimer->setSingleShot(true);
    connect(m_sparkTimer, &QTimer::timeout, this, &RunListPanel::querySparklines);
    auto *clock = new QTimer(this);
    clock->setInterval(2000);
    connect(clock, &QTimer::timeout, m_model, &RunListModel::refreshTimes);
    clock->start();
    connect(&Theme::instance(), &Theme::changed, m_view, [this] { m_view->viewport()->update(); });
    takeRuns();
    takeConnection();
}

void RunListPanel::makeContent()
{
    m_view->setObjectName(u"runList"_s);
    m_view->setAccessibleName(tr("Runs"));
    m_notice->setObjectName(u"runListNotice"_s);
    m_note->setWordWrap(true);
    m_note->setMinimumWidth(80);
    m_note->setObjectName(u"runListNote"_s);
    m_note->hide();
    m_foot->setWordWrap(true);
    m_foot->setMinimumWidth(80);
    m_foot->setObjectName(u"runListFoot"_s);
    m_empty = new EmptyState(tr("No runs yet"),
                             tr("Every training stands here with its state, its loss and its curve."), this);
    connect(m_empty->addButton(tr("New run")), &QPushButton::clicked, this, &RunListPanel::newRunRequested);
    connect(m_empty->addButton(tr("Open a run")), &QPushButton::clicked, this,
            &RunListPanel::openRunDirectory);
    m_unknown = new EmptyState(QString(), QString(), this);
    m_unknown->setObjectName(u"runsUnknown"_s);
    m_noMatch = new EmptyState(tr("No run matches"), QString(), this);
    m_noMatch->setObjectName(u"noRunMatches"_s);
    m_showMore = m_noMatch->addPlainButton(tr("Show all runs"));
    connect(m_showMore, &QPushButton::clicked, this,
            [this] { m_bar->line()->setText(m_tree->query().isEmpty() ? u"is:any"_s : QString()); });
    m_stack->addWidget(m_view);
    m_stack->addWidget(m_unknown);
    m_stack->addWidget(m_empty);
    m_stack->addWidget(m_noMatch);

    auto *content = new QWidget(this);
    auto *layout = new QVBoxLayout(content);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_bar);
    layout->addWidget(m_notice);
    layout->addWidget(m_note);
    layout->addWidget(m_stack, 1);
    layout->addWidget(m_foot);
    setContent(content);
}

QLineEdit *RunListPanel::filterBox() const { return m_bar->line(); }

QString RunListPanel::run() const { return m_model->rowOf(m_wanted) < 0 ? QString() : m_wanted; }

QStringList RunListPanel::selectedRuns() const { return m_view->selectedRuns(); }

const RunStatus *RunListPanel::selectedStatus() const
{
    const QStringList runs = selectedRuns();
    const int row = runs.size() == 1 ? m_model->rowOf(runs.front()) : -1;
    return row < 0 ? nullptr : &m_model->status(row);
}

void RunListPanel::setRun(const QString &run)
{
    m_wanted = run;
    m_model->setShownRun(run);
    if (!selectedRuns().contains(run)) m_view->setCurrentRun(run);
    updateActions();
}

/// Hiding the selected row is no choice of another run; extending the selection is none either.
void RunListPanel::takeSelection()
{
    updateActions();
    updateFoot();
    if (m_isRestoring || m_view->isMoving()) return;
    const QStringList runs = selectedRuns();
    if (runs.size() == 1 && runs.front() != m_wanted) choose(runs.front());
}

void RunListPanel::choose(const QString &run)
{
    m_wanted = run;
    m_model->setShownRun(run);
    Q_EMIT runSelected(run);
}

void RunListPanel::restoreSelection()
{
    m_isRestoring = true;
    if (selectedRuns().isEmpty()) m_view->setCurrentRun(run());
    m_isRestoring = false;
    updateActions();
}

void RunListPanel::takeFilter(const QString &text)
{
    m_isRestoring = true;
    m_tree->setQuery(text);
    m_isRestoring = false;
    wantSpecs();
    showProblem();
    restoreSelection();
    updateState();
    querySparklines();
    Q_EMIT placeChanged();
}

void RunListPanel::setGrouping(RunGrouping grouping)
{
    m_bar->setGrouping(grouping);
    m_tree->setGrouping(grouping);
    m_sparkTimer->start(60);
    Q_EMIT placeChanged();
}

void RunListPanel::setOrder(RunOrder order)
{
    m_bar->setOrder(order);
    m_tree->setOrder(order);
    m_sparkTimer->start(60);
    Q_EMIT placeChanged();
}

QStringList RunListPanel::overlaidRuns() const
{
    QStringList listed;
    for (const QString &run : m_overlaid)
        if (m_model->rowOf(run) >= 0) listed << run;
    return listed;
}

void RunListPanel::setOverlaidRuns(const QStringList &runs)
{
    m_overlaid = runs;
    m_overlaid.removeDuplicates();
    m_model->setOverlaid(m_overlaid);
    tellOverlay();
}

void RunListPanel::toggleOverlay(const QStringList &runs)
{
    QStringList overlaid = m_overlaid;
    const bool areAllShown = std::all_of(runs.begin(), runs.end(),
                                         [&overlaid](const QString &run) { return overlaid.contains(run); });
    for (const QString &run : runs) {
        if (areAllShown)
            overlaid.removeAll(run);
        else if (!overlaid.contains(run))
            overlaid << run;
    }
    setOverlaidRuns(overlaid);
    Q_EMIT placeChanged();
}

void RunListPanel::tellOverlay()
{
    const QStringList runs = overlaidRuns();
    updateFoot();
    updateActions();
    if (runs == m_toldOverlaid) return;
    m_toldOverlaid = runs;
    Q_EMIT overlaidRunsChanged(runs);
}

void RunListPanel::takeRuns()
{
    m_lastListAt = wallNow();
    assignRunColors(m_session.runs());
    if (m_session.runs().empty() && m_session.connectionState() == ConnectionState::Connecting) {
        // Another engine: an id means another run there, if any.
        m_edits->clear();
        m_notice->clear();
        m_sparkSteps.clear();
        if (m_dialog) m_dialog->reject();
        m_overlaid.clear();
        m_model->setOverlaid({});
    }
    const bool wasListed = !run().isEmpty();
    const QStringList before = m_tree->shownRuns();
    m_isRestoring = true;
    m_model->setRuns(m_session.runs());
    m_isRestoring = false;
    wantSpecs();
    if (wasListed && m_model->rowOf(m_wanted) < 0) { // it was deleted: the one that took its place is next
        const qsizetype place = std::max<qsizetype>(before.indexOf(m_wanted), 0);
        QString next;
        for (qsizetype i = place; i < before.size() && next.isEmpty(); ++i)
            if (m_tree->indexOf(before[i]).isValid()) next = before[i];
        for (qsizetype i = place; i-- > 0 && next.isEmpty();)
            if (m_tree->indexOf(before[i]).isValid()) next = before[i];
        choose(next);
    }
    restoreSelection();
    updateState();
    tellOverlay();
    if (!m_sparkTimer->isActive()) m_sparkTimer->start(m_sparkSteps.isEmpty() ? 0 : kSparkEveryMs);
}

void RunListPanel::takeConnection()
{
    // The window's banner says what is wrong and retries; the list says what it is worth meanwhile.
    const ConnectionState state = m_session.connectionState();
    m_areFoldersHere = m_session.isOfThisComputer();
    m_note->setVisible(state != ConnectionState::Connected && m_model->rowCount() > 0);
    m_model->setConnected(state == ConnectionState::Connected);
    if (state == ConnectionState::Lost)
        m_note->setText((m_session.loss().isSilent ? tr("The engine does not answer. List of %1; runs go on without this window.")
                                                   : tr("The engine is not reachable. List of %1; runs go on without this window."))
                            .arg(clockTimeText(m_lastListAt)));
    else
        m_note->setText(tr("Connecting to the engine …"));
    m_note->setTone(state == ConnectionState::Lost ? Tone::Warning : Tone::Secondary);
    wantSpecs();
    updateState();
    updateActions();
}

void RunListPanel::updateState()
{
    const int numRuns = m_model->rowCount();
    m_bar->setVisible(numRuns > 0);
    QWidget *page = m_view;
    const ConnectionState state = m_session.connectionState();
    if (numRuns == 0 && state != ConnectionState::Connected) { // whether there are any nobody knows
        page = m_unknown;
        m_unknown->setTexts(state == ConnectionState::Lost ? tr("Runs are not known") : tr("Reading the runs …"),
                            state == ConnectionState::Lost
                                ? tr("They stand here as soon as the engine answers. Trainings go on without this window.")
                                : QString());
    } else if (numRuns == 0) {
        page = m_empty;
    } else if (m_tree->numShown() == 0) {
        page = m_noMatch;
        m_noMatch->setTexts(m_tree->query().isEmpty() ? tr("All runs are archived") : tr("No run matches"),
                            noMatchText());
        m_showMore->setText(m_tree->query().isEmpty() ? tr("Show archived runs") : tr("Show all runs"));
    }
    m_stack->setCurrentWidget(page);
    const auto numLive = std::count_if(m_session.runs().begin(), m_session.runs().end(),
                                       [](const RunStatus &status) { return isLiveState(status.state); });
    setSummary(numRuns == 0 ? (page == m_unknown ? tr("Runs are not known") : tr("No runs yet"))
               : numRuns == 1
                   ? (numLive == 1 ? tr("1 run, which is live") : tr("1 run"))
                   : tr("%1 runs, %2 of them live").arg(integerText(numRuns), integerText(numLive)));
    updateHead();
    updateFoot();
}

/// What the list alone does not show: how many are archived, selected, shown beside.
void RunListPanel::updateFoot()
{
    const int numShown = m_tree->numShown();
    QStringList parts;
    const int numArchived = m_model->numArchived();
    if (numShown > 0 && numArchived > 0 && !m_tree->query().wantsArchived())
        parts << tr("%1 archived").arg(integerText(numArchived));
    if (const qsizetype numSelected = selectedRuns().size(); numSelected > 1)
        parts << tr("%1 selected").arg(integerText(numSelected));
    if (const qsizetype numOverlaid = overlaidRuns().size(); numOverlaid > 0)
        parts << tr("%1 shown beside").arg(integerText(numOverlaid));
    if (m_settings->isWaiting(m_tree->query())) parts << tr("reading settings …");
    m_foot->setText(parts.join(u" · "_s));
    m_foot->setVisible(!parts.isEmpty());
}

void RunListPanel::openRunDirectory()
{
    const auto take = [this](const QString &path) {
        m_session.addRun(path, this, [this](Result<RunStatus> reply) {
            if (!reply) {
                banner()->showError(reply.error());
                return;
            }
            setRun(fromStd(reply->id));
            Q_EMIT runSelected(m_wanted);
        });
    };
    PathQuestion question{tr("Open a run directory"), u"openRunDialog"_s};
    question.accept = tr("Open");
    askForEnginePath(m_session, this, question, take);
}

void RunListPanel::querySparklines()
{
    if (m_session.connectionState() != ConnectionState::Connected || !m_stack->isVisible()) return;
    const QRect visible = m_view->viewport()->rect();
    QModelIndex index = m_view->indexAt(QPoint(visible.center().x(), 1));
    for (; index.isValid() && m_numSparkQueries < kMaxSparkQueries; index = m_view->indexBelow(index)) {
        if (!m_view->visualRect(index).intersects(visible)) break;
        const QString run = m_tree->runOf(index);
        const int row = m_model->rowOf(run);
        if (row < 0) continue;
        const RunStatus &status = m_model->status(row);
        if (status.step > 0 && m_sparkSteps.value(run, -1) != status.step) askSparkline(run, status.step);
    }
}

void RunListPanel::askSparkline(const QString &run, qint64 step)
{
    m_sparkSteps.insert(run, step);
    m_numSparkQueries += 1;
    m_session.querySeries(run, {series::kLoss}, 0, std::numeric_limits<qint64>::max(), kSparkPoints, this,
                          [this, run](Result<std::vector<SeriesData>> reply) {
                              m_numSparkQueries -= 1;
                              if (reply && !reply->empty()) {
                                  std::vector<double> values;
                                  for (const SeriesBucket &bucket : reply->front().buckets)
                                      if (!bucket.isSuperseded)
                                          values.push_back(bucket.numNonFinite > 0 ? bucket.last
                                                                                   : bucket.mean);
                                  m_model->setSparkline(run, std::move(values));
                              }
                              if (m_numSparkQueries == 0 && !m_sparkTimer->isActive()) m_sparkTimer->start(0);
                          });
}

} // namespace orrery::ui
