// SPDX-License-Identifier: Apache-2.0
#include "core/data/multimodal/document_groups.h"

#include <algorithm>
#include <numeric>

namespace orrery {

DocumentGroups::DocumentGroups(size_t numDocuments) : m_parents(numDocuments), m_count(numDocuments)
{
    std::iota(m_parents.begin(), m_parents.end(), size_t{0});
}

size_t DocumentGroups::rootOf(size_t document) const
{
    while (m_parents[document] != document) {
        m_parents[document] = m_parents[m_parents[document]];
        document = m_parents[document];
    }
    return document;
}

void DocumentGroups::join(size_t document, const std::string &key)
{
    const auto [known, isNew] = m_firstWith.emplace(key, document);
    if (isNew) return;
    const size_t a = rootOf(document);
    const size_t b = rootOf(known->second);
    if (a == b) return;
    // The first document of a group is its root, so that numbers follow the order of the data.
    m_parents[std::max(a, b)] = std::min(a, b);
    --m_count;
}

size_t DocumentGroups::largest() const
{
    std::vector<size_t> sizes(m_parents.size(), 0);
    size_t most = 0;
    for (size_t i = 0; i < m_parents.size(); ++i) most = std::max(most, ++sizes[rootOf(i)]);
    return most;
}

std::vector<size_t> DocumentGroups::numbers() const
{
    std::vector<size_t> numbers(m_parents.size(), 0);
    size_t next = 0;
    for (size_t i = 0; i < m_parents.size(); ++i) {
        const size_t root = rootOf(i);
        numbers[i] = root == i ? next++ : numbers[root];
    }
    return numbers;
}

} // namespace orrery
