// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/compare_delegate.h"

#include "widgets/common/tone_label.h"
#include "widgets/compare/compare_role.h"
#include "widgets/theme/theme.h"

#include <QPainter>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kPadding = space::kOne, kDot = 9;

QFont fontOf(const QModelIndex &index)
{
    const bool isStrong =
        index.data(compare_role::IsGroup).toBool() || index.data(compare_role::IsBest).toBool();
    return typeFont(isStrong ? TypeSize::Heading : TypeSize::Base);
}

} // namespace

QSize CompareDelegate::sizeHint(const QStyleOptionViewItem &, const QModelIndex &index) const
{
    const QFontMetrics metrics(fontOf(index));
    int width = metrics.horizontalAdvance(index.data().toString()) + 2 * kPadding + 2; // advances are rounded
    if (index.data(compare_role::IsBest).toBool())
        width += QFontMetrics(typeFont(TypeSize::Small)).horizontalAdvance(tr("best")) + kPadding;
    if (index.column() == 0) width += kDot + kPadding;
    return {width, metrics.height() + 6};
}

void CompareDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    const bool isGroup = index.data(compare_role::IsGroup).toBool();
    painter->save();
    if (option.state & QStyle::State_Selected)
        painter->fillRect(option.rect, tokens.selection);
    else if (isGroup)
        painter->fillRect(option.rect, tokens.grid);
    QRect area = option.rect.adjusted(kPadding, 0, -kPadding, 0);
    if (index.column() == 0) {
        if (const QVariant color = index.data(compare_role::Color); color.isValid()) {
            painter->setRenderHint(QPainter::Antialiasing);
            painter->setPen(Qt::NoPen);
            painter->setBrush(color.value<QColor>());
            painter->drawRoundedRect(QRectF(area.left(), option.rect.center().y() - kDot / 2.0 + 0.5, kDot, kDot), 2, 2);
            area.setLeft(area.left() + kDot + kPadding);
        }
    }
    if (index.data(compare_role::IsBest).toBool()) {
        painter->setFont(typeFont(TypeSize::Small));
        painter->setPen(tokens.good);
        painter->drawText(area, Qt::AlignLeft | Qt::AlignVCenter, tr("best"));
    }
    const QFont font = fontOf(index);
    const QVariant foreground = index.data(Qt::ForegroundRole);
    painter->setFont(font);
    painter->setPen(foreground.isValid() ? foreground.value<QColor>() : tokens.text);
    painter->drawText(area, index.data(Qt::TextAlignmentRole).toInt(),
                      QFontMetrics(font).elidedText(index.data().toString(),
                                                    index.column() == 0 ? Qt::ElideMiddle : Qt::ElideRight, area.width()));
    if ((option.state & QStyle::State_HasFocus) && (option.state & QStyle::State_KeyboardFocusChange)) {
        painter->setPen(QPen(tokens.accent, 1));
        painter->setBrush(Qt::NoBrush);
        painter->drawRect(option.rect.adjusted(0, 0, -1, -1));
    }
    painter->restore();
}

} // namespace orrery::ui
