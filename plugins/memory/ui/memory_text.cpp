// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/memory_text.h"

#include "core/spec/memory_counts.h"
#include "widgets/common/number_text.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;
using orrery::ui::fromStd;
using orrery::ui::integerText;

namespace orrery::memory_ui {
namespace {

QString tr(const char *text) { return QCoreApplication::translate("MemoryText", text); }

constexpr char32_t kBroken = 0xFFFD;
constexpr qsizetype kReaderLength = 40;

/// The next character of UTF-8; a broken byte counts as one.
char32_t nextCharacter(std::string_view text, size_t &at)
{
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(at++);
    if (first < 0x80) return first;
    const int numMore = first >= 0xF0 && first < 0xF8   ? 3
                        : first >= 0xE0 && first < 0xF0 ? 2
                        : first >= 0xC2 && first < 0xE0 ? 1
                                                        : 0;
    if (numMore == 0 || at + static_cast<size_t>(numMore) > text.size()) return kBroken;
    char32_t code = first & (0x3F >> numMore);
    for (int i = 0; i < numMore; ++i) {
        const unsigned char more = byte(at + static_cast<size_t>(i));
        if ((more & 0xC0) != 0x80) return kBroken;
        code = code << 6 | (more & 0x3F);
    }
    at += static_cast<size_t>(numMore);
    return code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF) ? code : kBroken;
}

char32_t folded(char32_t code)
{
    if (code < 0x80) return code >= 'A' && code <= 'Z' ? code + ('a' - 'A') : code;
    return QChar::toCaseFolded(code);
}

/// "2:user" is 2 and "user".
bool turnOf(std::string_view part, QString &number, QString &role)
{
    const size_t colon = part.find(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    number = fromStd(part.substr(0, colon));
    role = fromStd(part.substr(colon + 1));
    bool isNumber = false;
    (void)number.toLongLong(&isNumber);
    return isNumber;
}

} // namespace

SourceParts sourceParts(std::string_view source)
{
    const size_t hash = source.rfind('#');
    if (hash == std::string_view::npos) return {source, {}};
    return {source.substr(0, hash), source.substr(hash + 1)};
}

QString sourceTitle(std::string_view source)
{
    const auto [whole, part] = sourceParts(source);
    QString number, role;
    if (part.empty() || part == "text") return fromStd(whole);
    if (part == "answer") return tr("%1 · answer").arg(fromStd(whole));
    if (turnOf(part, number, role)) return tr("%1 · %2 %3").arg(fromStd(whole), role, number);
    return fromStd(source);
}

QString sourceSentence(std::string_view source)
{
    const auto [whole, part] = sourceParts(source);
    const QString name = whole.empty() ? tr("a text without a name") : fromStd(whole);
    QString number, role;
    if (part.empty() || part == "text") return name;
    if (part == "answer") return tr("what the model added to %1").arg(name);
    if (!turnOf(part, number, role)) return tr("%1, part %2").arg(name, fromStd(part));
    if (role == u"user") return tr("%1, the user's turn %2").arg(name, number);
    if (role == u"assistant") return tr("%1, the model's turn %2").arg(name, number);
    if (role == u"system") return tr("%1, the instructions in turn %2").arg(name, number);
    return tr("%1, turn %2 (%3)").arg(name, number, role);
}

QString placeText(const MemoryEvent &event)
{
    if (event.firstToken == event.lastToken) return integerText(event.firstToken);
    return u"%1–%2"_s.arg(integerText(event.firstToken), integerText(event.lastToken));
}

QString provenanceText(const MemoryEvent &event)
{
    const QString tokens = event.firstToken == event.lastToken ? tr("token %1") : tr("tokens %1");
    const QString step = event.step > 0 ? tr("read at step %1").arg(integerText(event.step))
                                        : tr("read by weights whose step is not known");
    return tr("From %1, %2, %3.").arg(sourceSentence(event.source), tokens.arg(placeText(event)), step);
}

QString usageText(double usage)
{
    if (std::isnan(usage)) return ui::unknownText();
    if (usage > 0 && usage < 0.005) return u"< 0.01"_s;
    return ui::fixedText(usage, 2);
}

QString usageSentence(const MemoryEvent &event)
{
    // A slot begins at 1, fades with each token that is read, and gains when it is read itself.
    const QString words = std::isnan(event.meanUsage) ? tr("not known")
                          : event.meanUsage >= 1      ? tr("read often of late")
                          : event.meanUsage >= 0.1    ? tr("written or read not long ago")
                          : event.meanUsage >= 0.01   ? tr("fading")
                                                      : tr("nearly forgotten");
    const QString next = event.isPinned
                             ? tr("Pinned: it stays, whatever comes.")
                             : tr("When the memory is full, the tokens with the least usage go first.");
    return tr("Usage %1: %2. %3").arg(usageText(event.meanUsage), words, next);
}

QString ageSentence(const MemoryEvent &event)
{
    if (event.age <= 0) return tr("It has only just begun.");
    if (event.age == 1) return tr("One token was read since it began.");
    return tr("%1 tokens were read since it began.").arg(integerText(event.age));
}

QString slotsSentence(const MemoryEvent &event)
{
    const int64_t numTokens = event.lastToken - event.firstToken + 1;
    if (event.numSlots >= numTokens)
        return tr("All of its %1 tokens are stored.").arg(integerText(numTokens));
    return tr("%1 of its %2 tokens are stored; the others were evicted or skipped.")
        .arg(integerText(event.numSlots), integerText(numTokens));
}

QString readAgeText(const SlotRead &read)
{
    if (read.isThere()) return integerText(read.age);
    return read.age == SlotRead::kNever ? tr("never") : tr("not known");
}

QString readSentence(const SlotRead &read)
{
    if (read.age == SlotRead::kNever) return tr("No text has read it yet.");
    if (!read.isThere())
        return tr("When it was read last is not known: its file is of before that was kept, or the text "
                  "that read it was forgotten.");
    const QString when = read.age == 0   ? tr("Last read just now")
                         : read.age == 1 ? tr("Last read one token ago")
                                         : tr("Last read %1 tokens ago").arg(integerText(read.age));
    const QString token = mediaTokenText(read.modality).isEmpty()
                              ? u'[' + visibleText(read.text, kReaderLength) + u']'
                              : mediaTokenText(read.modality);
    return tr("%1 by %2, token %3 of %4, with weight %5 in head %6.")
        .arg(when, token, integerText(read.place), sourceSentence(read.source),
             ui::fixedText(static_cast<double>(read.weight), 2), u"%1.%2"_s.arg(read.layer).arg(read.head));
}

QString mediaText(Modality modality, qsizetype count)
{
    if (modality == Modality::Image)
        return count == 1 ? tr("[picture, 1 patch]") : tr("[picture, %1 patches]").arg(integerText(count));
    if (modality == Modality::Audio)
        return count == 1 ? tr("[recording, 1 frame]") : tr("[recording, %1 frames]").arg(integerText(count));
    return wordlessText(count);
}

QString mediaTokenText(Modality modality)
{
    if (modality == Modality::Image) return tr("[patch]");
    return modality == Modality::Audio ? tr("[frame]") : QString();
}

QString wordlessText(qsizetype count)
{
    const QString sign(QChar(0x2400));
    return count == 1 ? sign : tr("%1×%2").arg(sign, integerText(count));
}

namespace {

QString withSigns(std::string_view bytes)
{
    const QString text = fromStd(std::string(bytes));
    QString result;
    result.reserve(text.size());
    for (qsizetype at = 0; at < text.size();) {
        const qsizetype begin = at;
        while (at < text.size() && text[at].isNull()) ++at;
        if (at > begin)
            result += wordlessText(at - begin);
        else
            result += text[at++];
    }
    return result;
}

} // namespace

QString readableText(std::string_view bytes, std::span<const MediaRun> media)
{
    QString text;
    size_t at = 0;
    for (const MediaRun &run : media) {
        const auto begin = static_cast<size_t>(run.begin);
        text += withSigns(bytes.substr(at, begin - at)) + mediaText(run.modality, run.count);
        at = begin + static_cast<size_t>(run.count);
    }
    return text + withSigns(bytes.substr(at));
}

QString visibleText(std::string_view bytes, qsizetype maxLength, std::span<const MediaRun> media)
{
    QString text;
    text.reserve(maxLength + 1);
    char32_t before = ' '; // spaces at the start are easily overlooked
    for (size_t at = 0; at < bytes.size();) {
        if (text.size() >= maxLength) return text + u'…';
        while (!media.empty() && static_cast<size_t>(media.front().begin) < at) media = media.subspan(1);
        if (!media.empty() && static_cast<size_t>(media.front().begin) == at) {
            text += mediaText(media.front().modality, media.front().count);
            at += static_cast<size_t>(media.front().count);
            before = 'x';
            continue;
        }
        const char32_t code = nextCharacter(bytes, at);
        if (code == 0) {
            size_t count = 1;
            for (; at < bytes.size() && bytes[at] == '\0'; ++at) ++count;
            text += wordlessText(static_cast<qsizetype>(count));
            before = code;
            continue;
        }
        const bool isLast = at >= bytes.size();
        const char after = isLast ? ' ' : bytes[at];
        if (code == ' ')
            text += before == ' ' || before == '\n' || after == ' ' || after == '\n' ? u'␣' : u' ';
        else if (code == '\n')
            text += u'↵';
        else if (code == '\t')
            text += u'⇥';
        else if (code < 0x20)
            text += QChar(static_cast<char16_t>(0x2400 + code)); // the picture of the control character
        else if (code == 0x7F)
            text += QChar(0x2421);
        else if (QChar::requiresSurrogates(code))
            text += QString::fromUcs4(&code, 1);
        else
            text += QChar(static_cast<char16_t>(code));
        before = code;
    }
    return text;
}

QString occupancyText(const MemoryStatus &status)
{
    return tr("%1 of %2 slots used, %3 pinned")
        .arg(integerText(status.numUsed), integerText(status.capacity), integerText(status.numPinned));
}

QString countsText(const MemoryStatus &status)
{
    const int64_t least = std::min({status.numEvicted, status.numSkipped, status.numRefused});
    if (!isKnownCount(least)) return tr("evicted, skipped, refused: not known, of an older file");
    return tr("%1 evicted · %2 skipped · %3 refused")
        .arg(integerText(status.numEvicted), integerText(status.numSkipped), integerText(status.numRefused));
}

QString refusalText(const MemoryStatus &status)
{
    QString text;
    if (status.numRefused != 0 && !status.lastRefusal.empty()) {
        QString reason = fromStd(status.lastRefusal).trimmed();
        if (!reason.endsWith(u'.')) reason += u'.';
        text = tr("Last refusal: %1").arg(reason);
    }
    if (status.capacity <= 0 || status.numPinned < status.capacity) return text;
    if (text.isEmpty())
        text = tr("All %1 slots are pinned: what is read next cannot be remembered.")
                   .arg(integerText(status.capacity));
    return text + u' ' + tr("Unpin an event (P) or forget one, and there is room again.");
}

TextFilter::TextFilter(const QString &needle)
{
    const std::string bytes = ui::toStd(needle);
    for (size_t at = 0; at < bytes.size();) m_needle += folded(nextCharacter(bytes, at));
}

bool TextFilter::matches(std::string_view text) const
{
    if (m_needle.empty()) return true;
    for (size_t begin = 0; begin < text.size();) {
        size_t at = begin;
        if (folded(nextCharacter(text, at)) == m_needle.front()) {
            size_t next = at, i = 1;
            while (i < m_needle.size() && next < text.size() &&
                   folded(nextCharacter(text, next)) == m_needle[i])
                ++i;
            if (i == m_needle.size()) return true;
        }
        begin = at;
    }
    return false;
}

} // namespace orrery::memory_ui
