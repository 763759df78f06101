// SPDX-License-Identifier: Apache-2.0
#include "core/infer/interchange/architecture.h"

#include "core/spec/estimate.h"
#include "core/spec/model_shape.h"

#include <nlohmann/json.hpp>

namespace orrery {

namespace {

using Json = nlohmann::ordered_json;

Error refuse(const std::string &name, const std::string &found, const std::string &expected)
{
    return {ErrorCode::InvalidInput,
            "Cannot export model \"" + name + "\" for transformers: " + found + ", expected " + expected +
                ".",
            "Export it without --format hf: this program reads that in full."};
}

/// What no family has, whatever its layers.
Result<void> checkPlain(const ModelSpec &model, const PluginsSpec &plugins, const std::string &name)
{
    if (!plugins.use.empty())
        return refuse(name, "it has parts of the plugin \"" + plugins.use.front() + "\"",
                      "a model without plugins");
    if (model.attention.numModalities > 1)
        return refuse(name, "it reads " + std::to_string(model.attention.numModalities) + " modalities",
                      "text only");
    if (model.window > 0)
        return refuse(name, "model.window is " + std::to_string(model.window), "0, the whole context");
    if (model.mask != "causal") return refuse(name, "model.mask is \"" + model.mask + "\"", "causal");
    return {};
}

Json ropeOf(const ModelSpec &model)
{
    const RopeScaling &scaling = model.ropeScaling;
    if (scaling.factor == 1) return {{"rope_type", "default"}, {"rope_theta", model.ropeTheta}};
    return {{"rope_type", "llama3"},
            {"rope_theta", model.ropeTheta},
            {"factor", scaling.factor},
            {"low_freq_factor", scaling.lowFactor},
            {"high_freq_factor", scaling.highFactor},
            {"original_max_position_embeddings", scaling.originalContext}};
}

void addGpt2(Json &config, const ModelSpec &model)
{
    config["n_embd"] = model.width;
    config["n_layer"] = model.layers;
    config["n_head"] = model.heads;
    config["n_positions"] = model.context;
    config["n_inner"] = feedForwardWidth(model);
    config["activation_function"] = model.ffn == "gelu" ? "gelu" : "gelu_new";
    config["layer_norm_epsilon"] = normEpsilon(model, true);
    config["resid_pdrop"] = config["embd_pdrop"] = model.dropout;
    config["attn_pdrop"] = model.attentionDropout;
}

void addLlama(Json &config, const ModelSpec &model)
{
    config["hidden_size"] = model.width;
    config["intermediate_size"] = feedForwardWidth(model);
    config["num_hidden_layers"] = model.layers;
    config["num_attention_heads"] = model.heads;
    config["num_key_value_heads"] = keyHeads(model);
    config["head_dim"] = headWidth(model);
    config["max_position_embeddings"] = model.context;
    config["hidden_act"] = "silu";
    config["rms_norm_eps"] = normEpsilon(model, false);
    config["attention_bias"] = model.bias;
    config["attention_dropout"] = model.attentionDropout;
    // Said twice: transformers 5 reads the one, older ones the other two.
    const Json rope = ropeOf(model);
    config["rope_parameters"] = rope;
    config["rope_theta"] = model.ropeTheta;
    config["rope_scaling"] = model.ropeScaling.factor == 1 ? Json() : rope;
}

} // namespace

Result<Architecture> architectureFor(const ModelSpec &model, const PluginsSpec &plugins,
                                     const std::string &name)
{
    ORRERY_TRY(checkPlain(model, plugins, name));
    if (model.position == "learned") {
        if (model.norm != "layernorm")
            return refuse(name, "model.norm is " + model.norm + " beside learned positions",
                          "layernorm, as GPT-2 has");
        if (model.ffn != "gelu" && model.ffn != "gelu_tanh")
            return refuse(name, "model.ffn is " + model.ffn + " beside learned positions",
                          "gelu or gelu_tanh, as GPT-2 has");
        if (model.qkNorm)
            return refuse(name, "model.qk_norm is on beside learned positions", "it off, as GPT-2 has none");
        if (keyHeads(model) != model.heads || queryWidth(model) != model.width)
            return refuse(name, "model.kv_heads or model.head_dim is set beside learned positions",
                          "heads that share out the width, as GPT-2 has");
        return Architecture::Gpt2;
    }
    if (model.norm != "rmsnorm")
        return refuse(name, "model.norm is " + model.norm + " beside rope",
                      "rmsnorm, as Llama and Qwen3 have");
    if (model.ffn != "swiglu")
        return refuse(name, "model.ffn is " + model.ffn + " beside rope", "swiglu, as Llama and Qwen3 have");
    if (model.qkNorm && model.bias)
        return refuse(name, "model.bias is on beside model.qk_norm",
                      "it off, as Qwen3 has no bias in its feed-forward");
    return model.qkNorm ? Architecture::Qwen3 : Architecture::Llama;
}

void addForeignConfig(Json &config, const ModelSpec &model, int64_t vocabSize, Architecture architecture)
{
    config["architectures"] = {architectureName(architecture)};
    config["model_type"] = architecture == Architecture::Gpt2    ? "gpt2"
                           : architecture == Architecture::Qwen3 ? "qwen3"
                                                                 : "llama";
    config["vocab_size"] = vocabSize;
    if (architecture == Architecture::Gpt2)
        addGpt2(config, model);
    else
        addLlama(config, model);
    if (architecture == Architecture::Llama) config["mlp_bias"] = model.bias;
    if (architecture == Architecture::Qwen3) config["use_sliding_window"] = false;
    config["tie_word_embeddings"] = model.tied;
    config["torch_dtype"] = "float32";
}

} // namespace orrery
