// SPDX-License-Identifier: Apache-2.0
#include "core/infer/interchange/weight_recipes.h"

#include "core/base/text.h"
#include "core/spec/estimate.h"
#include "core/spec/model_shape.h"

#include <algorithm>
#include <set>

namespace orrery {

namespace {

using Side = WeightRecipe::Side;

constexpr const char *kGpt2Prefix = "transformer.";

uint64_t size(int64_t value) { return static_cast<uint64_t>(value); }

std::string shapeText(const std::vector<uint64_t> &shape)
{
    std::string text = "[";
    for (size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

class Recipes {
public:
    explicit Recipes(const ForeignModel &foreign) : m_foreign(foreign), m_model(foreign.model) {}

    std::vector<WeightRecipe> take()
    {
        if (m_foreign.architecture == Architecture::Gpt2)
            makeGpt2();
        else
            makeLlama();
        return std::move(m_recipes);
    }

private:
    void add(const std::string &own, std::vector<uint64_t> shape, std::vector<WeightPiece> pieces,
             bool isTransposed = false, Side side = Side::Both)
    {
        m_recipes.push_back({own, std::move(shape), std::move(pieces), isTransposed, side});
    }
    void addNorm(const std::string &own, const std::string &name)
    {
        const uint64_t width = size(m_model.width);
        add(own + ".weight", {width}, {{name + ".weight", width}});
        if (m_model.norm == "layernorm") add(own + ".bias", {width}, {{name + ".bias", width}});
    }
    /// @param pieces names without ".weight"
    void addLinear(const std::string &own, uint64_t from, const std::vector<WeightPiece> &pieces,
                   bool hasBias, bool isTransposed = false)
    {
        uint64_t rows = 0;
        std::vector<WeightPiece> weights, biases;
        for (const WeightPiece &piece : pieces) {
            rows += piece.numRows;
            weights.push_back({piece.name + ".weight", piece.numRows});
            biases.push_back({piece.name + ".bias", piece.numRows});
        }
        add(own + ".weight", {rows, from}, std::move(weights), isTransposed);
        if (!hasBias && !m_model.bias) return;
        const Side side = !hasBias ? Side::OwnOnly : !m_model.bias ? Side::ForeignOnly : Side::Both;
        add(own + ".bias", {rows}, std::move(biases), false, side);
    }
    void addHead(const char *name)
    {
        if (!m_model.tied)
            add("head.weight", {size(m_foreign.vocabSize), size(m_model.width)},
                {{name, size(m_foreign.vocabSize)}});
    }
    void makeLlama()
    {
        const uint64_t width = size(m_model.width), inner = size(feedForwardWidth(m_model)),
                       queries = size(queryWidth(m_model)), keys = size(keyWidth(m_model)),
                       head = size(headWidth(m_model)), vocab = size(m_foreign.vocabSize);
        add("embedding.token.weight", {vocab, width}, {{"model.embed_tokens.weight", vocab}});
        for (int64_t layer = 0; layer < m_model.layers; ++layer) {
            const std::string own = "blocks." + std::to_string(layer) + ".";
            const std::string name = "model.layers." + std::to_string(layer) + ".";
            const std::string attention = name + "self_attn.", mlp = name + "mlp.";
            addNorm(own + "attention_norm", name + "input_layernorm");
            addLinear(
                own + "attention.qkv", width,
                {{attention + "q_proj", queries}, {attention + "k_proj", keys}, {attention + "v_proj", keys}},
                m_foreign.hasAttentionBias);
            if (m_model.qkNorm)
                for (const char *which : {"q_norm.weight", "k_norm.weight"})
                    add(own + "attention." + which, {head}, {{attention + which, head}});
            addLinear(own + "attention.output", queries, {{attention + "o_proj", width}},
                      m_foreign.hasAttentionBias);
            addNorm(own + "ffn_norm", name + "post_attention_layernorm");
            addLinear(own + "ffn.gate_up", width, {{mlp + "gate_proj", inner}, {mlp + "up_proj", inner}},
                      m_foreign.hasFfnBias);
            addLinear(own + "ffn.down", inner, {{mlp + "down_proj", width}}, m_foreign.hasFfnBias);
        }
        addNorm("final_norm", "model.norm");
        addHead("lm_head.weight");
    }
    void makeGpt2()
    {
        const uint64_t width = size(m_model.width), inner = size(feedForwardWidth(m_model)),
                       vocab = size(m_foreign.vocabSize), context = size(m_model.context);
        const std::string prefix = kGpt2Prefix;
        add("embedding.token.weight", {vocab, width}, {{prefix + "wte.weight", vocab}});
        add("embedding.position.weight", {context, width}, {{prefix + "wpe.weight", context}});
        for (int64_t layer = 0; layer < m_model.layers; ++layer) {
            const std::string own = "blocks." + std::to_string(layer) + ".";
            const std::string name = prefix + "h." + std::to_string(layer) + ".";
            addNorm(own + "attention_norm", name + "ln_1");
            addLinear(own + "attention.qkv", width, {{name + "attn.c_attn", 3 * width}}, true, true);
            addLinear(own + "attention.output", width, {{name + "attn.c_proj", width}}, true, true);
            addNorm(own + "ffn_norm", name + "ln_2");
            addLinear(own + "ffn.up", width, {{name + "mlp.c_fc", inner}}, true, true);
            addLinear(own + "ffn.down", inner, {{name + "mlp.c_proj", width}}, true, true);
        }
        addNorm("final_norm", prefix + "ln_f");
        addHead("lm_head.weight");
    }

    const ForeignModel &m_foreign;
    const ModelSpec &m_model;
    std::vector<WeightRecipe> m_recipes;
};

/// The names of GPT-2 as OpenAI's conversion has them: without "transformer.".
void dropGpt2Prefix(std::vector<WeightRecipe> &recipes)
{
    for (WeightRecipe &recipe : recipes)
        for (WeightPiece &piece : recipe.pieces)
            if (piece.name.rfind(kGpt2Prefix, 0) == 0)
                piece.name.erase(0, std::string_view(kGpt2Prefix).size());
}

bool endsWith(const std::string &text, std::string_view end)
{
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// "a", "b" and 3 more
std::string listed(const std::vector<std::string> &names)
{
    constexpr size_t kMostShown = 3;
    std::string text;
    for (size_t i = 0; i < std::min(names.size(), kMostShown); ++i)
        text += (i == 0 ? "\"" : ", \"") + sanitizeUtf8(names[i]) + "\"";
    if (names.size() > kMostShown) text += " and " + std::to_string(names.size() - kMostShown) + " more";
    return text;
}

bool isNumeric(TensorType type)
{
    return type == TensorType::F32 || type == TensorType::F16 || type == TensorType::BF16 ||
           type == TensorType::F64;
}

} // namespace

std::vector<uint64_t> WeightRecipe::pieceShape(const WeightPiece &piece) const
{
    std::vector<uint64_t> at = shape;
    at.front() = piece.numRows;
    if (isTransposed) std::reverse(at.begin(), at.end());
    return at;
}

std::vector<WeightRecipe> weightRecipes(const ForeignModel &model) { return Recipes(model).take(); }

ForeignModel asExported(const ModelSpec &model, int64_t vocabSize, Architecture architecture)
{
    const bool hasBias = model.bias || architecture == Architecture::Gpt2;
    return {architecture, model, vocabSize, hasBias, hasBias};
}

bool isIgnoredTensor(const std::string &name, const ForeignModel &model)
{
    if (name == "lm_head.weight") return model.model.tied;
    return endsWith(name, ".attn.bias") || endsWith(name, ".attn.masked_bias") ||
           endsWith(name, ".rotary_emb.inv_freq");
}

Result<std::vector<WeightRecipe>> matchRecipes(const std::filesystem::path &directory,
                                               const TensorFolder &tensors, const ForeignModel &model,
                                               const char *sizes)
{
    const auto refuse = [&](const std::string &found, const std::string &expected, const char *hint) {
        return Error{ErrorCode::InvalidInput,
                     "Cannot load model \"" + directory.string() + "\": " + found + ", expected " + expected +
                         ".",
                     hint};
    };
    constexpr const char *kOtherHint = "Check that config.json and the weights belong to the same model.";
    std::vector<WeightRecipe> recipes = weightRecipes(model);
    if (tensors.find("wte.weight").info) dropGpt2Prefix(recipes);
    std::set<std::string> known;
    std::vector<std::string> missing, extra;
    for (const WeightRecipe &recipe : recipes) {
        if (recipe.side == Side::OwnOnly) continue;
        for (const WeightPiece &piece : recipe.pieces) {
            known.insert(piece.name);
            const TensorInfo *info = tensors.find(piece.name).info;
            if (!info) {
                if (recipe.side == Side::Both) missing.push_back(piece.name);
                continue;
            }
            if (const auto shape = recipe.pieceShape(piece); info->shape != shape)
                return refuse("tensor \"" + piece.name + "\" has shape " + shapeText(info->shape),
                              shapeText(shape) + " by " + sizes, kOtherHint);
            if (!isNumeric(info->type))
                return refuse("tensor \"" + piece.name + "\" has type " + tensorTypeName(info->type),
                              "F32, BF16 or F16", "Take the model in full precision, not quantized.");
        }
    }
    for (const std::string &name : tensors.names())
        if (!known.contains(name) && !isIgnoredTensor(name, model)) extra.push_back(name);
    if (!missing.empty())
        return refuse(std::to_string(missing.size()) + " tensors are missing (" + listed(missing) + ")",
                      "all of the model's", kOtherHint);
    if (!extra.empty())
        return refuse(std::to_string(extra.size()) + " tensors are not known (" + listed(extra) + ")",
                      std::string("those of ") + architectureName(model.architecture), kOtherHint);
    return recipes;
}

} // namespace orrery
