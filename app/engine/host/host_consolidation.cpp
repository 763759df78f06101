// SPDX-License-Identifier: Apache-2.0
// A model learns what it remembers: a worker of its own does it, so that the one that answers goes on answering, and to
// cancel is to end a process.
#include "app/engine/host/counted.h"
#include "app/engine/host/find_model.h"
#include "app/engine/host/host_service.h"
#include "app/engine/host/private_folder.h"
#include "app/engine/host/worker_output.h"
#include "core/base/text.h"
#include "core/spec/consolidation_rules.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <limits>
#include <optional>
#include <utility>

namespace orrery {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Error refusal(const std::string &action, const std::string &found, const std::string &expected, const std::string &hint)
{
    return {ErrorCode::InvalidInput, "Cannot " + action + ": " + found + ", expected " + expected + ".", hint};
}

Result<void> checkRequest(const ModelConsolidationRequest &request, const std::string &action)
{
    if (request.directory.empty())
        return refusal(action, "its folder is \"\"", "an absolute path", "Name a free folder on this engine's machine.");
    for (const auto &[what, path] : {std::pair("its folder", &request.directory), {"the memory file", &request.memoryFile}})
        if (!path->empty() && path->front() != '/')
            return refusal(action, std::string(what) + " is \"" + *path + '"', "an absolute path",
                           "Write the whole path, from \"/\" on.");
    ORRERY_TRY(requireAbsolute(request.data, "data", action)); // or "example"
    if (request.isLoaded && !request.memoryFile.empty())
        return refusal(action, "both a memory file and what is loaded are asked for", "one of them", "Leave one of them out.");
    ORRERY_TRY(checkConsolidation(settingsOf(request), request.model));
    // Minutes of work would be for nothing.
    std::error_code failed;
    const fs::path target(request.directory);
    if (!fs::exists(target, failed) || (fs::is_directory(target, failed) && fs::is_empty(target, failed))) return {};
    return Error{ErrorCode::Conflict,
                 "Cannot " + action + " to \"" + request.directory + "\": something is there, expected a free name.",
                 "Choose another directory, or empty this one."};
}

std::vector<std::string> argumentsOf(const ModelConsolidationRequest &request, const std::string &reference,
                                     const std::string &memoryFile)
{
    std::vector<std::string> arguments = {"memory", "consolidate", "--model", reference, "--out", request.directory};
    const auto add = [&arguments](const char *option, const std::string &value) {
        arguments.emplace_back(option);
        arguments.push_back(value);
    };
    if (!memoryFile.empty()) add("--memory", memoryFile);
    if (!request.data.empty()) add("--data", request.data);
    if (request.numSlots > 0) add("--slots", std::to_string(request.numSlots));
    if (request.numPasses > 0) add("--passes", std::to_string(request.numPasses));
    if (request.learningRate > 0) add("--rate", Json(request.learningRate).dump());
    return arguments;
}

/// The last whole line of progress in what the worker printed until now.
std::optional<ConsolidationAmount> amountOf(const std::string &output)
{
    const Json line = Json::parse(lastLineOf(output), nullptr, false);
    if (!line.is_object() || line.value("event", "") != "progress") return std::nullopt;
    return ConsolidationAmount{consolidationPhaseFromName(line.value("phase", "")), line.value("done", int64_t{0}),
                               line.value("total", int64_t{0})};
}

std::vector<std::string> textsOf(const Json &object, const char *key)
{
    std::vector<std::string> texts;
    if (const auto list = object.find(key); list != object.end() && list->is_array())
        for (const Json &text : *list)
            if (text.is_string()) texts.push_back(text);
    return texts;
}

/// A loss that is no number is null in JSON.
double numberOf(const Json &object, const char *key)
{
    const auto found = object.find(key);
    return found != object.end() && found->is_number() ? found->get<double>() : std::numeric_limits<double>::quiet_NaN();
}

Result<ModelConsolidationSummary> summaryOf(const std::string &output, const std::string &directory)
{
    const Json done = Json::parse(lastObjectOf(output), nullptr, false);
    if (!done.is_object() || done.value("event", "") != "done")
        return Error{ErrorCode::Internal, "Cannot read what the model learned: the worker did not say that it is done.",
                     "Please report it with the engine's log."};
    ModelConsolidationSummary summary;
    summary.directory = directory;
    summary.source = done.value("source", "");
    summary.step = done.value("step", int64_t{-1});
    summary.learned = textsOf(done, "learned");
    summary.numTexts = done.value("texts", int64_t{0});
    summary.numSlots = done.value("slots_changed", int64_t{0});
    summary.lossBefore = numberOf(done, "loss_before");
    summary.lossAfter = numberOf(done, "loss_after");
    summary.numProtected = done.value("protected_texts", int64_t{0});
    summary.protectedBefore = numberOf(done, "protected_loss_before");
    summary.protectedAfter = numberOf(done, "protected_loss_after");
    summary.protectedFrom = textsOf(done, "protected_from");
    return summary;
}

} // namespace

Result<ModelConsolidationSummary> HostService::consolidate(const ModelConsolidationRequest &request, ConsolidationSink &sink)
{
    ORRERY_ASSIGN(const std::string reference, findModel(m_catalogue, request.model));
    ORRERY_TRY(checkRequest(request, "consolidate the memory of \"" + sanitizeUtf8(request.model) + '"'));
    const Counted counted(m_numTransfers);
    ORRERY_ASSIGN(const PrivateFolder folder, PrivateFolder::make());
    std::string memoryFile = request.memoryFile;
    ConsolidationAmount told;
    const auto tell = [&](const ConsolidationAmount &amount) {
        if (amount == told) return;
        told = amount;
        (void)sink.sendAmount(told); // who does not listen any more is seen by isCancelled()
    };
    tell({.phase = ConsolidationPhase::Loading});
    if (request.isLoaded) { // from the worker that holds it, which goes on as it was
        memoryFile = folder.file("memory.safetensors").string();
        HostInference loaded(m_catalogue, m_runs, m_models);
        ORRERY_TRY(loaded.editMemory(request.model, {.verb = MemoryVerb::Save, .source = {}, .path = memoryFile}, sink));
    }
    WorkerOutputWatch watch;
    watch.isCancelled = [&sink] { return sink.isCancelled(); };
    watch.onMoreOutput = [&](const std::string &output) {
        if (const auto amount = amountOf(output)) tell(*amount);
    };
    const Result<std::string> output = workerOutput(argumentsOf(request, reference, memoryFile), watch);
    if (!output) {
        // One that had to be killed while it wrote has left what it began beside the place.
        std::error_code ignored;
        if (told.phase == ConsolidationPhase::Writing) fs::remove_all(fs::path(request.directory).string() + ".partial", ignored);
        return output.error();
    }
    return summaryOf(*output, request.directory);
}

} // namespace orrery
