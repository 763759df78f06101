// SPDX-License-Identifier: Apache-2.0
// Documents that belong together because they share something: union-find by shared keys. Private to this
// folder.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

namespace orrery {

class DocumentGroups {
public:
    explicit DocumentGroups(size_t numDocuments);
    /// Joins the document with all others that have the key.
    void join(size_t document, const std::string &key);
    [[nodiscard]] size_t count() const { return m_count; }
    [[nodiscard]] size_t largest() const; ///< documents in the largest group
    /// Number of the group of each document; groups are numbered by their first document.
    [[nodiscard]] std::vector<size_t> numbers() const;

private:
    [[nodiscard]] size_t rootOf(size_t document) const;

    mutable std::vector<size_t> m_parents; ///< shortened while roots are looked for
    std::unordered_map<std::string, size_t> m_firstWith;
    size_t m_count;
};

} // namespace orrery
