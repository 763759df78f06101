// SPDX-License-Identifier: Apache-2.0
// doctor: everything a run needs, checked one by one, with the next step for what is missing.
#include "app/engine/commands/command.h"
#include "app/engine/commands/remote_host.h"
#include "app/engine/host/worker_process.h"

#include "core/base/files.h"
#include "core/base/platform.h"
#include "core/base/program_build.h"
#include "core/base/text.h"
#include "core/data/example.h"
#ifdef ORRERY_HAS_RPC
#include "core/rpc/host_connection.h"
#endif

#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>

namespace orrery::cli {

namespace {

enum class CheckState { Good, Note, Bad };

struct Check {
    std::string name;
    CheckState state = CheckState::Good;
    std::string text;
    std::string hint;
};

Check fromError(std::string name, const Error &error, CheckState state)
{
    return {std::move(name), state, error.message, error.hint};
}

Check checkHome()
{
    const auto home = userDataDir();
    std::error_code failed;
    std::filesystem::create_directories(home, failed);
    if (auto written = writeFileAtomically(home / ".doctor", "ok\n"); !written)
        return fromError("runs folder", written.error(), CheckState::Bad);
    std::filesystem::remove(home / ".doctor", failed);
    auto free = freeBytes(home);
    if (!free) return fromError("runs folder", free.error(), CheckState::Bad);
    const bool isTight = *free < (2ull << 30);
    return {"runs folder", isTight ? CheckState::Note : CheckState::Good, home.string() + ", " + formatBytes(*free) + " free",
            isTight ? "Checkpoints need room: free some space or use --out on another disk." : ""};
}

/// As one word of a shell, whatever is in it: an installation may stand anywhere.
std::string forShell(const std::string &text)
{
    std::string quoted = "'";
    for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

Check checkWorker()
{
    auto path = findWorkerProgram();
    if (!path) return fromError("worker", path.error(), CheckState::Bad);
    const std::string command = forShell(path->string()) + " info --json 2>&1";
    std::string output;
    if (FILE *pipe = popen(command.c_str(), "r")) {
        char buffer[1024];
        while (size_t count = fread(buffer, 1, sizeof buffer, pipe)) output.append(buffer, count);
        if (pclose(pipe) != 0)
            return {"worker", CheckState::Bad, path->string() + " does not start: " + output.substr(0, 300), "Install Orrery again, or in a checkout build it again with ./run --build."};
    }
    const auto info = nlohmann::json::parse(output, nullptr, false);
    if (info.is_discarded()) return {"worker", CheckState::Bad, "unreadable answer: " + output.substr(0, 200), "Install Orrery again, or in a checkout build it again with ./run --build."};
    return {"worker", CheckState::Good, path->string() + ", LibTorch " + info.value("torch", std::string("?")), ""};
}

Check checkProgram() { return {"program", CheckState::Good, "orrery-engine " ORRERY_VERSION, ""}; }

Check checkProcessor()
{
    const CpuInfo &cpu = cpuInfo();
    return {"processor", CheckState::Good, cpu.model + ", " + std::to_string(cpu.numLogical) + " threads, " + cpu.flags(), ""};
}

Check checkMemory()
{
    const uint64_t memory = physicalMemoryBytes();
    return {"memory", memory < (2ull << 30) ? CheckState::Note : CheckState::Good, formatBytes(memory), ""};
}

Check checkSockets()
{
    auto runtime = runtimeDir();
    if (!runtime) return fromError("sockets", runtime.error(), CheckState::Bad);
    return {"sockets", CheckState::Good, runtime->string(), ""};
}

Check checkCuda()
{
    auto devices = cudaDeviceCount();
    if (!devices) return fromError("cuda", devices.error(), CheckState::Note);
    return {"cuda", CheckState::Good, std::to_string(*devices) + " device(s)", ""};
}

Check checkHost()
{
#ifdef ORRERY_HAS_RPC
    auto host = connectToHost();
    if (!host) return {"host", CheckState::Note, "not running", "A window starts one by itself; by hand: orrery-engine host"};
    const auto description = host->host();
    const std::string difference = description ? hostDifference(*description, programPath()) : description.error().text();
    return {"host", difference.empty() ? CheckState::Good : CheckState::Note, "running at " + host->socketPath(), difference};
#else
    return {"host", CheckState::Note, "built without gRPC", "Watching and the window need a build with ORRERY_RPC=ON."};
#endif
}

Check checkDisplay()
{
    const bool hasDisplay = std::getenv("DISPLAY") || std::getenv("WAYLAND_DISPLAY");
    return {"display", hasDisplay ? CheckState::Good : CheckState::Note, hasDisplay ? "found" : "none",
            hasDisplay ? "" : "The window needs one; training and everything else work in the terminal."};
}

constexpr Check (*kChecks[])() = {checkProgram, checkProcessor, checkMemory, checkHome, checkSockets,
                                  checkWorker,  checkCuda,      checkHost,   checkDisplay};

/// Paths may have any bytes.
std::string jsonLine(const nlohmann::json &value)
{
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

/// @param isEach with --json: a line for each check as soon as it is made, with how many there are
int doctor(const Session &session, bool isEach)
{
    bool isHealthy = true;
    static constexpr const char *kNames[] = {"good", "note", "bad"};
    nlohmann::json list = nlohmann::json::array();
    for (const auto &make : kChecks) {
        const Check check = make();
        const char *state = kNames[static_cast<int>(check.state)];
        isHealthy = isHealthy && check.state != CheckState::Bad;
        nlohmann::json line{{"check", check.name}, {"state", state}, {"text", check.text}, {"hint", check.hint}};
        if (session.json && isEach) {
            line["of"] = std::size(kChecks);
            std::fputs(jsonLine(line).c_str(), stdout);
            std::fflush(stdout);
        } else if (session.json) {
            list.push_back(std::move(line));
        } else {
            std::printf("%-4s  %-12s %s\n", state, check.name.c_str(), check.text.c_str());
            if (!check.hint.empty()) std::printf("      %-12s %s\n", "", check.hint.c_str());
        }
    }
    if (session.json && !isEach) std::fputs(jsonLine({{"healthy", isHealthy}, {"checks", list}}).c_str(), stdout);
    return isHealthy ? kExitOk : kExitFailed;
}

} // namespace

void addDoctor(CLI::App &app, Session &session)
{
    static bool isEach = false;
    auto *command = app.add_subcommand("doctor", "Check that this machine has all that Orrery needs");
    command->add_flag("--each", isEach, "With --json: a line for each check as soon as it is made");
    finishHere(command, session, "It looks at the machine that it runs on: run it there. connections test NAME looks at the link.", [&session] { return doctor(session, isEach); });
}

} // namespace orrery::cli
