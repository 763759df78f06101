// SPDX-License-Identifier: Apache-2.0
// A plugin that does what its setting "behaviour" says, good or bad: what a worker must live through.
#include "core/nn/engine_plugin.h"

#include <ATen/ATen.h>

#include <chrono>
#include <new>
#include <stdexcept>
#include <thread>

namespace {

using namespace orrery;

/// Doubles its input, or misbehaves.
class ProbeFfn final : public nn::FeedForward {
public:
    explicit ProbeFfn(std::string behaviour) : m_behaviour(std::move(behaviour)) {}
    at::Tensor forward(const at::Tensor &x_BTC, const nn::ForwardContext &) override
    {
        if (m_behaviour == "forward_throws") throw std::runtime_error("forward is out of order");
        if (m_behaviour == "forward_throws_int") throw 7;
        if (m_behaviour == "forward_out_of_memory") throw std::bad_alloc();
        if (m_behaviour == "forward_torch_error") return at::matmul(x_BTC, at::ones({3, 3}));
        if (m_behaviour == "forward_shape") return x_BTC.narrow(1, 0, 1);
        if (m_behaviour == "forward_type") return x_BTC.to(at::kBFloat16);
        if (m_behaviour == "forward_nothing") return {};
        return x_BTC * 2;
    }

private:
    std::string m_behaviour;
};

/// What it hands back has the right shape, or not.
class ProbeSource final : public nn::AttentionSource {
public:
    explicit ProbeSource(std::string behaviour) : m_behaviour(std::move(behaviour)) {}
    at::Tensor read(const nn::SourceInput &input, const nn::ForwardContext &) override
    {
        if (m_behaviour == "source_shape") return input.local_BHTD.transpose(1, 2);
        if (m_behaviour == "source_type") return input.local_BHTD.to(at::kDouble);
        if (m_behaviour == "source_throws") throw std::runtime_error("the source is dry");
        return input.local_BHTD * 2;
    }

private:
    std::string m_behaviour;
};

class ProbeModule final : public nn::ResidualModule {
public:
    explicit ProbeModule(std::string behaviour) : m_behaviour(std::move(behaviour)) {}
    at::Tensor forward(const at::Tensor &x_BTC, const nn::ForwardContext &) override
    {
        if (m_behaviour == "module_shape") return x_BTC.narrow(2, 0, 1); // would broadcast
        if (m_behaviour == "module_type") return x_BTC.to(at::kDouble);
        return x_BTC;
    }

private:
    std::string m_behaviour;
};

class ProbePlugin final : public nn::EnginePlugin {
public:
#ifdef PROBE_CREATE_THROWS
    ProbePlugin() { throw std::runtime_error("its constructor is out of order"); }
#endif
    Result<void> configure(nn::EngineContext &context) override
    {
        m_behaviour = context.settings().text("behaviour");
        if (m_behaviour == "error") return Error{ErrorCode::Io, "Cannot find its table.", "Bring the table."};
        if (m_behaviour == "throws") throw std::runtime_error("configure is out of order");
        if (m_behaviour == "throws_int") throw 7;
        if (m_behaviour == "unknown_setting") (void)context.settings().real("nope");
        if (m_behaviour == "wrong_type") (void)context.settings().integer("behaviour");
        if (m_behaviour == "other_layout") (void)context.findPointOf("FeedForward", 1);
        if (m_behaviour == "registers_nothing") return {};
        if (m_behaviour == "registers_more") return context.feedForwards().add("unlisted_ffn", makeProbe());
        context.log("configured as " + m_behaviour);
        const bool isSource = m_behaviour.starts_with("source"), isModule = m_behaviour.starts_with("module");
        const auto inFirstLayer = [](const nn::BuildContext &build) { return build.layer == 0; };
        if (isSource)
            ORRERY_TRY(context.attentionSources().add(
                "probe_source",
                [=,
                 behaviour = m_behaviour](nn::BuildContext &build) -> std::unique_ptr<nn::AttentionSource> {
                    return inFirstLayer(build) ? std::make_unique<ProbeSource>(behaviour) : nullptr;
                }));
        if (isModule)
            ORRERY_TRY(context.residualModules().add(
                "probe_module",
                [=, behaviour = m_behaviour](nn::BuildContext &build) -> std::unique_ptr<nn::ResidualModule> {
                    return inFirstLayer(build) ? std::make_unique<ProbeModule>(behaviour) : nullptr;
                }));
        return context.feedForwards().add("probe_ffn", makeProbe());
    }
    Result<void> start() override
    {
        if (m_behaviour == "start_error") return Error{ErrorCode::Unavailable, "Cannot start today.", ""};
        if (m_behaviour == "start_throws") throw std::runtime_error("start is out of order");
        return {};
    }
    void stop() override
    {
        if (m_behaviour == "stop_throws") throw std::runtime_error("stop is out of order");
        if (m_behaviour == "stop_hangs") std::this_thread::sleep_for(std::chrono::hours(1));
    }

private:
    nn::Registry<nn::FeedForward>::Factory makeProbe() const
    {
        return [behaviour = m_behaviour](nn::BuildContext &) -> std::unique_ptr<nn::FeedForward> {
            if (behaviour == "factory_throws") throw std::runtime_error("the factory is out of order");
            if (behaviour == "factory_nothing") return nullptr;
            return std::make_unique<ProbeFfn>(behaviour);
        };
    }

    std::string m_behaviour;
};

} // namespace

ORRERY_ENGINE_PLUGIN(ProbePlugin, "probe")
