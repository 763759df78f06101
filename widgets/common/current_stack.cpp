// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/current_stack.h"

namespace orrery::ui {

CurrentStack::CurrentStack(QWidget *parent) : QStackedWidget(parent)
{
    connect(this, &QStackedWidget::currentChanged, this, [this] { updateGeometry(); });
}

QSize CurrentStack::sizeHint() const
{
    const QWidget *page = currentWidget();
    return page ? page->sizeHint().expandedTo(minimumSizeHint()) : QSize(0, 0);
}

QSize CurrentStack::minimumSizeHint() const
{
    const QWidget *page = currentWidget();
    if (!page) return {0, 0};
    // As a layout sees it: what was set by hand takes the place of what is asked for.
    const QSize asked = page->minimumSizeHint().expandedTo({0, 0}), set = page->minimumSize();
    return {set.width() > 0 ? set.width() : asked.width(), set.height() > 0 ? set.height() : asked.height()};
}

} // namespace orrery::ui
