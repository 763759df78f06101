// SPDX-License-Identifier: Apache-2.0
// The model against a slow one in plain loops over doubles, written from the formulas.
#include "tests/nn/model_fixtures.h"

#include <QtTest>

#include <cmath>
#include <functional>
#include <map>

using namespace orrery;
using namespace orrery::nn;
using namespace orrery::nn::test;

Q_DECLARE_METATYPE(orrery::ModelSpec)

namespace {

using Row = std::vector<double>;

class SlowModel {
public:
    SlowModel(Transformer &model) : m_spec(model.spec())
    {
        for (const Parameter &parameter : model.parameters()) {
            const at::Tensor flat = parameter.master.detach().contiguous().view(-1);
            m_weights[parameter.name] = Row(flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
        }
    }

    [[nodiscard]] std::vector<Row> logits(const std::vector<int64_t> &ids) const
    {
        std::vector<Row> x;
        for (size_t t = 0; t < ids.size(); ++t) {
            Row row = rowOf("embedding.token.weight", ids[t]);
            if (m_spec.position == "learned")
                add(row, rowOf("embedding.position.weight", static_cast<int64_t>(t)));
            x.push_back(row);
        }
        for (int64_t layer = 0; layer < m_spec.layers; ++layer) {
            const std::string prefix = "blocks." + std::to_string(layer) + ".";
            std::vector<Row> normed;
            for (const Row &row : x) normed.push_back(norm(prefix + "attention_norm", m_spec.norm, row));
            const auto attended = attention(prefix + "attention.", normed);
            for (size_t t = 0; t < x.size(); ++t) {
                add(x[t], attended[t]);
                add(x[t], feedForward(prefix + "ffn.", norm(prefix + "ffn_norm", m_spec.norm, x[t])));
            }
        }
        std::vector<Row> out;
        for (const Row &row : x)
            out.push_back(
                linear(m_spec.tied ? "embedding.token" : "head", norm("final_norm", m_spec.norm, row)));
        return out;
    }

private:
    [[nodiscard]] Row rowOf(const std::string &name, int64_t index) const
    {
        const auto begin = m_weights.at(name).begin() + index * m_spec.width;
        return Row(begin, begin + m_spec.width);
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
    [[nodiscard]] std::vector<Row> attention(const std::string &prefix, const std::vector<Row> &in) const
    {
        std::vector<Row> packed, out;
        for (const Row &row : in) packed.push_back(linear(prefix + "qkv", row));
        const int64_t width = m_spec.width / m_spec.heads;
        for (size_t t = 0; t < in.size(); ++t) {
            Row joined;
            for (int64_t h = 0; h < m_spec.heads; ++h) {
                const Row q = head(prefix, packed[t], 0, h, t);
                Row weights;
                double total = 0;
                for (size_t s = 0; s <= t; ++s) {
                    const Row k = head(prefix, packed[s], 1, h, s);
                    double dot = 0;
                    for (size_t i = 0; i < q.size(); ++i) dot += q[i] * k[i];
                    weights.push_back(std::exp(dot / std::sqrt(static_cast<double>(width))));
                    total += weights.back();
                }
                Row mixed(static_cast<size_t>(width));
                for (size_t s = 0; s <= t; ++s) {
                    const Row v = head(prefix, packed[s], 2, h, s);
                    for (size_t i = 0; i < v.size(); ++i) mixed[i] += weights[s] / total * v[i];
                }
                joined.insert(joined.end(), mixed.begin(), mixed.end());
            }
            out.push_back(linear(prefix + "output", joined));
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
};

} // namespace

class TestModelReference : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void logitsEqualTheSlowModel_data();
    void logitsEqualTheSlowModel();
};

void TestModelReference::logitsEqualTheSlowModel_data()
{
    QTest::addColumn<ModelSpec>("spec");
    QTest::newRow("default") << smallSpec();
    QTest::newRow("gpt2") << gpt2Spec();
    ModelSpec mixed = smallSpec();
    mixed.ffn = "gelu_tanh";
    mixed.bias = true;
    mixed.tied = false;
    mixed.qkNorm = false;
    mixed.ffnWidth = 24;
    QTest::newRow("tanh, bias, untied, no qk-norm") << mixed;
}

void TestModelReference::logitsEqualTheSlowModel()
{
    QFETCH(ModelSpec, spec);
    const auto model = makeModel(spec);
    stirWeights(*model);
    const at::NoGradGuard noGrad;
    const at::Tensor ids = makeIds(2, 9);
    const at::Tensor found = model->logits(ids, {});
    const SlowModel slow(*model);
    double worst = 0;
    for (int64_t b = 0; b < 2; ++b) {
        const at::Tensor row = ids[b].contiguous();
        const auto expected = slow.logits({row.data_ptr<int64_t>(), row.data_ptr<int64_t>() + row.numel()});
        for (int64_t t = 0; t < 9; ++t)
            for (int64_t v = 0; v < kVocab; ++v)
                worst = std::max(worst, std::abs(found[b][t][v].item<double>() -
                                                 expected[static_cast<size_t>(t)][static_cast<size_t>(v)]));
    }
    QVERIFY2(worst < 1e-5, qPrintable(QString::number(worst)));
}

QTEST_GUILESS_MAIN(TestModelReference)
#include "tst_model_reference.moc"
