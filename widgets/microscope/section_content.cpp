// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/microscope/section_content.h"

#include "widgets/attention/color_scale.h"
#include "widgets/attention/overview_scene.h"
#include "widgets/attention/token_groups.h"
#include "widgets/common/number_text.h"
#include "widgets/microscope/microscope_reading.h"
#include "widgets/play/token_view.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

QString tr(const char *text, const char *comment = nullptr, int n = -1)
{
    return QCoreApplication::translate("Microscope", text, comment, n);
}

constexpr int kLensChoices = 3, kHeadlineCharacters = 36;
constexpr int kRoomForThree = 320; ///< a narrower table shows two, so that words can be read

QString labelOf(const TokenAlternative &token) { return visibleTokenText(token.bytes, token.id); }

QString labelAt(const InspectReport &report, int64_t place)
{
    return place >= 0 && place < std::ssize(report.tokens) ? axisLabels(report.tokens, {{place, place + 1}}).front()
                                                           : unknownText();
}

QString natsText(double nats) { return tr("%1 nats").arg(significantText(nats, 3)); }

/// "as open as an even choice among 10 tokens"
QString entropySentence(const InspectReport &report)
{
    const ChoiceEntropy entropy = entropyOf(report);
    if (std::isnan(entropy.nats)) return {};
    const QString among = significantText(std::exp(entropy.nats), 2);
    return entropy.isExact ? tr("Entropy %1: as open as an even choice among %2 tokens.")
                                 .arg(natsText(entropy.nats), among)
                           : tr("Entropy %1 or more: as open as an even choice among %2 tokens or more.")
                                 .arg(natsText(entropy.nats), among);
}

} // namespace

QString sectionId(MicroscopeSection section)
{
    switch (section) {
    case MicroscopeSection::Choices:
        return u"choices"_s;
    case MicroscopeSection::Layers:
        return u"layers"_s;
    case MicroscopeSection::Mattered:
        return u"mattered"_s;
    case MicroscopeSection::Attention:
        return u"attention"_s;
    case MicroscopeSection::Memory:
        return u"memory"_s;
    }
    return {};
}

QString sectionTitle(MicroscopeSection section)
{
    switch (section) {
    case MicroscopeSection::Choices:
        return tr("What could have come");
    case MicroscopeSection::Layers:
        return tr("By layer");
    case MicroscopeSection::Mattered:
        return tr("What mattered");
    case MicroscopeSection::Attention:
        return tr("Where the head looks");
    case MicroscopeSection::Memory:
        return tr("Read from memory");
    }
    return {};
}

SectionContent choicesContent(const InspectReport &report)
{
    SectionContent content;
    const std::vector<Choice> choices = choicesOf(report);
    if (choices.empty()) {
        content.sentence = tr("The model gave no candidates.");
        return content;
    }
    double largest = 0;
    for (const Choice &one : choices) largest = std::max(largest, one.token.probability);
    content.table.limit = std::min(1.0, roundLimit(largest));
    content.table.columns = {{.title = {}, .kind = ColumnKind::Number},
                             {.title = tr("Token"), .kind = ColumnKind::Word},
                             {.title = {}, .kind = ColumnKind::Bar, .share = 1},
                             {.title = tr("Probability"), .kind = ColumnKind::Number}};
    for (const Choice &one : choices) {
        const QString share = probabilityText(one.token.probability);
        const QString rank =
            one.rank > 0 ? QString::number(one.rank) : tr("> %1").arg(report.candidates.size());
        TableRow row{.cells = {{.text = rank},
                               {.text = labelOf(one.token)},
                               {.text = {}, .value = one.token.probability},
                               {.text = share}},
                     .isMarked = one.isSaid,
                     .place = one.rank - 1};
        row.toolTip = tr("Token %1, probability %2, surprise %3")
                          .arg(one.token.id)
                          .arg(QString::number(one.token.probability, 'g', 6),
                               natsText(-std::log(one.token.probability)));
        row.spoken = (one.isSaid ? tr("%1, %2, this was said") : u"%1, %2"_s).arg(labelOf(one.token), share);
        content.table.rows.push_back(std::move(row));
    }
    const ChoiceEntropy entropy = entropyOf(report);
    content.digest = (entropy.isExact ? QString() : u"≥ "_s) + natsText(entropy.nats);
    const bool isMarked =
        std::any_of(choices.begin(), choices.end(), [](const Choice &one) { return one.isSaid; });
    content.sentence = entropySentence(report);
    if (isMarked) content.sentence += u' ' + tr("The marked row is what was said.");
    content.sentence += u' ' + tr("At temperature 1, before top-k and top-p; bars 0 … %1, linear.")
                                   .arg(tickText(content.table.limit));
    return content;
}

SectionContent layersContent(const InspectReport &report)
{
    SectionContent content;
    const std::optional<LensPath> path = lensPath(report);
    if (!path) {
        content.sentence = tr("No layers were read.");
        return content;
    }
    double largest = 0;
    for (const LensRow &row : report.lens)
        if (std::isfinite(row.entropy)) largest = std::max(largest, row.entropy);
    content.table.curveLimit = roundLimit(largest);
    content.table.columns = {{.title = tr("Before"), .kind = ColumnKind::Number}};
    for (int i = 0; i < kLensChoices; ++i)
        content.table.columns.push_back({.title = i == 0   ? tr("First choice")
                                                  : i == 1 ? tr("Second")
                                                           : tr("Third"),
                                         .kind = ColumnKind::Heat,
                                         .share = 1,
                                         .minTableWidth = i < 2 ? 0 : kRoomForThree});
    content.table.columns.push_back({.title = tr("Entropy"), .kind = ColumnKind::Curve});
    content.table.columns.push_back({.title = tr("nats"), .kind = ColumnKind::Number, .minTableWidth = 380});
    for (const LensRow &lens : report.lens) {
        const bool isOutput = lens.layer == report.layers;
        TableRow row{.cells = {{.text = isOutput ? tr("out") : u"L%1"_s.arg(lens.layer)}},
                     .place = int(lens.layer)};
        row.isMarked = path->firstLayer == lens.layer;
        QStringList spoken{isOutput ? tr("output") : tr("before layer %1").arg(lens.layer)};
        for (size_t i = 0; i < kLensChoices; ++i) {
            if (i >= lens.candidates.size()) {
                row.cells.push_back({});
                continue;
            }
            const TokenAlternative &one = lens.candidates[i];
            row.cells.push_back({.text = labelOf(one),
                                 .value = one.probability,
                                 .number = fixedText(one.probability, 2),
                                 .isOutlined = one.id == path->id});
            spoken << u"%1 %2"_s.arg(labelOf(one), probabilityText(one.probability));
        }
        row.cells.push_back({.text = {}, .value = lens.entropy});
        row.cells.push_back({.text = significantText(lens.entropy, 3)});
        row.spoken = spoken.join(u", "_s);
        row.toolTip = row.spoken + u'\n' + tr("Entropy %1").arg(natsText(lens.entropy));
        content.table.rows.push_back(std::move(row));
    }
    if (path->firstLayer < 0) {
        content.digest = tr("“%1” is not first").arg(path->label);
        content.sentence = tr("“%1” is not the first choice at the output.").arg(path->label);
    } else if (path->firstLayer == report.layers) {
        content.digest = tr("“%1” at the output").arg(path->label);
        content.sentence =
            tr("“%1” (outlined) is the first choice at the output alone (marked).").arg(path->label);
    } else {
        content.digest = tr("“%1” from before L%2").arg(path->label).arg(path->firstLayer);
        content.sentence = tr("“%1” (outlined) is the first choice from before layer %2 on (marked).")
                               .arg(path->label)
                               .arg(path->firstLayer);
    }
    content.sentence +=
        u' ' +
        tr("Logit lens: what the model would say if its head read the stream before that "
           "layer (L0 is the first one, as in the attention panel); out is its answer. Line: entropy, 0 … %1 "
           "nats, linear.")
            .arg(tickText(content.table.curveLimit));
    return content;
}

namespace {

/// Tokens of the text with a bar each.
ReadingTable tokenTable(bool isSigned, double limit, const QString &unit)
{
    ReadingTable table;
    table.isSigned = isSigned;
    table.limit = limit;
    table.columns = {{.title = tr("Place"), .kind = ColumnKind::Number},
                     {.title = tr("Token"), .kind = ColumnKind::Word},
                     {.title = {}, .kind = ColumnKind::Bar, .share = 1},
                     {.title = unit, .kind = ColumnKind::Number}};
    return table;
}

TableRow tokenRow(const QString &place, const QString &label, double value, const QString &number,
                  int64_t token, const QString &inFull)
{
    TableRow row{.cells = {{.text = place}, {.text = label}, {.text = {}, .value = value}, {.text = number}},
                 .place = int(token)};
    row.spoken = tr("token %1, %2, %3").arg(place, inFull, number);
    row.toolTip = row.spoken;
    return row;
}

} // namespace

SectionContent matteredContent(const InspectReport &report, RowLimit limit)
{
    SectionContent content;
    const std::vector<int> places = strongestAttributions(report.attribution);
    if (places.empty() || report.candidates.empty()) {
        content.sentence = tr("No token had a share in this.");
        return content;
    }
    content.table =
        tokenTable(true, roundLimit(std::abs(report.attribution[size_t(places.front())])), tr("nats"));
    const size_t count = limit == RowLimit::All ? places.size() : std::min<size_t>(kFewTokens, places.size());
    std::vector<TokenRange> ranges;
    for (size_t i = 0; i < count; ++i) ranges.push_back({places[i], places[i] + 1});
    const std::vector<QString> labels = axisLabels(report.tokens, ranges);
    for (size_t i = 0; i < count; ++i) {
        const int place = places[i];
        const double value = report.attribution[size_t(place)];
        content.table.rows.push_back(tokenRow(QString::number(place), labels[i], value, signedNatsText(value), place,
                                              partSentence(report.tokens, place)));
    }
    content.numHidden = int(places.size() - count);
    const SaidToken said = saidToken(report);
    const bool isSaid = said.exists && said.isText;
    content.digest = tr("most: “%1”").arg(labelAt(report, places.front()));
    content.sentence =
        tr("Gradient × input: the signed share of each token in the log-probability of “%1”, %2. Blue adds "
           "to it, orange takes from it. A share, not a cause; bars −%3 … %3 nats, linear.")
            .arg(isSaid ? said.label : labelOf(report.candidates.front()),
                 isSaid ? tr("which was said") : tr("the likeliest next token"),
                 tickText(content.table.limit));
    if (report.saidWith == SaidWith::State)
        content.sentence += u' ' + tr("It is of the text read by itself: what the model remembered has no gradient.");
    return content;
}

SectionContent attentionContent(const InspectReport &report, const std::optional<HeadRef> &head,
                                RowLimit limit)
{
    SectionContent content;
    if (!head) {
        content.sentence =
            tr("Choose a head in the attention panel to see which tokens it looks at from here.");
        return content;
    }
    content.digest = headTitle(*head).toLower();
    const std::optional<std::vector<AttentionShare>> shares = attentionShares(report, *head);
    if (!shares || shares->empty()) {
        content.sentence = tr("The model gave no attention of %1.").arg(content.digest);
        return content;
    }
    content.table = tokenTable(false, std::min(1.0, roundLimit(shares->front().weight)), tr("Weight"));
    const size_t count =
        limit == RowLimit::All ? shares->size() : std::min<size_t>(kFewTokens, shares->size());
    std::vector<TokenRange> ranges;
    for (size_t i = 0; i < count; ++i) ranges.push_back((*shares)[i].range);
    const std::vector<QString> labels = axisLabels(report.tokens, ranges);
    bool isPooled = false;
    for (size_t i = 0; i < count; ++i) {
        const AttentionShare &one = (*shares)[i];
        const bool isGroup = one.range.end - one.range.begin > 1;
        isPooled = isPooled || isGroup;
        const QString place = isGroup ? u"%1-%2"_s.arg(one.range.begin).arg(one.range.end - 1)
                                      : QString::number(one.range.begin);
        content.table.rows.push_back(
            tokenRow(place, labels[i], one.weight, probabilityText(one.weight), one.range.begin,
                     isGroup ? labels[i] : partSentence(report.tokens, one.range.begin)));
    }
    content.numHidden = int(shares->size() - count);
    content.sentence =
        tr("Attention weights of %1 from “%2”; they sum to 1. Where a head looks does not say that it "
           "mattered. Bars 0 … %3, linear.")
            .arg(content.digest, labelAt(report, report.token), tickText(content.table.limit));
    if (isPooled) content.sentence += u' ' + tr("A long text is looked at in groups of tokens.");
    return content;
}

namespace {

void addRead(const InspectReport &report, const MemoryRead &read, ReadingTable &table)
{
    const QString head = headTitle(read.head), gate = tr("gate %1").arg(probabilityText(read.gate));
    TableRow heading{.cells = {{.text = u"%1 · %2"_s.arg(head, fromStd(read.memory))}, {.text = gate}},
                     .isHeading = true};
    heading.spoken = u"%1, %2, %3"_s.arg(head, fromStd(read.memory), gate);
    heading.toolTip = heading.spoken;
    table.rows.push_back(std::move(heading));
    for (const MemoryRead::Slot &slot : read.slots) {
        const QString event = slot.event < 0 ? unknownText() : QString::number(slot.event);
        const QString place =
            slot.token < 0 ? unknownText() : u"%1 %2"_s.arg(slot.token).arg(labelAt(report, slot.token));
        TableRow row{.cells = {{.text = QString::number(slot.slot)},
                               {.text = event},
                               {.text = place},
                               {.text = {}, .value = slot.weight},
                               {.text = probabilityText(slot.weight)}},
                     .place = int(slot.token)};
        row.spoken = tr("slot %1, event %2, token %3, weight %4")
                         .arg(QString::number(slot.slot), event, place, probabilityText(slot.weight));
        row.toolTip = row.spoken;
        table.rows.push_back(std::move(row));
    }
}

} // namespace

SectionContent memoryContent(const InspectReport &report, RowLimit limit)
{
    SectionContent content;
    if (report.reads.empty()) {
        content.sentence =
            tr("Nothing was read from a memory here: the model has none, or it was still empty.");
        return content;
    }
    std::vector<const MemoryRead *> reads;
    for (const MemoryRead &one : report.reads) reads.push_back(&one);
    std::stable_sort(reads.begin(), reads.end(),
                     [](const MemoryRead *a, const MemoryRead *b) { return a->gate > b->gate; });
    content.table.columns = {{.title = tr("Slot"), .kind = ColumnKind::Number},
                             {.title = tr("Event"), .kind = ColumnKind::Number},
                             {.title = tr("Place"), .kind = ColumnKind::Word},
                             {.title = {}, .kind = ColumnKind::Bar, .share = 1},
                             {.title = tr("Weight"), .kind = ColumnKind::Number}};
    const size_t count = limit == RowLimit::All ? reads.size() : std::min<size_t>(kFewReads, reads.size());
    for (size_t i = 0; i < count; ++i) addRead(report, *reads[i], content.table);
    content.numHidden = int(reads.size() - count);
    content.digest = tr("gate up to %1").arg(probabilityText(reads.front()->gate));
    content.sentence =
        tr("What each head took from a memory at this token, the widest gate first. The gate is the "
           "share of the head's output that comes from there; weights of all its slots sum to 1. "
           "Place: which token of the text that was read; of another text there is the event alone. Bars 0 … 1, "
           "linear.");
    return content;
}

SectionContent sectionContent(MicroscopeSection section, const InspectReport &report,
                              const std::optional<HeadRef> &head, RowLimit limit)
{
    switch (section) {
    case MicroscopeSection::Choices:
        return choicesContent(report);
    case MicroscopeSection::Layers:
        return layersContent(report);
    case MicroscopeSection::Mattered:
        return matteredContent(report, limit);
    case MicroscopeSection::Attention:
        return attentionContent(report, head, limit);
    case MicroscopeSection::Memory:
        return memoryContent(report, limit);
    }
    return {};
}

void addPictures(ReadingTable &table, const std::vector<QImage> &thumbnails)
{
    for (TableRow &row : table.rows)
        if (!row.isHeading && row.place >= 0 && row.place < std::ssize(thumbnails))
            row.picture = thumbnails[size_t(row.place)];
}

QString microscopeHeadline(const InspectReport &report)
{
    const SaidToken said = saidToken(report);
    const QString before = textBefore(report.tokens, report.token, kHeadlineCharacters);
    return said.exists ? tr("“%1” after “%2”").arg(said.label, before)
                       : tr("What comes after “%1”").arg(before);
}

QString microscopeSummary(const InspectReport &report)
{
    const SaidToken said = saidToken(report);
    QString text = microscopeHeadline(report);
    if (!std::isnan(said.probability)) {
        const QString rank =
            said.rank > 0 ? QString::number(said.rank) : tr("beyond %1").arg(report.candidates.size());
        text += tr(": probability %1, rank %2, surprise %3 (%4 bits)")
                    .arg(probabilityText(said.probability), rank, natsText(said.surprise),
                         significantText(said.surpriseBits(), 3));
    }
    if (!report.candidates.empty())
        text += tr(". Likeliest: “%1”, %2.")
                    .arg(labelOf(report.candidates.front()),
                         probabilityText(report.candidates.front().probability));
    return text;
}

} // namespace orrery::ui
