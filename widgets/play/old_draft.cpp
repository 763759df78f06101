// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/old_draft.h"

#include "widgets/common/number_text.h"
#include "widgets/play/sampling_json.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr qsizetype kMaxTokens = 100'000, kMaxCandidates = 50;
constexpr int kMaxKeptVersions = 10;
constexpr int kMaxDepth = 20; // of versions behind versions
constexpr int kMaxTurns = 20'000;

/// Each character is a byte.
std::string textBytes(const QJsonValue &value) { return value.toString().toLatin1().toStdString(); }

GeneratedToken restoredToken(const QJsonArray &draft)
{
    GeneratedToken token;
    token.id = draft.at(0).toInt();
    token.bytes = textBytes(draft.at(1));
    token.probability = std::clamp(draft.at(2).toDouble(), 0.0, 1.0);
    token.entropy = std::max(0.0, draft.at(3).toDouble());
    const QJsonArray candidates = draft.at(4).toArray();
    const qsizetype count = std::min(candidates.size() / 3, kMaxCandidates);
    const QJsonArray chances = draft.at(5).toArray();
    const auto share = [](const QJsonValue &value) { return std::clamp(value.toDouble(), 0.0, 1.0); };
    token.chance = share(chances.at(0));
    for (qsizetype i = 0; i < count; ++i)
        token.alternatives.push_back({candidates.at(3 * i).toInt(), textBytes(candidates.at(3 * i + 1)),
                                      share(candidates.at(3 * i + 2)), share(chances.at(i + 1))});
    return token;
}

VersionPtr restoredVersion(const QJsonObject &draft)
{
    const QJsonArray tokens = draft.value("tokens"_L1).toArray();
    if (tokens.isEmpty() || tokens.size() > kMaxTokens) return nullptr;
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

VersionPtr keptVersion(const QString &text, const QString &title)
{
    auto version = std::make_shared<GenerationVersion>();
    version->modelTitle = title;
    version->keptText = toStd(text);
    return version;
}

std::vector<AttachmentPtr> restoredAttachments(const QJsonArray &files)
{
    std::vector<AttachmentPtr> attachments;
    for (const QJsonValue &file : files) {
        const QString path = file.toString(), pasted = file.toObject().value("pasted"_L1).toString();
        if (std::ssize(attachments) >= kMaxAttachments || (path.isEmpty() && pasted.isEmpty())) continue;
        attachments.push_back(path.isEmpty() ? lostAttachment(pasted) : unreadAttachment(path));
    }
    return attachments;
}

TurnPtr restoredTurn(const QJsonObject &json, int depth);

std::vector<TurnPtr> restoredTurns(const QJsonArray &drafts, int depth)
{
    std::vector<TurnPtr> turns;
    for (const QJsonValue &json : drafts) {
        if (std::ssize(turns) >= kMaxTurns) break;
        TurnPtr turn = restoredTurn(json.toObject(), depth);
        // A system text stands at the beginning or nowhere.
        if (!turn || (turn->role == TurnRole::System && (depth > 0 || !turns.empty()))) continue;
        turns.push_back(std::move(turn));
    }
    return turns;
}

void restoreVersions(const QJsonObject &json, int depth, Turn &turn)
{
    const QString title = json.value("model"_L1).toString();
    for (const QJsonValue &text : json.value("versions"_L1).toArray())
        if (turn.versions.size() <= kMaxKeptVersions)
            turn.versions.push_back(keptVersion(text.toString(), title));
    if (turn.versions.empty())
        turn.versions.push_back(keptVersion(json.value("content"_L1).toString(), title));
    const std::vector<VersionPtr> withTokens = oldDraftVersions(json.value("version_tokens"_L1).toArray());
    for (size_t i = 0; i < std::min(withTokens.size(), turn.versions.size()); ++i) {
        // Tokens of another text would not be those of this answer.
        if (!withTokens[i] || fromStd(withTokens[i]->text()) != fromStd(turn.versions[i]->keptText)) continue;
        withTokens[i]->isAnswer = true;
        turn.versions[i] = withTokens[i];
    }
    turn.shown = std::clamp(json.value("shown"_L1).toInt(), 0, static_cast<int>(turn.versions.size()) - 1);
    if (depth >= kMaxDepth) return;
    const QJsonArray behind = json.value("behind"_L1).toArray();
    for (size_t i = 0; i < turn.versions.size(); ++i) {
        std::vector<TurnPtr> turns = restoredTurns(behind.at(static_cast<qsizetype>(i)).toArray(), depth + 1);
        if (!turns.empty() && static_cast<int>(i) != turn.shown)
            turn.behind[turn.versions[i]] = std::move(turns);
    }
}

TurnPtr restoredTurn(const QJsonObject &json, int depth)
{
    auto turn = std::make_shared<Turn>();
    turn->role = turnRoleOf(json.value("role"_L1).toString());
    if (turn->role == TurnRole::Unknown) return nullptr;
    if (turn->role == TurnRole::Assistant) {
        restoreVersions(json, depth, *turn);
        return turn;
    }
    turn->content = toStd(json.value("content"_L1).toString());
    if (turn->role == TurnRole::User)
        turn->attachments = restoredAttachments(json.value("attachments"_L1).toArray());
    return turn;
}

QStringList filesOf(const QJsonValue &paths)
{
    QStringList files;
    for (const QJsonValue &path : paths.toArray()) files << path.toString();
    return files.mid(0, kMaxAttachments);
}

} // namespace

std::vector<VersionPtr> oldDraftVersions(const QJsonArray &drafts)
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

std::vector<TurnPtr> oldDraftTurns(const QJsonObject &conversation)
{
    return restoredTurns(conversation.value("turns"_L1).toArray(), 0);
}

SessionState oldDraftState(const QJsonObject &draft)
{
    SessionState state;
    state.sampling = samplingOf(draft);
    state.sampling.maxTokens = draft.value("max_tokens"_L1).toInteger(state.sampling.maxTokens);
    state.showsMore = draft.value("shows_more"_L1).toBool();
    state.showsTokens = draft.value("shows_tokens"_L1).toBool();
    state.isColored = draft.value("is_colored"_L1).toBool();
    state.isManual = draft.value("is_manual"_L1).toBool();
    state.prompt = draft.value("prompt"_L1).toString();
    state.after = draft.value("after"_L1).toString();
    state.message = draft.value("message"_L1).toString();
    state.numDroppedCharacters = draft.value("dropped_characters"_L1).toInteger();
    state.files = filesOf(draft.value("attachments"_L1));
    state.messageFiles = filesOf(draft.value("message_attachments"_L1));
    state.model = draft.value("model"_L1).toString();
    const bool wasInfill = draft.value("is_infill"_L1).toBool();
    state.mode = draft.contains("mode"_L1) ? playModeOf(draft.value("mode"_L1).toString())
                 : wasInfill               ? PlayMode::Infill
                                           : PlayMode::Continue;
    const QJsonObject conversation = draft.value("conversation"_L1).toObject();
    state.turns = oldDraftTurns(conversation);
    state.numDroppedTurns = std::max(0, conversation.value("dropped"_L1).toInt());
    const int shown = draft.value("shown"_L1).toInt(-1);
    const std::vector<VersionPtr> versions = oldDraftVersions(draft.value("versions"_L1).toArray());
    for (size_t i = 0; i < versions.size(); ++i) {
        if (!versions[i]) continue;
        if (static_cast<int>(i) == shown || state.shown < 0) state.shown = static_cast<int>(state.versions.size());
        state.versions.push_back(versions[i]);
    }
    return state;
}

} // namespace orrery::ui
