// SPDX-License-Identifier: GPL-3.0-or-later
// Attention, live while a language model trains: all layers × heads, one head, one row; over the kept steps
// of a training or of a text that the model is asked to read now; with a difference to another step and with
// the effect of leaving a head out. Owns no run data but what it shows. GUI thread only.
#pragma once

#include "widgets/attention/attention_stage.h"
#include "widgets/attention/head_side.h"
#include "widgets/attention/snapshot.h"
#include "widgets/common/panel_frame.h"
#include "widgets/session/engine_session.h"

#include <QTimer>

#include <optional>
#include <vector>

class QLabel;
class QPushButton;
class QStackedWidget;
class QToolButton;

namespace orrery::ui {

class Breadcrumbs;
class ElidedLabel;
class EmptyState;
class FrameFeed;
class ModelQuestion;
class PromptBar;
class Scrubber;
class TokenStrip;
class ToneLabel;
struct FigurePage;
struct HeadContent;
struct OverviewContent;

/// Where a person looks; back and forward go through these.
struct AttentionPlace {
    StageLevel level = StageLevel::Overview;
    HeadRef head;
    std::vector<HeadRef> overlay; ///< more than one: these over each other
    int pinnedToken = -1;
    bool operator==(const AttentionPlace &) const = default;
};

class AttentionPanel : public PanelFrame {
    Q_OBJECT
public:
    /// @param session must outlive the panel
    explicit AttentionPanel(EngineSession &session, QWidget *parent = nullptr);
    ~AttentionPanel() override;

    /// Id of a run; empty: none.
    void setRun(const QString &run);
    [[nodiscard]] const QString &run() const { return m_run; }
    [[nodiscard]] const AttentionPlace &place() const { return m_history[size_t(m_historyAt)]; }
    void goTo(const AttentionPlace &place);
    /// What is shown now; null: nothing.
    [[nodiscard]] SnapshotPtr snapshot() const { return m_asked || m_isOwnText ? m_asked : m_keptShown; }
    [[nodiscard]] FrameFeed *feed() const { return m_feed; }
    [[nodiscard]] AttentionStage *stage() const { return m_stage; }
    [[nodiscard]] Scrubber *scrubber() const { return m_scrubber; }
    [[nodiscard]] PromptBar *promptBar() const { return m_prompts; }
    [[nodiscard]] TokenStrip *strip() const { return m_strip; }
    void askModel();                       ///< exact maps of the chosen text by the chosen weights
    void ablate();                         ///< what the model would say without the open head
    [[nodiscard]] QString command() const; ///< the command-line twin of what is shown, of a saved step
    [[nodiscard]] QString table() const;   ///< what is shown as CSV; empty: nothing is
    /// Draws now what is pending; otherwise it happens within a few milliseconds.
    void flush();
    /// @error InvalidInput, Io: as saveFigure and saveText
    Result<void> save(const QString &path) const; ///< .png, .svg, .pdf, .csv

Q_SIGNALS:
    void newRunRequested(); ///< from the empty state

protected:
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    void makeParts();     // attention_layout.cpp
    void makeTitleRow();  // attention_layout.cpp
    void makeShortcuts(); // attention_layout.cpp
    void connectParts();
    void connectQuestions();

    void readRun();
    void readStatus();
    void readPrompts();
    void findValidationText();
    void onPromptChosen(int prompt);
    void backToKept();

    void scheduleRefresh();
    void refresh();
    void refreshOverview(const SnapshotPtr &now);                                // attention_show.cpp
    void refreshHead(const SnapshotPtr &now);                                    // attention_show.cpp
    void refreshRow();                                                           // attention_show.cpp
    void refreshCrumbs();                                                        // attention_show.cpp
    void refreshNext();                                                          // attention_show.cpp
    void refreshState();                                                         // attention_show.cpp
    void refreshEmpty();                                                         // attention_show.cpp
    [[nodiscard]] OverviewContent overviewContent(const SnapshotPtr &now) const; // attention_show.cpp
    [[nodiscard]] HeadContent headContent(const SnapshotPtr &now) const;         // attention_show.cpp
    [[nodiscard]] std::vector<HeadRef> openHeads() const;                        // attention_show.cpp
    [[nodiscard]] FigurePage figurePage(OverviewContent &overview, HeadContent &head) const;
    [[nodiscard]] QString title() const; ///< of an export

    void replacePlace(const AttentionPlace &place); ///< without an entry in the history
    void openHead(const HeadRef &head);
    void openOverlay();
    void stepHead(int by);
    void up();
    void moveInHistory(int by);
    void pinToken(int token);
    [[nodiscard]] int rowOfToken(int token) const;
    [[nodiscard]] QString savedModel() const;
    void askForOpenHeads();
    void dropAblation();
    void saveAs();
    void copyImage();
    void setDifference(bool isDifference);

    EngineSession &m_session;
    QString m_run;
    RunStatus m_status;
    std::vector<CheckpointInfo> m_checkpoints;
    quint64 m_generation = 0; ///< of setRun

    FrameFeed *m_feed;
    ModelQuestion *m_question, *m_ablationQuestion;
    SnapshotPtr m_keptShown, m_asked;
    std::optional<Ablation> m_ablation;
    std::vector<AttentionPlace> m_history{AttentionPlace{}};
    int m_historyAt = 0;
    bool m_isDifference = false;
    bool m_isPromptChosen = false; ///< by the user, of this run
    bool m_isOwnText = false; ///< and kept steps are of another one
    enum class Failed : uint8_t { None, Frames, Question, Ablation } m_failed = Failed::None;

    Breadcrumbs *m_crumbs = nullptr;
    ElidedLabel *m_state = nullptr;
    ToneLabel *m_note = nullptr;
    QToolButton *m_export = nullptr, *m_copyCommand = nullptr;
    PromptBar *m_prompts = nullptr;
    TokenStrip *m_strip = nullptr;
    QStackedWidget *m_pages = nullptr;
    EmptyState *m_empty = nullptr;
    QPushButton *m_emptyAsk = nullptr, *m_emptyNewRun = nullptr;
    AttentionStage *m_stage = nullptr;
    Scrubber *m_scrubber = nullptr;
    QPushButton *m_ablate = nullptr, *m_backToKept = nullptr;
    QWidget *m_foot = nullptr;
    QTimer m_refreshTimer, m_ageTimer;
    bool m_needsRefresh = false;
};

} // namespace orrery::ui
