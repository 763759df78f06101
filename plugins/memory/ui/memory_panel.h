// SPDX-License-Identifier: GPL-3.0-or-later
// What a loaded model remembers of the text that it read last: the three levels, the events along the text,
// as a table and by their likeness, one of them in full, what would be said without it, and what was read
// from memory at a token. Asks the engine only while it is seen. GUI thread only.
#pragma once

#include "plugins/memory/ui/last_reads.h"
#include "plugins/memory/ui/memory_export.h"
#include "plugins/memory/ui/state_file_dialog.h"
#include "plugins/memory/ui/tier_cards.h"
#include "plugins/memory/ui/token_names.h"
#include "widgets/common/panel_frame.h"
#include "widgets/session/engine_session.h"
#include "widgets/session/selection.h"

#include <QPointer>
#include <QTimer>
#include <QVariantMap>

#include <limits>
#include <optional>

class QAction;
class QBoxLayout;
class QLineEdit;
class QMenu;
class QSplitter;
class QStackedWidget;

namespace orrery::ui {
class Breadcrumbs;
class EmptyState;
class ModelChooser;
class ModelQuestion;
class SegmentedChoice;
class ToneLabel;
class UnitLineEdit;
} // namespace orrery::ui

namespace orrery::memory_ui {

class EventDetails;
class MemoryFeed;
struct MemoryFigure;
class MemoryLearning;
class MemoryModel;
class MemoryStrip;
class MemoryTable;
class ReadsPane;
class SimilarityPage;
class WhatIfPane;

class MemoryPanel : public ui::PanelFrame {
    Q_OBJECT
    Q_PROPERTY(QString run READ run WRITE followRun) ///< the window sets it when a run is selected
public:
    explicit MemoryPanel(ui::EngineSession &session, QWidget *parent = nullptr);
    ~MemoryPanel() override;
    [[nodiscard]] QString run() const { return m_run; }
    /// Shows the newest saved step of the run, and how full its memory is while it trains. The first time what
    /// restoreState() has chosen stays.
    void followRun(const QString &run);
    void refresh();
    void setModel(const QString &model); ///< "RUN", "RUN@step" or a directory
    [[nodiscard]] QString model() const;
    [[nodiscard]] MemoryModel *events() const { return m_events; }
    [[nodiscard]] MemoryTable *table() const { return m_table; }
    [[nodiscard]] MemoryStrip *strip() const { return m_strip; }
    [[nodiscard]] EventDetails *details() const { return m_details; }
    [[nodiscard]] ReadsPane *reads() const { return m_reads; }
    [[nodiscard]] WhatIfPane *whatIf() const { return m_whatIf; }
    [[nodiscard]] SimilarityPage *similarity() const { return m_similarity; }
    [[nodiscard]] MemoryLearning *learning() const { return m_learning; }
    [[nodiscard]] qint64 selectedEvent() const { return m_selectedId; } ///< its id; 0: none
    void selectEvent(qint64 id);
    void selectSlot(qint64 slot); ///< of the selected event; −1: the whole event

    void pin(qint64 event, bool isPinned);
    void askToForget(const QString &source);
    /// Forget, ForgetSlot or Scale: undo() takes it back until the model reads on.
    void apply(const MemoryEdit &edit);
    void undo(); ///< of a pin or unpin the opposite, of the others as the engine kept it
    void redo();
    [[nodiscard]] bool canUndo() const { return !m_done.empty() || !m_undoText.isEmpty(); }
    void askForFile(StateFileDialog::Kind kind);
    void askToConsolidate(); ///< what is remembered, into a new model
    /// What the window looks at is what the reads are of. The selection outlives the panel's use of it.
    void follow(ui::Selection &selection);

    /// What is shown, as events (.csv, .json) or as a figure (.svg, .pdf, .png).  @error as writeExport(), saveMemoryFigure()
    /// and saveSimilarity()
    [[nodiscard]] Result<void> saveAs(const QString &path);
    [[nodiscard]] QImage figure() const;
    /// Model, texts, filter and pages, for the next start and for links.
    [[nodiscard]] QVariantMap saveState() const;
    void restoreState(const QVariantMap &state);

Q_SIGNALS:
    void stateChanged(); ///< saveState() gives something else
    void talkRequested(const QString &model);

protected:
    bool event(QEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    enum class Way : uint8_t { New, Undo, Redo };
    /// Whether the events of the steps are those that they were: another text gives their numbers again.
    [[nodiscard]] bool areStepsOf(const std::vector<MemoryEvent> &events) const;

    QWidget *scrolled(QWidget *content);
    void makeTitle();
    void makeTools();
    void makeActions();
    QWidget *makeChooser();
    QWidget *makeLeft();
    QWidget *makeRight();
    void connectParts();
    void connectChooser();
    void connectViews();
    void connectQuestions();

    void takeModel();
    void askSpec();
    void takeReport(const MemoryEdit &edit, const MemoryReport &report);
    void takeFailure(const MemoryEdit &edit, const Error &error);
    void openTypedModel();
    void edit(const MemoryEdit &step, Way way);
    void endPending();
    void dropSteps(); ///< that the engine no longer takes back
    void sayWhatWasDone(const MemoryEdit &edit, const MemoryReport &report);
    [[nodiscard]] QString undoTip() const;
    void showSelected();
    void showTarget();
    void showPlace(); // memory_panel_place.cpp
    void goUpTo(int level);
    void askPreview();
    void askNames();
    void askSimilarity(); ///< if it is seen and out of date
    void lookAtFocus();   ///< if it is seen and another one
    void lookAtPrompt();
    void nameReads(); ///< the tab, by the token that the window looks at
    void showProgress(); // memory_panel_progress.cpp
    void watchTraining(); ///< of the followed run, while the panel is seen
    void takeTraining(const ui::RunUpdate &update);
    void askTraining();
    void showTraining();
    [[nodiscard]] SemanticUse semanticUse() const;
    void showTiers();
    void showState();
    void showCounts();
    void enableActions();
    void enableConsolidation(); // memory_panel_learning.cpp
    [[nodiscard]] QString whyNothingIsLearned() const; ///< empty: it can be
    [[nodiscard]] QString proposedModelFolder() const;
    void showEmptyState();
    void arrange();
    void arrangeEmpty();
    [[nodiscard]] MemoryFigure shownFigure() const; // memory_panel_place.cpp
    [[nodiscard]] std::vector<MemoryEvent> shownEvents() const;
    void forget(const QString &source);
    [[nodiscard]] Remembering remembering() const { return {model(), m_memoryFile}; }

    ui::EngineSession &m_session;
    MemoryFeed *m_feed;
    MemoryModel *m_events;
    std::optional<MemoryStatus> m_status; ///< of the last answer; none: no answer yet
    std::optional<Error> m_noMemory;      ///< why the model has none
    Tiers m_tiers;
    quint64 m_specNumber = 0;
    double m_answeredAt = 0;
    QString m_memoryNote; ///< of the last answer: whose memory it is, where that is another training's
    QString m_memoryFile; ///< the file that has what is shown, its pins, too; empty: not known
    qint64 m_selectedId = 0;
    qint64 m_wantedId = 0; ///< to be chosen when it comes: that of a link or of the last start
    qint64 m_selectedSlot = -1;
    std::vector<MemoryEdit> m_done, m_undone;
    std::optional<std::pair<MemoryEdit, Way>> m_pending;
    QString m_undoText; ///< what the engine would take back
    TokenNames m_names;
    LastReads m_lastReads;
    QTimer m_namesTimer; ///< so that going through events with the arrows asks once
    ui::ModelQuestion *m_preview, *m_namesQuestion;
    QPointer<ui::Selection> m_selection;
    QString m_lookSubject;
    bool m_isFocusNew = false, m_isLikenessOld = true;

    QString m_run, m_watched; ///< the run that the window has selected, and that is watched
    /// What the training of that run told last; NaN: nothing.
    struct Told {
        struct Value {
            double value = std::numeric_limits<double>::quiet_NaN();
            qint64 step = 0;
        };
        Value occupancy, used, everUsed;
        void take(const std::string &series, qint64 step, double value);
    } m_told;
    bool m_isRestored = false;

    ui::ModelChooser *m_chooser;
    ui::UnitLineEdit *m_typed;
    ui::ToneLabel *m_typedError, *m_asOf, *m_training, *m_occupancy, *m_counts, *m_refusal, *m_note,
        *m_shownCount;
    TierCards *m_cards;
    OccupancyBar *m_bar;
    MemoryStrip *m_strip;
    QLineEdit *m_filter;
    ui::SegmentedChoice *m_views;
    QStackedWidget *m_viewStack;
    SimilarityPage *m_similarity;
    MemoryTable *m_table;
    QBoxLayout *m_countsRow, *m_column;
    QStackedWidget *m_left, *m_right;
    QWidget *m_side, *m_titleSlot, *m_chooserBox;
    ui::EmptyState *m_empty;
    QPushButton *m_emptyOpen, *m_emptyAgain, *m_emptyRead;
    ui::SegmentedChoice *m_tabs;
    ui::Breadcrumbs *m_crumbs;
    EventDetails *m_details;
    ReadsPane *m_reads;
    WhatIfPane *m_whatIf;
    QSplitter *m_splitter;
    QToolButton *m_undo, *m_refresh, *m_file, *m_type;
    QAction *m_pinAction, *m_forgetEventAction, *m_pinCommand, *m_forgetCommand, *m_learnCommand;
    QAction *m_saveState, *m_loadState, *m_consolidate;
    MemoryLearning *m_learning;
    QPointer<QWidget> m_question;
    bool m_isTaking = false;
    bool m_isNarrow = false;
};

} // namespace orrery::memory_ui
