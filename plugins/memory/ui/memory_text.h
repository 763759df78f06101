// SPDX-License-Identifier: GPL-3.0-or-later
// How the memory of a model is said: sources, places, usage and age in words, texts with their white space to
// be seen. Pure; any thread.
#pragma once

#include "core/spec/inspection.h"
#include "core/spec/memory_events.h"

#include <QString>

#include <string_view>

namespace orrery::memory_ui {

/// "chat.json#2:user" is "chat.json" and "2:user"; without a #, all of it is the name of the whole.
struct SourceParts {
    std::string_view whole, part;
};
SourceParts sourceParts(std::string_view source);
QString sourceTitle(std::string_view source);    ///< "chat.json · user 2", for tables
QString sourceSentence(std::string_view source); ///< "chat.json, the user's turn 2"
QString placeText(const MemoryEvent &event);     ///< "120–141"
QString provenanceText(const MemoryEvent &event); ///< "From chat.json, …, tokens 120–141, read at step 900."
QString usageText(double usage);                  ///< "0.42", "< 0.01"
QString usageSentence(const MemoryEvent &event);
QString ageSentence(const MemoryEvent &event);
QString slotsSentence(const MemoryEvent &event);

/// At most `maxLength` characters of a text on one line: ends of lines, tabs and spaces that one would
/// overlook have signs; what is cut ends in an ellipsis. Reads no more of the bytes than it shows.
QString visibleText(std::string_view bytes, qsizetype maxLength);

/// Tokens without a text: patches of pictures and frames of recordings, which a memory has as byte 0. "␀×16".
QString wordlessText(qsizetype count);
/// A text as it is, with these in it.
QString readableText(std::string_view bytes);

QString occupancyText(const MemoryStatus &status); ///< "1,204 of 4,096 slots used, 210 of them pinned"
QString countsText(const MemoryStatus &status);    ///< "31 evicted · 12 skipped · 0 refused"
/// Why a token could not be stored, as a sentence; empty: none was refused.
QString refusalText(const MemoryStatus &status);

/// Case does not count. The needle is folded once, the text is read in place.
class TextFilter {
public:
    explicit TextFilter(const QString &needle = {});
    [[nodiscard]] bool isEmpty() const { return m_needle.empty(); }
    [[nodiscard]] bool matches(std::string_view text) const;

private:
    std::u32string m_needle;
};

} // namespace orrery::memory_ui
