// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/elided_combo_box.h"

#include "widgets/common/plain_tool_tip.h"

#include <QHelpEvent>
#include <QStyleOptionComboBox>
#include <QStylePainter>
#include <QToolTip>

namespace orrery::ui {

void ElidedComboBox::paintEvent(QPaintEvent *)
{
    QStylePainter painter(this);
    QStyleOptionComboBox option;
    initStyleOption(&option);
    painter.drawComplexControl(QStyle::CC_ComboBox, option);
    option.currentText = elided(option);
    painter.drawControl(QStyle::CE_ComboBoxLabel, option);
}

bool ElidedComboBox::event(QEvent *event)
{
    if (event->type() == QEvent::ToolTip) {
        QStyleOptionComboBox option;
        initStyleOption(&option);
        const bool isCut = elided(option) != currentText();
        QToolTip::showText(static_cast<QHelpEvent *>(event)->globalPos(),
                           isCut ? plainToolTip(currentText()) : toolTip(), this);
        return true;
    }
    return QComboBox::event(event);
}

QString ElidedComboBox::elided(const QStyleOptionComboBox &option) const
{
    const QRect field =
        style()->subControlRect(QStyle::CC_ComboBox, &option, QStyle::SC_ComboBoxEditField, this);
    // The label keeps a pixel or two from the field's edges.
    return fontMetrics().elidedText(currentText(), Qt::ElideRight, field.width() - 4);
}

} // namespace orrery::ui
