// SPDX-License-Identifier: GPL-3.0-or-later
// Talking to a model: choose it, write a prompt, watch the tokens come with their probabilities, look at the
// alternatives, branch from any token, keep every version. GUI thread only.
#pragma once

#include "widgets/common/panel_frame.h"
#include "widgets/play/conversation_model.h"
#include "widgets/play/generation_version.h"
#include "widgets/play/play_mode.h"

#include <QPointer>

#include <set>

class QMenu;
class QPlainTextEdit;
class QPushButton;
class QSplitter;
class QStackedWidget;
class QAction;
class QToolButton;

namespace orrery::ui {

class AnswerMedia;
class AttachmentBar;
class Banner;
class CandidateView;
class SideBySidePane;
class ConversationPane;
class ElidedLabel;
class EmptyState;
class GenerationRunner;
class ManualSampler;
class ModelChooser;
class PrefixModels;
class PromptArchive;
class PromptEdit;
class SamplingForm;
class SegmentedChoice;
class Selection;
class SessionKeeper;
class TokenView;
class TokensPane;
class ToneLabel;
class TranscriptSaver;
class VersionView;
class WrappedLabel;
struct AnswerSettings;
struct Focus;
struct SessionState;
struct Transcript;

class PlaygroundPanel : public PanelFrame {
    Q_OBJECT
public:
    explicit PlaygroundPanel(EngineSession &session, QWidget *parent = nullptr);
    ~PlaygroundPanel() override;
    void setRun(const QString &run);
    /// "run@step", run id or model directory.
    void setModel(const QString &model);
    [[nodiscard]] QString model() const;
    /// What the window looks at: a token that is locked here is set there, and the other way round. Outlives
    /// the panel, or null.
    void setSelection(Selection *selection);
    [[nodiscard]] bool isGenerating() const;
    /// A person is choosing the tokens of the version that is shown.
    [[nodiscard]] bool isChoosing() const;
    /// Versions of prompts that were continued or filled; those of an answer are the conversation's.
    [[nodiscard]] int numVersions() const { return static_cast<int>(m_versions.size()); }
    [[nodiscard]] int currentVersion() const { return m_shown; }
    void showVersion(int index);
    [[nodiscard]] QString command() const; ///< what "Copy as command" copies
    /// Where what stands here is kept; outlives the panel. Without one nothing is.
    void setArchive(PromptArchive &archive);
    [[nodiscard]] SessionKeeper *keeper() const { return m_keeper; } ///< null without an archive
    [[nodiscard]] SessionState state() const;
    /// In place of what stands here; what is still coming ends.
    void setState(const SessionState &state);
    /// All of it, as a session file has it (session_file.h).
    [[nodiscard]] QString sessionJson() const;
    /// The same, or a draft of an older program. @return whether it was one of them; else nothing changes
    bool restoreJson(const QString &json);

    [[nodiscard]] TokenView *transcript() const { return m_view; }
    [[nodiscard]] CandidateView *candidates() const { return m_candidates; }
    [[nodiscard]] VersionView *versionView() const { return m_versionView; }
    [[nodiscard]] ManualSampler *manual() const { return m_manual; }
    [[nodiscard]] SamplingForm *sampling() const { return m_sampling; }
    [[nodiscard]] ModelChooser *chooser() const { return m_chooser; }
    [[nodiscard]] QPlainTextEdit *promptEditor() const;
    /// Pictures and recordings before the prompt; only there when one is continued.
    [[nodiscard]] AttachmentBar *attachments() const { return m_attachments; }
    /// Text behind the hole; only there in infill mode.
    [[nodiscard]] QPlainTextEdit *afterEditor() const { return m_after; }
    [[nodiscard]] SegmentedChoice *modeChoice() const { return m_mode; }
    [[nodiscard]] PlayMode mode() const;
    void setMode(PlayMode mode);
    /// The same prompt and seed for these, side by side. @param models two or three runs, RUN@step or model directories
    void compareModels(const QStringList &models);
    [[nodiscard]] bool isInfill() const { return mode() == PlayMode::Infill; }
    void setInfill(bool isInfill) { setMode(isInfill ? PlayMode::Infill : PlayMode::Continue); }
    [[nodiscard]] ConversationPane *conversation() const { return m_conversation; }
    /// Columns side by side; null until that mode was chosen for the first time.
    [[nodiscard]] SideBySidePane *comparison() const { return m_compare; }
    /// The next turn of the user, or what is edited; only there in a conversation.
    [[nodiscard]] QPlainTextEdit *messageEditor() const;
    /// Its pictures and recordings.
    [[nodiscard]] AttachmentBar *messageAttachments() const { return m_messageAttachments; }
    [[nodiscard]] Banner *noteBanner() const { return m_note; }
    [[nodiscard]] QString statusText() const { return m_statusText; }

    /// Another version of the one that the focus tells of, shown or not, with a token in the place of the one
    /// behind what is looked at. @error NotFound: it is there no more; InvalidInput: nothing was said there;
    /// Unavailable: where that is cannot be told yet
    Result<void> branch(const Focus &focus, const TokenAlternative &chosen);

public Q_SLOTS:
    void generate(); ///< continues, fills or sends
    void focusComposer();
    void stop();
    /// The shown version's prompt and model again, or the last answer with the chosen model; with another
    /// seed.
    void regenerate();
    /// Another version that goes on from the current token: with a candidate in its place, or behind it.
    void branch(const orrery::TokenAlternative &chosen);
    void goOnFromHere();
    void lookInside(); ///< the current token, in the other panels

Q_SIGNALS:
    void inspectRequested(); ///< the selection says what
    void newRunRequested();
    void draftChanged();

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    QWidget *makeTranscript();
    QWidget *makeComposer();
    QWidget *makeComposerHead(QWidget *parent);
    QWidget *makeComposerText(ToneLabel *&label, QPlainTextEdit *editor, const char *name);
    void connectAttachments();
    void connectEditing();
    /// Where files go now: to the prompt or the turn; null: nowhere.
    [[nodiscard]] AttachmentBar *attachmentTarget() const;
    [[nodiscard]] Said message() const;
    void chooseAttachments();
    void showAttachments();
    QLayout *makeComposerButtons(QWidget *parent);
    QWidget *makeSide();
    QWidget *makeToolRow();
    void connectToolRow();
    QWidget *makeConversationTools(QWidget *parent);
    void makeShortcuts();
    void connectParts();
    /// A token of an answer that is shown.
    struct TokenPlace {
        VersionPtr version; ///< null: none
        int token = -1;
        int row = -1; ///< of a conversation
    };
    [[nodiscard]] TokenPlace currentPlace() const;
    [[nodiscard]] TokenPlace lastPlace() const;
    void connectBranching();
    void connectManual();
    void branchAt(const TokenPlace &place, const TokenAlternative &chosen);
    void startBranch(const TokenPlace &place, const VersionPtr &version);
    int showPath(const std::vector<VersionPtr> &path); ///< row in the conversation; −1: of a prompt
    void addBranchActions(QMenu *menu);
    void letGoOn();                                             ///< behind the tokens that were chosen
    [[nodiscard]] std::vector<VersionPtr> treeVersions() const; ///< of the question or answer that is shown
    void updateVersions();
    void showTreeVersion(int index);
    void removeTreeVersion(int index);
    void bringBackVersion();
    [[nodiscard]] Focus focusOf(const TokenPlace &place) const;
    void publishFocus(const TokenPlace &place);
    void takeFocus(const Focus &focus, QObject *by);
    void connectFrame(); ///< export, link, command, help
    Result<void> startSaving(TranscriptSaver &saver, const QString &path);
    [[nodiscard]] Transcript transcriptToSave() const;
    [[nodiscard]] QVariantMap viewState() const; // playground_link.cpp, and what follows
    void restoreView(const QVariantMap &link);
    void addAnswer(QVariantMap &state) const;
    [[nodiscard]] bool replacesWork(const QVariantMap &link) const;
    void showLink(const QVariantMap &link);
    void showLinkedAnswer(const QVariantMap &link);
    void restoreVersions(const SessionState &state);
    void connectKeeper();
    void newSession();
    void startVersion(const VersionPtr &version);
    void ask(const VersionPtr &version, const GenerateRequest &request);
    void send();
    void answerAgain(); ///< of the conversation
    void tryAgain();
    void forgetOldVersions();
    void takeTokens(const std::vector<GeneratedToken> &tokens);
    void showEnd();
    void stepVersion(int by);
    void showCurrent();
    void showMode();
    void showError();
    void updateState();
    void updateGenerate(bool isConnected, bool hasModel);
    void updateRegenerate(bool isConnected, bool hasModel);
    void updateActions(); // playground_frame.cpp
    void updateWhole();   ///< whether the prompt can be seen whole
    void updateConversation();
    void updateNote();
    void updateStatus();
    void updateEmpty(); ///< what stands where the answer will
    void goUp(); ///< Esc
    void undo();
    [[nodiscard]] bool isConversation() const { return mode() == PlayMode::Converse; }
    [[nodiscard]] bool isComparing() const { return m_compare && mode() == PlayMode::Compare; }
    SideBySidePane *ensureComparison(); // playground_compare.cpp
    void compare();
    [[nodiscard]] QString compareCommand() const;
    [[nodiscard]] TokenView *currentView() const; ///< not of a conversation
    [[nodiscard]] QPlainTextEdit *mainEditor() const;
    void showTokens(); ///< as far as they are wanted
    [[nodiscard]] GenerateRequest request() const;     ///< of the prompt
    [[nodiscard]] GenerateRequest textRequest() const; ///< without what is attached or said in turns
    [[nodiscard]] AnswerSettings answerSettings() const;
    [[nodiscard]] bool isTooLongForCommand() const;
    [[nodiscard]] VersionPtr shown() const; ///< null: none
    void fillView(); ///< with more of a long version
    void readAskedFiles(const VersionPtr &version); ///< of a kept session; playground_session.cpp

    EngineSession &m_session;
    GenerationRunner *m_runner;
    ModelChooser *m_chooser;
    Banner *m_note;
    QStackedWidget *m_stack, *m_transcripts;
    EmptyState *m_noModel, *m_noAnswer;
    TokenView *m_view;
    ConversationPane *m_conversation;
    SideBySidePane *m_compare = nullptr;
    CandidateView *m_candidates;
    QSplitter *m_lists; ///< of versions and candidates
    VersionView *m_versionView;
    ManualSampler *m_manual;
    SessionKeeper *m_keeper = nullptr;
    SamplingForm *m_sampling;
    PrefixModels *m_prefixModels;
    SegmentedChoice *m_mode;
    PromptEdit *m_prompt;
    QPlainTextEdit *m_after;
    PromptEdit *m_message;
    AttachmentBar *m_attachments, *m_messageAttachments; ///< of the prompt, of the next turn
    ToneLabel *m_promptLabel, *m_afterLabel, *m_messageLabel;
    QWidget *m_promptBox, *m_afterBox, *m_messageBox;
    QPushButton *m_generate, *m_stop, *m_cancelEdit;
    QToolButton *m_regenerate, *m_copy, *m_color, *m_earlier, *m_later;
    QToolButton *m_undo, *m_newConversation, *m_system; ///< of a conversation
    QToolButton *m_attach;
    QToolButton *m_showTokens;
    TokensPane *m_tokens; ///< of the text that is being written
    QAction *m_newAction = nullptr, *m_undoAction = nullptr, *m_redoAction = nullptr, *m_upAction = nullptr;
    QMenu *m_copyMenu;
    ElidedLabel *m_editNote;
    QWidget *m_talkTools, *m_legend;
    ToneLabel *m_versionLabel;
    WrappedLabel *m_status;
    QString m_statusText; ///< of it, as it is in one line
    AnswerMedia *m_answerMedia;
    std::vector<VersionPtr> m_versions;
    struct RemovedVersion {
        VersionPtr version;
        int index;
    };
    std::vector<RemovedVersion> m_removed; ///< of m_versions, to bring back
    std::set<AttachmentPtr> m_asked;       ///< of kept answers, being read
    QPointer<Selection> m_selection;
    bool m_isTakingFocus = false, m_isCommandStale = true, m_hasOwnListSizes = false;
    QString m_command;   ///< as the frame was told last
    Said m_messageAside; ///< what was being written while another turn is edited
    int m_shown = -1;
    std::weak_ptr<GenerationVersion> m_filling; ///< a long version of which the view has only the beginning
    qint64 m_numDropped = 0; ///< characters that a draft of an older program was too small for
};

} // namespace orrery::ui
