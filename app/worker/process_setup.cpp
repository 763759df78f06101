// SPDX-License-Identifier: Apache-2.0
#include "app/worker/process_setup.h"

#include "app/worker/display_text.h"
#include "core/base/exit_code.h"
#include "core/base/log.h"
#include "core/base/platform.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/version.h>

#include <csignal>
#include <cstdio>
#include <unistd.h>

namespace orrery::worker {

std::string programText() { return "orrery-worker " ORRERY_VERSION " (LibTorch " TORCH_VERSION ")"; }

void prepareTensorThread(int64_t threads)
{
    at::set_num_threads(threads > 0 ? static_cast<int>(threads) : cpuInfo().numLogical);
    at::globalContext().setFlushDenormal(true);
    static bool isInteropSet = false;
    if (!isInteropSet) at::set_num_interop_threads(1);
    isInteropSet = true;
}

int numTensorThreads() { return at::get_num_threads(); }

void prepareProcess() { std::signal(SIGPIPE, SIG_IGN); }

void printLine(const std::string &line)
{
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fputc('\n', stdout);
    std::fflush(stdout);
}

int reportError(const Error &error, OutputForm form)
{
    if (form == OutputForm::Json) {
        printLine(errorLine(error));
    } else {
        std::fprintf(stderr, "orrery-worker: %s\n", error.text().c_str());
    }
    return exitCodeFor(error.code);
}

void endProcess(int exitCode)
{
    flushLog();
    std::fflush(stdout);
    std::fflush(stderr);
    _exit(exitCode);
}

} // namespace orrery::worker
