// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/event_delegate.h"

#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QPainter>
#include <QTextLayout>

namespace orrery::ui {
namespace {

constexpr int kSide = space::kOne, kAbove = 3; // as in the other tables

QFontMetrics metricsOf() { return QFontMetrics(typeFont(TypeSize::Base)); }

/// How many characters the first of several lines has.
qsizetype firstLine(const QString &text, const QFont &font, int width)
{
    QTextLayout layout(text, font);
    QTextOption option;
    option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    layout.setTextOption(option);
    layout.beginLayout();
    QTextLine line = layout.createLine();
    if (line.isValid()) line.setLineWidth(width);
    layout.endLayout();
    return line.isValid() ? line.textLength() : text.size();
}

} // namespace

int EventDelegate::lineHeight() { return metricsOf().height() + 2 * kAbove; }

int EventDelegate::heightOf(const QString &text, int columnWidth)
{
    const QFontMetrics metrics = metricsOf();
    return metrics.horizontalAdvance(text) <= columnWidth - 2 * kSide ? lineHeight() : lineHeight() + metrics.lineSpacing();
}

void EventDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    if (option.state & QStyle::State_Selected) painter->fillRect(option.rect, tokens.selection);
    const QVariant foreground = index.data(Qt::ForegroundRole);
    const QVariant alignment = index.data(Qt::TextAlignmentRole);
    const auto across = (alignment.isValid() ? alignment.value<Qt::Alignment>() : Qt::Alignment(Qt::AlignLeft)) & Qt::AlignHorizontal_Mask;
    painter->setFont(typeFont(TypeSize::Base));
    painter->setPen(foreground.isValid() ? foreground.value<QColor>() : tokens.text);
    const QFontMetrics metrics = painter->fontMetrics();
    QRect line = option.rect.adjusted(kSide, kAbove, -kSide, 0);
    line.setHeight(metrics.height());
    QString text = index.data().toString();
    if (option.rect.height() > lineHeight() && metrics.horizontalAdvance(text) > line.width()) {
        const qsizetype length = firstLine(text, painter->font(), line.width());
        painter->drawText(line, int(across | Qt::AlignVCenter), text.left(length).trimmed());
        text = text.mid(length).trimmed();
        line.translate(0, metrics.lineSpacing());
    }
    painter->drawText(line, int(across | Qt::AlignVCenter), metrics.elidedText(text, Qt::ElideRight, line.width()));
}

} // namespace orrery::ui
