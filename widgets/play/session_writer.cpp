// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/session_writer.h"

#include <QHashFunctions>

#include <algorithm>

namespace orrery::ui {
namespace {

qint64 keyOf(const VersionPtr &version) { return version->key; }

/// Changes with all that answerJson() writes: a session of ten thousand answers is written anew again and again.
std::size_t markOf(const GenerationVersion &version)
{
    const VersionPtr parent = version.parent.lock();
    const auto reason = version.summary ? static_cast<int>(version.summary->reason) : -1;
    const qint64 promptTokens = version.summary ? version.summary->promptTokens : -1;
    const qint64 step = version.info ? version.info->step : -2;
    return qHashMulti(1, version.model, version.request.answerIds.size(), version.partsAt, version.isAnswer,
                      parent ? parent->key : 0, reason, promptTokens, step, version.tokens.empty(),
                      version.request.sampling.seed, version.numGiven());
}

} // namespace

void SessionWriter::beginNew()
{
    m_kept.clear();
    m_nextKey = 1;
    m_isMore = false;
}

void SessionWriter::begin(const SessionState &state)
{
    beginNew();
    for (const VersionPtr &version : versionsOf(state)) {
        m_kept[version->key].numTokens = std::ssize(version->tokens);
        m_nextKey = std::max<qint64>(m_nextKey, version->key + 1);
    }
}

void SessionWriter::forgetKept()
{
    for (auto &[key, kept] : m_kept) kept.numTokens = 0;
    m_isMore = false; // the next change finds out anew
}

QJsonObject SessionWriter::jsonOf(const GenerationVersion &version)
{
    Kept &kept = m_kept[version.key];
    const std::size_t mark = markOf(version);
    if (kept.json.isEmpty() || kept.mark != mark) kept.json = answerJson(version, keyOf);
    kept.mark = mark;
    return kept.json;
}

void SessionWriter::addTokens(const GenerationVersion &version, Kept &kept, qint64 &room, SessionChange &change)
{
    // A person may have chosen other ones; but what is sent in parts goes on, or it would begin for ever.
    if ((version.isChosen || kept.wasChosen) && !kept.isInParts) kept.numTokens = 0;
    kept.wasChosen = version.isChosen;
    const qint64 count = std::ssize(version.tokens);
    kept.isInParts = false;
    if (kept.numTokens == count) return;
    const qint64 from = std::min(kept.numTokens, count), to = std::min(count, from + room);
    kept.isInParts = to < count;
    if (to < count) m_isMore = true;
    if (from == to && to < count) return; // no room in this change
    SessionChange::Answer answer{version.key, from, {}};
    answer.tokens.assign(version.tokens.begin() + from, version.tokens.begin() + to);
    change.answers.push_back(std::move(answer));
    room -= to - from;
    kept.numTokens = to;
}

SessionChange SessionWriter::changeOf(const SessionState &state)
{
    const std::vector<VersionPtr> versions = versionsOf(state);
    SessionChange change;
    qint64 room = kMaxTokens;
    m_isMore = false;
    for (auto &[key, kept] : m_kept) kept.isMet = false;
    for (const VersionPtr &version : versions) {
        if (version->key == 0) version->key = m_nextKey++;
        Kept &kept = m_kept[version->key];
        kept.isMet = true;
        addTokens(*version, kept, room, change);
        change.keys.push_back(version->key);
    }
    // What is not there now goes, and is sent again if undo brings it back.
    std::erase_if(m_kept, [](const auto &entry) { return !entry.second.isMet; });
    change.document = sessionDocument(state, versions, keyOf,
                                      [this](const VersionPtr &version) { return jsonOf(*version); });
    change.title = sessionTitle(state);
    change.model = sessionModel(state);
    change.preview = sessionPreview(state);
    return change;
}

} // namespace orrery::ui
