// SPDX-License-Identifier: Apache-2.0
#include "app/worker/commands.h"

#include <array>

namespace orrery::worker {

std::span<const CommandEntry> commandTable()
{
    static constexpr std::array table = {
        CommandEntry{"train", "Train the run of a run directory until its last step, or go on with it",
                     declareTrain},
        CommandEntry{"generate", "Continue a prompt with a run's checkpoint or a model directory",
                     declareGenerate},
        CommandEntry{"embed", "Make a vector of a text", declareEmbed},
        CommandEntry{"evaluate", "Measure the loss of a model over a text", declareEvaluate},
        CommandEntry{"export", "Write a run's checkpoint as a model directory", declareExport},
        CommandEntry{"inspect", "Look inside a model while it reads a text", declareInspect},
        CommandEntry{"tokens", "Show the tokens of a text", declareTokens},
        CommandEntry{"memory", "Show, edit, move and consolidate what a model remembers", declareMemory},
#ifdef ORRERY_HAS_RPC
        CommandEntry{"serve", "Load a model and answer requests on a socket", declareServe},
#endif
        CommandEntry{"bench", "Measure against a peer", declareBench},
        CommandEntry{"check-plugin", "Load the library of a plugin, or of each that is installed, and say whether it fits",
                     declareCheckPlugin},
        CommandEntry{"settings", "Show what a run that begins with a model must have set; what train --from asks",
                     declareSettings},
        CommandEntry{"begin", "Write checkpoint 0 of a run with the weights of a model; what train --from does",
                     declareBegin},
        CommandEntry{"fits", "Say whether the newest checkpoint of a run has the parameters of its model; what branch asks",
                     declareFits},
        CommandEntry{"info", "Show LibTorch, threads and processor of this worker", declareInfo},
    };
    return table;
}

} // namespace orrery::worker
