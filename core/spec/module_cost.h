// SPDX-License-Identifier: Apache-2.0
// What each module of a run costs: the estimate of the spec as it is, less that of the same spec with the
// module off. Whether either could be started is not asked. Pure; any thread.
#pragma once

#include "core/spec/field_table.h"
#include "core/spec/run_time.h"

#include <cstdint>
#include <string>
#include <vector>

namespace orrery {

/// The setting that takes a module out of a run, and the value that does.
struct ModuleSwitch {
    std::string key; ///< "attention.num_modalities"; of a plugin without one of its own "plugins.use"
    FieldValue off;
    std::string plugin; ///< of "plugins.use": the id of the one that goes
};

/// Below 0 where the module saves.
struct ModuleCost {
    double parameters = 0;
    double bytes = 0;      ///< of the worker's memory
    double cacheBytes = 0; ///< of a text that is generated
    double seconds = 0;    ///< of the whole training, by the same speed of the machine
    double slowdown = 0;   ///< the same as a share of the time without it: 0.31 is 31 % longer
    [[nodiscard]] bool isNothing() const
    {
        return parameters == 0 && bytes == 0 && cacheBytes == 0 && seconds == 0;
    }
};

struct ModuleCosts {
    struct Module {
        ModuleSwitch off;
        ModuleCost cost;
    };
    std::vector<Module> modules; ///< that are on, in the order of the specification: modalities, objective,
                                 ///< parts, further data
    /// All of them off at once. Not their sum: two parts of plugins share what each has to itself alone, and
    /// one may cost more where another is.
    ModuleCost together;
};

/// The modules that the spec has on: modalities, another objective than next_token, a plugin's part in place
/// of one of the program's own, each part that a plugin states costs for, further data. Parts whose costs
/// nobody states are left out.
std::vector<ModuleSwitch> modulesOf(const RunSpec &spec, const FieldTable &table);
/// Where all parts of a used plugin that its costs tell of are off, and it has no others: the settings that switch one on.
/// Empty: some are on, or that is not known.
std::vector<std::string> switchesOfIdlePlugin(const PluginInfo &plugin, const RunSpec &spec);
/// The spec without the module. A value that the field does not take leaves it as it is.
RunSpec withoutModule(RunSpec spec, const ModuleSwitch &module, const FieldTable &table);

/// Parameters and memory of a whole run, with what plugins add and what a strategy keeps of the data.
/// @param trainTokens of the data, 0 when not known
RunEstimate estimateWhole(const RunSpec &spec, const FieldTable &table, uint64_t trainTokens);
/// @param speed that the spec as it is has; the same stands for what it is held against  @param valTokens,
/// trainTokens of the data, 0 when not known
ModuleCosts costOfModules(const RunSpec &spec, const FieldTable &table, const MachineSpeed &speed,
                          uint64_t valTokens, uint64_t trainTokens);

} // namespace orrery
