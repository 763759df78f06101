// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/token_groups.h"

#include "widgets/common/number_text.h"
#include "widgets/play/token_view.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

QString tr(const char *text) { return QCoreApplication::translate("TokenGroups", text); }

constexpr double kSecondsPerFrame = 0.05; ///< of a recording, as models always read it

enum class Class : uint8_t { Space, Letter, Mark };

Class classOf(char byte)
{
    const auto value = static_cast<unsigned char>(byte);
    if (value == ' ' || value == '\t' || value == '\n' || value == '\r') return Class::Space;
    const bool isLetter = value >= 0x80 || value == '_' || (value >= '0' && value <= '9') ||
                          (value >= 'A' && value <= 'Z') || (value >= 'a' && value <= 'z');
    return isLetter ? Class::Letter : Class::Mark;
}

bool isText(const InspectedToken &token) { return token.modality == Modality::Text && token.id >= 0; }

/// A part of one picture or recording, from one of its tokens to another.
bool isOfOneItem(const InspectedToken &first, const InspectedToken &last)
{
    return first.modality != Modality::Text && first.modality == last.modality && first.item == last.item;
}

QString itemLabel(const InspectedToken &first, const InspectedToken &last)
{
    const QString label = tokenLabel(first);
    return first.place == last.place ? label : label + u'-' + QString::number(last.place);
}

bool beginsWord(const InspectedToken &before, const InspectedToken &token)
{
    if (!isText(before) || !isText(token)) return true;
    if (isSpecialToken(before.bytes, before.id) || isSpecialToken(token.bytes, token.id)) return true;
    if (before.bytes.empty() || token.bytes.empty()) return false;
    if (before.bytes.back() == '\n') return true;
    const Class last = classOf(before.bytes.back()), first = classOf(token.bytes.front());
    if (last == Class::Space) return first == Class::Space && token.bytes.front() == '\n';
    return last != first;
}

bool beginsLine(const InspectedToken &before, const InspectedToken &token)
{
    if (isText(before) != isText(token)) return true;
    if (!isText(token)) return before.item != token.item;
    return before.bytes.find('\n') != std::string::npos;
}

} // namespace

std::vector<TokenRange> groupTokens(const std::vector<InspectedToken> &tokens, Granularity granularity)
{
    std::vector<TokenRange> groups;
    for (size_t i = 0; i < tokens.size(); ++i) {
        const bool begins = i == 0 || granularity == Granularity::Token ||
                            (granularity == Granularity::Word ? beginsWord(tokens[i - 1], tokens[i])
                                                              : beginsLine(tokens[i - 1], tokens[i]));
        const auto at = static_cast<int64_t>(i);
        if (begins)
            groups.push_back({at, at + 1});
        else
            groups.back().end = at + 1;
    }
    return groups;
}

QString tokenLabel(const InspectedToken &token)
{
    if (token.modality == Modality::Image) return tr("image %1, patch %2").arg(token.item).arg(token.place);
    if (token.modality == Modality::Audio) return tr("audio %1, frame %2").arg(token.item).arg(token.place);
    return visibleTokenText(token.bytes, token.id);
}

std::vector<QString> axisLabels(const std::vector<InspectedToken> &tokens,
                                const std::vector<TokenRange> &ranges)
{
    // A picture and a recording are told apart by what their parts are called.
    const InspectedToken *image = nullptr, *audio = nullptr;
    bool hasMore = false;
    for (const InspectedToken &token : tokens) {
        if (token.modality == Modality::Text) continue;
        const InspectedToken *&one = token.modality == Modality::Image ? image : audio;
        hasMore = hasMore || (one && one->item != token.item);
        one = &token;
    }
    std::vector<QString> labels;
    labels.reserve(ranges.size());
    for (const TokenRange &range : ranges) {
        const bool isInside = range.begin >= 0 && range.begin < range.end && range.end <= std::ssize(tokens);
        const InspectedToken *first = isInside ? &tokens[size_t(range.begin)] : nullptr;
        const InspectedToken *last = isInside ? &tokens[size_t(range.end - 1)] : nullptr;
        if (hasMore || !first || !isOfOneItem(*first, *last)) {
            labels.push_back(rangeLabel(tokens, range));
            continue;
        }
        QString label = first->modality == Modality::Image ? tr("patch %1") : tr("frame %1");
        label = label.arg(first->place);
        if (first->place != last->place) label += u'-' + QString::number(last->place);
        labels.push_back(label);
    }
    return labels;
}

QString rangeLabel(const std::vector<InspectedToken> &tokens, const TokenRange &range)
{
    constexpr qsizetype kMaxLength = 32;
    if (range.begin < 0 || range.begin >= std::ssize(tokens)) return {};
    const int64_t end = std::min<int64_t>(range.end, std::ssize(tokens));
    const InspectedToken &first = tokens[size_t(range.begin)], &last = tokens[size_t(end - 1)];
    if (end - range.begin == 1) return tokenLabel(first);
    if (isOfOneItem(first, last)) return itemLabel(first, last);
    // Together, because a character may be spread over several tokens.
    std::string bytes;
    QString text;
    for (int64_t i = range.begin; i < end && text.size() + qsizetype(bytes.size()) <= kMaxLength; ++i) {
        const InspectedToken &token = tokens[size_t(i)];
        if (isText(token) && !isSpecialToken(token.bytes, token.id)) {
            bytes += token.bytes;
            continue;
        }
        if (!bytes.empty()) text += visibleTokenText(bytes, 0);
        bytes.clear();
        // All of a picture or recording that follows is one thing.
        while (i + 1 < end && isOfOneItem(token, tokens[size_t(i + 1)])) ++i;
        const bool isMedia = token.modality != Modality::Text;
        if (isMedia && !text.isEmpty() && !text.endsWith(u' ')) text += u' ';
        text += itemLabel(token, tokens[size_t(i)]);
        if (isMedia && i + 1 < end) text += u' ';
    }
    if (!bytes.empty()) text += visibleTokenText(bytes, 0);
    return text.size() > kMaxLength ? text.left(kMaxLength - 1) + u'…' : text;
}

QString partSentence(const std::vector<InspectedToken> &tokens, int64_t place)
{
    if (place < 0 || place >= std::ssize(tokens)) return {};
    const InspectedToken &token = tokens[size_t(place)];
    if (token.modality == Modality::Audio)
        return tr("frame %1 of audio %2, from %3 s")
            .arg(token.place)
            .arg(token.item)
            .arg(fixedText(double(token.place) * kSecondsPerFrame, 2));
    if (token.modality != Modality::Image) return tokenLabel(token);
    int64_t count = 0;
    for (const InspectedToken &other : tokens)
        if (isOfOneItem(token, other)) count = std::max(count, other.place + 1);
    const auto side = std::llround(std::sqrt(double(count)));
    const QString patch = tr("patch %1 of image %2").arg(token.place).arg(token.item);
    if (side <= 0 || side * side != count) return patch; // what stands where is not known
    return tr("%1, row %2, column %3").arg(patch).arg(token.place / side).arg(token.place % side);
}

QString rangeSentence(const std::vector<InspectedToken> &tokens, const TokenRange &range)
{
    const bool isInside = range.begin >= 0 && range.begin < std::ssize(tokens);
    if (isInside && range.end - range.begin == 1 && tokens[size_t(range.begin)].modality != Modality::Text)
        return tr("token %1, %2").arg(integerText(range.begin), partSentence(tokens, range.begin));
    const QString text = rangeLabel(tokens, range);
    if (range.end - range.begin == 1) return tr("token %1 “%2”").arg(integerText(range.begin), text);
    return tr("tokens %1-%2 “%3”").arg(integerText(range.begin), integerText(range.end - 1), text);
}

} // namespace orrery::ui
