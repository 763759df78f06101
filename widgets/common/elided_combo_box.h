// SPDX-License-Identifier: GPL-3.0-or-later
// A combo box whose text ends in an ellipsis where there is no room; the whole text is then its hover, else its
// tool tip. GUI thread only.
#pragma once

#include <QComboBox>

class QStyleOptionComboBox;

namespace orrery::ui {

class ElidedComboBox : public QComboBox {
public:
    using QComboBox::QComboBox;

protected:
    void paintEvent(QPaintEvent *event) override;
    bool event(QEvent *event) override;

private:
    [[nodiscard]] QString elided(const QStyleOptionComboBox &option) const;
};

} // namespace orrery::ui
