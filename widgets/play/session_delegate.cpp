// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/session_delegate.h"

#include "widgets/common/tone_label.h"
#include "widgets/play/session_list_model.h"
#include "widgets/theme/theme.h"

#include <QLineEdit>
#include <QPainter>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kPadding = 10, kPin = 12, kMaxTitleLetters = 200;

} // namespace

SessionDelegate::SessionDelegate(QObject *parent) : QStyledItemDelegate(parent)
{
    measure();
    connect(&Theme::instance(), &Theme::changed, this, &SessionDelegate::measure);
}

void SessionDelegate::measure()
{
    m_titleHeight = QFontMetrics(typeFont(TypeSize::Base)).height();
    const int small = QFontMetrics(typeFont(TypeSize::Small)).height();
    m_rowHeight = m_titleHeight + small + 12;
    m_headingHeight = small + 14;
}

QSize SessionDelegate::sizeHint(const QStyleOptionViewItem &, const QModelIndex &index) const
{
    const bool isHeading = index.data(SessionListModel::IsHeadingRole).toBool();
    return {120, isHeading ? m_headingHeight : m_rowHeight};
}

void SessionDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const QRect area = option.rect.adjusted(kPadding, 0, -kPadding, 0);
    if (index.data(SessionListModel::IsHeadingRole).toBool()) {
        QFont font = typeFont(TypeSize::Small);
        font.setWeight(QFont::DemiBold);
        painter->setFont(font);
        painter->setPen(tokens.secondary);
        painter->drawText(area.adjusted(0, 0, 0, -3), Qt::AlignLeft | Qt::AlignBottom,
                          QFontMetrics(font).elidedText(index.data().toString(), Qt::ElideRight, area.width()));
        painter->restore();
        return;
    }
    const QRectF ground = QRectF(option.rect).adjusted(0.5, 1, -0.5, -1);
    const bool isSelected = option.state & QStyle::State_Selected;
    if (isSelected || (option.state & QStyle::State_MouseOver)) {
        painter->setPen(Qt::NoPen);
        painter->setBrush(isSelected ? tokens.selection : tokens.grid);
        painter->drawRoundedRect(ground, 5, 5);
    }
    if (index.data(SessionListModel::IsCurrentRole).toBool()) {
        painter->setPen(Qt::NoPen);
        painter->setBrush(tokens.accent);
        painter->drawRoundedRect(QRectF(ground.left(), ground.top() + 5, 3, ground.height() - 10), 1.5, 1.5);
    }
    if ((option.state & QStyle::State_HasFocus) && (option.state & QStyle::State_KeyboardFocusChange)) {
        painter->setPen(QPen(tokens.accent, 1.5));
        painter->setBrush(Qt::NoBrush);
        painter->drawRoundedRect(ground.adjusted(1, 1, -1, -1), 4, 4);
    }
    const bool isPinned = index.data(SessionListModel::IsPinnedRole).toBool();
    const QRect title(area.left(), option.rect.top() + 6, area.width() - (isPinned ? kPin + 4 : 0), m_titleHeight);
    const QFont base = typeFont(TypeSize::Base), small = typeFont(TypeSize::Small);
    painter->setFont(base);
    painter->setPen(tokens.text);
    painter->drawText(title, Qt::AlignLeft | Qt::AlignVCenter,
                      QFontMetrics(base).elidedText(index.data().toString(), Qt::ElideRight, title.width()));
    if (isPinned)
        Theme::instance().icon(u"star-filled"_s).paint(painter, QRect(area.right() - kPin + 1,
                                                                      title.center().y() - kPin / 2, kPin, kPin));
    painter->setFont(small);
    painter->setPen(tokens.secondary);
    const QRect detail(area.left(), title.bottom() + 1, area.width(), option.rect.bottom() - title.bottom() - 5);
    const QString time = index.data(SessionListModel::TimeRole).toString();
    const int room = detail.width() - QFontMetrics(small).horizontalAdvance(time) - kPadding;
    painter->drawText(detail, Qt::AlignRight | Qt::AlignVCenter, time);
    painter->drawText(detail, Qt::AlignLeft | Qt::AlignVCenter,
                      QFontMetrics(small).elidedText(index.data(SessionListModel::DetailRole).toString(), Qt::ElideRight,
                                                     std::max(0, room)));
    painter->restore();
}

QWidget *SessionDelegate::createEditor(QWidget *parent, const QStyleOptionViewItem &, const QModelIndex &) const
{
    auto *line = new QLineEdit(parent);
    line->setObjectName(u"sessionTitle"_s);
    line->setAccessibleName(tr("Title of the session"));
    line->setMaxLength(kMaxTitleLetters);
    line->setPlaceholderText(tr("Empty: its first words"));
    return line;
}

void SessionDelegate::updateEditorGeometry(QWidget *editor, const QStyleOptionViewItem &option,
                                           const QModelIndex &) const
{
    editor->setGeometry(option.rect.adjusted(2, 2, -2, -(option.rect.height() - m_titleHeight - 12)));
}

} // namespace orrery::ui
