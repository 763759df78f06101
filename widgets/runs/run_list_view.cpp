// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/run_list_view.h"

#include "widgets/runs/run_list_delegate.h"
#include "widgets/runs/run_tree_model.h"
#include "widgets/theme/theme.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QScrollBar>

#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {

RunListView::RunListView(RunTreeModel &model, QWidget *parent)
    : QTreeView(parent), m_model(model), m_delegate(new RunListDelegate(this))
{
    setHeaderHidden(true);
    setRootIsDecorated(false);
    setIndentation(0);
    setItemDelegate(m_delegate);
    setMouseTracking(true);
    setSelectionMode(QAbstractItemView::ExtendedSelection);
    setEditTriggers(QAbstractItemView::NoEditTriggers); // the panel's action does
    setExpandsOnDoubleClick(false);
    setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFrameShape(QFrame::NoFrame);
    // Before the view and its selection hear of it.
    connect(&model, &QAbstractItemModel::modelAboutToBeReset, this, &RunListView::beginReset);
    setModel(&model);
    setUniformRowHeights(model.grouping() == RunGrouping::None);
    connect(&model, &QAbstractItemModel::modelReset, this, &RunListView::endReset);
    connect(&model, &QAbstractItemModel::rowsInserted, this,
            [this](const QModelIndex &parent, int first, int last) {
                if (!parent.isValid()) openHeads(first, last);
            });
    const auto remember = [this](const QModelIndex &index, bool isClosed) {
        if (m_isMoving) return;
        if (isClosed)
            m_closed.insert(headName(index));
        else
            m_closed.remove(headName(index));
    };
    connect(this, &QTreeView::collapsed, this,
            [remember](const QModelIndex &index) { remember(index, true); });
    connect(this, &QTreeView::expanded, this,
            [remember](const QModelIndex &index) { remember(index, false); });
    connect(&Theme::instance(), &Theme::changed, this, [this] { scheduleDelayedItemsLayout(); });
}

QString RunListView::headName(const QModelIndex &index) const
{
    return QString::number(static_cast<int>(m_model.grouping())) + u'/' +
           index.data(RunTreeModel::GroupKeyRole).toString();
}

QStringList RunListView::closedHeads() const
{
    QStringList heads(m_closed.begin(), m_closed.end());
    heads.sort();
    return heads;
}

void RunListView::setClosedHeads(const QStringList &heads)
{
    m_closed = QSet<QString>(heads.begin(), heads.end());
    openHeads(0, m_model.rowCount() - 1);
}

void RunListView::setAllOpen(bool isOpen)
{
    for (int row = 0; row < m_model.rowCount(); ++row)
        if (const QModelIndex head = m_model.index(row, 0); RunTreeModel::isGroup(head))
            setExpanded(head, isOpen);
}

void RunListView::openHeads(int first, int last)
{
    const bool wasMoving = std::exchange(m_isMoving, true);
    for (int row = first; row <= last; ++row)
        if (const QModelIndex head = m_model.index(row, 0); RunTreeModel::isGroup(head))
            setExpanded(head, !m_closed.contains(headName(head)));
    m_isMoving = wasMoving;
}

void RunListView::beginReset()
{
    m_keptSelection = selectedRuns();
    m_keptCurrent = m_model.runOf(currentIndex());
    m_keptScroll = verticalScrollBar()->value();
    m_isMoving = true;
}

void RunListView::endReset()
{
    setUniformRowHeights(m_model.grouping() == RunGrouping::None);
    openHeads(0, m_model.rowCount() - 1);
    if (const QModelIndex current = m_model.indexOf(m_keptCurrent); current.isValid())
        selectionModel()->setCurrentIndex(current, QItemSelectionModel::NoUpdate);
    selectRuns(m_keptSelection);
    verticalScrollBar()->setValue(m_keptScroll);
    m_isMoving = false;
}

QStringList RunListView::selectedRuns() const
{
    QStringList runs;
    const QItemSelection selection = selectionModel()->selection();
    const QModelIndexList indexes = selection.indexes();
    if (indexes.size() == 1) return {m_model.runOf(indexes.front())};
    QSet<QString> selected;
    for (const QModelIndex &index : indexes) selected.insert(m_model.runOf(index));
    if (selected.isEmpty()) return {};
    const QStringList shown = m_model.shownRuns();
    for (const QString &run : shown)
        if (selected.contains(run)) runs << run;
    return runs;
}

void RunListView::selectRuns(const QStringList &runs)
{
    QItemSelection selection;
    for (const QString &run : runs)
        if (const QModelIndex index = m_model.indexOf(run, currentIndex()); index.isValid())
            selection.select(index, index);
    const bool wasMoving = std::exchange(m_isMoving, true);
    selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect);
    m_isMoving = wasMoving;
}

void RunListView::setCurrentRun(const QString &run)
{
    const QModelIndex index = m_model.indexOf(run, currentIndex());
    const bool wasMoving = std::exchange(m_isMoving, true);
    if (!index.isValid()) {
        selectionModel()->clear();
    } else if (index.parent().isValid() && !isExpanded(index.parent())) {
        selectionModel()->select(index,
                                 QItemSelectionModel::ClearAndSelect); // scrolling to it would open its head
        selectionModel()->setCurrentIndex(index.parent(), QItemSelectionModel::NoUpdate);
    } else {
        selectionModel()->setCurrentIndex(index,
                                          QItemSelectionModel::ClearAndSelect); // whatever keys are held
    }
    m_isMoving = wasMoving;
}

void RunListView::selectionChanged(const QItemSelection &selected, const QItemSelection &deselected)
{
    QTreeView::selectionChanged(selected, deselected);
    Q_EMIT selectedRunsChanged();
}

void RunListView::mousePressEvent(QMouseEvent *event)
{
    const QModelIndex index = indexAt(event->position().toPoint());
    if (event->button() == Qt::LeftButton && index.isValid()) {
        if (RunTreeModel::isGroup(index)) {
            selectionModel()->setCurrentIndex(index, QItemSelectionModel::NoUpdate);
            setExpanded(index, !isExpanded(index));
            return;
        }
        if (m_delegate->overlayRect(visualRect(index))
                .adjusted(-3, -3, 3, 3)
                .contains(event->position().toPoint())) {
            Q_EMIT overlayToggled({m_model.runOf(index)});
            return;
        }
    }
    QTreeView::mousePressEvent(event);
}

void RunListView::mouseDoubleClickEvent(QMouseEvent *event)
{
    const QModelIndex index = indexAt(event->position().toPoint());
    const bool isEye = index.isValid() && !RunTreeModel::isGroup(index) &&
                       m_delegate->overlayRect(visualRect(index))
                           .adjusted(-3, -3, 3, 3)
                           .contains(event->position().toPoint());
    if (isEye || RunTreeModel::isGroup(index)) return mousePressEvent(event); // two clicks are two clicks
    QTreeView::mouseDoubleClickEvent(event);
}

void RunListView::keyPressEvent(QKeyEvent *event)
{
    const QModelIndex current = currentIndex();
    const bool isHead = current.isValid() && RunTreeModel::isGroup(current);
    const bool isEnter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (isHead && (isEnter || event->key() == Qt::Key_Space)) {
        setExpanded(current, !isExpanded(current));
        return;
    }
    if (event->key() == Qt::Key_Space && event->modifiers() == Qt::NoModifier) {
        QStringList runs = selectedRuns();
        if (runs.isEmpty() && current.isValid()) runs = {m_model.runOf(current)};
        if (!runs.isEmpty()) Q_EMIT overlayToggled(runs);
        return;
    }
    QTreeView::keyPressEvent(event);
}

} // namespace orrery::ui
