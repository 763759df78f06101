// SPDX-License-Identifier: GPL-3.0-or-later
// One line of the command palette: category, text with the typed letters in bold, its key at the right; grey
// where it cannot be done. GUI thread only.
#pragma once

#include <QStyledItemDelegate>

namespace orrery::ui {

class PaletteDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;
};

} // namespace orrery::ui
