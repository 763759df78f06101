// SPDX-License-Identifier: Apache-2.0
#include "app/worker/commands.h"
#include "app/worker/process_setup.h"
#include "core/base/exit_code.h"
#include "core/base/platform.h"
#include "core/base/text.h"

#include <ATen/Parallel.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <torch/version.h>

#include <cstdio>
#include <memory>

namespace orrery::worker {

namespace {

void showInfo(bool isJson)
{
    prepareTensorThread(0);
    const CpuInfo &cpu = cpuInfo();
    const auto numCuda = cudaDeviceCount();
#ifdef ORRERY_HAS_RPC
    const bool hasRpc = true;
#else
    const bool hasRpc = false;
#endif
    if (isJson) {
        nlohmann::ordered_json json;
        json["program"] = programText();
        json["torch"] = TORCH_VERSION;
        json["threads"] = at::get_num_threads();
        json["cpu"] = sanitizeUtf8(cpu.model);
        json["cpu_flags"] = cpu.flags();
        json["memory_bytes"] = physicalMemoryBytes();
        json["cuda_devices"] = numCuda.ok() ? *numCuda : 0;
        json["cuda_note"] = numCuda.ok() ? "" : sanitizeUtf8(numCuda.error().text());
        json["rpc"] = hasRpc;
        printLine(json.dump());
        return;
    }
    std::printf("program  %s\nthreads  %d\ncpu      %s (%s)\nmemory   %s\ncuda     %s\nrpc      %s\n",
                programText().c_str(), at::get_num_threads(), cpu.model.c_str(), cpu.flags().c_str(),
                formatBytes(physicalMemoryBytes()).c_str(),
                numCuda.ok() ? std::to_string(*numCuda).c_str() : numCuda.error().message.c_str(),
                hasRpc ? "yes" : "no (built without gRPC)");
}

} // namespace

CommandBody declareInfo(CLI::App &command)
{
    auto isJson = std::make_shared<bool>(false);
    command.add_flag("--json", *isJson, "One JSON object");
    return [isJson] {
        showInfo(*isJson);
        return kExitOk;
    };
}

} // namespace orrery::worker
