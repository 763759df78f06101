// SPDX-License-Identifier: GPL-3.0-or-later
// The numbers of an answer as CSV and JSON.
#include "widgets/attention/token_groups.h"
#include "widgets/common/number_text.h"
#include "widgets/common/text_export.h"
#include "widgets/microscope/microscope_export.h"
#include "widgets/microscope/microscope_reading.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

/// JSON has no NaN.
QJsonValue jsonNumber(double value) { return std::isfinite(value) ? QJsonValue(value) : QJsonValue(); }

struct CsvLine {
    QString section;
    std::optional<HeadRef> head = {};
    int64_t layer = -1, rank = -1, place = -1, id = -1;
    QString text = {};
    double value = kUnknownNumber;
    QString unit = {};
};

void addLine(QString &csv, const CsvLine &line)
{
    const auto whole = [](int64_t value) { return value < 0 ? QString() : QString::number(value); };
    const int64_t layer = line.head ? line.head->layer : line.layer;
    csv += csvLine({line.section, whole(layer), whole(line.head ? line.head->head : -1), whole(line.rank),
                    whole(line.place), whole(line.id), line.text, csvNumber(line.value), line.unit});
}

void addTokens(QString &csv, const InspectReport &report, const QString &section,
               const std::vector<float> &values, const std::optional<HeadRef> &head, const QString &unit)
{
    for (size_t i = 0; i < std::min(values.size(), report.tokens.size()); ++i)
        addLine(csv, {.section = section,
                      .head = head,
                      .place = int64_t(i),
                      .id = report.tokens[i].id,
                      .text = tokenLabel(report.tokens[i]),
                      .value = values[i],
                      .unit = unit});
}

QJsonArray alternatives(const std::vector<TokenAlternative> &list)
{
    QJsonArray array;
    for (const TokenAlternative &one : list)
        array.append(QJsonObject{{u"id"_s, one.id},
                                 {u"text"_s, fromStd(one.bytes)},
                                 {u"probability"_s, jsonNumber(one.probability)}});
    return array;
}

QJsonArray floats(const std::vector<float> &values)
{
    QJsonArray array;
    for (const float value : values) array.append(jsonNumber(double(value)));
    return array;
}

QJsonArray readsJson(const std::vector<MemoryRead> &reads)
{
    QJsonArray array;
    for (const MemoryRead &read : reads) {
        QJsonArray slots;
        for (const MemoryRead::Slot &slot : read.slots)
            slots.append(QJsonObject{{u"slot"_s, qint64(slot.slot)},
                                     {u"event"_s, qint64(slot.event)},
                                     {u"token"_s, qint64(slot.token)},
                                     {u"weight"_s, jsonNumber(slot.weight)}});
        array.append(QJsonObject{{u"head"_s, fromStd(headName(read.head))},
                                 {u"memory"_s, fromStd(read.memory)},
                                 {u"gate"_s, jsonNumber(read.gate)},
                                 {u"slots"_s, slots}});
    }
    return array;
}

} // namespace

QString microscopeCsv(const MicroscopeAnswer &answer)
{
    const InspectReport &report = answer.report;
    QString csv = u"section,layer,head,rank,place,token_id,text,value,unit\n"_s;
    const SaidToken said = saidToken(report);
    if (said.exists)
        addLine(csv, {.section = u"said"_s,
                      .rank = said.rank > 0 ? said.rank : -1,
                      .place = report.token + 1,
                      .id = said.id,
                      .text = said.label,
                      .value = said.surprise,
                      .unit = u"nats"_s});
    for (const Choice &one : choicesOf(report))
        addLine(csv, {.section = u"choices"_s,
                      .rank = one.rank > 0 ? one.rank : -1,
                      .id = one.token.id,
                      .text = fromStd(one.token.bytes),
                      .value = one.token.probability,
                      .unit = u"probability"_s});
    for (const LensRow &row : report.lens) {
        for (size_t i = 0; i < row.candidates.size(); ++i)
            addLine(csv, {.section = u"layers"_s,
                          .layer = row.layer,
                          .rank = int64_t(i) + 1,
                          .id = row.candidates[i].id,
                          .text = fromStd(row.candidates[i].bytes),
                          .value = row.candidates[i].probability,
                          .unit = u"probability"_s});
        addLine(csv, {.section = u"layers"_s, .layer = row.layer, .value = row.entropy, .unit = u"nats"_s});
    }
    addTokens(csv, report, u"mattered"_s, report.attribution, {}, u"nats"_s);
    if (answer.head)
        addTokens(csv, report, u"attention"_s, attentionByToken(report, *answer.head), answer.head,
                  u"weight"_s);
    for (const MemoryRead &read : report.reads) {
        addLine(csv, {.section = u"memory"_s,
                      .head = read.head,
                      .text = fromStd(read.memory),
                      .value = read.gate,
                      .unit = u"gate"_s});
        for (const MemoryRead::Slot &slot : read.slots)
            addLine(csv, {.section = u"memory"_s,
                          .head = read.head,
                          .place = slot.token,
                          .text = u"slot %1, event %2"_s.arg(slot.slot).arg(slot.event),
                          .value = slot.weight,
                          .unit = u"weight"_s});
    }
    return csv;
}

QString microscopeJson(const MicroscopeAnswer &answer)
{
    const InspectReport &report = answer.report;
    const SaidToken said = saidToken(report);
    QJsonObject root{{u"model"_s, fromStd(report.model)},
                     {u"step"_s, qint64(report.step)},
                     {u"text"_s, answer.focus.title},
                     {u"token"_s, qint64(report.token)}};
    // What the numbers were read with, and what they leave out.
    if (report.saidWith == SaidWith::State) root.insert(u"read_with"_s, u"kept_state"_s);
    if (!report.note.empty()) root.insert(u"note"_s, fromStd(report.note));
    QJsonArray tokens;
    for (const InspectedToken &token : report.tokens)
        tokens.append(QJsonObject{{u"id"_s, token.id},
                                  {u"text"_s, tokenLabel(token)},
                                  {u"surprise"_s, jsonNumber(token.surprise)}});
    root.insert(u"tokens"_s, tokens);
    if (said.exists)
        root.insert(u"said"_s,
                    QJsonObject{{u"id"_s, said.id},
                                {u"text"_s, said.label},
                                {u"probability"_s, jsonNumber(said.probability)},
                                {u"surprise"_s, jsonNumber(said.surprise)},
                                {u"rank"_s, said.rank > 0 ? QJsonValue(said.rank) : QJsonValue()}});
    root.insert(u"candidates"_s, alternatives(report.candidates));
    QJsonArray lens;
    for (const LensRow &row : report.lens)
        lens.append(QJsonObject{{u"layer"_s, qint64(row.layer)},
                                {u"entropy"_s, jsonNumber(row.entropy)},
                                {u"candidates"_s, alternatives(row.candidates)}});
    if (!lens.isEmpty()) root.insert(u"lens"_s, lens);
    if (!report.attribution.empty()) root.insert(u"attribution"_s, floats(report.attribution));
    if (answer.head)
        root.insert(u"attention"_s,
                    QJsonObject{{u"head"_s, fromStd(headName(*answer.head))},
                                {u"weights"_s, floats(attentionByToken(report, *answer.head))}});
    root.insert(u"reads"_s, readsJson(report.reads));
    return QString::fromUtf8(QJsonDocument(root).toJson());
}

} // namespace orrery::ui
