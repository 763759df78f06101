// SPDX-License-Identifier: GPL-3.0-or-later
// Which host the window works with: the menu, the button in the status line, and the dialog behind them. GUI thread only; made
// after the window and destroyed before it.
#pragma once

#include "app/workbench/connections_dialog.h"
#include "core/rpc/connections.h"

#include <QObject>
#include <QPointer>

#include <optional>

class QAction;
class QActionGroup;
class QMenu;
class QSettings;
class QToolButton;

namespace orrery::ui {

class MainWindow;
class RpcSession;

class HostSwitcher : public QObject {
    Q_OBJECT
public:
    /// @param local how the host of this computer is reached (and started)  @param settings remembers the last host
    HostSwitcher(MainWindow &window, RpcSession &session, QSettings &settings, HostConnectOptions local, ConnectionBook book = ConnectionBook());
    /// Nothing: this computer.
    void switchTo(const std::optional<Connection> &connection);
    void showDialog();
    [[nodiscard]] ConnectionsDialog *dialog() const { return m_dialog; }

private:
    void makeMenu();
    void fillMenu();
    void reloadBook();
    void refresh();
    void tellOfLoss();

    MainWindow &m_window;
    RpcSession &m_session;
    QSettings &m_settings;
    const HostConnectOptions m_local;
    ConnectionBook m_book;
    std::vector<Connection> m_connections;
    QMenu *m_menu = nullptr;
    QActionGroup *m_hosts = nullptr;
    QAction *m_manage = nullptr;
    QToolButton *m_button = nullptr;
    QPointer<ConnectionsDialog> m_dialog;
};

/// The host that the window had last, or that --host names. @return nothing: this computer
/// @error as ConnectionBook::find
Result<std::optional<Connection>> hostToBeginWith(const ConnectionBook &book, const QString &given, const QSettings &settings);

} // namespace orrery::ui
