// SPDX-License-Identifier: GPL-3.0-or-later
// Attention, live while a language model trains: all layers × heads, one head, one row, and which modality
// looks at which; over the kept steps of a training or of a text that the model is asked to read now; with a
// difference to another step and with the effect of leaving a head out. Follows and sets the window's one
// selection. Owns no run data but what it shows. GUI thread only.
#pragma once

#include "widgets/attention/attention_place.h"
#include "widgets/attention/document_media.h"
#include "widgets/attention/head_side.h"
#include "widgets/attention/snapshot.h"
#include "widgets/common/panel_frame.h"
#include "widgets/session/engine_session.h"
#include "widgets/session/selection.h"

#include <QRectF>
#include <QTimer>

#include <optional>
#include <vector>

class QAction;
class QPushButton;
class QStackedWidget;
class QToolButton;

namespace orrery::ui {

class AskedBase;
class AttentionStage;
class Breadcrumbs;
class ElidedLabel;
class EmptyState;
class ExactCells;
class FlowHistory;
class FrameFeed;
class MapsQuestion;
class ModelQuestion;
class NextWords;
class ProbePrompts;
class PromptBar;
class Scrubber;
class StarredHeads;
class TokenStrip;
class ToneLabel;
class WrappedLabel;
struct ArraysPage;
struct FigurePage;
struct HeadContent;
struct OverviewContent;

class AttentionPanel : public PanelFrame {
    Q_OBJECT
public:
    /// Cells a side of a map that is asked for: finer than a screen, and four heads fit into one answer.
    static constexpr int64_t kMaxEdge = 1024;

    /// @param session must outlive the panel
    explicit AttentionPanel(EngineSession &session, QWidget *parent = nullptr);
    ~AttentionPanel() override;

    /// Id of a run; empty: none. A text that was selected elsewhere stays when it is of this run.
    void setRun(const QString &run);
    [[nodiscard]] const QString &run() const { return m_run; }
    /// Null: none. It must outlive the panel or be taken away again.
    void setSelection(Selection *selection);
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
    /// @error InvalidInput, Io: as saveFigure(), saveTextFile() and saveArrays()
    Result<void> save(const QString &path) const; ///< .png, .svg, .pdf, .csv, .npz; all of it, before it returns

    /// How this panel shows what it shows; a second one beside it takes the same.
    [[nodiscard]] AttentionLook look() const;
    void setLook(const AttentionLook &look);
    /// The colours of differences end there at least.
    void setLeastLimits(const DifferenceLimits &limits);
    [[nodiscard]] DifferenceLimits limits() const; ///< where they would end by themselves
    void setDifference(bool isDifference);
    [[nodiscard]] bool isDifference() const { return m_isDifference; }
    /// What differences are taken from: a kept step, or what other weights answered; null: nothing (yet).
    [[nodiscard]] SnapshotPtr base() const;
    /// Whose answer an answer is compared with; empty: there is nobody.
    [[nodiscard]] QString baseModel() const;
    void setBaseModel(const QString &model);
    [[nodiscard]] int numTokens() const; ///< of what is shown
    /// The kept steps of another probe prompt. @param prompt as PromptBar::prompt()
    void choosePrompt(int prompt);
    [[nodiscard]] QToolButton *besideButton() const { return m_beside; }
    [[nodiscard]] const StarredHeads *stars() const { return m_stars; }

Q_SIGNALS:
    void newRunRequested(); ///< from the empty state
    void placeChanged();    ///< place() is another one
    void lookChanged();     ///< look(), the difference or its limit
    void besideRequested(); ///< a second panel
    void refreshed();       ///< what is pending was drawn

protected:
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    void makeParts();     // attention_layout.cpp
    void makeTitleRow();  // attention_layout.cpp
    void makeShortcuts(); // attention_layout.cpp
    void connectParts();  // attention_layout.cpp
    void connectStage();  // attention_layout.cpp

    void readRun();
    void readStatus();
    void readPrompts();
    void findValidationText();
    void onRunUpdated(const RunUpdate &update);
    void scheduleRefresh();

    void refresh();                                                              // attention_show.cpp
    void refreshOverview(const SnapshotPtr &now);                                // attention_show.cpp
    void refreshModalities(const SnapshotPtr &now);                              // attention_show.cpp
    void refreshHead(const SnapshotPtr &now);                                    // attention_show.cpp
    void refreshThumbnails(const SnapshotPtr &now);                              // attention_media.cpp
    void refreshMediaNote(const SnapshotPtr &now);                               // attention_media.cpp
    [[nodiscard]] SampleMediaPtr shownSample(const SnapshotPtr &now) const;      // attention_media.cpp
    [[nodiscard]] std::optional<int> picturedDocument() const;                   // attention_media.cpp
    [[nodiscard]] QString mediaReason(bool hasPictures, bool hasRecordings) const; // attention_media.cpp
    [[nodiscard]] QString mediaSource(int document, const SampleMedia &sample) const; // attention_media.cpp
    void refreshPinned();                                                        // attention_show.cpp
    void refreshRow();                                                           // attention_show.cpp
    void refreshCrumbs();                                                        // attention_show.cpp
    void refreshNext();                                                          // attention_show.cpp
    void refreshWords(const SnapshotPtr &now);                                   // attention_show.cpp
    void refreshState();                                                         // attention_show.cpp
    void refreshEmpty();                                                         // attention_show.cpp
    [[nodiscard]] SnapshotPtr allHeads(const SnapshotPtr &now) const;            // attention_content.cpp
    [[nodiscard]] OverviewContent overviewContent(const SnapshotPtr &now) const; // attention_content.cpp
    [[nodiscard]] HeadContent headContent(const SnapshotPtr &now) const;         // attention_content.cpp
    [[nodiscard]] std::vector<HeadRef> openHeads() const;                        // attention_content.cpp
    [[nodiscard]] std::vector<HeadRef> shownHeads() const;                       // attention_content.cpp
    [[nodiscard]] int rowOfToken(int token) const;                               // attention_show.cpp

    void replacePlace(const AttentionPlace &place); ///< without an entry in the history
    void setLevel(StageLevel level);                // attention_place.cpp, and what follows
    void openHead(const HeadRef &head);
    void openOverlay();
    void stepHead(int by);
    void up();
    void moveInHistory(int by);
    void pinToken(int token);
    void toggleStars(); ///< of the open heads
    void refreshStars();

    void connectQuestions(); // attention_questions.cpp, and what follows
    [[nodiscard]] std::optional<GenerateRequest> chosenText() const;
    [[nodiscard]] GenerateRequest askedText() const;
    void onPromptChosen(int prompt);
    void backToKept();
    void askForOpenHeads();
    [[nodiscard]] bool isSaidBy(const QString &model) const;
    [[nodiscard]] bool isSaid() const; ///< what is shown is read with what was remembered when it was said
    void tellOfMemory(const InspectReport &report);
    [[nodiscard]] QString ablationModel(const InspectReport &report) const;
    [[nodiscard]] QString titleOf(const QString &model) const; ///< by its run's name
    [[nodiscard]] bool isInWindow(int token) const;
    void ablateHeads(const std::vector<HeadRef> &heads);
    void askWaitingAblation();
    void dropAblation();

    void connectKeeping(); // attention_keep.cpp, and what follows
    [[nodiscard]] Result<QString> textToKeep() const;
    void refreshKeep();
    void keepText();
    [[nodiscard]] QString cutNote(const SnapshotPtr &now) const;

    void connectComparison(); // attention_compare.cpp, and what follows
    [[nodiscard]] QList<std::pair<QString, QString>> baseModels() const; ///< what they are called, and they
    [[nodiscard]] bool wantsBase() const;
    void askForBase();
    void cancelBase();
    void refreshProgress();
    void refreshBases();
    [[nodiscard]] bool hasCoarseCells() const;
    void refreshChoices();
    void askForCells();
    [[nodiscard]] HeadContent fineContent() const; ///< without heads: there are none

    void takeFocus(const Focus &focus); // attention_selection.cpp, and what follows
    void openWaitingFocus();
    void pinFocus(const Focus &focus);
    void tellSelection();
    [[nodiscard]] std::shared_ptr<const GenerateRequest> shownText();
    [[nodiscard]] std::optional<int32_t> shownDocument() const;                    // attention_selection.cpp
    [[nodiscard]] QString answeringModel() const;
    [[nodiscard]] QString askedModel() const; ///< of the question under way; else of the answer that is shown

    void offerExport(); // attention_save.cpp, and what follows
    Result<void> saveLater(const QString &path);
    [[nodiscard]] FigurePage figurePage(OverviewContent &overview, HeadContent &head) const;
    [[nodiscard]] ArraysPage arraysPage() const;
    [[nodiscard]] HeadContent takenContent() const; ///< the map as it is seen: more cells of a part, where they are
    [[nodiscard]] QString title() const;            ///< of an export
    [[nodiscard]] QImage image() const;

    void offerTools(); // attention_taking.cpp, and what follows
    [[nodiscard]] QString savedModel() const;
    /// What the command was written for: the buttons ask for it several times a second.
    struct Commanded {
        SnapshotPtr now;
        std::shared_ptr<const GenerateRequest> selected;
        std::optional<int32_t> document;
        QString model, text;
        StageLevel level = StageLevel::Overview;
        std::vector<HeadRef> heads, ablated;
        QStringList kept; ///< of a step that was kept: options of inspect frames
        int64_t token = -1;
        bool operator==(const Commanded &) const = default;
    };
    [[nodiscard]] QStringList keptOptions() const;
    [[nodiscard]] QString makeCommand(const Commanded &wanted) const;
    [[nodiscard]] bool isWindow() const;
    [[nodiscard]] std::ptrdiff_t numWindowAnswerIds() const;
    [[nodiscard]] QString sentence() const;
    [[nodiscard]] QVariantMap viewState() const;
    void restoreView(const QVariantMap &state);
    void restoreText(const QVariantMap &state, const AttentionPlace &where);
    void restoreZoom();

    EngineSession &m_session;
    QString m_run;
    RunStatus m_status;
    std::vector<CheckpointInfo> m_checkpoints;
    quint64 m_generation = 0; ///< of setRun

    FrameFeed *m_feed;
    FlowHistory *m_flows;
    MapsQuestion *m_question;
    ModelQuestion *m_ablationQuestion;
    AskedBase *m_askedBase;
    ExactCells *m_cells;
    NextWords *m_nextWords;
    StarredHeads *m_stars;
    ProbePrompts *m_probes;
    QAction *m_star = nullptr, *m_keep = nullptr;
    SnapshotPtr m_keptShown, m_asked;
    /// Who gave m_asked, and to what; a question since may be about others, or have failed.
    QString m_askedModel;
    InspectRequest m_askedRequest;
    std::optional<Ablation> m_ablation;
    std::vector<AttentionPlace> m_history{AttentionPlace{}};
    int m_historyAt = 0;
    DifferenceLimits m_leastLimits;
    bool m_isDifference = false;
    bool m_isPromptChosen = false; ///< by the user, of this run
    bool m_isOwnText = false;      ///< and kept steps are of another one
    QString m_keptText;            ///< what Undo takes from what the run keeps
    std::vector<HeadRef> m_waitingAblation; ///< of a link: without these
    QString m_baseModel;           ///< that was chosen
    QString m_saving;              ///< name of a file that a worker writes
    enum class Failed : uint8_t { None, Frames, Question, Ablation, Base, Keeping } m_failed = Failed::None;

    Selection *m_selection = nullptr;
    Focus m_focus;         ///< what the selection and this panel agree on
    Focus m_selectedFocus; ///< what was opened last for the selection
    std::optional<Focus> m_waitingFocus;
    std::shared_ptr<const GenerateRequest> m_selectedText, m_shownText;
    std::shared_ptr<const GenerateRequest> m_toldOf; ///< that its memory is not there
    bool m_isTakingFocus = false;
    std::optional<int> m_waitingPrompt;
    std::vector<QImage> m_thumbnails; ///< of the tokens of a text with pictures or recordings
    std::shared_ptr<const GenerateRequest> m_thumbnailsOf;
    SampleMediaPtr m_thumbnailsBy;
    int m_sampleEvery = -1; ///< probes.every of the run; -1: not known
    bool m_hasSamplePrompts = true;
    DocumentMedia m_documents;
    QRectF m_waitingZoom; ///< tokens of a link, for a map that is still to come
    QString m_waitingModel;

    /// What the large map shows, so that it is made again only when it is another one.
    struct Drawn {
        SnapshotPtr now, base, detail, baseDetail;
        SampleMediaPtr sample;
        std::vector<HeadRef> heads;
        AttentionLook look;
        double leastLimit = 0;
        bool operator==(const Drawn &) const = default;
    } m_drawn;
    Granularity m_fineGranularity = Granularity::Token; ///< of the more cells that are shown

    mutable std::optional<Commanded> m_commanded;
    mutable QString m_command;

    Breadcrumbs *m_crumbs = nullptr;
    ElidedLabel *m_state = nullptr;
    ToneLabel *m_note = nullptr;
    PromptBar *m_prompts = nullptr;
    TokenStrip *m_strip = nullptr;
    ElidedLabel *m_mediaNote = nullptr;
    WrappedLabel *m_saidNote = nullptr; ///< how the text of an answer was read
    QStackedWidget *m_pages = nullptr;
    EmptyState *m_empty = nullptr;
    QPushButton *m_emptyAsk = nullptr, *m_emptyNewRun = nullptr;
    AttentionStage *m_stage = nullptr;
    Scrubber *m_scrubber = nullptr;
    QPushButton *m_ablate = nullptr, *m_backToKept = nullptr;
    QToolButton *m_beside = nullptr;
    QWidget *m_foot = nullptr;
    QTimer m_refreshTimer, m_ageTimer, m_cellsTimer;
    bool m_needsRefresh = false;
};

} // namespace orrery::ui
