// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/unit_line_edit.h"

#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QStyle>

namespace orrery::ui {

UnitLineEdit::UnitLineEdit(const QString &unit, QWidget *parent) : QLineEdit(parent)
{
    setUnit(unit);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void UnitLineEdit::setUnit(const QString &unit)
{
    if (unit == m_unit) return;
    m_unit = unit;
    applyMargins();
    update();
}

void UnitLineEdit::setInvalid(bool isInvalid)
{
    if (m_isInvalid == isInvalid) return;
    m_isInvalid = isInvalid;
    setProperty("invalid", isInvalid); // the style sheet draws the edge
    style()->unpolish(this);
    style()->polish(this);
}

void UnitLineEdit::applyMargins()
{
    setTextMargins(0, 0, m_unit.isEmpty() ? 0 : fontMetrics().horizontalAdvance(m_unit) + space::kOne, 0);
}

bool UnitLineEdit::event(QEvent *event)
{
    // Undo of the form around it, when nothing was typed here.
    if (event->type() == QEvent::ShortcutOverride) {
        const auto *key = static_cast<QKeyEvent *>(event);
        const bool isUndo = key->matches(QKeySequence::Undo) && !isUndoAvailable();
        const bool isRedo = key->matches(QKeySequence::Redo) && !isRedoAvailable();
        if (isUndo || isRedo) {
            event->ignore();
            return true;
        }
    }
    return QLineEdit::event(event);
}

void UnitLineEdit::changeEvent(QEvent *event)
{
    QLineEdit::changeEvent(event);
    if (event->type() == QEvent::FontChange) applyMargins();
}

void UnitLineEdit::paintEvent(QPaintEvent *event)
{
    QLineEdit::paintEvent(event);
    if (m_unit.isEmpty()) return;
    QPainter painter(this);
    painter.setPen(palette().color(QPalette::PlaceholderText)); // pale where the field cannot be used
    painter.setFont(font());
    painter.drawText(rect().adjusted(0, 0, -space::kOne, 0), Qt::AlignRight | Qt::AlignVCenter, m_unit);
}

} // namespace orrery::ui
