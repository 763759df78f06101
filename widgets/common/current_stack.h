// SPDX-License-Identifier: GPL-3.0-or-later
// Pages of which one is shown, that asks for the room of that one: QStackedWidget asks for the room of the
// largest, so that a page nobody looks at would keep a window from being made small. GUI thread only.
#pragma once

#include <QStackedWidget>

namespace orrery::ui {

class CurrentStack : public QStackedWidget {
public:
    explicit CurrentStack(QWidget *parent = nullptr);
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;
};

} // namespace orrery::ui
