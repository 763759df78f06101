// SPDX-License-Identifier: GPL-3.0-or-later
// The first column of a wide table, which stays where it is while the others are scrolled under it. Seen only then; the keyboard
// stays with the table itself. Owned by the table. GUI thread only.
#pragma once

#include <QTableView>

namespace orrery::ui {

class FrozenColumn : public QTableView {
    Q_OBJECT
public:
    /// @param view with its model, delegate and look; its selection is shared
    explicit FrozenColumn(QTableView *view);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void hideOthers();
    void place();

    QTableView *m_view;
};

} // namespace orrery::ui
