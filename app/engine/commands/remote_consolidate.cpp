// SPDX-License-Identifier: Apache-2.0
// memory consolidate --host: a worker of that machine makes the new model there. Ctrl-C ends this program, and the host ends
// what nobody waits for any more: nothing half done stays.
#include "app/engine/commands/command_runs.h"
#include "app/engine/commands/remote_host.h"

#include "app/worker/consolidation_output.h"
#include "app/worker/option_checks.h"
#include "core/base/text.h"
#include "core/spec/consolidation_rules.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <unistd.h>

namespace orrery::cli {

int remoteConsolidate(const Session &session, const std::string &model, const std::vector<std::string> &passed)
{
    ModelConsolidationRequest request;
    request.model = model;
    ConsolidationSettings asked; // a 0 that is given is a mistake; in the request it means as usual
    CLI::App parser;
    parser.add_option("--memory", request.memoryFile)
        ->check(worker::namedFile("leave --memory out for what is saved with the model"));
    parser.add_option("--out", request.directory);
    parser.add_option("--data", request.data);
    const auto *slots = parser.add_option("--slots", asked.numSlots);
    const auto *passes = parser.add_option("--passes", asked.numPasses);
    const auto *rate = parser.add_option("--rate", asked.learningRate);
    if (const auto read = parseThere(parser, passed); !read) return fail(session, read.error());
    if (const auto isFine = checkConsolidation(asked, model); !isFine) return fail(session, isFine.error());
    if (slots->count() > 0) request.numSlots = asked.numSlots;
    if (passes->count() > 0) request.numPasses = asked.numPasses;
    if (rate->count() > 0) request.learningRate = asked.learningRate;
    for (const std::string *path : {&request.memoryFile, &request.directory})
        if (const auto isFine = checkMemoryThere(session, model, "consolidate", *path); !isFine) return fail(session, isFine.error());
    const auto remote = connectToRemote(session);
    if (!remote) return fail(session, remote.error());
    const bool isTerminal = !session.json && isatty(STDERR_FILENO) == 1;
    const auto done = remote->client.consolidate(request, [&](const ConsolidationAmount &amount) {
        if (session.json) {
            printJson(nlohmann::json::parse(worker::consolidationJson(amount).dump()));
            std::fflush(stdout); // whoever reads it wants to know now
        } else if (isTerminal) {
            std::fprintf(stderr, "\r\033[K%s", worker::consolidationLine(amount).c_str());
        }
    });
    if (isTerminal) std::fputs("\r\033[K", stderr);
    if (!done) return fail(session, done.error());
    if (session.json) {
        auto json = nlohmann::json::parse(worker::consolidationJson(*done).dump());
        json["host"] = session.host;
        printJson(json);
        return kExitOk;
    }
    for (const std::string &line : worker::consolidationLines(*done)) std::printf("%s\n", line.c_str());
    std::printf("the new model is on %s\n", sanitizeUtf8(session.host).c_str());
    return kExitOk;
}

} // namespace orrery::cli
