// SPDX-License-Identifier: GPL-3.0-or-later
// What can be done to one turn of a conversation, as buttons at the end of its head. One bar serves all
// turns: it stands at the one under the pointer or the current one. GUI thread only.
#pragma once

#include "widgets/play/conversation_model.h"

#include <QWidget>

class QToolButton;

namespace orrery::ui {

class TurnBar : public QWidget {
    Q_OBJECT
public:
    explicit TurnBar(QWidget *parent = nullptr);
    /// Names the buttons after the turn. An answer is not edited.
    void setTurn(int row, TurnRole role, bool isEditable);
    [[nodiscard]] int row() const { return m_row; }

Q_SIGNALS:
    void editRequested(int row);
    void copyRequested(int row);
    void removeRequested(int row);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QToolButton *m_edit, *m_copy, *m_remove;
    int m_row = -1;
};

} // namespace orrery::ui
