// SPDX-License-Identifier: GPL-3.0-or-later
// Takes the words from buttons of a tool bar where there is no room for all, so that none of them is put behind an arrow;
// what they say is then their hover. Owned by the bar. GUI thread only.
#pragma once

#include <QList>
#include <QObject>

class QToolBar;
class QToolButton;

namespace orrery::ui {

class ToolBarFit : public QObject {
    Q_OBJECT
public:
    /// @param buttons of the bar, beside their icons; the first of them loses its words first
    ToolBarFit(QToolBar *bar, QList<QToolButton *> buttons);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void fit();

    QToolBar *m_bar;
    QList<QToolButton *> m_buttons;
    QString m_fitted; ///< width and words that it was done for
};

} // namespace orrery::ui
