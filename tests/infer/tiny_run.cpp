// SPDX-License-Identifier: Apache-2.0
#include "tiny_run.h"

#include "core/base/assert.h"
#include "core/spec/estimate.h"
#include "core/spec/field_table.h"
#include "core/store/run_directory.h"
#include "core/tensorfile/checkpoint_files.h"

#include <ATen/core/Tensor.h>

#include <fstream>

namespace orrery::test {

RunSpec tinySpec()
{
    RunSpec spec;
    spec.name = "tiny";
    spec.model.layers = 1;
    spec.model.width = 32;
    spec.model.heads = 2;
    spec.model.context = 16;
    spec.model.dropout = 0;
    spec.data.path = "text.txt";
    spec.train.steps = 100;
    spec.schedule.totalSteps = 100;
    spec.threads = 1;
    return spec;
}

std::unique_ptr<nn::Transformer> tinyModel(const RunSpec &spec, int64_t step)
{
    auto model =
        nn::Transformer::create(spec.model, byteVocabSize(spec.data), static_cast<uint64_t>(step), "cpu");
    ORRERY_ASSERT(model.ok());
    return std::move(model).value();
}

void makeTinyRun(const std::filesystem::path &directory, const RunSpec &spec,
                 const std::vector<TinyCheckpoint> &checkpoints)
{
    const FrozenSpec frozen{
        .spec = spec, .digest = specDigest(spec), .program = "test", .createdAt = 1, .id = "tiny-run"};
    const auto run = RunDirectory::create(directory, frozen);
    ORRERY_ASSERT(run.ok());
    for (const TinyCheckpoint &checkpoint : checkpoints) {
        const auto model = tinyModel(spec, checkpoint.step);
        CheckpointContent content;
        content.step = checkpoint.step;
        content.stateJson = "{}";
        content.specDigest = frozen.digest;
        content.valLoss = checkpoint.valLoss;
        CheckpointFile file{.name = "model.safetensors"};
        for (const nn::Parameter &parameter : model->parameters()) {
            const at::Tensor &tensor = parameter.master;
            file.tensors.push_back(
                {.name = parameter.name,
                 .type = TensorType::F32,
                 .shape = std::vector<uint64_t>(tensor.sizes().begin(), tensor.sizes().end()),
                 .data = {static_cast<const std::byte *>(tensor.const_data_ptr()),
                          static_cast<size_t>(tensor.nbytes())}});
        }
        content.files.push_back(std::move(file));
        ORRERY_ASSERT(writeCheckpoint(run->checkpoints(), content).ok());
    }
}

void flipBit(const std::filesystem::path &file)
{
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    const auto middle = static_cast<std::streamoff>(std::filesystem::file_size(file) / 2);
    stream.seekg(middle);
    const char byte = static_cast<char>(stream.get() ^ 0x10);
    stream.seekp(middle);
    stream.put(byte);
    ORRERY_ASSERT(stream.good());
}

} // namespace orrery::test
