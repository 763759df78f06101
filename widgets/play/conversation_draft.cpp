// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/conversation_draft.h"

#include "widgets/common/number_text.h"

#include <QJsonArray>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kMaxKeptVersions = 10;
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

/// The other versions of the last answer, newest first as far as there is room.
void addVersions(const Turn &turn, qint64 room, QJsonObject &json)
{
    QJsonArray versions;
    int shown = 0;
    for (int i = static_cast<int>(turn.versions.size()) - 1; i >= 0; --i) {
        const QString text = fromStd(turn.versions[static_cast<size_t>(i)]->text());
        if (i != turn.shown) {
            room -= text.size() * 3; // UTF-16 to UTF-8 at most
            if (room < 0 || versions.size() >= kMaxKeptVersions) continue;
        }
        versions.prepend(text);
        shown = i == turn.shown ? 0 : shown + (i < turn.shown ? 1 : 0);
    }
    if (versions.size() < 2) return;
    json.insert(u"versions"_s, versions);
    json.insert(u"shown"_s, shown);
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

TurnPtr restoredTurn(const QJsonObject &json)
{
    auto turn = std::make_shared<Turn>();
    turn->role = turnRoleOf(json.value("role"_L1).toString());
    if (turn->role == TurnRole::Unknown) return nullptr;
    const QString content = json.value("content"_L1).toString(), title = json.value("model"_L1).toString();
    if (turn->role != TurnRole::Assistant) {
        turn->content = toStd(content);
        if (turn->role == TurnRole::User)
            turn->attachments = restoredAttachments(json.value("attachments"_L1).toArray());
        return turn;
    }
    for (const QJsonValue &text : json.value("versions"_L1).toArray())
        if (turn->versions.size() <= kMaxKeptVersions)
            turn->versions.push_back(keptVersion(text.toString(), title));
    if (turn->versions.empty()) turn->versions.push_back(keptVersion(content, title));
    turn->shown = std::clamp(json.value("shown"_L1).toInt(), 0, static_cast<int>(turn->versions.size()) - 1);
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
    if (const int last = model.lastAnswer(); last >= 0 && !turns.isEmpty()) {
        QJsonObject json = turns.last().toObject();
        addVersions(model.turn(last), room, json);
        turns.replace(turns.size() - 1, json);
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
    for (const QJsonValue &json : draft.value("turns"_L1).toArray()) {
        if (std::ssize(restored.turns) >= kMaxRestoredTurns) break;
        TurnPtr turn = restoredTurn(json.toObject());
        // A system text stands at the beginning or nowhere.
        if (!turn || (turn->role == TurnRole::System && !restored.turns.empty())) continue;
        restored.turns.push_back(std::move(turn));
    }
    restored.numDropped = std::max(0, draft.value("dropped"_L1).toInt());
    return restored;
}

} // namespace orrery::ui
