// SPDX-License-Identifier: Apache-2.0
// The model in plain loops over doubles, written from the formulas of docs/model-files.md: slow and, one
// hopes, obviously right. Fast paths are compared with it.
#pragma once

#include "core/nn/modality_layout.h"
#include "core/nn/transformer.h"

#include <ATen/ATen.h>

#include <cmath>
#include <functional>
#include <map>
#include <vector>

namespace orrery::nn::test {

using Row = std::vector<double>;

/// One token: an id, or features of a modality that is not text with its place in the picture or recording.
struct SlowToken {
    int64_t id = 0;
    int64_t modality = 0;
    Row features;
    int64_t position = 0;
};

class SlowModel {
public:
    explicit SlowModel(Transformer &model) : m_spec(model.spec())
    {
        for (const Parameter &parameter : model.parameters()) {
            const at::Tensor flat = parameter.master.detach().contiguous().view(-1);
            m_weights[parameter.name] = Row(flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
        }
    }

    [[nodiscard]] std::vector<Row> logits(const std::vector<int64_t> &ids) const
    {
        std::vector<SlowToken> tokens;
        for (const int64_t id : ids) tokens.push_back({.id = id});
        return logits(tokens);
    }

    [[nodiscard]] std::vector<Row> logits(const std::vector<SlowToken> &tokens) const
    {
        std::vector<Row> x;
        for (size_t t = 0; t < tokens.size(); ++t) {
            Row row = embedded(tokens[t]);
            if (m_spec.position == "learned")
                add(row, rowOf("embedding.position.weight", static_cast<int64_t>(t)));
            x.push_back(row);
        }
        for (int64_t layer = 0; layer < m_spec.layers; ++layer) {
            const std::string block = "blocks." + std::to_string(layer) + ".";
            std::vector<Row> normed;
            for (size_t t = 0; t < x.size(); ++t)
                normed.push_back(
                    norm(ownPrefix(block, tokens[t].modality) + "attention_norm", m_spec.norm, x[t]));
            const auto attended = attention(block, normed, tokens);
            for (size_t t = 0; t < x.size(); ++t) {
                const std::string own = ownPrefix(block, tokens[t].modality);
                add(x[t], attended[t]);
                add(x[t], feedForward(own + "ffn.", norm(own + "ffn_norm", m_spec.norm, x[t])));
            }
        }
        std::vector<Row> out;
        for (const Row &row : x)
            out.push_back(
                linear(m_spec.tied ? "embedding.token" : "head", norm("final_norm", m_spec.norm, row)));
        return out;
    }

    /// Whether token t may look at token s.
    std::function<bool(size_t t, size_t s)> maySee = [](size_t t, size_t s) { return s <= t; };
    /// Of the last logits(), by layer and head: [query][key], 0 where it may not look.
    [[nodiscard]] const std::vector<Row> &weights(int64_t layer, int64_t head) const
    {
        return m_attention.at("blocks." + std::to_string(layer) + '.' + std::to_string(head));
    }

private:
    [[nodiscard]] Row rowOf(const std::string &name, int64_t index) const
    {
        const auto begin = m_weights.at(name).begin() + index * m_spec.width;
        return Row(begin, begin + m_spec.width);
    }
    [[nodiscard]] Row embedded(const SlowToken &token) const
    {
        if (token.modality == 0) return rowOf("embedding.token.weight", token.id);
        const std::string name = "embedding." + modalityLabel(token.modality);
        Row row = linear(name, stemOf(name, token.features));
        add(row, rowOf(name + ".position.weight", token.position));
        return row;
    }
    /// The picture stem, pixel by pixel; what has none is handed on.
    [[nodiscard]] Row stemOf(const std::string &name, Row x) const
    {
        if (!m_weights.contains(name + ".stem.0.weight")) return x;
        if (m_spec.media.imageStem == "luma") return lumaStemOf(name, x);
        size_t side = static_cast<size_t>(m_spec.media.patchSize), numFrom = 3;
        for (size_t colour = 0; colour < 3; ++colour) {
            double sum = 0;
            for (size_t i = colour; i < x.size(); i += 3) sum += x[i];
            for (size_t i = colour; i < x.size(); i += 3) x[i] -= 0.9 * sum / static_cast<double>(side * side);
        }
        // In: rows, columns, colours. Behind a convolution: channels, rows, columns.
        auto inputAt = [&](size_t c, size_t row, size_t column) { return x[(row * side + column) * numFrom + c]; };
        return convolvedTwice(name, inputAt, side, numFrom);
    }
    /// The convolutions see brightness alone; then the colours of fields of the patch.
    [[nodiscard]] Row lumaStemOf(const std::string &name, const Row &x) const
    {
        const auto side = static_cast<size_t>(m_spec.media.patchSize);
        std::vector<Row> tones(3);
        for (size_t i = 0; i < x.size(); i += 3) {
            const double y = 0.299 * x[i] + 0.587 * x[i + 1] + 0.114 * x[i + 2];
            tones[0].push_back(y);
            tones[1].push_back(2 * (x[i] - y));
            tones[2].push_back(2 * (x[i + 2] - y));
        }
        double mean = 0, variance = 0;
        for (const double y : tones[0]) mean += y / static_cast<double>(side * side);
        for (const double y : tones[0])
            variance += (y - mean) * (y - mean) / static_cast<double>(side * side);
        auto contrastAt = [&](size_t, size_t row, size_t column) {
            return (tones[0][row * side + column] - mean) / std::sqrt(variance + 0.05 * 0.05);
        };
        Row out = convolvedTwice(name, contrastAt, side, 1);
        const size_t fields = ((side + 1) / 2 + 1) / 2; // a side; where they do not divide it, they overlap
        for (const Row &tone : tones)
            for (size_t field = 0; field < fields * fields; ++field) {
                const size_t row = field / fields, column = field % fields;
                double sum = 0, count = 0;
                for (size_t i = row * side / fields; i * fields < (row + 1) * side; ++i)
                    for (size_t j = column * side / fields; j * fields < (column + 1) * side; ++j) {
                        sum += tone[i * side + j];
                        ++count;
                    }
                out.push_back(sum / count);
            }
        return out;
    }
    template <typename At>
    [[nodiscard]] Row convolvedTwice(const std::string &name, const At &inputAt, size_t side,
                                     size_t numFrom) const
    {
        const Row middle = convolved(name + ".stem.0", inputAt, side, numFrom);
        side = (side + 1) / 2;
        auto middleAt = [&](size_t c, size_t row, size_t column) {
            return middle[(c * side + row) * side + column];
        };
        return convolved(name + ".stem.1", middleAt, side, m_weights.at(name + ".stem.0.bias").size());
    }
    /// 3 × 3 taps, every second pixel, zeros around, SiLU.
    template <typename At>
    [[nodiscard]] Row convolved(const std::string &name, const At &at, size_t side, size_t numFrom) const
    {
        const Row &weight = m_weights.at(name + ".weight"), &bias = m_weights.at(name + ".bias");
        Row out;
        for (size_t to = 0; to < bias.size(); ++to)
            for (size_t row = 0; row < side; row += 2)
                for (size_t column = 0; column < side; column += 2) {
                    double sum = bias[to];
                    for (size_t from = 0; from < numFrom; ++from)
                        for (size_t tap = 0; tap < 9; ++tap) {
                            const size_t y = row + tap / 3, x = column + tap % 3; // one further than the pixel
                            if (y < 1 || x < 1 || y > side || x > side) continue;
                            sum += weight[(to * numFrom + from) * 9 + tap] * at(from, y - 1, x - 1);
                        }
                    out.push_back(sum / (1 + std::exp(-sum)));
                }
        return out;
    }
    [[nodiscard]] std::string ownPrefix(const std::string &block, int64_t modality) const
    {
        return hasModalityWeights(m_spec) ? modalityPrefix(block, modality) : block;
    }
    static void add(Row &to, const Row &from)
    {
        for (size_t i = 0; i < to.size(); ++i) to[i] += from[i];
    }
    [[nodiscard]] Row linear(const std::string &name, const Row &in) const
    {
        const Row &weight = m_weights.at(name + ".weight");
        Row out(weight.size() / in.size());
        for (size_t o = 0; o < out.size(); ++o)
            for (size_t i = 0; i < in.size(); ++i) out[o] += weight[o * in.size() + i] * in[i];
        if (const auto bias = m_weights.find(name + ".bias"); bias != m_weights.end()) add(out, bias->second);
        return out;
    }
    [[nodiscard]] Row norm(const std::string &name, const std::string &kind, const Row &in) const
    {
        const double n = static_cast<double>(in.size());
        double mean = 0, square = 0;
        if (kind == "layernorm")
            for (const double value : in) mean += value / n;
        for (const double value : in) square += (value - mean) * (value - mean) / n;
        const double scale = 1 / std::sqrt(square + (kind == "layernorm" ? 1e-5 : 1e-6));
        Row out;
        for (size_t i = 0; i < in.size(); ++i) {
            out.push_back((in[i] - mean) * scale * m_weights.at(name + ".weight")[i]);
            if (kind == "layernorm") out.back() += m_weights.at(name + ".bias")[i];
        }
        return out;
    }
    [[nodiscard]] Row head(const std::string &prefix, const Row &packed, int64_t which, int64_t h,
                           size_t position) const
    {
        const int64_t width = m_spec.width / m_spec.heads;
        const auto begin = packed.begin() + which * m_spec.width + h * width;
        Row out(begin, begin + width);
        if (which == 2) return out;
        if (m_spec.qkNorm) out = norm(prefix + (which == 0 ? "q_norm" : "k_norm"), "rmsnorm", out);
        if (m_spec.position != "rope") return out;
        Row turned = out;
        const int64_t half = width / 2;
        for (int64_t i = 0; i < half; ++i) {
            const double angle =
                static_cast<double>(position) *
                std::pow(10000.0, -2.0 * static_cast<double>(i) / static_cast<double>(width));
            const double a = out[static_cast<size_t>(i)], b = out[static_cast<size_t>(i + half)];
            turned[static_cast<size_t>(i)] = a * std::cos(angle) - b * std::sin(angle);
            turned[static_cast<size_t>(i + half)] = b * std::cos(angle) + a * std::sin(angle);
        }
        return turned;
    }
    /// What the key of token s adds to the logits, whoever asks: log of its segment's reliability.
    [[nodiscard]] double logReliability(const std::string &block, const std::vector<Row> &in,
                                        const std::vector<SlowToken> &tokens, size_t s) const
    {
        const int64_t modality = tokens[s].modality;
        if (modality == 0 || !hasModalityWeights(m_spec)) return 0;
        size_t first = s, last = s;
        while (first > 0 && tokens[first - 1].modality == modality) --first;
        while (last + 1 < tokens.size() && tokens[last + 1].modality == modality) ++last;
        const std::string name = modalityPrefix(block, modality) + "attention.reliability";
        double sum = m_weights.at(name + ".bias")[0];
        const Row &weight = m_weights.at(name + ".weight");
        for (size_t t = first; t <= last; ++t)
            for (size_t i = 0; i < weight.size(); ++i)
                sum += weight[i] * in[t][i] / static_cast<double>(last - first + 1);
        return -std::log1p(std::exp(-sum));
    }
    [[nodiscard]] double crossModalBias(const std::string &block, int64_t h, int64_t query, int64_t key) const
    {
        const auto found = m_weights.find(block + "attention.cross_modal_weights");
        if (found == m_weights.end()) return 0;
        const int64_t count = m_spec.attention.numModalities;
        const double raw = found->second[static_cast<size_t>((h * count + query) * count + key)];
        return std::log(std::log1p(std::exp(raw)));
    }
    [[nodiscard]] std::vector<Row> attention(const std::string &block, const std::vector<Row> &in,
                                             const std::vector<SlowToken> &tokens) const
    {
        const auto own = [&](size_t t) { return ownPrefix(block, tokens[t].modality) + "attention."; };
        std::vector<Row> packed, out;
        for (size_t t = 0; t < in.size(); ++t) packed.push_back(linear(own(t) + "qkv", in[t]));
        const int64_t width = m_spec.width / m_spec.heads;
        for (int64_t h = 0; h < m_spec.heads; ++h) m_attention[block + std::to_string(h)].clear();
        for (size_t t = 0; t < in.size(); ++t) {
            Row joined;
            for (int64_t h = 0; h < m_spec.heads; ++h) {
                const Row q = head(own(t), packed[t], 0, h, t);
                Row weights;
                double total = 0;
                for (size_t s = 0; s < in.size(); ++s) {
                    if (!maySee(t, s)) {
                        weights.push_back(0);
                        continue;
                    }
                    const Row k = head(own(s), packed[s], 1, h, s);
                    double score = 0;
                    for (size_t i = 0; i < q.size(); ++i) score += q[i] * k[i];
                    score /= std::sqrt(static_cast<double>(width));
                    score += crossModalBias(block, h, tokens[t].modality, tokens[s].modality) +
                             logReliability(block, in, tokens, s);
                    weights.push_back(std::exp(score));
                    total += weights.back();
                }
                for (double &weight : weights) weight /= total;
                m_attention[block + std::to_string(h)].push_back(weights);
                Row mixed(static_cast<size_t>(width));
                for (size_t s = 0; s < in.size(); ++s) {
                    const Row v = head(own(s), packed[s], 2, h, s);
                    for (size_t i = 0; i < v.size(); ++i) mixed[i] += weights[s] * v[i];
                }
                joined.insert(joined.end(), mixed.begin(), mixed.end());
            }
            out.push_back(linear(own(t) + "output", joined));
        }
        return out;
    }
    [[nodiscard]] Row feedForward(const std::string &prefix, const Row &in) const
    {
        if (m_spec.ffn == "swiglu") {
            const Row both = linear(prefix + "gate_up", in);
            const size_t inner = both.size() / 2;
            Row mixed;
            for (size_t i = 0; i < inner; ++i)
                mixed.push_back(both[i] / (1 + std::exp(-both[i])) * both[inner + i]);
            return linear(prefix + "down", mixed);
        }
        Row inner = linear(prefix + "up", in);
        for (double &value : inner)
            value =
                m_spec.ffn == "gelu"
                    ? value * 0.5 * (1 + std::erf(value / std::sqrt(2.0)))
                    : 0.5 * value *
                          (1 + std::tanh(std::sqrt(2 / M_PI) * (value + 0.044715 * value * value * value)));
        return linear(prefix + "down", inner);
    }

    ModelSpec m_spec;
    std::map<std::string, Row> m_weights;
    mutable std::map<std::string, std::vector<Row>> m_attention;
};

} // namespace orrery::nn::test
