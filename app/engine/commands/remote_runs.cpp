// SPDX-License-Identifier: Apache-2.0
// runs --host: what stands in the stores of another machine, through its host.
#include "app/engine/commands/command_runs.h"
#include "app/engine/commands/remote_host.h"

#include "core/base/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace orrery::cli {

int remoteList(const Session &session, bool isAll, const std::vector<std::string> &tags)
{
    const auto remote = connectToRemote(session);
    if (!remote) return fail(session, remote.error());
    const auto all = remote->client.listRuns();
    if (!all) return fail(session, all.error());
    size_t numListed = 0;
    for (const RunStatus &status : *all) {
        const auto &own = status.labels.tags;
        const bool hasTags = std::all_of(tags.begin(), tags.end(), [&own](const std::string &tag) {
            return std::find(own.begin(), own.end(), tag) != own.end();
        });
        if (!hasTags || (status.labels.isArchived && !isAll)) continue;
        ++numListed;
        if (session.json)
            printJson(statusJson(status));
        else
            std::printf("%s\n", runLine(status).c_str());
    }
    if (session.json || numListed > 0) return kExitOk;
    if (all->empty())
        std::printf("No runs yet on %s.\n", sanitizeUtf8(session.host).c_str());
    else
        std::printf("None of %zu runs. Archived ones are listed with --all.\n", all->size());
    return kExitOk;
}

int remoteShow(const Session &session, const std::string &run)
{
    const auto remote = connectToRemote(session);
    if (!remote) return fail(session, remote.error());
    const auto status = remote->client.status(run);
    if (!status) return fail(session, status.error());
    const auto spec = remote->client.specJson(status->id);
    if (!spec) return fail(session, spec.error());
    const auto checkpoints = remote->client.listCheckpoints(status->id);
    if (!checkpoints) return fail(session, checkpoints.error());
    if (session.json) {
        nlohmann::json object = statusJson(*status);
        object["host"] = session.host;
        object["frozen"] = nlohmann::json::parse(*spec, nullptr, false);
        object["checkpoints"] = nlohmann::json::array();
        for (const CheckpointInfo &info : *checkpoints)
            object["checkpoints"].push_back(
                {{"step", info.step},
                 {"val_loss", std::isfinite(info.valLoss) ? nlohmann::json(info.valLoss) : nlohmann::json(nullptr)},
                 {"best", info.isBest},
                 {"bytes", info.numBytes}});
        printJson(object);
        return kExitOk;
    }
    std::printf("%s\n", runLine(*status).c_str());
    std::printf("on            %s (%s)\n", sanitizeUtf8(session.host).c_str(), remote->host.machine.c_str());
    std::printf("directory     %s\n", status->directory.c_str());
    if (!status->error.empty()) std::printf("error         %s\n", status->error.c_str());
    std::printf("parameters    %s\n", formatCount(static_cast<double>(status->numParameters)).c_str());
    std::printf("trained for   %s\n", formatDuration(status->elapsedSeconds).c_str());
    for (const CheckpointInfo &info : *checkpoints)
        std::printf("checkpoint    step %lld  %s%s\n", static_cast<long long>(info.step), formatBytes(info.numBytes).c_str(),
                    info.isBest ? "  best" : "");
    std::printf("spec\n%s\n", spec->c_str());
    return kExitOk;
}

int remoteDelete(const Session &session, const std::string &run)
{
    const auto remote = connectToRemote(session);
    if (!remote) return fail(session, remote.error());
    const auto status = remote->client.status(run); // so that the undo names its id
    if (!status) return fail(session, status.error());
    if (const auto deleted = remote->client.deleteRun(status->id); !deleted) return fail(session, deleted.error());
    if (session.json)
        printJson({{"event", "done"}, {"run", status->id}, {"deleted", status->directory}, {"forever", false}});
    else
        std::printf("moved to the trash of %s: %s\nundo with: orrery-engine runs restore %s --host %s\n",
                    sanitizeUtf8(session.host).c_str(), status->directory.c_str(), status->id.c_str(), sanitizeUtf8(session.host).c_str());
    return kExitOk;
}

int remoteResume(const Session &session, const std::string &run, int64_t steps)
{
    const auto remote = connectToRemote(session);
    if (!remote) return fail(session, remote.error());
    const auto started = remote->client.startRun(run, steps);
    if (!started) return fail(session, started.error());
    if (session.json) {
        printJson(statusJson(*started));
        return kExitOk;
    }
    const std::string host = sanitizeUtf8(session.host);
    std::printf("%s\ntrains on %s; follow it with: orrery-engine watch %s --host %s\n", runLine(*started).c_str(), host.c_str(),
                started->id.c_str(), host.c_str());
    return kExitOk;
}

int remoteRestore(const Session &session, const std::string &id)
{
    const auto remote = connectToRemote(session);
    if (!remote) return fail(session, remote.error());
    const auto restored = remote->client.restoreRun(id);
    if (!restored) return fail(session, restored.error());
    if (session.json)
        printJson({{"event", "done"}, {"run", restored->id}, {"directory", restored->directory}});
    else
        std::printf("restored %s\n", restored->directory.c_str());
    return kExitOk;
}

} // namespace orrery::cli
