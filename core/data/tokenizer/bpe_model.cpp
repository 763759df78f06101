// SPDX-License-Identifier: Apache-2.0
#include "core/data/tokenizer/bpe_model.h"

#include "core/data/tokenizer/unicode.h"

#include <algorithm>
#include <queue>

namespace orrery::tok {

namespace {

/// Up to here looking at all pairs again is faster than a heap.
constexpr size_t kShortWord = 48;
constexpr size_t kCachedBytes = 64;
constexpr size_t kCachedWords = 1 << 16;

} // namespace

const std::vector<int32_t> *WordCache::find(std::string_view word) const
{
    const auto found = m_known.find(word);
    return found == m_known.end() ? nullptr : &found->second;
}

const std::vector<int32_t> &WordCache::add(std::string_view word, std::vector<int32_t> ids)
{
    if (m_known.size() >= kCachedWords) m_known.clear();
    return m_known.insert_or_assign(std::string(word), std::move(ids)).first->second;
}

std::optional<int32_t> BpeModel::idOf(std::string_view token) const
{
    const auto found = m_ids.find(std::string(token));
    return found == m_ids.end() ? std::nullopt : std::optional(found->second);
}

std::optional<int32_t> BpeModel::textIdOf(std::string_view token) const
{
    const auto id = idOf(token);
    return id && m_isWithheld[static_cast<size_t>(*id)] ? std::nullopt : id;
}

const std::string *BpeModel::token(int32_t id) const
{
    if (id < 0 || id >= numIds() || !m_isUsed[static_cast<size_t>(id)]) return nullptr;
    return &m_tokens[static_cast<size_t>(id)];
}

const BpeModel::Merge *BpeModel::mergeOf(int32_t left, int32_t right) const
{
    const auto found = m_merges.find(pairKey(left, right));
    return found == m_merges.end() ? nullptr : &found->second;
}

std::vector<int32_t> BpeModel::unitsOf(std::string_view word) const
{
    std::vector<int32_t> units;
    units.reserve(word.size());
    bool isUnknownOpen = false; // an unknown character that the next one may be fused with
    const auto close = [&] {
        if (isUnknownOpen) units.push_back(*m_unknown);
        isUnknownOpen = false;
    };
    const auto addUnknown = [&] {
        if (!m_unknown) return;
        if (!m_fusesUnknown) close();
        isUnknownOpen = true;
    };
    if (m_isByteLevel) {
        for (const char c : word) {
            const int32_t id = m_byteIds[static_cast<uint8_t>(c)];
            if (id < 0) {
                addUnknown();
                continue;
            }
            close();
            units.push_back(id);
        }
        close();
        return units;
    }
    for (size_t at = 0; at < word.size();) {
        const size_t length = std::max<size_t>(1, sequenceLength(word, at));
        const std::string_view character = word.substr(at, length);
        at += length;
        if (const auto id = textIdOf(character)) {
            close();
            units.push_back(*id);
            continue;
        }
        const auto hasByte = [&](char c) { return m_byteIds[static_cast<uint8_t>(c)] >= 0; };
        if (m_hasByteFallback && std::all_of(character.begin(), character.end(), hasByte))
            for (const char c : character) units.push_back(m_byteIds[static_cast<uint8_t>(c)]);
        else
            addUnknown();
    }
    close();
    return units;
}

void BpeModel::mergeShort(std::vector<int32_t> &units) const
{
    while (units.size() > 1) {
        const Merge *best = nullptr;
        size_t place = 0;
        for (size_t i = 0; i + 1 < units.size(); ++i) {
            const Merge *merge = mergeOf(units[i], units[i + 1]);
            if (merge && (!best || merge->rank < best->rank)) {
                best = merge;
                place = i;
            }
        }
        if (!best) return;
        units[place] = best->made;
        units.erase(units.begin() + static_cast<std::ptrdiff_t>(place) + 1);
    }
}

void BpeModel::mergeLong(std::vector<int32_t> &units) const
{
    struct Unit {
        int32_t id = 0;
        int64_t before = -1, after = -1;
        bool isGone = false;
    };
    struct Candidate {
        int32_t rank = 0;
        int64_t place = 0;
        int32_t made = 0;
        bool operator>(const Candidate &other) const
        {
            return rank != other.rank ? rank > other.rank : place > other.place;
        }
    };
    const auto count = std::ssize(units);
    std::vector<Unit> chain(units.size());
    std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
    const auto consider = [&](int64_t place) {
        const Unit &left = chain[static_cast<size_t>(place)];
        if (left.after < 0) return;
        if (const Merge *merge = mergeOf(left.id, chain[static_cast<size_t>(left.after)].id))
            queue.push({merge->rank, place, merge->made});
    };
    for (int64_t i = 0; i < count; ++i)
        chain[static_cast<size_t>(i)] = {units[static_cast<size_t>(i)], i - 1, i + 1 < count ? i + 1 : -1,
                                         false};
    for (int64_t i = 0; i + 1 < count; ++i) consider(i);
    while (!queue.empty()) {
        const Candidate top = queue.top();
        queue.pop();
        Unit &left = chain[static_cast<size_t>(top.place)];
        if (left.isGone || left.after < 0) continue;
        Unit &right = chain[static_cast<size_t>(left.after)];
        // The pair may have become another one since.
        const Merge *merge = mergeOf(left.id, right.id);
        if (!merge || merge->made != top.made) continue;
        left.id = top.made;
        right.isGone = true;
        left.after = right.after;
        if (left.after >= 0) chain[static_cast<size_t>(left.after)].before = top.place;
        if (left.before >= 0) consider(left.before);
        consider(top.place);
    }
    units.clear();
    for (const Unit &unit : chain)
        if (!unit.isGone) units.push_back(unit.id);
}

void BpeModel::encode(std::string_view word, WordCache &cache, std::vector<int32_t> &ids) const
{
    const std::vector<int32_t> *known = cache.find(word);
    if (known) {
        ids.insert(ids.end(), known->begin(), known->end());
        return;
    }
    if (m_ignoresMerges) {
        std::optional<int32_t> whole;
        if (!m_isByteLevel) {
            whole = textIdOf(word);
        } else if (const auto found = m_idsOfBytes.find(word); found != m_idsOfBytes.end()) {
            whole = found->second;
        }
        if (whole) {
            ids.push_back(*whole);
            return;
        }
    }
    std::vector<int32_t> units = unitsOf(word);
    units.size() <= kShortWord ? mergeShort(units) : mergeLong(units);
    ids.insert(ids.end(), units.begin(), units.end());
    if (word.size() <= kCachedBytes) cache.add(word, std::move(units));
}

void BpeModel::encodeByte(uint8_t byte, std::vector<int32_t> &ids) const
{
    const int32_t id = m_byteIds[byte];
    if (id >= 0)
        ids.push_back(id);
    else if (m_unknown)
        ids.push_back(*m_unknown);
}

} // namespace orrery::tok
