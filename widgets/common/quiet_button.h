// SPDX-License-Identifier: GPL-3.0-or-later
// A tool button that stands in each panel and in nobody's way: its icon has the secondary colour until the
// pointer or the focus is on it. GUI thread only.
#pragma once

#include <QToolButton>

namespace orrery::ui {

class QuietButton : public QToolButton {
    Q_OBJECT
public:
    explicit QuietButton(QWidget *parent = nullptr);

protected:
    void initStyleOption(QStyleOptionToolButton *option) const override;
};

} // namespace orrery::ui
