// SPDX-License-Identifier: GPL-3.0-or-later
// A conversation with a model: shows the turns, sends new ones, edits, deletes and undoes. The composer and
// the buttons around it are the playground's. GUI thread only.
#pragma once

#include "widgets/play/conversation_model.h"

#include <QWidget>

#include <functional>

class QStackedWidget;

namespace orrery::ui {

class ConversationView;
class EmptyState;
class GenerationRunner;

/// Who is asked, and how.
struct AnswerSettings {
    QString model, modelTitle;
    SamplingSettings sampling;
    QString exactModel = {}; ///< the same with its step, as far as that is known
};

class ConversationPane : public QWidget {
    Q_OBJECT
public:
    /// What the composer's text is for.
    enum class Editing : uint8_t { NewTurn, UserTurn, SystemText };

    explicit ConversationPane(GenerationRunner &runner, QWidget *parent = nullptr);
    [[nodiscard]] ConversationModel *model() const { return m_model; }
    [[nodiscard]] ConversationView *view() const { return m_view; }

    [[nodiscard]] Editing editing() const { return m_editing; }
    [[nodiscard]] int editedTurn() const { return m_editedTurn; }
    /// Takes what is said as what is edited: a turn is asked, an earlier one is asked again, or the system
    /// text is set. @error as checkRequest()
    Result<void> submit(const Said &said, const AnswerSettings &settings);
    [[nodiscard]] bool canSubmit(const Said &said) const;
    /// What submit() would ask; without anything said, what the last answer was asked with.
    [[nodiscard]] std::vector<ChatMessage> messagesWith(const Said &said,
                                                        MediaNames names = MediaNames::Short) const;
    /// Pictures and recordings of messagesWith(), in order.
    [[nodiscard]] std::vector<AttachmentPtr> attachmentsWith(const Said &said) const;
    /// Files of a session are still being read: nothing is sent, and no turn edited.
    [[nodiscard]] bool isReading() const { return m_numReading > 0; }
    /// So are files of the turn that is being written, which must not end up in another one.
    void setComposerReading(bool isReading) { m_isComposerReading = isReading; }
    [[nodiscard]] std::vector<ChatMessage> messages() const; ///< all turns

    /// Another version of the last answer, or an answer to a last turn of the user; ends editing.
    /// @error as checkRequest()
    Result<void> answerAgain(const AnswerSettings &settings);
    [[nodiscard]] bool canAnswerAgain() const;
    /// Of the last answer; null without one.
    [[nodiscard]] VersionPtr version() const;

    /// The answer whose versions are gone through: the current turn, else the last answer; -1: none.
    [[nodiscard]] int answerRow() const;
    [[nodiscard]] int numVersions() const;    ///< of that answer, as the rest of these
    [[nodiscard]] int currentVersion() const; ///< -1: none
    void showVersion(int index) { m_model->showVersion(answerRow(), index); }
    void removeVersion(int index);
    /// A version that came out of one of the answer at that row, which is asked for. What follows the other
    /// versions stays with them. @error as checkRequest()
    Result<void> branch(int row, const VersionPtr &version);
    /// What a version at that row was asked with, and the tokens that it was given. Where that is not known
    /// any more: the turns before it as they are.
    [[nodiscard]] GenerateRequest requestOf(int row, const GenerationVersion &version) const;
    /// Who is told to ask for a version; else the runner is.
    using Start = std::function<void(const VersionPtr &, const GenerateRequest &)>;
    void setStart(Start start) { m_start = std::move(start); }

    /// Turns of a session that was kept, whose files are read now.
    /// @param numDropped turns that a draft of an older program was too small for
    void restore(const std::vector<TurnPtr> &turns, int numDropped = 0);
    [[nodiscard]] int numDropped() const { return m_numDropped; }

public Q_SLOTS:
    void editTurn(int row);
    void editSystemText();
    void cancelEditing();
    void removeTurn(int row);
    void startAnew();
    void undo();
    void redo();
    void copyAll(bool isJson);

Q_SIGNALS:
    void changed(); ///< turns, versions, what is edited or what can be undone
    void editingStarted(const QString &text, const std::vector<orrery::ui::AttachmentPtr> &attachments);
    void editingEnded();
    void refused(const orrery::Error &error); ///< a turn cannot be edited now

private:
    [[nodiscard]] bool isAsked(const Said &said) const;
    [[nodiscard]] int numTurnsBefore(const Said &said) const;
    /// Of messagesWith(). @error Conflict: files are still being read; NotFound: one is gone; InvalidInput:
    /// it is too long to send
    [[nodiscard]] Result<void> checkRequest(const Said &said) const;
    [[nodiscard]] Result<void> checkTurns(int numBefore, const Said *said) const;
    void start(const VersionPtr &version, int row);
    void stopOwn(); ///< what comes for a turn that is shown
    void readFiles(const TurnPtr &turn);
    void readFilesOf(const std::vector<TurnPtr> &turns);
    void endEditing();
    void updateState();

    GenerationRunner &m_runner;
    ConversationModel *m_model;
    QStackedWidget *m_stack;
    EmptyState *m_empty;
    ConversationView *m_view;
    Start m_start;
    int m_answerRow = -1; ///< the turn that was made the current one; -1: the last answer counts
    Editing m_editing = Editing::NewTurn;
    int m_editedTurn = -1, m_numDropped = 0, m_numReading = 0;
    bool m_isComposerReading = false;
};

} // namespace orrery::ui
