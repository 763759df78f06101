// SPDX-License-Identifier: GPL-3.0-or-later
// Made-up attention for tests and pictures: causal maps of the kinds that heads of trained models have
// (previous token, first token, diffuse, induction), from which a training seems to grow. Never part of the
// program.
#pragma once

#include "tests/widgets/common/fake_session.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace orrery::ui {

struct SampleModel {
    int64_t layers = 6, heads = 6;
    int64_t tokensPerCell = 1;
    int64_t patches = 0;       ///< the first so many tokens are those of a picture
    Modality partsAre = Modality::Image; ///< or of a recording
    int64_t frames = 0;        ///< the next so many are those of a recording
    bool isOfVersion1 = false; ///< frames without flows
    std::vector<std::string> words = {"int",  " main", "(",   "int",  " argc", ",",      " char", " **",
                                      "argv", ")",     " {",  "\n",   "  ",    "return", " argc", ";",
                                      "\n",   "}",     "\n",  "int",  " sum",  "(",      "int",   " argc",
                                      ",",    " char", " **", "argv", ")",     ";"};
};

/// 0 … 1, the same for the same arguments.
inline double sampleNoise(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    uint64_t x = a * 0x9E3779B97F4A7C15ULL + b * 0xBF58476D1CE4E5B9ULL + c * 0x94D049BB133111EBULL +
                 d * 0xD6E8FEB86659FD93ULL;
    x ^= x >> 31;
    x *= 0xBF58476D1CE4E5B9ULL;
    x ^= x >> 29;
    x *= 0x94D049BB133111EBULL;
    x ^= x >> 32;
    return double(x >> 11) / double(uint64_t{1} << 53);
}

/// How much a head of a kind would like row to look at column, before the softmax.
inline double sampleScore(const SampleModel &model, int64_t layer, int64_t head, int64_t row, int64_t column,
                          double trained)
{
    const auto kind = static_cast<int>(sampleNoise(uint64_t(layer), uint64_t(head), 7, 1) * 6);
    const double noise = sampleNoise(uint64_t(layer * 97 + head), uint64_t(row), uint64_t(column), 3) * 0.9;
    const std::string &here = model.words[size_t(row)];
    const double distance = double(row - column);
    double wish = 0;
    switch (kind) {
    case 0: // the token before
        wish = column == row - 1 ? 5.2 : -distance * 0.12;
        break;
    case 1: // the first token
        wish = column == 0 ? 4.6 : 0;
        break;
    case 2: // what followed when the same token stood there before
        wish = column > 0 && column < row && model.words[size_t(column - 1)] == here
                   ? 5.4
                   : (column == 0 ? 2.4 : 0);
        break;
    case 3: // near ones
        wish = 3.2 * std::exp(-distance / 2.2) - distance * 0.05;
        break;
    case 4: // the same token
        wish = model.words[size_t(column)] == here ? 3.8 : (column == 0 ? 1.5 : 0);
        break;
    default: // little of everything
        wish = column == 0 ? 0.8 : 0;
    }
    const double start = 0.15 + 0.5 * sampleNoise(uint64_t(layer), uint64_t(head), 11, 5);
    const double learned = 1 / (1 + std::exp(-12 * (trained - start)));
    return wish * (0.1 + 0.9 * learned) + noise;
}

/// [tokens, tokens] of one head. @param trained 0 … 1
inline std::vector<float> sampleWeights(const SampleModel &model, int64_t layer, int64_t head, double trained)
{
    const auto count = static_cast<int64_t>(model.words.size());
    std::vector<float> weights(size_t(count * count), 0.0F);
    for (int64_t row = 0; row < count; ++row) {
        double sum = 0;
        for (int64_t column = 0; column <= row; ++column)
            sum += std::exp(sampleScore(model, layer, head, row, column, trained));
        for (int64_t column = 0; column <= row; ++column)
            weights[size_t(row * count + column)] =
                float(std::exp(sampleScore(model, layer, head, row, column, trained)) / sum);
    }
    return weights;
}

inline HeadSummary sampleSummary(const HeadRef &head, const std::vector<float> &weights, int64_t count)
{
    HeadSummary summary{.head = head};
    for (int64_t row = 0; row < count; ++row)
        for (int64_t column = 0; column <= row; ++column) {
            const double weight = weights[size_t(row * count + column)];
            if (weight > 0) summary.entropy -= weight * std::log(weight) / double(count);
            summary.distance += weight * double(row - column) / double(count);
            if (column == 0) summary.firstMass += weight / double(count);
            if (column == row) summary.selfMass += weight / double(count);
        }
    return summary;
}

inline AttentionMap samplePooled(const SampleModel &model, const HeadRef &head,
                                 const std::vector<float> &weights)
{
    const auto count = static_cast<int64_t>(model.words.size());
    AttentionMap map{.head = head,
                     .numRows = count,
                     .numColumns = count,
                     .rowsPerCell = model.tokensPerCell,
                     .columnsPerCell = model.tokensPerCell};
    const int64_t edge = map.height(), per = model.tokensPerCell;
    for (int64_t row = 0; row < edge; ++row)
        for (int64_t column = 0; column < edge; ++column) {
            double sum = 0, number = 0;
            float largest = 0;
            for (int64_t r = row * per; r < std::min(count, (row + 1) * per); ++r)
                for (int64_t c = column * per; c < std::min(count, (column + 1) * per); ++c) {
                    sum += weights[size_t(r * count + c)];
                    largest = std::max(largest, weights[size_t(r * count + c)]);
                    ++number;
                }
            map.mean.push_back(float(sum / number));
            if (per > 1) map.maximum.push_back(largest);
        }
    return map;
}

inline std::vector<InspectedToken> sampleTokenList(const SampleModel &model)
{
    std::vector<InspectedToken> tokens;
    for (const std::string &word : model.words)
        tokens.push_back({.id = int32_t(1000 + tokens.size()), .bytes = word, .modality = Modality::Text});
    for (int64_t i = 0; i < model.patches; ++i)
        tokens[size_t(i)] = {.id = -1, .bytes = {}, .modality = model.partsAre, .item = 0, .place = i};
    for (int64_t i = 0; i < model.frames; ++i)
        tokens[size_t(model.patches + i)] = {.id = -1, .bytes = {}, .modality = Modality::Audio, .item = 1, .place = i};
    return tokens;
}

/// How much text and picture look at each other by these weights, and a factor that some heads learned.
inline ModalityFlow sampleFlow(const SampleModel &model, const HeadRef &head,
                               const std::vector<float> &weights, double trained)
{
    constexpr size_t kEdge = kNumModalities;
    const std::vector<InspectedToken> tokens = sampleTokenList(model);
    ModalityFlow flow{.head = head, .mass = std::vector<float>(kEdge * kEdge, 0.0F), .weights = {}};
    std::vector<double> rows(kEdge, 0);
    for (size_t row = 0; row < tokens.size(); ++row) {
        const size_t from = modalityIndex(tokens[row].modality);
        ++rows[from];
        for (size_t column = 0; column < tokens.size(); ++column)
            flow.mass[from * kEdge + modalityIndex(tokens[column].modality)] +=
                weights[row * tokens.size() + column];
    }
    for (size_t i = 0; i < flow.mass.size(); ++i)
        if (rows[i / kEdge] > 0) flow.mass[i] /= float(rows[i / kEdge]);
    for (size_t i = 0; i < kEdge * kEdge; ++i)
        flow.weights.push_back(
            float(1 + trained * (sampleNoise(uint64_t(head.layer), uint64_t(head.head), i, 9) - 0.4)));
    return flow;
}

inline std::vector<TokenAlternative> sampleCandidates(double trained)
{
    const double top = 0.2 + 0.5 * trained;
    return {{10, "\n", top},
            {11, " return", 0.42 * (1 - top)},
            {12, " }", 0.21 * (1 - top)},
            {13, " argc", 0.12 * (1 - top)},
            {14, " //", 0.08 * (1 - top)},
            {15, " int", 0.05 * (1 - top)},
            {16, ";", 0.03 * (1 - top)}};
}

inline uint8_t frameByte(float weight)
{
    return uint8_t(std::lround(std::sqrt(std::clamp(weight, 0.0F, 1.0F)) * 255));
}

/// Leaves some heads of a frame, as frames of starred ones are.
inline void leaveHeads(AttentionFrame &frame, const std::vector<HeadRef> &heads)
{
    const auto cells = size_t(frame.edge() * frame.edge());
    AttentionFrame left = frame;
    left.heads = heads;
    left.summaries.clear();
    left.flows.clear();
    left.mean.clear();
    left.maximum.clear();
    for (const HeadRef &head : heads)
        for (size_t i = 0; i < frame.heads.size(); ++i) {
            if (frame.heads[i] != head) continue;
            left.summaries.push_back(frame.summaries[i]);
            if (!frame.flows.empty()) left.flows.push_back(frame.flows[i]);
            const auto copy = [&](const std::vector<uint8_t> &from, std::vector<uint8_t> &to) {
                if (from.empty()) return;
                const auto begin = from.begin() + std::ptrdiff_t(i * cells);
                to.insert(to.end(), begin, begin + std::ptrdiff_t(cells));
            };
            copy(frame.mean, left.mean);
            copy(frame.maximum, left.maximum);
        }
    frame = std::move(left);
}

inline AttentionFrame sampleFrame(const SampleModel &model, int64_t step, double trained)
{
    AttentionFrame frame;
    frame.step = step;
    frame.tokens = sampleTokenList(model);
    frame.tokensPerCell = model.tokensPerCell;
    frame.candidates = sampleCandidates(trained);
    for (int64_t layer = 0; layer < model.layers; ++layer)
        for (int64_t head = 0; head < model.heads; ++head) {
            const std::vector<float> weights = sampleWeights(model, layer, head, trained);
            const AttentionMap map = samplePooled(model, {layer, head}, weights);
            frame.heads.push_back({layer, head});
            frame.summaries.push_back(sampleSummary({layer, head}, weights, std::ssize(model.words)));
            if (model.patches > 0 && !model.isOfVersion1)
                frame.flows.push_back(sampleFlow(model, {layer, head}, weights, trained));
            for (float one : map.mean) frame.mean.push_back(frameByte(one));
            for (float one : map.maximum) frame.maximum.push_back(frameByte(one));
        }
    return frame;
}

/// Starred heads at steps `every`, 2·every … up to `last`, beside the frames of all heads that are there, whose ids are
/// smaller. @param heads that have a star at a step
inline void addStarredFrames(FakeSession &session, const QString &run, int64_t every, int64_t last,
                             const std::function<std::vector<HeadRef>(int64_t step)> &heads)
{
    for (int64_t step = every; step <= last; step += every)
        session.frameInfos[run].push_back(
            {.id = 1'000 + step, .step = step, .wallTime = 10'000, .kind = FrameKind::Heads});
    const auto all = session.frameContent;
    session.frameContent = [all, heads](const QString &run, const FrameInfo &info) {
        std::optional<AttentionFrame> frame = all(run, info);
        if (frame && info.kind == FrameKind::Heads) leaveHeads(*frame, heads(info.step));
        return frame;
    };
}

/// How far the weights of a model have come: those of RUN@8000 less than those of RUN@live.
inline double sampleTrained(const QString &model)
{
    const qsizetype at = model.lastIndexOf(QLatin1Char('@'));
    const int step = at < 0 ? 0 : model.mid(at + 1).toInt();
    return step > 0 ? 0.8 * step / 10'000 : 0.8;
}

/// Frames at steps `every`, 2·every … of a run, and an engine that answers for them.
inline void addSampleFrames(FakeSession &session, const QString &run, const SampleModel &model, int count,
                            int64_t every, double totalSteps)
{
    std::vector<FrameInfo> &infos = session.frameInfos[run];
    for (int i = 0; i < count; ++i) {
        FrameInfo info;
        info.id = i + 1;
        info.step = (i + 1) * every;
        info.wallTime = 10'000 - (count - 1 - i) * 2.0;
        info.kind = FrameKind::Overview;
        infos.push_back(info);
    }
    for (RunStatus &status : session.runList)
        if (QString::fromStdString(status.id) == run) status.lastFrameId = count;
    session.frameContent = [model, totalSteps](const QString &,
                                               const FrameInfo &info) -> std::optional<AttentionFrame> {
        return sampleFrame(model, info.step, std::min(1.0, double(info.step) / totalSteps));
    };
    session.inspection = [model](const QString &name, const InspectRequest &request) {
        InspectReport report;
        report.model = name.toStdString();
        const int step = name.mid(name.lastIndexOf(QLatin1Char('@')) + 1).toInt();
        report.step = step > 0 ? step : 8'210;
        report.layers = model.layers;
        report.heads = model.heads;
        report.tokens = sampleTokenList(model);
        report.token = request.token < 0 ? std::ssize(report.tokens) - 1 : request.token;
        report.candidates = sampleCandidates(0.8);
        for (int64_t layer = 0; layer < model.layers && request.wantsOverview; ++layer)
            for (int64_t head = 0; head < model.heads; ++head) {
                const std::vector<float> weights = sampleWeights(model, layer, head, sampleTrained(name));
                report.summaries.push_back(sampleSummary({layer, head}, weights, std::ssize(model.words)));
                report.overview.push_back(samplePooled(model, {layer, head}, weights));
                if (model.patches > 0) report.flows.push_back(sampleFlow(model, {layer, head}, weights, sampleTrained(name)));
            }
        SampleModel exact = model;
        exact.tokensPerCell = 1;
        for (const HeadRef &head : request.heads)
            report.maps.push_back(
                samplePooled(exact, head, sampleWeights(exact, head.layer, head.head, sampleTrained(name))));
        if (!request.ablated.empty()) {
            report.changed = sampleCandidates(0.35);
            report.changedDivergence = 0.132;
        }
        return report;
    };
}

} // namespace orrery::ui
