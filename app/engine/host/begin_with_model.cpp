// SPDX-License-Identifier: Apache-2.0
#include "app/engine/host/begin_with_model.h"

#include "app/engine/host/worker_output.h"
#include "core/store/begun_from.h"

namespace orrery {

Result<std::string> settingsOfModelJson(const std::string &model, const std::function<bool()> &isCancelled)
{
    ORRERY_ASSIGN(const std::string output, workerOutput({"settings", "--model", model}, {isCancelled, {}}));
    return lastObjectOf(output);
}

Result<void> beginWithModel(const RunDirectory &run, const std::string &model, const std::function<bool()> &isCancelled)
{
    Result<void> begun = writeBegunFrom(run.path(), model);
    if (begun) {
        const auto output = workerOutput({"begin", run.path().string(), "--from", model}, {isCancelled, {}});
        if (output) return {};
        begun = output.error();
    }
    (void)run.remove();
    return begun;
}

} // namespace orrery
