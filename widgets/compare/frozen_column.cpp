// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/frozen_column.h"

#include "widgets/common/table_style.h"

#include <QAbstractItemModel>
#include <QEvent>
#include <QHeaderView>
#include <QScrollBar>

using namespace Qt::StringLiterals;

namespace orrery::ui {

FrozenColumn::FrozenColumn(QTableView *view) : QTableView(view), m_view(view)
{
    setObjectName(u"frozenColumn"_s);
    setAccessibleName(tr("First column"));
    setModel(view->model());
    styleTable(this);
    setItemDelegate(view->itemDelegate());
    const QItemSelectionModel *own = selectionModel();
    setSelectionModel(view->selectionModel());
    delete own;
    setSelectionMode(view->selectionMode());
    setFocusPolicy(Qt::NoFocus);
    setFrameShape(QFrame::NoFrame);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    horizontalHeader()->setStretchLastSection(false);
    horizontalHeader()->setSectionsClickable(false);
    for (QWidget *part : std::initializer_list<QWidget *>{this, viewport()})
        part->setContextMenuPolicy(Qt::NoContextMenu); // that of the table opens
    hide();
    connect(view->verticalScrollBar(), &QScrollBar::valueChanged, verticalScrollBar(), &QScrollBar::setValue);
    connect(verticalScrollBar(), &QScrollBar::valueChanged, view->verticalScrollBar(), &QScrollBar::setValue);
    connect(view->horizontalScrollBar(), &QScrollBar::valueChanged, this, &FrozenColumn::place);
    connect(view->horizontalHeader(), &QHeaderView::sectionResized, this, &FrozenColumn::place);
    connect(view->model(), &QAbstractItemModel::modelReset, this, &FrozenColumn::hideOthers);
    connect(this, &QTableView::activated, view, &QTableView::activated);
    view->installEventFilter(this);
    hideOthers();
}

void FrozenColumn::hideOthers()
{
    for (int column = 1; column < model()->columnCount(); ++column) setColumnHidden(column, true);
    place();
}

void FrozenColumn::place()
{
    setVisible(m_view->horizontalScrollBar()->value() > 0);
    if (isHidden() || !m_view->model() || m_view->model()->columnCount() == 0) return;
    setColumnWidth(0, m_view->columnWidth(0));
    const QHeaderView *header = m_view->horizontalHeader();
    setGeometry(m_view->frameWidth(), m_view->frameWidth(), m_view->columnWidth(0),
                header->height() + m_view->viewport()->height());
    verticalScrollBar()->setValue(m_view->verticalScrollBar()->value());
    raise();
}

bool FrozenColumn::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() == QEvent::Resize) place();
    return QTableView::eventFilter(watched, event);
}

} // namespace orrery::ui
