// SPDX-License-Identifier: Apache-2.0
#include "app/engine/commands/command.h"

#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/data/describe.h"
#include "core/data/example.h"
#include "core/data/token_shards.h"

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <csignal>
#include <cstdio>

namespace orrery::cli {

namespace {

std::atomic<bool> g_cancelled{false};

struct DataArguments {
    DataSpec data;
    int64_t context = 128;
    uint64_t seed = 1337;
};

/// A line that is redrawn on a terminal and absent elsewhere.
ProgressFn progressLine()
{
    if (!isatty(STDERR_FILENO)) return {};
    return [last = 0.0](uint64_t done, uint64_t total) mutable {
        const double now = monotonicSeconds();
        if (now - last < 0.1 && done != total) return;
        last = now;
        std::fprintf(stderr, "\r\033[Kreading %s of %s", formatBytes(done).c_str(), formatBytes(total).c_str());
        if (done == total) std::fprintf(stderr, "\r\033[K");
    };
}

int prepare(const Session &session, const DataArguments &arguments, bool describe)
{
    std::signal(SIGINT, [](int) { g_cancelled = true; });
    DataSpec data = arguments.data;
    if (data.path == "example") {
        auto example = makeExampleData(userDataDir(), orrerySourcesAbove(programDir()));
        if (!example) return fail(session, example.error());
        data.path = example->string();
    }
    auto shards = prepareData(data, arguments.context, arguments.seed, userCacheDir() / "shards", progressLine(), &g_cancelled);
    if (!shards) return fail(session, shards.error());
    const CorpusDescription &description = shards->description();
    if (session.json) {
        auto object = nlohmann::json::parse(describeDataJson(description));
        if (!describe) object["shards"] = shards->folder().string();
        std::printf("%s\n", object.dump().c_str());
    } else {
        std::printf("%s", describeDataText(description).c_str());
        if (!describe) std::printf("shards        %s\n", shards->folder().c_str());
    }
    return kExitOk;
}

void addOptions(CLI::App *command, DataArguments &arguments)
{
    command->add_option("path", arguments.data.path, "File or folder, or \"example\"")->required();
    command->add_option("--val-fraction", arguments.data.valFraction, "Share kept for validation")->capture_default_str();
    command->add_option("--context", arguments.context, "Context length in tokens that the split allows for")
        ->capture_default_str();
    command->add_option("--seed", arguments.seed, "Seed of the split")->capture_default_str();
    command->add_option("--special-tokens", arguments.data.specialTokens, "default or none")->capture_default_str();
}

} // namespace

void addData(CLI::App &app, Session &session)
{
    auto *command = app.add_subcommand("data", "Look at data and prepare it for training");
    command->require_subcommand(1);
    static DataArguments arguments;
    auto *describeCommand = command->add_subcommand("describe", "Format, documents, tokens, splits and what was skipped");
    addOptions(describeCommand, arguments);
    finish(describeCommand, session, [&session] { return prepare(session, arguments, true); });
    auto *prepareCommand = command->add_subcommand("prepare", "Tokenize now, so that training starts at once");
    addOptions(prepareCommand, arguments);
    finish(prepareCommand, session, [&session] { return prepare(session, arguments, false); });
}

} // namespace orrery::cli
