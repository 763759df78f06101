// SPDX-License-Identifier: Apache-2.0
// Models in and out: the settings of a model that a training begins with, and a checkpoint as a folder of its own.
#include "app/engine/host/begin_with_model.h"
#include "app/engine/host/counted.h"
#include "app/engine/host/find_model.h"
#include "app/engine/host/host_service.h"
#include "app/engine/host/worker_output.h"

#include <nlohmann/json.hpp>

#include <optional>

namespace orrery {

namespace {

using Json = nlohmann::json;

/// The last whole line of progress in what the worker printed until now.
std::optional<TransferAmount> amountOf(const std::string &output)
{
    const Json line = Json::parse(lastLineOf(output), nullptr, false);
    if (!line.is_object() || line.value("event", "") != "progress") return std::nullopt;
    return TransferAmount{line.value("bytes", uint64_t{0}), line.value("total_bytes", uint64_t{0})};
}

Result<ModelExportSummary> summaryOf(const std::string &output, const std::string &directory)
{
    const Json done = Json::parse(lastObjectOf(output), nullptr, false);
    if (!done.is_object() || done.value("event", "") != "done")
        return Error{ErrorCode::Internal, "Cannot read what the worker exported: it did not say that it is done.",
                     "Please report it with the engine's log."};
    ModelExportSummary summary;
    summary.directory = directory;
    summary.source = done.value("source", "");
    summary.step = done.value("step", int64_t{0});
    summary.numBytes = done.value("bytes", uint64_t{0});
    summary.hasMemory = done.value("memory", false);
    if (const auto architecture = done.find("architecture"); architecture != done.end() && architecture->is_string())
        summary.architecture = *architecture;
    if (const auto plugins = done.find("plugins"); plugins != done.end() && plugins->is_array())
        for (const Json &plugin : *plugins)
            if (plugin.is_string()) summary.plugins.push_back(plugin);
    return summary;
}

} // namespace

Result<std::string> HostService::modelSettings(const std::string &model, const StreamSink &caller)
{
    ORRERY_ASSIGN(const std::string reference, findModel(m_catalogue, model));
    return settingsOfModelJson(reference, [&caller] { return caller.isCancelled(); });
}

Result<ModelExportSummary> HostService::exportModel(const ModelExportRequest &request, ModelExportSink &sink)
{
    ORRERY_ASSIGN(const std::string reference, findModel(m_catalogue, request.model));
    const std::string action = "export \"" + request.model + '"';
    if (request.directory.empty())
        return Error{ErrorCode::InvalidInput, "Cannot " + action + ": its folder is \"\", expected an absolute path.",
                     "Name a free folder on this engine's machine."};
    ORRERY_TRY(requireAbsolute(request.directory, "its folder", action));
    if (request.format != "orrery" && request.format != "hf")
        return Error{ErrorCode::InvalidInput,
                     "Cannot " + action + ": the format is \"" + request.format + "\", expected orrery or hf.",
                     "Use orrery for everything that a model can have, hf for transformers."};
    const Counted counted(m_numTransfers);
    TransferAmount told;
    WorkerOutputWatch watch;
    watch.isCancelled = [&sink] { return sink.isCancelled(); };
    watch.onMoreOutput = [&](const std::string &output) {
        const auto amount = amountOf(output);
        if (!amount || *amount == told) return;
        told = *amount;
        (void)sink.sendAmount(told); // who does not listen any more is seen above
    };
    ORRERY_ASSIGN(const std::string output, workerOutput({"export", "--model", reference, "--out", request.directory,
                                                          "--format", request.format},
                                                         watch));
    return summaryOf(output, request.directory);
}

} // namespace orrery
