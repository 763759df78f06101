// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/palette_delegate.h"

#include "widgets/common/palette_model.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/contrast.h"
#include "widgets/theme/theme.h"

#include <QPainter>
#include <QTextLayout>

#include <algorithm>

namespace orrery::ui {
namespace {

constexpr int kCategoryLetters = 18; ///< width of the first column

void paintText(QPainter &painter, const QRect &area, const QString &text, const QList<int> &places,
               const QColor &color, const QFont &font)
{
    const QFontMetrics metrics(font);
    const QString shown = metrics.elidedText(text, Qt::ElideRight, area.width());
    QTextLayout layout(shown, font);
    QTextCharFormat bold;
    bold.setFontWeight(QFont::Bold);
    QList<QTextLayout::FormatRange> ranges;
    for (const int place : places)
        if (place < shown.size()) ranges.append({place, 1, bold});
    layout.setFormats(ranges);
    layout.beginLayout();
    QTextLine line = layout.createLine();
    line.setLineWidth(100'000); // bold is wider than measured; the painter clips
    layout.endLayout();
    painter.save();
    painter.setClipRect(area);
    painter.setPen(color);
    layout.draw(&painter, QPointF(area.left(), area.center().y() - metrics.height() / 2.0 + 0.5));
    painter.restore();
}

} // namespace

void PaletteDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option,
                            const QModelIndex &index) const
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    const bool isSelected = option.state & QStyle::State_Selected;
    const bool isDisabled = !index.data(PaletteModel::ReasonRole).toString().isEmpty();
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    if (isSelected || (option.state & QStyle::State_MouseOver)) {
        painter->setPen(Qt::NoPen);
        painter->setBrush(isSelected ? tokens.selection : mixed(tokens.selection, tokens.surface, 0.4));
        painter->drawRoundedRect(QRectF(option.rect).adjusted(0, 1, 0, -1), 4, 4);
    }
    const QFont base = typeFont(TypeSize::Base), small = typeFont(TypeSize::Small);
    QRect area = option.rect.adjusted(space::kOne, 0, -space::kOne, 0);
    const int categoryWidth = QFontMetrics(small).averageCharWidth() * kCategoryLetters;
    painter->setFont(small);
    painter->setPen(tokens.secondary);
    painter->drawText(QRect(area.left(), area.top(), categoryWidth, area.height()), Qt::AlignVCenter,
                      QFontMetrics(small).elidedText(index.data(PaletteModel::CategoryRole).toString(),
                                                     Qt::ElideRight, categoryWidth - space::kHalf));
    area.setLeft(area.left() + categoryWidth + space::kHalf);
    const QString shortcut = index.data(PaletteModel::ShortcutRole).toString();
    if (!shortcut.isEmpty()) {
        const int width = QFontMetrics(small).horizontalAdvance(shortcut) + space::kOne;
        painter->drawText(QRect(area.right() - width, area.top(), width, area.height()),
                          Qt::AlignVCenter | Qt::AlignRight, shortcut);
        area.setRight(area.right() - width - space::kOne);
    }
    paintText(*painter, area, index.data(Qt::DisplayRole).toString(),
              index.data(PaletteModel::PlacesRole).value<QList<int>>(),
              isDisabled ? mixed(tokens.secondary, tokens.surface, 0.75) : tokens.text, base);
    painter->restore();
}

QSize PaletteDelegate::sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const
{
    return {200, QFontMetrics(typeFont(TypeSize::Base)).height() + 10};
}

} // namespace orrery::ui
