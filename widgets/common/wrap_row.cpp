// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/wrap_row.h"

#include "widgets/theme/theme.h"

#include <QStyle>
#include <QTimer>
#include <QWidget>

#include <algorithm>

namespace orrery::ui {
namespace {

bool expands(const QLayoutItem &item) { return item.expandingDirections().testFlag(Qt::Horizontal); }

/// One that expands begins with the least that it can do with.
int wantedWidth(const QLayoutItem &item)
{
    return expands(item) ? item.minimumSize().width() : std::max(item.sizeHint().width(), item.minimumSize().width());
}

int wantedHeight(const QLayoutItem &item) { return std::max(item.sizeHint().height(), item.minimumSize().height()); }

} // namespace

WrapRow::WrapRow(Qt::Alignment alignment, QWidget *parent) : QLayout(parent), m_alignment(alignment)
{
    setContentsMargins(0, 0, 0, 0);
    setSpacing(space::kOne);
}

WrapRow::~WrapRow() = default;

void WrapRow::addItem(QLayoutItem *item) { m_items.emplace_back(item); }

QLayoutItem *WrapRow::itemAt(int index) const
{
    return index < 0 || index >= count() ? nullptr : m_items[size_t(index)].get();
}

QLayoutItem *WrapRow::takeAt(int index)
{
    if (index < 0 || index >= count()) return nullptr;
    QLayoutItem *item = m_items[size_t(index)].release();
    m_items.erase(m_items.begin() + index);
    return item;
}

std::vector<WrapRow::Row> WrapRow::rowsIn(int width) const
{
    std::vector<Row> rows;
    for (const auto &item : m_items) {
        if (item->isEmpty()) continue; // hidden
        const int wanted = wantedWidth(*item);
        if (rows.empty() || rows.back().width + spacing() + wanted > width) rows.emplace_back();
        Row &row = rows.back();
        row.width += (row.items.empty() ? 0 : spacing()) + wanted;
        row.height = std::max(row.height, wantedHeight(*item));
        row.items.push_back(item.get());
    }
    return rows;
}

int WrapRow::heightOf(const std::vector<Row> &rows) const
{
    int height = rows.empty() ? 0 : int(rows.size() - 1) * spacing();
    for (const Row &row : rows) height += row.height;
    return height;
}

int WrapRow::heightForWidth(int width) const
{
    const QMargins margins = contentsMargins();
    const int height = heightOf(rowsIn(width - margins.left() - margins.right()));
    return height > 0 ? height + margins.top() + margins.bottom() : 0; // nothing in it takes no room
}

QSize WrapRow::sizeHint() const
{
    QSize size(0, 0);
    for (const auto &item : m_items) {
        if (item->isEmpty()) continue;
        const int width = std::max(item->sizeHint().width(), item->minimumSize().width());
        size = QSize(size.width() + (size.width() > 0 ? spacing() : 0) + width, std::max(size.height(), wantedHeight(*item)));
    }
    return size.isEmpty() ? size : size.grownBy(contentsMargins()).expandedTo(minimumSize());
}

QSize WrapRow::minimumSize() const
{
    int width = 0;
    for (const auto &item : m_items)
        if (!item->isEmpty()) width = std::max(width, item->minimumSize().width());
    const QMargins margins = contentsMargins();
    width += margins.left() + margins.right();
    return {width, heightForWidth(m_width > 0 ? std::max(m_width, width) : QWIDGETSIZE_MAX)};
}

void WrapRow::setGeometry(const QRect &area)
{
    QLayout::setGeometry(area);
    const QRect inside = contentsRect();
    const std::vector<Row> rows = rowsIn(inside.width());
    QRect line = inside;
    for (const Row &row : rows) {
        line.setHeight(row.height);
        place(row, line);
        line.translate(0, row.height + spacing());
    }
    m_width = area.width();
    if (rows.size() == m_numRows) return;
    m_numRows = rows.size();
    // The layouts around it reckon with the height before; not while they are giving out room.
    QTimer::singleShot(0, this, [this] {
        update();
        if (QWidget *owner = parentWidget()) owner->updateGeometry();
    });
}

void WrapRow::place(const Row &row, const QRect &area) const
{
    const auto numExpanding = std::count_if(row.items.begin(), row.items.end(), [](const QLayoutItem *item) { return expands(*item); });
    int rest = std::max(0, area.width() - row.width);
    int x = area.left();
    if (numExpanding == 0) x += m_alignment.testFlag(Qt::AlignHCenter) ? rest / 2 : m_alignment.testFlag(Qt::AlignRight) ? rest : 0;
    auto numLeft = numExpanding;
    for (QLayoutItem *item : row.items) {
        int width = std::min(wantedWidth(*item), area.width());
        if (expands(*item)) {
            const int share = int(rest / numLeft--);
            rest -= share;
            width += share;
        }
        const int height = std::min(wantedHeight(*item), row.height);
        const QRect geometry(x, area.top() + (row.height - height) / 2, width, height);
        const QWidget *owner = parentWidget();
        item->setGeometry(QStyle::visualRect(owner ? owner->layoutDirection() : Qt::LeftToRight, area, geometry));
        x += width + spacing();
    }
}

} // namespace orrery::ui
