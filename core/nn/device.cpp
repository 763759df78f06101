// SPDX-License-Identifier: Apache-2.0
#include "core/nn/device.h"

#include "core/base/platform.h"

#include <dlfcn.h>

#include <mutex>

namespace orrery::nn {
namespace {

constexpr const char *kLibrary = "liborrery_cuda.so";

/// Registers LibTorch's CUDA kernels with the dispatcher. It stays loaded: torch cannot be unloaded again.
Result<void> loadCudaLibrary()
{
    std::string reason;
    for (const std::filesystem::path &path :
         {programDir() / kLibrary, programDir() / ".." / "lib" / kLibrary}) {
        if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL)) return {};
        if (const char *text = dlerror()) reason = text;
    }
    return Error{ErrorCode::Unavailable,
                 "Cannot use device \"cuda\": " + std::string(kLibrary) + " could not be opened (" + reason +
                     ").",
                 "Build with ORRERY_CUDA and a LibTorch that has CUDA, or set device to cpu."};
}

} // namespace

Result<at::Device> openDevice(const std::string &name)
{
    if (name == "cpu") return at::Device(at::kCPU);
    if (name != "cuda")
        return Error{ErrorCode::InvalidInput,
                     "Cannot use device \"" + name + "\": it is unknown, expected cpu or cuda.",
                     "Set device to cpu or cuda."};
    ORRERY_ASSIGN(const int numDevices, cudaDeviceCount());
    if (numDevices < 1)
        return Error{ErrorCode::Unavailable,
                     "Cannot use device \"cuda\": the driver lists 0 GPUs, expected 1 or more.",
                     "Set device to cpu, or make a GPU visible to this process."};
    static std::mutex mutex;
    static bool isLoaded = false;
    const std::lock_guard lock(mutex);
    if (!isLoaded) {
        ORRERY_TRY(loadCudaLibrary());
        isLoaded = true;
    }
    return at::Device(at::kCUDA, 0);
}

} // namespace orrery::nn
