// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/run_list_panel.h"

#include "widgets/common/banner.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"
#include "widgets/common/text_export.h"
#include "widgets/common/tone_label.h"
#include "widgets/runs/run_controls.h"
#include "widgets/runs/run_list_delegate.h"
#include "widgets/runs/run_list_model.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QDesktopServices>
#include <QFileDialog>
#include <QLineEdit>
#include <QListView>
#include <QMessageBox>
#include <QPushButton>
#include <QScrollBar>
#include <QSortFilterProxyModel>
#include <QStackedWidget>
#include <QTimer>
#include <QToolButton>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kSparkPoints = 60, kSparkEveryMs = 1500, kMaxSparkQueries = 4;

} // namespace

RunListPanel::RunListPanel(EngineSession &session, QWidget *parent)
    : PanelFrame(tr("Runs"), parent), m_session(session), m_model(new RunListModel(this)),
      m_proxy(new QSortFilterProxyModel(this)), m_view(new QListView(this)), m_filter(new QLineEdit(this)),
      m_note(new ToneLabel(QString(), Tone::Warning, TypeSize::Small, this)),
      m_stack(new QStackedWidget(this)), m_sparkTimer(new QTimer(this))
{
    setObjectName(u"runListPanel"_s);
    QToolButton *open = addTitleButton(u"folder"_s, tr("Open a run directory"));
    open->setObjectName(u"openRun"_s);
    QToolButton *add = addTitleButton(u"plus"_s, tr("New run"));
    add->setObjectName(u"newRun"_s);
    connect(open, &QToolButton::clicked, this, &RunListPanel::openRunDirectory);
    connect(add, &QToolButton::clicked, this, &RunListPanel::newRunRequested);

    m_proxy->setSourceModel(m_model);
    m_proxy->setFilterRole(RunListModel::FilterRole);
    m_proxy->setFilterCaseSensitivity(Qt::CaseInsensitive);
    m_view->setModel(m_proxy);
    m_view->setItemDelegate(new RunListDelegate(m_view));
    m_view->setObjectName(u"runList"_s);
    m_view->setAccessibleName(tr("Runs"));
    m_view->setUniformItemSizes(true);
    m_view->setMouseTracking(true);
    m_view->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_view->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_view->setFrameShape(QFrame::NoFrame);
    m_filter->setAccessibleName(tr("Filter runs by name or state"));
    m_filter->setClearButtonEnabled(true);
    m_filter->setObjectName(u"runFilter"_s);
    m_note->setWordWrap(true);
    m_note->setMinimumWidth(80);
    m_note->setObjectName(u"runListNote"_s);
    m_note->hide();

    m_empty = new EmptyState(tr("No runs yet"),
                             tr("Each training stands here with its state, its loss and its curve."), this);
    connect(m_empty->addButton(tr("New run")), &QPushButton::clicked, this, &RunListPanel::newRunRequested);
    connect(m_empty->addButton(tr("Open a run")), &QPushButton::clicked, this,
            &RunListPanel::openRunDirectory);
    m_noMatch = new EmptyState(tr("No run matches"), QString(), this);
    connect(m_noMatch->addButton(tr("Show all runs")), &QPushButton::clicked, m_filter, &QLineEdit::clear);
    m_stack->addWidget(m_view);
    m_stack->addWidget(m_empty);
    m_stack->addWidget(m_noMatch);

    auto *content = new QWidget(this);
    auto *layout = new QVBoxLayout(content);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_filter);
    layout->addWidget(m_note);
    layout->addWidget(m_stack, 1);
    setContent(content);
    makeActions();
    adoptFrame();

    connect(m_filter, &QLineEdit::textChanged, this, [this](const QString &text) {
        m_isRestoring = true; // hiding the selected row is no choice of another run
        m_proxy->setFilterFixedString(text.trimmed());
        m_isRestoring = false;
        restoreSelection();
        updateState();
        querySparklines();
    });
    connect(m_view->selectionModel(), &QItemSelectionModel::currentChanged, this,
            [this](const QModelIndex &current) {
                updateActions();
                if (m_isRestoring || !current.isValid()) return;
                m_wanted = current.data(RunListModel::IdRole).toString();
                Q_EMIT runSelected(m_wanted);
            });
    connect(m_view, &QListView::activated, this, [this](const QModelIndex &index) {
        Q_EMIT runActivated(index.data(RunListModel::IdRole).toString());
    });
    connect(m_view->verticalScrollBar(), &QScrollBar::valueChanged, m_sparkTimer,
            [this] { m_sparkTimer->start(60); });
    connect(&session, &EngineSession::runsChanged, this, &RunListPanel::takeRuns);
    connect(&session, &EngineSession::connectionChanged, this, &RunListPanel::takeConnection);
    connect(&session, &EngineSession::updated, this, [this](const RunUpdate &update) {
        m_model->updateRun(update.status);
        updateActions();
    });
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

void RunListPanel::makeActions()
{
    auto add = [this](const QString &text, const char *name, const QString &icon, auto handler) {
        auto *action = new QAction(text, this);
        action->setObjectName(QLatin1String(name));
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        if (!icon.isEmpty()) bindIcon(action, icon);
        connect(action, &QAction::triggered, this, handler);
        m_view->addAction(action);
        return action;
    };
    m_resume = add(tr("Resume"), "resumeRun", u"resume"_s, [this] { resumeSelected(); });
    m_copyCommand = add(tr("Copy as command"), "copyRunCommand", u"terminal"_s, [this] {
        if (const RunStatus *status = selectedStatus())
            copyToClipboard(isVerbPossible(RunVerb::Resume, status->state)
                                ? resumeCommand(run())
                                : engineCommand({u"watch"_s, run()}));
    });
    m_copyName = add(tr("Copy id"), "copyRunName", u"copy"_s, [this] { copyToClipboard(run()); });
    m_copyName->setShortcut(QKeySequence::Copy);
    m_copyPath = add(tr("Copy path"), "copyRunPath", {}, [this] {
        if (const RunStatus *status = selectedStatus()) copyToClipboard(fromStd(status->directory));
    });
    m_openFolder = add(tr("Open folder"), "openRunFolder", u"folder"_s, [this] {
        if (const RunStatus *status = selectedStatus())
            QDesktopServices::openUrl(QUrl::fromLocalFile(fromStd(status->directory)));
    });
    auto *separator = new QAction(this);
    separator->setSeparator(true);
    m_view->addAction(separator);
    m_delete = add(tr("Delete …"), "deleteRun", u"trash"_s, [this] { deleteSelected(); });
    m_delete->setShortcut(QKeySequence::Delete);
    m_view->setContextMenuPolicy(Qt::ActionsContextMenu);
    updateActions();
}

void RunListPanel::adoptFrame()
{
    PanelExport what;
    what.fileName = u"runs"_s;
    what.data = {u"csv"_s};
    what.save = [this](const QString &path) { return saveTextFile(table(), path); };
    what.table = [this] { return table(); };
    what.isEmpty = [this] { return m_proxy->rowCount() == 0; };
    setExport(std::move(what));
    setView({u"runs"_s,
             [this] {
                 return QVariantMap{{u"run"_s, run()}, {u"filter"_s, m_filter->text()}};
             },
             [this](const QVariantMap &state) { m_filter->setText(state.value(u"filter"_s).toString()); }});
    setCommand([] { return engineCommand({u"runs"_s, u"list"_s}); });
    setHelp(tr("All trainings that the engine knows, newest first, each with its state and its loss so far. "
               "Click one to look at it everywhere; double click shows its curves; the right button has more."));
}

/// Of the runs that are shown.
QString RunListPanel::table() const
{
    QString text = csvLine({u"run"_s, u"name"_s, u"state"_s, u"step"_s, u"total_steps"_s, u"loss"_s, u"val_loss"_s,
                            u"best_val_loss"_s, u"tokens_per_s"_s, u"parameters"_s, u"created_unix_s"_s});
    for (int row = 0; row < m_proxy->rowCount(); ++row) {
        const RunStatus &status = m_model->status(m_proxy->mapToSource(m_proxy->index(row, 0)).row());
        text += csvLine({fromStd(status.id), fromStd(status.name), QLatin1String(runStateName(status.state)),
                         QString::number(status.step), QString::number(status.totalSteps), csvNumber(status.loss),
                         csvNumber(status.valLoss), csvNumber(status.bestValLoss),
                         csvNumber(status.tokensPerSecond), QString::number(status.numParameters),
                         csvNumber(status.createdAt)});
    }
    return text;
}

QList<QAction *> RunListPanel::runActions() const
{
    return {m_resume, m_copyCommand, m_copyName, m_copyPath, m_openFolder, m_delete};
}

QString RunListPanel::run() const { return m_view->currentIndex().data(RunListModel::IdRole).toString(); }

const RunStatus *RunListPanel::selectedStatus() const
{
    const int row = m_model->rowOf(run());
    return row < 0 || run().isEmpty() ? nullptr : &m_model->status(row);
}

void RunListPanel::setRun(const QString &run)
{
    m_wanted = run;
    restoreSelection();
}

void RunListPanel::restoreSelection()
{
    const int row = m_wanted.isEmpty() ? -1 : m_model->rowOf(m_wanted);
    const QModelIndex index = row < 0 ? QModelIndex() : m_proxy->mapFromSource(m_model->index(row));
    if (index == m_view->currentIndex()) return;
    m_isRestoring = true;
    if (index.isValid())
        m_view->setCurrentIndex(index);
    else
        m_view->selectionModel()->clear();
    m_isRestoring = false;
    updateActions();
}

void RunListPanel::takeRuns()
{
    m_lastListAt = wallNow();
    assignRunColors(m_session.runs());
    const bool hadSelection = !run().isEmpty();
    m_isRestoring = true;
    m_model->setRuns(m_session.runs());
    m_isRestoring = false;
    if (hadSelection && m_model->rowOf(m_wanted) < 0) { // the selected run was deleted
        m_wanted = run();
        Q_EMIT runSelected(m_wanted);
    }
    restoreSelection();
    updateState();
    updateActions();
    if (!m_sparkTimer->isActive()) m_sparkTimer->start(m_sparkSteps.isEmpty() ? 0 : kSparkEveryMs);
}

void RunListPanel::takeConnection()
{
    // The window's banner says what is wrong and retries; the list says what it is worth meanwhile.
    const ConnectionState state = m_session.connectionState();
    m_note->setVisible(state != ConnectionState::Connected);
    m_model->setConnected(state == ConnectionState::Connected);
    if (state == ConnectionState::Lost)
        m_note->setText(tr("The engine is not reachable. List of %1; runs go on without this window.")
                            .arg(clockTimeText(m_lastListAt)));
    else
        m_note->setText(tr("Connecting to the engine …"));
    m_note->setTone(state == ConnectionState::Lost ? Tone::Warning : Tone::Secondary);
    updateState();
    updateActions();
}

void RunListPanel::updateState()
{
    const int numRuns = m_model->rowCount();
    m_filter->setPlaceholderText(numRuns == 1 ? tr("Filter 1 run")
                                              : tr("Filter %1 runs").arg(integerText(numRuns)));
    m_filter->setVisible(numRuns > 0);
    QWidget *page = m_view;
    if (numRuns == 0)
        page = m_empty;
    else if (m_proxy->rowCount() == 0)
        page = m_noMatch;
    m_noMatch->setTexts(tr("No run matches"), tr("None of %1 runs has “%2” in its name or state.")
                                                  .arg(integerText(numRuns), m_filter->text().trimmed()));
    m_stack->setCurrentWidget(page);
    const auto numLive = std::count_if(m_session.runs().begin(), m_session.runs().end(),
                                       [](const RunStatus &status) { return isLiveState(status.state); });
    setSummary(numRuns == 0   ? tr("No runs yet")
               : numRuns == 1 ? (numLive == 1 ? tr("1 run, which is live") : tr("1 run"))
                              : tr("%1 runs, %2 of them live").arg(integerText(numRuns), integerText(numLive)));
}

void RunListPanel::updateActions()
{
    const RunStatus *status = selectedStatus();
    const bool isConnected = m_session.connectionState() == ConnectionState::Connected;
    for (QAction *action : {m_copyCommand, m_copyName, m_copyPath, m_openFolder})
        action->setEnabled(status != nullptr);
    m_resume->setEnabled(status && isConnected && isVerbPossible(RunVerb::Resume, status->state));
    m_resume->setText(status && status->state == RunState::Created ? tr("Start") : tr("Resume"));
    m_delete->setEnabled(status && isConnected && !isLiveState(status->state));
    m_delete->setToolTip(status && isLiveState(status->state) ? tr("Stop the run before deleting it.")
                                                              : QString());
}

void RunListPanel::resumeSelected()
{
    const QString run = this->run();
    if (run.isEmpty()) return;
    banner()->clear();
    m_resume->setEnabled(false); // until the list tells
    m_session.startRun(run, 0, this, [this](Result<RunStatus> reply) {
        if (reply)
            m_model->updateRun(*reply);
        else
            banner()->showError(reply.error());
        updateActions();
    });
}

void RunListPanel::openRunDirectory()
{
    auto *dialog = new QFileDialog(this, tr("Open a run directory"));
    dialog->setObjectName(u"openRunDialog"_s);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString &path) {
        m_session.addRun(path, this, [this](Result<RunStatus> reply) {
            if (!reply) {
                banner()->showError(reply.error());
                return;
            }
            m_wanted = fromStd(reply->id);
            restoreSelection();
            Q_EMIT runSelected(m_wanted);
        });
    });
    dialog->open();
}

void RunListPanel::deleteSelected()
{
    const RunStatus *status = selectedStatus();
    if (!status || isLiveState(status->state) || m_question) return;
    const QString run = this->run();
    const QString name = runTitle(*status);
    auto *question = new QMessageBox(QMessageBox::Warning, tr("Delete run"), tr("Delete “%1”?").arg(name),
                                     QMessageBox::Cancel, this);
    question->setInformativeText(
        tr("Its curves, %1 steps and all checkpoints in %2 are removed. This cannot be undone.")
            .arg(integerText(status->step), fromStd(status->directory)));
    question->setTextFormat(Qt::PlainText);
    question->setObjectName(u"deleteQuestion"_s);
    question->setAttribute(Qt::WA_DeleteOnClose);
    QPushButton *confirm = question->addButton(
        tr("Delete %1").arg(name.size() > 40 ? name.left(39) + u'…' : name), QMessageBox::DestructiveRole);
    confirm->setObjectName(u"confirmDelete"_s);
    confirm->setProperty("danger", true);
    question->setDefaultButton(QMessageBox::Cancel);
    connect(confirm, &QPushButton::clicked, this, [this, run] { deleteRun(run); });
    m_question = question;
    question->open();
}

void RunListPanel::deleteRun(const QString &run)
{
    m_session.deleteRun(run, this, [this](Result<void> reply) {
        if (!reply) banner()->showError(reply.error());
    });
}

void RunListPanel::querySparklines()
{
    if (m_session.connectionState() != ConnectionState::Connected || !m_stack->isVisible()) return;
    const QRect visible = m_view->viewport()->rect();
    const int numRows = m_proxy->rowCount();
    QModelIndex first = m_view->indexAt(QPoint(visible.center().x(), 1));
    for (int row = first.isValid() ? first.row() : 0; row < numRows && m_numSparkQueries < kMaxSparkQueries;
         ++row) {
        const QModelIndex index = m_proxy->index(row, 0);
        if (!m_view->visualRect(index).intersects(visible)) break;
        const int sourceRow = m_proxy->mapToSource(index).row();
        const RunStatus &status = m_model->status(sourceRow);
        const QString run = fromStd(status.id);
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
