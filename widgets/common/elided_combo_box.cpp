// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/elided_combo_box.h"

#include "widgets/common/plain_tool_tip.h"

#include <QAbstractItemView>
#include <QHelpEvent>
#include <QScreen>
#include <QScrollBar>
#include <QStyleOptionComboBox>
#include <QStylePainter>
#include <QToolTip>

#include <algorithm>

namespace orrery::ui {

QString ElidedComboBox::shownText() const
{
    QStyleOptionComboBox option;
    initStyleOption(&option);
    return elided(option);
}

/// Qt makes the list as wide as the box.
void ElidedComboBox::showPopup()
{
    const bool hasBar = count() > maxVisibleItems();
    const int needed = view()->sizeHintForColumn(modelColumn()) + 2 * view()->frameWidth() +
                       (hasBar ? view()->verticalScrollBar()->sizeHint().width() : 0);
    view()->setMinimumWidth(std::min(needed, screen()->availableGeometry().width() / 2));
    QComboBox::showPopup();
}

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
    const int room = field.width() - 4; // the label keeps a pixel or two from the field's edges
    const QString text = currentText(), brief = currentData(kShortTextRole).toString();
    const bool isBrief = !brief.isEmpty() && fontMetrics().horizontalAdvance(text) > room;
    return fontMetrics().elidedText(isBrief ? brief : text, Qt::ElideRight, room);
}

} // namespace orrery::ui
