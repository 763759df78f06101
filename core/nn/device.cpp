// SPDX-License-Identifier: Apache-2.0
#include "core/nn/device.h"

#include "core/base/platform.h"

#include <ATen/Context.h>

#include <atomic>
#include <dlfcn.h>
#include <filesystem>
#include <mutex>

namespace orrery::nn {
namespace {

std::atomic<CudaFillKeepMask *> s_fillKeepMask{nullptr};

/// The folder of the LibTorch that this process runs with.
std::filesystem::path torchFolder()
{
    Dl_info info{};
    if (dladdr(reinterpret_cast<const void *>(&at::globalContext), &info) == 0 || !info.dli_fname) return {};
    return std::filesystem::path(info.dli_fname).parent_path();
}

/// Registers LibTorch's CUDA kernels with the dispatcher. It stays loaded: torch cannot be unloaded again.
Result<void> loadTorchCuda()
{
    if (dlopen((torchFolder() / "libtorch_cuda.so").c_str(), RTLD_NOW | RTLD_GLOBAL)) return {};
    const char *reason = dlerror();
    return Error{ErrorCode::Unavailable,
                 "Cannot use device \"cuda\": LibTorch's CUDA half could not be opened (" +
                     std::string(reason ? reason : "unknown") + ").",
                 "Fetch it with scripts/setup/libtorch.py --cuda and build again, or set device to cpu."};
}

void loadOwnKernels()
{
    constexpr const char *kLibrary = "liborrery_cuda.so";
    for (const std::filesystem::path &path :
         {programDir() / kLibrary, programDir() / ".." / "lib" / kLibrary,
          programDir() / "../../lib/orrery" / kLibrary}) { // in libexec/orrery of an installation
        void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (!library) continue;
        s_fillKeepMask = reinterpret_cast<CudaFillKeepMask *>(dlsym(library, "orrery_cuda_fill_keep_mask"));
        return;
    }
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
        ORRERY_TRY(loadTorchCuda());
        loadOwnKernels();
        isLoaded = true;
    }
    return at::Device(at::kCUDA, 0);
}

CudaFillKeepMask *cudaFillKeepMask() { return s_fillKeepMask.load(std::memory_order_acquire); }

} // namespace orrery::nn
