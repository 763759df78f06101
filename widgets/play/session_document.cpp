// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/session_document.h"

#include "widgets/common/number_text.h"
#include "widgets/play/sampling_json.h"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kMaxDepth = 200;           // of versions behind versions
constexpr qsizetype kMaxTurns = 200'000; // of one list
constexpr qsizetype kMaxAnswers = 100'000;
constexpr int kTitleLetters = 60, kPreviewLetters = 160;
constexpr std::array kReasons = {FinishReason::EndOfText,   FinishReason::MaxTokens, FinishReason::Cancelled,
                                 FinishReason::EndOfInfill, FinishReason::EndOfTurn, FinishReason::StopText};

QJsonObject samplingJson(const SamplingSettings &sampling)
{
    QJsonObject json{{u"max_tokens"_s, static_cast<qint64>(sampling.maxTokens)}};
    insertSampling(json, sampling);
    return json;
}

SamplingSettings readSampling(const QJsonObject &json)
{
    SamplingSettings sampling = samplingOf(json);
    sampling.maxTokens = std::max<qint64>(1, json.value("max_tokens"_L1).toInteger(sampling.maxTokens));
    return sampling;
}

QStringList stringsOf(const QJsonValue &list)
{
    QStringList strings;
    for (const QJsonValue &one : list.toArray()) strings << one.toString();
    return strings.mid(0, kMaxAttachments);
}

QJsonArray turnsJson(const std::vector<TurnPtr> &turns, const KeyOf &keyOf);

QJsonObject turnJson(const Turn &turn, const KeyOf &keyOf)
{
    QJsonObject json{{u"role"_s, QLatin1String(turnRoleName(turn.role))}};
    if (turn.role != TurnRole::Assistant) {
        json.insert(u"content"_s, bytesJson(turn.content));
        QJsonArray files;
        for (const AttachmentPtr &attachment : turn.attachments) {
            if (!attachment->path.isEmpty())
                files.append(attachment->path);
            else // it stands in no file, and a session is no place for its bytes
                files.append(QJsonObject{{u"pasted"_s, attachment->name}});
        }
        if (!files.isEmpty()) json.insert(u"files"_s, files);
        return json;
    }
    QJsonArray keys;
    QJsonObject behind;
    for (const VersionPtr &version : turn.versions) keys.append(keyOf(version));
    for (const auto &[version, turns] : turn.behind)
        behind.insert(QString::number(keyOf(version)), turnsJson(turns, keyOf));
    json.insert(u"answers"_s, keys);
    json.insert(u"shown"_s, turn.shown);
    if (!behind.isEmpty()) json.insert(u"behind"_s, behind);
    return json;
}

QJsonArray turnsJson(const std::vector<TurnPtr> &turns, const KeyOf &keyOf)
{
    QJsonArray list;
    for (const TurnPtr &turn : turns) list.append(turnJson(*turn, keyOf));
    return list;
}

/// What an answer was asked with: where the files stand, and what they were, so that others are not taken for them.
QJsonArray askedFilesJson(const std::vector<AttachmentPtr> &attachments)
{
    QJsonArray files;
    for (const AttachmentPtr &attachment : attachments) {
        if (attachment->loss == AttachmentLoss::NotKept) return {}; // its names are all that there is
        if (attachment->path.isEmpty())
            files.append(QJsonObject{{u"pasted"_s, attachment->name}});
        else
            files.append(QJsonObject{{u"path"_s, attachment->path}, {u"sha256"_s, attachment->digest}});
    }
    return files;
}

/// Answers of the same file share it, so that it is read once.
using AskedFiles = std::map<std::pair<QString, QString>, AttachmentPtr>;

std::vector<AttachmentPtr> readAskedFiles(const QJsonObject &json, const std::vector<PromptMedia> &media, AskedFiles &known)
{
    std::vector<AttachmentPtr> attachments;
    const QJsonArray files = json.value("files"_L1).toArray();
    for (qsizetype i = 0; i < std::ssize(media); ++i) {
        const QJsonObject file = files.at(i).toObject();
        const QString name = fromStd(media[static_cast<size_t>(i)].name), path = file.value("path"_L1).toString(),
                      digest = file.value("sha256"_L1).toString();
        if (path.isEmpty()) {
            attachments.push_back(lostAttachment(name, file.contains("pasted"_L1) ? AttachmentLoss::Pasted
                                                                                  : AttachmentLoss::NotKept));
            continue;
        }
        AttachmentPtr &one = known[{path, digest}];
        if (!one) one = unreadAttachment(path, digest);
        attachments.push_back(one);
    }
    return attachments;
}

using Answers = std::map<qint64, VersionPtr>;

VersionPtr readAnswer(const QJsonObject &json, std::vector<GeneratedToken> tokens, AskedFiles &files)
{
    auto version = std::make_shared<GenerationVersion>();
    version->tokens = std::move(tokens);
    version->model = json.value("model"_L1).toString();
    version->modelTitle = json.value("title"_L1).toString();
    version->isAnswer = json.value("is_answer"_L1).toBool();
    version->keptText = version->tokens.empty() ? bytesOf(json.value("text"_L1)) : std::string();
    const auto numTokens = static_cast<int>(version->tokens.size());
    version->partsAt = std::clamp(json.value("parts_at"_L1).toInt(), 0, numTokens);
    GenerateRequest &request = version->request;
    if (json.contains("infill"_L1)) request.infill = bytesOf(json.value("infill"_L1));
    if (json.value("mask"_L1).toString() == "prefix"_L1) request.mask = "prefix";
    for (const QString &name : stringsOf(json.value("media"_L1))) request.media.push_back({{}, toStd(name), 0});
    version->attachments = readAskedFiles(json, request.media, files);
    const int numGiven = std::clamp(json.value("given"_L1).toInt(), 0, numTokens);
    for (int i = 0; i < numGiven; ++i) request.answerIds.push_back(version->tokens[static_cast<size_t>(i)].id);
    request.sampling = readSampling(json.value("sampling"_L1).toObject());
    if (json.contains("loaded"_L1))
        version->info = ModelInfoValue{json.value("loaded"_L1).toString(), json.value("step"_L1).toInteger(-1),
                                       static_cast<quint64>(json.value("parameters"_L1).toInteger()), 0, {}};
    version->isKept = true;
    GenerateSummary summary;
    summary.promptTokens = std::max<qint64>(0, json.value("prompt_tokens"_L1).toInteger());
    const QString finish = json.value("finish"_L1).toString();
    for (const FinishReason reason : kReasons)
        if (finish == QLatin1String(finishReasonName(reason))) summary.reason = reason;
    version->summary = summary;
    return version;
}

Answers readAnswers(const QJsonArray &list, std::map<qint64, std::vector<GeneratedToken>> &tokens)
{
    Answers answers;
    AskedFiles files;
    for (const QJsonValue &value : list) {
        const QJsonObject json = value.toObject();
        const qint64 key = json.value("key"_L1).toInteger();
        if (key <= 0 || answers.contains(key) || std::ssize(answers) >= kMaxAnswers) continue;
        const auto own = tokens.find(key);
        const VersionPtr version =
            readAnswer(json, own == tokens.end() ? std::vector<GeneratedToken>() : std::move(own->second), files);
        version->key = key;
        // A parent stands before its children, so that there is no circle.
        if (const auto parent = answers.find(json.value("parent"_L1).toInteger()); parent != answers.end())
            version->parent = parent->second;
        const auto same = answers.find(json.value("prompt_as"_L1).toInteger());
        version->request.prompt = same == answers.end() ? bytesOf(json.value("prompt"_L1)) : same->second->request.prompt;
        answers.emplace(key, version);
    }
    return answers;
}

VersionPtr answerOf(const Answers &answers, const QJsonValue &key)
{
    const auto found = answers.find(key.toInteger());
    return found == answers.end() ? nullptr : found->second;
}

std::vector<TurnPtr> readTurns(const QJsonArray &list, const Answers &answers, int depth);

TurnPtr readTurn(const QJsonObject &json, const Answers &answers, int depth)
{
    auto turn = std::make_shared<Turn>();
    turn->role = turnRoleOf(json.value("role"_L1).toString());
    if (turn->role == TurnRole::Unknown) return nullptr;
    if (turn->role != TurnRole::Assistant) {
        turn->content = bytesOf(json.value("content"_L1));
        for (const QJsonValue &file : json.value("files"_L1).toArray()) {
            const QString path = file.toString(), pasted = file.toObject().value("pasted"_L1).toString();
            if (std::ssize(turn->attachments) >= kMaxAttachments || (path.isEmpty() && pasted.isEmpty())) continue;
            turn->attachments.push_back(path.isEmpty() ? lostAttachment(pasted) : unreadAttachment(path));
        }
        return turn;
    }
    const QJsonArray keys = json.value("answers"_L1).toArray();
    const QJsonObject behind = json.value("behind"_L1).toObject();
    const int shown = json.value("shown"_L1).toInt();
    for (qsizetype i = 0; i < keys.size(); ++i) {
        const VersionPtr version = answerOf(answers, keys.at(i));
        if (!version) continue;
        version->isAnswer = true;
        if (i == shown) turn->shown = static_cast<int>(turn->versions.size());
        turn->versions.push_back(version);
        const QJsonArray follows = behind.value(QString::number(keys.at(i).toInteger())).toArray();
        if (i == shown || follows.isEmpty() || depth >= kMaxDepth) continue;
        std::vector<TurnPtr> turns = readTurns(follows, answers, depth + 1);
        if (!turns.empty()) turn->behind[version] = std::move(turns);
    }
    return turn->versions.empty() ? nullptr : turn;
}

std::vector<TurnPtr> readTurns(const QJsonArray &list, const Answers &answers, int depth)
{
    std::vector<TurnPtr> turns;
    for (const QJsonValue &json : list) {
        if (std::ssize(turns) >= kMaxTurns) break;
        TurnPtr turn = readTurn(json.toObject(), answers, depth);
        // A system text stands at the beginning or nowhere.
        if (!turn || (turn->role == TurnRole::System && (depth > 0 || !turns.empty()))) continue;
        turns.push_back(std::move(turn));
    }
    return turns;
}

void visitTurns(const std::vector<TurnPtr> &turns, const std::function<void(const VersionPtr &)> &visit)
{
    for (const TurnPtr &turn : turns) {
        for (const VersionPtr &version : turn->versions) visit(version);
        for (const auto &[version, behind] : turn->behind) visitTurns(behind, visit);
    }
}

void addWords(const QJsonArray &turns, QString &words)
{
    for (const QJsonValue &value : turns) {
        const QJsonObject turn = value.toObject();
        if (turn.contains("content"_L1)) words += fromStd(bytesOf(turn.value("content"_L1))) + u'\n';
        const QJsonObject behind = turn.value("behind"_L1).toObject();
        for (const QJsonValue &follows : behind) addWords(follows.toArray(), words);
    }
}

/// In one line, without what stands at its ends.
QString oneLine(const QString &text, int numLetters)
{
    const QString line = text.left(8 * numLetters).simplified();
    if (line.size() <= numLetters) return line;
    const qsizetype space = line.lastIndexOf(u' ', numLetters);
    return line.left(space > numLetters / 2 ? space : numLetters) + u'…';
}

/// Versions of one prompt name it once: it may be large.
QJsonArray answersJson(const std::vector<VersionPtr> &versions, const KeyOf &keyOf,
                       const std::function<QJsonObject(const VersionPtr &)> &jsonOf)
{
    QJsonArray answers;
    VersionPtr named;
    for (const VersionPtr &version : versions) {
        QJsonObject json = jsonOf(version);
        json.insert(u"key"_s, keyOf(version));
        const GenerateRequest &request = version->request;
        if (!request.prompt.empty()) {
            const bool isNamed = named && named->request.prompt == request.prompt;
            if (!isNamed) named = version;
            json.insert(isNamed ? u"prompt_as"_s : u"prompt"_s,
                        isNamed ? QJsonValue(keyOf(named)) : bytesJson(request.prompt));
        }
        if (request.infill) json.insert(u"infill"_s, bytesJson(*request.infill));
        if (!request.mask.empty()) json.insert(u"mask"_s, fromStd(request.mask));
        answers.append(json);
    }
    return answers;
}

} // namespace

std::vector<VersionPtr> versionsOf(const SessionState &state)
{
    std::vector<VersionPtr> versions;
    std::unordered_set<const GenerationVersion *> met;
    const auto add = [&](const VersionPtr &version) {
        if (met.insert(version.get()).second) versions.push_back(version);
    };
    for (const VersionPtr &version : state.versions) add(version);
    visitTurns(state.turns, add);
    for (const ComparedColumn &column : state.columns)
        if (column.version) add(column.version);
    return versions;
}

QJsonValue bytesJson(const std::string &bytes)
{
    QString text = fromStd(bytes);
    if (toStd(text) == bytes) return text;
    return QJsonObject{{u"hex"_s, QString::fromLatin1(QByteArray::fromStdString(bytes).toHex())}};
}

std::string bytesOf(const QJsonValue &value)
{
    if (value.isObject())
        return QByteArray::fromHex(value.toObject().value("hex"_L1).toString().toLatin1()).toStdString();
    return toStd(value.toString());
}

QJsonObject answerJson(const GenerationVersion &version, const KeyOf &keyOf)
{
    QJsonObject json{{u"model"_s, version.model},
                     {u"title"_s, version.modelTitle},
                     {u"sampling"_s, samplingJson(version.request.sampling)}};
    if (const size_t numGiven = version.numGiven(); numGiven > 0) json.insert(u"given"_s, static_cast<qint64>(numGiven));
    if (version.partsAt > 0) json.insert(u"parts_at"_s, version.partsAt);
    if (version.isAnswer) json.insert(u"is_answer"_s, true);
    if (const VersionPtr parent = version.parent.lock())
        if (const qint64 key = keyOf(parent); key > 0) json.insert(u"parent"_s, key);
    if (version.tokens.empty() && !version.keptText.empty()) json.insert(u"text"_s, bytesJson(version.keptText));
    QJsonArray media;
    for (const PromptMedia &one : version.request.media) media.append(fromStd(one.name));
    if (!media.isEmpty()) json.insert(u"media"_s, media);
    if (const QJsonArray files = askedFilesJson(version.attachments); !files.isEmpty()) json.insert(u"files"_s, files);
    if (version.info) {
        json.insert(u"loaded"_s, version.info->name);
        json.insert(u"step"_s, version.info->step);
        json.insert(u"parameters"_s, static_cast<qint64>(version.info->numParameters));
    }
    if (!version.summary) return json;
    if (version.summary->promptTokens > 0)
        json.insert(u"prompt_tokens"_s, static_cast<qint64>(version.summary->promptTokens));
    if (version.summary->reason != FinishReason::Unknown)
        json.insert(u"finish"_s, QLatin1String(finishReasonName(version.summary->reason)));
    return json;
}

QJsonObject sessionDocument(const SessionState &state, const std::vector<VersionPtr> &versions, const KeyOf &keyOf,
                            const std::function<QJsonObject(const VersionPtr &)> &jsonOf)
{
    QJsonObject view, composer;
    for (const auto &[key, isOn] : {std::pair(u"colored"_s, state.isColored), {u"manual"_s, state.isManual},
                                    {u"more"_s, state.showsMore}, {u"tokens"_s, state.showsTokens},
                                    {u"whole"_s, state.seesWhole}})
        if (isOn) view.insert(key, true);
    for (const auto &[key, text] :
         {std::pair(u"prompt"_s, state.prompt), {u"after"_s, state.after}, {u"message"_s, state.message}})
        if (!text.isEmpty()) composer.insert(key, text);
    for (const auto &[key, files] : {std::pair(u"files"_s, state.files), {u"message_files"_s, state.messageFiles}})
        if (!files.isEmpty()) composer.insert(key, QJsonArray::fromStringList(files));
    QJsonArray shownVersions, columns;
    for (const VersionPtr &version : state.versions) shownVersions.append(keyOf(version));
    for (const ComparedColumn &column : state.columns) {
        QJsonObject json{{u"model"_s, column.model}};
        if (column.sampling) json.insert(u"sampling"_s, samplingJson(*column.sampling));
        if (column.version) json.insert(u"answer"_s, keyOf(column.version));
        columns.append(json);
    }
    QJsonObject document{{u"format"_s, QLatin1String(kSessionFormat)},
                         {u"version"_s, kSessionVersion},
                         {u"mode"_s, playModeId(state.mode)},
                         {u"model"_s, state.model},
                         {u"sampling"_s, samplingJson(state.sampling)},
                         {u"view"_s, view},
                         {u"composer"_s, composer},
                         {u"answers"_s, answersJson(versions, keyOf, jsonOf)},
                         {u"versions"_s, shownVersions},
                         {u"turns"_s, turnsJson(state.turns, keyOf)}};
    if (state.shown >= 0) document.insert(u"shown"_s, state.shown);
    if (!columns.isEmpty()) document.insert(u"columns"_s, columns);
    return document;
}

SessionState sessionState(SessionContent content)
{
    const QJsonObject &document = content.document;
    const QJsonObject view = document.value("view"_L1).toObject(), composer = document.value("composer"_L1).toObject();
    const Answers answers = readAnswers(document.value("answers"_L1).toArray(), content.tokens);
    SessionState state;
    state.mode = playModeOf(document.value("mode"_L1).toString());
    state.model = document.value("model"_L1).toString();
    state.sampling = readSampling(document.value("sampling"_L1).toObject());
    state.isColored = view.value("colored"_L1).toBool();
    state.isManual = view.value("manual"_L1).toBool();
    state.showsMore = view.value("more"_L1).toBool();
    state.showsTokens = view.value("tokens"_L1).toBool();
    state.seesWhole = view.value("whole"_L1).toBool();
    state.prompt = composer.value("prompt"_L1).toString();
    state.after = composer.value("after"_L1).toString();
    state.message = composer.value("message"_L1).toString();
    state.files = stringsOf(composer.value("files"_L1));
    state.messageFiles = stringsOf(composer.value("message_files"_L1));
    const QJsonArray versions = document.value("versions"_L1).toArray();
    const int shown = document.value("shown"_L1).toInt(-1);
    for (qsizetype i = 0; i < versions.size(); ++i) {
        const VersionPtr version = answerOf(answers, versions.at(i));
        if (!version) continue;
        if (i == shown || state.shown < 0) state.shown = static_cast<int>(state.versions.size());
        state.versions.push_back(version);
    }
    state.turns = readTurns(document.value("turns"_L1).toArray(), answers, 0);
    for (const QJsonValue &value : document.value("columns"_L1).toArray()) {
        const QJsonObject json = value.toObject();
        ComparedColumn column{json.value("model"_L1).toString()};
        if (json.contains("sampling"_L1)) column.sampling = readSampling(json.value("sampling"_L1).toObject());
        column.version = answerOf(answers, json.value("answer"_L1));
        state.columns.push_back(std::move(column));
    }
    return state;
}

QString sessionWords(const QJsonObject &document)
{
    QString words;
    for (const QJsonValue &text : document.value("composer"_L1).toObject())
        if (text.isString()) words += text.toString() + u'\n';
    for (const QJsonValue &value : document.value("answers"_L1).toArray()) {
        const QJsonObject answer = value.toObject();
        for (const auto key : {"prompt"_L1, "infill"_L1, "text"_L1}) {
            const QString text = fromStd(bytesOf(answer.value(key)));
            if (!text.isEmpty()) words += text + u'\n';
        }
    }
    addWords(document.value("turns"_L1).toArray(), words);
    return words;
}

QString sessionTitle(const SessionState &state)
{
    if (state.mode == PlayMode::Converse || (state.versions.empty() && !state.hasCompared()))
        for (const TurnPtr &turn : state.turns)
            if (turn->role == TurnRole::User && !turn->content.empty())
                return oneLine(fromStd(turn->content.substr(0, 1'000)), kTitleLetters);
    // The first question stays its name, whatever is asked later.
    if (!state.versions.empty() && !state.versions.front()->request.prompt.empty())
        return oneLine(fromStd(state.versions.front()->request.prompt.substr(0, 1'000)), kTitleLetters);
    for (const QString &text : {state.mode == PlayMode::Converse ? state.message : state.prompt, state.prompt, state.message, state.after})
        if (!text.trimmed().isEmpty()) return oneLine(text, kTitleLetters);
    return {};
}

QString sessionPreview(const SessionState &state)
{
    std::string said;
    const bool isCompared = state.mode == PlayMode::Compare && state.hasCompared();
    if (state.mode == PlayMode::Converse && !state.turns.empty())
        said = state.turns.back()->text();
    else if (!isCompared && state.shown >= 0 && state.shown < std::ssize(state.versions))
        said = state.versions[static_cast<size_t>(state.shown)]->text();
    else if (state.hasCompared())
        for (const ComparedColumn &column : state.columns)
            if (column.version && said.empty()) said = column.version->text();
    return oneLine(fromStd(said.substr(0, 1'000)), kPreviewLetters);
}

namespace {

/// Those that answered side by side, each once.
QString comparedModels(const SessionState &state)
{
    QStringList models;
    for (const ComparedColumn &column : state.columns)
        if (const QString model = column.version ? modelText(*column.version) : QString(); !model.isEmpty() && !models.contains(model))
            models << model;
    return models.join(u" / "_s);
}

} // namespace

QString sessionModel(const SessionState &state)
{
    QString model;
    if (state.mode == PlayMode::Compare) {
        model = comparedModels(state);
    } else if (state.mode == PlayMode::Converse) {
        for (auto turn = state.turns.rbegin(); turn != state.turns.rend() && model.isEmpty(); ++turn)
            if ((*turn)->role == TurnRole::Assistant) model = modelText(*(*turn)->version());
    } else if (state.shown >= 0 && state.shown < std::ssize(state.versions)) {
        model = modelText(*state.versions[static_cast<size_t>(state.shown)]);
    }
    // Nothing was asked in this mode: what was asked in another one has a name that people know.
    if (model.isEmpty() && !state.versions.empty()) model = modelText(*state.versions.back());
    if (model.isEmpty()) model = comparedModels(state);
    return model.isEmpty() ? state.model : model;
}

} // namespace orrery::ui
