// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/engine_command.h"

#include "widgets/common/command_host.h"
#include "widgets/common/number_text.h"

#include <QClipboard>
#include <QCoreApplication>
#include <QGuiApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>

#include <algorithm>
#include <string_view>

using namespace Qt::StringLiterals;
using namespace std::string_view_literals;

namespace orrery::ui {

QString shellQuoted(const QString &argument)
{
    // "$" would also match before a newline at the end.
    static const QRegularExpression plain(u"\\A[A-Za-z0-9_@%+=:,./-]+\\z"_s);
    if (plain.match(argument).hasMatch()) return argument;
    QString quoted = argument;
    quoted.replace(u"'"_s, u"'\\''"_s);
    return u'\'' + quoted + u'\'';
}

namespace {

class Texts {
    Q_DECLARE_TR_FUNCTIONS(EngineCommand)
};

QString &hostOfCommands()
{
    static QString name;
    return name;
}

/// Whether the command can be given here for a host elsewhere: the table of docs/remote.md (tst_connections reads it).
bool knowsHosts(const QStringList &arguments)
{
    static const QStringList words{u"train"_s,    u"branch"_s,  u"resume"_s, u"watch"_s,
                                   u"control"_s,  u"generate"_s, u"embed"_s};
    static const QStringList runs{u"list"_s,   u"show"_s,    u"edit"_s,  u"note"_s,
                                  u"delete"_s, u"restore"_s, u"trash"_s, u"import"_s,
                                  u"export"_s};
    static const QStringList looks{u"attention"_s, u"memory"_s, u"frames"_s, u"tokens"_s};
    static const QStringList memory{u"list"_s,   u"wipe"_s,  u"pin"_s,        u"unpin"_s,  u"forget"_s,
                                    u"scale"_s, u"similarity"_s, u"import"_s, u"export"_s, u"consolidate"_s};
    static const QStringList plugins{u"list"_s, u"show"_s};
    const QString first = arguments.value(0), second = arguments.value(1);
    if (words.contains(first)) return !arguments.contains(u"--plugin-dir"_s);
    if (first == u"runs") return runs.contains(second) && !arguments.contains(u"--forever"_s);
    if (first == u"inspect") return looks.contains(second);
    if (first == u"memory") return memory.contains(second) && !arguments.contains(u"--all"_s);
    if (first == u"data") return second == u"describe";
    return first == u"plugins" && plugins.contains(second);
}

/// As a remark, in every line of it: who pastes it here does nothing.
QString remarkFor(const QString &host, const QString &command)
{
    QString remark = Texts::tr("on the machine of the host %1: %2").arg(shellQuoted(host), command);
    return u"# "_s + remark.replace(u'\n', u"\n# "_s);
}

} // namespace

void setCommandHost(const QString &name) { hostOfCommands() = name; }
QString commandHost() { return hostOfCommands(); }

QString hostOption()
{
    const QString host = commandHost();
    return host.isEmpty() ? QString() : u" --host "_s + shellQuoted(host);
}

QString engineCommand(const QStringList &arguments)
{
    QString command = u"orrery-engine"_s;
    for (const QString &argument : arguments) command += u' ' + shellQuoted(argument);
    if (commandHost().isEmpty()) return command;
    return knowsHosts(arguments) ? command + hostOption() : remarkFor(commandHost(), command);
}

void addTextOption(QStringList &arguments, const QString &option, const QString &text)
{
    if (text.startsWith(u'-'))
        arguments << option + u'=' + text;
    else
        arguments << option << text;
}

QString byteQuoted(std::string_view bytes)
{
    QString quoted = u"$'"_s;
    for (const char byte : bytes) {
        if (byte == '\'' || byte == '\\')
            quoted += QStringLiteral("\\") + QLatin1Char(byte);
        else if (byte >= ' ' && byte <= '~')
            quoted += QLatin1Char(byte);
        else // octal has three digits at most: what follows is not read as one of them
            quoted += u"\\%1"_s.arg(static_cast<unsigned char>(byte), 3, 8, QLatin1Char('0'));
    }
    return quoted + u'\'';
}

QString controlCommand(const QString &run, const QString &verb, qint64 steps)
{
    if (verb == u"step"_s) return engineCommand({u"control"_s, run, verb, QString::number(steps)});
    // The command line says "resume" for what goes on after a pause.
    return engineCommand({u"control"_s, run, verb == u"continue"_s ? u"resume"_s : verb});
}

QString settingCommand(const QString &run, const QString &key, const QString &value)
{
    return engineCommand({u"control"_s, run, u"set"_s, key + u'=' + value});
}

QString resumeCommand(const QString &run) { return engineCommand({u"resume"_s, run}); }

namespace {

bool isPictureFile(const PromptMedia &media)
{
    // It is gone, or still being read.
    if (media.bytes.empty()) return hasPictureEnding(fromStd(media.name));
    return media.bytes.starts_with("\x89PNG"sv) || media.bytes.starts_with("\xFF\xD8\xFF"sv);
}

/// Two lists could not tell which stands first, nor what stands within the text.
bool needsParts(const std::vector<PromptMedia> &media)
{
    return std::any_of(media.begin(), media.end(), [&media](const PromptMedia &one) {
        return one.place > 0 || isPictureFile(one) != isPictureFile(media.front());
    });
}

QJsonArray partsOf(const ChatMessage &message)
{
    QJsonArray parts;
    size_t from = 0;
    const auto addText = [&](size_t to) {
        if (to <= from) return;
        const std::string_view text = std::string_view(message.content).substr(from, to - from);
        parts.append(QJsonObject{{u"text"_s, fromStd(text)}});
        from = to;
    };
    for (const PromptMedia &media : message.media) {
        addText(std::min(static_cast<size_t>(std::max<int64_t>(0, media.place)), message.content.size()));
        parts.append(QJsonObject{{isPictureFile(media) ? u"image"_s : u"audio"_s, fromStd(media.name)}});
    }
    addText(message.content.size());
    return parts;
}

QJsonObject turnJson(const ChatMessage &message)
{
    QJsonObject turn{{u"role"_s, fromStd(message.role)}};
    if (needsParts(message.media)) {
        turn.insert(u"content"_s, partsOf(message));
        return turn;
    }
    turn.insert(u"content"_s, fromStd(message.content));
    QJsonArray files;
    for (const PromptMedia &media : message.media) files.append(fromStd(media.name));
    if (!files.isEmpty()) turn.insert(isPictureFile(message.media.front()) ? u"images"_s : u"audio"_s, files);
    return turn;
}

QString tokenList(const std::vector<int32_t> &ids)
{
    QStringList numbers;
    for (const int32_t id : ids) numbers << QString::number(id);
    return numbers.join(u',');
}

} // namespace

bool hasPictureEnding(const QString &name)
{
    for (const QLatin1StringView ending : {".png"_L1, ".jpg"_L1, ".jpeg"_L1})
        if (name.endsWith(ending, Qt::CaseInsensitive)) return true;
    return false;
}

QString messagesJson(const std::vector<ChatMessage> &messages)
{
    QJsonArray turns;
    for (const ChatMessage &message : messages) turns.append(turnJson(message));
    return QString::fromUtf8(
        QJsonDocument(QJsonObject{{u"messages"_s, turns}}).toJson(QJsonDocument::Compact));
}

QString generateCommand(const QString &model, const GenerateRequest &request, const QStringList &media)
{
    const SamplingSettings &sampling = request.sampling;
    QStringList arguments{u"generate"_s, model};
    arguments << media;
    const bool isConversation = !request.messages.empty();
    if (isConversation)
        arguments << u"--messages"_s << u"-"_s;
    else if (!request.promptIds.empty())
        arguments << u"--prompt-ids"_s << tokenList(request.promptIds);
    else
        addTextOption(arguments, u"--prompt"_s, fromStd(request.prompt));
    if (request.infill) addTextOption(arguments, u"--infill"_s, fromStd(*request.infill));
    if (!request.mask.empty()) arguments << u"--mask"_s << fromStd(request.mask);
    if (!request.answerIds.empty()) arguments << u"--answer-ids"_s << tokenList(request.answerIds);
    arguments << u"--max-tokens"_s << QString::number(sampling.maxTokens) << u"--temperature"_s
              << QString::number(sampling.temperature);
    if (sampling.topK > 0) arguments << u"--top-k"_s << QString::number(sampling.topK);
    if (sampling.topP < 1) arguments << u"--top-p"_s << QString::number(sampling.topP);
    if (sampling.minP > 0) arguments << u"--min-p"_s << QString::number(sampling.minP);
    if (sampling.typicalP < 1) arguments << u"--typical"_s << QString::number(sampling.typicalP);
    if (sampling.repetitionPenalty != 1)
        arguments << u"--repetition-penalty"_s << QString::number(sampling.repetitionPenalty)
                  << u"--penalty-window"_s << QString::number(sampling.penaltyWindow);
    QString bytes; // arguments that are no text
    for (const std::string &text : sampling.stop) {
        if (toStd(fromStd(text)) == text)
            addTextOption(arguments, u"--stop"_s, fromStd(text));
        else
            bytes += (text.starts_with('-') ? u" --stop="_s : u" --stop "_s) + byteQuoted(text);
    }
    if (!sampling.sampler.empty()) arguments << u"--sampler"_s << fromStd(sampling.sampler);
    arguments << u"--seed"_s << QString::number(sampling.seed);
    const QString command = engineCommand(arguments) + bytes;
    if (!isConversation) return command;
    return u"printf '%s' "_s + shellQuoted(messagesJson(request.messages)) + u" | "_s + command;
}

void copyToClipboard(const QString &text) { QGuiApplication::clipboard()->setText(text); }

} // namespace orrery::ui
