// SPDX-License-Identifier: Apache-2.0
#include "core/data/world/shapes_spec.h"

#include "core/base/text.h"
#include "core/data/corpus_errors.h"

#include <algorithm>

namespace orrery {

namespace {

constexpr int64_t kMostDocuments = 1'000'000'000;
constexpr const char *kName = "shapes";

std::vector<GeneratorSetting> settingsOf(ShapesSpec &spec)
{
    return {
        {"n", 1, kMostDocuments, &spec.numTrain},
        {"val", 1, kMostDocuments, &spec.numVal},
        {"test", 1, kMostDocuments, &spec.numTest},
        {"size", 16, 256, &spec.size},
        {"cells", 2, 4, &spec.cells},
        {"min_shapes", 1, 8, &spec.minShapes},
        {"max_shapes", 1, 8, &spec.maxShapes},
        {"colors", 2, 8, &spec.numColours},
        {"shapes", 2, 8, &spec.numShapes},
        {"held_out", 0, 21, &spec.numHeldOut},
        {"image_snr", -60, kNoNoise, &spec.imageDecibels},
        {"audio_snr", -60, kNoNoise, &spec.audioDecibels},
        {"drop_image", 0, 1, &spec.hidesImage},
        {"drop_audio", 0, 1, &spec.hidesAudio},
        {"seed", 0, INT64_MAX, &spec.seed},
    };
}

std::vector<std::string> taskNames()
{
    std::vector<std::string> names;
    for (ShapesTask task : kShapesTasks) names.emplace_back(shapesTaskName(task));
    return names;
}

Result<std::vector<ShapesTask>> parseTasks(const std::string &text)
{
    std::vector<ShapesTask> tasks;
    for (size_t begin = 0; begin <= text.size();) {
        const std::string name = text.substr(begin, text.find(',', begin) - begin);
        begin += name.size() + 1;
        const auto *task = std::find_if(kShapesTasks.begin(), kShapesTasks.end(),
                                        [&name](ShapesTask t) { return name == shapesTaskName(t); });
        const std::string near = nearestName(name, taskNames());
        if (task == kShapesTasks.end())
            return generatorError(kName, "tasks names \"" + shownText(name) + "\"",
                                  joinText(taskNames(), ", ") + ", joined by commas",
                                  near.empty() ? "Write for example tasks=caption,count."
                                               : "Did you mean " + near + "?");
        if (std::find(tasks.begin(), tasks.end(), *task) != tasks.end())
            return generatorError(kName, "tasks names " + name + " twice", "each task once",
                                  "Remove one of them.");
        tasks.push_back(*task);
    }
    return tasks;
}

Result<void> checkTogether(const ShapesSpec &spec)
{
    if (spec.minShapes > spec.maxShapes)
        return generatorError(kName, "min_shapes is " + std::to_string(spec.minShapes),
                              "at most max_shapes, " + std::to_string(spec.maxShapes),
                              "Lower min_shapes or raise max_shapes.");
    const int64_t numCells = spec.cells * spec.cells;
    if (spec.maxShapes > numCells)
        return generatorError(kName, "max_shapes is " + std::to_string(spec.maxShapes),
                              "at most " + std::to_string(numCells) + ", one in each cell",
                              "Lower max_shapes or raise cells.");
    const bool asksRelations =
        std::find(spec.tasks.begin(), spec.tasks.end(), ShapesTask::Relation) != spec.tasks.end();
    if (asksRelations && spec.maxShapes < 2)
        return generatorError(kName, "tasks names relation and max_shapes is 1", "2 shapes at least",
                              "Raise max_shapes or leave relation out of tasks.");
    const int64_t numCombinations = spec.numColours * spec.numShapes;
    if (spec.numHeldOut > numCombinations / 3)
        return generatorError(kName, "held_out is " + std::to_string(spec.numHeldOut),
                              "at most " + std::to_string(numCombinations / 3) + ", a third of the " +
                                  std::to_string(numCombinations) + " combinations",
                              "Lower held_out or raise colors or shapes.");
    return {};
}

} // namespace

const char *shapesTaskName(ShapesTask task)
{
    switch (task) {
    case ShapesTask::Caption:
        return "caption";
    case ShapesTask::Count:
        return "count";
    case ShapesTask::Relation:
        return "relation";
    case ShapesTask::Tones:
        return "tones";
    case ShapesTask::Both:
        return "both";
    case ShapesTask::Unknown:
        break;
    }
    return "unknown";
}

Result<ShapesSpec> parseShapesSpec(const GeneratorPath &path)
{
    ShapesSpec spec;
    const std::vector<GeneratorSetting> table = settingsOf(spec);
    ORRERY_ASSIGN(const auto others, takeSettings(path, table));
    for (const auto &[key, value] : others) {
        if (key != "tasks") {
            std::vector<std::string> known;
            for (const GeneratorSetting &setting : table) known.emplace_back(setting.key);
            known.emplace_back("tasks");
            return unknownSetting(path, key, known);
        }
        ORRERY_ASSIGN(spec.tasks, parseTasks(value));
    }
    const bool isGiven = std::any_of(path.settings.begin(), path.settings.end(),
                                     [](const auto &setting) { return setting.first == "held_out"; });
    if (!isGiven) spec.numHeldOut = std::min(spec.numHeldOut, spec.numColours * spec.numShapes / 6);
    ORRERY_TRY(checkTogether(spec));
    return spec;
}

std::string shapesSpecText(const ShapesSpec &spec)
{
    ShapesSpec copy = spec;
    std::string text = "gen:shapes?";
    for (const GeneratorSetting &setting : settingsOf(copy))
        text += std::string(setting.key) + "=" + std::to_string(*setting.value) + "&";
    text += "tasks=";
    for (size_t i = 0; i < spec.tasks.size(); ++i)
        text += (i > 0 ? "," : "") + std::string(shapesTaskName(spec.tasks[i]));
    return text;
}

} // namespace orrery
