// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/column_scroll.h"

#include <QEvent>
#include <QScrollBar>

namespace orrery::ui {

ColumnScroll::ColumnScroll(QWidget *parent) : QScrollArea(parent)
{
    setFrameShape(QFrame::NoFrame);
    setWidgetResizable(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::NoFocus); // what is in it has it
    viewport()->setAutoFillBackground(false);
}

void ColumnScroll::setColumn(QWidget *column)
{
    setWidget(column);
    column->setAutoFillBackground(false); // setWidget() has changed it
}

QSize ColumnScroll::minimumSizeHint() const
{
    const QSize least = QScrollArea::minimumSizeHint();
    if (!widget()) return least;
    return {widget()->minimumSizeHint().width() + verticalScrollBar()->sizeHint().width(), least.height()};
}

bool ColumnScroll::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == widget() && event->type() == QEvent::LayoutRequest) updateGeometry();
    return QScrollArea::eventFilter(watched, event);
}

} // namespace orrery::ui
