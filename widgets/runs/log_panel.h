// SPDX-License-Identifier: GPL-3.0-or-later
// Events of the selected run, and the window's own messages in between: the log under the curves, whose filter stands in the
// title row where that is wide enough, as its height is scarce. GUI thread only.
#pragma once

#include "widgets/common/panel_frame.h"
#include "widgets/session/engine_session.h"

namespace orrery::ui {

class EventTable;
class RunFeed;

class LogPanel : public PanelFrame {
    Q_OBJECT
public:
    explicit LogPanel(EngineSession &session, QWidget *parent = nullptr);
    void setRun(const QString &run);
    /// A message of the window (a failed request, a lost connection), with the time of now.
    void addMessage(EventKind kind, const QString &text);
    [[nodiscard]] EventTable *table() const { return m_table; }

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void refill();
    void adoptFrame();
    void placeBar();

    RunFeed *m_feed;
    EventTable *m_table;
    ConnectionState m_connection = ConnectionState::Unknown; ///< as told last
    bool m_wasSilent = false;
    bool m_isBarInTitle = false;
    std::vector<RunEvent> m_messages; ///< of the window, kept when the run changes
};

} // namespace orrery::ui
