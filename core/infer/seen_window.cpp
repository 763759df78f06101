// SPDX-License-Identifier: Apache-2.0
#include "core/infer/seen_window.h"

#include "core/infer/text_stream.h"

#include <algorithm>

namespace orrery {
namespace {

Result<TokenRange> rangeInWindow(const TokenRange &range, const char *name, int64_t origin, int64_t size)
{
    if (range == TokenRange{}) return range;
    const int64_t begin = std::max<int64_t>(range.begin - origin, 0);
    const int64_t end = range.end < 0 ? size : std::min(range.end - origin, size);
    if (range.begin >= 0 && begin < end) return TokenRange{begin, end};
    const auto number = [](int64_t value) { return std::to_string(value); };
    return Error{ErrorCode::InvalidInput,
                 "Cannot look inside: the " + std::string(name) + " are " + number(range.begin) + " to " +
                     number(range.end) + ", expected some of the tokens " + number(origin) + " to " +
                     number(origin + size - 1) + ", which the model has before it there.",
                 "Choose others, or look at another token."};
}

} // namespace

int64_t windowOrigin(int64_t numPrompt, int64_t numRead, int64_t context)
{
    int64_t origin = std::max<int64_t>(0, std::min(numPrompt, numRead) - context);
    if (numRead - origin <= context) return origin;
    // The first overflow keeps the last tokens of what has come until then; each further one comes when these
    // and as many new ones as fit have filled the context again.
    const int64_t kept = keptAfterOverflow(context);
    const int64_t overflow = origin + context + 1; // tokens that have come when it happens
    const int64_t step = context + 1 - kept;
    return overflow + (numRead - overflow) / step * step - kept;
}

Result<InspectRequest> requestInWindow(const InspectRequest &request, int64_t origin, int64_t size)
{
    InspectRequest moved = request;
    if (moved.token >= 0) moved.token -= origin;
    ORRERY_ASSIGN(moved.rows, rangeInWindow(request.rows, "rows", origin, size));
    ORRERY_ASSIGN(moved.columns, rangeInWindow(request.columns, "columns", origin, size));
    return moved;
}

void moveToWholeText(InspectReport &report, int64_t origin, std::vector<InspectedToken> tokens)
{
    for (size_t i = 0; i < report.tokens.size(); ++i)
        tokens[static_cast<size_t>(origin) + i].surprise = report.tokens[i].surprise;
    if (!report.attribution.empty()) {
        report.attribution.insert(report.attribution.begin(), static_cast<size_t>(origin), 0.0F);
        report.attribution.resize(tokens.size(), 0.0F);
    }
    for (std::vector<AttentionMap> *maps : {&report.overview, &report.maps})
        for (AttentionMap &map : *maps) {
            map.firstRow += origin;
            map.firstColumn += origin;
        }
    for (MemoryRead &read : report.reads)
        for (MemoryRead::Slot &slot : read.slots)
            if (slot.event < 0 && slot.token >= 0) slot.token += origin; // of the text itself
    report.token += origin;
    report.tokens = std::move(tokens);
}

} // namespace orrery
