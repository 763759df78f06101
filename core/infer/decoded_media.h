// SPDX-License-Identifier: Apache-2.0
// Pictures and recordings of the request before as the rows that a model reads, so that a conversation that
// goes on decodes what is new and nothing else. Only the thread that owns the model.
#pragma once

#include "core/data/multimodal/record.h"

#include <map>
#include <string>

namespace orrery {

class DecodedMedia {
public:
    /// The rows of a file; nullptr: it was not in this request or the one before.
    const MultiModalRecord *find(const std::string &digest);
    void add(const std::string &digest, MultiModalRecord rows);
    /// What the request did not ask for or add is forgotten with the next one.
    void beginRequest();
    [[nodiscard]] size_t size() const { return m_before.size() + m_now.size(); }

private:
    std::map<std::string, MultiModalRecord> m_before, m_now; ///< by SHA-256 of the file
};

} // namespace orrery
