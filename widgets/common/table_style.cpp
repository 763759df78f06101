// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/table_style.h"

#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QHeaderView>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QTableView>

namespace orrery::ui {
namespace {

constexpr int kCellPadding = space::kOne; // as the style sheet has it for header sections

class CellDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const ThemeTokens &tokens = Theme::instance().tokens();
        if (option.state & QStyle::State_Selected) painter->fillRect(option.rect, tokens.selection);
        const QVariant foreground = index.data(Qt::ForegroundRole);
        const QVariant alignment = index.data(Qt::TextAlignmentRole);
        const QRect area = option.rect.adjusted(kCellPadding, 0, -kCellPadding, 0);
        painter->setFont(typeFont(TypeSize::Base));
        painter->setPen(foreground.isValid() ? foreground.value<QColor>() : tokens.text);
        painter->drawText(
            area,
            alignment.isValid() ? static_cast<int>(alignment.value<Qt::Alignment>()) : int(Qt::AlignVCenter),
            painter->fontMetrics().elidedText(index.data().toString(), Qt::ElideRight, area.width()));
    }
};

} // namespace

void styleTable(QTableView *view)
{
    view->setItemDelegate(new CellDelegate(view));
    view->setSelectionBehavior(QAbstractItemView::SelectRows);
    view->setEditTriggers(QAbstractItemView::NoEditTriggers);
    view->setShowGrid(false);
    view->setWordWrap(false);
    view->setTabKeyNavigation(false);
    view->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    view->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    view->verticalHeader()->hide();
    view->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    view->verticalHeader()->setMinimumSectionSize(16);
    view->verticalHeader()->setDefaultSectionSize(QFontMetrics(typeFont(TypeSize::Base)).height() + 6);
    view->horizontalHeader()->setStretchLastSection(true);
    view->horizontalHeader()->setHighlightSections(false);
    view->horizontalHeader()->setMinimumSectionSize(24);
}

} // namespace orrery::ui
