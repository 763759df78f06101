// SPDX-License-Identifier: GPL-3.0-or-later
// All runs of the engine: filter, groups, states, tags, alarms, small curves, and what can be done with each
// or with several. GUI thread only.
#pragma once

#include "widgets/common/panel_frame.h"
#include "widgets/session/engine_session.h"

#include <QHash>
#include <QPointer>
#include <QStringList>

class QAction;
class QLineEdit;
class QPushButton;
class QStackedWidget;
class QTimer;
class QToolButton;

namespace orrery::ui {

class ElidedLabel;
class EmptyState;
class FilterSettings;
class LabelsDialog;
class RunEdits;
class RunFilterBar;
class RunListModel;
class RunListView;
class RunTreeModel;
class ToneLabel;
class TrashDialog;
enum class RunGrouping : uint8_t;
enum class RunOrder : uint8_t;

class RunListPanel : public PanelFrame {
    Q_OBJECT
public:
    explicit RunListPanel(EngineSession &session, QWidget *parent = nullptr);
    /// Selects without signalling; waits for a run that is not listed yet.
    void setRun(const QString &run);
    /// The one that the window shows, empty when none is listed. With several selected, it stays.
    [[nodiscard]] QString run() const;
    [[nodiscard]] QStringList selectedRuns() const;
    /// Those whose curves are shown beside the selected one, in the order in which they were chosen; listed
    /// ones only.
    [[nodiscard]] QStringList overlaidRuns() const;
    /// Does not signal when nothing changes. Runs that are not listed yet are waited for.
    void setOverlaidRuns(const QStringList &runs);

    void setGrouping(RunGrouping grouping);
    void setOrder(RunOrder order);
    [[nodiscard]] RunListModel *model() const { return m_model; }
    [[nodiscard]] RunTreeModel *tree() const { return m_tree; }
    [[nodiscard]] RunListView *view() const { return m_view; }
    [[nodiscard]] QLineEdit *filterBox() const;
    [[nodiscard]] RunEdits *edits() const { return m_edits; }
    /// Actions on the selected runs, for menus: resume, copy command, copy name, copy path, open folder, show
    /// beside, rename, tags and notes, archive, delete, undo.
    [[nodiscard]] QList<QAction *> runActions() const;
    /// Opens the trash, whatever is selected.
    [[nodiscard]] QAction *trashAction() const { return m_trash; }
    /// Filter, groups, order and runs shown beside, to be remembered; as JSON.
    [[nodiscard]] QString place() const;
    void restorePlace(const QString &json);
    /// Tags and notes that are being typed, with their runs; empty: none are.
    [[nodiscard]] QVariantMap labelsDraft() const;
    /// Opens them again. The runs must be listed.
    void restoreLabels(const QVariantMap &draft);

public Q_SLOTS:
    /// Asks which run directory to list, without blocking.
    void openRunDirectory();
    /// Moves the selected runs to the trash; the notice above the list takes it back.
    void deleteSelected();
    /// Opens tags and notes of the selected runs.
    void editLabels();
    void undo();
    /// Shows what was deleted.
    void openTrash(); // run_list_actions.cpp

Q_SIGNALS:
    void runSelected(const QString &run);  ///< by a person, or because the selected one went away
    void runActivated(const QString &run); ///< Enter or double click
    void overlaidRunsChanged(const QStringList &runs);
    void placeChanged();
    void newRunRequested();

protected:
    void resizeEvent(QResizeEvent *event) override; // run_list_frame.cpp

private:
    void makeContent();
    void makeActions();                  // run_list_actions.cpp
    void tellCommands();                 // run_list_actions.cpp
    [[nodiscard]] bool areAllArchived(const QStringList &runs) const;
    void adoptFrame();                   // run_list_frame.cpp
    [[nodiscard]] QString table() const; // run_list_frame.cpp
    void takeRuns();
    void takeConnection();
    void takeSelection();
    void takeFilter(const QString &text);
    void wantSpecs();   // run_list_frame.cpp
    void takeSpecs();   // run_list_frame.cpp
    void showProblem(); // run_list_frame.cpp
    void choose(const QString &run);
    void restoreSelection();
    void toggleOverlay(const QStringList &runs);
    void tellOverlay();
    void updateState();
    void updateHead(); // run_list_frame.cpp
    void updateFoot();
    void updateActions();                                                 // run_list_actions.cpp
    void resumeSelected();                                                // run_list_actions.cpp
    void archiveSelected();                                               // run_list_actions.cpp
    LabelsDialog *openLabels(const QStringList &runs);                    // run_list_actions.cpp
    void saveLabels(const LabelsDialog &dialog, const QStringList &runs); // run_list_actions.cpp
    [[nodiscard]] QString noMatchText() const;                            // run_list_frame.cpp
    void querySparklines();
    void askSparkline(const QString &run, qint64 step);
    /// Of the only selected run.
    [[nodiscard]] const RunStatus *selectedStatus() const;

    EngineSession &m_session;
    RunListModel *m_model;
    RunTreeModel *m_tree;
    RunListView *m_view;
    RunFilterBar *m_bar;
    RunEdits *m_edits;
    FilterSettings *m_settings;
    class Banner *m_notice;
    ElidedLabel *m_head; ///< how many are listed
    QToolButton *m_openButton = nullptr, *m_newButton = nullptr;
    ToneLabel *m_note, *m_foot;
    QStackedWidget *m_stack;
    EmptyState *m_unknown = nullptr, *m_empty = nullptr, *m_noMatch = nullptr;
    QPushButton *m_showMore = nullptr;
    QAction *m_resume = nullptr, *m_copyCommand = nullptr, *m_copyName = nullptr, *m_copyPath = nullptr,
            *m_openFolder = nullptr, *m_overlay = nullptr, *m_rename = nullptr, *m_labels = nullptr,
            *m_archive = nullptr, *m_delete = nullptr, *m_undo = nullptr, *m_trash = nullptr;
    QTimer *m_sparkTimer, *m_noticeTimer;
    QHash<QString, qint64> m_sparkSteps; ///< up to which step a run's small curve was read
    QString m_wanted;
    QStringList m_overlaid;     ///< also those that are not listed
    QStringList m_toldOverlaid; ///< as it was last signalled
    QPointer<LabelsDialog> m_dialog;
    QPointer<TrashDialog> m_trashDialog;
    QStringList m_labelled; ///< its runs
    double m_lastListAt = 0;
    int m_numSparkQueries = 0;
    bool m_isRestoring = false;
    bool m_areFoldersHere = true; ///< those of the engine
};

} // namespace orrery::ui
