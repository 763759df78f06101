// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/unit_line_edit.h"

#include "widgets/common/plain_tool_tip.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QEvent>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QStyle>
#include <QStyleOptionFrame>
#include <QToolTip>

namespace orrery::ui {
namespace {

constexpr int kTextPadding = 2; ///< of QLineEdit, at both sides of its text

} // namespace

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

QRect UnitLineEdit::textPlace() const
{
    QStyleOptionFrame option;
    initStyleOption(&option);
    const QRect contents = style()->subElementRect(QStyle::SE_LineEditContents, &option, this);
    return contents.marginsRemoved(textMargins()).adjusted(kTextPadding, 0, -kTextPadding, 0);
}

bool UnitLineEdit::isCut() const
{
    return fontMetrics().horizontalAdvance(displayText()) > textPlace().width();
}

/// The whole text before what is said of the field.
QString UnitLineEdit::hover() const
{
    return plainToolTip(toolTip().isEmpty() ? displayText() : displayText() + u'\n' + toolTip());
}

bool UnitLineEdit::event(QEvent *event)
{
    if (event->type() == QEvent::ToolTip && isCut()) {
        QToolTip::showText(static_cast<QHelpEvent *>(event)->globalPos(), hover(), this);
        return true;
    }
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
    paintUnit();
    // Who writes sees where he is; who looks sees the beginning, and that it is one.
    if (!hasFocus() && cursorPosition() == 0 && isCut()) paintCut();
}

void UnitLineEdit::paintUnit()
{
    if (m_unit.isEmpty()) return;
    QPainter painter(this);
    painter.setPen(palette().color(QPalette::PlaceholderText)); // pale where the field cannot be used
    painter.setFont(font());
    painter.drawText(rect().adjusted(0, 0, -space::kOne, 0), Qt::AlignRight | Qt::AlignVCenter, m_unit);
}

/// In place of the last letters that have room, none of which is cut through.
void UnitLineEdit::paintCut()
{
    const QString text = displayText();
    const QRect place = textPlace();
    const QFontMetrics metrics = fontMetrics();
    const QString begin = metrics.elidedText(text, Qt::ElideRight, place.width()).chopped(1);
    const ThemeTokens &tokens = Theme::instance().tokens();
    const QRect end = place.adjusted(metrics.horizontalAdvance(begin), 0, kTextPadding, 0);
    QPainter painter(this);
    // As the style sheet has it.
    painter.fillRect(end, isEnabled() && !isReadOnly() ? tokens.surface : tokens.window);
    painter.setPen(palette().color(QPalette::Text));
    painter.setFont(font());
    painter.drawText(end, Qt::AlignLeft | Qt::AlignVCenter, QStringLiteral("…"));
}

} // namespace orrery::ui
