// SPDX-License-Identifier: GPL-3.0-or-later
// Conditions that pause the run when they become true: what is watched now, and a line for one more. The
// engine takes them at a step boundary, while it trains or is paused. GUI thread only.
#pragma once

#include "widgets/session/engine_session.h"

#include <QStringList>
#include <QWidget>

class QLineEdit;
class QPushButton;
class QStringListModel;
class QVBoxLayout;

namespace orrery::ui {

class Banner;
class RunFeed;
class ToneLabel;

class BreakpointEditor : public QWidget {
    Q_OBJECT
public:
    /// @param feed of the run that is watched; outlives this widget
    BreakpointEditor(EngineSession &session, RunFeed &feed, QWidget *parent = nullptr);
    /// Puts a condition, or its beginning, into the line and goes there.
    void begin(const QString &text);
    /// What was being written when the window ended: it stands there again, unless something does.
    void restoreDraft(const QString &text);
    void add(); ///< as the button: what the line has
    void remove(const QString &condition); ///< what is gone comes back with the banner's Undo
    [[nodiscard]] QLineEdit *line() const { return m_line; }
    /// Conditions that are shown, those that the engine has not answered for last.
    [[nodiscard]] QStringList shown() const;
    [[nodiscard]] QString problem() const; ///< under the line; empty: none

private:
    void changeRun();
    void takeStatus();
    void takeUpdate(const RunUpdate &update);
    void watch(const QString &condition);
    void takeRemoved(const QString &condition);
    void fillList();
    void addRow(const QString &condition, bool isWaiting);
    void showProblem(const QString &text);
    void makeExamples();
    void updateState();
    void send(const QString &verb, const QString &condition);

    EngineSession &m_session;
    RunFeed &m_feed;
    ToneLabel *m_note, *m_problem, *m_none;
    QWidget *m_examples;
    Banner *m_banner;
    QLineEdit *m_line;
    QPushButton *m_add;
    QWidget *m_rows;
    QVBoxLayout *m_rowLayout;
    QStringListModel *m_names;
    QStringList m_watched, m_waiting; ///< as the engine says, and asked for since
    QStringList m_removed; ///< what Undo brings back
};

} // namespace orrery::ui
