// SPDX-License-Identifier: Apache-2.0
#include "core/infer/stream_snapshots.h"

#include <algorithm>
#include <limits>
#include <set>

namespace orrery {

bool areAlike(const std::vector<TextSource> &some, const std::vector<TextSource> &others, int64_t count)
{
    const auto upTo = [count](const std::vector<TextSource> &sources) {
        return std::find_if(sources.begin(), sources.end(),
                            [count](const TextSource &source) { return source.firstToken >= count; });
    };
    return std::equal(some.begin(), upTo(some), others.begin(), upTo(others));
}

int64_t ContextRows::numBytes() const
{
    int64_t sum = 0;
    for (const auto *all : {&keys, &values})
        for (const at::Tensor &one : *all) sum += static_cast<int64_t>(one.nbytes());
    return sum;
}

const StreamSnapshot *StreamSnapshots::nearest(const MixedText &text,
                                               const std::vector<TextSource> &sources) const
{
    const StreamSnapshot *best = nullptr;
    for (const StreamSnapshot &one : m_all)
        if ((!best || one.text.size() > best->text.size()) && isStartOf(one, text, sources)) best = &one;
    return best;
}

const StreamSnapshot *StreamSnapshots::shortest(const MixedText &text, const std::vector<TextSource> &sources) const
{
    const StreamSnapshot *best = nullptr;
    for (const StreamSnapshot &one : m_all)
        if ((!best || one.text.size() < best->text.size()) && isStartOf(one, text, sources)) best = &one;
    return best;
}

bool StreamSnapshots::isStartOf(const StreamSnapshot &one, const MixedText &text, const std::vector<TextSource> &sources)
{
    const auto size = std::ssize(one.text);
    return size <= text.size() && commonStart({one.text, one.media}, text) == size && areAlike(one.sources, sources, size);
}

int64_t StreamSnapshots::numBytes() const
{
    int64_t sum = 0;
    std::set<const ContextRows *> counted;
    for (const StreamSnapshot &one : m_all) {
        sum += one.numPartBytes;
        if (one.rows && counted.insert(one.rows.get()).second) sum += one.rows->numBytes();
    }
    return sum;
}

void StreamSnapshots::add(StreamSnapshot snapshot)
{
    std::erase_if(m_all, [&](const StreamSnapshot &one) {
        return one.text == snapshot.text && one.media == snapshot.media;
    });
    m_all.push_back(std::move(snapshot));
    while (m_all.size() > m_maxCount || (m_all.size() > 1 && numBytes() > m_maxBytes)) dropOne();
    if (numBytes() > m_maxBytes) m_all.clear(); // one alone has no room
}

void StreamSnapshots::dropOne()
{
    const StreamSnapshot &newest = m_all.back();
    const MixedText now{newest.text, newest.media};
    // Each of this text with the end of the one before it. The newest is the longest of them.
    std::vector<std::pair<int64_t, size_t>> own;
    for (size_t i = 0; i < m_all.size(); ++i) {
        const auto size = std::ssize(m_all[i].text);
        const bool isOwn = size <= now.size() && commonStart({m_all[i].text, m_all[i].media}, now) == size;
        if (!isOwn) {
            m_all.erase(m_all.begin() + static_cast<std::ptrdiff_t>(i));
            return;
        }
        own.emplace_back(size, i);
    }
    std::sort(own.begin(), own.end());
    size_t least = 0;
    int64_t gap = std::numeric_limits<int64_t>::max();
    // Neither the first nor the newest. What would be missing without it is between its neighbours.
    for (size_t i = 1; i + 1 < own.size(); ++i)
        if (own[i + 1].first - own[i - 1].first < gap) {
            gap = own[i + 1].first - own[i - 1].first;
            least = own[i].second;
        }
    m_all.erase(m_all.begin() + static_cast<std::ptrdiff_t>(own.size() > 2 ? least : own.front().second));
}

void StreamSnapshots::keepRows(const nn::KvCache &cache, int64_t length)
{
    int64_t needed = 0;
    for (const StreamSnapshot &one : m_all)
        if (!one.rows && one.length > length) needed = std::max(needed, one.length);
    if (needed == 0) return;
    auto rows = std::make_shared<ContextRows>();
    for (size_t layer = 0; layer < cache.keys.size(); ++layer) {
        rows->keys.push_back(cache.keys[layer].narrow(2, 0, needed).clone());
        rows->values.push_back(cache.values[layer].narrow(2, 0, needed).clone());
    }
    for (StreamSnapshot &one : m_all)
        if (!one.rows && one.length > length) one.rows = rows;
}

} // namespace orrery
