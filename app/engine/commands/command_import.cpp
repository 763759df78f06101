// SPDX-License-Identifier: Apache-2.0
// runs import, and runs export --tfevents.
#include "app/engine/commands/command_runs.h"
#include "app/engine/commands/remote_host.h"

#include "core/base/text.h"
#include "core/store/tfevents.h"

#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdio>
#include <unistd.h>

namespace orrery::cli {

namespace {

volatile std::sig_atomic_t g_isInterrupted = 0;

/// Ctrl-C ends the work in order: nothing half done stays.
void listenToInterrupts()
{
    struct sigaction action {};
    action.sa_handler = [](int) { g_isInterrupted = 1; };
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

bool isProgressShown(const Session &session) { return !session.json && ::isatty(STDERR_FILENO); }

TransferWatch watchOf(const Session &session)
{
    return [isShown = isProgressShown(session)](const TransferProgress &progress) {
        if (isShown && progress.numBytes > 0)
            std::fprintf(stderr, "\r%3.0f %%  %s points  %.40s\033[K",
                         100.0 * static_cast<double>(progress.numBytesRead) /
                             static_cast<double>(progress.numBytes),
                         formatCount(static_cast<double>(progress.numPoints)).c_str(), progress.what.c_str());
        return g_isInterrupted == 0;
    };
}

void printImported(const ImportedLog &imported)
{
    for (const RunStatus &run : imported.runs) std::printf("%s\n", runLine(run).c_str());
    std::printf("%zu runs, %llu points, %llu broken records skipped\n", imported.runs.size(),
                static_cast<unsigned long long>(imported.numPoints),
                static_cast<unsigned long long>(imported.numSkipped));
    for (const auto &[kind, number] : imported.numNotImported)
        std::printf("not imported: %llu %s\n", static_cast<unsigned long long>(number), kind.c_str());
    for (const std::string &note : imported.notes) std::printf("%s\n", note.c_str());
}

int import(const Session &session, const std::string &directory)
{
    listenToInterrupts();
    const auto imported = importTfevents(session.catalogue, session.catalogue.runsDirectory().parent_path(),
                                         directory, watchOf(session));
    if (isProgressShown(session)) std::fprintf(stderr, "\r\033[K");
    if (!imported) return fail(session, imported.error());
    if (!session.json) {
        printImported(*imported);
        return kExitOk;
    }
    nlohmann::json json = {{"event", "done"},
                           {"points", imported->numPoints},
                           {"skipped", imported->numSkipped},
                           {"not_imported", imported->numNotImported},
                           {"notes", imported->notes}};
    json["runs"] = nlohmann::json::array();
    for (const RunStatus &run : imported->runs)
        json["runs"].push_back(
            {{"run", run.id}, {"name", run.name}, {"step", run.step}, {"directory", run.directory}});
    printJson(json);
    return kExitOk;
}

} // namespace

int exportEvents(const Session &session, const std::string &name, const std::string &directory)
{
    const auto run = findRun(session, name);
    if (!run) return fail(session, run.error());
    listenToInterrupts();
    const auto numPoints = exportTfevents(*run, directory, watchOf(session));
    if (!numPoints) return fail(session, numPoints.error());
    if (session.json)
        printJson(
            {{"event", "done"}, {"run", run->frozen().id}, {"points", *numPoints}, {"directory", directory}});
    else
        std::printf("wrote %llu points to %s\n", static_cast<unsigned long long>(*numPoints),
                    directory.c_str());
    return kExitOk;
}

void addRunsImport(CLI::App &runs, Session &session)
{
    static std::string directory;
    auto *command = runs.add_subcommand("import", "Take over the curves of another program");
    command
        ->add_option("--tfevents", directory,
                     "Log directory of TensorBoard; each folder with events becomes a run (with --host a path there)")
        ->required();
    addHostOption(command, session);
    finish(command, session, [&session] {
#ifdef ORRERY_HAS_RPC
        if (!session.host.empty()) return remoteImport(session, directory);
#endif
        return import(session, directory);
    });
}

} // namespace orrery::cli
