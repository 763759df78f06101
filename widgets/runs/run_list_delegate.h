// SPDX-License-Identifier: GPL-3.0-or-later
// One run in two lines: state shape in the run's colour, name, alarms, small curve, last loss; state, tags,
// and whether it is shown beside the selected one. A head of a group in one. GUI thread only.
#pragma once

#include <QFont>
#include <QFontMetrics>
#include <QStyledItemDelegate>

namespace orrery::ui {

class RunListDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    explicit RunListDelegate(QObject *parent = nullptr);
    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    QWidget *createEditor(QWidget *parent, const QStyleOptionViewItem &option,
                          const QModelIndex &index) const override;
    void updateEditorGeometry(QWidget *editor, const QStyleOptionViewItem &option,
                              const QModelIndex &index) const override;
    /// Reports of a run change its row while somebody types: what was typed stays.
    void setEditorData(QWidget *editor, const QModelIndex &index) const override;
    void setModelData(QWidget *editor, QAbstractItemModel *model, const QModelIndex &index) const override;

    /// The mark that says, and is clicked to say, whether the run is shown beside the selected one.
    [[nodiscard]] QRect overlayRect(const QRect &row) const;

Q_SIGNALS:
    /// The editor's text was accepted; the model is not written.
    void renamed(const QString &run, const QString &name) const;

private:
    /// Fonts of the theme, with what is asked of them in every row.
    struct Type {
        QFont name, plainName, small, base;
        QFontMetrics nameMetrics, plainNameMetrics, smallMetrics, baseMetrics;
        int lossWidth, rowHeight, headHeight;
    };
    static Type makeType();
    [[nodiscard]] int topOf(const QRect &row) const;
    void paintGround(QPainter &painter, const QStyleOptionViewItem &option, const QModelIndex &index) const;
    void paintHead(QPainter &painter, const QStyleOptionViewItem &option, const QModelIndex &index) const;
    void paintFirstLine(QPainter &painter, const QStyleOptionViewItem &option,
                        const QModelIndex &index) const;
    void paintSecondLine(QPainter &painter, const QStyleOptionViewItem &option,
                         const QModelIndex &index) const;
    /// @return the left edge of what was painted
    int paintTags(QPainter &painter, const QRect &area, const QModelIndex &index) const;

    Type m_type;
};

} // namespace orrery::ui
