// SPDX-License-Identifier: GPL-3.0-or-later
// Texts that are too long for a cell of each token by each, for tests: the whole comes pooled, parts exact.
#pragma once

#include "tests/widgets/attention/attention_samples.h"

namespace orrery::ui {

inline SampleModel longModel(int tokens, int64_t perCell)
{
    SampleModel model;
    model.layers = model.heads = 2;
    model.tokensPerCell = perCell;
    const std::vector<std::string> once = model.words;
    while (int(model.words.size()) < tokens) model.words.insert(model.words.end(), once.begin(), once.end());
    model.words.resize(size_t(tokens));
    return model;
}

/// Answers with cells of `perCell` tokens for a whole text, and with exact ones for a part of it.
inline void answerInParts(FakeSession &session, const SampleModel &model, int64_t perCell)
{
    const auto whole = session.inspection;
    session.inspection = [model, perCell, whole](const QString &name, const InspectRequest &request) {
        InspectReport report = whole(name, request);
        report.maps.clear();
        const auto count = static_cast<int64_t>(model.words.size());
        for (const HeadRef &head : request.heads) {
            const std::vector<float> weights = sampleWeights(model, head.layer, head.head, sampleTrained(name));
            const int64_t lastRow = request.rows.end < 0 ? count : request.rows.end;
            const int64_t lastColumn = request.columns.end < 0 ? count : request.columns.end;
            if (lastRow - request.rows.begin == count) {
                SampleModel pooled = model;
                pooled.tokensPerCell = perCell;
                report.maps.push_back(samplePooled(pooled, head, weights));
                continue;
            }
            AttentionMap map{.head = head,
                             .firstRow = request.rows.begin,
                             .numRows = lastRow - request.rows.begin,
                             .firstColumn = request.columns.begin,
                             .numColumns = lastColumn - request.columns.begin};
            for (int64_t row = request.rows.begin; row < lastRow; ++row)
                for (int64_t column = request.columns.begin; column < lastColumn; ++column)
                    map.mean.push_back(weights[size_t(row * count + column)]);
            report.maps.push_back(std::move(map));
        }
        return report;
    };
}

} // namespace orrery::ui
