// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/memory_export.h"

#include "plugins/memory/ui/memory_text.h"
#include "widgets/common/command_host.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSaveFile>

#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::memory_ui {
namespace {

/// RFC 4180. A text that a table program would take for a formula is not one to us: it stays as it is.
QString csvField(const QString &text)
{
    if (!text.contains(u',') && !text.contains(u'"') && !text.contains(u'\n') && !text.contains(u'\r'))
        return text;
    QString quoted = text;
    return u'"' + quoted.replace(u'"', u"\"\""_s) + u'"';
}

QString numberText(double value) { return std::isfinite(value) ? QString::number(value, 'g', 6) : QString(); }

/// Never read is a word, what nobody knows nothing.
QString readAgeField(const SlotRead &read)
{
    if (read.isThere()) return QString::number(read.age);
    return read.age == SlotRead::kNever ? u"never"_s : QString();
}

QString tableOf(const std::vector<MemoryEvent> &events, bool isCsv)
{
    const QChar between = isCsv ? u',' : u'\t';
    QString text =
        QStringList{u"id"_s,    u"source"_s, u"first_token"_s, u"last_token"_s, u"step"_s, u"slots"_s,
                    u"usage"_s, u"age"_s,    u"last_read"_s,   u"pinned"_s,     u"text"_s}
            .join(between) +
        u'\n';
    for (const MemoryEvent &event : events) {
        const QString source = ui::fromStd(event.source);
        for (const QString &field :
             {QString::number(event.id), isCsv ? csvField(source) : source, QString::number(event.firstToken),
              QString::number(event.lastToken), QString::number(event.step), QString::number(event.numSlots),
              numberText(event.meanUsage), QString::number(event.age), readAgeField(lastReadOf(event)),
              event.isPinned ? u"yes"_s : u"no"_s})
            text += field + between;
        text += isCsv ? csvField(readableText(event))
                      : visibleText(event, static_cast<qsizetype>(event.text.size()));
        text += u'\n';
    }
    return text;
}

/// As the command line writes it: null is never, and what nobody knows is not there.
void addLastRead(const SlotRead &read, QJsonObject &object)
{
    if (read.age == SlotRead::kNever) object[u"last_read"_s] = QJsonValue();
    if (!read.isThere()) return;
    QJsonObject last{
        {u"age"_s, static_cast<qint64>(read.age)},     {u"source"_s, ui::fromStd(read.source)},
        {u"token"_s, static_cast<qint64>(read.place)}, {u"token_id"_s, read.tokenId},
        {u"text"_s, ui::fromStd(read.text)},           {u"layer"_s, static_cast<qint64>(read.layer)},
        {u"head"_s, static_cast<qint64>(read.head)}};
    if (read.modality != Modality::Text) last[u"modality"_s] = QString::fromUtf8(modalityName(read.modality));
    if (std::isfinite(read.weight)) last[u"weight"_s] = static_cast<double>(read.weight);
    object[u"last_read"_s] = last;
}

/// Of each token that is stored what its columns say.
QJsonArray tokensOf(const MemoryEvent &event)
{
    QJsonArray tokens;
    for (size_t i = 0; i < event.tokenIds.size(); ++i) {
        QJsonObject token{{u"id"_s, event.tokenIds[i]}};
        const auto add = [&](const QString &key, const std::vector<float> &values) {
            if (i < values.size() && std::isfinite(values[i])) token[key] = static_cast<double>(values[i]);
        };
        if (i < event.slots.size()) token[u"slot"_s] = static_cast<qint64>(event.slots[i]);
        add(u"usage"_s, event.usages);
        add(u"surprise"_s, event.surprises);
        add(u"strength"_s, event.strengths);
        if (i < event.modalities.size() && event.modalities[i] != Modality::Unknown)
            token[u"modality"_s] = QString::fromUtf8(modalityName(event.modalities[i]));
        if (i < event.reads.size()) addLastRead(event.reads[i], token);
        tokens.append(token);
    }
    return tokens;
}

} // namespace

QString exportedEvents(const std::vector<MemoryEvent> &events, ExportFormat format)
{
    if (format != ExportFormat::Json) return tableOf(events, format == ExportFormat::Csv);
    QJsonArray list;
    for (const MemoryEvent &event : events) {
        QJsonObject row{
            {u"id"_s, static_cast<qint64>(event.id)},
            {u"source"_s, ui::fromStd(event.source)},
            {u"first_token"_s, static_cast<qint64>(event.firstToken)},
            {u"last_token"_s, static_cast<qint64>(event.lastToken)},
            {u"step"_s, static_cast<qint64>(event.step)},
            {u"slots"_s, static_cast<qint64>(event.numSlots)},
            {u"usage"_s, std::isfinite(event.meanUsage) ? QJsonValue(event.meanUsage) : QJsonValue()},
            {u"age"_s, static_cast<qint64>(event.age)},
            {u"pinned"_s, event.isPinned},
            {u"text"_s, readableText(event)},
            {u"tokens"_s, tokensOf(event)}};
        addLastRead(lastReadOf(event), row);
        list.append(row);
    }
    return QString::fromUtf8(QJsonDocument(list).toJson(QJsonDocument::Indented));
}

Result<void> writeExport(const QString &path, const std::vector<MemoryEvent> &events, ExportFormat format)
{
    QSaveFile file(path);
    const QByteArray bytes = exportedEvents(events, format).toUtf8();
    if (file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size() && file.commit()) return {};
    return Error{ErrorCode::Io,
                 "Cannot write \"" + ui::toStd(path) + "\": " + ui::toStd(file.errorString()) + ".",
                 "Choose a folder that you may write to and that has room."};
}

namespace {

QString memoryCommand(const Remembering &of, const QString &verb, const QStringList &arguments = {})
{
    QStringList all{u"memory"_s, verb, of.model};
    if (!of.file.isEmpty()) all << u"--memory"_s << of.file;
    return ui::engineCommand(all + arguments);
}

} // namespace

QString listCommand(const Remembering &of) { return memoryCommand(of, u"list"_s); }

QString pinCommand(const Remembering &of, qint64 event, bool isPinned)
{
    return memoryCommand(of, isPinned ? u"pin"_s : u"unpin"_s, {u"--event"_s, QString::number(event)});
}

QString forgetCommand(const Remembering &of, const QString &source)
{
    QStringList arguments;
    ui::addTextOption(arguments, u"--source"_s, source);
    return memoryCommand(of, u"wipe"_s, arguments);
}

QString learnCommand(const Remembering &of, const QString &folderThere)
{
    if (!ui::commandHost().isEmpty() && !folderThere.isEmpty())
        return memoryCommand(of, u"consolidate"_s, {u"--out"_s, folderThere});
    // Of "/runs/a@800" a folder "a-800-learned".
    QString name = of.model.section(u'/', -1, -1, QString::SectionSkipEmpty);
    name.replace(u'@', u'-');
    return memoryCommand(of, u"consolidate"_s, {u"--out"_s, name + u"-learned"_s});
}

QString similarityCommand(const Remembering &of, qint64 maxEvents)
{
    return memoryCommand(of, u"similarity"_s, {u"--max-events"_s, QString::number(maxEvents)});
}

QString lookCommand(const Remembering &of, const QString &prompt, const std::vector<MemoryEdit> &edits)
{
    QStringList arguments{u"inspect"_s, u"memory"_s, of.model};
    ui::addTextOption(arguments, u"--prompt"_s, prompt);
    if (!of.file.isEmpty()) arguments << u"--memory"_s << of.file;
    for (const MemoryEdit &edit : edits) {
        const bool isSlot = edit.slot >= 0;
        QString text = ui::fromStd(memoryVerbName(edit.verb));
        if (edit.verb == MemoryVerb::Scale && isSlot) text = u"scale_slot"_s;
        text += u' ' + QString::number(isSlot ? edit.slot : edit.event);
        if (edit.verb == MemoryVerb::Scale) text += u' ' + QString::number(edit.factor);
        arguments << u"--edit"_s << text;
    }
    return ui::engineCommand(arguments);
}

} // namespace orrery::memory_ui
