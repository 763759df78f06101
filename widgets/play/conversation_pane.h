// SPDX-License-Identifier: GPL-3.0-or-later
// A conversation with a model: shows the turns, sends new ones, edits, deletes and undoes. The composer and
// the buttons around it are the playground's. GUI thread only.
#pragma once

#include "widgets/play/conversation_model.h"

#include <QJsonObject>
#include <QWidget>

class QStackedWidget;

namespace orrery::ui {

class ConversationView;
class EmptyState;
class GenerationRunner;

/// Who is asked, and how.
struct AnswerSettings {
    QString model, modelTitle;
    SamplingSettings sampling;
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
    /// text is set. @error InvalidInput: the conversation would be too long to send, or a file of it is gone
    Result<void> submit(const Said &said, const AnswerSettings &settings);
    [[nodiscard]] bool canSubmit(const Said &said) const;
    /// What submit() would ask; without anything said, what the last answer was asked with.
    [[nodiscard]] std::vector<ChatMessage> messagesWith(const Said &said,
                                                        MediaNames names = MediaNames::Short) const;
    /// Files of a draft are still being read.
    [[nodiscard]] bool isReading() const { return m_numReading > 0; }
    [[nodiscard]] std::vector<ChatMessage> messages() const; ///< all turns

    /// Another version of the last answer, or an answer to a last turn of the user.
    void answerAgain(const AnswerSettings &settings);
    [[nodiscard]] bool canAnswerAgain() const;
    /// Of the last answer; null without one.
    [[nodiscard]] VersionPtr version() const;
    [[nodiscard]] int numVersions() const;
    [[nodiscard]] int currentVersion() const; ///< -1: none
    void showVersion(int index) { m_model->showVersion(index); }

    [[nodiscard]] QJsonObject draft() const;
    void restore(const QJsonObject &draft);
    [[nodiscard]] int numDropped() const { return m_numDropped; } ///< turns that the draft was too small for

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

private:
    void start(const VersionPtr &version, const AnswerSettings &settings, int row);
    void readFiles(const TurnPtr &turn, const QStringList &paths);
    void endEditing();
    void updateState();

    GenerationRunner &m_runner;
    ConversationModel *m_model;
    QStackedWidget *m_stack;
    EmptyState *m_empty;
    ConversationView *m_view;
    Editing m_editing = Editing::NewTurn;
    int m_editedTurn = -1, m_numDropped = 0, m_numReading = 0;
};

} // namespace orrery::ui
