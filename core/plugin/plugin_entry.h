// SPDX-License-Identifier: Apache-2.0
// The one symbol that a plugin's engine library exports, as plain data: everything in it is checked before
// any code of the plugin runs. No torch here, so that what is wrong with a library can be told without its
// headers.
#pragma once

#include <cstdint>

namespace orrery {

namespace nn {
class EnginePlugin;
}

struct EnginePluginEntry {
    uint32_t size;            ///< of this struct when the plugin was built; it only grows
    uint32_t apiVersion;      ///< kPluginApiVersion of those headers
    uint64_t layout;          ///< engineLayout() of those headers: sizes of what crosses the boundary
    const char *torchVersion; ///< LibTorch has no stable binary interface between versions
    const char *id;
    nn::EnginePlugin *(*create)();
    void (*destroy)(nn::EnginePlugin *plugin);
};

/// extern "C" const EnginePluginEntry *orrery_plugin_engine_v1(); the number is that of the plugin interface.
using EngineEntryFunction = const EnginePluginEntry *();
inline constexpr const char *kEngineEntryName = "orrery_plugin_engine_v";

} // namespace orrery
