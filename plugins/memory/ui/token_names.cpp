// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/token_names.h"

#include "plugins/memory/ui/memory_text.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::memory_ui {

void TokenNames::learn(const InspectReport &report)
{
    for (const InspectedToken &token : report.tokens)
        if (token.id >= kNumBytes) m_bytes[token.id] = token.bytes;
    for (const auto *list : {&report.candidates, &report.changed})
        for (const TokenAlternative &one : *list)
            if (one.id >= kNumBytes) m_bytes[one.id] = one.bytes;
}

std::vector<int32_t> TokenNames::unknownOf(const std::vector<int32_t> &ids) const
{
    std::vector<int32_t> unknown = ids;
    std::sort(unknown.begin(), unknown.end());
    unknown.erase(std::unique(unknown.begin(), unknown.end()), unknown.end());
    std::erase_if(unknown, [this](int32_t id) { return knows(id); });
    return unknown;
}

QString TokenNames::nameOf(int32_t id) const
{
    if (id < 0 || !knows(id)) return u"[%1]"_s.arg(id);
    const std::string bytes = id < kNumBytes ? std::string(1, static_cast<char>(id)) : m_bytes.at(id);
    return visibleText(bytes, 40);
}

} // namespace orrery::memory_ui
