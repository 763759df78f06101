// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/generation_version.h"

#include "widgets/common/number_text.h"

#include <QCoreApplication>
#include <QStringList>

#include <cmath>
#include <limits>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr QStringView kBetween = u"  ·  ";   // two facts
constexpr double kMinSecondsForSpeed = 0.02; // a shorter time says nothing about speed

class Texts {
    Q_DECLARE_TR_FUNCTIONS(GenerationVersion)
};

QString finishText(const GenerateSummary &summary)
{
    switch (summary.reason) {
    case FinishReason::EndOfText:
        return Texts::tr("the model ended the text");
    case FinishReason::MaxTokens:
        return Texts::tr("max tokens reached");
    case FinishReason::Cancelled:
        return Texts::tr("stopped");
    case FinishReason::EndOfInfill:
        return Texts::tr("the model closed the hole");
    case FinishReason::EndOfTurn:
        return Texts::tr("the model ended its turn");
    case FinishReason::StopText:
        return Texts::tr("a stop text came");
    case FinishReason::Unknown:
        break;
    }
    return Texts::tr("ended");
}

/// What was read before the first token came, and what was still known from an earlier turn.
QString readText(const GenerateSummary &summary)
{
    const double seconds = summary.promptSeconds;
    const QString time = seconds < 1 ? Texts::tr("%1 ms").arg(significantText(seconds * 1e3, 2))
                                     : Texts::tr("%1 s").arg(significantText(seconds, 2));
    if (summary.reusedTokens == 0)
        return Texts::tr("prompt of %1 read in %2").arg(integerText(summary.promptTokens), time);
    const qint64 numRead = summary.promptTokens - summary.reusedTokens;
    if (numRead <= 0)
        return Texts::tr("prompt of %1 remembered from before").arg(integerText(summary.promptTokens));
    return Texts::tr("%1 tokens read in %2, %3 remembered from before")
        .arg(integerText(numRead), time, integerText(summary.reusedTokens));
}

constexpr qsizetype kMostLetters = 40; ///< of one word in the window, and of a fact that stays in one line

} // namespace

std::vector<ChatMessage> messagesOf(const SaidTurns &turns, MediaNames names)
{
    std::vector<ChatMessage> messages;
    messages.reserve(turns.size());
    for (const auto &turn : turns)
        messages.push_back({turn->role, turn->text, mediaOf(turn->attachments, names)});
    return messages;
}

std::string GenerationVersion::text() const
{
    if (tokens.empty()) return keptText;
    std::string text;
    for (const GeneratedToken &token : tokens) text += token.bytes;
    return text;
}

double surpriseOf(const GenerationVersion &version)
{
    double sum = 0;
    const auto from = static_cast<size_t>(std::max(0, version.partsAt));
    if (from >= version.tokens.size()) return std::numeric_limits<double>::quiet_NaN();
    for (size_t i = from; i < version.tokens.size(); ++i)
        sum -= std::log(std::max(version.tokens[i].probability, std::numeric_limits<double>::min()));
    return sum / static_cast<double>(version.tokens.size() - from);
}

QString loadedModel(const GenerationVersion &version)
{
    if (version.model.contains(u'/') || !version.info || version.info->name.isEmpty()) return version.model;
    return version.info->name;
}

QString modelText(const GenerationVersion &version)
{
    const qsizetype at = version.model.contains(u'/') ? -1 : version.model.lastIndexOf(u'@');
    const qint64 asked = at < 0 ? -1 : version.model.mid(at + 1).toLongLong();
    const qint64 loaded = version.info ? version.info->step : -1;
    const qint64 step = loaded >= 0 ? loaded : asked;
    if (step < 0) return version.modelTitle;
    QString text = Texts::tr("%1, step %2").arg(version.modelTitle, integerText(step));
    if (asked >= 0 && loaded >= 0 && asked != loaded)
        text = Texts::tr("%1 instead of %2").arg(text, integerText(asked));
    return text;
}

QString breakableStatus(const QString &status)
{
    QStringList parts = status.split(kBetween.toString());
    if (parts.size() == 1) return status;
    for (QString &part : parts) {
        QStringList words = part.split(u' ');
        for (QString &word : words)
            if (word.size() > kMostLetters)
                word = word.left(kMostLetters / 2 - 1) + u'…' + word.right(kMostLetters / 2);
        part = words.join(u' ');
        if (part.size() <= kMostLetters) part.replace(u' ', QChar::Nbsp);
    }
    // The dot stays with what stands before it.
    return parts.join(QString(2, QChar::Nbsp) + u"·  "_s);
}

QString generationStatus(const GenerationVersion &version)
{
    QStringList parts;
    parts << modelText(version);
    if (version.tokens.empty() && !version.keptText.empty()) {
        parts << Texts::tr("kept from before, without its tokens");
        return parts.join(kBetween);
    }
    if (version.isKept) {
        parts << Texts::tr("%1 tokens").arg(integerText(static_cast<qint64>(version.tokens.size())))
              << Texts::tr("seed %1").arg(version.request.sampling.seed) << Texts::tr("kept from before");
        return parts.join(kBetween);
    }
    if (version.info && version.info->numParameters > 0)
        parts << Texts::tr("%1 parameters").arg(countText(static_cast<double>(version.info->numParameters)));
    for (const PromptMedia &media : version.request.media)
        parts << Texts::tr("with %1").arg(fromStd(media.name));
    if (version.request.mask == "prefix") parts << Texts::tr("prompt seen whole");
    const auto numTokens = static_cast<int64_t>(version.tokens.size());
    const auto numNew = numTokens - static_cast<int64_t>(version.numGiven());
    if (version.isChosen) {
        parts << (numTokens == 0   ? Texts::tr("no token chosen yet")
                  : numTokens == 1 ? Texts::tr("1 token chosen")
                                   : Texts::tr("%1 tokens chosen").arg(integerText(numTokens)));
        return parts.join(kBetween);
    }
    if (version.isRunning && numNew == 0)
        parts << (version.info ? Texts::tr("reading the prompt …") : Texts::tr("loading the model …"));
    else
        parts << (numTokens == 1 ? Texts::tr("1 token") : Texts::tr("%1 tokens").arg(integerText(numTokens)));
    const double decode =
        version.summary ? version.summary->decodeSeconds : version.seconds - version.secondsToFirst;
    if (numNew < numTokens && numNew > 0) parts << Texts::tr("%1 generated").arg(integerText(numNew));
    if (numNew > 1 && decode >= kMinSecondsForSpeed) parts << speedText(static_cast<double>(numNew) / decode);
    if (version.summary && version.summary->promptTokens > 0 && version.summary->promptSeconds > 0)
        parts << readText(*version.summary);
    parts << Texts::tr("seed %1").arg(version.request.sampling.seed);
    if (version.error)
        parts << Texts::tr("failed");
    else if (version.summary)
        parts << finishText(*version.summary);
    else if (version.isRunning && numNew > 0)
        parts << Texts::tr("generating …");
    return parts.join(kBetween);
}

} // namespace orrery::ui
