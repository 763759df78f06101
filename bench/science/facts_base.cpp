// SPDX-License-Identifier: Apache-2.0
#include "bench/science/facts_base.h"

#include "bench/science/text_domains.h"
#include "core/base/files.h"
#include "core/base/text.h"

#include <torch/types.h>

#include <algorithm>

namespace orrery::bench {

namespace fs = std::filesystem;

RunSpec factsSpec(const FactsBudget &budget, const ScienceSetting &setting, uint64_t seed)
{
    RunSpec spec = armSpec(setting, seed);
    spec.model.layers = budget.layers;
    spec.model.width = budget.width;
    spec.model.heads = 4;
    spec.model.context = budget.context;
    spec.data.vocabSize = budget.shape.vocabSize;
    spec.data.specialTokens = "none";
    spec.data.valFraction = 0.05;
    spec.train.batchSize = budget.batchSize;
    spec.train.steps = budget.steps;
    spec.train.evalTokens = budget.context; // measured here, not there
    spec.optimizer.lr = 3e-3;
    spec.schedule.preset = "cosine";
    if (setting.mode == ScienceMode::Smoke) spec.schedule.warmupSteps = 1;
    spec.plugins.use = {"memory"};
    auto &settings = spec.plugins.settings;
    settings["plugins.memory.semantic_size"] = budget.slots;
    settings["plugins.memory.semantic_heads"] = budget.memoryHeads;
    settings["plugins.memory.semantic_top_k"] = budget.topK;
    return spec;
}

Result<std::string> FactsBase::readProse(uint64_t numBytes, const ScienceSetting &setting)
{
    const TextDomain domain = builtInDomains().front();
    const fs::path folder = setting.workFolder / scienceModeName(setting.mode);
    ORRERY_ASSIGN(const uint64_t numCopied, copyDomain(domain, numBytes, folder));
    std::vector<fs::path> files;
    for (const auto &entry : fs::directory_iterator(folder / domain.name)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    std::string all;
    for (size_t i = 0; i < files.size(); ++i) {
        ORRERY_ASSIGN(const std::string content, readFile(files[i], numCopied));
        all += content;
        const std::vector<std::string> words = proseWords(content);
        auto &to = i % 4 == 1 ? m_heldOut : m_prose; // whole files
        to.insert(to.end(), words.begin(), words.end());
    }
    return "made-up facts; " + domain.what + " " + formatBytes(numCopied) + " " + sha256Hex(all).substr(0, 8);
}

Result<void> FactsBase::train(const FactsBudget &budget, const RunSpec &spec, uint64_t seed,
                              const ScienceSetting &setting)
{
    if (m_seed == seed) return {};
    m_seed = 0;
    m_world = std::make_unique<FactsWorld>(budget.shape, seed, m_prose);
    std::vector<int32_t> heldOut = m_world->encode(m_heldOut);
    heldOut.resize(std::min(heldOut.size(), budget.heldOutTokens));
    const fs::path folder =
        setting.workFolder / scienceModeName(setting.mode) / ("seed" + std::to_string(seed));
    ORRERY_ASSIGN(FactsData data,
                  prepareFacts(*m_world, m_world->encode(m_prose), heldOut, spec, folder, setting));
    m_data = std::make_unique<FactsData>(std::move(data));
    ORRERY_ASSIGN(const TrainedArm trained, trainArm(spec, m_data->base, setting));
    m_weights.clear();
    for (const nn::Parameter &parameter : trained.model->parameters())
        m_weights.push_back(parameter.master.detach().clone());
    m_figures = measureFacts(*trained.model, *m_world, m_data->prose);
    m_trained = {.metrics = {},
                 .parameters = trained.model->numParameters(),
                 .steps = trained.steps,
                 .seconds = trained.seconds};
    m_seed = seed;
    return {};
}

Result<std::unique_ptr<nn::Transformer>> FactsBase::freshModel(const RunSpec &spec,
                                                               const ScienceSetting &setting) const
{
    if (setting.preparePlugins) ORRERY_TRY(setting.preparePlugins(spec));
    ORRERY_ASSIGN(auto model, nn::Transformer::create(spec.model, spec.data.vocabSize,
                                                      static_cast<uint64_t>(spec.seed), spec.device));
    const at::NoGradGuard noGrad;
    for (size_t i = 0; i < m_weights.size(); ++i) model->parameters()[i].master.copy_(m_weights[i]);
    model->mastersChanged();
    return model;
}

} // namespace orrery::bench
