// SPDX-License-Identifier: Apache-2.0
#include "core/infer/model_loader.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

namespace orrery {

Result<ModelReference> parseModelReference(const std::string &text)
{
    const auto bad = [&](const std::string &found, const std::string &expected, const std::string &hint) {
        return Error{ErrorCode::InvalidInput,
                     "Cannot read model \"" + text + "\": " + found + ", expected " + expected + ".", hint};
    };
    if (text.empty())
        return bad("the name is empty", "a run or a model directory",
                   "Give RUN, RUN@step or a model directory.");

    std::error_code ignored;
    const size_t at = text.rfind('@');
    const size_t slash = text.rfind('/');
    const bool hasStep = at != std::string::npos && (slash == std::string::npos || slash < at);
    if (!hasStep || std::filesystem::exists(text, ignored)) return ModelReference{text};

    ModelReference reference{text.substr(0, at)};
    const std::string step = text.substr(at + 1);
    if (reference.path.empty())
        return bad("nothing stands before the @", "a run or a model directory", "Write RUN@" + step + ".");
    if (step == "latest") return reference;
    if (step == "best") {
        reference.isBest = true;
        return reference;
    }
    if (step == "live")
        return bad("the step is \"live\"", "a saved step, latest or best",
                   "Models are served from saved steps: write @latest, or save one first with control RUN "
                   "checkpoint.");
    const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), reference.step);
    if (step.empty() || error != std::errc{} || end != step.data() + step.size() || reference.step < 0)
        return bad("the step is \"" + step + "\"", "a number from 0, latest or best",
                   "List the steps with runs show RUN.");
    return reference;
}

} // namespace orrery
