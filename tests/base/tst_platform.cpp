// SPDX-License-Identifier: Apache-2.0
#include "check_result.h"

#include "core/base/platform.h"

#include <fstream>
#include <sched.h>

using namespace orrery;

class TestPlatform : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void describesTheProcessor()
    {
        const CpuInfo &info = cpuInfo();
        QVERIFY(!info.model.empty());
        cpu_set_t set;
        QCOMPARE(::sched_getaffinity(0, sizeof set, &set), 0);
        QVERIFY(info.numLogical >= 1 && info.numLogical <= CPU_COUNT(&set));
    }
    void agreesWithTheSystemAboutVectors()
    {
        std::ifstream file("/proc/cpuinfo");
        std::string flags;
        for (std::string line; std::getline(file, line);)
            if (line.starts_with("flags")) flags = line + " ";
        if (flags.empty()) QSKIP("this system lists no flags");
        const auto lists = [&](const char *flag) {
            return flags.find(" " + std::string(flag) + " ") != std::string::npos;
        };
        QCOMPARE(cpuInfo().hasAvx2, lists("avx2") && lists("fma"));
        QCOMPARE(cpuInfo().hasAvx512,
                 lists("avx512f") && lists("avx512bw") && lists("avx512dq") && lists("avx512vl"));
        QCOMPARE(cpuInfo().hasAvx512Bf16, lists("avx512_bf16"));
        QCOMPARE(cpuInfo().hasAmxBf16, lists("amx_bf16") && lists("amx_tile"));
    }
    void namesFlagsInOneLine()
    {
        CpuInfo info;
        QCOMPARE(qtext(info.flags()), QString());
        info.hasAvx512 = info.hasAvx512Bf16 = true;
        QCOMPARE(qtext(info.flags()), QString("avx512 avx512_bf16"));
    }
    void measuresItself()
    {
        QVERIFY(residentBytes() > 1u << 20);
        QVERIFY(residentBytes() < physicalMemoryBytes());
        const double before = processCpuSeconds();
        volatile double sink = 0;
        for (int i = 0; i < 3'000'000; ++i) sink = sink + i;
        QVERIFY(processCpuSeconds() > before);
        QVERIFY(wallSeconds() > 1.7e9);
        const double early = monotonicSeconds();
        QVERIFY(monotonicSeconds() >= early);
    }
    void saysWhyThereIsNoGpu()
    {
        const auto count = cudaDeviceCount();
        if (count.ok())
            QVERIFY(*count >= 1);
        else
            VERIFY_ERROR(count, ErrorCode::Unavailable, "Use --device cpu");
    }
    void findsItsOwnFolder() { QVERIFY(std::filesystem::exists(programDir() / "tst_platform")); }
};

QTEST_GUILESS_MAIN(TestPlatform)
#include "tst_platform.moc"
