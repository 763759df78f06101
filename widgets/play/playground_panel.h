// SPDX-License-Identifier: GPL-3.0-or-later
// Talking to a model: choose it, write a prompt, watch the tokens come with their probabilities, look at the
// alternatives, keep every version. GUI thread only.
#pragma once

#include "widgets/common/panel_frame.h"
#include "widgets/play/conversation_model.h"
#include "widgets/play/generation_version.h"

class QMenu;
class QPlainTextEdit;
class QPushButton;
class QStackedWidget;
class QToolButton;

namespace orrery::ui {

class AttachmentBar;
class Banner;
class CandidateView;
class ConversationPane;
class ElidedLabel;
class EmptyState;
class GenerationRunner;
class ModelChooser;
class PromptEdit;
class SamplingForm;
class SegmentedChoice;
class TokenView;
class ToneLabel;
struct AnswerSettings;

enum class PlayMode : uint8_t { Continue, Infill, Converse };

class PlaygroundPanel : public PanelFrame {
    Q_OBJECT
public:
    explicit PlaygroundPanel(EngineSession &session, QWidget *parent = nullptr);
    ~PlaygroundPanel() override;
    void setRun(const QString &run);
    /// "run@step", run id or model directory.
    void setModel(const QString &model);
    [[nodiscard]] QString model() const;
    [[nodiscard]] bool isGenerating() const;
    /// Versions of prompts that were continued or filled; those of an answer are the conversation's.
    [[nodiscard]] int numVersions() const { return static_cast<int>(m_versions.size()); }
    [[nodiscard]] int currentVersion() const { return m_shown; }
    void showVersion(int index);
    [[nodiscard]] QString command() const; ///< what "Copy as command" copies
    [[nodiscard]] QString draftJson() const;
    void restoreDraft(const QString &json);

    [[nodiscard]] TokenView *transcript() const { return m_view; }
    [[nodiscard]] CandidateView *candidates() const { return m_candidates; }
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
    [[nodiscard]] bool isInfill() const { return mode() == PlayMode::Infill; }
    void setInfill(bool isInfill) { setMode(isInfill ? PlayMode::Infill : PlayMode::Continue); }
    [[nodiscard]] ConversationPane *conversation() const { return m_conversation; }
    /// The next turn of the user, or what is edited; only there in a conversation.
    [[nodiscard]] QPlainTextEdit *messageEditor() const;
    /// Its pictures and recordings.
    [[nodiscard]] AttachmentBar *messageAttachments() const { return m_messageAttachments; }
    [[nodiscard]] Banner *noteBanner() const { return m_note; }
    [[nodiscard]] QString statusText() const;

public Q_SLOTS:
    void generate(); ///< continues, fills or sends
    void stop();
    /// The shown version's prompt and model again, or the last answer with the chosen model; with another
    /// seed.
    void regenerate();

Q_SIGNALS:
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
    void startGeneration(const QString &model, const QString &title, const GenerateRequest &request);
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
    void updateConversation();
    void updateNote();
    void updateStatus();
    void goUp(); ///< Esc
    void undo();
    [[nodiscard]] bool isConversation() const { return mode() == PlayMode::Converse; }
    [[nodiscard]] QPlainTextEdit *mainEditor() const;
    [[nodiscard]] GenerateRequest request() const;     ///< of the prompt
    [[nodiscard]] GenerateRequest textRequest() const; ///< without what is attached or said in turns
    [[nodiscard]] AnswerSettings answerSettings() const;
    [[nodiscard]] VersionPtr shown() const; ///< null: none

    EngineSession &m_session;
    GenerationRunner *m_runner;
    ModelChooser *m_chooser;
    Banner *m_note;
    QStackedWidget *m_stack, *m_transcripts;
    EmptyState *m_noModel;
    TokenView *m_view;
    ConversationPane *m_conversation;
    CandidateView *m_candidates;
    SamplingForm *m_sampling;
    SegmentedChoice *m_mode;
    PromptEdit *m_prompt;
    QPlainTextEdit *m_after;
    PromptEdit *m_message;
    AttachmentBar *m_attachments, *m_messageAttachments; ///< of the prompt, of the next turn
    ToneLabel *m_promptLabel, *m_afterLabel, *m_messageLabel;
    QWidget *m_promptBox, *m_afterBox, *m_messageBox;
    QPushButton *m_generate, *m_stop, *m_cancelEdit;
    QToolButton *m_regenerate, *m_copy, *m_copyCommand, *m_color, *m_earlier, *m_later;
    QToolButton *m_undo, *m_newConversation, *m_system; ///< of a conversation
    QToolButton *m_attach;
    QMenu *m_copyMenu;
    ElidedLabel *m_editNote;
    QWidget *m_talkTools, *m_legend;
    ToneLabel *m_versionLabel;
    ElidedLabel *m_status;
    std::vector<VersionPtr> m_versions;
    Said m_messageAside; ///< the draft while another turn is edited
    int m_shown = -1;
};

} // namespace orrery::ui
