// SPDX-License-Identifier: GPL-3.0-or-later
// The prompt sessions that are kept: searched, opened, named, pinned, deleted and brought back, taken along as files. Reads
// and writes through the archive; what is open stands in the playground. GUI thread only.
#pragma once

#include "widgets/common/panel_frame.h"
#include "widgets/play/session_file.h"

#include <QTimer>

#include <functional>
#include <memory>
#include <vector>

class QAction;
class QLineEdit;
class QListView;
class QMenu;
class QStackedWidget;
class QToolButton;

namespace orrery::ui {

class SessionKeeper;
class SessionListModel;

class SessionsPane : public PanelFrame {
    Q_OBJECT
public:
    /// @param keeper of the playground; both outlive the pane
    SessionsPane(PromptArchive &archive, SessionKeeper &keeper, QWidget *parent = nullptr);
    [[nodiscard]] QListView *list() const { return m_view; }
    [[nodiscard]] SessionListModel *model() const { return m_model; }
    [[nodiscard]] QLineEdit *searchBox() const { return m_search; }
    void refresh(); ///< another window may have changed something
    /// As a session of its own, which is opened.
    void importFile(const QString &path);
    void exportSession(qint64 session, ExportedVersions versions, const QString &path);

Q_SIGNALS:
    void opened(qint64 session); ///< by a person: the playground is to be shown
    void newRequested();         ///< one was begun: something is to be written
    /// The list is there (again).
    void listed();

protected:
    void showEvent(QShowEvent *event) override;

private:
    void makeActions();
    void makeMenu();
    void connectParts();
    void search();
    void take(const Result<SessionListing> &reply);
    /// Goes on while sessions are left that were not looked at; somebody may stop it.
    void searchOn(int numUnread);
    void stopSearching();
    void updateState();
    void openCurrent();
    void beginNew();
    void rename(qint64 session, const QString &title);
    void togglePin();
    void duplicate();
    void removeCurrent();
    void remove(const SessionEntry &gone);
    void bringBack();
    void askForImport();
    void askForExport(const QString &ending, ExportedVersions versions);
    void write(const std::shared_ptr<SessionContent> &content, ExportedVersions versions, const QString &path);
    /// Of the open session there may be something that the archive does not have yet. What cannot be kept is told.
    void whenKept(qint64 session, std::function<void()> then);
    void takeEntry(const Result<SessionEntry> &reply);
    void select(qint64 session);
    [[nodiscard]] const SessionEntry *selected() const;

    PromptArchive &m_archive;
    SessionKeeper &m_keeper;
    SessionListModel *m_model;
    QListView *m_view;
    QLineEdit *m_search;
    QStackedWidget *m_stack;
    class EmptyState *m_empty, *m_nothingFound;
    QToolButton *m_undo;
    QMenu *m_export = nullptr;
    QAction *m_open = nullptr, *m_rename = nullptr, *m_pin = nullptr, *m_copy = nullptr, *m_delete = nullptr,
            *m_bringBack = nullptr;
    std::vector<SessionEntry> m_removed; ///< the last one comes back first
    QTimer m_searchTimer, m_dayTimer;
    QString m_listedSearch; ///< that the list answers
    int m_numSearches = 0;
    int m_numUnread = 0, m_mostUnread = 0; ///< of the search that the list answers: now, and when it began
    bool m_isSearching = false;            ///< and more may be found
    bool m_isListed = false;
};

} // namespace orrery::ui
