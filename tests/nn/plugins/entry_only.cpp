// SPDX-License-Identifier: Apache-2.0
// Libraries that go wrong before any code of theirs may run. Which one this is: ENTRY_… of the build.
#include "core/plugin/plugin_entry.h"
#include "core/spec/plugin_info.h"

#if defined(ENTRY_STATIC_THROW)
#include <stdexcept>
namespace {
struct Thrower {
    Thrower() { throw std::runtime_error("a constructor threw"); }
} thrower;
} // namespace
#endif
#if defined(ENTRY_UNDEFINED)
extern "C" int orrery_test_symbol_that_nobody_has();
extern "C" int orrery_test_user() { return orrery_test_symbol_that_nobody_has(); }
#endif

namespace {

#ifndef ENTRY_API
#define ENTRY_API orrery::kPluginApiVersion
#endif
#ifndef ENTRY_TORCH
#define ENTRY_TORCH "1.0.0"
#endif
#ifndef ENTRY_ID
#define ENTRY_ID "probe"
#endif
#ifndef ENTRY_SIZE
#define ENTRY_SIZE sizeof(orrery::EnginePluginEntry)
#endif

[[maybe_unused]] const orrery::EnginePluginEntry entry = {
    static_cast<uint32_t>(ENTRY_SIZE),
    static_cast<uint32_t>(ENTRY_API),
    42,
    ENTRY_TORCH,
    ENTRY_ID,
    []() -> orrery::nn::EnginePlugin * { return nullptr; },
    [](orrery::nn::EnginePlugin *) {}};

} // namespace

#ifdef ENTRY_SYMBOL
extern "C" const orrery::EnginePluginEntry *ENTRY_SYMBOL() { return &entry; }
#endif
#ifdef ENTRY_NULL
extern "C" const orrery::EnginePluginEntry *orrery_plugin_engine_v1() { return nullptr; }
#endif
