// SPDX-License-Identifier: GPL-3.0-or-later
// How the memory of a model is said: sources, places, usage and age in words, texts with their white space to
// be seen. Pure; any thread.
#pragma once

#include "core/spec/inspection.h"
#include "core/spec/memory_events.h"

#include <QString>

#include <span>
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

QString readAgeText(const SlotRead &read); ///< "12", "never", "not known"
/// "Last read 12 tokens ago by [day], token 141 of chat.json, …, with weight 0.42 in head 2.1." Of an event:
/// of the newest read of its tokens.
QString readSentence(const SlotRead &read);

/// At most `maxLength` characters of a text on one line: ends of lines, tabs and spaces that one would
/// overlook have signs; what is cut ends in an ellipsis. Reads no more of the bytes than it shows.
/// @param media in their order
QString visibleText(std::string_view bytes, qsizetype maxLength, std::span<const MediaRun> media = {});
inline QString visibleText(const MemoryEvent &event, qsizetype maxLength)
{
    return visibleText(event.text, maxLength, event.media);
}

/// Patches of a picture or frames of a recording: "[picture, 9 patches]".
QString mediaText(Modality modality, qsizetype count);
/// One of them: "[patch]", "[frame]"; empty for text.
QString mediaTokenText(Modality modality);
/// Tokens without a text that nobody knows more of: byte 0, "␀×16".
QString wordlessText(qsizetype count);
/// A text as it is, with these in it.
QString readableText(std::string_view bytes, std::span<const MediaRun> media = {});
inline QString readableText(const MemoryEvent &event) { return readableText(event.text, event.media); }

QString occupancyText(const MemoryStatus &status); ///< "1,204 of 4,096 slots used, 210 of them pinned"
QString countsText(const MemoryStatus &status);    ///< "31 evicted · 12 skipped · 0 refused"
/// Why a token could not be stored, or why the next one cannot, and what to do; empty: nothing of it.
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
