// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/version_draft.h"

#include "widgets/common/number_text.h"
#include "widgets/play/sampling_json.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr qint64 kTokenBytes = 40, kCandidateBytes = 32; // about what the numbers and signs take
constexpr int kMaxKeptVersions = 20;
constexpr qsizetype kMaxRestoredTokens = 100'000, kMaxRestoredCandidates = 50;

/// Bytes that may be no text at all: each becomes one character.
QString byteText(const std::string &bytes) { return QString::fromLatin1(bytes); }
std::string textBytes(const QJsonValue &value) { return value.toString().toLatin1().toStdString(); }

double rounded(double value) { return QString::number(value, 'g', 5).toDouble(); }

qint64 tokenBytes(const GenerationVersion &version, bool hasCandidates)
{
    qint64 numBytes = 0;
    for (const GeneratedToken &token : version.tokens) {
        numBytes += kTokenBytes + 2 * static_cast<qint64>(token.bytes.size());
        if (!hasCandidates) continue;
        for (const TokenAlternative &candidate : token.alternatives)
            numBytes += kCandidateBytes + 2 * static_cast<qint64>(candidate.bytes.size());
    }
    return numBytes;
}

/// [id, text, probability, entropy, [id, text, probability, id, text, probability …]], and where chances are
/// known, behind that, [its own, those of the candidates …]
QJsonArray tokenDraft(const GeneratedToken &token, bool hasCandidates)
{
    QJsonArray draft{token.id, byteText(token.bytes), rounded(token.probability), rounded(token.entropy)};
    if (!hasCandidates || token.alternatives.empty()) return draft;
    QJsonArray candidates;
    for (const TokenAlternative &candidate : token.alternatives) {
        candidates.append(candidate.id);
        candidates.append(byteText(candidate.bytes));
        candidates.append(rounded(candidate.probability));
    }
    draft.append(candidates);
    if (!hasChances(token)) return draft;
    QJsonArray chances{rounded(token.chance)};
    for (const TokenAlternative &candidate : token.alternatives) chances.append(rounded(candidate.chance));
    draft.append(chances);
    return draft;
}

GeneratedToken restoredToken(const QJsonArray &draft)
{
    GeneratedToken token;
    token.id = draft.at(0).toInt();
    token.bytes = textBytes(draft.at(1));
    token.probability = std::clamp(draft.at(2).toDouble(), 0.0, 1.0);
    token.entropy = std::max(0.0, draft.at(3).toDouble());
    const QJsonArray candidates = draft.at(4).toArray();
    const qsizetype count = std::min(candidates.size() / 3, kMaxRestoredCandidates);
    const QJsonArray chances = draft.at(5).toArray();
    const auto share = [](const QJsonValue &value) { return std::clamp(value.toDouble(), 0.0, 1.0); };
    token.chance = share(chances.at(0));
    for (qsizetype i = 0; i < count; ++i)
        token.alternatives.push_back({candidates.at(3 * i).toInt(), textBytes(candidates.at(3 * i + 1)),
                                      share(candidates.at(3 * i + 2)), share(chances.at(i + 1))});
    return token;
}

QJsonObject versionDraft(const GenerationVersion &version, bool hasCandidates)
{
    const SamplingSettings &sampling = version.request.sampling;
    QJsonArray tokens;
    for (const GeneratedToken &token : version.tokens) tokens.append(tokenDraft(token, hasCandidates));
    QJsonObject draft{{u"model"_s, version.model},
                      {u"title"_s, version.modelTitle},
                      {u"tokens"_s, tokens},
                      {u"given"_s, static_cast<qint64>(version.numGiven())},
                      {u"parts_at"_s, version.partsAt},
                      {u"max_tokens"_s, static_cast<qint64>(sampling.maxTokens)}};
    insertSampling(draft, sampling);
    if (version.isAnswer) draft.insert(u"is_answer"_s, true);
    if (!version.request.prompt.empty()) draft.insert(u"prompt"_s, byteText(version.request.prompt));
    if (version.request.infill) draft.insert(u"infill"_s, byteText(*version.request.infill));
    if (version.info) {
        draft.insert(u"loaded"_s, version.info->name);
        draft.insert(u"step"_s, version.info->step);
    }
    if (version.summary && version.summary->promptTokens > 0)
        draft.insert(u"prompt_tokens"_s, static_cast<qint64>(version.summary->promptTokens));
    return draft;
}

VersionPtr restoredVersion(const QJsonObject &draft)
{
    const QJsonArray tokens = draft.value("tokens"_L1).toArray();
    if (tokens.isEmpty() || tokens.size() > kMaxRestoredTokens) return nullptr;
    auto version = std::make_shared<GenerationVersion>();
    for (const QJsonValue &token : tokens) {
        if (token.toArray().size() < 4) return nullptr;
        version->tokens.push_back(restoredToken(token.toArray()));
    }
    version->model = draft.value("model"_L1).toString();
    version->modelTitle = draft.value("title"_L1).toString();
    version->isAnswer = draft.value("is_answer"_L1).toBool();
    version->partsAt = std::clamp(draft.value("parts_at"_L1).toInt(), 0, static_cast<int>(tokens.size()));
    GenerateRequest &request = version->request;
    request.prompt = textBytes(draft.value("prompt"_L1));
    if (draft.contains("infill"_L1)) request.infill = textBytes(draft.value("infill"_L1));
    const qsizetype numGiven = std::clamp<qsizetype>(draft.value("given"_L1).toInteger(), 0, tokens.size());
    for (qsizetype i = 0; i < numGiven; ++i)
        request.answerIds.push_back(version->tokens[static_cast<size_t>(i)].id);
    request.sampling = samplingOf(draft);
    request.sampling.maxTokens = draft.value("max_tokens"_L1).toInteger(request.sampling.maxTokens);
    if (draft.contains("step"_L1))
        version->info = ModelInfoValue{
            draft.value("loaded"_L1).toString(), draft.value("step"_L1).toInteger(-1), 0, 0, {}};
    version->isKept = true;
    version->summary = GenerateSummary{};
    version->summary->promptTokens = std::max<qint64>(0, draft.value("prompt_tokens"_L1).toInteger());
    return version;
}

} // namespace

QJsonArray versionDrafts(const std::vector<VersionPtr> &versions, qint64 &room)
{
    QJsonArray drafts;
    int numKept = 0;
    std::vector<QJsonObject> kept(versions.size());
    for (size_t i = versions.size(); i-- > 0;) {
        const GenerationVersion &version = *versions[i];
        if (version.tokens.empty() || !version.request.media.empty() || numKept >= kMaxKeptVersions) continue;
        const qint64 given = 2 * static_cast<qint64>(version.request.prompt.size() +
                                                     version.request.infill.value_or("").size());
        const bool hasCandidates = tokenBytes(version, true) + given <= room;
        const qint64 numBytes = tokenBytes(version, hasCandidates) + given;
        if (numBytes > room) continue;
        room -= numBytes;
        kept[i] = versionDraft(version, hasCandidates);
        ++numKept;
    }
    for (size_t i = 0; i < versions.size(); ++i) {
        if (kept[i].isEmpty()) {
            drafts.append(QJsonValue());
            continue;
        }
        const auto parent = std::find(versions.begin(), versions.end(), versions[i]->parent.lock());
        if (parent != versions.end() && !kept[static_cast<size_t>(parent - versions.begin())].isEmpty())
            kept[i].insert(u"parent"_s, static_cast<qint64>(parent - versions.begin()));
        drafts.append(kept[i]);
    }
    return drafts;
}

std::vector<VersionPtr> restoredVersions(const QJsonArray &drafts)
{
    std::vector<VersionPtr> versions;
    for (const QJsonValue &draft : drafts) versions.push_back(restoredVersion(draft.toObject()));
    for (size_t i = 0; i < versions.size(); ++i) {
        if (!versions[i]) continue;
        const qint64 parent =
            drafts.at(static_cast<qsizetype>(i)).toObject().value("parent"_L1).toInteger(-1);
        // An older version is the parent of a newer one, so that there is no circle.
        if (parent >= 0 && parent < static_cast<qint64>(i))
            versions[i]->parent = versions[static_cast<size_t>(parent)];
    }
    return versions;
}

} // namespace orrery::ui
