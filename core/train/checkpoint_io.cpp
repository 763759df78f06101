// SPDX-License-Identifier: Apache-2.0
#include "core/train/checkpoint_io.h"

#include "core/base/files.h"
#include "core/nn/torch_guard.h"
#include "core/tensorfile/checkpoint_files.h"

#include <torch/types.h>

#include <cstring>

namespace orrery {
namespace {

/// @param kept holds copies of what is not on the host, for as long as the sources are used
TensorSource sourceOf(const std::string &name, const at::Tensor &tensor, std::vector<at::Tensor> &kept)
{
    kept.push_back(tensor.detach().to(at::kCPU, at::kFloat).contiguous());
    const at::Tensor &host = kept.back();
    return {name,
            TensorType::F32,
            {host.sizes().begin(), host.sizes().end()},
            {static_cast<const std::byte *>(host.const_data_ptr()), host.nbytes()}};
}

Result<void> loadState(const std::filesystem::path &path, Optimizer &optimizer)
{
    ORRERY_ASSIGN(const SafetensorsReader reader, SafetensorsReader::open(path));
    const auto refuse = [&path](const std::string &found, const std::string &expected) {
        return Error{ErrorCode::InvalidInput,
                     "Cannot load the optimiser from \"" + path.string() + "\": " + found + ", expected " +
                         expected + ".",
                     "Check that the checkpoint belongs to this run."};
    };
    std::vector<NamedTensor> state = optimizer.state();
    if (state.size() != reader.tensors().size())
        return refuse("there are " + std::to_string(reader.tensors().size()) + " tensors",
                      std::to_string(state.size()));
    const at::NoGradGuard noGrad;
    for (NamedTensor &entry : state) {
        const TensorInfo *info = reader.find(entry.name);
        if (!info) return refuse("tensor \"" + entry.name + "\" is missing", "the state of every parameter");
        const std::vector<int64_t> shape(info->shape.begin(), info->shape.end());
        if (info->type != TensorType::F32 || entry.tensor.sizes() != at::IntArrayRef(shape))
            return refuse("tensor \"" + entry.name + "\" has another type or shape", "that of its parameter");
        at::Tensor staged = at::empty(entry.tensor.sizes(), at::kFloat);
        const auto bytes = reader.bytes(*info);
        std::memcpy(staged.data_ptr(), bytes.data(), bytes.size());
        entry.tensor.copy_(staged);
    }
    return {};
}

} // namespace

Result<uint64_t> saveCheckpoint(const std::filesystem::path &checkpointsDirectory, nn::Transformer &model,
                                Optimizer &optimizer, const LoopState &state, const std::string &specDigest,
                                const std::vector<NamedTensor> &continual)
{
    return nn::guardTorch("write checkpoint " + std::to_string(state.step), [&]() -> Result<uint64_t> {
        std::vector<at::Tensor> kept;
        CheckpointFile weights{.name = kModelFile, .metadata = {{"format", "pt"}}};
        for (const nn::Parameter &parameter : model.parameters())
            weights.tensors.push_back(sourceOf(parameter.name, parameter.master, kept));
        CheckpointFile moments{.name = kOptimizerFile};
        for (const NamedTensor &entry : optimizer.state())
            moments.tensors.push_back(sourceOf(entry.name, entry.tensor, kept));
        CheckpointContent content;
        content.step = state.step;
        content.files = {std::move(weights), std::move(moments)};
        if (!continual.empty()) {
            CheckpointFile earlier{.name = kContinualFile};
            for (const NamedTensor &entry : continual)
                earlier.tensors.push_back(sourceOf(entry.name, entry.tensor, kept));
            content.files.push_back(std::move(earlier));
        }
        content.stateJson = loopStateToJson(state);
        content.specDigest = specDigest;
        content.valLoss =
            state.valStep == state.step ? state.valLoss : std::numeric_limits<double>::quiet_NaN();
        return writeCheckpoint(checkpointsDirectory, content);
    });
}

Result<LoopState> loadCheckpoint(const std::filesystem::path &checkpoint, nn::Transformer &model,
                                 Optimizer &optimizer, const OptimizerStart &start)
{
    return nn::guardTorch("load checkpoint \"" + checkpoint.string() + "\"", [&]() -> Result<LoopState> {
        ORRERY_ASSIGN(const std::string text, readFile(checkpoint / kStateFileName, kMaxStateBytes));
        ORRERY_ASSIGN(LoopState state, loopStateFromJson(text, checkpoint.string()));
        ORRERY_TRY(nn::loadWeights(model, (checkpoint / kModelFile).string()));
        if (!start.isFresh) ORRERY_TRY(loadState(checkpoint / kOptimizerFile, optimizer));
        optimizer.setNumUpdates(state.step - start.step);
        return state;
    });
}

Result<std::vector<NamedTensor>> loadContinual(const std::filesystem::path &checkpoint)
{
    std::vector<NamedTensor> all;
    std::error_code ignored;
    if (!std::filesystem::exists(checkpoint / kContinualFile, ignored)) return all;
    ORRERY_ASSIGN(const SafetensorsReader reader, SafetensorsReader::open(checkpoint / kContinualFile));
    for (const TensorInfo &info : reader.tensors()) {
        const std::vector<int64_t> shape(info.shape.begin(), info.shape.end());
        const auto bytes = reader.bytes(info);
        at::Tensor tensor = at::empty(shape, at::kFloat);
        if (info.type != TensorType::F32 || bytes.size() != tensor.nbytes())
            return Error{ErrorCode::InvalidInput,
                         "Cannot resume from \"" + checkpoint.string() + "\": tensor \"" + info.name +
                             "\" of " + kContinualFile + " is " + tensorTypeName(info.type) +
                             ", expected F32.",
                         "Resume from another checkpoint."};
        std::memcpy(tensor.data_ptr(), bytes.data(), bytes.size());
        all.push_back({info.name, std::move(tensor)});
    }
    return all;
}

} // namespace orrery
