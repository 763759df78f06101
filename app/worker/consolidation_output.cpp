// SPDX-License-Identifier: Apache-2.0
#include "app/worker/consolidation_output.h"

#include "core/base/terminal_text.h"
#include "core/base/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace orrery::worker {

namespace {

using Json = nlohmann::ordered_json;

/// "a, b and 3 more". Sources are of a memory file: no escape sequence in one reaches a terminal.
std::string shownNames(const std::vector<std::string> &names)
{
    constexpr size_t kMostShown = 8;
    const size_t numShown = std::min(names.size(), kMostShown);
    const std::vector<std::string> shown(names.begin(), names.begin() + static_cast<int64_t>(numShown));
    return terminalText(joinText(shown, ", ")) +
           (names.size() > numShown ? " and " + std::to_string(names.size() - numShown) + " more" : "");
}

Json cleanList(const std::vector<std::string> &texts)
{
    Json list = Json::array();
    for (const std::string &text : texts) list.push_back(sanitizeUtf8(text));
    return list;
}

std::string beforeAndAfter(double before, double after)
{
    return "was " + formatSignificant(before, 4) + " and is " + formatSignificant(after, 4);
}

} // namespace

std::string consolidationLine(const ConsolidationAmount &amount)
{
    const std::string ofAll = " of " + std::to_string(amount.numTotal);
    switch (amount.phase) {
    case ConsolidationPhase::Loading:
        return "loading the model and its memory";
    case ConsolidationPhase::Reading:
        return "reading texts of all kinds" +
               (amount.numTotal > 1 ? ", source " + std::to_string(amount.numDone + 1) + ofAll : std::string());
    case ConsolidationPhase::Comparing:
        return "looking at what they need, text " + std::to_string(std::min(amount.numDone + 1, amount.numTotal)) + ofAll;
    case ConsolidationPhase::Learning:
        return "learning, pass " + std::to_string(std::min(amount.numDone + 1, amount.numTotal)) + ofAll;
    case ConsolidationPhase::Writing:
        return "writing the new model";
    case ConsolidationPhase::Unknown:
        break;
    }
    return "consolidating";
}

Json consolidationJson(const ConsolidationAmount &amount)
{
    Json json = {{"event", "progress"}, {"phase", consolidationPhaseName(amount.phase)}};
    if (amount.numTotal > 0) {
        json["done"] = amount.numDone;
        json["total"] = amount.numTotal;
    }
    return json;
}

std::vector<std::string> consolidationLines(const ModelConsolidationSummary &summary)
{
    std::vector<std::string> lines = {std::to_string(summary.numTexts) + " remembered texts read again, " +
                                      std::to_string(summary.numSlots) + " semantic slots changed; their loss " +
                                      beforeAndAfter(summary.lossBefore, summary.lossAfter) + " in " +
                                      sanitizeUtf8(summary.directory)};
    if (summary.numProtected > 0)
        lines.push_back(std::to_string(summary.numProtected) + " texts of " + shownNames(summary.protectedFrom) +
                        " read beside them, so that what these need stays; loss over some of them " +
                        beforeAndAfter(summary.protectedBefore, summary.protectedAfter));
    lines.push_back("learned from " + shownNames(summary.learned) +
                    "; config.json of the model lists them, and no memory wipe takes them out of its weights");
    return lines;
}

Json consolidationJson(const ModelConsolidationSummary &summary)
{
    return {{"event", "done"},
            {"model", sanitizeUtf8(summary.directory)},
            {"source", sanitizeUtf8(summary.source)},
            {"step", summary.step},
            {"texts", summary.numTexts},
            {"learned", cleanList(summary.learned)},
            {"slots_changed", summary.numSlots},
            {"loss_before", summary.lossBefore},
            {"loss_after", summary.lossAfter},
            {"protected_texts", summary.numProtected},
            {"protected_from", cleanList(summary.protectedFrom)},
            {"protected_loss_before", summary.protectedBefore},
            {"protected_loss_after", summary.protectedAfter}};
}

} // namespace orrery::worker
