// SPDX-License-Identifier: Apache-2.0
#include "core/inspect/seen_window.h"

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

/// A model without a memory begins with the last tokens that fit, and moves by half a context.
int64_t originOfLast(const MixedText &text, int64_t numRead, const Reading &reading)
{
    const int64_t context = reading.context;
    int64_t origin = text.wholeFrom(std::max<int64_t>(0, std::min(reading.numTogether, numRead) - context));
    while (numRead - origin > context) {
        const int64_t numCome = origin + context + 1; // when it overflows
        const int64_t asked = numCome - text.keptFrom;
        const int64_t half = seenAfterOverflow(context);
        const int64_t kept = text.keptFrom > 0 && asked <= context ? std::max(half, asked) : half;
        origin = text.wholeFrom(numCome - std::min(context, kept));
    }
    return origin;
}

/// One that remembers reads everything from the start, and a picture in one piece.
int64_t originOfAll(const MixedText &text, int64_t numRead, const Reading &reading)
{
    int64_t origin = 0;
    for (int64_t begin = 0; begin < numRead;) {
        const int64_t room = origin + reading.context - begin;
        const int64_t count = text.wholeCount(
            begin, std::min({kSeenAtOnce, room, std::max<int64_t>(0, text.size() - begin)}));
        if (room > 0 && count <= room) {
            begin += count;
            continue;
        }
        const int64_t kept =
            std::min(seenAfterOverflow(reading.context) - 1, reading.context - std::max<int64_t>(1, count));
        const int64_t next = text.wholeFrom(begin - kept);
        if (next <= origin) break; // a picture that no context holds
        begin = origin = next;
    }
    return origin;
}

} // namespace

Result<TokenRange> seenWindow(const MixedText &text, int64_t last, const Reading &reading)
{
    // A picture is read in one piece: with its first patch its last one is there.
    const int64_t numRead = text.isText(last) ? last + 1 : text.media->segmentAt(last).end;
    const int64_t origin =
        reading.remembers ? originOfAll(text, numRead, reading) : originOfLast(text, numRead, reading);
    const int64_t size = std::min(reading.context, text.size() - origin);
    const int64_t end = origin + size < text.size() ? text.wholeTo(origin + size) : text.size();
    if (origin <= last && last < end) return TokenRange{origin, end};
    return Error{ErrorCode::InvalidInput,
                 "Cannot look inside: the picture or recording at token " + std::to_string(last) + " has " +
                     std::to_string(text.media->segmentAt(last).size()) +
                     " tokens, expected fewer than the context of " + std::to_string(reading.context) + ".",
                 "Look at a token of text behind it."};
}

std::string windowNote(int64_t numAll, const TokenRange &window, int64_t context)
{
    return "Of " + std::to_string(numAll) + " tokens the model has " + std::to_string(window.begin) + " to " +
           std::to_string(window.end - 1) + " before it here: its context is " + std::to_string(context) + ".";
}

Result<InspectRequest> requestInWindow(const InspectRequest &request, const TokenRange &window)
{
    const int64_t origin = window.begin, size = window.end - window.begin;
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
    for (MemoryUse &use : report.uses)
        for (MemoryUse::Value &value : use.values)
            for (MemoryUse::Reader &reader : value.readers) reader.token += origin;
    report.token += origin;
    report.tokens = std::move(tokens);
}

} // namespace orrery
