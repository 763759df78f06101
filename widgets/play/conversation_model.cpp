// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/conversation_model.h"

#include "widgets/common/number_text.h"

#include <algorithm>
#include <iterator>

namespace orrery::ui {
namespace {

constexpr size_t kMaxSteps = 200;

TurnPtr givenTurn(TurnRole role, const Said &said)
{
    return std::make_shared<Turn>(Turn{role, said.text, said.attachments, {}, 0});
}

TurnPtr answerTurn(const VersionPtr &version)
{
    return std::make_shared<Turn>(Turn{TurnRole::Assistant, {}, {}, {version}, 0});
}

} // namespace

const char *turnRoleName(TurnRole role)
{
    switch (role) {
    case TurnRole::System:
        return "system";
    case TurnRole::User:
        return "user";
    case TurnRole::Assistant:
        return "assistant";
    case TurnRole::Unknown:
        break;
    }
    return "";
}

TurnRole turnRoleOf(QStringView name)
{
    for (const TurnRole role : {TurnRole::System, TurnRole::User, TurnRole::Assistant})
        if (name == QLatin1String(turnRoleName(role))) return role;
    return TurnRole::Unknown;
}

QString turnRoleText(TurnRole role)
{
    switch (role) {
    case TurnRole::System:
        return ConversationModel::tr("System");
    case TurnRole::User:
        return ConversationModel::tr("User");
    default:
        return ConversationModel::tr("Assistant");
    }
}

std::string Turn::text() const { return role == TurnRole::Assistant ? version()->text() : content; }

int ConversationModel::rowCount(const QModelIndex &parent) const { return parent.isValid() ? 0 : numTurns(); }

QVariant ConversationModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const Turn &turn = this->turn(index.row());
    switch (role) {
    case Qt::DisplayRole:
        return fromStd(turn.text());
    case Qt::AccessibleTextRole:
        return tr("Turn %1, %2").arg(index.row() + 1).arg(turnRoleText(turn.role).toLower());
    case RoleRole:
        return QString::fromLatin1(turnRoleName(turn.role));
    case NumVersionsRole:
        return static_cast<int>(turn.versions.size());
    case VersionRole:
        return turn.shown;
    default:
        return {};
    }
}

int ConversationModel::lastAnswer() const
{
    return !m_turns.empty() && m_turns.back()->role == TurnRole::Assistant ? numTurns() - 1 : -1;
}

int ConversationModel::rowOfVersion(const VersionPtr &version) const
{
    for (int row = numTurns() - 1; row >= 0; --row) { // it is nearly always the last one
        const auto &versions = turn(row).versions;
        if (std::find(versions.begin(), versions.end(), version) != versions.end()) return row;
    }
    return -1;
}

std::string ConversationModel::systemText() const
{
    return !m_turns.empty() && m_turns.front()->role == TurnRole::System ? m_turns.front()->content
                                                                         : std::string();
}

std::vector<ChatMessage> ConversationModel::messagesBefore(int row, MediaNames names) const
{
    return messagesOf(turnsBefore(row), names);
}

SaidTurns ConversationModel::turnsBefore(int row) const
{
    const SaidTurns known = answeredUpTo(row);
    SaidTurns turns;
    for (int i = 0; i < std::min(row, numTurns()); ++i) {
        SaidTurn said{turnRoleName(turn(i).role), turn(i).text(), turn(i).attachments};
        if (turn(i).role == TurnRole::Assistant && said.text.empty()) continue;
        const bool isKnown = turns.size() < known.size() && *known[turns.size()] == said;
        turns.push_back(isKnown ? known[turns.size()] : std::make_shared<const SaidTurn>(std::move(said)));
    }
    return turns;
}

/// What the nearest answer was asked with: another one shares it, or a long conversation would be kept anew
/// with each of its answers.
SaidTurns ConversationModel::answeredUpTo(int row) const
{
    for (int i = std::min(row, numTurns() - 1); i >= 0; --i)
        for (const VersionPtr &version : turn(i).versions)
            if (version->answered) return *version->answered;
    return {};
}

std::vector<TurnPtr> ConversationModel::turnsFrom(int row) const
{
    return {m_turns.begin() + std::min(row, numTurns()), m_turns.end()};
}

void ConversationModel::ask(const Said &said, const VersionPtr &answer)
{
    replaceTurns(tr("sending"), numTurns(), {}, {givenTurn(TurnRole::User, said), answerTurn(answer)});
}

void ConversationModel::askAgain(int row, const Said &said, const VersionPtr &answer)
{
    replaceTurns(tr("editing turn %1").arg(row + 1), row, turnsFrom(row),
                 {givenTurn(TurnRole::User, said), answerTurn(answer)});
}

void ConversationModel::answer(const VersionPtr &answer)
{
    replaceTurns(tr("the answer"), numTurns(), {}, {answerTurn(answer)});
}

void ConversationModel::setSystemText(const std::string &text)
{
    if (text == systemText()) return;
    std::vector<TurnPtr> removed, inserted;
    if (!systemText().empty()) removed.push_back(m_turns.front());
    if (!text.empty()) inserted.push_back(givenTurn(TurnRole::System, {text}));
    replaceTurns(tr("the system text"), 0, removed, inserted);
}

void ConversationModel::removeTurn(int row)
{
    if (row < 0 || row >= numTurns()) return;
    replaceTurns(tr("deleting turn %1").arg(row + 1), row, {m_turns[static_cast<size_t>(row)]}, {});
}

void ConversationModel::startAnew()
{
    if (m_turns.empty()) return;
    replaceTurns(tr("the new conversation"), 0, m_turns, {});
}

void ConversationModel::replaceTurns(const QString &text, int row, const std::vector<TurnPtr> &removed,
                                     const std::vector<TurnPtr> &inserted)
{
    apply({text, [this, row, removed, inserted] { splice(row, removed.size(), inserted); },
           [this, row, removed, inserted] { splice(row, inserted.size(), removed); }});
}

void ConversationModel::apply(Step step)
{
    step.redo();
    m_undone.clear();
    m_done.push_back(std::move(step));
    if (m_done.size() > kMaxSteps) m_done.erase(m_done.begin());
    Q_EMIT undoChanged();
}

void ConversationModel::splice(int row, size_t numRemoved, const std::vector<TurnPtr> &inserted)
{
    if (numRemoved > 0) {
        beginRemoveRows({}, row, row + static_cast<int>(numRemoved) - 1);
        m_turns.erase(m_turns.begin() + row, m_turns.begin() + row + static_cast<std::ptrdiff_t>(numRemoved));
        endRemoveRows();
    }
    if (!inserted.empty()) {
        beginInsertRows({}, row, row + static_cast<int>(inserted.size()) - 1);
        m_turns.insert(m_turns.begin() + row, inserted.begin(), inserted.end());
        endInsertRows();
    }
}

QString ConversationModel::undoText() const { return m_done.empty() ? QString() : m_done.back().text; }
QString ConversationModel::redoText() const { return m_undone.empty() ? QString() : m_undone.back().text; }

void ConversationModel::undo()
{
    if (m_done.empty()) return;
    Step step = std::move(m_done.back());
    m_done.pop_back();
    step.undo();
    m_undone.push_back(std::move(step));
    Q_EMIT undoChanged();
}

void ConversationModel::redo()
{
    if (m_undone.empty()) return;
    Step step = std::move(m_undone.back());
    m_undone.pop_back();
    step.redo();
    m_done.push_back(std::move(step));
    Q_EMIT undoChanged();
}

void ConversationModel::announceTokens(const VersionPtr &version, const std::vector<GeneratedToken> &tokens)
{
    const int row = rowOfVersion(version);
    if (row >= 0 && turn(row).version() == version) Q_EMIT tokensCame(row, tokens);
}

void ConversationModel::announceChange(const VersionPtr &version)
{
    const int row = rowOfVersion(version);
    if (row >= 0) Q_EMIT dataChanged(index(row), index(row));
}

void ConversationModel::setAttachments(const TurnPtr &turn, std::vector<AttachmentPtr> attachments)
{
    turn->attachments = std::move(attachments);
    const auto found = std::find(m_turns.begin(), m_turns.end(), turn);
    if (found == m_turns.end()) return;
    const QModelIndex at = index(static_cast<int>(found - m_turns.begin()));
    Q_EMIT dataChanged(at, at);
}

void ConversationModel::restore(std::vector<TurnPtr> turns)
{
    beginResetModel();
    m_turns = std::move(turns);
    m_done.clear();
    m_undone.clear();
    endResetModel();
    Q_EMIT undoChanged();
}

} // namespace orrery::ui
