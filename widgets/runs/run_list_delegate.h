// SPDX-License-Identifier: GPL-3.0-or-later
// One run in two lines: state shape in the run's colour, name, state, small curve, last loss. GUI thread
// only.
#pragma once

#include <QStyledItemDelegate>

namespace orrery::ui {

class RunListDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;
};

} // namespace orrery::ui
