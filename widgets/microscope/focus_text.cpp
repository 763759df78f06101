// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/microscope/focus_text.h"

#include "core/spec/kept_prompt.h"
#include "widgets/attention/exact_text.h"
#include "widgets/attention/inspect_command.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QUrl>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

bool isUtf8(const std::string &bytes) { return toStd(fromStd(bytes)) == bytes; }

constexpr qsizetype kMaxLength = 12'000; ///< of a text in a link, percent-encoded

/// "17-4-239": as one value, for links hold few of them, and of characters that are not encoded.
QString idsText(const std::vector<int32_t> &ids)
{
    QStringList texts;
    for (const int32_t id : ids) texts << QString::number(id);
    return texts.join(u'-');
}

bool canBeWritten(const GenerateRequest &text)
{
    if (text.infill || !text.media.empty() || !isUtf8(text.prompt)) return false;
    return std::all_of(text.messages.begin(), text.messages.end(), [](const ChatMessage &turn) {
        return turn.media.empty() && isUtf8(turn.content) && isUtf8(turn.role);
    });
}

Error badLink(const QString &what, const QString &found, const QString &expected)
{
    return {
        ErrorCode::InvalidInput,
        toStd(u"Cannot open the text of the link: %1 is \"%2\", expected %3."_s.arg(what, found, expected)),
        "Copy the link again from the microscope that it is of."};
}

/// A link can say a key twice; these have one value.
Result<void> checkSingle(const QVariantMap &map)
{
    for (const QString &key : {u"answer_ids"_s, u"document"_s, u"head"_s, u"messages"_s, u"model"_s, u"prompt"_s,
                               u"prompt_ids"_s, u"title"_s, u"token"_s}) {
        const QVariant value = map.value(key);
        if (value.typeId() == QMetaType::QStringList || value.typeId() == QMetaType::QVariantList)
            return badLink(u"\"%1\""_s.arg(key), value.toStringList().join(u", "_s).left(40), u"one value"_s);
    }
    return {};
}

Result<std::vector<int32_t>> readIds(const QVariantMap &map, const QString &key)
{
    std::vector<int32_t> ids;
    for (const QString &one : map.value(key).toString().split(u'-', Qt::SkipEmptyParts)) {
        bool isNumber = false;
        const int id = one.toInt(&isNumber);
        if (!isNumber || id < 0) return badLink(u"a token of \"%1\""_s.arg(key), one, u"a number from 0"_s);
        ids.push_back(id);
    }
    return ids;
}

Result<std::vector<ChatMessage>> readTurns(const QString &json)
{
    std::vector<ChatMessage> turns;
    if (json.isEmpty()) return turns;
    const QJsonDocument document = QJsonDocument::fromJson(json.toUtf8());
    if (!document.isObject()) return badLink(u"\"messages\""_s, json.left(40), u"a conversation as JSON"_s);
    for (const QJsonValue &one : document.object().value("messages"_L1).toArray()) {
        const QJsonObject turn = one.toObject();
        turns.push_back(
            {toStd(turn.value("role"_L1).toString()), toStd(turn.value("content"_L1).toString()), {}});
    }
    return turns;
}

} // namespace

QVariantMap focusToMap(const Focus &focus)
{
    if (focus.isEmpty() || !canBeWritten(*focus.text)) return {};
    const GenerateRequest &text = *focus.text;
    QVariantMap map{{u"model"_s, focus.model}, {u"token"_s, qlonglong(focus.token)}};
    if (!focus.title.isEmpty()) map.insert(u"title"_s, focus.title);
    if (!text.messages.empty())
        map.insert(u"messages"_s, messagesJson(text.messages));
    else if (!text.promptIds.empty())
        map.insert(u"prompt_ids"_s, idsText(text.promptIds));
    else if (const std::optional<int32_t> document = keptPromptNumber(text))
        map.insert(u"document"_s, *document);
    else
        map.insert(u"prompt"_s, fromStd(text.prompt));
    if (!text.answerIds.empty()) map.insert(u"answer_ids"_s, idsText(text.answerIds));
    if (focus.head) map.insert(u"head"_s, fromStd(headName(*focus.head)));
    qsizetype length = 0;
    for (const QVariant &value : std::as_const(map))
        length += QUrl::toPercentEncoding(value.toString()).size();
    return length <= kMaxLength ? map : QVariantMap();
}

Result<std::optional<Focus>> focusFromMap(const QVariantMap &map)
{
    ORRERY_TRY(checkSingle(map));
    const QString model = map.value(u"model"_s).toString();
    const bool hasText = map.contains(u"prompt"_s) || map.contains(u"prompt_ids"_s) ||
                         map.contains(u"messages"_s) || map.contains(u"document"_s);
    if (model.isEmpty() || !hasText) return std::optional<Focus>();
    GenerateRequest text;
    if (map.contains(u"document"_s)) {
        bool isNumber = false;
        const int document = map.value(u"document"_s).toInt(&isNumber);
        if (!isNumber || document < 0)
            return badLink(u"the document"_s, map.value(u"document"_s).toString(), u"a number from 0"_s);
        text = keptPrompt(document);
    }
    text.prompt = toStd(map.value(u"prompt"_s).toString());
    ORRERY_ASSIGN(text.promptIds, readIds(map, u"prompt_ids"_s));
    ORRERY_ASSIGN(text.answerIds, readIds(map, u"answer_ids"_s));
    ORRERY_ASSIGN(text.messages, readTurns(map.value(u"messages"_s).toString()));
    Focus focus{.model = model, .title = map.value(u"title"_s).toString()};
    if (map.contains(u"token"_s)) {
        bool isNumber = false;
        focus.token = map.value(u"token"_s).toLongLong(&isNumber);
        if (!isNumber || focus.token < -1 || focus.token > kMaxTokenPlace)
            return badLink(u"the token"_s, map.value(u"token"_s).toString(),
                           u"a number from −1 to %1"_s.arg(kMaxTokenPlace));
    }
    const QString head = map.value(u"head"_s).toString();
    if (HeadRef ref; headFromName(toStd(head), ref))
        focus.head = ref;
    else if (!head.isEmpty())
        return badLink(u"the head"_s, head, u"LAYER.HEAD"_s);
    focus.text = std::make_shared<const GenerateRequest>(std::move(text));
    return std::optional<Focus>(std::move(focus));
}

/// By its tokens, where these are all of it: letters may be cut into others. Else as it was asked.
QString microscopeCommand(const MicroscopeAnswer &answer)
{
    const InspectReport &report = answer.report;
    const GenerateRequest *text = answer.focus.text.get();
    if (text && text->infill) return {};
    std::optional<TextWords> words;
    if (const std::optional<std::vector<int32_t>> ids = exactIds(report.tokens))
        words = tokenWords(*ids);
    else if (text)
        words = textWords(*text);
    if (!words) return {};
    QString model = answer.focus.model;
    if (model.endsWith("@live"_L1)) model.chop(5);
    QStringList behind{u"--token"_s, QString::number(report.token)};
    if (answer.head)
        behind << u"--layer"_s << QString::number(answer.head->layer) << u"--head"_s
               << QString::number(answer.head->head);
    if (answer.has.lens) behind << u"--lens"_s;
    if (answer.has.attribution) behind << u"--attribution"_s;
    behind << u"--json"_s;
    return inspectCommand({u"attention"_s, model}, *words, behind);
}

} // namespace orrery::ui
