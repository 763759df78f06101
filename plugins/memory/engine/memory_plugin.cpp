// SPDX-License-Identifier: Apache-2.0
// The engine half of the hierarchical memory: reads the settings and registers the three levels.
// docs/model.md has a page on each.
#include "core/nn/engine_plugin.h"
#include "plugins/memory/engine/episodic_memory.h"
#include "plugins/memory/engine/product_key_memory.h"
#include "plugins/memory/engine/registers.h"

namespace {

using namespace orrery;

memory::EpisodicSettings episodicSettings(const nn::PluginSettings &settings)
{
    memory::EpisodicSettings read;
    read.store.capacity = settings.integer("episodic_size");
    read.store.surpriseGamma = settings.real("surprise_gamma");
    read.store.blockMin = settings.integer("block_min");
    read.store.blockMax = settings.integer("block_max");
    read.layer = settings.integer("episodic_layer");
    read.topK = settings.integer("top_k");
    read.scale = settings.real("scale");
    read.keyShift = settings.real("key_shift");
    read.queryKey = settings.real("query_key");
    read.gateBias = settings.real("gate_bias");
    read.softSteps = settings.integer("soft_steps");
    read.writeSurprise = settings.real("write_surprise");
    read.writeNovelty = settings.real("write_novelty");
    return read;
}

class MemoryPlugin final : public nn::EnginePlugin {
public:
    Result<void> configure(nn::EngineContext &context) override
    {
        const nn::PluginSettings &settings = context.settings();
        const auto episodic = episodicSettings(settings);
        if (episodic.store.blockMax < episodic.store.blockMin)
            return Error{ErrorCode::InvalidInput,
                         "Cannot set up the memory: plugins.memory.block_max is " +
                             std::to_string(episodic.store.blockMax) + ", expected at least block_min, " +
                             std::to_string(episodic.store.blockMin) + ".",
                         "Raise block_max or lower block_min."};
        const memory::SemanticSettings semantic{
            settings.integer("semantic_size"), settings.integer("semantic_layer"),
            settings.integer("semantic_heads"), settings.integer("semantic_top_k"), settings.real("semantic_dropout")};
        const memory::RegisterSettings registers{
            settings.integer("registers"), settings.integer("register_layer"),
            settings.integer("register_segment"), settings.integer("register_bptt")};
        ORRERY_TRY(context.attentionSources().add("episodic", [episodic](nn::BuildContext &build) {
            return memory::makeEpisodicMemory(build, episodic);
        }));
        ORRERY_TRY(context.residualModules().add("registers", [registers](nn::BuildContext &build) {
            return memory::makeRegisters(build, registers);
        }));
        return context.residualModules().add("semantic", [semantic](nn::BuildContext &build) {
            return memory::makeProductKeyMemory(build, semantic);
        });
    }
};

} // namespace

ORRERY_ENGINE_PLUGIN(MemoryPlugin, "memory")
