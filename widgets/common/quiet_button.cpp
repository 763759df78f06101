// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/quiet_button.h"

#include "widgets/theme/theme.h"

#include <QPainter>
#include <QStyleOptionToolButton>

namespace orrery::ui {

QuietButton::QuietButton(QWidget *parent) : QToolButton(parent)
{
    setAutoRaise(true);
    setIconSize(QSize(16, 16));
}

void QuietButton::initStyleOption(QStyleOptionToolButton *option) const
{
    QToolButton::initStyleOption(option);
    if (!isEnabled() || underMouse() || hasFocus() || isDown() || option->icon.isNull()) return;
    QPixmap icon = option->icon.pixmap(option->iconSize, devicePixelRatio());
    QPainter painter(&icon);
    painter.setCompositionMode(QPainter::CompositionMode_SourceIn);
    painter.fillRect(QRectF(QPointF(0, 0), icon.deviceIndependentSize()),
                     Theme::instance().tokens().secondary);
    painter.end();
    option->icon = QIcon(icon);
}

} // namespace orrery::ui
