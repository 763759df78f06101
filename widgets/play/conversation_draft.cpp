// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/conversation_draft.h"

#include "widgets/common/number_text.h"
#include "widgets/play/version_draft.h"

#include <QJsonArray>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kMaxKeptVersions = 10;
constexpr int kMaxDepth = 20; // of versions behind versions
constexpr int kMaxRestoredTurns = 20'000;

VersionPtr keptVersion(const QString &text, const QString &title)
{
    auto version = std::make_shared<GenerationVersion>();
    version->modelTitle = title;
    version->keptText = toStd(text);
    return version;
}

QJsonObject turnDraft(const Turn &turn)
{
    QJsonObject json{{u"role"_s, QString::fromLatin1(turnRoleName(turn.role))},
                     {u"content"_s, fromStd(turn.text())}};
    QJsonArray files;
    for (const AttachmentPtr &attachment : turn.attachments) {
        if (!attachment->path.isEmpty())
            files.append(attachment->path);
        else // it stands in no file, and a draft is no place for its bytes
            files.append(QJsonObject{{u"pasted"_s, attachment->name}});
    }
    if (!files.isEmpty()) json.insert(u"attachments"_s, files);
    if (turn.role == TurnRole::Assistant) json.insert(u"model"_s, modelText(*turn.version()));
    return json;
}

void addVersions(const Turn &turn, qint64 &room, int depth, QJsonObject &json, std::vector<VersionPtr> &kept);

/// What follows a version that is not shown; empty where there is no room.
QJsonArray behindDraft(const std::vector<TurnPtr> &turns, qint64 &room, int depth)
{
    qint64 numBytes = 0;
    for (const TurnPtr &turn : turns) numBytes += static_cast<qint64>(turn->text().size());
    if (numBytes > room || depth >= kMaxDepth) return {};
    room -= numBytes;
    QJsonArray drafts;
    for (const TurnPtr &turn : turns) {
        QJsonObject json = turnDraft(*turn);
        std::vector<VersionPtr> kept;
        if (turn->versions.size() > 1) addVersions(*turn, room, depth + 1, json, kept);
        drafts.append(json);
    }
    return drafts;
}

/// The versions of an answer, newest first as far as there is room, with what follows those that are not
/// shown.
/// @param kept those that stand there then
void addVersions(const Turn &turn, qint64 &room, int depth, QJsonObject &json, std::vector<VersionPtr> &kept)
{
    QJsonArray texts, behind;
    int shown = 0;
    for (int i = static_cast<int>(turn.versions.size()) - 1; i >= 0; --i) {
        const VersionPtr &version = turn.versions[static_cast<size_t>(i)];
        const QString text = fromStd(version->text());
        if (i != turn.shown) {
            const qint64 numBytes = text.size() * 3; // UTF-16 to UTF-8 at most
            if (numBytes > room || texts.size() >= kMaxKeptVersions) continue;
            room -= numBytes;
        }
        texts.prepend(text);
        kept.insert(kept.begin(), version);
        const auto follows = i == turn.shown ? turn.behind.end() : turn.behind.find(version);
        behind.prepend(follows == turn.behind.end() ? QJsonArray()
                                                    : behindDraft(follows->second, room, depth));
        shown = i == turn.shown ? 0 : shown + (i < turn.shown ? 1 : 0);
    }
    if (texts.size() < 2) return;
    json.insert(u"versions"_s, texts);
    json.insert(u"shown"_s, shown);
    if (std::any_of(behind.begin(), behind.end(),
                    [](const QJsonValue &list) { return !list.toArray().isEmpty(); }))
        json.insert(u"behind"_s, behind);
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
        if (std::ssize(turns) >= kMaxRestoredTurns) break;
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
    const std::vector<VersionPtr> withTokens = restoredVersions(json.value("version_tokens"_L1).toArray());
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

} // namespace

QString conversationText(const std::vector<ChatMessage> &messages)
{
    QString text;
    for (const ChatMessage &message : messages) {
        if (!text.isEmpty()) text += u'\n';
        text += turnRoleText(turnRoleOf(fromStd(message.role))) + u":\n"_s;
        for (const PromptMedia &media : message.media) text += u'[' + fromStd(media.name) + u"]\n"_s;
        text += fromStd(message.content) + u'\n';
    }
    return text;
}

QJsonObject conversationDraft(const ConversationModel &model)
{
    qint64 room = kMaxDraftBytes - static_cast<qint64>(model.systemText().size());
    const int numSystem = model.systemText().empty() ? 0 : 1;
    QJsonArray turns;
    int row = model.numTurns() - 1;
    for (; row >= numSystem; --row) {
        const auto size = static_cast<qint64>(model.turn(row).text().size());
        if (size > room) break;
        room -= size;
        turns.prepend(turnDraft(model.turn(row)));
    }
    const int first = row + 1, numSlots = static_cast<int>(turns.size());
    for (int i = numSlots - 1; i >= 0; --i) { // the newest ones have the first say
        const Turn &turn = model.turn(first + i);
        const bool isLast = first + i == model.lastAnswer();
        if (turn.role != TurnRole::Assistant || (turn.versions.size() < 2 && !isLast)) continue;
        QJsonObject json = turns.at(i).toObject();
        std::vector<VersionPtr> kept;
        addVersions(turn, room, 0, json, kept);
        qint64 tokenRoom = kMaxTokenDraftBytes;
        if (isLast) json.insert(u"version_tokens"_s, versionDrafts(kept, tokenRoom));
        turns.replace(i, json);
    }
    QJsonObject draft;
    if (numSystem > 0 && room >= 0) turns.prepend(turnDraft(model.turn(0)));
    draft.insert(u"turns"_s, turns);
    if (row >= numSystem) draft.insert(u"dropped"_s, row - numSystem + 1);
    return draft;
}

RestoredConversation restoredConversation(const QJsonObject &draft)
{
    RestoredConversation restored;
    restored.turns = restoredTurns(draft.value("turns"_L1).toArray(), 0);
    restored.numDropped = std::max(0, draft.value("dropped"_L1).toInt());
    return restored;
}

} // namespace orrery::ui
