// SPDX-License-Identifier: GPL-3.0-or-later
// What a loaded model remembers of the text that it read last: the three levels, the events along the text
// and as a table, one of them in full, and what was read from memory at a token. Asks the engine only while
// it is seen. GUI thread only.
#pragma once

#include "plugins/memory/ui/memory_export.h"
#include "plugins/memory/ui/tier_cards.h"
#include "widgets/common/panel_frame.h"
#include "widgets/session/engine_session.h"

#include <QPointer>
#include <QVariantMap>

#include <optional>

class QAction;
class QBoxLayout;
class QLineEdit;
class QMenu;
class QSplitter;
class QStackedWidget;

namespace orrery::ui {
class EmptyState;
class ModelChooser;
class SegmentedChoice;
class ToneLabel;
class UnitLineEdit;
} // namespace orrery::ui

namespace orrery::memory_ui {

class EventDetails;
class MemoryFeed;
class MemoryModel;
class MemoryStrip;
class MemoryTable;
class ReadsPane;

class MemoryPanel : public ui::PanelFrame {
    Q_OBJECT
public:
    explicit MemoryPanel(ui::EngineSession &session, QWidget *parent = nullptr);
    void refresh();
    void setModel(const QString &model); ///< "RUN", "RUN@step" or a directory
    [[nodiscard]] QString model() const;
    [[nodiscard]] MemoryModel *events() const { return m_events; }
    [[nodiscard]] MemoryTable *table() const { return m_table; }
    [[nodiscard]] MemoryStrip *strip() const { return m_strip; }
    [[nodiscard]] EventDetails *details() const { return m_details; }
    [[nodiscard]] ReadsPane *reads() const { return m_reads; }
    [[nodiscard]] qint64 selectedEvent() const { return m_selectedId; } ///< its id; 0: none
    void selectEvent(qint64 id);

    void pin(qint64 event, bool isPinned);
    void askToForget(const QString &source);
    void undo(); ///< of a pin or unpin: the opposite
    void redo();
    [[nodiscard]] bool canUndo() const { return !m_done.empty(); }
    void copyAs(ExportFormat format);
    void exportTo(const QString &path, ExportFormat format);

    /// Model, text and filter, for the next start.
    [[nodiscard]] QVariantMap saveState() const;
    void restoreState(const QVariantMap &state);

Q_SIGNALS:
    void stateChanged(); ///< saveState() gives something else
    void exported(const QString &path);

protected:
    bool event(QEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    struct PinStep {
        qint64 event;
        bool isPinned; ///< afterwards
    };
    enum class Way : uint8_t { New, Undo, Redo };
    /// Whether the events of the steps are those that they were: another text gives their numbers again.
    [[nodiscard]] bool areStepsOf(const std::vector<MemoryEvent> &events) const;

    void makeTitle();
    void makeCopyMenu();
    QWidget *makeChooser();
    QWidget *makeLeft();
    QWidget *makeRight();
    void connectParts();

    void takeModel();
    void askSpec();
    void takeReport(const MemoryEdit &edit, const MemoryReport &report);
    void takeFailure(const MemoryEdit &edit, const Error &error);
    void openTypedModel();
    void edit(const PinStep &step, Way way);
    void showSelected();
    void showState();
    void showCounts();
    void enableActions();
    void showEmptyState();
    void arrange();
    void chooseExportPath();
    [[nodiscard]] std::vector<MemoryEvent> shownEvents() const;
    void forget(const QString &source);

    ui::EngineSession &m_session;
    MemoryFeed *m_feed;
    MemoryModel *m_events;
    std::optional<MemoryStatus> m_status; ///< of the last answer; none: no answer yet
    std::optional<Error> m_noMemory;      ///< why the model has none
    Tiers m_tiers;
    quint64 m_specNumber = 0;
    double m_answeredAt = 0;
    qint64 m_selectedId = 0;
    std::vector<PinStep> m_done, m_undone;
    std::optional<std::pair<PinStep, Way>> m_pending;

    ui::ModelChooser *m_chooser;
    ui::UnitLineEdit *m_typed;
    ui::ToneLabel *m_typedError, *m_asOf, *m_occupancy, *m_counts, *m_refusal, *m_shownCount;
    TierCards *m_cards;
    OccupancyBar *m_bar;
    MemoryStrip *m_strip;
    QLineEdit *m_filter;
    MemoryTable *m_table;
    QBoxLayout *m_countsRow;
    QStackedWidget *m_left, *m_right;
    QWidget *m_side;
    ui::EmptyState *m_empty;
    QPushButton *m_emptyOpen, *m_emptyAgain, *m_emptyRead;
    ui::SegmentedChoice *m_tabs;
    EventDetails *m_details;
    ReadsPane *m_reads;
    QSplitter *m_splitter;
    QToolButton *m_undo, *m_refresh, *m_copy, *m_type;
    QAction *m_pinAction, *m_pinCommand, *m_forgetCommand;
    QList<QAction *> m_exportActions;
    QPointer<QWidget> m_question;
    bool m_isTaking = false;
    bool m_isNarrow = false;
};

} // namespace orrery::memory_ui
