// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/branching.h"

#include "widgets/play/token_view.h"

#include <QCoreApplication>

#include <algorithm>

namespace orrery::ui {
namespace {

class Texts {
    Q_DECLARE_TR_FUNCTIONS(Branching)
};

/// @param numKept tokens of the parent
VersionPtr begun(const VersionPtr &parent, size_t numKept)
{
    auto version = std::make_shared<GenerationVersion>();
    version->model = loadedModel(*parent); // its tokens are of that step, whatever is the newest one now
    version->modelTitle = parent->modelTitle;
    version->request = parent->request;
    version->attachments = parent->attachments;
    version->isAnswer = parent->isAnswer;
    version->answered = parent->answered; // until it is asked for itself
    version->info = parent->info;         // the model is the same; what it says of itself may come anew
    numKept = std::min(numKept, parent->tokens.size());
    version->tokens.assign(parent->tokens.begin(),
                           parent->tokens.begin() + static_cast<std::ptrdiff_t>(numKept));
    version->parent = parent;
    version->partsAt = static_cast<int>(numKept);
    return version;
}

void prepare(GenerationVersion &version, const SamplingSettings &sampling)
{
    version.request.answerIds = tokenIds(version, version.tokens.size());
    version.request.sampling = sampling;
}

} // namespace

VersionPtr branchedVersion(const VersionPtr &parent, int token, const TokenAlternative &chosen,
                           const SamplingSettings &sampling)
{
    const auto place = static_cast<size_t>(token);
    const VersionPtr version = begun(parent, place);
    if (!isEndToken(chosen, *parent)) version->tokens.push_back(chosenToken(parent->tokens[place], chosen));
    prepare(*version, sampling);
    return version;
}

VersionPtr continuedVersion(const VersionPtr &parent, int token, const SamplingSettings &sampling)
{
    const VersionPtr version = begun(parent, static_cast<size_t>(token) + 1);
    prepare(*version, sampling);
    return version;
}

VersionPtr repeatedVersion(const VersionPtr &version, const SamplingSettings &sampling)
{
    const VersionPtr again = begun(version, version->numGiven());
    if (version->numGiven() == 0) again->model = version->model; // nothing of it is kept: as it was asked
    again->parent = version->parent;
    again->partsAt = version->partsAt;
    prepare(*again, sampling);
    return again;
}

bool isEndToken(const TokenAlternative &token, const GenerationVersion &version)
{
    if (!isSpecialToken(token.bytes, token.id)) return false;
    if (token.bytes == "<|end_of_text|>") return true;
    // A prompt alone goes on behind the end of a turn.
    return token.bytes == "<|end_of_turn|>" && (version.request.infill || version.isAnswer);
}

void endAsChosen(GenerationVersion &version, const TokenAlternative &end)
{
    GenerateSummary summary;
    summary.reason = end.bytes == "<|end_of_text|>" ? FinishReason::EndOfText
                     : version.request.infill       ? FinishReason::EndOfInfill
                                                    : FinishReason::EndOfTurn;
    if (version.summary) summary.promptTokens = version.summary->promptTokens;
    version.summary = summary;
    version.isRunning = false;
    version.isChosen = false;
}

GeneratedToken chosenToken(const GeneratedToken &place, const TokenAlternative &chosen)
{
    GeneratedToken token = place;
    token.id = chosen.id;
    token.bytes = chosen.bytes;
    token.probability = chosen.probability;
    token.chance = chosen.chance;
    return token;
}

std::vector<int32_t> tokenIds(const GenerationVersion &version, size_t count)
{
    std::vector<int32_t> ids;
    ids.reserve(count);
    for (size_t i = 0; i < std::min(count, version.tokens.size()); ++i) ids.push_back(version.tokens[i].id);
    return ids;
}

bool isSameQuestion(const GenerateRequest &a, const GenerateRequest &b)
{
    const auto isSameFile = [](const PromptMedia &one, const PromptMedia &other) {
        if (one.name != other.name) return false;
        return one.bytes.size() == other.bytes.size() || one.bytes.empty() || other.bytes.empty(); // kept by its name
    };
    return a.prompt == b.prompt && a.infill == b.infill && a.mask == b.mask &&
           std::equal(a.media.begin(), a.media.end(), b.media.begin(), b.media.end(), isSameFile);
}

void adoptChildren(const std::vector<VersionPtr> &versions, const VersionPtr &gone)
{
    for (const VersionPtr &version : versions) {
        if (version->parent.lock() != gone) continue;
        version->parent = gone->parent;
        version->partsAt = std::min(version->partsAt, gone->partsAt);
    }
}

QString partingText(const GenerationVersion &version)
{
    const VersionPtr parent = version.parent.lock();
    if (!parent) return {};
    const auto place = static_cast<size_t>(version.partsAt);
    const auto text = [place](const GenerationVersion &of) {
        return place < of.tokens.size() ? visibleTokenText(of.tokens[place].bytes, of.tokens[place].id)
                                        : QString();
    };
    const QString own = text(version), other = text(*parent);
    if (own.isEmpty()) return Texts::tr("Goes on from here on its own.");
    if (other.isEmpty() || own == other) return Texts::tr("“%1” and what follows is its own.").arg(own);
    return Texts::tr("“%1” in place of “%2”.").arg(own, other);
}

} // namespace orrery::ui
