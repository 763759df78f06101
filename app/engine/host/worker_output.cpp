// SPDX-License-Identifier: Apache-2.0
#include "app/engine/host/worker_output.h"

#include "app/engine/host/private_folder.h"
#include "app/engine/host/worker_process.h"
#include "core/base/files.h"

#include <chrono>
#include <csignal>
#include <filesystem>

namespace orrery {

namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxOutputBytes = 16u << 20;
constexpr auto kPoll = std::chrono::milliseconds(100);
constexpr auto kLastWait = std::chrono::seconds(5); ///< for a worker that was asked to end

Error cancelled() { return {ErrorCode::Cancelled, "Cannot finish: it was cancelled.", ""}; }

} // namespace

Result<std::string> workerOutput(std::vector<std::string> arguments, const WorkerOutputWatch &watch)
{
    ORRERY_ASSIGN(const PrivateFolder folder, PrivateFolder::make());
    const fs::path file = folder.file("output");
    arguments.emplace_back("--json");
    ORRERY_ASSIGN(WorkerProcess worker, WorkerProcess::spawn({std::move(arguments), 0}, file));
    std::optional<int> exit;
    while (!(exit = worker.wait(kPoll))) {
        if (watch.isCancelled && watch.isCancelled()) {
            worker.signal(SIGTERM);
            if (!worker.wait(kLastWait)) {
                worker.signal(SIGKILL);
                (void)worker.wait(kLastWait);
            }
            return cancelled();
        }
        if (!watch.onMoreOutput) continue;
        if (const auto output = readFile(file, kMaxOutputBytes)) watch.onMoreOutput(*output);
    }
    if (*exit != 0) return lastWorkerError(file, *exit);
    return readFile(file, kMaxOutputBytes);
}

std::string lastObjectOf(const std::string &output)
{
    const size_t line = output.rfind("\n{");
    return line == std::string::npos ? output : output.substr(line + 1);
}

std::string_view lastLineOf(std::string_view output)
{
    const size_t end = output.rfind('\n');
    if (end == std::string_view::npos) return {};
    output = output.substr(0, end);
    return output.substr(output.rfind('\n') + 1); // npos + 1 is 0
}

} // namespace orrery
