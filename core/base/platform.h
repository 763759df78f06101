// SPDX-License-Identifier: Apache-2.0
// What this machine is and where the user's things are. Any thread.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace orrery {

struct CpuInfo {
    std::string model;            ///< as the system names it
    int numLogical = 1;           ///< processors this process may use
    bool hasAvx2 = false;
    bool hasAvx512 = false;       ///< F, BW, DQ and VL
    bool hasAvx512Bf16 = false;
    bool hasAmxBf16 = false;
    [[nodiscard]] std::string flags() const; ///< "avx512 avx512_bf16", for figures
};
const CpuInfo &cpuInfo();
uint64_t physicalMemoryBytes();
/// Resident bytes of this process.
uint64_t residentBytes();
/// CPU seconds used by all threads of this process.
double processCpuSeconds();

/// Whether an NVIDIA driver with a device answers; says why not. Opens libcuda.so.1 itself, so it needs no toolkit.
Result<int> cudaDeviceCount();

/// $XDG_DATA_HOME/orrery (ORRERY_HOME overrides all of these): runs/, catalogue.
std::filesystem::path userDataDir();
std::filesystem::path userStateDir();
std::filesystem::path userCacheDir();
/// $XDG_RUNTIME_DIR/orrery, or a 0700 folder of this user in the temporary folder with its owner checked.
/// @error Conflict when the folder belongs to somebody else or is open to others
Result<std::filesystem::path> runtimeDir();
/// Folder of the running program.
std::filesystem::path programDir();

/// Unix time, and a clock that never goes back, both in seconds.
double wallSeconds();
double monotonicSeconds();

} // namespace orrery
