// SPDX-License-Identifier: GPL-3.0-or-later
// Makes a branch of a run: from which checkpoint, with which settings, started at once or not; what differs from the parent and
// the command that does the same stand beside it. Nothing that was filled in is lost by an error, by Esc, or by choosing another
// step. Opened without blocking; owned by the window. GUI thread only; asks the engine, which outlives it.
#pragma once

#include "widgets/compare/branch_draft.h"
#include "widgets/session/engine_session.h"

#include <QDialog>
#include <QVariantMap>

class QCheckBox;
class QLineEdit;
class QPushButton;
class QStackedWidget;
class QTableView;
class QToolButton;

namespace orrery::ui {

class Banner;
class BranchForm;
class CheckpointModel;
class EmptyState;
class ToneLabel;

class BranchDialog : public QDialog {
    Q_OBJECT
public:
    /// @param run id of the parent
    BranchDialog(EngineSession &session, const QString &run, QWidget *parent);
    [[nodiscard]] const QString &run() const { return m_run; }
    /// The checkpoint of this step, or the nearest one before it, which is said; below 0: the one
    /// that was chosen before, else the best, else the newest.
    void setStep(qint64 step);
    [[nodiscard]] const BranchDraft &draft() const { return m_draft; }
    /// What is filled in, to be kept; empty: nothing is.
    [[nodiscard]] QVariantMap place() const;
    /// Goes on with it, when the settings of the parent have come.
    void restorePlace(const QVariantMap &place);
    [[nodiscard]] BranchForm *form() const { return m_form; }
    [[nodiscard]] QTableView *checkpoints() const { return m_steps; }
    [[nodiscard]] QPushButton *branchButton() const { return m_branch; }
    [[nodiscard]] Banner *banner() const { return m_banner; }
    [[nodiscard]] QString changesText() const; ///< as it stands in the dialog

Q_SIGNALS:
    void branched(const QString &run); ///< id of the new run

private:
    QWidget *makeStart();
    QWidget *makeFoot();
    void ask();
    void takeSpec(const Result<QString> &reply);
    void applyRestored();
    void takeCheckpoints(const Result<std::vector<CheckpointInfo>> &reply);
    void chooseWanted();
    void takeStep();
    void proposeSteps();
    void refresh();
    void branch();
    void takeReply(const Result<RunStatus> &reply);
    void showErrorAtField(const Error &error);
    [[nodiscard]] RunStatus status() const;

    EngineSession &m_session;
    QString m_run, m_title;
    BranchDraft m_draft;
    QMap<QString, QString> m_outside; ///< what the engine said of a setting, until it is edited
    QString m_proposed; ///< as steps, while nobody gave others
    QMap<QString, QString> m_restored; ///< settings that wait for those of the parent
    qint64 m_wanted = -1;
    bool m_isAsking = false, m_isBranching = false, m_hasCheckpoints = false, m_isChoosing = false;
    Banner *m_banner;
    CheckpointModel *m_model;
    QTableView *m_steps;
    QStackedWidget *m_stepPages;
    EmptyState *m_noSteps;
    ToneLabel *m_stepNote, *m_changes, *m_command;
    QLineEdit *m_name;
    BranchForm *m_form;
    QCheckBox *m_start;
    QToolButton *m_copy;
    ToneLabel *m_why;
    QPushButton *m_cancel, *m_branch;
};

} // namespace orrery::ui
