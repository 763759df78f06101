// SPDX-License-Identifier: GPL-3.0-or-later
// A combo box of many entries: it opens with a line for words (filter_popup.h); typing while it has the focus opens it, too.
// GUI thread only.
#pragma once

#include "widgets/common/elided_combo_box.h"

#include <QList>
#include <QPointer>

namespace orrery::ui {

class FilterPopup;

class FilterComboBox : public ElidedComboBox {
    Q_OBJECT
public:
    /// @param placeholder of the line: "Filter by name or tag"
    explicit FilterComboBox(const QString &placeholder, QWidget *parent = nullptr);
    struct Entry {
        QString text, data;
        QString words; ///< what it is found by besides its text, shown behind it in the list
    };
    /// In place of those before; nothing happens when they are the same, so that an open list stays as it is.
    /// @return whether they were others
    bool setEntries(const QList<Entry> &entries);
    void showPopup() override;
    void hidePopup() override;
    [[nodiscard]] FilterPopup *popup() const; ///< null while closed

protected:
    void keyPressEvent(QKeyEvent *event) override;

private:
    const QString m_placeholder;
    QPointer<FilterPopup> m_popup;
};

} // namespace orrery::ui
