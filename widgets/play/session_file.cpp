// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/session_file.h"

#include "widgets/common/number_text.h"
#include "widgets/play/session_checks.h"
#include "widgets/play/transcript_export.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QSaveFile>
#include <QTimeZone>

#include <algorithm>
#include <cmath>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr qsizetype kMaxTokens = 4'000'000, kMaxCandidates = 50;

class Texts {
    Q_DECLARE_TR_FUNCTIONS(SessionFile)
};

Error notRead(const QString &name, const QString &found, const QString &hint)
{
    return {ErrorCode::InvalidInput,
            toStd(Texts::tr("Cannot open \"%1\": %2, expected a prompt session as JSON.").arg(name, found)), toStd(hint)};
}

QByteArray compact(const QJsonObject &json) { return QJsonDocument(json).toJson(QJsonDocument::Compact); }

/// A text alone is no document for Qt.
QByteArray valueJson(const QJsonValue &value)
{
    const QByteArray list = QJsonDocument(QJsonArray{value}).toJson(QJsonDocument::Compact);
    return list.mid(1, list.size() - 2);
}

/// The fewest digits that are the same 32-bit number.
QByteArray numberJson(double value)
{
    const auto number = static_cast<float>(std::isfinite(value) ? value : 0.0);
    const QByteArray shorter = QByteArray::number(number, 'g', 6);
    return shorter.toFloat() == number ? shorter : QByteArray::number(number, 'g', 9);
}

QByteArray numbersJson(int32_t id, const std::string &bytes, double probability, double chance)
{
    QByteArray json = "{\"id\":" + QByteArray::number(id) + ",\"text\":" + valueJson(bytesJson(bytes)) +
                      ",\"p\":" + numberJson(probability);
    if (chance > 0) json += ",\"chance\":" + numberJson(chance);
    return json;
}

/// By hand: a million tokens as values of Qt would take some GB.
void addTokens(QByteArray &json, const std::vector<GeneratedToken> &tokens)
{
    json += ",\"tokens\":[";
    for (size_t i = 0; i < tokens.size(); ++i) {
        const GeneratedToken &token = tokens[i];
        if (i > 0) json += ",\n";
        json += numbersJson(token.id, token.bytes, token.probability, token.chance) +
                ",\"entropy\":" + numberJson(token.entropy);
        if (!token.alternatives.empty()) json += ",\"alternatives\":[";
        for (size_t k = 0; k < token.alternatives.size(); ++k) {
            const TokenAlternative &one = token.alternatives[k];
            if (k > 0) json += ',';
            json += numbersJson(one.id, one.bytes, one.probability, one.chance) + '}';
        }
        json += token.alternatives.empty() ? "}" : "]}";
    }
    json += ']';
}

QByteArray answerWithTokens(QJsonObject answer, const std::vector<GeneratedToken> *tokens)
{
    if (!tokens) return compact(answer);
    std::string text;
    for (const GeneratedToken &token : *tokens) text += token.bytes;
    answer.insert(u"text"_s, bytesJson(text)); // for people
    QByteArray json = compact(answer);
    json.chop(1);
    addTokens(json, *tokens);
    return json + '}';
}

QString timeText(qint64 us)
{
    return QDateTime::fromMSecsSinceEpoch(us / 1'000, QTimeZone::utc()).toString(Qt::ISODateWithMs);
}

qint64 timeOf(const QJsonValue &text)
{
    const QDateTime time = QDateTime::fromString(text.toString(), Qt::ISODateWithMs);
    return time.isValid() ? std::max<qint64>(0, time.toMSecsSinceEpoch() * 1'000) : 0;
}

double share(const QJsonValue &value) { return std::clamp(value.toDouble(), 0.0, 1.0); }

GeneratedToken readToken(const QJsonObject &json)
{
    GeneratedToken token;
    token.id = json.value("id"_L1).toInt();
    token.bytes = bytesOf(json.value("text"_L1));
    token.probability = share(json.value("p"_L1));
    token.chance = share(json.value("chance"_L1));
    token.entropy = std::max(0.0, json.value("entropy"_L1).toDouble());
    for (const QJsonValue &value : json.value("alternatives"_L1).toArray()) {
        if (std::ssize(token.alternatives) >= kMaxCandidates) break;
        const QJsonObject one = value.toObject();
        token.alternatives.push_back({one.value("id"_L1).toInt(), bytesOf(one.value("text"_L1)),
                                      share(one.value("p"_L1)), share(one.value("chance"_L1))});
    }
    return token;
}

QString answerTitle(const Turn &turn, size_t number)
{
    return turn.versions.size() > 1 ? Texts::tr("Assistant, version %1 of %2").arg(number + 1).arg(turn.versions.size())
                                    : turnRoleText(TurnRole::Assistant);
}

void addTurns(QString &text, const std::vector<TurnPtr> &turns, ExportedVersions versions)
{
    for (const TurnPtr &turn : turns) {
        if (turn->role != TurnRole::Assistant) {
            text += u"## "_s + turnRoleText(turn->role) + u"\n\n"_s;
            for (const AttachmentPtr &attachment : turn->attachments)
                text += Texts::tr("With %1.").arg(attachment->name) + u"\n\n"_s;
            text += fencedMarkdown(fromStd(turn->content));
            continue;
        }
        for (size_t i = 0; i < turn->versions.size(); ++i) {
            const VersionPtr &version = turn->versions[i];
            const bool isShown = static_cast<int>(i) == turn->shown;
            if (versions == ExportedVersions::Shown && !isShown) continue;
            text += u"## "_s + answerTitle(*turn, i) + u"\n\n"_s + answerMarkdown(*version);
            const auto behind = turn->behind.find(version);
            if (isShown || behind == turn->behind.end()) continue;
            text += u"### "_s + Texts::tr("After this version") + u"\n\n"_s;
            addTurns(text, behind->second, versions);
        }
    }
}

void addPrompts(QString &text, const SessionState &state, ExportedVersions versions)
{
    const GenerateRequest *asked = nullptr;
    for (size_t i = 0; i < state.versions.size(); ++i) {
        const GenerationVersion &version = *state.versions[i];
        if (versions == ExportedVersions::Shown && static_cast<int>(i) != state.shown) continue;
        const bool isSame = asked && asked->prompt == version.request.prompt &&
                            asked->infill == version.request.infill && asked->mask == version.request.mask;
        if (!isSame) {
            text += u"## "_s + Texts::tr("Prompt") + u"\n\n"_s + fencedMarkdown(fromStd(version.request.prompt));
            if (version.request.infill)
                text += u"## "_s + Texts::tr("Text behind the hole") + u"\n\n"_s +
                        fencedMarkdown(fromStd(*version.request.infill));
        }
        asked = &version.request;
        const bool isOnly = versions == ExportedVersions::Shown || state.versions.size() == 1;
        text += u"## "_s + (isOnly ? Texts::tr("Answer") : Texts::tr("Answer, version %1").arg(i + 1)) + u"\n\n"_s +
                answerMarkdown(version);
    }
}

void addColumns(QString &text, const SessionState &state)
{
    const GenerateRequest *asked = nullptr;
    int number = 0;
    for (const ComparedColumn &column : state.columns) {
        ++number;
        if (!column.version) continue;
        if (!asked || asked->prompt != column.version->request.prompt)
            text += u"## "_s + Texts::tr("Prompt of the comparison") + u"\n\n"_s +
                    fencedMarkdown(fromStd(column.version->request.prompt));
        asked = &column.version->request;
        text += u"## "_s + Texts::tr("Column %1").arg(number) + u"\n\n"_s + answerMarkdown(*column.version);
    }
}

} // namespace

SessionSnapshot sessionSnapshot(const SessionState &state)
{
    SessionSnapshot snapshot;
    const std::vector<VersionPtr> versions = versionsOf(state);
    std::map<VersionPtr, qint64> keys;
    for (const VersionPtr &version : versions) {
        const qint64 key = std::ssize(keys) + 1;
        keys.emplace(version, key);
        if (version->tokens.empty()) continue;
        const bool isDone = !version->isRunning && !version->isChosen;
        snapshot.tokens[key] =
            isDone ? std::shared_ptr<const std::vector<GeneratedToken>>(version, &version->tokens)
                   : std::make_shared<const std::vector<GeneratedToken>>(version->tokens);
    }
    const KeyOf keyOf = [&keys](const VersionPtr &version) {
        const auto found = keys.find(version);
        return found == keys.end() ? 0 : found->second;
    };
    snapshot.document = sessionDocument(state, versions, keyOf, [&keyOf](const VersionPtr &version) {
        return answerJson(*version, keyOf);
    });
    snapshot.entry.title = sessionTitle(state);
    return snapshot;
}

SessionSnapshot sessionSnapshot(SessionContent content)
{
    SessionSnapshot snapshot{std::move(content.entry), std::move(content.document), {}};
    for (auto &[key, tokens] : content.tokens)
        snapshot.tokens[key] = std::make_shared<const std::vector<GeneratedToken>>(std::move(tokens));
    return snapshot;
}

QByteArray sessionJson(const SessionSnapshot &session)
{
    QJsonObject head = session.document;
    const QJsonArray answers = head.take(u"answers"_s).toArray();
    const SessionEntry &entry = session.entry;
    head.insert(u"title"_s, entry.title);
    if (entry.hasOwnTitle) head.insert(u"has_own_title"_s, true);
    if (entry.isPinned) head.insert(u"pinned"_s, true);
    if (entry.createdUs > 0) head.insert(u"created"_s, timeText(entry.createdUs));
    if (entry.editedUs > 0) head.insert(u"edited"_s, timeText(entry.editedUs));
    QByteArray json = compact(head);
    json.chop(1);
    json += ",\n\"answers\":[";
    for (qsizetype i = 0; i < answers.size(); ++i) {
        const QJsonObject answer = answers.at(i).toObject();
        const auto tokens = session.tokens.find(answer.value("key"_L1).toInteger());
        json += (i > 0 ? ",\n" : "\n") +
                answerWithTokens(answer, tokens == session.tokens.end() ? nullptr : tokens->second.get());
    }
    return json + "]}\n";
}

Result<SessionContent> readSessionJson(const QByteArray &json, const QString &name)
{
    QJsonParseError problem;
    const QJsonDocument parsed = QJsonDocument::fromJson(json, &problem);
    if (problem.error != QJsonParseError::NoError)
        return notRead(name, Texts::tr("it is no JSON at byte %1 (%2)").arg(problem.offset).arg(problem.errorString()),
                       Texts::tr("Export the session again."));
    SessionContent content;
    content.document = parsed.object();
    const QString format = content.document.value("format"_L1).toString();
    if (format != QLatin1String(kSessionFormat))
        return notRead(name, format.isEmpty() ? Texts::tr("it does not say its format") : Texts::tr("its format is \"%1\"").arg(format),
                       Texts::tr("Choose a file that the playground saved with the ending .json."));
    const qint64 version = content.document.value("version"_L1).toInteger(-1);
    if (version < 1 || version > kSessionVersion)
        return notRead(name, Texts::tr("its version is %1, and this program reads %2").arg(version).arg(kSessionVersion),
                       Texts::tr("Update this program, or export the session again."));
    if (const QString fault = sessionFault(content.document); !fault.isEmpty())
        return notRead(name, fault, Texts::tr("Mend that place, or export the session again."));
    QJsonArray answers = content.document.value("answers"_L1).toArray();
    for (qsizetype i = 0; i < answers.size(); ++i) {
        QJsonObject answer = answers.at(i).toObject();
        const QJsonArray tokens = answer.take(u"tokens"_s).toArray();
        if (tokens.size() > kMaxTokens)
            return notRead(name, Texts::tr("an answer has %1 tokens, and %2 are read").arg(tokens.size()).arg(kMaxTokens),
                           Texts::tr("Shorten it."));
        if (tokens.isEmpty()) continue;
        std::vector<GeneratedToken> &own = content.tokens[answer.value("key"_L1).toInteger()];
        own.clear();
        for (const QJsonValue &token : tokens) own.push_back(readToken(token.toObject()));
        answer.remove(u"text"_s);
        answers.replace(i, answer);
    }
    content.entry.title = content.document.take(u"title"_s).toString();
    content.entry.hasOwnTitle = content.document.take(u"has_own_title"_s).toBool();
    content.entry.isPinned = content.document.take(u"pinned"_s).toBool();
    content.entry.createdUs = timeOf(content.document.take(u"created"_s));
    content.entry.editedUs = timeOf(content.document.take(u"edited"_s));
    content.document.insert(u"answers"_s, answers);
    return content;
}

Result<SessionContent> readSessionFile(const QString &path)
{
    QFile file(path);
    const QString name = QFileInfo(path).fileName();
    if (!file.open(QIODevice::ReadOnly))
        return Error{QFileInfo::exists(path) ? ErrorCode::Io : ErrorCode::NotFound,
                     toStd(Texts::tr("Cannot open \"%1\": %2, expected a file that can be read.").arg(name, file.errorString())),
                     toStd(Texts::tr("Check the path."))};
    if (static_cast<quint64>(file.size()) > kMaxSessionFileBytes)
        return notRead(name,
                       Texts::tr("it has %1, and %2 are read at most")
                           .arg(bytesText(static_cast<quint64>(file.size())), bytesText(kMaxSessionFileBytes)),
                       Texts::tr("Export the session in parts: delete versions that are not needed first."));
    return readSessionJson(file.readAll(), name);
}

QString sessionMarkdown(SessionSnapshot session, ExportedVersions versions)
{
    SessionContent content{session.entry, session.document, {}};
    for (const auto &[key, tokens] : session.tokens) // what else was likely is in no page
        for (const GeneratedToken &token : *tokens)
            content.tokens[key].push_back({token.id, token.bytes, token.probability, token.entropy, {}, 0});
    const SessionState state = sessionState(std::move(content));
    QString text = u"# "_s + (session.entry.title.isEmpty() ? Texts::tr("Prompt session") : session.entry.title) + u"\n\n"_s;
    if (session.entry.editedUs > 0)
        text += Texts::tr("Edited %1.").arg(timeText(session.entry.editedUs)) + u"\n\n"_s;
    const bool isTalk = state.mode == PlayMode::Converse;
    const bool isCompared = state.mode == PlayMode::Compare;
    const bool hasAll = versions == ExportedVersions::All;
    if (isTalk || (hasAll && !state.turns.empty())) addTurns(text, state.turns, versions);
    if ((!isTalk && !isCompared) || hasAll) addPrompts(text, state, versions);
    if (isCompared || (hasAll && state.hasCompared())) addColumns(text, state);
    return text;
}

Result<void> saveSession(SessionSnapshot session, ExportedVersions versions, const QString &path)
{
    const QString ending = QFileInfo(path).suffix().toLower();
    if (ending != u"json" && ending != u"md")
        return Error{ErrorCode::InvalidInput,
                     toStd(Texts::tr("Cannot save the session as \"%1\": its ending is \".%2\", expected .json or .md.")
                               .arg(path, ending)),
                     toStd(Texts::tr("Choose one of these endings."))};
    const QByteArray bytes =
        ending == u"json" ? sessionJson(session) : sessionMarkdown(std::move(session), versions).toUtf8();
    QSaveFile file(path);
    if (file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size() && file.commit()) return {};
    return Error{ErrorCode::Io,
                 toStd(Texts::tr("Cannot save the session as \"%1\": %2, expected a file that can be written.")
                           .arg(path, file.errorString())),
                 toStd(Texts::tr("Choose another folder."))};
}

} // namespace orrery::ui
