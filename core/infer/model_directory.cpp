// SPDX-License-Identifier: Apache-2.0
#include "core/infer/model_directory.h"

#include "core/base/files.h"
#include "core/base/replace_file.h"
#include "core/data/tokenizer.h"
#include "core/infer/interchange/tokenizer_files.h"
#include "core/infer/interchange/weight_recipes.h"
#include "core/spec/field_table.h"
#include "core/spec/spec_rules.h"
#include "core/tensorfile/tensor_folder.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace orrery {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr uint64_t kMaxConfigBytes = 16u << 20;
constexpr const char *kConfigFile = "config.json";
constexpr const char *kTokenizerConfig = "tokenizer_config.json";
constexpr const char *kByteTokenizer = "bytes"; ///< data.tokenizer; anything else is a file
/// What decides how text becomes ids; the path of the training data is nobody's business in a model.
constexpr std::array kTokenizerKeys = {"data.tokenizer", "data.vocab_size", "data.special_tokens"};

bool startsWith(const std::string &text, std::string_view prefix) { return text.rfind(prefix, 0) == 0; }

bool isOfMedia(const std::string &key) { return startsWith(key, "attention.") || startsWith(key, "media."); }

bool belongsToModel(const std::string &key)
{
    return startsWith(key, "model.") || isOfMedia(key) || startsWith(key, "objective.") ||
           startsWith(key, "plugins.") ||
           std::find(kTokenizerKeys.begin(), kTokenizerKeys.end(), key) != kTokenizerKeys.end();
}

Json toJson(const FieldValue &value)
{
    return std::visit([](const auto &v) { return Json(v); }, value);
}

Error broken(const fs::path &file, const std::string &found, const std::string &expected,
             const std::string &hint)
{
    return Error{ErrorCode::InvalidInput,
                 "Cannot load model \"" + file.string() + "\": " + found + ", expected " + expected + ".",
                 hint};
}

/// What each program that reads such folders looks for.
void addCommonFields(Json &json, const ModelConfig &config, const Tokenizer &tokenizer)
{
    if (config.foreign) {
        addForeignConfig(json, config.model, tokenizer.vocabSize(), config.foreign->architecture);
        const auto end = tokenizer.specialId(SpecialToken::EndOfText);
        json["bos_token_id"] = nullptr;
        json["eos_token_id"] = end ? Json(*end) : Json();
        return;
    }
    json["architectures"] = {"OrreryForCausalLM"};
    json["model_type"] = "orrery";
    json["vocab_size"] = tokenizer.vocabSize();
    json["hidden_size"] = config.model.width;
    json["num_hidden_layers"] = config.model.layers;
    json["num_attention_heads"] = config.model.heads;
    json["max_position_embeddings"] = config.model.context;
    json["tie_word_embeddings"] = config.model.tied;
    json["torch_dtype"] = "float32";
}

RunSpec specOf(const ModelConfig &config)
{
    RunSpec spec;
    spec.model = config.model;
    spec.data = config.data;
    spec.objective = config.objective;
    spec.plugins = config.plugins;
    return spec;
}

Json settingsOf(const RunSpec &spec)
{
    Json settings = Json::object();
    for (const Field &field : specFields())
        if (belongsToModel(field.key) && (spec.model.attention.numModalities > 1 || !isOfMedia(field.key)))
            settings[field.key] = toJson(field.get(spec));
    if (!spec.plugins.use.empty()) settings[kUsePluginsKey] = spec.plugins.use;
    for (const auto &[key, value] : spec.plugins.settings) settings[key] = toJson(value);
    return settings;
}

std::string configJson(const ModelConfig &config, const Tokenizer &tokenizer)
{
    RunSpec spec = specOf(config);
    if (spec.data.tokenizer != kByteTokenizer) spec.data.tokenizer = kTokenizerFile; // wherever it was
    Json json;
    addCommonFields(json, config, tokenizer);
    json["orrery"] = {{"spec_version", kSpecVersion},
                      {"source", config.source},
                      {"step", config.step},
                      {"spec", settingsOf(spec)}};
    if (!config.run.empty()) json["orrery"]["run"] = config.run;
    if (!config.learned.empty()) json["orrery"]["learned"] = config.learned;
    if (config.numLearnedMore > 0) json["orrery"]["learned_more"] = config.numLearnedMore;
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// The model half of a spec from config.json's "orrery" object.
Result<RunSpec> specOf(const fs::path &file, const Json &own)
{
    const auto settings = own.find("spec");
    if (settings == own.end() || !settings->is_object())
        return broken(file, "\"orrery\" has no object \"spec\"", "the model's settings in it",
                      "Export the model again.");
    Json given = *settings;
    if (const auto version = own.find("spec_version"); version != own.end()) given["spec_version"] = *version;
    const std::string text = given.dump(-1, ' ', false, Json::error_handler_t::replace);
    SpecBuilder builder(FieldTable::describedBy(text));
    ORRERY_TRY(builder.setJson(text));
    RunSpec spec = builder.preview();
    for (const FieldProblem &problem : findContradictions(spec, builder.table()))
        if (belongsToModel(problem.key)) return problem.error;
    return spec;
}

/// Nobody may lose by a typing error what says whose words the weights hold.
Result<void> takeLearned(const fs::path &file, const Json &own, ModelConfig &config)
{
    if (const auto more = own.find("learned_more"); more != own.end()) {
        if (!more->is_number_unsigned())
            return broken(file, "\"learned_more\" is " + more->dump(-1, ' ', false, Json::error_handler_t::replace),
                          "the number of sources that it has learned beside those in \"learned\", 0 or more",
                          "Mend the number, or consolidate again.");
        config.numLearnedMore = *more;
    }
    const auto given = own.find("learned");
    if (given == own.end()) return {};
    const bool areNames = given->is_array() && std::all_of(given->begin(), given->end(),
                                                           [](const Json &name) { return name.is_string(); });
    if (!areNames)
        return broken(file, "\"learned\" is no list of texts", "the names of the sources that it has learned",
                      "Mend the list, or consolidate again.");
    config.learned = given->get<std::vector<std::string>>();
    return {};
}

Result<void> checkTokenizer(const fs::path &directory, const DataSpec &data)
{
    const fs::path shown = directory / kTokenizerFile;
    ORRERY_ASSIGN(const fs::path file, fileOfModel(directory, kTokenizerFile));
    ORRERY_ASSIGN(const std::string text, readFile(file, kMaxConfigBytes));
    ORRERY_ASSIGN(const auto tokenizer, Tokenizer::create(data));
    const Json given = Json::parse(text, nullptr, false);
    if (given.is_discarded())
        return broken(shown, "it is not JSON", "a tokenizer as written by export", "Export the model again.");
    // Compared without order: a program that sorts keys has not changed the tokenizer.
    if (nlohmann::json(given) != nlohmann::json::parse(tokenizer->toJson()))
        return broken(shown, "another tokenizer than config.json names (" + data.tokenizer + ")",
                      "the same in both", "Export the model again.");
    return {};
}

std::string tokenizerFile(const fs::path &directory)
{
    std::error_code ignored;
    return (fs::absolute(directory, ignored) / kTokenizerFile).lexically_normal().string();
}

/// A link is as bad here as for weights; a missing file is not: there are tokens without text.
Result<void> checkTokenizerFile(const fs::path &directory)
{
    const auto file = fileOfModel(directory, kTokenizerFile);
    if (!file.ok() && file.error().code != ErrorCode::NotFound) return file.error();
    return {};
}

Result<ModelConfig> readForeign(const fs::path &directory, const Json &json)
{
    ModelConfig config;
    ORRERY_ASSIGN(config.foreign, readForeignConfig(directory / kConfigFile, json));
    config.model = config.foreign->model;
    config.data.vocabSize = config.foreign->vocabSize;
    config.data.tokenizer = tokenizerFile(directory);
    ORRERY_TRY(checkTokenizerFile(directory));
    return config;
}

/// Where a directory is written before it gets its name.
fs::path partialOf(const fs::path &directory)
{
    std::error_code ignored;
    fs::path partial = fs::absolute(directory, ignored).lexically_normal();
    if (!partial.has_filename()) partial = partial.parent_path();
    return partial += ".partial";
}

/// Whether there is nothing in a folder but what a write that was killed leaves.
bool isLeftOver(const fs::path &partial)
{
    std::error_code error;
    if (!fs::is_directory(fs::symlink_status(partial, error))) return false;
    const fs::directory_iterator entries(partial, error);
    if (error) return false;
    const auto isOurs = [](const fs::directory_entry &entry) {
        constexpr std::array kWritten = {kWeightsFile, kTokenizerFile, kTokenizerConfig, kConfigFile,
                                         "memory.safetensors"};
        std::error_code failed;
        const std::string name = entry.path().filename().string();
        return fs::is_regular_file(entry.symlink_status(failed)) &&
               std::any_of(kWritten.begin(), kWritten.end(), [&](const char *written) {
                   return name == written || isTemporaryOf(name, written);
               });
    };
    return std::all_of(begin(entries), end(entries), isOurs);
}

/// Whether a folder can be made there: tried, as permissions are not all that there is to it.
Result<void> checkPlace(const fs::path &partial)
{
    std::error_code error;
    fs::path parent = partial.parent_path();
    while (parent.has_relative_path() && fs::symlink_status(parent, error).type() == fs::file_type::not_found)
        parent = parent.parent_path();
    const fs::path tried = temporaryBeside(parent / ".orrery");
    if (fs::create_directory(tried, error)) {
        fs::remove(tried, error);
        return {};
    }
    return error ? ioError("create folder", partial, error.value()) : Result<void>();
}

/// Our settings, another program's names.
Result<void> takeForeign(const fs::path &file, const Json &json, Architecture architecture,
                         ModelConfig &config)
{
    ORRERY_ASSIGN(const Architecture fitting, architectureFor(config.model, config.plugins, file.string()));
    const auto vocab = json.find("vocab_size");
    if (fitting != architecture || vocab == json.end() || !vocab->is_number_integer() || *vocab < 1)
        return broken(file, std::string("its \"orrery\" is a model of ") + architectureName(fitting),
                      std::string(architectureName(architecture)) + " with a \"vocab_size\"",
                      "Export the model again, or remove the object \"orrery\" to load it as any other.");
    config.foreign = asExported(config.model, vocab->get<int64_t>(), architecture);
    return {};
}

} // namespace

bool isModelDirectory(const fs::path &directory)
{
    std::error_code ignored;
    return fs::is_regular_file(directory / kConfigFile, ignored);
}

Result<ModelConfig> readModelConfig(const fs::path &directory)
{
    const fs::path file = directory / kConfigFile;
    ORRERY_ASSIGN(const fs::path opened, fileOfModel(directory, kConfigFile));
    ORRERY_ASSIGN(const std::string text, readFile(opened, kMaxConfigBytes));
    const Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded() || !json.is_object())
        return broken(file, "it is not a JSON object", "a configuration as written by export",
                      "Export the model again.");
    const auto own = json.find("orrery");
    if (own == json.end() || !own->is_object()) return readForeign(directory, json);
    ORRERY_ASSIGN(const RunSpec spec, specOf(file, *own));
    ModelConfig config;
    config.model = spec.model;
    config.data = spec.data;
    config.objective = spec.objective;
    config.plugins = spec.plugins;
    if (const auto source = own->find("source"); source != own->end() && source->is_string())
        config.source = *source;
    if (const auto run = own->find("run"); run != own->end() && run->is_string()) config.run = *run;
    if (const auto step = own->find("step"); step != own->end() && step->is_number_integer())
        config.step = *step;
    ORRERY_TRY(takeLearned(file, *own, config));
    if (json.value("model_type", Json()) != "orrery") {
        ORRERY_ASSIGN(const Architecture architecture, architectureOf(file, json));
        ORRERY_TRY(takeForeign(file, json, architecture, config));
    }
    ORRERY_TRY(checkTokenizerFile(directory));
    if (config.data.tokenizer != kByteTokenizer)
        config.data.tokenizer = tokenizerFile(directory);
    else if (!config.foreign)
        ORRERY_TRY(checkTokenizer(directory, config.data));
    return config;
}

std::string modelSettings(const ModelConfig &config)
{
    Json settings = settingsOf(specOf(config));
    settings["spec_version"] = kSpecVersion;
    return settings.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<void> checkFreeDirectory(const fs::path &directory)
{
    const auto taken = [&](const fs::path &place, const std::string &what, const std::string &hint) {
        return Error{ErrorCode::Conflict,
                     "Cannot export model to \"" + directory.string() + "\": " + what + " is there" +
                         (place == directory ? "" : " (\"" + place.string() + "\")") +
                         ", expected a free name.",
                     hint};
    };
    std::error_code error;
    const fs::path partial = partialOf(directory);
    if (fs::exists(directory, error) &&
        !(fs::is_directory(directory, error) && fs::is_empty(directory, error)))
        return taken(directory, "something", "Choose another directory, or empty this one.");
    const fs::file_type type = fs::symlink_status(partial, error).type();
    if (type == fs::file_type::none) return ioError("create folder", partial, error.value());
    if (type == fs::file_type::not_found || isLeftOver(partial)) return checkPlace(partial);
    return taken(partial, "something of the name it is written under",
                 "Choose another directory, or move that away.");
}

Result<void> writeModelDirectory(const fs::path &directory, const ModelConfig &config,
                                 const std::function<Result<void>(const fs::path &)> &writeWeights)
{
    ORRERY_TRY(checkFreeDirectory(directory));
    std::error_code error;
    ORRERY_ASSIGN(const auto tokenizer, Tokenizer::create(config.data));

    const fs::path partial = partialOf(directory);
    const fs::path target = partial.parent_path() / partial.stem();
    const auto write = [&]() -> Result<void> {
        ORRERY_TRY(writeWeights(partial / kWeightsFile));
        const bool isBytes = config.data.tokenizer == kByteTokenizer;
        ORRERY_TRY(writeFileAtomically(partial / kTokenizerFile,
                                       config.foreign ? foreignTokenizerJson(*tokenizer, isBytes)
                                                      : tokenizer->toJson()));
        if (config.foreign)
            ORRERY_TRY(writeFileAtomically(partial / kTokenizerConfig,
                                           foreignTokenizerConfig(*tokenizer, config.model.context)));
        ORRERY_TRY(writeFileAtomically(partial / kConfigFile, configJson(config, *tokenizer)));
        fs::remove(target, error); // an empty folder of this name
        return renameDurably(partial, target);
    };
    fs::remove_all(partial, error);
    fs::create_directories(partial, error);
    if (error) return ioError("create folder", partial, error.value());
    const auto written = write();
    if (!written.ok()) fs::remove_all(partial, error);
    return written;
}

} // namespace orrery
