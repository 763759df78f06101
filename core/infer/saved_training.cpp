// SPDX-License-Identifier: Apache-2.0
#include "core/infer/saved_training.h"

#include "core/base/files.h"
#include "core/base/platform.h"
#include "core/data/data_paths.h"
#include "core/data/multimodal/media_prompts.h"
#include "core/data/prepare_tokenizer.h"
#include "core/spec/field_table.h"
#include "core/store/run_directory.h"
#include "core/tensorfile/checkpoint_manifest.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

namespace orrery {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxStateBytes = 64ull << 20;
constexpr const char *kPromptsKey = "probes.prompts";

/// The documents or the text of a run, opened again.
struct OpenedData {
    std::unique_ptr<MultiModalSource> documents;
    std::optional<TokenShards> text;
    [[nodiscard]] std::string identity() const { return documents ? documents->identity() : text->key(); }
};

Error cannotLook(ErrorCode code, int32_t number, const std::string &name, const std::string &found,
                 const std::string &expected, const std::string &hint)
{
    return {code,
            "Cannot look at the kept prompt " + std::to_string(number) + " with \"" + name + "\": " + found +
                ", expected " + expected + ".",
            hint};
}

Result<OpenedData> openData(const RunSpec &spec, const std::atomic<bool> &cancel)
{
    const fs::path cache = userCacheDir() / "shards";
    OpenedData data;
    if (spec.model.attention.numModalities > 1) {
        ORRERY_ASSIGN(OpenedMultiModal opened, openDocuments(spec, cache, {}, &cancel));
        data.documents = std::move(opened.source);
    } else {
        ORRERY_ASSIGN(data.text, prepareData(spec.data, spec.model.context, static_cast<uint64_t>(spec.seed), cache,
                                             {}, &cancel));
    }
    return data;
}

/// Whether a text of that number needs the run's data: a prompt is in the spec.
bool isOfData(const SavedTraining &training, int32_t number)
{
    return training.spec.model.attention.numModalities > 1 ||
           static_cast<size_t>(number) == training.numFrozenPrompts;
}

/// The last value that its user gave the prompts before the step was saved.
void adoptPrompts(const nlohmann::json &state, RunSpec &spec)
{
    for (const auto &change : state.value("settings", nlohmann::json::array())) {
        if (change.value("key", std::string()) != kPromptsKey) continue;
        const auto value = parseFieldValue(*findField(kPromptsKey), change.value("value", std::string()));
        if (value.ok()) spec.probes.prompts = std::get<std::vector<std::string>>(*value);
    }
}

} // namespace

SavedTraining savedTraining(const RunDirectory &run, const fs::path &checkpoint)
{
    SavedTraining training{.spec = run.frozen().spec,
                           .numFrozenPrompts = run.frozen().spec.probes.prompts.size(),
                           .dataIdentities = {}};
    training.spec.data = withSavedTokenizer(training.spec.data, run.path());
    const auto text = readFile(checkpoint / kStateFile, kMaxStateBytes);
    if (!text) return training;
    try {
        const auto state = nlohmann::json::parse(*text);
        if (const auto data = state.find("data"); data != state.end() && data->is_object())
            training.dataIdentities = data->value("identities", training.dataIdentities);
        adoptPrompts(state, training.spec);
    } catch (const nlohmann::json::exception &) {
        training.dataIdentities.clear(); // of another program: what it does not tell cannot be compared
    }
    return training;
}

Result<KeptText> readKeptText(const SavedTraining &training, const Tokenizer &tokenizer, int32_t number,
                              const std::string &name, const std::atomic<bool> &cancel)
{
    const RunSpec &spec = training.spec;
    const std::string &path = spec.data.path;
    OpenedData data;
    if (isOfData(training, number)) {
        std::error_code ignored;
        if (!isGeneratorPath(path) && !fs::exists(path, ignored))
            return cannotLook(ErrorCode::NotFound, number, name, "the data of its run, \"" + path + "\", are not there",
                              "them where they were when it was trained",
                              "Put them back, or give a text with its pictures and recordings.");
        ORRERY_ASSIGN(data, openData(spec, cancel));
        if (!training.dataIdentities.empty() && training.dataIdentities.front() != data.identity())
            return cannotLook(ErrorCode::InvalidInput, number, name,
                              "the data of its run, \"" + path + "\", changed since the step was saved",
                              "the same, as prompts are numbered in them",
                              "Restore the data, or give a text with its pictures and recordings.");
    }
    // A document is found by its number though the run keeps frames of fewer: they are numbered in the data's order.
    const bool isFound = static_cast<uint64_t>(number) < kMostDocumentsLookedAt;
    std::vector<KeptText> texts = keptTexts({.tokenizer = &tokenizer,
                                             .model = &spec.model,
                                             .prompts = spec.probes.prompts,
                                             .numFrozen = training.numFrozenPrompts,
                                             .documents = data.documents.get(),
                                             .leastDocuments = isFound ? static_cast<size_t>(number) + 1 : 0,
                                             .text = data.text ? &*data.text : nullptr});
    const auto found =
        std::find_if(texts.begin(), texts.end(), [number](const KeptText &text) { return text.number == number; });
    if (found != texts.end()) return std::move(*found);
    // The validation text has one, too: it was not made for a number that it has not.
    const size_t numTexts = texts.size() + (data.documents || data.text ? 0 : 1);
    if (numTexts == 0)
        return cannotLook(ErrorCode::NotFound, number, name, "the data of its run have no document to look at",
                          "a validation document with a text to tell", "Give a text of your own.");
    return cannotLook(ErrorCode::NotFound, number, name, "its run has none of that number",
                      "0 to " + std::to_string(numTexts - 1),
                      "Prompts have the numbers of their frames: inspect frames RUN --prompt N.");
}

} // namespace orrery
