// SPDX-License-Identifier: Apache-2.0
#include "app/worker/memory_look.h"

#include "app/worker/memory_words.h"
#include "core/base/files.h"

#include <algorithm>

namespace orrery::worker {

namespace {

Result<void> checkPlaces(const std::string &what, const std::vector<int64_t> &places, int64_t count)
{
    for (const int64_t place : places)
        if (place < 0 || place >= count)
            return Error{ErrorCode::InvalidInput,
                         "Cannot look inside: " + what + ' ' + std::to_string(place) +
                             " does not exist, expected 0 to " + std::to_string(count - 1) + ".",
                         "Layers and heads count from 0."};
    return {};
}

bool isAmong(const std::vector<int64_t> &chosen, int64_t place)
{
    return chosen.empty() || std::find(chosen.begin(), chosen.end(), place) != chosen.end();
}

} // namespace

Result<std::vector<MemoryEdit>> memoryEditsFromTexts(const std::vector<std::string> &texts)
{
    std::vector<MemoryEdit> edits;
    for (const std::string &text : texts) {
        ORRERY_ASSIGN(const MemoryEdit edit, memoryEditFromText(text));
        edits.push_back(edit);
    }
    return edits;
}

Result<void> chooseReads(InspectReport &report, const std::vector<int64_t> &layers, const std::vector<int64_t> &heads)
{
    ORRERY_TRY(checkPlaces("layer", layers, report.layers));
    ORRERY_TRY(checkPlaces("head", heads, report.heads));
    std::erase_if(report.reads, [&](const MemoryRead &read) {
        return !isAmong(layers, read.head.layer) || !isAmong(heads, read.head.head);
    });
    std::erase_if(report.uses, [&](const MemoryUse &use) { return !isAmong(layers, use.layer); });
    return {};
}

Result<void> writeMemoryLook(const MemoryLook &look, const std::string &path)
{
    if (!path.ends_with(".npz")) return writeFileAtomically(path, memoryLookJson(look) + '\n');
    ORRERY_ASSIGN(const std::string bytes, memoryLookNpz(look));
    return writeFileAtomically(path, bytes);
}

} // namespace orrery::worker
