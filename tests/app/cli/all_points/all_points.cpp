// SPDX-License-Identifier: Apache-2.0
// One small part for every extension point.
#include "core/infer/logit_sampler.h"
#include "core/nn/engine_plugin.h"
#include "core/nn/layers.h"
#include "core/train/objective.h"
#include "core/train/optimizer.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace {

using namespace orrery;

class Twice final : public nn::FeedForward {
public:
    at::Tensor forward(const at::Tensor &x_BTC, const nn::ForwardContext &) override { return x_BTC * 2; }
};

/// The reference block, as it is.
class Wrapped final : public nn::Block {
public:
    explicit Wrapped(nn::BuildContext &build) : m_block((*nn::blockRegistry().find("reference"))(build)) {}
    at::Tensor forward(const at::Tensor &x_BTC, const nn::ForwardContext &context) override
    {
        return m_block->forward(x_BTC, context);
    }

private:
    std::unique_ptr<nn::Block> m_block;
};

/// Each token sees itself and every second one before it.
class Strided final : public nn::MaskPolicy {
public:
    [[nodiscard]] nn::AttentionMask make(const nn::MaskShape &shape, const nn::ForwardContext &,
                                         const at::TensorOptions &options) const override
    {
        const at::TensorOptions places = at::TensorOptions(at::kLong).device(options.device());
        const at::Tensor back_TS =
            at::arange(shape.offset, shape.offset + shape.numQueries, places).unsqueeze(1) -
            at::arange(shape.offset + shape.numQueries, places);
        const at::Tensor isHidden_TS = back_TS.lt(0).logical_or(back_TS.remainder(2).ne(0));
        return {nn::AttentionMask::Kind::Bias,
                at::zeros({1, 1, back_TS.size(0), back_TS.size(1)}, options)
                    .masked_fill_(isHidden_TS, -std::numeric_limits<double>::infinity())};
    }
};

/// A gate on what f gives.
class Gate {
public:
    Gate(nn::BuildContext &build, const std::string &name, double begin)
        : m_weight(build.parameters.add(build.prefix + name + ".gate", {1},
                                        nn::ParameterInit::constant(static_cast<float>(begin))))
    {
    }
    [[nodiscard]] at::Tensor operator()(const at::Tensor &x) const
    {
        return m_weight.as(x.scalar_type()) * x;
    }

private:
    nn::Weight m_weight;
};

class MeanValue final : public nn::AttentionSource {
public:
    MeanValue(nn::BuildContext &build, double gate) : m_gate(build, "mean_value", gate) {}
    at::Tensor read(const nn::SourceInput &input, const nn::ForwardContext &) override
    {
        return input.local_BHTD + m_gate(input.v_BHTD.mean(1, true));
    }

private:
    Gate m_gate;
};

class Scaled final : public nn::ResidualModule {
public:
    Scaled(nn::BuildContext &build, double gate) : m_gate(build, "scaled", gate) {}
    at::Tensor forward(const at::Tensor &x_BTC, const nn::ForwardContext &) override { return m_gate(x_BTC); }

private:
    Gate m_gate;
};

/// h' = h + gate · E([h; sigmoid(D h)]), with the mean square of D h as a term of the loss.
class Detector final : public nn::HeadModule {
public:
    Detector(nn::BuildContext &build, double gate, double lossWeight)
        : m_gate(build, "detector", gate), m_lossWeight(lossWeight)
    {
        const int64_t width = build.spec.width;
        m_detector = nn::Linear(build.parameters, build.prefix + "detector.detect", width, kNumKinds, true,
                                nn::kInitDeviation);
        m_enforcer = nn::Linear(build.parameters, build.prefix + "detector.enforce", width + kNumKinds, width,
                                true, nn::kInitDeviation);
    }
    at::Tensor forward(const at::Tensor &h_BTC, const nn::ForwardContext &context) override
    {
        const at::Tensor kind_BTK = m_detector.forward(h_BTC, context.dtype).to(h_BTC.scalar_type());
        const at::Tensor p_BTK = at::sigmoid(kind_BTK);
        if (context.notes) {
            context.notes->addLoss(m_lossWeight * kind_BTK.square().mean());
            context.notes->addValue("detector", p_BTK.mean());
        }
        const at::Tensor change_BTC = m_enforcer.forward(at::cat({h_BTC, p_BTK}, -1), context.dtype);
        return m_gate(change_BTC.to(h_BTC.scalar_type()));
    }

private:
    static constexpr int64_t kNumKinds = 3;
    Gate m_gate;
    double m_lossWeight;
    nn::Linear m_detector, m_enforcer;
};

/// Next token, with loss on the second half of the context.
class SecondHalf final : public Objective {
public:
    void prepare(const Batch &batch, const ObjectiveKey &, ModelBatch &out) const override
    {
        out = {};
        out.numSequences = batch.numSequences;
        out.context = batch.context;
        for (int64_t i = 0; i < batch.numSequences * batch.context; ++i) {
            const int64_t row = i / batch.context, place = i % batch.context;
            const int32_t *tokens = batch.tokens_BT1.data() + row * (batch.context + 1) + place;
            out.ids_BT.push_back(tokens[0]);
            out.targets_BT.push_back(tokens[1]);
            const bool counts = batch.mask_BT.empty() || batch.mask_BT[static_cast<size_t>(i)] != 0;
            out.mask_BT.push_back(counts && place >= batch.context / 2 ? 1 : 0);
        }
    }
    [[nodiscard]] std::vector<Measure> measures() const override
    {
        std::vector<Measure> all;
        all.push_back({"val_loss_second_half", std::make_unique<SecondHalf>()});
        return all;
    }
};

/// m = 0.9 m + g; w = w − lr · m
class Momentum final : public Optimizer {
public:
    explicit Momentum(std::vector<nn::Parameter> &parameters) : m_parameters(parameters)
    {
        for (const nn::Parameter &parameter : parameters)
            m_momenta.push_back(at::zeros_like(parameter.master.detach()));
    }
    void update(const UpdateSettings &settings) override
    {
        const at::NoGradGuard noGrad;
        for (size_t i = 0; i < m_parameters.size(); ++i) {
            m_momenta[i].mul_(0.9);
            if (const at::Tensor &gradient = m_parameters[i].master.grad(); gradient.defined())
                m_momenta[i].add_(gradient);
            m_parameters[i].master.detach().sub_(m_momenta[i], settings.learningRate);
        }
        ++m_numUpdates;
    }
    [[nodiscard]] int64_t numUpdates() const override { return m_numUpdates; }
    void setNumUpdates(int64_t numUpdates) override { m_numUpdates = numUpdates; }
    std::vector<NamedTensor> state() override
    {
        std::vector<NamedTensor> all;
        for (size_t i = 0; i < m_parameters.size(); ++i)
            all.push_back({m_parameters[i].name + ".momentum", m_momenta[i]});
        return all;
    }

private:
    std::vector<nn::Parameter> &m_parameters;
    std::vector<at::Tensor> m_momenta;
    int64_t m_numUpdates = 0;
};

/// Root mean square of what each layer reads, and of what the head reads.
class Rms final : public nn::Probe {
public:
    void look(int64_t layer, const at::Tensor &x_BTC, const nn::ForwardContext &) override
    {
        m_sums.resize(std::max(m_sums.size(), static_cast<size_t>(layer) + 1));
        auto &[sum, count] = m_sums[static_cast<size_t>(layer)];
        sum += x_BTC.square().sum().item<double>();
        count += x_BTC.numel();
    }
    std::vector<nn::ProbeValue> take() override
    {
        std::vector<nn::ProbeValue> values;
        for (size_t layer = 0; layer < m_sums.size(); ++layer)
            values.push_back({"rms.layer" + std::to_string(layer),
                              std::sqrt(m_sums[layer].first / static_cast<double>(m_sums[layer].second))});
        m_sums.clear();
        return values;
    }

private:
    std::vector<std::pair<double, int64_t>> m_sums;
};

/// No token twice in a row.
class NoDoubles final : public Sampler {
public:
    void change(std::span<float> logits_V, const SamplerPlace &place) override
    {
        if (!place.tokens.empty())
            logits_V[static_cast<size_t>(place.tokens.back())] = -std::numeric_limits<float>::infinity();
    }
};

template <typename Part> auto inFirstLayer(bool isThere, double gate)
{
    return [=](nn::BuildContext &build) {
        return isThere && build.layer == 0 ? std::make_unique<Part>(build, gate) : nullptr;
    };
}

class AllPoints final : public nn::EnginePlugin {
public:
    Result<void> configure(nn::EngineContext &context) override
    {
        const double gate = context.settings().real("gate");
        const double lossWeight = context.settings().real("loss_weight");
        const bool hasParts = context.settings().flag("parts");
        ORRERY_TRY(context.feedForwards().add("twice",
                                              [](nn::BuildContext &) { return std::make_unique<Twice>(); }));
        ORRERY_TRY(context.blocks().add(
            "wrapped", [](nn::BuildContext &build) { return std::make_unique<Wrapped>(build); }));
        ORRERY_TRY(context.attentionSources().add("mean_value", inFirstLayer<MeanValue>(hasParts, gate)));
        ORRERY_TRY(context.residualModules().add("scaled", inFirstLayer<Scaled>(hasParts, gate)));
        ORRERY_TRY(context.parts<nn::HeadModule>().add(
            "detector", [=](nn::BuildContext &build) -> std::unique_ptr<nn::HeadModule> {
                return hasParts ? std::make_unique<Detector>(build, gate, lossWeight) : nullptr;
            }));
        ORRERY_TRY(context.parts<nn::MaskPolicy>().add(
            "strided", [](const ModelSpec &) { return std::make_unique<Strided>(); }));
        ORRERY_TRY(context.parts<nn::Probe>().add(
            "rms", [=](const ModelSpec &) { return hasParts ? std::make_unique<Rms>() : nullptr; }));
        ORRERY_TRY(context.parts<Objective>().add(
            "second_half", [](const RunSpec &, const Tokenizer &) -> Result<std::unique_ptr<Objective>> {
                return std::unique_ptr<Objective>(std::make_unique<SecondHalf>());
            }));
        ORRERY_TRY(context.parts<Optimizer>().add(
            "momentum", [](std::vector<nn::Parameter> &parameters, const OptimizerSpec &) {
                return std::make_unique<Momentum>(parameters);
            }));
        return context.parts<Sampler>().add("no_doubles",
                                            [](const Tokenizer &) { return std::make_unique<NoDoubles>(); });
    }
};

} // namespace

ORRERY_ENGINE_PLUGIN(AllPoints, "all_points")
