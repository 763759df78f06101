// SPDX-License-Identifier: GPL-3.0-or-later
// A few sentences beside the button that asked for them; gone with Esc, a click elsewhere or its close
// button. Deletes itself. GUI thread only.
#pragma once

#include <QFrame>

namespace orrery::ui {

class HelpPopover : public QFrame {
    Q_OBJECT
public:
    HelpPopover(const QString &title, const QString &text, QWidget *parent);
    /// Under the anchor, its right edge there, but on the screen.
    void showUnder(const QWidget &anchor);

protected:
    void keyPressEvent(QKeyEvent *event) override;
};

} // namespace orrery::ui
