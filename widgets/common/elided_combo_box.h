// SPDX-License-Identifier: GPL-3.0-or-later
// A combo box whose text ends in an ellipsis where there is no room; the whole text is then its hover, else its
// tool tip. Before anything is cut, an entry's short text is shown. Its list is as wide as its entries need. GUI thread only.
#pragma once

#include <QComboBox>

class QStyleOptionComboBox;

namespace orrery::ui {

class ElidedComboBox : public QComboBox {
public:
    using QComboBox::QComboBox;
    /// Of an entry: what says the most of it in little room. May be left out.
    static constexpr int kShortTextRole = Qt::UserRole + 7;
    [[nodiscard]] QString shownText() const; ///< as it is painted
    void showPopup() override;

protected:
    void paintEvent(QPaintEvent *event) override;
    bool event(QEvent *event) override;

private:
    [[nodiscard]] QString elided(const QStyleOptionComboBox &option) const;
};

} // namespace orrery::ui
