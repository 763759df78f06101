// SPDX-License-Identifier: Apache-2.0
#include "core/infer/model_loader.h"

#include "core/base/files.h"
#include "core/data/prepare_tokenizer.h"
#include "core/infer/device_choice.h"
#include "core/infer/interchange/load_foreign.h"
#include "core/infer/interchange/weight_import.h"
#include "core/infer/model_directory.h"
#include "core/infer/model_guard.h"
#include "core/infer/text_generator.h"
#include "core/nn/device.h"
#include "core/spec/plugin_use.h"
#include "core/store/run_directory.h"
#include "core/tensorfile/checkpoint_files.h"
#include "core/tensorfile/tensor_folder.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <span>

namespace orrery {

namespace {

namespace fs = std::filesystem;

/// Everything that is known before a weight is read.
struct FoundModel {
    ModelConfig config;
    std::vector<std::string> stages; ///< continual.stages of its run
    std::string parentRun; ///< that its run was copied from
    fs::path weights;      ///< empty: those of others, in `directory`
    std::string directory; ///< of a model directory, as it was named
    std::string device;    ///< that its run trains on; empty: not known
    std::optional<SavedTraining> training = std::nullopt;
    ModelInfo info;
};

std::string baseName(const std::string &path)
{
    fs::path clean = fs::path(path).lexically_normal();
    if (!clean.has_filename()) clean = clean.parent_path();
    return clean.filename().string();
}

std::string stepText(int64_t step) { return std::to_string(step); }

/// "Steps 800 and 1000 are nearest."
std::string nearestSteps(const std::vector<int64_t> &steps, int64_t wanted)
{
    const auto above = std::upper_bound(steps.begin(), steps.end(), wanted);
    std::string text;
    if (above != steps.begin()) text = stepText(*(above - 1));
    if (above != steps.end()) text += (text.empty() ? "" : " and ") + stepText(*above);
    return text;
}

/// The step to start looking from; nothing: the newest. @error NotFound
Result<std::optional<int64_t>> wantedStep(const ModelReference &reference, const fs::path &checkpoints)
{
    const std::vector<int64_t> steps = listCheckpoints(checkpoints);
    const auto cannot = [&](const std::string &found, const std::string &hint) {
        return Error{ErrorCode::NotFound, "Cannot load model \"" + reference.path + "\": " + found + ".",
                     hint};
    };
    if (steps.empty())
        return cannot("the run has no checkpoint yet, expected one or more",
                      "Train until the first checkpoint, or save one now with control RUN checkpoint.");
    if (reference.isBest) {
        std::optional<int64_t> best;
        double bestLoss = 0;
        for (int64_t step : steps) {
            const auto manifest = readManifest(checkpointPath(checkpoints, step));
            if (!manifest || !std::isfinite(manifest->valLoss)) continue;
            if (!best || manifest->valLoss < bestLoss) {
                best = step;
                bestLoss = manifest->valLoss;
            }
        }
        if (!best)
            return cannot("no checkpoint has a validation loss, expected one to choose the best by",
                          "Use @latest or a step: " + nearestSteps(steps, steps.back()) + ".");
        return best;
    }
    if (reference.step < 0) return std::optional<int64_t>{};
    if (!std::binary_search(steps.begin(), steps.end(), reference.step))
        return cannot("there is no checkpoint of step " + stepText(reference.step) +
                          ", expected a saved step",
                      "Nearest: " + nearestSteps(steps, reference.step) + ".");
    return std::optional<int64_t>{reference.step};
}

Result<FoundModel> findInRun(const ModelReference &reference)
{
    ORRERY_ASSIGN(const RunDirectory run, RunDirectory::open(reference.path));
    ORRERY_ASSIGN(const std::optional<int64_t> step, wantedStep(reference, run.checkpoints()));
    ORRERY_ASSIGN(const FoundCheckpoint found, findCheckpoint(run.checkpoints(), step));

    FoundModel model;
    model.config.model = run.frozen().spec.model;
    model.config.data = withSavedTokenizer(run.frozen().spec.data, run.path());
    model.stages = run.frozen().spec.continual.stages;
    model.config.objective = run.frozen().spec.objective;
    model.config.plugins = run.frozen().spec.plugins;
    model.config.step = found.manifest.step;
    model.config.run = run.frozen().id;
    model.parentRun = run.frozen().parentRun;
    model.config.source = baseName(reference.path) + "@" + stepText(found.manifest.step);
    model.weights = found.path / "model.safetensors";
    model.device = run.frozen().spec.device;
    model.training = savedTraining(run, found.path);
    model.info.name = model.config.source;
    model.info.step = found.manifest.step;
    if (!found.skipped.empty()) {
        for (const Error &error : found.skipped) model.info.note += error.message + " ";
        model.info.note += "Loaded step " + stepText(found.manifest.step) + " instead.";
    }
    return model;
}

Result<FoundModel> findInModelDirectory(const ModelReference &reference)
{
    if (reference.step >= 0 || reference.isBest)
        return Error{ErrorCode::InvalidInput,
                     "Cannot load model \"" + reference.path +
                         "\": a step of a model directory, expected none.",
                     "Model directories hold one step: leave the @… away."};
    FoundModel model;
    ORRERY_ASSIGN(model.config, readModelConfig(reference.path));
    if (model.config.foreign) {
        model.info.note = fitContext(model.config.model);
    } else {
        ORRERY_ASSIGN(model.weights, fileOfModel(reference.path, kWeightsFile));
    }
    model.directory = reference.path;
    model.info.name = baseName(reference.path);
    model.info.step = model.config.step;
    return model;
}

Result<FoundModel> findModel(const ModelReference &reference)
{
    std::error_code ignored;
    const fs::path path = reference.path;
    if (!fs::is_directory(path, ignored))
        return Error{ErrorCode::NotFound,
                     "Cannot load model \"" + reference.path +
                         "\": there is no such folder, expected a run or a model "
                         "directory.",
                     "List the runs with runs list."};
    if (fs::exists(path / "spec.json", ignored)) return findInRun(reference);
    if (isModelDirectory(path)) return findInModelDirectory(reference);
    return Error{ErrorCode::NotFound,
                 "Cannot load model \"" + reference.path +
                     "\": the folder has neither spec.json nor config.json, "
                     "expected a run or a model directory.",
                 "List the runs with runs list."};
}

Result<void> loadPlugins(const ModelConfig &config, const nn::PreparePlugins &prepare)
{
    RunSpec spec;
    spec.model = config.model;
    spec.data = config.data;
    spec.plugins = config.plugins;
    return nn::preparePlugins(prepare, spec);
}

Result<std::unique_ptr<Generator>> load(FoundModel found, const std::string &device, int64_t threads,
                                        const nn::PreparePlugins &prepare, const fs::path &memoryFile)
{
    if (threads > 0) at::set_num_threads(static_cast<int>(threads));
    ORRERY_TRY(loadPlugins(found.config, prepare));
    LoadedModel loaded;
    const DeviceChoice choice =
        chooseDevice(device, found.device, [](const std::string &name) -> Result<void> {
            const auto opened = nn::openDevice(name);
            return opened.ok() ? Result<void>() : opened.error();
        });
    loaded.device = choice.device;
    loaded.data = found.config.data;
    loaded.stages = found.stages;
    loaded.run = found.config.run;
    loaded.parentRun = found.parentRun;
    loaded.learned = found.config.learned;
    loaded.numLearnedMore = found.config.numLearnedMore;
    loaded.objective = found.config.objective;
    loaded.plugins = found.config.plugins;
    loaded.training = std::move(found.training);
    loaded.memoryFile = memoryFile;
    if (found.config.foreign) {
        ORRERY_TRY(loadForeign(found.directory, found.config, loaded));
    } else {
        ORRERY_ASSIGN(loaded.tokenizer, Tokenizer::create(found.config.data));
        ORRERY_ASSIGN(loaded.model, nn::Transformer::create(found.config.model, loaded.tokenizer->vocabSize(),
                                                            0, loaded.device));
        ORRERY_TRY(nn::loadWeights(*loaded.model, found.weights.string()));
    }
    loaded.model->mastersChanged();
    loaded.info = std::move(found.info);
    if (!choice.note.empty()) loaded.info.note += (loaded.info.note.empty() ? "" : " ") + choice.note;
    loaded.info.numParameters = loaded.model->numParameters();
    loaded.info.context = found.config.model.context;
    loaded.info.vocabSize = loaded.model->vocabSize();
    return std::unique_ptr<Generator>(std::make_unique<TextGenerator>(std::move(loaded)));
}

Error stopped(const std::string &target)
{
    return {ErrorCode::Cancelled, "Cannot export model to \"" + target + "\": it was stopped.",
            "Nothing is left of it; start it again."};
}

/// The files of an export one after the other, told in bytes.
class ExportCopy {
public:
    ExportCopy(const ExportWatch &watch, std::string target) : m_watch(watch), m_target(std::move(target)) {}
    /// Kept open, so that a checkpoint that is deleted meanwhile can still be read. @error NotFound, Io
    Result<void> add(const fs::path &file)
    {
        ORRERY_ASSIGN(MappedFile mapped, MappedFile::open(file));
        m_numTotal += mapped.bytes().size();
        m_files.push_back(std::move(mapped));
        return {};
    }
    /// The file that was added as number `index`. @error Io, Cancelled
    Result<void> write(size_t index, const fs::path &to)
    {
        const std::span<const std::byte> bytes = m_files[index].bytes();
        ORRERY_ASSIGN(FileWriter writer, FileWriter::create(to));
        for (size_t begin = 0; begin < bytes.size(); begin += kBlockBytes) {
            if (m_watch.cancel && *m_watch.cancel) return stopped(m_target);
            tell();
            const size_t count = std::min(kBlockBytes, bytes.size() - begin);
            ORRERY_TRY(writer.write(bytes.data() + begin, count));
            m_numDone += count;
        }
        ORRERY_TRY(writer.sync());
        ORRERY_TRY(writer.close());
        tell();
        return {};
    }
    [[nodiscard]] uint64_t numTotal() const { return m_numTotal; }

private:
    static constexpr size_t kBlockBytes = 4u << 20;
    void tell() const
    {
        if (m_watch.progress) m_watch.progress(m_numDone, m_numTotal);
    }
    const ExportWatch &m_watch;
    std::string m_target;
    std::vector<MappedFile> m_files;
    uint64_t m_numDone = 0, m_numTotal = 0;
};

Result<ExportedModel> writeExport(const FoundModel &found, const fs::path &memory,
                                  const std::string &directory, const ExportWatch &watch)
{
    std::error_code ignored;
    ExportedModel exported{.source = found.info.name,
                           .step = found.config.step,
                           .note = found.info.note,
                           .plugins = found.config.plugins,
                           .hasMemory = fs::exists(memory, ignored)};
    ORRERY_TRY(writeModelDirectory(directory, found.config, [&](const fs::path &target) -> Result<void> {
        ExportCopy copy(watch, directory);
        ORRERY_TRY(copy.add(found.weights));
        if (exported.hasMemory) ORRERY_TRY(copy.add(memory));
        exported.numBytes = copy.numTotal();
        ORRERY_TRY(copy.write(0, target));
        if (exported.hasMemory) ORRERY_TRY(copy.write(1, target.parent_path() / memory.filename()));
        return {};
    }));
    return exported;
}

Result<ExportedModel> writeForeignExport(const FoundModel &found, const std::string &directory,
                                         const ExportWatch &watch)
{
    ORRERY_ASSIGN(const Architecture architecture,
                  architectureFor(found.config.model, found.config.plugins, found.info.name));
    ORRERY_ASSIGN(const auto tokenizer, Tokenizer::create(found.config.data));
    ModelConfig config = found.config;
    config.foreign = asExported(config.model, tokenizer->vocabSize(), architecture);
    ExportedModel exported{.source = found.info.name,
                           .step = config.step,
                           .note = found.info.note,
                           .plugins = {},
                           .architecture = architectureName(architecture)};
    std::error_code ignored;
    const uint64_t numTotal = fs::file_size(found.weights, ignored);
    uint64_t numDone = 0;
    const auto onBytes = [&](uint64_t numBytes) -> Result<void> {
        if (watch.cancel && *watch.cancel) return stopped(directory);
        numDone = std::min(numTotal, numDone + numBytes);
        if (watch.progress) watch.progress(numDone, numTotal);
        return {};
    };
    ORRERY_TRY(onBytes(0));
    ORRERY_TRY(writeModelDirectory(directory, config, [&](const fs::path &target) -> Result<void> {
        ORRERY_ASSIGN(exported.numBytes, exportWeights(found.weights, target, *config.foreign, onBytes));
        return {};
    }));
    if (watch.progress) watch.progress(numTotal, numTotal);
    return exported;
}

} // namespace

Result<std::unique_ptr<Generator>> loadGenerator(const ModelReference &reference, const std::string &device,
                                                 int64_t threads, const nn::PreparePlugins &prepare)
{
    // A training may delete an old checkpoint between finding and reading it: look again, a few times.
    for (int attempt = 0;; ++attempt) {
        ORRERY_ASSIGN(FoundModel found, findModel(reference));
        const fs::path weights = found.weights;
        auto loaded = guardModel("load model", reference.path, [&] {
            return load(std::move(found), device, threads, prepare, memoryFileOf(reference));
        });
        std::error_code ignored;
        if (loaded.ok() || attempt == 2 || weights.empty() || fs::exists(weights, ignored)) return loaded;
    }
}

Result<std::string> settingsOfModel(const ModelReference &reference)
{
    ORRERY_ASSIGN(const FoundModel found, findModel(reference));
    return modelSettings(found.config);
}

Result<void> loadWeightsOf(const ModelReference &reference, nn::Transformer &model)
{
    ORRERY_ASSIGN(FoundModel found, findModel(reference));
    if (!found.config.foreign) return nn::loadWeights(model, found.weights.string());
    // What the run's spec says decides: the shapes of the files must fit it.
    const ForeignModel &foreign = *found.config.foreign;
    ForeignModel wanted{foreign.architecture, model.spec(), model.vocabSize(), foreign.hasAttentionBias,
                        foreign.hasFfnBias};
    return loadForeignWeights(found.directory, wanted, model);
}

fs::path memoryFileOf(const ModelReference &reference)
{
    return fs::path(reference.path) / "memory.safetensors";
}

Result<ExportedModel> exportModelDirectory(const ModelReference &reference, const std::string &directory,
                                           const ExportWatch &watch, ExportFormat format)
{
    // As when it is loaded, a training may delete an old checkpoint meanwhile.
    for (int attempt = 0;; ++attempt) {
        ORRERY_ASSIGN(const FoundModel found, findModel(reference));
        if (found.config.foreign)
            return Error{ErrorCode::InvalidInput,
                         "Cannot export model \"" + reference.path + "\": its weights have the names of " +
                             architectureName(found.config.foreign->architecture) +
                             " already, expected a run or a model directory with our names.",
                         "Copy the folder: this program and transformers read it as it is."};
        auto exported = format == ExportFormat::HuggingFace
                            ? writeForeignExport(found, directory, watch)
                            : writeExport(found, memoryFileOf(reference), directory, watch);
        std::error_code ignored;
        if (exported.ok() || attempt == 2 || fs::exists(found.weights, ignored)) return exported;
    }
}

} // namespace orrery
