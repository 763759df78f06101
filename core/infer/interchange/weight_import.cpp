// SPDX-License-Identifier: Apache-2.0
#include "core/infer/interchange/weight_import.h"

#include "core/nn/torch_guard.h"

#include <torch/types.h>

#include <cstring>
#include <map>

namespace orrery {

namespace {

at::ScalarType torchType(TensorType type)
{
    switch (type) {
    case TensorType::F16:
        return at::kHalf;
    case TensorType::BF16:
        return at::kBFloat16;
    case TensorType::F64:
        return at::kDouble;
    default:
        return at::kFloat;
    }
}

/// Copied out of the file: data in it need not be aligned for their type.
at::Tensor staged(const TensorFolder::Found &found)
{
    const std::vector<int64_t> shape(found.info->shape.begin(), found.info->shape.end());
    at::Tensor tensor = at::empty(shape, torchType(found.info->type));
    const auto bytes = found.bytes();
    std::memcpy(tensor.data_ptr(), bytes.data(), bytes.size());
    return tensor;
}

void fill(const at::Tensor &master, const WeightRecipe &recipe, const TensorFolder &tensors)
{
    if (recipe.side == WeightRecipe::Side::OwnOnly) {
        master.zero_();
        return;
    }
    int64_t row = 0;
    for (const WeightPiece &piece : recipe.pieces) {
        const at::Tensor foreign = staged(tensors.find(piece.name));
        const auto numRows = static_cast<int64_t>(piece.numRows);
        master.narrow(0, row, numRows).copy_(recipe.isTransposed ? foreign.t() : foreign);
        row += numRows;
    }
}

} // namespace

Result<void> importWeights(nn::Transformer &model, const std::filesystem::path &directory,
                           const TensorFolder &tensors, const std::vector<WeightRecipe> &recipes)
{
    const auto refuse = [&directory](const std::string &found, const std::string &expected,
                                     const char *hint) {
        return Error{ErrorCode::InvalidInput,
                     "Cannot load model \"" + directory.string() + "\": " + found + ", expected " + expected +
                         ".",
                     hint};
    };
    std::map<std::string, const WeightRecipe *> byOwn;
    for (const WeightRecipe &recipe : recipes)
        if (recipe.side != WeightRecipe::Side::ForeignOnly) byOwn[recipe.own] = &recipe;
    return nn::guardTorch("load model \"" + directory.string() + "\"", [&]() -> Result<void> {
        const at::NoGradGuard noGradients;
        for (const WeightRecipe &recipe : recipes) {
            if (recipe.side != WeightRecipe::Side::ForeignOnly) continue;
            for (const WeightPiece &piece : recipe.pieces)
                if (const auto found = tensors.find(piece.name);
                    found.info && staged(found).ne(0).any().item<bool>())
                    return refuse(
                        "tensor \"" + piece.name + "\" is not 0", "0, as model.bias is off",
                        "Remove the object \"orrery\" from config.json to load the model with its biases.");
        }
        for (nn::Parameter &parameter : model.parameters()) {
            const auto recipe = byOwn.find(parameter.name);
            if (recipe == byOwn.end())
                return refuse("nothing in the files belongs to \"" + parameter.name + "\"", "all parameters",
                              "Load the model without plugins.");
            fill(parameter.master, *recipe->second, tensors);
        }
        model.mastersChanged();
        return {};
    });
}

} // namespace orrery
