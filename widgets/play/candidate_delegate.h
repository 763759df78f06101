// SPDX-License-Identifier: GPL-3.0-or-later
// How a candidate looks: "the ▇▇▇▇▇▇▇  0.431  0.622", that is text, bar, probability and, where it is known,
// the chance to be drawn, with a bar of its own under the first one. GUI thread only.
#pragma once

#include <QRect>
#include <QStyledItemDelegate>
#include <QWidget>

class QListView;

namespace orrery::ui {

int candidateRowHeight();

class CandidateDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override;
};

/// The names of these columns, above the list; there only with chances, as a single number needs no name.
class CandidateHeader : public QWidget {
    Q_OBJECT
public:
    explicit CandidateHeader(const QListView &list, QWidget *parent = nullptr);
    [[nodiscard]] QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    const QListView &m_list;
};

} // namespace orrery::ui
