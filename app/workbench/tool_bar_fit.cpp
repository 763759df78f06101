// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/tool_bar_fit.h"

#include <QAction>
#include <QEvent>
#include <QToolBar>
#include <QToolButton>

namespace orrery::ui {
namespace {

/// A button that becomes another word keeps its width: what stands beside it must not move under the pointer.
int widestOf(const QToolButton &button)
{
    const QString widest = button.defaultAction() ? button.defaultAction()->property("widestText").toString() : QString();
    if (widest.isEmpty()) return 0;
    const QFontMetrics metrics(button.font());
    return button.sizeHint().width() + metrics.horizontalAdvance(widest) - metrics.horizontalAdvance(button.text());
}

} // namespace

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
    for (QToolButton *button : std::as_const(m_buttons)) {
        button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
        button->setMinimumWidth(widestOf(*button));
    }
    for (QToolButton *button : std::as_const(m_buttons)) {
        if (m_bar->sizeHint().width() <= m_bar->width()) return;
        button->setMinimumWidth(0);
        button->setToolButtonStyle(Qt::ToolButtonIconOnly);
    }
}

} // namespace orrery::ui
