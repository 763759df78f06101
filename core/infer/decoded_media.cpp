// SPDX-License-Identifier: Apache-2.0
#include "core/infer/decoded_media.h"

#include <utility>

namespace orrery {

const MultiModalRecord *DecodedMedia::find(const std::string &digest)
{
    if (auto node = m_before.extract(digest)) m_now.insert(std::move(node));
    const auto found = m_now.find(digest);
    return found == m_now.end() ? nullptr : &found->second;
}

void DecodedMedia::add(const std::string &digest, MultiModalRecord rows)
{
    m_now.insert_or_assign(digest, std::move(rows));
}

void DecodedMedia::beginRequest() { m_before = std::exchange(m_now, {}); }

} // namespace orrery
