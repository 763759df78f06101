// SPDX-License-Identifier: GPL-3.0-or-later
// All runs of the engine: filter, states, small curves, and what can be done with each. GUI thread only.
#pragma once

#include "widgets/common/panel_frame.h"
#include "widgets/session/engine_session.h"

#include <QHash>
#include <QPointer>

class QAction;
class QLineEdit;
class QListView;
class QMessageBox;
class QSortFilterProxyModel;
class QStackedWidget;
class QTimer;

namespace orrery::ui {

class EmptyState;
class RunListModel;
class ToneLabel;

class RunListPanel : public PanelFrame {
    Q_OBJECT
public:
    explicit RunListPanel(EngineSession &session, QWidget *parent = nullptr);
    /// Selects without signalling; waits for a run that is not listed yet.
    void setRun(const QString &run);
    [[nodiscard]] QString run() const; ///< selected, empty when none
    [[nodiscard]] RunListModel *model() const { return m_model; }
    [[nodiscard]] QListView *view() const { return m_view; }
    [[nodiscard]] QLineEdit *filterBox() const { return m_filter; }
    /// Actions on the selected run, for menus: resume, copy command, copy name, copy path, open folder,
    /// delete.
    [[nodiscard]] QList<QAction *> runActions() const;

public Q_SLOTS:
    /// Asks which run directory to list, without blocking.
    void openRunDirectory();
    /// Asks whether to delete the selected run, naming it.
    void deleteSelected();

Q_SIGNALS:
    void runSelected(const QString &run);  ///< by a person, or because the selected one went away
    void runActivated(const QString &run); ///< Enter or double click
    void newRunRequested();

private:
    void makeActions();
    void adoptFrame();
    [[nodiscard]] QString table() const;
    void takeRuns();
    void takeConnection();
    void restoreSelection();
    void updateState();
    void updateActions();
    void resumeSelected();
    void deleteRun(const QString &run);
    void querySparklines();
    void askSparkline(const QString &run, qint64 step);
    [[nodiscard]] const RunStatus *selectedStatus() const;

    EngineSession &m_session;
    RunListModel *m_model;
    QSortFilterProxyModel *m_proxy;
    QListView *m_view;
    QLineEdit *m_filter;
    ToneLabel *m_note;
    QStackedWidget *m_stack;
    EmptyState *m_empty, *m_noMatch;
    QAction *m_resume = nullptr, *m_copyCommand = nullptr, *m_copyName = nullptr, *m_copyPath = nullptr,
            *m_openFolder = nullptr, *m_delete = nullptr;
    QTimer *m_sparkTimer;
    QHash<QString, qint64> m_sparkSteps; ///< up to which step a run's small curve was read
    QString m_wanted;
    QPointer<QMessageBox> m_question;
    double m_lastListAt = 0;
    int m_numSparkQueries = 0;
    bool m_isRestoring = false;
};

} // namespace orrery::ui
