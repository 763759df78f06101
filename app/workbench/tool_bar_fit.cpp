// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/tool_bar_fit.h"

#include <QEvent>
#include <QToolBar>
#include <QToolButton>

namespace orrery::ui {

ToolBarFit::ToolBarFit(QToolBar *bar, QList<QToolButton *> buttons) : QObject(bar), m_bar(bar), m_buttons(std::move(buttons))
{
    bar->installEventFilter(this);
}

bool ToolBarFit::eventFilter(QObject *watched, QEvent *event)
{
    // Words change with the state of a run, their width with the font.
    if (event->type() == QEvent::Resize || event->type() == QEvent::LayoutRequest || event->type() == QEvent::FontChange) fit();
    return QObject::eventFilter(watched, event);
}

void ToolBarFit::fit()
{
    QString wanted = QString::number(m_bar->width()) + m_bar->font().key();
    for (const QToolButton *button : std::as_const(m_buttons)) wanted += QLatin1Char('\n') + button->text();
    if (wanted == m_fitted || !m_bar->isVisible()) return;
    m_fitted = wanted; // what follows asks for a new layout
    for (QToolButton *button : std::as_const(m_buttons)) button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    for (QToolButton *button : std::as_const(m_buttons)) {
        if (m_bar->sizeHint().width() <= m_bar->width()) return;
        button->setToolButtonStyle(Qt::ToolButtonIconOnly);
    }
}

} // namespace orrery::ui
