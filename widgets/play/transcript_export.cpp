// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/transcript_export.h"

#include "widgets/common/number_text.h"
#include "widgets/play/sampling_json.h"
#include "widgets/play/token_view.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QSaveFile>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

class Texts {
    Q_DECLARE_TR_FUNCTIONS(TranscriptExport)
};

QString settingsText(const GenerationVersion &version)
{
    QStringList parts{modelText(version)};
    parts << samplingWords(version.request.sampling);
    if (version.request.mask == "prefix") parts << Texts::tr("prompt seen whole");
    if (const double surprise = surpriseOf(version); surprise == surprise)
        parts << Texts::tr("%1 nats/token").arg(significantText(surprise, 4));
    return parts.join(u", "_s);
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

/// A fence that the text itself does not have.
QString fencedMarkdown(const QString &text)
{
    qsizetype longest = 2, run = 0;
    for (const QChar character : text) {
        run = character == u'`' ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    const QString fence(longest + 1, u'`');
    return fence + u"text\n"_s + text + (text.endsWith(u'\n') ? u""_s : u"\n"_s) + fence + u"\n\n"_s;
}

QString answerMarkdown(const GenerationVersion &version)
{
    return fencedMarkdown(fromStd(version.text())) + settingsText(version) + u"\n\n"_s;
}

QString transcriptMarkdown(const Transcript &transcript)
{
    QString text;
    const bool isConversation = transcript.turns.size() > 1 || transcript.turns[0].role != TurnRole::Unknown;
    if (!isConversation) {
        text += u"## "_s + Texts::tr("Prompt") + u"\n\n"_s + fencedMarkdown(fromStd(transcript.prompt));
        if (transcript.infill)
            text += u"## "_s + Texts::tr("Text behind the hole") + u"\n\n"_s +
                    fencedMarkdown(fromStd(*transcript.infill));
    }
    for (const Turn &turn : transcript.turns) {
        text += u"## "_s + (isConversation ? turnRoleText(turn.role) : Texts::tr("Answer")) + u"\n\n"_s;
        for (const AttachmentPtr &attachment : turn.attachments)
            text += Texts::tr("With %1.").arg(attachment->name) + u"\n\n"_s;
        const bool isAnswer = !turn.versions.empty();
        text += isAnswer ? answerMarkdown(*turn.version()) : fencedMarkdown(fromStd(turn.content));
    }
    return text;
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
    } else if (ending == u"csv") {
        bytes = transcriptCsv(transcript).toUtf8();
    } else {
        return Error{ErrorCode::InvalidInput,
                     toStd(Texts::tr("Cannot save the transcript as \"%1\": its ending is \".%2\", expected "
                                     ".md or .csv.")
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
