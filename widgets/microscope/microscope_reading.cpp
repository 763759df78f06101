// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/microscope/microscope_reading.h"

#include "widgets/attention/head_matrix.h"
#include "widgets/attention/token_groups.h"
#include "widgets/common/number_text.h"
#include "widgets/play/token_cells.h"
#include "widgets/play/token_view.h"

#include <algorithm>
#include <cmath>
#include <numbers>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

bool isTextToken(const InspectedToken &token) { return token.modality == Modality::Text && token.id >= 0; }

/// Place of an id among candidates, from 0; −1: it is not there.
int placeOf(const std::vector<TokenAlternative> &candidates, int32_t id)
{
    const auto found = std::find_if(candidates.begin(), candidates.end(),
                                    [id](const TokenAlternative &one) { return one.id == id; });
    return found == candidates.end() ? -1 : int(found - candidates.begin());
}

/// The row of the token that is asked about, and its matrix.
struct MapRow {
    HeadMatrix matrix;
    int row = -1;
};

std::optional<MapRow> mapRow(const InspectReport &report, const HeadRef &head)
{
    for (const AttentionMap &map : report.maps) {
        if (map.head != head) continue;
        MapRow found{toMatrix(map), -1};
        for (int row = 0; row < found.matrix.height() && !found.matrix.isEmpty(); ++row) {
            const TokenRange &range = found.matrix.rows[size_t(row)];
            if (report.token >= range.begin && report.token < range.end) found.row = row;
        }
        if (found.row >= 0) return found;
    }
    return std::nullopt;
}

QString cellShown(const TokenCells &cells, const Cell &cell)
{
    if (cell.kind == CellKind::Newline) return u"↵"_s;
    if (cell.kind == CellKind::Tab) return u"⇥"_s;
    return cells.cellText(cell).toString();
}

} // namespace

double SaidToken::surpriseBits() const { return surprise / std::numbers::ln2; }

SaidToken saidToken(const InspectReport &report)
{
    SaidToken said;
    const auto next = size_t(report.token + 1);
    if (report.token < 0 || next >= report.tokens.size()) return said;
    const InspectedToken &token = report.tokens[next];
    said.exists = true;
    said.isText = isTextToken(token);
    said.id = token.id;
    said.label = partSentence(report.tokens, int64_t(next));
    if (!said.isText) return said;
    const int place = placeOf(report.candidates, token.id);
    said.rank = place + 1;
    // Where the token could be seen before it was said there is no surprise, and its probability behind the
    // token before says nothing of it.
    if (std::isnan(token.surprise)) return said;
    said.surprise = token.surprise;
    said.probability = place >= 0 ? report.candidates[size_t(place)].probability : std::exp(-token.surprise);
    return said;
}

std::vector<Choice> choicesOf(const InspectReport &report)
{
    const SaidToken said = saidToken(report);
    std::vector<Choice> choices;
    for (const TokenAlternative &one : report.candidates)
        choices.push_back({one, int(choices.size()) + 1, said.isText && one.id == said.id});
    if (said.isText && said.rank == 0 && !std::isnan(said.probability) && !choices.empty())
        choices.push_back(
            {{said.id, report.tokens[size_t(report.token + 1)].bytes, said.probability}, 0, true});
    return choices;
}

ChoiceEntropy entropyOf(const InspectReport &report)
{
    // The last row of the lens is the model's own answer, over the whole vocabulary.
    if (!report.lens.empty() && report.lens.back().layer == report.layers)
        return {report.lens.back().entropy, true};
    if (report.candidates.empty()) return {};
    double sum = 0, rest = 1;
    for (const TokenAlternative &one : report.candidates) {
        if (one.probability > 0) sum -= one.probability * std::log(one.probability);
        rest -= one.probability;
    }
    if (rest > 1e-6) return {sum - rest * std::log(rest), false};
    return {sum, true};
}

QString textBefore(const std::vector<InspectedToken> &tokens, int64_t token, qsizetype maxCharacters)
{
    // Enough tokens for the characters and for the beginning of one that is spread over several tokens.
    const int64_t end = std::clamp<int64_t>(token + 1, 0, std::ssize(tokens));
    int64_t begin = std::max<int64_t>(0, end - maxCharacters - 4);
    const auto isOneItem = [&tokens](int64_t a, int64_t b) {
        const InspectedToken &one = tokens[size_t(a)], &other = tokens[size_t(b)];
        return one.modality != Modality::Text && one.modality == other.modality && one.item == other.item;
    };
    while (begin > 0 && begin < end && isOneItem(begin - 1, begin)) --begin;
    TokenCells cells;
    for (int64_t i = begin; i < end; ++i) {
        const InspectedToken &one = tokens[size_t(i)];
        if (isTextToken(one)) {
            cells.appendToken(one.bytes, isSpecialToken(one.bytes, one.id));
            continue;
        }
        // All of a picture or recording that stands there is one thing.
        const int64_t first = i;
        while (i + 1 < end && isOneItem(first, i + 1)) ++i;
        cells.appendToken(toStd(rangeLabel(tokens, {first, i + 1})), true);
    }
    cells.finish();
    const std::vector<Cell> &all = cells.cells();
    QStringList shown;
    qsizetype length = 0;
    auto first = all.size();
    while (first > 0) {
        const QString text = cellShown(cells, all[first - 1]);
        if (length + text.size() > maxCharacters && first < all.size()) break;
        shown.prepend(text);
        length += text.size();
        --first;
    }
    const bool isCut = first > 0 || begin > 0;
    // A cut word is left out where its end is near.
    constexpr size_t kNear = 12;
    for (size_t i = first; isCut && i + 1 < std::min(all.size(), first + kNear); ++i)
        if (all[i].kind == CellKind::Space || all[i].kind == CellKind::Newline) {
            shown.remove(0, qsizetype(i - first) + 1);
            break;
        }
    return (isCut ? u"…"_s : QString()) + shown.join(QString());
}

std::optional<LensPath> lensPath(const InspectReport &report)
{
    if (report.lens.empty() || report.lens.back().candidates.empty()) return std::nullopt;
    const SaidToken said = saidToken(report);
    const TokenAlternative &answer = report.lens.back().candidates.front();
    LensPath path{.id = answer.id, .label = visibleTokenText(answer.bytes, answer.id)};
    if (said.isText) {
        path.id = said.id;
        path.label = said.label;
        path.isSaid = true;
    }
    for (auto row = report.lens.rbegin(); row != report.lens.rend(); ++row) {
        if (row->candidates.empty() || row->candidates.front().id != path.id) break;
        path.firstLayer = row->layer;
    }
    return path;
}

std::vector<int> strongestAttributions(const std::vector<float> &attribution)
{
    std::vector<int> places;
    for (size_t i = 0; i < attribution.size(); ++i)
        if (std::isfinite(attribution[i]) && attribution[i] != 0) places.push_back(int(i));
    std::sort(places.begin(), places.end(), [&](int a, int b) {
        const float first = std::abs(attribution[size_t(a)]), second = std::abs(attribution[size_t(b)]);
        return first != second ? first > second : a > b;
    });
    return places;
}

std::optional<std::vector<AttentionShare>> attentionShares(const InspectReport &report, const HeadRef &head)
{
    const std::optional<MapRow> found = mapRow(report, head);
    if (!found) return std::nullopt;
    std::vector<AttentionShare> shares;
    for (int column = 0; column < found->matrix.width(); ++column) {
        const TokenRange &range = found->matrix.columns[size_t(column)];
        const double weight =
            double(found->matrix.meanAt(found->row, column)) * double(range.end - range.begin);
        if (weight > 0) shares.push_back({range, weight});
    }
    std::stable_sort(shares.begin(), shares.end(),
                     [](const AttentionShare &a, const AttentionShare &b) { return a.weight > b.weight; });
    return shares;
}

std::vector<float> attentionByToken(const InspectReport &report, const HeadRef &head)
{
    std::vector<float> weights;
    const std::optional<MapRow> found = mapRow(report, head);
    if (!found) return weights;
    weights.resize(report.tokens.size(), 0.0F);
    for (int column = 0; column < found->matrix.width(); ++column) {
        const TokenRange &range = found->matrix.columns[size_t(column)];
        for (int64_t i = range.begin; i < std::min<int64_t>(range.end, std::ssize(weights)); ++i)
            weights[size_t(i)] = found->matrix.meanAt(found->row, column);
    }
    return weights;
}

double roundLimit(double largest)
{
    double decade = 0.001;
    while (std::isfinite(largest) && decade < 1e12) {
        for (const double step : {1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0})
            if (largest <= decade * step) return decade * step;
        decade *= 10;
    }
    return 1;
}

QString signedNatsText(double nats)
{
    if (std::isnan(nats)) return unknownText();
    const QString text = fixedText(nats, std::abs(nats) >= 9.995 ? 1 : std::abs(nats) >= 0.9995 ? 2 : 3);
    return nats > 0 ? u'+' + text : text;
}

} // namespace orrery::ui
