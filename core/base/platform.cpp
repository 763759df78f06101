// SPDX-License-Identifier: Apache-2.0
#include "core/base/platform.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <dlfcn.h>
#include <fstream>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace orrery {

namespace {

std::string cpuModelName()
{
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        const size_t colon = line.find(": ");
        if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
    }
    return "unknown CPU";
}

/// Processors that the control groups of this process grant, or a large number.
double groupQuota()
{
    double quota = 1e9;
    std::ifstream groups("/proc/self/cgroup");
    for (std::string line; std::getline(groups, line);) {
        if (!line.starts_with("0::")) continue;
        for (std::filesystem::path group = line.substr(3);; group = group.parent_path()) {
            std::ifstream file("/sys/fs/cgroup" + group.string() + "/cpu.max");
            std::string limit;
            double period = 0;
            if (file >> limit >> period && limit != "max" && period > 0)
                quota = std::min(quota, std::atof(limit.c_str()) / period);
            if (group == group.parent_path()) break;
        }
    }
    return quota;
}

int usableProcessors()
{
    cpu_set_t set;
    CPU_ZERO(&set);
    int count = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
    if (::sched_getaffinity(0, sizeof set, &set) == 0) count = CPU_COUNT(&set);
    const double quota = groupQuota();
    if (quota < count) count = static_cast<int>(std::ceil(quota));
    return std::max(count, 1);
}

#if defined(__x86_64__)
/// Whether the system saves the tile registers (XCR0 bits 17 and 18): without that AMX faults.
bool systemSavesTiles()
{
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return false;
    unsigned low = 0, high = 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & (3u << 17)) == (3u << 17);
}

void detectVectors(CpuInfo &info)
{
    __builtin_cpu_init();
    info.hasAvx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    info.hasAvx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                     __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (info.hasAvx512 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) info.hasAvx512Bf16 = (a >> 5) & 1;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d))
        info.hasAmxBf16 = ((d >> 22) & 1) && ((d >> 24) & 1) && systemSavesTiles();
}
#else
void detectVectors(CpuInfo &) {}
#endif

double clockSeconds(clockid_t clock)
{
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

Error noCuda(const std::string &reason)
{
    return Error{ErrorCode::Unavailable,
                 "Cannot use device \"cuda\": no NVIDIA driver answers on this machine (" + reason + ").",
                 "Use --device cpu, or start on a machine with an NVIDIA GPU."};
}

} // namespace

std::string CpuInfo::flags() const
{
    std::string out;
    const auto add = [&](bool has, const char *name) {
        if (has) out += (out.empty() ? "" : " ") + std::string(name);
    };
    add(hasAvx2, "avx2");
    add(hasAvx512, "avx512");
    add(hasAvx512Bf16, "avx512_bf16");
    add(hasAmxBf16, "amx_bf16");
    return out;
}

const CpuInfo &cpuInfo()
{
    static const CpuInfo info = [] {
        CpuInfo made;
        made.model = cpuModelName();
        made.numLogical = usableProcessors();
        detectVectors(made);
        return made;
    }();
    return info;
}

uint64_t physicalMemoryBytes()
{
    return static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

uint64_t residentBytes()
{
    unsigned long long total = 0;
    unsigned long long resident = 0;
    if (FILE *file = std::fopen("/proc/self/statm", "re")) {
        if (std::fscanf(file, "%llu %llu", &total, &resident) != 2) resident = 0;
        std::fclose(file);
    }
    return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

double processCpuSeconds() { return clockSeconds(CLOCK_PROCESS_CPUTIME_ID); }
double wallSeconds() { return clockSeconds(CLOCK_REALTIME); }
double monotonicSeconds() { return clockSeconds(CLOCK_MONOTONIC); }

Result<int> cudaDeviceCount()
{
    // The driver stays open: it keeps threads and exit handlers of its own.
    void *driver = ::dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!driver) return noCuda("libcuda.so.1 cannot be opened");
    using Init = int (*)(unsigned);
    using GetCount = int (*)(int *);
    const auto init = reinterpret_cast<Init>(::dlsym(driver, "cuInit"));
    const auto getCount = reinterpret_cast<GetCount>(::dlsym(driver, "cuDeviceGetCount"));
    if (!init || !getCount) return noCuda("libcuda.so.1 lacks cuInit");
    if (const int status = init(0)) return noCuda("cuInit says " + std::to_string(status));
    int count = 0;
    if (const int status = getCount(&count)) return noCuda("cuDeviceGetCount says " + std::to_string(status));
    if (count < 1) return noCuda("the driver lists no device");
    return count;
}

} // namespace orrery
