// SPDX-License-Identifier: GPL-3.0-or-later
// A prompt session in two lines: its title, with a pin; what it was asked of and when. A heading in one. GUI thread only.
#pragma once

#include <QStyledItemDelegate>

namespace orrery::ui {

class SessionDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    explicit SessionDelegate(QObject *parent = nullptr);
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    QWidget *createEditor(QWidget *parent, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    void updateEditorGeometry(QWidget *editor, const QStyleOptionViewItem &option,
                              const QModelIndex &index) const override;

private:
    void measure();

    int m_rowHeight = 0, m_headingHeight = 0, m_titleHeight = 0;
};

} // namespace orrery::ui
