// SPDX-License-Identifier: GPL-3.0-or-later
// Axes of the arrays: S steps, H heads, R rows, C columns, M modalities, T tokens.
#include "widgets/attention/attention_arrays.h"

#include "core/spec/field_values.h"
#include "core/tensorfile/npz_writer.h"
#include "widgets/attention/modality_flow.h"
#include "widgets/common/number_text.h"

#include <QFileInfo>
#include <QSaveFile>

#include <algorithm>
#include <array>
#include <cmath>

namespace orrery::ui {
namespace {

std::string nameOf(const InspectedToken &token)
{
    if (token.modality == Modality::Text) return token.bytes;
    return '<' + std::string(modalityName(token.modality)) + ' ' + std::to_string(token.item) + ' ' +
           std::to_string(token.place) + '>';
}

void addTokens(const std::vector<InspectedToken> &tokens, NpzWriter &npz)
{
    std::vector<std::string> texts;
    std::vector<int64_t> ids;
    for (const InspectedToken &token : tokens) {
        texts.push_back(nameOf(token));
        ids.push_back(token.id);
    }
    npz.addTexts("tokens", texts);
    npz.add("token_ids", ids, {ids.size()});
}

void addHeads(const std::vector<HeadRef> &all, NpzWriter &npz)
{
    std::vector<int64_t> layers, heads;
    for (const HeadRef &head : all) {
        layers.push_back(head.layer);
        heads.push_back(head.head);
    }
    npz.add("layers", layers, {layers.size()});
    npz.add("heads", heads, {heads.size()});
}

void addRanges(const std::string &what, const std::vector<TokenRange> &ranges, NpzWriter &npz)
{
    std::vector<int64_t> begins, ends;
    for (const TokenRange &range : ranges) {
        begins.push_back(range.begin);
        ends.push_back(range.end);
    }
    npz.add(what + "_begin", begins, {begins.size()});
    npz.add(what + "_end", ends, {ends.size()});
}

/// Those of the shape of the first: others have no place in one array.
std::vector<HeadMatrix> ofOneShape(std::vector<HeadMatrix> maps)
{
    if (maps.empty()) return maps;
    const std::vector<TokenRange> rows = maps.front().rows, columns = maps.front().columns;
    std::erase_if(maps,
                  [&](const HeadMatrix &one) { return one.rows != rows || one.columns != columns; });
    return maps;
}

void addMaps(const std::vector<HeadMatrix> &maps, NpzWriter &npz)
{
    const std::vector<TokenRange> &rows = maps.front().rows, &columns = maps.front().columns;
    const bool isPooled = std::ranges::all_of(maps, &HeadMatrix::isPooled);
    std::vector<HeadRef> heads;
    std::vector<float> mean, maximum;
    for (const HeadMatrix &map : maps) {
        heads.push_back(map.head);
        mean.insert(mean.end(), map.mean.begin(), map.mean.end());
        if (isPooled) maximum.insert(maximum.end(), map.maximum.begin(), map.maximum.end());
    }
    const std::vector<size_t> shape{maps.size(), rows.size(), columns.size()};
    npz.add(maps.front().isDifference ? "difference" : "attention", mean, shape);
    if (isPooled) npz.add(maps.front().isDifference ? "difference_of_maximum" : "maximum", maximum, shape);
    addHeads(heads, npz);
    addRanges("row", rows, npz);
    addRanges("column", columns, npz);
}

void addSummaries(const Snapshot &now, const std::vector<HeadMatrix> &maps, NpzWriter &npz)
{
    constexpr std::array<std::pair<const char *, double HeadSummary::*>, 4> kColumns = {
        std::pair("entropy", &HeadSummary::entropy), {"distance", &HeadSummary::distance},
        {"first_mass", &HeadSummary::firstMass}, {"self_mass", &HeadSummary::selfMass}};
    for (const auto &[name, member] : kColumns) {
        std::vector<float> values;
        for (const HeadMatrix &map : maps) {
            const HeadSummary *summary = summaryOf(now, map.head);
            values.push_back(summary ? float(summary->*member) : std::nanf(""));
        }
        npz.add(name, values, {values.size()});
    }
}

std::vector<HeadMatrix> overviewMaps(const ArraysPage &page)
{
    std::vector<HeadMatrix> maps;
    for (const AttentionMap &map : page.now->report.overview) {
        HeadMatrix matrix = toMatrix(map);
        const AttentionMap *before = page.base ? mapOf(*page.base, map.head) : nullptr;
        if (page.base)
            matrix = before ? difference(matrix, toMatrix(*before)).value_or(HeadMatrix{}) : HeadMatrix{};
        if (!matrix.isEmpty()) maps.push_back(std::move(matrix));
    }
    return maps;
}

/// Of the kept steps that were read, and of the one that is shown.
void addFlows(const ArraysPage &page, NpzWriter &npz)
{
    const InspectReport &now = page.now->report;
    std::vector<FlowPoint> points = page.history;
    std::erase_if(points, [&now](const FlowPoint &one) { return one.flows.empty() || one.step == now.step; });
    points.push_back({.step = now.step, .flows = now.flows});
    std::ranges::stable_sort(points, {}, &FlowPoint::step);
    const std::vector<Modality> modalities = modalitiesOf(now.tokens);
    std::vector<HeadRef> heads;
    for (const ModalityFlow &flow : now.flows) heads.push_back(flow.head);
    std::vector<int64_t> steps;
    std::vector<float> mass, learned;
    for (const FlowPoint &point : points) {
        steps.push_back(point.step);
        for (const HeadRef &head : heads) {
            const ModalityFlow *flow = flowOf(point.flows, head);
            for (const Modality from : modalities)
                for (const Modality to : modalities) {
                    mass.push_back(flow ? float(flowValue(*flow, FlowKind::Mass, from, to)) : std::nanf(""));
                    learned.push_back(flow ? float(flowValue(*flow, FlowKind::Learned, from, to))
                                           : std::nanf(""));
                }
        }
    }
    std::vector<std::string> names;
    for (const Modality one : modalities) names.emplace_back(modalityName(one));
    const std::vector<size_t> shape{steps.size(), heads.size(), modalities.size(), modalities.size()};
    npz.add("steps", steps, {steps.size()});
    npz.add("mass", mass, shape);
    npz.add("learned", learned, shape);
    npz.addTexts("modalities", names);
    addHeads(heads, npz);
}

} // namespace

Result<std::string> attentionNpz(const ArraysPage &page)
{
    const Error nothing{ErrorCode::NotFound, "Cannot write arrays: no map is shown, expected at least one.",
                        "Wait until it was computed, or choose another step."};
    if (!page.now) return nothing;
    NpzWriter npz;
    int64_t baseStep = -1;
    if (page.level == StageLevel::Modalities) {
        addFlows(page, npz);
    } else {
        const bool isMap = page.level == StageLevel::Head;
        const std::vector<HeadMatrix> maps = ofOneShape(isMap ? page.content.heads : overviewMaps(page));
        if (maps.empty()) return nothing;
        addMaps(maps, npz);
        if (!isMap) addSummaries(*page.now, maps, npz);
        if (isMap) baseStep = page.content.baseStep;
        if (!isMap && page.base) baseStep = page.base->report.step;
    }
    addTokens(page.now->report.tokens, npz);
    npz.add("step", std::vector<int64_t>{page.now->report.step}, {});
    if (baseStep >= 0) npz.add("base_step", std::vector<int64_t>{baseStep}, {});
    return npz.bytes();
}

Result<void> saveArrays(const ArraysPage &page, const QString &path)
{
    ORRERY_ASSIGN(const std::string bytes, attentionNpz(page));
    QSaveFile file(path);
    if (file.open(QIODevice::WriteOnly)) {
        file.write(bytes.data(), qint64(bytes.size()));
        if (file.commit()) return {};
    }
    return Error{ErrorCode::Io,
                 "Cannot save " + quotedValue(toStd(QFileInfo(path).fileName())) + ": " +
                     toStd(file.errorString()) + ".",
                 "Choose another folder."};
}

} // namespace orrery::ui
