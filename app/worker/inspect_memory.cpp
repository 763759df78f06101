// SPDX-License-Identifier: Apache-2.0
#include "app/worker/inspect_options.h"
#include "app/worker/memory_words.h"
#include "app/worker/stop_signals.h"
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

Result<MemoryLook> inspectMemory(const InspectOptions &options, InspectRequest request)
{
    request.withMemory = true;
    request.wantsOverview = false;
    for (const std::string &text : options.edits) {
        ORRERY_ASSIGN(const MemoryEdit edit, memoryEditFromText(text));
        request.memoryEdits.push_back(edit);
    }
    ORRERY_ASSIGN(const auto generator, loadModel(options.model));
    if (!options.memoryFile.empty()) ORRERY_TRY(generator->loadMemory(options.memoryFile));
    MemoryLook look{.memory = {},
                    .file = options.memoryFile,
                    .edits = options.edits,
                    .isAblated = !request.ablated.empty(),
                    .look = {}};
    ORRERY_ASSIGN(look.memory, generator->editMemory({}));
    ORRERY_ASSIGN(look.look, generator->inspect(request, stopSignals().flag()));
    ORRERY_TRY(checkPlaces("layer", options.layers, look.look.layers));
    ORRERY_TRY(checkPlaces("head", options.heads, look.look.heads));
    std::erase_if(look.look.reads, [&options](const MemoryRead &read) {
        return !isAmong(options.layers, read.head.layer) || !isAmong(options.heads, read.head.head);
    });
    if (options.ending() == ".npz") {
        ORRERY_ASSIGN(const std::string bytes, memoryLookNpz(look));
        ORRERY_TRY(writeFileAtomically(options.out, bytes));
    } else if (!options.out.empty()) {
        ORRERY_TRY(writeFileAtomically(options.out, memoryLookJson(look) + '\n'));
    }
    return look;
}

} // namespace orrery::worker
