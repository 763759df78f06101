// SPDX-License-Identifier: Apache-2.0
#include "app/worker/model_argument.h"

#include "app/worker/process_setup.h"
#include "app/worker/worker_plugins.h"
#include "core/base/platform.h"
#include "core/store/catalogue.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>

namespace orrery::worker {

void addModelOptions(CLI::App &command, ModelArgument &argument)
{
    command.add_option("--model", argument.reference, "RUN, RUN@step, RUN@best or a model directory")
        ->required();
    command
        .add_option("--device", argument.device,
                    "cpu or cuda; not given: the run's own, where this machine has it")
        ->check(CLI::IsMember({"cpu", "cuda"}));
    command.add_option("--threads", argument.threads, "Threads of tensor operations; 0: all processors")
        ->check(CLI::Range(0, 4096));
}

Result<ModelReference> resolveReference(const ModelArgument &argument)
{
    ORRERY_ASSIGN(ModelReference reference, parseModelReference(argument.reference));
    std::error_code ignored;
    if (!std::filesystem::exists(reference.path, ignored) && reference.path.find('/') == std::string::npos) {
        ORRERY_ASSIGN(const auto path, Catalogue(userDataDir()).resolve(reference.path));
        reference.path = path.string();
    }
    return reference;
}

Result<std::unique_ptr<Generator>> loadModel(const ModelArgument &argument)
{
    prepareTensorThread(argument.threads);
    ORRERY_ASSIGN(const ModelReference reference, resolveReference(argument));
    ORRERY_ASSIGN(auto generator,
                  loadGenerator(reference, argument.device, argument.threads, loadWorkerPlugins));
    if (const std::string note = generator->info().note; !note.empty())
        std::fprintf(stderr, "orrery-worker: %s\n", note.c_str());
    return generator;
}

Result<void> loadMemoryOf(Generator &generator, const std::filesystem::path &file)
{
    const std::string before = generator.info().note;
    ORRERY_TRY(generator.loadMemory(file));
    const std::string note = generator.info().note;
    if (note.size() > before.size())
        std::fprintf(stderr, "orrery-worker: %s\n", note.c_str() + before.size() + (before.empty() ? 0 : 1));
    return {};
}

} // namespace orrery::worker
