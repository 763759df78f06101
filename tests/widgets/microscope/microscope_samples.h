// SPDX-License-Identifier: GPL-3.0-or-later
// Made-up answers about one token for tests and pictures. Never part of the program.
#pragma once

#include "tests/widgets/common/fake_session.h"
#include "widgets/session/selection.h"

#include <cmath>
#include <string>
#include <vector>

namespace orrery::ui {

struct MicroscopeSample {
    std::vector<std::string> words = {"The",    " quick", " brown", " fox",    " jumps", " over",
                                      " the",   " lazy",  " dog",   ".",       "\n",     "The",
                                      " quick", " brown", " fox",   " sleeps", "."};
    int64_t layers = 6, heads = 4;
    bool hasMemory = true;
};

inline int32_t sampleId(const std::string &word)
{
    uint32_t hash = 2166136261U;
    for (const char one : word) hash = (hash ^ uint8_t(one)) * 16777619U;
    return int32_t(300 + hash % 30'000);
}

inline TokenAlternative sampleChoice(const std::string &word, double probability)
{
    return {sampleId(word), word, probability};
}

/// What the model might say: `next` third with 12.3 %, and 19 others.
inline std::vector<TokenAlternative> sampleChoices(const std::string &next)
{
    static const std::vector<std::string> others = {
        " dog",  " cat",    " bear", " cow",      " hare", " rabbit", " bird", " horse", " mouse", " one",
        " wolf", " little", " and",  " squirrel", ",",     " tree",   " box",  " red",   " man"};
    std::vector<TokenAlternative> all = {sampleChoice(others[0], 0.312), sampleChoice(others[1], 0.187),
                                         sampleChoice(next, 0.123)};
    double left = 0.09;
    for (size_t i = 2; i < others.size(); ++i, left *= 0.72) all.push_back(sampleChoice(others[i], left));
    return all;
}

inline std::vector<LensRow> sampleLens(const MicroscopeSample &sample, const std::string &next)
{
    std::vector<LensRow> rows;
    for (int64_t layer = 0; layer <= sample.layers; ++layer) {
        const double done = double(layer) / double(sample.layers);
        LensRow row{.layer = layer,
                    .entropy = 5.4 * (1 - done) + 2.1 * done + 0.3 * std::sin(double(layer) * 2)};
        const double top = 0.06 + 0.5 * done * done;
        const bool isFirst = done >= 0.66;
        row.candidates = {sampleChoice(isFirst ? next : " the", top),
                          sampleChoice(done > 0.3 ? " dog" : ",", top * 0.5),
                          sampleChoice(isFirst      ? " animal"
                                       : done > 0.3 ? next
                                                    : " of",
                                       top * 0.3)};
        rows.push_back(row);
    }
    return rows;
}

inline InspectReport sampleAnswer(const MicroscopeSample &sample, const std::string &model,
                                  const InspectRequest &request)
{
    InspectReport report{.model = model, .step = 8'000, .layers = sample.layers, .heads = sample.heads};
    const auto count = int64_t(sample.words.size());
    for (int64_t i = 0; i < count; ++i)
        report.tokens.push_back(
            {.id = sampleId(sample.words[size_t(i)]),
             .bytes = sample.words[size_t(i)],
             .surprise = i == 0 ? std::nan("") : 0.4 + 2.5 * std::abs(std::sin(double(i) * 1.7))});
    report.token = request.token < 0 ? count - 1 : request.token;
    if (request.asSaid) report.saidWith = SaidWith::NotKept;
    const bool isLast = report.token + 1 >= count;
    const std::string next = isLast ? " Then" : sample.words[size_t(report.token + 1)];
    report.candidates = sampleChoices(next);
    if (!isLast) report.tokens[size_t(report.token + 1)].surprise = -std::log(0.123);
    if (request.wantsLens) report.lens = sampleLens(sample, next);
    for (int64_t i = 0; i < count && request.wantsAttribution; ++i)
        report.attribution.push_back(i > report.token
                                         ? 0.0F
                                         : float(1.3 * std::sin(double(i) * 2.3 + double(report.token)) /
                                                 (1 + 0.25 * double(report.token - i))));
    for (const HeadRef &head : request.heads) {
        AttentionMap map{.head = head, .firstRow = request.rows.begin, .numRows = 1, .numColumns = count};
        double sum = 0;
        for (int64_t i = 0; i <= report.token; ++i) sum += std::exp(-double(report.token - i) * 0.4);
        for (int64_t i = 0; i < count; ++i)
            map.mean.push_back(i > report.token ? 0 : float(std::exp(-double(report.token - i) * 0.4) / sum));
        report.maps.push_back(std::move(map));
    }
    for (int64_t i = 0; i < (sample.hasMemory ? 6 : 0); ++i) {
        MemoryRead read{
            .head = {i / 2 + 2, i % 2}, .memory = "episodic", .gate = 0.06 + 0.055 * double(i * 5 % 6)};
        for (int64_t k = 0; k < 3; ++k)
            read.slots.push_back({.slot = 40 + i * 7 + k,
                                  .event = k == 2 ? -1 : 11 + i + k,
                                  .token = (i + k * 3) % count,
                                  .weight = 0.62 / std::pow(2.2, double(k))});
        report.reads.push_back(std::move(read));
    }
    return report;
}

inline void answerWithSamples(FakeSession &session, const MicroscopeSample &sample)
{
    session.inspection = [sample](const QString &model, const InspectRequest &request) {
        return sampleAnswer(sample, model.toStdString(), request);
    };
}

inline std::shared_ptr<const GenerateRequest> sampleText(const std::string &prompt = "The quick brown fox")
{
    GenerateRequest text;
    text.prompt = prompt;
    return std::make_shared<const GenerateRequest>(std::move(text));
}

} // namespace orrery::ui
