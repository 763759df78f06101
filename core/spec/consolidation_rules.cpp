// SPDX-License-Identifier: Apache-2.0
#include "core/spec/consolidation_rules.h"

#include "core/base/text.h"

namespace orrery {

namespace {

Error refusal(const std::string &model, const std::string &found, const std::string &expected,
              const std::string &hint)
{
    return {ErrorCode::InvalidInput,
            "Cannot consolidate the memory of \"" + sanitizeUtf8(model) + "\": " + found + ", expected " +
                expected + ".",
            hint};
}

} // namespace

Result<void> checkConsolidation(const ConsolidationSettings &settings, const std::string &model)
{
    if (settings.numSlots < 1 || settings.numSlots > kMostConsolidationSlots)
        return refusal(model, "slots is " + std::to_string(settings.numSlots),
                       "1 … " + std::to_string(kMostConsolidationSlots),
                       "Say how many semantic slots may change, or leave it out.");
    if (settings.numPasses < 1 || settings.numPasses > kMostConsolidationPasses)
        return refusal(model, "passes is " + std::to_string(settings.numPasses),
                       "1 … " + std::to_string(kMostConsolidationPasses),
                       "Say how often everything is read, or leave it out.");
    const double rate = settings.learningRate;
    if (rate >= kLeastConsolidationRate && rate <= kMostConsolidationRate) return {}; // NaN is neither
    return refusal(model, "rate is " + formatSignificant(rate, 4),
                   formatSignificant(kLeastConsolidationRate, 1) + " … " +
                       formatSignificant(kMostConsolidationRate, 1),
                   "1 is as usual; leave it out.");
}

ConsolidationSettings settingsOf(const ModelConsolidationRequest &request)
{
    ConsolidationSettings settings;
    if (request.numSlots != 0) settings.numSlots = request.numSlots;
    if (request.numPasses != 0) settings.numPasses = request.numPasses;
    if (request.learningRate != 0) settings.learningRate = request.learningRate;
    return settings;
}

} // namespace orrery
