// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/checkpoint_view.h"

#include "widgets/common/empty_state.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/table_style.h"
#include "widgets/common/tone_label.h"
#include "widgets/runs/checkpoint_model.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QDir>
#include <QHBoxLayout>
#include <QPushButton>
#include <QStackedWidget>
#include <QTableView>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kMinWidthForAll = 420;

} // namespace

CheckpointView::CheckpointView(QWidget *parent)
    : QWidget(parent), m_model(new CheckpointModel(this)), m_view(new QTableView(this)),
      m_stack(new QStackedWidget(this)), m_talk(new QPushButton(tr("Talk to this step"), this))
{
    m_view->setModel(m_model);
    m_view->setObjectName(u"checkpointTable"_s);
    m_view->setAccessibleName(tr("Checkpoints of the run"));
    styleTable(m_view);
    m_view->setSelectionMode(QAbstractItemView::SingleSelection);
    const QFontMetrics metrics(typeFont(TypeSize::Base));
    const int padding = 2 * space::kOne + 2;
    m_view->setColumnWidth(CheckpointModel::StepColumn, metrics.horizontalAdvance(u"1,000,000"_s) + padding);
    m_view->setColumnWidth(CheckpointModel::LossColumn, metrics.horizontalAdvance(tr("Val. loss")) + padding);
    m_view->setColumnWidth(CheckpointModel::SizeColumn, metrics.horizontalAdvance(u"99.9 MiB"_s) + padding);
    m_view->setColumnWidth(CheckpointModel::TimeColumn, metrics.horizontalAdvance(u"00:00:00"_s) + padding);
    m_talk->setObjectName(u"talkToStep"_s);

    auto *empty = new EmptyState(
        tr("No checkpoint yet"),
        tr("Saved steps stand here. Each can be talked to, and the run can go on from it."), this);
    m_stack->addWidget(m_view);
    m_stack->addWidget(empty);
    auto *buttons = new QHBoxLayout;
    buttons->addWidget(m_talk);
    buttons->addStretch(1);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, space::kHalf, 0, 0);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_stack, 1);
    layout->addLayout(buttons);

    auto addAction = [this](const QString &text, auto handler) {
        auto *action = new QAction(text, m_view);
        connect(action, &QAction::triggered, this, handler);
        m_view->addAction(action);
        return action;
    };
    auto talk = [this] {
        if (const auto checkpoint = selected()) Q_EMIT openInPlayground(reference(*checkpoint));
    };
    addAction(tr("Talk to this step"), talk);
    addAction(tr("Branch from this step…"), [this] {
        if (const auto checkpoint = selected()) Q_EMIT branchRequested(checkpoint->step);
    });
    addAction(tr("Export as a model folder…"), [this] {
        if (const auto checkpoint = selected()) Q_EMIT exportRequested(reference(*checkpoint), false);
    });
    addAction(tr("Export for transformers…"), [this] {
        if (const auto checkpoint = selected()) Q_EMIT exportRequested(reference(*checkpoint), true);
    });
    m_copyName = addAction(tr("Copy name"), [this] {
        if (const auto checkpoint = selected()) copyToClipboard(reference(*checkpoint));
    });
    m_copyPath = addAction(tr("Copy path"), [this] {
        if (const auto checkpoint = selected())
            copyToClipboard(QDir(m_directory).filePath(fromStd(checkpoint->directory)));
    });
    m_copyCommand = addAction(tr("Copy as command"), [this] {
        if (const auto checkpoint = selected())
            copyToClipboard(generateCommand(reference(*checkpoint), {"The ", {}}));
    });
    m_copyName->setShortcut(QKeySequence::Copy);
    m_copyName->setShortcutContext(Qt::WidgetShortcut);
    m_view->setContextMenuPolicy(Qt::ActionsContextMenu);
    connect(m_talk, &QPushButton::clicked, this, talk);
    connect(m_view, &QTableView::activated, this, talk);
    connect(m_view->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &CheckpointView::updateButtons);
    connect(m_model, &QAbstractItemModel::rowsInserted, this, &CheckpointView::updateButtons);
    connect(m_model, &QAbstractItemModel::rowsRemoved, this, &CheckpointView::updateButtons);
    updateButtons();
}

void CheckpointView::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    for (int column : {CheckpointModel::SizeColumn, CheckpointModel::TimeColumn}) // the hover has them
        m_view->setColumnHidden(column, width() < kMinWidthForAll);
}

void CheckpointView::setRun(const QString &run, const QString &runDirectory)
{
    if (run != m_run) m_model->setCheckpoints({});
    m_run = run;
    m_directory = runDirectory;
}

void CheckpointView::setCheckpoints(const std::vector<CheckpointInfo> &checkpoints)
{
    m_model->setCheckpoints(checkpoints);
    if (!m_view->selectionModel()->hasSelection() && m_model->rowCount() > 0) m_view->selectRow(0);
}

std::optional<CheckpointInfo> CheckpointView::selected() const
{
    const QModelIndexList rows = m_view->selectionModel()->selectedRows();
    if (rows.isEmpty()) return std::nullopt;
    return m_model->checkpoint(rows.first().row());
}

QString CheckpointView::reference(const CheckpointInfo &checkpoint) const
{
    return m_run + u'@' + QString::number(checkpoint.step);
}

void CheckpointView::updateButtons()
{
    m_stack->setCurrentIndex(m_model->rowCount() > 0 ? 0 : 1);
    const bool hasSelection = selected().has_value();
    m_talk->setEnabled(hasSelection);
    m_talk->setVisible(m_model->rowCount() > 0);
    m_talk->setToolTip(hasSelection ? tr("Open %1 in the playground").arg(reference(*selected()))
                                    : tr("Select a checkpoint first."));
    for (QAction *action : m_view->actions()) action->setEnabled(hasSelection);
}

} // namespace orrery::ui
