// SPDX-License-Identifier: GPL-3.0-or-later
// A row of widgets that goes on in a further row where there is no room: words of another language are longer, docks are
// narrow. One that expands takes what is left of its row. GUI thread only; owned by the widget or layout that it is given to.
#pragma once

#include <QLayout>

#include <memory>
#include <vector>

namespace orrery::ui {

class WrapRow : public QLayout {
public:
    /// @param alignment of rows in which nothing expands: left, centre or right
    explicit WrapRow(Qt::Alignment alignment = Qt::AlignLeft, QWidget *parent = nullptr);
    ~WrapRow() override;

    void addItem(QLayoutItem *item) override;
    [[nodiscard]] int count() const override { return int(m_items.size()); }
    [[nodiscard]] QLayoutItem *itemAt(int index) const override;
    QLayoutItem *takeAt(int index) override;
    [[nodiscard]] Qt::Orientations expandingDirections() const override { return Qt::Horizontal; }
    [[nodiscard]] bool hasHeightForWidth() const override { return true; }
    [[nodiscard]] int heightForWidth(int width) const override;
    [[nodiscard]] QSize sizeHint() const override;
    /// As wide as its widest widget, and as high as it is at the width that it has.
    [[nodiscard]] QSize minimumSize() const override;
    void setGeometry(const QRect &area) override;

private:
    struct Row {
        std::vector<QLayoutItem *> items;
        int width = 0, height = 0;
    };
    [[nodiscard]] std::vector<Row> rowsIn(int width) const;
    [[nodiscard]] int heightOf(const std::vector<Row> &rows) const;
    void place(const Row &row, const QRect &area) const;

    Qt::Alignment m_alignment;
    std::vector<std::unique_ptr<QLayoutItem>> m_items;
    int m_width = 0; ///< that it was given last
    size_t m_numRows = 1;
};

} // namespace orrery::ui
