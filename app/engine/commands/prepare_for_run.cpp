// SPDX-License-Identifier: Apache-2.0
#include "app/engine/commands/prepare_for_run.h"

#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/data/data_paths.h"
#include "core/data/prepare_tokenizer.h"
#include "core/spec/replay_plan.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <vector>

namespace orrery::cli {

ProgressFn progressLine(const char *verb, std::string (*format)(uint64_t))
{
    if (!isatty(STDERR_FILENO)) return {};
    return [verb, format, last = 0.0](uint64_t done, uint64_t total) mutable {
        const double now = monotonicSeconds();
        if (now - last < 0.1 && done != total) return;
        last = now;
        std::fprintf(stderr, "\r\033[K%s %s of %s", verb, format(done).c_str(), format(total).c_str());
        if (done == total) std::fprintf(stderr, "\r\033[K");
    };
}

std::atomic<bool> &interrupted()
{
    static std::atomic<bool> flag{false};
    return flag;
}

void catchInterrupt()
{
    (void)interrupted(); // made here, not in the handler
    std::signal(SIGINT, [](int) { interrupted() = true; });
}

Result<void> prepareForRun(const RunSpec &spec, bool isQuiet)
{
    struct Catching {
        Catching() { catchInterrupt(); }
        ~Catching() { std::signal(SIGINT, SIG_DFL); } // what comes next has no use for the flag
    } catching;
    const std::filesystem::path cache = userCacheDir() / "shards";
    const ProgressFn progress = isQuiet ? ProgressFn() : progressLine("reading", formatBytes);
    if (spec.model.attention.numModalities > 1) {
        ORRERY_TRY(openDocuments(spec, cache, progress, &interrupted()));
        return {};
    }
    const auto seed = static_cast<uint64_t>(spec.seed);
    // One that is made of the first text serves all of them.
    ORRERY_ASSIGN(const DataSpec data, withTrainedTokenizer({.data = spec.data,
                                                             .context = spec.model.context,
                                                             .seed = seed,
                                                             .cacheDirectory = cache,
                                                             .progress = progress,
                                                             .cancel = &interrupted()}));
    std::vector<std::string> paths = {spec.data.path};
    paths.insert(paths.end(), spec.continual.stages.begin(), spec.continual.stages.end());
    std::vector<uint64_t> numTrainTokens;
    for (const std::string &path : paths) {
        DataSpec one = data;
        one.path = path;
        ORRERY_ASSIGN(const TokenShards shards,
                      prepareData(one, spec.model.context, seed, cache, progress, &interrupted()));
        ORRERY_TRY(checkCarriesLoss(path, shards));
        numTrainTokens.push_back(shards.numTokens(Split::Train));
    }
    return checkReplayBuffers(spec, numTrainTokens);
}

} // namespace orrery::cli
