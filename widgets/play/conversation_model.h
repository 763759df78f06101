// SPDX-License-Identifier: GPL-3.0-or-later
// A conversation: turns in order, the versions of each answer with what followed each of them, and what was
// done to it, so that it can be undone. It is a tree of which one path is shown. Takes values. Owned by the
// conversation pane; GUI thread only.
#pragma once

#include "widgets/play/attachment.h"
#include "widgets/play/generation_version.h"

#include <QAbstractListModel>

#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace orrery::ui {

enum class TurnRole : uint8_t { Unknown, System, User, Assistant };

/// "system", "user", "assistant": as in training data and on the command line.
const char *turnRoleName(TurnRole role);
TurnRole turnRoleOf(QStringView name);
/// As it is shown: "User".
QString turnRoleText(TurnRole role);

struct Turn {
    TurnRole role = TurnRole::Unknown;
    std::string content;                    ///< UTF-8; of the system and the user
    std::vector<AttachmentPtr> attachments; ///< of the user, before the content
    std::vector<VersionPtr> versions;       ///< of the assistant, never empty then
    int shown = 0;
    /// What follows the versions that are not shown; what follows the shown one stands in the model.
    std::map<VersionPtr, std::vector<std::shared_ptr<Turn>>> behind = {};

    /// What is said to the model: the content or the shown version.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] const VersionPtr &version() const { return versions[static_cast<size_t>(shown)]; }
};
using TurnPtr = std::shared_ptr<Turn>;

/// What a person says: a text, and pictures and recordings before it.
struct Said {
    std::string text; ///< UTF-8
    std::vector<AttachmentPtr> attachments = {};
    [[nodiscard]] bool isEmpty() const { return text.empty() && attachments.empty(); }
};

class ConversationModel : public QAbstractListModel {
    Q_OBJECT
public:
    enum Role { RoleRole = Qt::UserRole + 1, NumVersionsRole, VersionRole };

    using QAbstractListModel::QAbstractListModel;
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;

    [[nodiscard]] int numTurns() const { return static_cast<int>(m_turns.size()); }
    [[nodiscard]] const Turn &turn(int row) const { return *m_turns[static_cast<size_t>(row)]; }
    [[nodiscard]] const std::vector<TurnPtr> &turns() const { return m_turns; }
    /// Row of the answer at the end; -1 when the last turn is not an answer.
    [[nodiscard]] int lastAnswer() const;
    /// -1 when the version belongs to no turn (any more).
    [[nodiscard]] int rowOfVersion(const VersionPtr &version) const;
    [[nodiscard]] std::string systemText() const;
    /// What an answer at that row goes on from. Answers without any text (failed, stopped before the first
    /// token) are left out.
    [[nodiscard]] std::vector<ChatMessage> messagesBefore(int row,
                                                          MediaNames names = MediaNames::Short) const;

    /// The same, to be kept with the answer.
    [[nodiscard]] SaidTurns turnsBefore(int row) const;

    // Each of these can be undone as one step.
    void ask(const Said &said, const VersionPtr &answer);
    /// The user's turn at that row says something else; everything behind it goes.
    void askAgain(int row, const Said &said, const VersionPtr &answer);
    /// An answer behind the last turn, which is the user's.
    void answer(const VersionPtr &answer);
    void setSystemText(const std::string &text); ///< empty: no system turn
    void removeTurn(int row);
    void startAnew();

    [[nodiscard]] QString undoText() const; ///< "sending", "editing turn 3"; empty: nothing to undo
    [[nodiscard]] QString redoText() const;
    void undo();
    void redo();

    // All versions are kept, each with the turns that followed it: it is a step only where such turns come or
    // go.
    /// Another version of that answer, shown at once.
    void addVersion(int row, const VersionPtr &version);
    /// Of the answer at the end, or an answer.
    void addVersion(const VersionPtr &version);
    void showVersion(int row, int index);
    void showVersion(int index) { showVersion(lastAnswer(), index); }
    /// Versions to be shown one after another until the wanted one is, which is the last of them: it may
    /// follow versions that are not shown. Empty: there is none.
    using IsWanted = std::function<bool(const VersionPtr &)>;
    [[nodiscard]] std::vector<VersionPtr> pathTo(const IsWanted &isWanted) const;
    void showPath(const std::vector<VersionPtr> &path);
    /// A step. The only version of an answer goes with its turn, by removeTurn().
    void removeVersion(int row, int index);

    /// Tokens that came to a version since the last call for it.
    void announceTokens(const VersionPtr &version, const std::vector<GeneratedToken> &tokens);
    /// Anything else about it.
    void announceChange(const VersionPtr &version);

    /// Replaces everything; nothing to undo after it.
    void restore(std::vector<TurnPtr> turns);
    /// What a draft named has been read, or is not there any more. A turn that is gone is left alone.
    void setAttachments(const TurnPtr &turn, std::vector<AttachmentPtr> attachments);

Q_SIGNALS:
    void tokensCame(int row, const std::vector<orrery::GeneratedToken> &tokens);
    void undoChanged();

private:
    struct Step {
        QString text;
        std::function<void()> redo, undo;
    };
    /// Does it, too.
    void apply(Step step);
    /// `removed` turns at `row` become `inserted`.
    void replaceTurns(const QString &text, int row, const std::vector<TurnPtr> &removed,
                      const std::vector<TurnPtr> &inserted);
    /// Shows a version with what follows it; nothing when either is not there.
    void switchTo(const TurnPtr &turn, const VersionPtr &version);
    void dropVersion(const TurnPtr &turn, const VersionPtr &version);
    [[nodiscard]] int rowOfTurn(const TurnPtr &turn) const; ///< -1: not on the path
    void splice(int row, size_t numRemoved, const std::vector<TurnPtr> &inserted);
    [[nodiscard]] std::vector<TurnPtr> turnsFrom(int row) const;
    [[nodiscard]] SaidTurns answeredUpTo(int row) const;

    std::vector<TurnPtr> m_turns;
    std::vector<Step> m_done, m_undone;
};

} // namespace orrery::ui
