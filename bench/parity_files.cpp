// SPDX-License-Identifier: Apache-2.0
#include "bench/parity_files.h"

#include "core/base/files.h"
#include "core/data/batch_sampler.h"
#include "core/nn/transformer.h"
#include "core/tensorfile/safetensors.h"

#include <algorithm>
#include <array>

namespace orrery::bench {
namespace {

namespace fs = std::filesystem;

constexpr size_t kTextBytes = 1'000'000;
constexpr uint64_t kMaxHeaderBytes = 16ull << 20;

std::vector<fs::path> systemHeaders()
{
    std::vector<fs::path> headers;
    std::error_code error;
    for (fs::directory_iterator version("/usr/include/c++", error), end; !error && version != end;
         version.increment(error)) {
        std::error_code inner;
        for (fs::recursive_directory_iterator file(version->path(), inner), last; !inner && file != last;
             file.increment(inner))
            if (file->is_regular_file()) headers.push_back(file->path());
    }
    std::sort(headers.begin(), headers.end());
    return headers;
}

/// "blocks.3.attention.qkv.weight" becomes "b.3.qkv.weight".
std::string peerName(std::string name)
{
    constexpr std::array<std::pair<const char *, const char *>, 9> kParts = {{{"embedding.token.", "te."},
                                                                              {"embedding.position.", "pe."},
                                                                              {"blocks.", "b."},
                                                                              {"attention_norm.", "n1."},
                                                                              {"attention.qkv.", "qkv."},
                                                                              {"attention.output.", "o."},
                                                                              {"ffn_norm.", "n2."},
                                                                              {"ffn.up.", "f1."},
                                                                              {"ffn.down.", "f2."}}};
    for (const auto &[own, peer] : kParts)
        if (const size_t at = name.find(own); at != std::string::npos)
            name.replace(at, std::string(own).size(), peer);
    if (name.starts_with("final_norm.")) name.replace(0, 11, "nf.");
    return name;
}

Result<void> writeInit(const fs::path &path, const RunSpec &spec, int64_t vocabSize)
{
    ORRERY_ASSIGN(const auto model,
                  nn::Transformer::create(spec.model, vocabSize, static_cast<uint64_t>(spec.seed), "cpu"));
    std::vector<TensorSource> sources;
    for (const nn::Parameter &parameter : model->parameters()) {
        const at::Tensor &master = parameter.master;
        sources.push_back({peerName(parameter.name),
                           TensorType::F32,
                           {master.sizes().begin(), master.sizes().end()},
                           {static_cast<const std::byte *>(master.const_data_ptr()), master.nbytes()}});
    }
    if (auto written = writeSafetensors(path, sources); !written) return written.error();
    return {};
}

Result<void> writeBatches(const fs::path &path, const RunSpec &spec, const TokenShards &shards)
{
    ORRERY_ASSIGN(const BatchSampler sampler,
                  BatchSampler::create(shards, spec.model.context, static_cast<uint64_t>(spec.seed)));
    ORRERY_ASSIGN(FileWriter writer, FileWriter::create(path));
    Batch batch;
    for (int64_t step = 0; step < spec.train.steps; ++step) {
        sampler.fill(step, 0, spec.train.batchSize, batch);
        ORRERY_TRY(writer.write(batch.tokens_BT1.data(), batch.tokens_BT1.size() * sizeof(int32_t)));
    }
    return writer.close();
}

Result<void> writeValidation(const fs::path &path, const TokenShards &shards)
{
    std::vector<int32_t> tokens(shards.numTokens(Split::Validation));
    shards.read(Split::Validation, 0, tokens.size(), tokens.data());
    const std::string bytes(tokens.begin(), tokens.end());
    ORRERY_ASSIGN(FileWriter writer, FileWriter::create(path));
    ORRERY_TRY(writer.write(bytes));
    return writer.close();
}

} // namespace

Result<void> writeParityText(const fs::path &path)
{
    std::string text;
    for (const fs::path &header : systemHeaders()) {
        if (text.size() >= kTextBytes) break;
        // Unreadable headers are left out: the text only has to be the same for both sides.
        if (const auto content = readFile(header, kMaxHeaderBytes); content.ok()) text += *content;
    }
    if (text.size() < kTextBytes)
        return Error{ErrorCode::NotFound,
                     "Cannot make the text \"" + path.string() + "\": /usr/include/c++ holds " +
                         std::to_string(text.size()) + " bytes, expected " + std::to_string(kTextBytes) + ".",
                     "Install the C++ compiler (g++)."};
    text.resize(kTextBytes);
    return writeFileAtomically(path, text);
}

Result<ParityFiles> writeParityFiles(const fs::path &folder, const RunSpec &spec, const TokenShards &shards)
{
    const ParityFiles files{.text = spec.data.path,
                            .init = folder / "init.safetensors",
                            .batches = folder / "batches.bin",
                            .validation = folder / "validation.bin"};
    ORRERY_TRY(writeInit(files.init, spec, 256));
    ORRERY_TRY(writeBatches(files.batches, spec, shards));
    ORRERY_TRY(writeValidation(files.validation, shards));
    return files;
}

} // namespace orrery::bench
