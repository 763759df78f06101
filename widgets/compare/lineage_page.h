// SPDX-License-Identifier: GPL-3.0-or-later
// The families of the chosen runs as trees, with a bar along the steps for each: where it left its parent and how far it came.
// GUI thread only.
#pragma once

#include <QStringList>
#include <QTimer>
#include <QWidget>

class QPushButton;
class QStackedWidget;
class QTreeView;

namespace orrery::ui {

class CompareFeed;
class EmptyState;
class EngineSession;
class LineageModel;

class LineagePage : public QWidget {
    Q_OBJECT
public:
    LineagePage(EngineSession &session, CompareFeed &feed, QWidget *parent = nullptr);
    void setRuns(const QStringList &chosen);
    /// All of the families shown; what the feed has to know.
    [[nodiscard]] QStringList members() const;
    void setRun(const QString &run);
    [[nodiscard]] QString run() const; ///< selected; empty: none
    [[nodiscard]] LineageModel *model() const { return m_model; }
    [[nodiscard]] QTreeView *view() const { return m_view; }
    [[nodiscard]] QString summary() const;

Q_SIGNALS:
    void runChosen(const QString &run);
    void runActivated(const QString &run);
    void branchRequested();
    void membersChanged();

private:
    void take();

    EngineSession &m_session;
    LineageModel *m_model;
    QTreeView *m_view;
    QStackedWidget *m_stack;
    EmptyState *m_empty;
    QStringList m_chosen;
    QString m_run;
    QTimer m_timer;
    bool m_isSelecting = false;
};

} // namespace orrery::ui
