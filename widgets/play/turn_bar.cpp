// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/turn_bar.h"

#include "widgets/common/panel_frame.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QToolButton>

using namespace Qt::StringLiterals;

namespace orrery::ui {

TurnBar::TurnBar(QWidget *parent)
    : QWidget(parent), m_edit(makeIconButton(u"edit"_s, tr("Edit turn (E)"), this)),
      m_copy(makeIconButton(u"copy"_s, tr("Copy turn (Ctrl+C)"), this)),
      m_remove(makeIconButton(u"trash"_s, tr("Delete turn (Del)"), this))
{
    setObjectName(u"turnBar"_s);
    setCursor(Qt::ArrowCursor);
    m_edit->setObjectName(u"editTurn"_s);
    m_copy->setObjectName(u"copyTurn"_s);
    m_remove->setObjectName(u"removeTurn"_s);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(2, 1, 2, 1);
    layout->setSpacing(0);
    for (QToolButton *button : {m_edit, m_copy, m_remove}) {
        button->setIconSize(QSize(14, 14));
        layout->addWidget(button);
    }
    connect(m_edit, &QToolButton::clicked, this, [this] { Q_EMIT editRequested(m_row); });
    connect(m_copy, &QToolButton::clicked, this, [this] { Q_EMIT copyRequested(m_row); });
    connect(m_remove, &QToolButton::clicked, this, [this] { Q_EMIT removeRequested(m_row); });
}

void TurnBar::setTurn(int row, TurnRole role, bool isEditable)
{
    m_row = row;
    const auto name = [](QToolButton *button, const QString &text) {
        button->setToolTip(text);
        button->setAccessibleName(text);
    };
    name(m_edit, tr("Edit turn %1 (E)").arg(row + 1));
    name(m_copy, tr("Copy turn %1 (Ctrl+C)").arg(row + 1));
    name(m_remove, tr("Delete turn %1 (Del)").arg(row + 1));
    m_edit->setVisible(role != TurnRole::Assistant);
    m_edit->setEnabled(isEditable);
    m_remove->setEnabled(isEditable);
    adjustSize();
}

void TurnBar::paintEvent(QPaintEvent *)
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(tokens.border, 1));
    painter.setBrush(tokens.raised);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5);
}

} // namespace orrery::ui
