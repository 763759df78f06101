// SPDX-License-Identifier: GPL-3.0-or-later
// What the window's banner adds while the host of this computer is there and silent: what its process seems to wait for, and,
// where another one would be as good, a way to restart it. Nothing is ended without being asked for, and not one that answers
// meanwhile. GUI thread only; made after the window, which says the rest.
#pragma once

#include "core/rpc/silent_host.h"

#include <QObject>
#include <QPointer>

#include <optional>

class QMessageBox;
class QPushButton;

namespace orrery::ui {

class Banner;
class MainWindow;
class RpcSession;

class SilenceNotice : public QObject {
    Q_OBJECT
public:
    /// @param banner the window's, of its connection  @param local how the host of this computer is reached and started
    SilenceNotice(MainWindow &window, RpcSession &session, Banner &banner, HostConnectOptions local, QObject *parent);

private:
    [[nodiscard]] bool isSilentHere() const;
    void refresh();
    void take(const std::optional<SilentHost> &host);
    void ask();
    void restart();

    MainWindow &m_window;
    RpcSession &m_session;
    Banner &m_banner;
    const HostConnectOptions m_local;
    QPushButton *m_restart;
    std::optional<SilentHost> m_host; ///< as it was looked at last
    QPointer<QMessageBox> m_question;
    bool m_isLooking = false, m_isEnding = false;
};

} // namespace orrery::ui
