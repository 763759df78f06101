// SPDX-License-Identifier: GPL-3.0-or-later
// The hosts that the window can work with: this computer first, then those that were added. GUI thread only; the book is read
// and written on other threads.
#pragma once

#include "core/rpc/connections.h"

#include <QDialog>

#include <optional>

class QListWidget;
class QPushButton;
class QStackedWidget;

namespace orrery::ui {

class ConnectionForm;

class ConnectionsDialog : public QDialog {
    Q_OBJECT
public:
    /// @param current name of the host that the window works with; empty: this computer
    ConnectionsDialog(ConnectionBook book, const QString &current, QWidget *parent = nullptr);
    ~ConnectionsDialog() override;
    void setCurrentHost(const QString &name);
    /// Chooses a host in the list; a new one when it is empty and `isNew`.
    void beginNew();

Q_SIGNALS:
    /// Nothing: this computer.
    void connectRequested(const std::optional<orrery::Connection> &connection);
    void bookChanged();

private:
    QWidget *makeList();
    QWidget *makeLocalPage();
    void reload(const QString &select);
    void takeList(const Result<std::vector<Connection>> &list, const QString &select);
    void takeRow(int row);
    void save(bool isConnecting);
    void removeChosen();
    void undoRemoval();
    void refresh();
    [[nodiscard]] const Connection *chosen() const; ///< null: this computer, or a new one

    ConnectionBook m_book;
    QString m_current;
    std::vector<Connection> m_connections;
    std::optional<Connection> m_removed;
    bool m_isNew = false;
    bool m_isWriting = false;
    QListWidget *m_list;
    QStackedWidget *m_pages;
    ConnectionForm *m_form;
    QPushButton *m_add, *m_remove, *m_save, *m_connect;
};

} // namespace orrery::ui
