// SPDX-License-Identifier: GPL-3.0-or-later
// The versions of answers, and the turns that follow each of them.
#include "widgets/play/conversation_model.h"

#include "widgets/play/branching.h"

#include <algorithm>

namespace orrery::ui {
namespace {

constexpr size_t kMaxVersions = 50; // of one answer

int indexOf(const Turn &turn, const VersionPtr &version)
{
    const auto found = std::find(turn.versions.begin(), turn.versions.end(), version);
    return found == turn.versions.end() ? -1 : static_cast<int>(found - turn.versions.begin());
}

/// The oldest that nobody looks at and nothing follows; -1: none.
int oldestForgettable(const Turn &turn)
{
    for (int i = 0; i < static_cast<int>(turn.versions.size()); ++i)
        if (i != turn.shown && !turn.behind.contains(turn.versions[static_cast<size_t>(i)])) return i;
    return -1;
}

std::vector<VersionPtr> pathIn(const std::vector<TurnPtr> &turns, const ConversationModel::IsWanted &isWanted)
{
    for (const TurnPtr &turn : turns) {
        for (const VersionPtr &version : turn->versions)
            if (isWanted(version)) return {version};
        for (const auto &[version, behind] : turn->behind) {
            std::vector<VersionPtr> path = pathIn(behind, isWanted);
            if (path.empty()) continue;
            path.insert(path.begin(), version);
            return path;
        }
    }
    return {};
}

} // namespace

std::vector<VersionPtr> ConversationModel::pathTo(const IsWanted &isWanted) const
{
    return pathIn(m_turns, isWanted);
}

void ConversationModel::showPath(const std::vector<VersionPtr> &path)
{
    for (const VersionPtr &version : path)
        if (const int row = rowOfVersion(version); row >= 0)
            showVersion(row, indexOf(*m_turns[static_cast<size_t>(row)], version));
}

int ConversationModel::rowOfTurn(const TurnPtr &turn) const
{
    const auto found = std::find(m_turns.begin(), m_turns.end(), turn);
    return found == m_turns.end() ? -1 : static_cast<int>(found - m_turns.begin());
}

void ConversationModel::switchTo(const TurnPtr &turn, const VersionPtr &version)
{
    const int row = rowOfTurn(turn), to = indexOf(*turn, version);
    if (row < 0 || to < 0 || turn->shown == to) return;
    std::vector<TurnPtr> followed = turnsFrom(row + 1);
    splice(row + 1, followed.size(), {});
    if (!followed.empty()) turn->behind[turn->version()] = std::move(followed);
    turn->shown = to;
    Q_EMIT dataChanged(index(row), index(row));
    const auto kept = turn->behind.find(version);
    if (kept == turn->behind.end()) return;
    const std::vector<TurnPtr> follow = std::move(kept->second);
    turn->behind.erase(kept);
    splice(row + 1, 0, follow);
}

void ConversationModel::dropVersion(const TurnPtr &turn, const VersionPtr &version)
{
    const int at = indexOf(*turn, version);
    if (at < 0 || turn->versions.size() < 2) return;
    if (at == turn->shown) switchTo(turn, turn->versions[static_cast<size_t>(at > 0 ? at - 1 : 1)]);
    if (at == turn->shown) return; // its turn is not there
    turn->versions.erase(turn->versions.begin() + at);
    if (turn->shown > at) --turn->shown;
    if (const int row = rowOfTurn(turn); row >= 0) Q_EMIT dataChanged(index(row), index(row));
}

void ConversationModel::addVersion(const VersionPtr &version)
{
    if (lastAnswer() < 0) return answer(version);
    addVersion(lastAnswer(), version);
}

void ConversationModel::addVersion(int row, const VersionPtr &version)
{
    const TurnPtr turn = m_turns[static_cast<size_t>(row)];
    const VersionPtr before = turn->version();
    if (row + 1 == numTurns() && before->error && !before->hasOwnText()) {
        // What failed before it said anything is no version to go back to.
        turn->versions[static_cast<size_t>(turn->shown)] = version;
        adoptChildren(turn->versions, before);
        Q_EMIT dataChanged(index(row), index(row));
        return;
    }
    if (turn->versions.size() >= kMaxVersions) {
        if (const int oldest = oldestForgettable(*turn); oldest >= 0) {
            const VersionPtr gone = turn->versions[static_cast<size_t>(oldest)];
            dropVersion(turn, gone);
            adoptChildren(turn->versions, gone);
        }
    }
    turn->versions.push_back(version);
    showVersion(row, static_cast<int>(turn->versions.size()) - 1);
}

void ConversationModel::showVersion(int row, int version)
{
    if (row < 0 || row >= numTurns()) return;
    const TurnPtr turn = m_turns[static_cast<size_t>(row)];
    if (version < 0 || version >= static_cast<int>(turn->versions.size()) || version == turn->shown) return;
    const VersionPtr from = turn->version(), to = turn->versions[static_cast<size_t>(version)];
    if (row + 1 == numTurns() && !turn->behind.contains(to)) return switchTo(turn, to);
    apply({tr("showing another version of turn %1").arg(row + 1), [this, turn, to] { switchTo(turn, to); },
           [this, turn, from] { switchTo(turn, from); }});
}

void ConversationModel::removeVersion(int row, int version)
{
    if (row < 0 || row >= numTurns()) return;
    const TurnPtr turn = m_turns[static_cast<size_t>(row)];
    if (version < 0 || version >= static_cast<int>(turn->versions.size()) || turn->versions.size() < 2)
        return;
    const VersionPtr gone = turn->versions[static_cast<size_t>(version)], shown = turn->version();
    apply({tr("deleting version %1 of turn %2").arg(version + 1).arg(row + 1),
           [this, turn, gone] { dropVersion(turn, gone); },
           [this, turn, gone, shown, version] {
               const int at = std::min(version, static_cast<int>(turn->versions.size()));
               turn->versions.insert(turn->versions.begin() + at, gone);
               if (turn->shown >= at) ++turn->shown;
               switchTo(turn, shown);
               if (const int row = rowOfTurn(turn); row >= 0) Q_EMIT dataChanged(index(row), index(row));
           }});
}

} // namespace orrery::ui
