// SPDX-License-Identifier: GPL-3.0-or-later
// A column that is scrolled up and down, never sideways: it is never narrower than what is in it. GUI thread only.
#pragma once

#include <QScrollArea>

namespace orrery::ui {

class ColumnScroll : public QScrollArea {
public:
    explicit ColumnScroll(QWidget *parent = nullptr);
    /// Takes it over; the ground behind shows through.
    void setColumn(QWidget *column);
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
};

} // namespace orrery::ui
