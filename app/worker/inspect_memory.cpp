// SPDX-License-Identifier: Apache-2.0
#include "app/worker/inspect_options.h"
#include "app/worker/memory_look.h"
#include "app/worker/stop_signals.h"

namespace orrery::worker {

Result<MemoryLook> inspectMemory(const InspectOptions &options, InspectRequest request)
{
    request.withMemory = true;
    request.wantsOverview = false;
    request.wantsUses = true;
    ORRERY_ASSIGN(request.memoryEdits, memoryEditsFromTexts(options.edits));
    ORRERY_ASSIGN(const auto generator, loadModel(options.model));
    if (!options.memoryFile.empty()) ORRERY_TRY(loadMemoryOf(*generator, options.memoryFile));
    MemoryLook look{.memory = {},
                    .file = options.memoryFile,
                    .edits = options.edits,
                    .isAblated = !request.ablated.empty(),
                    .look = {}};
    ORRERY_ASSIGN(look.memory, generator->editMemory({}));
    ORRERY_ASSIGN(look.look, generator->inspect(request, stopSignals().flag()));
    ORRERY_TRY(chooseReads(look.look, options.layers, options.heads));
    if (!options.out.empty()) ORRERY_TRY(writeMemoryLook(look, options.out));
    return look;
}

} // namespace orrery::worker
