// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/transcript_export.h"

#include "widgets/common/number_text.h"
#include "widgets/play/sampling_json.h"
#include "widgets/play/token_view.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSaveFile>

#include <algorithm>
#include <optional>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

class Texts {
    Q_DECLARE_TR_FUNCTIONS(TranscriptExport)
};

/// A fence that the text itself does not have.
QString fenced(const QString &text)
{
    qsizetype longest = 2, run = 0;
    for (const QChar character : text) {
        run = character == u'`' ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    const QString fence(longest + 1, u'`');
    return fence + u"text\n"_s + text + (text.endsWith(u'\n') ? u""_s : u"\n"_s) + fence + u"\n\n"_s;
}

QString settingsText(const GenerationVersion &version)
{
    QStringList parts{modelText(version)};
    parts << samplingWords(version.request.sampling);
    if (const double surprise = surpriseOf(version); surprise == surprise)
        parts << Texts::tr("%1 nats/token").arg(significantText(surprise, 4));
    return parts.join(u", "_s);
}

/// @param chance nothing: not known
QJsonObject candidateJson(int32_t id, const std::string &bytes, double probability, std::optional<double> chance)
{
    QJsonObject json{{u"id"_s, id}, {u"text"_s, fromStd(bytes)}, {u"probability"_s, probability}};
    if (chance) json.insert(u"chance"_s, *chance);
    // Half a character is no text.
    if (toStd(fromStd(bytes)) != bytes)
        json.insert(u"bytes"_s, QString::fromLatin1(QByteArray::fromStdString(bytes).toHex()));
    return json;
}

QJsonObject answerJson(const GenerationVersion &version)
{
    QJsonArray tokens;
    for (const GeneratedToken &token : version.tokens) {
        const auto known = [isKnown = hasChances(token)](double chance) {
            return isKnown ? std::optional(chance) : std::nullopt;
        };
        QJsonObject json = candidateJson(token.id, token.bytes, token.probability, known(token.chance));
        json.insert(u"entropy"_s, token.entropy);
        QJsonArray candidates;
        for (const TokenAlternative &candidate : token.alternatives)
            candidates.append(
                candidateJson(candidate.id, candidate.bytes, candidate.probability, known(candidate.chance)));
        json.insert(u"candidates"_s, candidates);
        tokens.append(json);
    }
    QJsonObject json{
        {u"model"_s, version.info && !version.info->name.isEmpty() ? version.info->name : version.model},
        {u"given_tokens"_s, static_cast<qint64>(version.numGiven())},
        {u"tokens"_s, tokens}};
    insertSampling(json, version.request.sampling);
    return json;
}

QString csvField(QString text) { return u'"' + text.replace(u'"', u"\"\""_s) + u'"'; }

} // namespace

Transcript snapshotOf(const Transcript &transcript)
{
    Transcript snapshot = transcript;
    for (Turn &turn : snapshot.turns) {
        turn.behind.clear();
        if (turn.versions.empty()) continue;
        turn.versions = {std::make_shared<GenerationVersion>(*turn.version())};
        turn.shown = 0;
    }
    return snapshot;
}

QString transcriptMarkdown(const Transcript &transcript)
{
    QString text;
    const bool isConversation = transcript.turns.size() > 1 || transcript.turns[0].role != TurnRole::Unknown;
    if (!isConversation) {
        text += u"## "_s + Texts::tr("Prompt") + u"\n\n"_s + fenced(fromStd(transcript.prompt));
        if (transcript.infill)
            text += u"## "_s + Texts::tr("Text behind the hole") + u"\n\n"_s +
                    fenced(fromStd(*transcript.infill));
    }
    for (const Turn &turn : transcript.turns) {
        text += u"## "_s + (isConversation ? turnRoleText(turn.role) : Texts::tr("Answer")) + u"\n\n"_s;
        for (const AttachmentPtr &attachment : turn.attachments)
            text += Texts::tr("With %1.").arg(attachment->name) + u"\n\n"_s;
        const bool isAnswer = !turn.versions.empty();
        text += fenced(fromStd(isAnswer ? turn.version()->text() : turn.content));
        if (isAnswer) text += settingsText(*turn.version()) + u"\n\n"_s;
    }
    return text;
}

QByteArray transcriptJson(const Transcript &transcript)
{
    QJsonArray turns;
    for (const Turn &turn : transcript.turns) {
        const bool isAnswer = !turn.versions.empty();
        QJsonObject json{{u"text"_s, fromStd(isAnswer ? turn.version()->text() : turn.content)}};
        if (turn.role != TurnRole::Unknown) json.insert(u"role"_s, QLatin1String(turnRoleName(turn.role)));
        QJsonArray files;
        for (const AttachmentPtr &attachment : turn.attachments) files.append(attachment->name);
        if (!files.isEmpty()) json.insert(u"files"_s, files);
        if (isAnswer) json.insert(u"answer"_s, answerJson(*turn.version()));
        turns.append(json);
    }
    QJsonObject json{{u"turns"_s, turns}};
    const bool isConversation = transcript.turns.size() > 1 || transcript.turns[0].role != TurnRole::Unknown;
    if (!isConversation) json.insert(u"prompt"_s, fromStd(transcript.prompt));
    if (transcript.infill) json.insert(u"infill"_s, fromStd(*transcript.infill));
    return QJsonDocument(json).toJson();
}

QString transcriptCsv(const Transcript &transcript)
{
    QString text = u"turn,token,id,text,probability,entropy_nats,given\n"_s;
    for (size_t i = 0; i < transcript.turns.size(); ++i) {
        const Turn &turn = transcript.turns[i];
        if (turn.versions.empty()) continue;
        const GenerationVersion &version = *turn.version();
        for (size_t k = 0; k < version.tokens.size(); ++k) {
            const GeneratedToken &token = version.tokens[k];
            text += QStringList{QString::number(i + 1),
                                QString::number(k),
                                QString::number(token.id),
                                csvField(visibleTokenText(token.bytes, token.id)),
                                QString::number(token.probability, 'g', 8),
                                QString::number(token.entropy, 'g', 8),
                                k < version.numGiven() ? u"1"_s : u"0"_s}
                        .join(u',') +
                    u'\n';
        }
    }
    return text;
}

Result<void> saveTranscript(const Transcript &transcript, const QString &path)
{
    const QString ending = QFileInfo(path).suffix().toLower();
    QByteArray bytes;
    if (ending == u"md") {
        bytes = transcriptMarkdown(transcript).toUtf8();
    } else if (ending == u"json") {
        bytes = transcriptJson(transcript);
    } else if (ending == u"csv") {
        bytes = transcriptCsv(transcript).toUtf8();
    } else {
        return Error{ErrorCode::InvalidInput,
                     toStd(Texts::tr("Cannot save the transcript as \"%1\": its ending is \".%2\", expected "
                                     ".md, .json or .csv.")
                               .arg(path, ending)),
                     toStd(Texts::tr("Choose one of these endings."))};
    }
    QSaveFile file(path);
    if (file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size() && file.commit()) return {};
    return Error{ErrorCode::Io,
                 toStd(Texts::tr("Cannot save the transcript as \"%1\": %2, expected a file that can be "
                                 "written.")
                           .arg(path, file.errorString())),
                 toStd(Texts::tr("Choose another folder."))};
}

} // namespace orrery::ui
