// SPDX-License-Identifier: Apache-2.0
#include "core/infer/media_memory.h"

#include <utility>

namespace orrery {

const MultiModalRecord *MediaMemory::find(const std::string &digest)
{
    if (auto node = m_before.extract(digest)) m_now.insert(std::move(node));
    const auto found = m_now.find(digest);
    return found == m_now.end() ? nullptr : &found->second;
}

void MediaMemory::add(const std::string &digest, MultiModalRecord rows)
{
    m_now.insert_or_assign(digest, std::move(rows));
}

void MediaMemory::beginRequest() { m_before = std::exchange(m_now, {}); }

} // namespace orrery
