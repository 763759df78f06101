// SPDX-License-Identifier: Apache-2.0
// runs import, runs export and data describe with --host: files of that machine, read and written there. Ctrl-C ends
// this program, and the host ends what nobody waits for any more: nothing half done stays.
#include "app/engine/commands/command_runs.h"
#include "app/engine/commands/remote_host.h"

#include "core/base/text.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <unistd.h>

namespace orrery::cli {

int remoteImport(const Session &session, const std::string &directory)
{
    const auto remote = connectToRemote(session);
    if (!remote) return fail(session, remote.error());
    const bool isShown = !session.json && isatty(STDERR_FILENO) == 1;
    const auto imported = remote->client.importRuns(directory, {}, [isShown](const TransferAmount &amount) {
        if (isShown && amount.numTotal > 0)
            std::fprintf(stderr, "\r\033[K%3.0f %%  %s of %s", 100.0 * static_cast<double>(amount.numDone) / static_cast<double>(amount.numTotal),
                         formatBytes(amount.numDone).c_str(), formatBytes(amount.numTotal).c_str());
    });
    if (isShown) std::fputs("\r\033[K", stderr);
    if (!imported) return fail(session, imported.error());
    if (session.json) {
        nlohmann::json json = {{"event", "done"}, {"points", imported->numPoints}, {"skipped", imported->numSkipped}, {"notes", imported->notes}};
        json["runs"] = nlohmann::json::array();
        for (const RunStatus &run : imported->runs)
            json["runs"].push_back({{"run", run.id}, {"name", run.name}, {"step", run.step}, {"directory", run.directory}});
        printJson(json);
        return kExitOk;
    }
    for (const RunStatus &run : imported->runs) std::printf("%s\n", runLine(run).c_str());
    std::printf("%zu runs, %llu points, %llu broken records skipped, on %s\n", imported->runs.size(),
                static_cast<unsigned long long>(imported->numPoints), static_cast<unsigned long long>(imported->numSkipped),
                sanitizeUtf8(session.host).c_str());
    for (const std::string &note : imported->notes) std::printf("%s\n", sanitizeUtf8(note).c_str());
    return kExitOk;
}

int remoteExportEvents(const Session &session, const std::string &run, const std::string &directory)
{
    const auto remote = connectToRemote(session);
    if (!remote) return fail(session, remote.error());
    if (const auto written = remote->client.exportRun(run, directory); !written) return fail(session, written.error());
    if (session.json)
        printJson({{"event", "done"}, {"run", run}, {"directory", directory}, {"host", session.host}});
    else
        std::printf("wrote the curves of %s to %s on %s\n", sanitizeUtf8(run).c_str(), sanitizeUtf8(directory).c_str(),
                    sanitizeUtf8(session.host).c_str());
    return kExitOk;
}

int remoteExportModel(const Session &session, const ModelExportRequest &request)
{
    const auto remote = connectToRemote(session);
    if (!remote) return fail(session, remote.error());
    const bool isTerminal = isatty(STDERR_FILENO) == 1;
    const auto onAmount = [&](const TransferAmount &amount) {
        if (session.json)
            printJson({{"event", "progress"}, {"bytes", amount.numDone}, {"total_bytes", amount.numTotal}});
        else if (isTerminal)
            std::fprintf(stderr, "\r\033[Kexporting %s of %s", formatBytes(amount.numDone).c_str(),
                         formatBytes(amount.numTotal).c_str());
    };
    const auto done = remote->client.exportModel(request, onAmount);
    if (isTerminal && !session.json) std::fputs("\r\033[K", stderr);
    if (!done) return fail(session, done.error());
    if (session.json)
        printJson({{"event", "done"},
                   {"model", done->directory},
                   {"source", done->source},
                   {"step", done->step},
                   {"bytes", done->numBytes},
                   {"memory", done->hasMemory},
                   {"plugins", done->plugins},
                   {"architecture", done->architecture.empty() ? nlohmann::json() : nlohmann::json(done->architecture)},
                   {"host", session.host}});
    else
        std::printf("exported %s to %s on %s: %s%s\n", sanitizeUtf8(done->source).c_str(),
                    sanitizeUtf8(done->directory).c_str(), sanitizeUtf8(session.host).c_str(),
                    formatBytes(done->numBytes).c_str(), done->hasMemory ? ", its memory too" : "");
    return kExitOk;
}

int remoteDescribe(const Session &session, const DataRequest &request)
{
    const auto remote = connectToRemote(session);
    if (!remote) return fail(session, remote.error());
    const auto described = remote->client.describeData(request);
    if (!described) return fail(session, described.error());
    const auto json = nlohmann::ordered_json::parse(*described, nullptr, false);
    std::printf("%s\n", json.is_discarded() ? sanitizeUtf8(*described).c_str() : json.dump(session.json ? -1 : 2).c_str());
    return kExitOk;
}

} // namespace orrery::cli
