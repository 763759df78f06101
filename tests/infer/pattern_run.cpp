// SPDX-License-Identifier: Apache-2.0
#include "pattern_run.h"

#include "core/base/assert.h"
#include "core/spec/estimate.h"
#include "core/spec/field_table.h"
#include "core/store/run_directory.h"
#include "core/tensorfile/checkpoint_files.h"

#include <ATen/core/Tensor.h>

namespace orrery::test {

std::unique_ptr<nn::Transformer> patternModel(const RunSpec &spec)
{
    auto model = nn::Transformer::create(spec.model, byteVocabSize(spec.data), 1, "cpu");
    ORRERY_ASSERT(model.ok());
    uint64_t state = 1;
    for (const nn::Parameter &parameter : (*model)->parameters()) {
        const bool isScale = parameter.name.find("norm.weight") != std::string::npos;
        auto *values = static_cast<float *>(parameter.master.mutable_data_ptr());
        for (int64_t i = 0; i < parameter.master.numel(); ++i) {
            state = state * 6364136223846793005ULL + 1442695040888963407ULL;
            const auto part = static_cast<int64_t>(state >> 53) - 1024; // −1024 … 1023
            values[i] = (isScale ? 1.0F : 0.0F) + static_cast<float>(part) / 4096;
        }
    }
    return std::move(model).value();
}

void makePatternRun(const std::filesystem::path &directory, const RunSpec &spec)
{
    const FrozenSpec frozen{
        .spec = spec, .digest = specDigest(spec), .program = "test", .createdAt = 1, .id = "pattern-run"};
    const auto run = RunDirectory::create(directory, frozen);
    ORRERY_ASSERT(run.ok());
    const auto model = patternModel(spec);
    CheckpointContent content;
    content.step = 10;
    content.stateJson = "{}";
    content.specDigest = frozen.digest;
    content.valLoss = 1;
    CheckpointFile file{.name = "model.safetensors"};
    for (const nn::Parameter &parameter : model->parameters()) {
        const at::Tensor &tensor = parameter.master;
        file.tensors.push_back({.name = parameter.name,
                                .type = TensorType::F32,
                                .shape = std::vector<uint64_t>(tensor.sizes().begin(), tensor.sizes().end()),
                                .data = {static_cast<const std::byte *>(tensor.const_data_ptr()),
                                         static_cast<size_t>(tensor.nbytes())}});
    }
    content.files.push_back(std::move(file));
    ORRERY_ASSERT(writeCheckpoint(run->checkpoints(), content).ok());
}

} // namespace orrery::test
