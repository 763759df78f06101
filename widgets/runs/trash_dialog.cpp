// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/trash_dialog.h"

#include "widgets/common/banner.h"
#include "widgets/common/counted.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/progress_row.h"
#include "widgets/common/table_style.h"
#include "widgets/common/tone_label.h"
#include "widgets/runs/trash_model.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLineEdit>
#include <QMessageBox>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QStackedWidget>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr size_t kMaxQuestions = 20; ///< so that progress is seen, and a far engine is not asked for each of 500
constexpr size_t kMaxNamed = 8;

quint64 bytesOf(const std::vector<DeletedRun> &runs)
{
    quint64 sum = 0;
    for (const DeletedRun &run : runs) sum += run.numBytes;
    return sum;
}

QString namesOf(const std::vector<DeletedRun> &runs)
{
    QStringList names;
    for (size_t i = 0; i < std::min(runs.size(), kMaxNamed); ++i) names << deletedTitle(runs[i]).left(60);
    if (runs.size() > kMaxNamed) names << TrashDialog::tr("and %1 more").arg(integerText(qint64(runs.size() - kMaxNamed)));
    return names.join(u'\n');
}

} // namespace

TrashDialog::TrashDialog(EngineSession &session, QWidget *parent)
    : QDialog(parent), m_session(session), m_model(new TrashModel(this)), m_shown(new QSortFilterProxyModel(this)),
      m_banner(new Banner(this)), m_filter(new QLineEdit(this)), m_table(new QTableView(this)),
      m_pages(new QStackedWidget(this)),
      m_empty(new EmptyState(QString(), QString(), this)), m_progress(new ProgressRow(this)),
      m_sum(new ToneLabel(QString(), Tone::Secondary, TypeSize::Small, this)),
      m_restore(new QPushButton(tr("Restore"), this)), m_delete(new QPushButton(tr("Delete for good…"), this)),
      m_deleteAll(new QPushButton(tr("Empty the trash…"), this)), m_close(new QPushButton(tr("Close"), this))
{
    setObjectName(u"trashDialog"_s);
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Trash"));
    m_banner->setObjectName(u"trashBanner"_s);
    m_banner->clear();
    m_filter->setObjectName(u"trashFilter"_s);
    m_filter->setPlaceholderText(tr("Filter by name or folder"));
    m_filter->setAccessibleName(tr("Filter deleted runs"));
    m_filter->setClearButtonEnabled(true);
    m_empty->setObjectName(u"trashEmpty"_s);
    makeTable();
    m_pages->addWidget(m_table);
    m_pages->addWidget(m_empty);
    auto *layout = new QVBoxLayout(this);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_banner);
    layout->addWidget(m_filter);
    layout->addWidget(m_pages, 1);
    layout->addWidget(m_progress);
    layout->addWidget(makeFoot());
    resize(720, 420);

    connect(m_filter, &QLineEdit::textChanged, this, [this](const QString &text) {
        m_shown->setFilterFixedString(text.trimmed());
        updateState();
    });
    connect(m_banner, &Banner::retryRequested, this, &TrashDialog::refresh);
    connect(&session, &EngineSession::connectionChanged, this, [this] {
        if (m_session.connectionState() == ConnectionState::Connected) return refresh();
        updateState();
    });
    connect(&session, &EngineSession::runsChanged, this, [this] {
        if (!m_session.runs().empty() || m_session.connectionState() != ConnectionState::Connecting) return;
        ++m_number; // another engine has another trash
        m_work.reset();
        m_progress->clear();
        m_isReading = m_hasRead = false;
        m_model->setRuns({});
        updateState();
    });
    refresh();
}

void TrashDialog::makeTable()
{
    m_shown->setSourceModel(m_model);
    m_shown->setSortRole(TrashModel::SortRole);
    m_shown->setFilterKeyColumn(-1);
    m_shown->setFilterCaseSensitivity(Qt::CaseInsensitive);
    m_table->setModel(m_shown);
    m_table->setObjectName(u"trashTable"_s);
    m_table->setAccessibleName(tr("Deleted runs"));
    styleTable(m_table);
    m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_table->setSortingEnabled(true);
    m_table->setTextElideMode(Qt::ElideMiddle); // the run's own folder stands at the end of its path
    m_table->sortByColumn(TrashModel::DeletedColumn, Qt::AscendingOrder);
    const QFontMetrics metrics(typeFont(TypeSize::Base));
    m_table->setColumnWidth(TrashModel::NameColumn, metrics.averageCharWidth() * 32);
    m_table->setColumnWidth(TrashModel::SizeColumn, metrics.horizontalAdvance(u"1,023 MiB"_s) + 4 * space::kOne);
    m_table->setColumnWidth(TrashModel::DeletedColumn, metrics.horizontalAdvance(tr("59 minutes ago")) + 3 * space::kOne);
    const auto add = [this](const QString &text, const char *name, const QList<QKeySequence> &keys, auto handler) {
        auto *action = new QAction(text, m_table);
        action->setObjectName(QLatin1String(name));
        action->setShortcuts(keys);
        action->setShortcutContext(Qt::WidgetShortcut);
        connect(action, &QAction::triggered, this, handler);
        m_table->addAction(action);
        return action;
    };
    m_restoreAction = add(tr("Restore"), "restoreDeleted", {Qt::Key_Return, Qt::Key_Enter}, [this] { restoreSelected(); });
    m_deleteAction = add(tr("Delete for good…"), "deleteForGood", {QKeySequence::Delete}, [this] { deleteSelected(); });
    add(tr("Copy id"), "copyDeleted", {QKeySequence::Copy}, [this] {
        QStringList ids;
        for (const DeletedRun &run : selected()) ids << fromStd(run.id);
        if (!ids.isEmpty()) copyToClipboard(ids.join(u'\n'));
    });
    add(tr("Look again"), "refreshTrash", {QKeySequence::Refresh}, [this] { refresh(); });
    m_table->setContextMenuPolicy(Qt::ActionsContextMenu);
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this, &TrashDialog::updateState);
    connect(m_table, &QTableView::doubleClicked, this, &TrashDialog::restoreSelected);
}

QWidget *TrashDialog::makeFoot()
{
    m_sum->setObjectName(u"trashSum"_s);
    m_sum->setWordWrap(true);
    m_sum->setMinimumWidth(60);
    m_restore->setObjectName(u"restoreButton"_s);
    m_delete->setObjectName(u"deleteButton"_s);
    m_deleteAll->setObjectName(u"emptyButton"_s);
    m_close->setObjectName(u"closeTrash"_s);
    makePrimary(m_restore);
    auto *foot = new QWidget(this);
    auto *layout = new QHBoxLayout(foot);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_sum, 1);
    for (QPushButton *button : {m_deleteAll, m_delete, m_close, m_restore}) {
        button->setAutoDefault(false); // Enter is of the table
        layout->addWidget(button);
    }
    connect(m_restore, &QPushButton::clicked, this, &TrashDialog::restoreSelected);
    connect(m_delete, &QPushButton::clicked, this, &TrashDialog::deleteSelected);
    connect(m_deleteAll, &QPushButton::clicked, this, &TrashDialog::deleteAll);
    connect(m_close, &QPushButton::clicked, this, &QDialog::reject);
    return foot;
}

void TrashDialog::refresh()
{
    if (m_session.connectionState() != ConnectionState::Connected || m_work) return updateState();
    m_isReading = true;
    m_session.listTrash(this, [this, number = ++m_number](Result<std::vector<DeletedRun>> reply) {
        if (number != m_number) return;
        m_isReading = false;
        if (!reply) {
            m_banner->showError(reply.error(), tr("Retry"));
            return updateState();
        }
        const bool isFirst = !std::exchange(m_hasRead, true);
        if (m_banner->kind() == BannerKind::Error) m_banner->clear();
        QStringList chosen;
        for (const DeletedRun &run : selected()) chosen << fromStd(run.entry);
        m_model->setRuns(std::move(*reply));
        for (int row = 0; row < m_shown->rowCount(); ++row) {
            const QModelIndex index = m_shown->index(row, 0);
            if (chosen.contains(index.data(TrashModel::EntryRole).toString()))
                m_table->selectionModel()->select(index, QItemSelectionModel::Select | QItemSelectionModel::Rows);
        }
        if (chosen.isEmpty() && m_shown->rowCount() > 0) m_table->selectRow(0);
        updateState();
        if (isFirst && m_shown->rowCount() > 0) m_table->setFocus(); // its keys work at once
    });
    updateState();
}

std::vector<DeletedRun> TrashDialog::selected() const
{
    std::vector<DeletedRun> runs;
    for (const QModelIndex &index : m_table->selectionModel()->selectedRows())
        runs.push_back(m_model->runs()[size_t(m_shown->mapToSource(index).row())]);
    return runs;
}

void TrashDialog::restoreSelected()
{
    if (m_restore->isEnabled()) begin(Verb::Restore, selected());
}

void TrashDialog::deleteSelected()
{
    if (m_delete->isEnabled()) ask(selected());
}

void TrashDialog::deleteAll()
{
    if (m_deleteAll->isEnabled()) ask(m_model->runs());
}

/// The one thing here that nothing takes back.
void TrashDialog::ask(std::vector<DeletedRun> runs)
{
    const QString size = bytesText(bytesOf(runs));
    const QString what = counted(qint64(runs.size()), u"“%1”"_s.arg(deletedTitle(runs.front()).left(60)), tr("%1 runs"));
    auto *box = new QMessageBox(QMessageBox::NoIcon, tr("Delete for good"), tr("Delete %1 for good? %2 go.").arg(what, size),
                                QMessageBox::NoButton, this);
    box->setObjectName(u"confirmDelete"_s);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setTextFormat(Qt::PlainText);
    box->setInformativeText((runs.size() > 1 ? namesOf(runs) + u"\n\n"_s : QString()) +
                            tr("Weights, curves, samples and notes cannot be brought back. What a branch shares with a run stays with the branch."));
    auto *go = box->addButton(counted(qint64(runs.size()), tr("Delete 1 run for good"), tr("Delete %1 runs for good")),
                              QMessageBox::DestructiveRole);
    go->setObjectName(u"confirmDeleteButton"_s);
    box->setDefaultButton(box->addButton(tr("Keep"), QMessageBox::RejectRole));
    connect(go, &QAbstractButton::clicked, this,
            [this, runs = std::move(runs)] { begin(Verb::Delete, runs); });
    box->open();
}

void TrashDialog::begin(Verb verb, std::vector<DeletedRun> runs)
{
    if (m_work || runs.empty()) return;
    m_banner->clear();
    ++m_number; // a list under way would show what goes
    m_isReading = false;
    Work work{verb, {}, {}, runs.size(), verb == Verb::Restore ? 1 : std::max<size_t>(1, runs.size() / kMaxQuestions), false};
    work.open.assign(std::make_move_iterator(runs.begin()), std::make_move_iterator(runs.end()));
    m_work = std::move(work);
    showProgress();
    updateState();
    goOn();
}

void TrashDialog::goOn()
{
    if (m_work->open.empty() || m_work->isCancelled) return end(std::nullopt);
    std::vector<DeletedRun> part;
    while (part.size() < m_work->numAtATime && !m_work->open.empty()) {
        part.push_back(std::move(m_work->open.front()));
        m_work->open.pop_front();
    }
    const auto answered = [this, part, number = m_number](std::optional<Error> error) {
        if (number != m_number || !m_work) return;
        if (error) return end(error);
        take(part);
        showProgress();
        goOn();
    };
    if (m_work->verb == Verb::Restore) {
        m_session.restoreRun(fromStd(part.front().entry), this, [answered](Result<RunStatus> reply) {
            answered(reply ? std::nullopt : std::optional(reply.error()));
        });
        return;
    }
    TrashChoice choice;
    for (const DeletedRun &run : part) choice.entries.push_back(run.entry);
    m_session.emptyTrash(choice, this, [answered](Result<std::vector<DeletedRun>> reply) {
        answered(reply ? std::nullopt : std::optional(reply.error()));
    });
}

void TrashDialog::take(std::vector<DeletedRun> runs)
{
    QStringList names;
    for (DeletedRun &run : runs) {
        names << fromStd(run.id) << fromStd(run.origin);
        m_model->removeRun(run.entry);
        m_work->done.push_back(std::move(run));
    }
    if (m_work->verb == Verb::Restore)
        Q_EMIT restored(names);
    else
        Q_EMIT deletedForGood(names);
}

void TrashDialog::end(const std::optional<Error> &error)
{
    const Work work = std::move(*std::exchange(m_work, std::nullopt));
    m_progress->clear();
    const auto numDone = qint64(work.done.size());
    const QString runs = counted(numDone, tr("1 run"), tr("%1 runs"));
    QString text = work.verb == Verb::Restore
                       ? tr("Restored %1.").arg(runs)
                       : tr("Deleted %1 for good, %2.").arg(runs, bytesText(bytesOf(work.done)));
    if (work.isCancelled) text += u' ' + tr("The others are still here.");
    if (error)
        m_banner->showError(*error, tr("Look again"));
    else if (numDone > 0)
        m_banner->showMessage(BannerKind::Info, text);
    m_table->setFocus();
    if (selected().empty() && m_shown->rowCount() > 0) m_table->selectRow(0);
    updateState();
}

void TrashDialog::showProgress()
{
    const size_t numDone = m_work->done.size();
    const QString text = (m_work->verb == Verb::Restore ? tr("Restoring: %1 of %2 runs") : tr("Deleting for good: %1 of %2 runs"))
                             .arg(integerText(qint64(numDone)), integerText(qint64(m_work->numAll)));
    m_progress->setProgress(text, double(numDone) / double(m_work->numAll), [this] {
        if (m_work) m_work->isCancelled = true;
    });
}

void TrashDialog::updateState()
{
    const bool isConnected = m_session.connectionState() == ConnectionState::Connected;
    const bool canAct = isConnected && !m_work;
    const std::vector<DeletedRun> chosen = selected();
    const auto numAll = qint64(m_model->runs().size()), numChosen = qint64(chosen.size());
    const bool hasRows = m_shown->rowCount() > 0;
    m_pages->setCurrentIndex(hasRows ? 0 : 1);
    if (!isConnected)
        m_empty->setTexts(tr("No engine"), tr("What was deleted is shown when the engine is there again."));
    else if (numAll > 0)
        m_empty->setTexts(tr("No deleted run matches"), tr("The filter hides all %1.").arg(integerText(numAll)));
    else if (m_isReading || !m_hasRead)
        m_empty->setTexts(tr("Looking into the trash …"), tr("Sizes are counted, which takes a moment with many runs."));
    else
        m_empty->setTexts(tr("The trash is empty"),
                          tr("Runs that are deleted lie here until the trash is emptied; each can be restored."));
    m_filter->setVisible(numAll > 0);
    m_restore->setEnabled(canAct && numChosen > 0);
    m_delete->setEnabled(canAct && numChosen > 0);
    m_deleteAll->setEnabled(canAct && numAll > 0);
    m_restoreAction->setEnabled(m_restore->isEnabled());
    m_deleteAction->setEnabled(m_delete->isEnabled());
    m_restore->setText(numChosen > 1 ? tr("Restore %1 runs").arg(integerText(numChosen)) : tr("Restore"));
    m_delete->setText(numChosen > 1 ? tr("Delete %1 for good…").arg(integerText(numChosen)) : tr("Delete for good…"));
    const QString why = !isConnected  ? tr("The engine is not there.")
                        : m_work      ? tr("Something is being done.")
                        : numChosen == 0 ? tr("Choose a run in the list.")
                                         : QString();
    m_restore->setToolTip(why);
    m_delete->setToolTip(why);
    const QString all = counted(numAll, tr("1 run"), tr("%1 runs")) + u", "_s + bytesText(bytesOf(m_model->runs()));
    m_sum->setText(numAll == 0     ? QString()
                   : numChosen > 1 ? tr("%1 chosen (%2) of %3").arg(integerText(numChosen), bytesText(bytesOf(chosen)), all)
                                   : all);
}

void TrashDialog::reject()
{
    if (!m_work) return QDialog::reject();
    m_work->isCancelled = true; // what is on its way ends by itself; then it can be closed
    showProgress();
}

} // namespace orrery::ui
