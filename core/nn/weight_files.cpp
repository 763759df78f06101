// SPDX-License-Identifier: Apache-2.0
#include "core/nn/torch_guard.h"
#include "core/nn/transformer.h"
#include "core/tensorfile/safetensors.h"

#include <torch/types.h>

#include <cstring>
#include <set>

namespace orrery::nn {
namespace {

std::string shapeText(at::IntArrayRef shape)
{
    std::string text = "[";
    for (size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

Error badFile(const std::string &path, const std::string &found, const std::string &expected)
{
    return {ErrorCode::InvalidInput,
            "Cannot load weights from \"" + path + "\": " + found + ", expected " + expected + ".",
            "Check that the file belongs to a model of this shape."};
}

Result<at::ScalarType> torchType(const std::string &path, const TensorInfo &info)
{
    switch (info.type) {
    case TensorType::F32:
        return at::kFloat;
    case TensorType::F16:
        return at::kHalf;
    case TensorType::BF16:
        return at::kBFloat16;
    default:
        return badFile(path, "tensor \"" + info.name + "\" has type " + tensorTypeName(info.type),
                       "F32, F16 or BF16");
    }
}

Result<void> checkNames(const std::vector<Parameter> &parameters, const SafetensorsReader &reader,
                        const std::string &path)
{
    std::set<std::string> wanted;
    for (const Parameter &parameter : parameters) {
        wanted.insert(parameter.name);
        const TensorInfo *info = reader.find(parameter.name);
        if (!info)
            return badFile(path, "tensor \"" + parameter.name + "\" is missing",
                           "all parameters of the model");
        const std::vector<int64_t> shape(info->shape.begin(), info->shape.end());
        if (parameter.master.sizes() != at::IntArrayRef(shape))
            return badFile(path, "tensor \"" + parameter.name + "\" has shape " + shapeText(shape),
                           shapeText(parameter.master.sizes()));
        if (auto type = torchType(path, *info); !type) return type.error();
    }
    for (const TensorInfo &info : reader.tensors())
        if (!wanted.contains(info.name))
            return badFile(path, "tensor \"" + info.name + "\" is unknown", "only parameters of the model");
    return {};
}

} // namespace

Result<void> loadWeights(Transformer &model, const std::string &safetensorsPath)
{
    ORRERY_ASSIGN(const SafetensorsReader reader, SafetensorsReader::open(safetensorsPath));
    ORRERY_TRY(checkNames(model.parameters(), reader, safetensorsPath));
    return guardTorch("load weights from \"" + safetensorsPath + "\"", [&]() -> Result<void> {
        const at::NoGradGuard noGrad;
        for (Parameter &parameter : model.parameters()) {
            const TensorInfo &info = *reader.find(parameter.name);
            // Copied first: data in the file need not be aligned for its type.
            at::Tensor staged = at::empty(parameter.master.sizes(), torchType(safetensorsPath, info).value());
            const auto bytes = reader.bytes(info);
            std::memcpy(staged.data_ptr(), bytes.data(), bytes.size());
            parameter.master.copy_(staged);
        }
        model.mastersChanged();
        return {};
    });
}

Result<void> saveWeights(Transformer &model, const std::string &safetensorsPath)
{
    return guardTorch("save weights to \"" + safetensorsPath + "\"", [&]() -> Result<void> {
        std::vector<at::Tensor> kept; // until the file is written
        std::vector<TensorSource> tensors;
        for (const Parameter &parameter : model.parameters()) {
            kept.push_back(parameter.master.detach().to(at::kCPU, at::kFloat).contiguous());
            tensors.push_back({.name = parameter.name,
                               .type = TensorType::F32,
                               .shape = {kept.back().sizes().begin(), kept.back().sizes().end()},
                               .data = {static_cast<const std::byte *>(kept.back().const_data_ptr()),
                                        kept.back().nbytes()}});
        }
        const auto written = writeSafetensors(safetensorsPath, tensors, {{"format", "pt"}});
        if (!written) return written.error();
        return {};
    });
}

} // namespace orrery::nn
