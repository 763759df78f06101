// SPDX-License-Identifier: Apache-2.0
#include "app/engine/commands/train_from.h"

#include "app/engine/host/worker_process.h"

#include "core/base/files.h"
#include "core/store/begun_from.h"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <unistd.h>

namespace orrery::cli {

namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxOutputBytes = 16u << 20;

/// What a worker printed, to its end. @error what it said
Result<std::string> outputOf(std::vector<std::string> arguments)
{
    // A folder of ours alone: in one that anybody writes to, a file of a name that can be guessed may be
    // there.
    std::error_code ignored;
    std::string folder = (fs::temp_directory_path(ignored) / "orrery-from-XXXXXX").string();
    if (!::mkdtemp(folder.data())) return ioError("make", folder, errno);
    const fs::path file = fs::path(folder) / "output";
    arguments.emplace_back("--json");
    const auto read = [&]() -> Result<std::string> {
        ORRERY_ASSIGN(WorkerProcess worker, WorkerProcess::spawn({std::move(arguments), 0}, file));
        std::optional<int> exit;
        while (!exit) exit = worker.wait(std::chrono::hours(1));
        if (*exit != 0) return lastWorkerError(file, *exit);
        return readFile(file, kMaxOutputBytes);
    };
    auto output = read();
    fs::remove_all(folder, ignored);
    return output;
}

/// Notes may stand before it.
std::string lastObject(const std::string &output)
{
    const size_t line = output.rfind("\n{");
    return line == std::string::npos ? output : output.substr(line + 1);
}

} // namespace

Result<void> setModelSettings(SpecBuilder &builder, const std::string &model)
{
    ORRERY_ASSIGN(const std::string output, outputOf({"settings", "--model", model}));
    return builder.setJson(lastObject(output));
}

namespace {

Result<void> markBegun(const RunDirectory &run, const std::string &model)
{
    auto marked = writeBegunFrom(run.path(), model);
    if (!marked) (void)run.remove();
    return marked;
}

} // namespace

Result<void> beginWithModel(const RunDirectory &run, const std::string &model)
{
    ORRERY_TRY(markBegun(run, model));
    const auto begun = outputOf({"begin", run.path().string(), "--from", model});
    if (begun.ok()) return {};
    (void)run.remove();
    return begun.error();
}

} // namespace orrery::cli
