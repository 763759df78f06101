// SPDX-License-Identifier: Apache-2.0
// Small models to look into, and what every test of the look asks.
#pragma once

#include "core/data/tokenizer.h"
#include "core/inspect/inspect.h"
#include "tests/nn/model_fixtures.h"

#include <QtTest>

#include <cmath>

namespace orrery::test {

inline const Tokenizer &bytesTokenizer()
{
    static const std::unique_ptr<Tokenizer> tokenizer = std::move(Tokenizer::create(DataSpec{})).value();
    return *tokenizer;
}

inline ModelSpec lookSpec(int64_t context = 40)
{
    ModelSpec spec = nn::test::smallSpec();
    spec.layers = 3;
    spec.heads = 4;
    spec.width = 32;
    spec.context = context;
    return spec;
}

/// With weights as after some training: attention is far from uniform.
inline std::unique_ptr<nn::Transformer> lookModel(const ModelSpec &spec)
{
    auto model = nn::test::makeModel(spec);
    nn::test::stirWeights(*model);
    return model;
}

inline std::vector<int32_t> lookIds(int64_t count)
{
    const at::Tensor ids = nn::test::makeIds(1, count)[0].to(at::kInt).contiguous();
    return {ids.const_data_ptr<int32_t>(), ids.const_data_ptr<int32_t>() + count};
}

inline InspectInput lookInput(int64_t count)
{
    return describeTokens(bytesTokenizer(), lookIds(count), nullptr);
}

inline std::vector<HeadRef> everyHead(const ModelSpec &spec)
{
    std::vector<HeadRef> heads;
    for (int64_t layer = 0; layer < spec.layers; ++layer)
        for (int64_t head = 0; head < spec.heads; ++head) heads.push_back({layer, head});
    return heads;
}

inline InspectReport lookInto(nn::Transformer &model, const InspectInput &input,
                              const InspectRequest &request, at::ScalarType dtype = at::kFloat)
{
    auto report = inspectModel(model, bytesTokenizer(), input, request, dtype);
    if (!report) qFatal("%s", report.error().text().c_str());
    return std::move(report).value();
}

/// Every weight of every head.
inline InspectRequest exactRequest(const ModelSpec &spec)
{
    InspectRequest request;
    request.heads = everyHead(spec);
    request.maxEdge = 2048;
    return request;
}

inline nn::Parameter &parameterOf(nn::Transformer &model, const std::string &name)
{
    for (nn::Parameter &parameter : model.parameters())
        if (parameter.name == name) return parameter;
    qFatal("no parameter %s", name.c_str());
}

} // namespace orrery::test
