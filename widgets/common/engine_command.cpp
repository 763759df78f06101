// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/engine_command.h"

#include "widgets/common/number_text.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>

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

QString engineCommand(const QStringList &arguments)
{
    QString command = u"orrery-engine"_s;
    for (const QString &argument : arguments) command += u' ' + shellQuoted(argument);
    return command;
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

bool isPictureFile(std::string_view bytes)
{
    return bytes.starts_with("\x89PNG"sv) || bytes.starts_with("\xFF\xD8\xFF"sv);
}

} // namespace

QString messagesJson(const std::vector<ChatMessage> &messages)
{
    QJsonArray turns;
    for (const ChatMessage &message : messages) {
        QJsonObject turn{{u"role"_s, fromStd(message.role)}, {u"content"_s, fromStd(message.content)}};
        QJsonArray images, audio;
        for (const PromptMedia &media : message.media)
            (isPictureFile(media.bytes) ? images : audio).append(fromStd(media.name));
        if (!images.isEmpty()) turn.insert(u"images"_s, images);
        if (!audio.isEmpty()) turn.insert(u"audio"_s, audio);
        turns.append(turn);
    }
    return QString::fromUtf8(
        QJsonDocument(QJsonObject{{u"messages"_s, turns}}).toJson(QJsonDocument::Compact));
}

QString generateCommand(const QString &model, const GenerateRequest &request, const QStringList &media)
{
    const SamplingSettings &sampling = request.sampling;
    QStringList arguments{u"generate"_s, model};
    const auto addText = [&arguments](const QString &option, const QString &text) {
        // A text that begins with a dash would be read as an option.
        if (text.startsWith(u'-'))
            arguments << option + u'=' + text;
        else
            arguments << option << text;
    };
    arguments << media;
    const bool isConversation = !request.messages.empty();
    if (isConversation)
        arguments << u"--messages"_s << u"-"_s;
    else
        addText(u"--prompt"_s, fromStd(request.prompt));
    if (request.infill) addText(u"--infill"_s, fromStd(*request.infill));
    arguments << u"--max-tokens"_s << QString::number(sampling.maxTokens) << u"--temperature"_s
              << QString::number(sampling.temperature);
    if (sampling.topK > 0) arguments << u"--top-k"_s << QString::number(sampling.topK);
    if (sampling.topP < 1) arguments << u"--top-p"_s << QString::number(sampling.topP);
    if (!sampling.sampler.empty()) arguments << u"--sampler"_s << fromStd(sampling.sampler);
    arguments << u"--seed"_s << QString::number(sampling.seed);
    const QString command = engineCommand(arguments);
    if (!isConversation) return command;
    return u"printf '%s' "_s + shellQuoted(messagesJson(request.messages)) + u" | "_s + command;
}

void copyToClipboard(const QString &text) { QGuiApplication::clipboard()->setText(text); }

} // namespace orrery::ui
