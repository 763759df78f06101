// SPDX-License-Identifier: GPL-3.0-or-later
// Cells of the table of final values: the run's colour before its name, "best" before the best number so that the digits stay
// in their column, rows of groups on a ground of their own. GUI thread only.
#pragma once

#include <QStyledItemDelegate>

namespace orrery::ui {

class CompareDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    /// Room for the text, the mark of the best and the paddings.
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;
};

} // namespace orrery::ui
