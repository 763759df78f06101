// SPDX-License-Identifier: Apache-2.0
#include "core/infer/interchange/architecture.h"

#include "core/base/text.h"
#include "core/spec/field_table.h"
#include "core/spec/model_shape.h"

#include <nlohmann/json.hpp>

#include <array>
#include <limits>
#include <optional>

namespace orrery {

namespace {

using Json = nlohmann::ordered_json;

struct Family {
    Architecture architecture;
    const char *name;      ///< in "architectures"
    const char *modelType; ///< in "model_type"
    const char *preset;
};
constexpr std::array kFamilies = {
    Family{Architecture::Llama, "LlamaForCausalLM", "llama", "llama"},
    Family{Architecture::Qwen3, "Qwen3ForCausalLM", "qwen3", "small"},
    Family{Architecture::Gpt2, "GPT2LMHeadModel", "gpt2", "gpt2"},
};

std::string shown(const Json &value)
{
    constexpr size_t kMostShown = 80;
    const std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    return text.size() > kMostShown ? text.substr(0, kMostShown) + "…" : text;
}

/// Reads fields one after the other; the first that does not fit stops it.
class Fields {
public:
    Fields(const std::filesystem::path &file, const Json &config) : m_file(file), m_config(config) {}

    [[nodiscard]] Error refuse(const std::string &found, const std::string &expected,
                               const std::string &hint) const
    {
        return {ErrorCode::InvalidInput,
                "Cannot load model \"" + m_file.string() + "\": " + found + ", expected " + expected + ".",
                hint};
    }
    /// Null and missing are the same, as in Python.
    [[nodiscard]] const Json *find(const char *name) const
    {
        const auto at = m_config.find(name);
        return at == m_config.end() || at->is_null() ? nullptr : &*at;
    }
    [[nodiscard]] Error wrong(const char *name, const std::string &expected) const
    {
        const Json *value = find(name);
        return refuse(value ? "\"" + std::string(name) + "\" is " + shown(*value)
                            : "\"" + std::string(name) + "\" is missing",
                      expected, "Take another copy of the model's config.json.");
    }
    Result<int64_t> whole(const char *name, std::optional<int64_t> otherwise = {}) const
    {
        const Json *value = find(name);
        if (!value && otherwise) return *otherwise;
        constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
        if (!value || !value->is_number_integer() || *value < 1 || *value > kMost)
            return wrong(name, "a whole number from 1");
        return value->get<int64_t>();
    }
    Result<double> real(const char *name, double otherwise) const
    {
        const Json *value = find(name);
        if (!value) return otherwise;
        if (!value->is_number() || *value < 0) return wrong(name, "a number from 0");
        return value->get<double>();
    }
    Result<bool> flag(const char *name, bool otherwise) const
    {
        const Json *value = find(name);
        if (!value) return otherwise;
        if (!value->is_boolean()) return wrong(name, "true or false");
        return value->get<bool>();
    }
    /// A switch that our layers have no counterpart for. @error InvalidInput when it is not as they are
    Result<void> mustBe(const char *name, bool expected, bool otherwise) const
    {
        ORRERY_ASSIGN(const bool value, flag(name, otherwise));
        if (value == expected) return {};
        return refuse("\"" + std::string(name) + "\" is " + (value ? "true" : "false"),
                      expected ? "true" : "false",
                      "This variant cannot be computed here. Take a model without it.");
    }
    Result<std::string> text(const char *name, const std::string &otherwise) const
    {
        const Json *value = find(name);
        if (!value) return otherwise;
        if (!value->is_string()) return wrong(name, "a text");
        return value->get<std::string>();
    }
    [[nodiscard]] Fields object(const Json &inner) const { return {m_file, inner}; }

private:
    const std::filesystem::path &m_file;
    const Json &m_config;
};

const Family &familyOf(Architecture architecture)
{
    for (const Family &family : kFamilies)
        if (family.architecture == architecture) return family;
    return kFamilies.front();
}

/// {"rope_type": "llama3", …}, in newer files with rope_theta among it.
Result<void> readRope(const Fields &fields, ModelSpec &model)
{
    const Json *parameters = fields.find("rope_parameters");
    const Json *scaling = parameters ? parameters : fields.find("rope_scaling");
    const char *name = parameters ? "rope_parameters" : "rope_scaling";
    ORRERY_ASSIGN(model.ropeTheta, fields.real("rope_theta", 10'000));
    model.ropeScaling = {};
    if (!scaling) return {};
    if (!scaling->is_object()) return fields.wrong(name, "an object");
    const Fields inner = fields.object(*scaling);
    ORRERY_ASSIGN(model.ropeTheta, inner.real("rope_theta", model.ropeTheta));
    ORRERY_ASSIGN(std::string type, inner.text("rope_type", ""));
    if (type.empty()) {
        ORRERY_ASSIGN(type, inner.text("type", "default"));
    }
    ORRERY_ASSIGN(const double partial, inner.real("partial_rotary_factor", 1));
    if (partial != 1) return inner.wrong("partial_rotary_factor", "1: all of a head turns");
    if (type == "default") return {};
    if (type != "llama3")
        return fields.refuse(
            "the positions are scaled by \"" + type + "\"", "\"default\" or \"llama3\"",
            "Take a model with one of these, or remove the scaling from config.json to use it within "
            "the context of its first training.");
    ORRERY_ASSIGN(model.ropeScaling.factor, inner.real("factor", 1));
    ORRERY_ASSIGN(model.ropeScaling.lowFactor, inner.real("low_freq_factor", 1));
    ORRERY_ASSIGN(model.ropeScaling.highFactor, inner.real("high_freq_factor", 4));
    ORRERY_ASSIGN(model.ropeScaling.originalContext, inner.whole("original_max_position_embeddings"));
    return {};
}

Result<void> refuseWindows(const Fields &fields)
{
    if (const Json *types = fields.find("layer_types"))
        for (const Json &type : *types)
            if (type != "full_attention")
                return fields.refuse("a layer has the type " + shown(type),
                                     "\"full_attention\" for all layers",
                                     "Layers with windows of their own cannot be computed here.");
    return fields.mustBe("use_sliding_window", false, false);
}

/// Llama and Qwen3: the same but for the norms of queries and keys.
Result<void> readLlama(const Fields &fields, ForeignModel &found)
{
    ModelSpec &model = found.model;
    const bool isQwen = found.architecture == Architecture::Qwen3;
    ORRERY_ASSIGN(model.width, fields.whole("hidden_size"));
    ORRERY_ASSIGN(model.layers, fields.whole("num_hidden_layers"));
    ORRERY_ASSIGN(model.heads, fields.whole("num_attention_heads"));
    ORRERY_ASSIGN(model.kvHeads, fields.whole("num_key_value_heads", isQwen ? 32 : model.heads));
    ORRERY_ASSIGN(model.headDim,
                  fields.whole("head_dim", isQwen ? 128 : std::max<int64_t>(1, model.width / model.heads)));
    ORRERY_ASSIGN(model.ffnWidth, fields.whole("intermediate_size"));
    ORRERY_ASSIGN(model.context, fields.whole("max_position_embeddings", 2048));
    ORRERY_ASSIGN(model.normEps, fields.real("rms_norm_eps", 1e-6));
    ORRERY_ASSIGN(model.tied, fields.flag("tie_word_embeddings", false));
    ORRERY_ASSIGN(found.hasAttentionBias, fields.flag("attention_bias", false));
    ORRERY_ASSIGN(found.hasFfnBias, fields.flag("mlp_bias", false));
    ORRERY_ASSIGN(const std::string activation, fields.text("hidden_act", "silu"));
    if (activation != "silu" && activation != "swish") return fields.wrong("hidden_act", "\"silu\"");
    model.ffn = "swiglu";
    model.norm = "rmsnorm";
    model.position = "rope";
    model.qkNorm = isQwen;
    model.bias = found.hasAttentionBias || found.hasFfnBias;
    model.dropout = 0;
    ORRERY_TRY(refuseWindows(fields));
    return readRope(fields, model);
}

Result<void> readGpt2(const Fields &fields, ForeignModel &found)
{
    ModelSpec &model = found.model;
    ORRERY_ASSIGN(model.width, fields.whole("n_embd"));
    ORRERY_ASSIGN(model.layers, fields.whole("n_layer"));
    ORRERY_ASSIGN(model.heads, fields.whole("n_head"));
    ORRERY_ASSIGN(model.context, fields.whole("n_positions", 1024));
    ORRERY_ASSIGN(model.ffnWidth, fields.whole("n_inner", 4 * model.width));
    ORRERY_ASSIGN(model.normEps, fields.real("layer_norm_epsilon", kLayerNormEps));
    ORRERY_ASSIGN(model.tied, fields.flag("tie_word_embeddings", true));
    ORRERY_ASSIGN(model.dropout, fields.real("resid_pdrop", 0.1));
    ORRERY_TRY(fields.mustBe("scale_attn_weights", true, true));
    ORRERY_TRY(fields.mustBe("scale_attn_by_inverse_layer_idx", false, false));
    ORRERY_TRY(fields.mustBe("add_cross_attention", false, false));
    ORRERY_ASSIGN(const std::string activation, fields.text("activation_function", "gelu_new"));
    if (activation == "gelu_new" || activation == "gelu_pytorch_tanh")
        model.ffn = "gelu_tanh";
    else if (activation == "gelu")
        model.ffn = "gelu";
    else
        return fields.wrong("activation_function", "\"gelu_new\", \"gelu_pytorch_tanh\" or \"gelu\"");
    model.kvHeads = model.headDim = 0;
    model.norm = "layernorm";
    model.position = "learned";
    model.qkNorm = false;
    found.hasAttentionBias = found.hasFfnBias = model.bias = true;
    return {};
}

Result<void> refuseQuantized(const Fields &fields)
{
    const Json *config = fields.find("quantization_config");
    if (!config) config = fields.find("compression_config");
    if (!config) return {};
    const auto method = config->is_object() ? config->find("quant_method") : config->end();
    const bool isNamed = config->is_object() && method != config->end() && method->is_string();
    return fields.refuse("its weights are quantized" +
                             (isNamed ? " (" + method->get<std::string>() + ")" : ""),
                         "weights in float32, bfloat16 or float16",
                         "Take the model in full precision; most are published so, too.");
}

} // namespace

const char *architectureName(Architecture architecture)
{
    return architecture == Architecture::Unknown ? "unknown" : familyOf(architecture).name;
}

std::string knownArchitectures()
{
    std::string text;
    for (size_t i = 0; i < kFamilies.size(); ++i)
        text += (i == 0 ? "" : i + 1 == kFamilies.size() ? " and " : ", ") + std::string(kFamilies[i].name);
    return text;
}

Result<Architecture> architectureOf(const std::filesystem::path &file, const Json &config)
{
    const Fields fields(file, config);
    ORRERY_ASSIGN(const std::string type, fields.text("model_type", ""));
    const Json *named = fields.find("architectures");
    const bool isNamed = named && named->is_array() && !named->empty() && named->front().is_string();
    const std::string name = isNamed ? named->front().get<std::string>() : "";
    for (const Family &family : kFamilies)
        if (name == family.name || (name.empty() && type == family.modelType)) return family.architecture;
    const std::string found = !name.empty() ? "the architecture is \"" + name + "\""
                              : !type.empty()
                                  ? "the model type is \"" + type + "\""
                                  : "neither \"architectures\" nor \"model_type\" says what it is";
    return fields.refuse(found, "a model of this program, or one of " + knownArchitectures(),
                         "Take a model of one of these families.");
}

Result<ForeignModel> readForeignConfig(const std::filesystem::path &file, const Json &config)
{
    const Fields fields(file, config);
    ForeignModel found;
    ORRERY_ASSIGN(found.architecture, architectureOf(file, config));
    ORRERY_TRY(refuseQuantized(fields));
    RunSpec spec;
    applyPreset(spec, familyOf(found.architecture).preset);
    found.model = spec.model;
    ORRERY_ASSIGN(found.vocabSize, fields.whole("vocab_size"));
    ORRERY_TRY(found.architecture == Architecture::Gpt2 ? readGpt2(fields, found) : readLlama(fields, found));
    spec.model = found.model;
    for (const FieldProblem &problem : findProblems(spec))
        if (problem.key.rfind("model.", 0) == 0)
            return Error{ErrorCode::InvalidInput,
                         "Cannot load model \"" + file.string() + "\": " + problem.error.message,
                         "The sizes in config.json are none that this program computes."};
    return found;
}

} // namespace orrery
