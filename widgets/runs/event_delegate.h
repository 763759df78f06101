// SPDX-License-Identifier: GPL-3.0-or-later
// A cell of the table of events: a text that is too long for its column goes on in a second line where its row is high enough.
// GUI thread only.
#pragma once

#include <QStyledItemDelegate>

namespace orrery::ui {

class EventDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    /// Of a row whose text stands in a column of that width: one line or two.
    [[nodiscard]] static int heightOf(const QString &text, int columnWidth);
    [[nodiscard]] static int lineHeight(); ///< of a row of one line

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
};

} // namespace orrery::ui
